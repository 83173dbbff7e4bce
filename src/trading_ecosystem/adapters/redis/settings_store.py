"""A domain's settings on a Redis-protocol server: one hash, changed only where it still is as it was read."""

from __future__ import annotations

from typing import Final

import msgspec

from trading_ecosystem.adapters.redis.login import Login
from trading_ecosystem.adapters.redis.urls import RedisPlace
from trading_ecosystem.ports.configuration import StoredSetting
from trading_ecosystem.ports.errors import Conflict, Corrupt

_decoder: Final = msgspec.json.Decoder(StoredSetting)


class RedisSettingsStore:
    """See :class:`trading_ecosystem.ports.configuration.SettingsStore`. As lasting as the server's own disk is."""

    def __init__(self, place: RedisPlace, domain: str, password: str) -> None:
        self._hash = f"{place.prefix_of(domain)}settings"
        self._login = Login(place, place.user_of(domain), password, connections=2)

    async def load(self, name: str) -> StoredSetting | None:
        """What was set last."""
        return self._read(name, await self._login.ask("HGET", self._hash, name))

    async def save(self, name: str, setting: StoredSetting) -> None:
        """Keep a value with the next revision."""
        before: bytes | None = await self._login.ask("HGET", self._hash, name)
        known = self._read(name, before)
        revision = known.revision if known is not None else 0
        if setting.revision != revision + 1:
            raise Conflict(f"{name} is at revision {revision}; a change to revision {setting.revision} does not follow it")
        if not await self._login.replace_field(self._hash, name, before, msgspec.json.encode(setting)):
            raise Conflict(f"{name} was changed by somebody else in this moment")

    def _read(self, name: str, value: bytes | None) -> StoredSetting | None:
        try:
            return None if value is None else _decoder.decode(value)
        except msgspec.MsgspecError as error:
            raise Corrupt(f"the setting {name} at {self._login.place} cannot be read: {error}") from error

    async def close(self) -> None:
        """Close the connections."""
        await self._login.close()
