"""Typed settings with a cache: what is asked often is known, and what is changed elsewhere is seen within the time to live."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

import msgspec

from trading_ecosystem.adapters.memory.cache import MemoryCache
from trading_ecosystem.adapters.read_through import ReadThrough
from trading_ecosystem.messages.units import SECOND, Nanos
from trading_ecosystem.ports.cache import Cache, CacheStatistics
from trading_ecosystem.ports.configuration import Setting, SettingsStore, StoredSetting
from trading_ecosystem.ports.errors import BadInput, Conflict, Corrupt, Unavailable

T = TypeVar("T")

TTL: Final[Nanos] = 5 * SECOND
"""Within this time a change that another process made is seen."""
_GROUP: Final = "settings"
_NEVER_SET: Final = StoredSetting("", 0, 0, "")


class Configuration:
    """Settings by their declarations. While the store is down, each has the value it was last known to have."""

    def __init__(
        self,
        store: SettingsStore,
        settings: Iterable[Setting[Any]],
        cache: Cache | None = None,
        ttl: Nanos = TTL,
        wall: Callable[[], Nanos] = time.time_ns,
    ) -> None:
        self._store = store
        self._settings = {setting.name: setting for setting in settings}
        self._reads = ReadThrough(cache or MemoryCache(entries=1_000), ttl)
        self._last_known: dict[str, StoredSetting] = {}
        self._wall = wall

    def setting(self, name: str) -> Setting[Any]:
        """The declaration of a setting; raises ``BadInput`` for a name that nobody declared."""
        if name not in self._settings:
            raise BadInput(name, f"there is no such setting; expected one of {', '.join(sorted(self._settings))}")
        return self._settings[name]

    async def get(self, setting: Setting[T]) -> T:
        """The value, or the default where it was never set.

        Raises ``Corrupt`` where what is stored is not of the type, and ``Unavailable`` where the store is down and was never
        asked.
        """
        stored = await self.stored(setting)
        if stored.revision == 0:
            return setting.default
        try:
            value: T = msgspec.json.decode(stored.value, type=setting.value_type)
        except msgspec.MsgspecError as error:
            raise Corrupt(
                f"the setting {setting.name} is stored as {stored.value}, which is no value of it: {error}"
            ) from error
        return value

    async def stored(self, setting: Setting[Any]) -> StoredSetting:
        """The value as it is stored, with its revision, and when and by whom it was set."""
        name = self.setting(setting.name).name

        async def load() -> StoredSetting:
            found = await self._store.load(name) or _NEVER_SET
            self._last_known[name] = found
            return found

        try:
            return await self._reads.read((_GROUP, name), StoredSetting, load)
        except Unavailable:
            if name not in self._last_known:
                raise
            return self._last_known[name]

    async def set(self, setting: Setting[T], value: T, *, by: str, revision: int | None = None) -> StoredSetting:
        """Set a value: with ``revision`` only where the setting still is at that one, else ``Conflict``.

        Raises ``BadInput`` for a value that is not of the type or out of its bounds.
        """
        name, text = self.setting(setting.name).name, encoded(setting, value)
        while True:
            known = await self._store.load(name) or _NEVER_SET
            if revision is not None and known.revision != revision:
                raise Conflict(f"{name} is at revision {known.revision}, not {revision}")
            changed = StoredSetting(text, known.revision + 1, self._wall(), by)
            try:
                await self._store.save(name, changed)
            except Conflict:
                if revision is not None:
                    raise
                continue
            finally:
                await self._reads.forget([(_GROUP, name)])
            self._last_known[name] = changed
            return changed

    @property
    def statistics(self) -> CacheStatistics:
        """How often the cache knew a setting."""
        return self._reads.cache.statistics

    async def close(self) -> None:
        """Close cache and store."""
        await self._reads.close()
        await self._store.close()


def encoded(setting: Setting[T], value: T) -> str:
    """The value as JSON; raises ``BadInput`` for one that is not of the setting's type or out of its bounds."""
    try:
        text = msgspec.json.encode(value)
        same: Any = msgspec.json.decode(text, type=setting.value_type)
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError) as error:
        raise BadInput(setting.name, f"{value!r} is no value of this setting: {error}") from None
    least, most = setting.least, setting.most
    if (least is not None and same < least) or (most is not None and same > most):
        raise BadInput(setting.name, f"{value!r} is out of bounds; expected {_bounds(least, most)}")
    return text.decode()


def _bounds(least: object, most: object) -> str:
    if least is not None and most is not None:
        return f"{least} to {most}"
    return f"at least {least}" if least is not None else f"at most {most}"
