"""Settings in this process."""

from __future__ import annotations

from trading_ecosystem.ports.configuration import StoredSetting
from trading_ecosystem.ports.errors import Conflict


class MemorySettingsStore:
    """See :class:`trading_ecosystem.ports.configuration.SettingsStore`."""

    def __init__(self) -> None:
        self._settings: dict[str, StoredSetting] = {}

    async def load(self, name: str) -> StoredSetting | None:
        """What was set last."""
        return self._settings.get(name)

    async def save(self, name: str, setting: StoredSetting) -> None:
        """Keep a value with the next revision."""
        known = self._settings.get(name)
        revision = known.revision if known is not None else 0
        if setting.revision != revision + 1:
            raise Conflict(f"{name} is at revision {revision}; a change to revision {setting.revision} does not follow it")
        self._settings[name] = setting

    async def close(self) -> None:
        """Nothing is held open."""
