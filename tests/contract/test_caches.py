"""Opening every domain's cache behind one URL, and fanning out what is public."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import aclosing

import msgspec
import pytest
from tests.contract.redis_space import PASSWORDS, RedisSpace
from tests.recorded_run import recorded_entries
from tests.server_processes import RedisServer

from trading_ecosystem.adapters.caches import DOMAINS, close_caches, open_caches
from trading_ecosystem.adapters.fan_out import STREAMS_OF, FanOut
from trading_ecosystem.adapters.memory.streams import MemoryStreams
from trading_ecosystem.adapters.redis.urls import PREFIXES
from trading_ecosystem.messages.base import Audience, Command
from trading_ecosystem.messages.exchange import QuoteChanged
from trading_ecosystem.messages.units import SECOND
from trading_ecosystem.ports.errors import BadInput
from trading_ecosystem.ports.registry import Instance
from trading_ecosystem.ports.streams import StreamMessage, StreamPosition
from trading_ecosystem.settings import Passwords


@pytest.fixture
def space(redis_server: str) -> Iterator[RedisSpace]:
    with RedisSpace(redis_server) as made:
        yield made


def test_domains_are_those_that_have_a_prefix() -> None:
    assert tuple(PREFIXES) == DOMAINS


@pytest.mark.parametrize("kind", ["memory", "redis"])
def test_every_domain_has_a_cache_that_works_and_is_its_own(kind: str, request: pytest.FixtureRequest) -> None:
    url = "memory:" if kind == "memory" else request.getfixturevalue("space").url

    async def use() -> None:
        caches = await open_caches(url, Passwords(PASSWORDS))
        assert tuple(caches) == DOMAINS
        for domain, caching in caches.items():
            await caching.cache.get("warm")
            await caching.cache.set("a", domain.encode(), ttl=60 * SECOND)
            await caching.registry.register(Instance(domain.replace("_", "-"), "here"))
            assert await caching.settings.load("a") is None
        for domain, caching in caches.items():
            assert await caching.cache.get("a") == domain.encode()
            assert len(await caching.registry.discover()) == 1
            assert caching.cache.statistics.hits == 1
        await close_caches(caches)

    asyncio.run(use())


def refusal(url: str, passwords: Passwords) -> str:
    with pytest.raises(BadInput) as caught:
        asyncio.run(open_caches(url, passwords))
    text = str(caught.value)
    assert text.startswith("--cache: ")
    assert "\n" not in text
    return text


def test_a_cache_that_cannot_be_used_is_named_with_its_remedy(space: RedisSpace, own_redis: RedisServer) -> None:
    known = Passwords(PASSWORDS)
    assert "no password for the user of risk; set TRADING_ECOSYSTEM_CACHE_PASSWORD" in refusal(
        space.url, Passwords({domain: password for domain, password in PASSWORDS.items() if domain != "risk"})
    )
    wrong = refusal(space.url, Passwords(for_all="wrong-secret"))
    assert "user " + space.place.user_of("market_data") in wrong
    assert "the password is wrong, or there is no such user; run trading-ecosystem migrate" in wrong
    assert "wrong-secret" not in wrong
    assert "there is no such user" in refusal(own_redis.url, known)
    own_redis.stop()
    gone = refusal(own_redis.url, known)
    assert "cannot be reached" in gone
    assert own_redis.password not in gone
    assert "is not the URL of a Redis" in refusal("postgresql://u:secret@h/d", known)


def test_only_what_is_public_is_fanned_out() -> None:
    assert STREAMS_OF
    for kind, (domain, stream) in STREAMS_OF.items():
        assert kind.audience is Audience.PRODUCTION
        assert not kind.private
        assert not issubclass(kind, Command)
        assert "account" not in kind.__struct_fields__
        assert (domain in DOMAINS, stream) == (True, kind.__name__)
    assert STREAMS_OF[QuoteChanged] == ("exchange", "QuoteChanged")


def test_readers_hear_the_quotes_of_a_run_as_they_were_said() -> None:
    entries = recorded_entries()[:3000]
    quotes = [entry.message for entry in entries if isinstance(entry.message, QuoteChanged)]
    assert len(quotes) > 10

    async def use() -> None:
        streams = {domain: MemoryStreams(backlog=len(quotes)) for domain in DOMAINS}
        FanOut(streams).tell(entries)
        heard = []
        async with aclosing(streams["exchange"].read("QuoteChanged", StreamPosition(1, 0))) as messages:
            async for message in messages:
                if isinstance(message, StreamMessage):
                    heard.append(msgspec.json.decode(message.payload, type=QuoteChanged))
                if len(heard) == len(quotes):
                    break
        assert heard == quotes

    asyncio.run(use())
