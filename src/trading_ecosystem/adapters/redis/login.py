"""One user's small pool of connections to a server, and what its failures mean.

A server that does not answer is left alone for a moment, so that callers who have somewhere else to ask lose no time on it.

Every new connection may lead to a server that was restarted in between, perhaps with old data from its disk. So whoever
remembers anything about the server is told of each, before the first command goes over it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

import msgspec
import redis.asyncio as aio
from redis.asyncio.connection import AbstractConnection, SSLConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    NoPermissionError,
    RedisError,
    ResponseError,
    WatchError,
)

from trading_ecosystem.adapters.redis.urls import RedisPlace
from trading_ecosystem.ports.errors import BadInput, Forbidden, PortError, Unavailable

CONNECTIONS: Final = 4
"""Connections of one user's pool."""
ANSWER_WITHIN: Final = 1.0
"""Seconds a server may take to connect, to answer, or to have a connection free."""
REST: Final = 0.25
"""Seconds a server is left alone after it failed."""

T = TypeVar("T")
Command = Sequence[str | bytes | int]
Joined = Callable[[], None]


class Login:
    """Commands of one user. ``joined`` is called for each new connection, before its first command."""

    def __init__(
        self,
        place: RedisPlace,
        user: str,
        password: str,
        *,
        joined: Joined | None = None,
        connections: int = CONNECTIONS,
        answer_within: float = ANSWER_WITHIN,
    ) -> None:
        self.place = msgspec.structs.replace(place, user="", password="")
        self.user = user
        self._joined = joined
        self._rests_until = 0.0
        self._closed = False
        pool = aio.BlockingConnectionPool(
            max_connections=connections,
            timeout=answer_within,
            connection_class=SSLConnection if place.tls else aio.Connection,
            host=place.host,
            port=place.port,
            db=place.database,
            username=user or None,
            password=password or None,
            protocol=2,
            socket_timeout=answer_within,
            socket_connect_timeout=answer_within,
            retry=Retry(NoBackoff(), 0),
            redis_connect_func=self._connected,
        )
        self._client: Any = aio.Redis.from_pool(pool)

    async def _connected(self, connection: AbstractConnection) -> None:
        await connection.on_connect()
        if self._joined is not None:
            self._joined()

    async def ask(self, *command: str | bytes | int) -> Any:
        """Send one command and return the answer as the server says it.

        Raises :class:`Unavailable` for a server that is down, silent or full, :class:`Forbidden` for what the user may not do.
        """
        return (await self.together([command], transaction=False))[0]

    async def together(self, commands: Sequence[Command], *, transaction: bool = True) -> list[Any]:
        """Send commands at once, by default all or nothing; raises as :meth:`ask` does."""
        return await self._bounded(lambda: self._exchange(commands, transaction))

    async def replace_field(self, key: str, field: str, before: bytes | None, after: bytes) -> bool:
        """Set a field of a hash where it still has the value ``before``.

        False where it has another. Raises as :meth:`ask` does.
        """
        return await self._bounded(lambda: self._replace_field(key, field, before, after))

    async def _bounded(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do one exchange with the server, and say in port errors how it failed."""
        if self._closed:
            raise Unavailable(f"{self.place} was closed")
        if time.monotonic() < self._rests_until:
            raise Unavailable(f"{self.place} does not answer; it is asked again in a moment")
        task = asyncio.current_task()
        cancelled = task.cancelling() if task else 0
        try:
            return await work()
        except (RedisError, OSError) as error:
            meaning = meaning_of(error, self.place, self.user)
            if isinstance(meaning, Unavailable) and not isinstance(error, ResponseError):
                self._rests_until = time.monotonic() + REST
            raise meaning from error
        finally:
            # The driver loses a cancellation that comes while it looks, with a time limit of 0, whether a connection is fresh.
            if task and task.cancelling() > cancelled:
                raise asyncio.CancelledError

    async def _exchange(self, commands: Sequence[Command], transaction: bool) -> list[Any]:
        if len(commands) == 1:
            return [await self._client.execute_command(*commands[0])]
        async with self._client.pipeline(transaction=transaction) as pipeline:
            for command in commands:
                pipeline.execute_command(*command)
            answers: list[Any] = await pipeline.execute()
            return answers

    async def _replace_field(self, key: str, field: str, before: bytes | None, after: bytes) -> bool:
        async with self._client.pipeline(transaction=True) as pipeline:
            try:
                await pipeline.watch(key)
                if await pipeline.hget(key, field) != before:
                    return False
                pipeline.multi()
                pipeline.hset(key, field, after)
                await pipeline.execute()
            except WatchError:
                return False
            return True

    async def close(self) -> None:
        """Close every connection; closing twice is harmless."""
        self._closed = True
        await self._client.aclose(close_connection_pool=True)


def meaning_of(error: Exception, place: RedisPlace, user: str) -> PortError:
    """The port error behind a failure, in one line that names server and user."""
    where = f"{place}, user {user or 'default'}"
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, (AuthenticationError, AuthorizationError)) or text.startswith(("WRONGPASS", "NOAUTH")):
        remedy = (
            "run trading-ecosystem migrate to make the users" if user.startswith(place.roles) else "expected an administrator's"
        )
        return Forbidden(f"{where}: the password is wrong, or there is no such user; {remedy}")
    if isinstance(error, NoPermissionError) or text.startswith("NOPERM"):
        return Forbidden(f"{where}: {text.removeprefix('NOPERM ')}")
    if isinstance(error, ResponseError):
        return Unavailable(f"{where}: the server refuses: {text}")
    return Unavailable(f"{where}: cannot be reached: {text}")


async def check_server(place: RedisPlace, user: str, password: str, option: str = "--cache") -> None:
    """Before anything relies on it.

    Raise ``BadInput`` in one line where the server cannot be reached, is no Redis, or refuses the user.
    """
    if not place.tls:
        await _check_protocol(place, option)
    login = Login(place, user, password, connections=1)
    try:
        await login.ask("PING")
    except PortError as error:
        raise BadInput(option, str(error)) from None
    finally:
        await login.close()


async def _check_protocol(place: RedisPlace, option: str) -> None:
    """Connect and look at the first bytes of an answer: only a Redis answers a ping in this way."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            reader, writer = await asyncio.open_connection(place.host, place.port)
    except (OSError, TimeoutError) as error:
        raise BadInput(option, f"{place} cannot be reached: {_reason(error)}; is the server running?") from None
    answer = b""
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            writer.write(b"*1\r\n$4\r\nPING\r\n")
            await writer.drain()
            answer = await reader.readline()
    except (OSError, TimeoutError, ValueError):
        pass
    finally:
        writer.transport.abort()
    if answer.startswith(b"-DENIED"):
        raise BadInput(
            option, f"{place} runs in protected mode and refuses strangers; give it a password or bind it to this machine"
        )
    if not answer.startswith((b"+PONG", b"-NOAUTH", b"-LOADING", b"-NOPERM", b"-MASTERDOWN", b"-ERR")):
        raise BadInput(option, f"{place} answers, but not as a Redis does; is it the right port?")


def _reason(error: OSError) -> str:
    """In a few words why there is no connection; several addresses of one host fail together, and then mostly alike."""
    if isinstance(error, TimeoutError):
        return f"no answer within {ANSWER_WITHIN:g} s"
    if isinstance(error, ConnectionRefusedError) or "Connect call failed" in str(error):
        return "connection refused"
    return error.strerror or str(error)
