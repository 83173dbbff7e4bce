"""The firm of a scenario: its name, its rhythm, its own limits, and how it counts profit."""

from __future__ import annotations

import msgspec

from trading_ecosystem.messages.units import MinorUnits, Nanos, PartsPerMillion


class FirmLimits(msgspec.Struct, frozen=True):
    """The trading engine's own limits per strategy; ``None`` where its default holds."""

    max_order_notional_usd_minor: MinorUnits | None = None
    max_open_orders: int | None = None
    max_position_usd_minor: MinorUnits | None = None
    price_collar_ppm: PartsPerMillion | None = None
    max_messages_per_second: int | None = None


class FirmSection(msgspec.Struct, frozen=True):
    """The firm whose strategies trade and whose risk is watched."""

    name: str
    mark_every_ns: Nanos
    limits: FirmLimits
    cost_method: str = ""
    """By which formula it realises profit; empty for the engine's default."""
