"""Picks the adapter for a cache's URL.

``memory:`` (the default) or ``redis://…``, for every domain its own cache and streams.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

import msgspec

from trading_ecosystem.adapters.environment import settings
from trading_ecosystem.adapters.memory.cache import MemoryCache
from trading_ecosystem.adapters.memory.registry import MemoryRegistry
from trading_ecosystem.adapters.memory.settings_store import MemorySettingsStore
from trading_ecosystem.adapters.memory.streams import MemoryStreams
from trading_ecosystem.ports.cache import Cache
from trading_ecosystem.ports.configuration import SettingsStore
from trading_ecosystem.ports.errors import BadInput
from trading_ecosystem.ports.registry import Registry
from trading_ecosystem.ports.streams import Streams
from trading_ecosystem.settings import CACHE_PASSWORD, CACHE_PASSWORDS_FILE, Passwords

MEMORY: Final = "memory:"
DOMAINS: Final = ("market_data", "exchange", "custodian", "trading", "risk", "test_coordination", "audit")


class Caching(msgspec.Struct, frozen=True):
    """What one domain has beside its store."""

    cache: Cache
    streams: Streams
    registry: Registry
    settings: SettingsStore

    async def close(self) -> None:
        """Release everything."""
        for part in (self.streams, self.cache, self.registry, self.settings):
            await part.close()


async def open_caches(url: str = MEMORY, passwords: Passwords | None = None, option: str = "--cache") -> dict[str, Caching]:
    """Every domain's cache, by domain; passwords are the environment's if none are given.

    Raises ``BadInput`` where the URL cannot be used, the server cannot be reached or is no Redis, or a domain's user is
    refused.
    """
    if url == MEMORY:
        return {domain: Caching(MemoryCache(), MemoryStreams(), MemoryRegistry(), MemorySettingsStore()) for domain in DOMAINS}
    # Only now: who caches in memory does not wait for the Redis client.
    from trading_ecosystem.adapters.redis.cache import RedisCache
    from trading_ecosystem.adapters.redis.login import check_server
    from trading_ecosystem.adapters.redis.registry import RedisRegistry
    from trading_ecosystem.adapters.redis.settings_store import RedisSettingsStore
    from trading_ecosystem.adapters.redis.streams import RedisStreams
    from trading_ecosystem.adapters.redis.urls import parse_redis_url

    place = parse_redis_url(url, option)
    given = settings().cache_passwords if passwords is None else passwords
    by_domain = {domain: given.of(domain) or "" for domain in DOMAINS}
    if missing := [domain for domain, password in by_domain.items() if not password]:
        problem = f"no password for the user of {missing[0]}; set {CACHE_PASSWORD}, or name a file in {CACHE_PASSWORDS_FILE}"
        raise BadInput(option, f"{place}: {problem}")
    place = msgspec.structs.replace(place, user="", password="")
    for domain, password in by_domain.items():
        await check_server(place, place.user_of(domain), password, option)
    return {
        domain: Caching(
            RedisCache(place, domain, password),
            RedisStreams(place, domain, password),
            RedisRegistry(place, domain, password),
            RedisSettingsStore(place, domain, password),
        )
        for domain, password in by_domain.items()
    }


async def close_caches(caches: Mapping[str, Caching]) -> None:
    """Close all of them at once."""
    await asyncio.gather(*(caching.close() for caching in caches.values()))
