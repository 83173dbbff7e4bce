"""Who may do what on a Redis server.

Every user on every prefix with every verb. What is allowed is listed, all else is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import redis.asyncio as aio
from redis.exceptions import NoPermissionError
from tests.contract.redis_space import PASSWORDS
from tests.server_processes import RedisServer
from tests.servers import started

from trading_ecosystem.adapters.redis.login import Login
from trading_ecosystem.adapters.redis.urls import PREFIXES, RedisPlace, parse_redis_url
from trading_ecosystem.adapters.redis.users import VERBS, make_users, user_command
from trading_ecosystem.ports.errors import BadInput, Forbidden

COMMANDS: dict[str, tuple[str, ...]] = {
    "GET": ("GET", "{prefix}key"),
    "SET": ("SET", "{prefix}key", "value"),
    "DEL": ("DEL", "{prefix}key"),
    "SCAN": ("SCAN", "0", "MATCH", "{prefix}*"),
    "KEYS": ("KEYS", "{prefix}*"),
    "RANDOMKEY": ("RANDOMKEY",),
    "DBSIZE": ("DBSIZE",),
    "EVAL": ("EVAL", "return redis.call('GET', KEYS[1])", "1", "{prefix}key"),
    "PUBLISH": ("PUBLISH", "{prefix}channel", "news"),
    "SUBSCRIBE": ("SUBSCRIBE", "{prefix}channel"),
    "CONFIG": ("CONFIG", "GET", "maxmemory"),
    "FLUSHALL": ("FLUSHALL",),
}
ALLOWED = {(domain, domain, verb) for domain in PREFIXES for verb in ("GET", "SET", "DEL", "PUBLISH", "SUBSCRIBE")}
"""Everything that a user may do among these: read, write, forget, publish and subscribe under its own prefix."""

Cell = tuple[str, str, str]


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    """Private even where tests use a shared server: among what is tried is to delete everything."""
    running = started(RedisServer)
    yield running
    running.remove()


def place_of(server: RedisServer) -> RedisPlace:
    """Users and keys of this test alone, as on a server that is shared."""
    return parse_redis_url(f"{server.url}?roles=matrix_&keys=matrix:")


async def accepted(server: RedisServer) -> set[Cell]:
    """Every cell of the matrix that the server did not refuse, each really tried by the user over a connection of its own."""
    place = place_of(server)
    found: set[Cell] = set()
    for user in PREFIXES:
        for prefix in PREFIXES:
            for verb, command in COMMANDS.items():
                words = [word.format(prefix=place.prefix_of(prefix)) for word in command]
                if await _tried(place, place.user_of(user), PASSWORDS[user], words):
                    found.add((user, prefix, verb))
    return found


async def _tried(place: RedisPlace, user: str, password: str, words: list[str]) -> bool:
    connection = _connections.get((place.port, user))
    if connection is None or not connection.is_connected:
        connection = aio.Connection(host=place.host, port=place.port, username=user, password=password, protocol=2)
        await connection.connect()
        _connections[place.port, user] = connection
    try:
        await connection.send_command(*words)
        await connection.read_response()
    except NoPermissionError:
        return False
    if words[0] == "SUBSCRIBE":
        await connection.disconnect()
    return True


_connections: dict[tuple[int, str], Any] = {}


async def matrix(server: RedisServer, *planted: tuple[str, ...]) -> set[Cell]:
    """The matrix after the users were made, and further grants of an administrator."""
    place = place_of(server)
    made = await make_users(f"{server.url}?roles=matrix_&keys=matrix:", None, PASSWORDS)
    assert made.users == tuple(f"matrix_{domain}" for domain in PREFIXES)
    admin = Login(place, place.user, place.password, connections=1)
    try:
        for domain, *grants in planted:
            await admin.ask("ACL", "SETUSER", place.user_of(domain), *grants)
        return await accepted(server)
    finally:
        for connection in _connections.values():
            await connection.disconnect()
        _connections.clear()
        await admin.close()


def test_every_user_is_held_to_its_prefix_and_verbs(server: RedisServer) -> None:
    assert len(PREFIXES) == 7
    assert len(COMMANDS) == 12
    found = asyncio.run(matrix(server))
    assert found - ALLOWED == set(), "not on the list, and not refused"
    assert ALLOWED - found == set(), "on the list, and refused"


def test_the_administrator_may_say_every_one_of_these_commands(server: RedisServer) -> None:
    """So a refusal above is one of rights and not of a command that is wrong."""

    async def use() -> None:
        place = place_of(server)
        for command in COMMANDS.values():
            words = [word.format(prefix=place.prefix_of("risk")) for word in command]
            assert await _tried(place, place.user, place.password, words), words
        for connection in _connections.values():
            await connection.disconnect()
        _connections.clear()

    asyncio.run(use())


PLANTED: list[tuple[tuple[str, ...], set[Cell]]] = [
    (("risk", "+dbsize"), {("risk", prefix, "DBSIZE") for prefix in PREFIXES}),
    (("audit", "+scan"), {("audit", prefix, "SCAN") for prefix in PREFIXES}),
    (("trading", "+keys"), {("trading", prefix, "KEYS") for prefix in PREFIXES}),
    (("trading", "%R~matrix:risk:*"), {("trading", "risk", "GET")}),
    (("exchange", "~matrix:custodian:*"), {("exchange", "custodian", verb) for verb in ("GET", "SET", "DEL")}),
    (("market_data", "&matrix:test:*"), {("market_data", "test_coordination", verb) for verb in ("PUBLISH", "SUBSCRIBE")}),
    (("custodian", "+eval"), {("custodian", "custodian", "EVAL")}),
    (("test_coordination", "+config|get"), {("test_coordination", prefix, "CONFIG") for prefix in PREFIXES}),
    (("risk", "+randomkey", "+flushall"), {("risk", p, verb) for p in PREFIXES for verb in ("RANDOMKEY", "FLUSHALL")}),
]


@pytest.mark.parametrize(("grant", "expected"), PLANTED, ids=[" ".join(grant) for grant, _ in PLANTED])
def test_one_grant_too_many_is_found(server: RedisServer, grant: tuple[str, ...], expected: set[Cell]) -> None:
    assert asyncio.run(matrix(server, grant)) - ALLOWED == expected


def test_one_grant_too_few_is_found(server: RedisServer) -> None:
    assert ALLOWED - asyncio.run(matrix(server, ("risk", "-publish"))) == {("risk", "risk", "PUBLISH")}


def test_nothing_that_is_said_to_users_is_dangerous_or_administration() -> None:
    forbidden = {
        "keys",
        "scan",
        "randomkey",
        "dbsize",
        "eval",
        "evalsha",
        "fcall",
        "config",
        "flushall",
        "flushdb",
        "acl",
        "info",
    }
    assert forbidden.isdisjoint(VERBS)
    assert not any(verb.startswith("@") for verb in VERBS)


def test_making_users_again_changes_nothing_and_takes_back_what_was_added(server: RedisServer) -> None:
    url = f"{server.url}?roles=again_"

    async def use() -> None:
        place = parse_redis_url(url)
        admin = Login(place, place.user, place.password, connections=1)
        try:
            await make_users(url, None, PASSWORDS)
            first = await _rules(admin, "again_")
            await asyncio.gather(make_users(url, None, PASSWORDS), make_users(url, None, PASSWORDS))
            assert await _rules(admin, "again_") == first
            assert len(first) == 7
            await admin.ask("ACL", "SETUSER", "again_risk", "+keys", "nopass", "allkeys")
            assert await _rules(admin, "again_") != first
            made = await make_users(server.url, "again_", PASSWORDS)
            assert made.kept, made.note
            assert await _rules(admin, "again_") == first
            assert not any(password in rule for rule in first for password in PASSWORDS.values())
        finally:
            await admin.close()

    asyncio.run(use())


async def _rules(admin: Login, prefix: str) -> list[str]:
    rules = [rule.decode() if isinstance(rule, bytes) else rule for rule in await admin.ask("ACL", "LIST")]
    return sorted(rule for rule in rules if rule.startswith(f"user {prefix}"))


def test_users_survive_a_restart_of_a_server_with_a_configuration_file(server: RedisServer) -> None:
    async def use() -> None:
        made = await make_users(server.url, "restart_", PASSWORDS)
        assert made.kept, made.note
        server.kill()
        server.start()
        login = Login(parse_redis_url(server.url), "restart_risk", PASSWORDS["risk"])
        try:
            assert await login.ask("GET", "risk:a") is None
            with pytest.raises(Forbidden, match="user restart_risk"):
                await login.ask("GET", "trading:a")
        finally:
            await login.close()

    asyncio.run(use())


class WithoutConfiguration(RedisServer):
    """A server that has nowhere to write its users down."""

    def command(self) -> list[str]:
        program, _, *options = super().command()
        return [program, *options, "--requirepass", self.password, "--save", ""]


def test_users_that_a_restart_forgets_are_said_to_be_so() -> None:
    running = started(WithoutConfiguration)
    try:
        made = asyncio.run(make_users(running.url, None, PASSWORDS))
        assert not made.kept
        assert "a restart forgets the users, and migrate has to be run again" in made.note
        assert running.password not in made.note
    finally:
        running.remove()


def test_who_may_not_make_users_is_told_so(server: RedisServer) -> None:
    async def use() -> None:
        place = place_of(server)
        admin = Login(place, place.user, place.password, connections=1)
        await admin.ask(*user_command("matrix_nobody", "nobody:", "secret"))
        await admin.close()
        url = f"redis://matrix_nobody:secret@{place.host}:{place.port}"
        with pytest.raises(BadInput, match="matrix_nobody") as caught:
            await make_users(url, None, PASSWORDS)
        assert "secret" not in str(caught.value)
        assert "\n" not in str(caught.value)
        with pytest.raises(BadInput, match="no password for risk, audit"):
            await make_users(server.url, None, {**PASSWORDS, "risk": "", "audit": ""})

    asyncio.run(use())
