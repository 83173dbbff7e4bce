"""The port for settings that may change while the ecosystem runs: typed, with defaults, each change with its revision."""

from __future__ import annotations

from typing import Any, Generic, Protocol, TypeVar

import msgspec

from trading_ecosystem.messages.units import Nanos

T = TypeVar("T")


class Setting(msgspec.Struct, Generic[T], frozen=True):
    """What may be set: its name, type, value unless set, meaning, and bounds for numbers.

    ``value_type`` is anything msgspec decodes: ``int``, ``bool``, ``str``, ``Decimal``, an enum, a Struct, ``list[str]`` ...
    """

    name: str
    value_type: Any
    default: T
    meaning: str
    least: T | None = None
    most: T | None = None


class StoredSetting(msgspec.Struct, frozen=True):
    """A value that somebody set, as JSON. The first has revision 1; a setting that was never set is at revision 0."""

    value: str
    revision: int
    changed_at: Nanos
    changed_by: str


class SettingsStore(Protocol):
    """Where settings are kept.

    Every method raises :class:`trading_ecosystem.ports.errors.Unavailable` where it cannot be asked.
    """

    async def load(self, name: str) -> StoredSetting | None:
        """What was set last."""

    async def save(self, name: str, setting: StoredSetting) -> None:
        """Keep a value with the next revision.

        Raises :class:`trading_ecosystem.ports.errors.Conflict` where the setting is not at the revision before it.
        """

    async def close(self) -> None:
        """Release connections; closing twice is harmless."""
