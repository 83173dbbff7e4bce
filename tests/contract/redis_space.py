"""A part of a Redis-protocol server for tests: users and keys with prefixes of their own, both removed at the end.

Nothing else on the server is touched, so that it may be a shared one.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
from types import TracebackType
from typing import Any

from tests.server_processes import RedisServer

from trading_ecosystem.adapters.redis.login import Login
from trading_ecosystem.adapters.redis.urls import PREFIXES, RedisPlace, parse_redis_url
from trading_ecosystem.adapters.redis.users import make_users
from trading_ecosystem.ports.errors import PortError

PASSWORDS = {domain: f"password-of-{domain}" for domain in PREFIXES}


class RedisSpace:
    """On entry the users of all domains are made. ``url`` is the administrator's."""

    def __init__(self, server: str) -> None:
        name = f"te{secrets.token_hex(4)}"
        self.url = f"{server}?roles={name}_&keys={name}:"

    @property
    def place(self) -> RedisPlace:
        """The URL, read."""
        return parse_redis_url(self.url)

    def __enter__(self) -> RedisSpace:
        asyncio.run(make_users(self.url, None, PASSWORDS))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        asyncio.run(self._remove())

    async def _remove(self) -> None:
        await self.ask("ACL", "DELUSER", *(self.place.user_of(domain) for domain in PREFIXES))
        # Making users had the server write them down; it writes down that they are gone.
        for command in (("ACL", "SAVE"), ("CONFIG", "REWRITE")):
            with contextlib.suppress(PortError):
                await self.ask(*command)
                break
        cursor: Any = "0"
        while True:
            cursor, names = await self.ask("SCAN", cursor, "MATCH", f"{self.place.keys}*", "COUNT", "1000")
            if names:
                await self.ask("DEL", *names)
            if int(cursor) == 0:
                return

    async def ask(self, *command: str | bytes) -> Any:
        """One command of the administrator."""
        admin = Login(self.place, self.place.user, self.place.password, connections=1)
        try:
            return await admin.ask(*command)
        finally:
            await admin.close()


def freeze(server: RedisServer) -> None:
    """Let it go silent: connections stay, nothing answers. A server that is frozen at the end of a test is thawed by it."""
    assert server._process is not None
    server._process.send_signal(signal.SIGSTOP)


def thaw(server: RedisServer) -> None:
    """Let it go on after :func:`freeze`."""
    assert server._process is not None
    server._process.send_signal(signal.SIGCONT)
