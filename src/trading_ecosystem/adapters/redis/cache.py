"""A domain's cache on a Redis-protocol server.

**Epochs.** Every key holds the epoch of this cache. Whenever the server may have missed something (a write or an invalidation
failed, timed out or was cancelled) or may have lost something (there is a new connection: the server may have been restarted,
with old data from its disk), the epoch is raised: a number in this process, so that raising it cannot fail. What was kept
before is never read again and goes by its time to live. An epoch begins with a random word, so that no other process, and not
this one after its own restart, ever reads what this one wrote.

**Groups** are numbers as well, part of the key. Forgetting a group is a new number: nothing is listed, and nothing can be
missed by a value that is on its way to the server.

A value counts only if the key it was asked under still is the key when the answer comes.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from typing import Final

from trading_ecosystem.adapters.cache_counts import CacheCounts, check_ttl
from trading_ecosystem.adapters.redis.login import Login
from trading_ecosystem.adapters.redis.urls import RedisPlace
from trading_ecosystem.messages.units import MILLISECOND, Nanos
from trading_ecosystem.ports.cache import LARGEST_VALUE, CacheStatistics
from trading_ecosystem.ports.errors import PortError

FORGOTTEN_GROUPS: Final = 10_000
"""Groups whose number is remembered; one more raises the epoch instead."""
_LONGEST_KEY: Final = 200


class RedisCache:
    """See :class:`trading_ecosystem.ports.cache.Cache`. Belongs to one process; others have epochs of their own."""

    def __init__(self, place: RedisPlace, domain: str, password: str) -> None:
        self.prefix = place.prefix_of(domain)
        self._word = secrets.token_hex(6)
        self._epoch = 0
        self._groups: dict[str, int] = {}
        self._counts = CacheCounts()
        self._login = Login(place, place.user_of(domain), password, joined=self._raise_epoch)

    async def open(self) -> None:
        """Make the first connection; raises as :meth:`Login.ask` does."""
        await self._login.ask("PING")

    def _raise_epoch(self) -> None:
        self._epoch += 1
        self._groups.clear()
        self._counts.epochs += 1

    def _name(self, key: str, group: str) -> str:
        """The key on the server. Lengths go before free text, so that no two keys have one name."""
        text = f"{len(group)}:{group}:{self._groups.get(group, 0)}:{key}"
        if len(text) > _LONGEST_KEY:
            text = hashlib.blake2b(text.encode(), digest_size=24).hexdigest()
        return f"{self.prefix}{self._word}.{self._epoch}:{text}"

    async def get(self, key: str, group: str = "") -> bytes | None:
        """The value, or ``None`` where it is absent, too old, given up, or the server cannot be asked."""
        name = self._name(key, group)
        # Whoever asks may be cancelled; the connection then still gets its answer, for a new one would cost an epoch.
        value = await asyncio.shield(asyncio.ensure_future(self._fetch(name)))
        if value is None or name != self._name(key, group):
            self._counts.misses += 1
            return None
        self._counts.hits += 1
        return value

    async def _fetch(self, name: str) -> bytes | None:
        try:
            value: bytes | None = await self._login.ask("GET", name)
        except PortError as error:
            self._failed(error)
            return None
        self._counts.problem = ""
        return value

    async def set(self, key: str, value: bytes, *, ttl: Nanos, group: str = "") -> None:
        """Keep the value; where the server does not, the epoch is raised, so that an older one is not read either."""
        milliseconds = max(check_ttl(ttl) // MILLISECOND, 1)
        if len(value) > LARGEST_VALUE:
            self._counts.refused += 1
            await self.delete(key, group=group)
            return
        if await self._told("SET", self._name(key, group), value, "PX", milliseconds):
            self._counts.written += 1

    async def delete(self, *keys: str, group: str = "") -> None:
        """Forget these keys of one group; where the server cannot be told, the epoch is raised."""
        if keys and await self._told("DEL", *(self._name(key, group) for key in keys)):
            self._counts.deleted += len(keys)

    async def delete_group(self, *groups: str) -> None:
        """Forget everything that was set with these groups; nothing is said to the server."""
        for group in groups:
            if group not in self._groups and len(self._groups) >= FORGOTTEN_GROUPS:
                self._raise_epoch()
            self._groups[group] = self._groups.get(group, 0) + 1
        self._counts.deleted += len(groups)

    async def _told(self, *command: str | bytes | int) -> bool:
        """True where the server did it.

        In every other case, being cancelled included, nobody knows, and the epoch is raised.
        """
        done = False
        try:
            await self._login.ask(*command)
            done = True
            self._counts.problem = ""
        except PortError as error:
            self._failed(error)
        finally:
            if not done:
                self._raise_epoch()
        return done

    def _failed(self, error: PortError) -> None:
        self._counts.failed += 1
        self._counts.problem = str(error)

    @property
    def statistics(self) -> CacheStatistics:
        """Counts so far."""
        return self._counts.statistics()

    async def close(self) -> None:
        """Close the connections; closing twice is harmless."""
        await self._login.close()
