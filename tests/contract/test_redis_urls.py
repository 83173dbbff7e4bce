"""Redis URLs are read once, never shown with a password, and what is wrong with a server is one line."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest
from tests.server_processes import RedisServer

from trading_ecosystem.adapters.redis.login import check_server
from trading_ecosystem.adapters.redis.urls import PREFIXES, RedisPlace, masked, parse_redis_url
from trading_ecosystem.ports.errors import BadInput


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("redis://localhost", RedisPlace("localhost")),
        ("redis://localhost:6390/3", RedisPlace("localhost", 6390, 3)),
        ("rediss://ops:p%40ss%2F@cache.example:1", RedisPlace("cache.example", 1, tls=True, user="ops", password="p@ss/")),
        ("redis://:secret@[::1]", RedisPlace("::1", password="secret")),
        ("redis://h?roles=blue_&keys=blue:", RedisPlace("h", roles="blue_", keys="blue:")),
    ],
)
def test_a_url_says_where_a_server_is(url: str, place: RedisPlace) -> None:
    assert parse_redis_url(url) == place


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("", "not the URL of a Redis"),
        ("localhost:6379", "not the URL of a Redis"),
        ("http://u:secret@localhost", "not the URL of a Redis"),
        ("redis://", "names no host"),
        ("redis://u:secret@", "names no host"),
        ("redis://u:secret@h:port", "expected redis://"),
        ("redis://u:secret@h:99999", "expected redis://"),
        ("redis://u:se@cret@[h", "expected redis://"),
        ("redis://u:secret@h/first", "the database is 'first', expected a number"),
        ("redis://u:secret@h?role=x", "unknown option 'role'"),
        ("redis://u:secret@h?roles=a*", "roles is 'a\\*'"),
        ("redis://u:secret@h?roles", "expected redis://"),
        ("redis://u:secret@h?keys=blue", "keys is 'blue', expected a word that ends in ':'"),
    ],
)
def test_a_wrong_url_is_named_in_one_line_without_its_password(url: str, problem: str) -> None:
    with pytest.raises(BadInput, match=problem) as caught:
        parse_redis_url(url, "--cache")
    assert str(caught.value).startswith("--cache: ")
    assert "cret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_place_never_shows_its_password() -> None:
    place = parse_redis_url("redis://ops:secret@h:7/2?roles=b_&keys=k:")
    assert str(place) == repr(place) == "redis://ops:***@h:7/2?roles=b_&keys=k:"
    assert str(parse_redis_url("redis://:secret@[::1]")) == "redis://:***@[::1]:6379"
    assert masked("redis://ops:a:b@c@h/1") == "redis://ops:***@h/1"
    assert masked("ops:secret@h") == "ops:***@h"


def test_every_domain_has_its_own_prefix_and_none_begins_another() -> None:
    place = RedisPlace("h", keys="blue:", roles="blue_")
    prefixes = [place.prefix_of(domain) for domain in PREFIXES]
    assert not any(a != b and a.startswith(b) for a in prefixes for b in prefixes)
    assert (place.prefix_of("market_data"), place.user_of("market_data")) == ("blue:market:", "blue_market_data")


def refusal(place: RedisPlace, user: str = "", password: str = "") -> str:
    with pytest.raises(BadInput) as caught:
        asyncio.run(check_server(place, user, password))
    text = str(caught.value)
    assert "\n" not in text
    assert not password or password not in text
    assert text.startswith(f"--cache: redis://127.0.0.1:{place.port}")
    return text


def test_a_server_that_answers_passes(redis_server: str) -> None:
    place = parse_redis_url(redis_server)
    asyncio.run(check_server(place, place.user, place.password))


def test_a_wrong_password_names_user_and_remedy(own_redis: RedisServer) -> None:
    place = RedisPlace("127.0.0.1", own_redis.port)
    migrate, administrator = "run trading-ecosystem migrate", "expected an administrator's"
    for user, password, remedy in (
        ("default", "wrong-secret", administrator),
        ("", "", administrator),
        (place.user_of("risk"), "wrong-secret", migrate),
    ):
        text = refusal(place, user, password)
        assert f"user {user or 'default'}: the password is wrong, or there is no such user; {remedy}" in text


def test_a_server_that_is_not_there_is_said_to_be_unreachable() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert "cannot be reached: connection refused; is the server running?" in refusal(RedisPlace("127.0.0.1", port))
    with pytest.raises(BadInput, match=r"redis://no-such-host\.invalid:6379 cannot be reached: ") as caught:
        asyncio.run(check_server(RedisPlace("no-such-host.invalid"), "", ""))
    assert "\n" not in str(caught.value)


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "answers, but not as a Redis does; is it the right port?"),
        (b"", "answers, but not as a Redis does; is it the right port?"),
        (b"x" * 100_000, "answers, but not as a Redis does; is it the right port?"),
        (b"-DENIED Redis is running in protected mode\r\n", "runs in protected mode"),
    ],
)
def test_what_is_no_redis_is_said_to_be_none(answer: bytes, expected: str) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(answer)
        writer.close()

    async def use() -> str:
        async with await asyncio.start_server(talk, "127.0.0.1", 0) as listener:
            place = RedisPlace("127.0.0.1", listener.sockets[0].getsockname()[1])
            with pytest.raises(BadInput) as caught:
                await check_server(place, "", "")
            return str(caught.value)

    text = asyncio.run(use())
    assert expected in text
    assert "\n" not in text


def test_a_password_is_in_no_message_of_a_failing_server(own_redis: RedisServer) -> None:
    place = parse_redis_url(own_redis.url)
    own_redis.stop()
    with pytest.raises(BadInput) as caught:
        asyncio.run(check_server(place, place.user, place.password))
    assert place.password not in str(caught.value)
    assert ":***@" in str(caught.value)
