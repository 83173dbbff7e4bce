"""What a trading engine is built from: its firm, its strategies, and its own limits."""

from __future__ import annotations

import msgspec

from trading_ecosystem.domains.trading.lots import CostMethod
from trading_ecosystem.messages.units import MINOR_UNITS_PER_WHOLE, MINUTE, MinorUnits, Nanos, PartsPerMillion


class StrategyParameters(msgspec.Struct, frozen=True):
    """One strategy: ``kind`` names its class, ``account`` the sub-account it trades on.

    ``settings`` are strings by name, as :func:`trading_ecosystem.domains.trading.kinds.settings_of` reads them.
    ``starts_after_ns`` counts from the start of the ecosystem; ``None`` is a strategy on standby, which starts when it is told.
    """

    name: str
    kind: str
    account: str
    settings: dict[str, str]
    starts_after_ns: Nanos | None = 0
    capital_share_ppm: PartsPerMillion | None = None
    """Its part of an account that it shares with others (:mod:`.capital_shares`); ``None``: the account is not divided."""


class TradingParameters(msgspec.Struct, frozen=True):
    """A trading engine of one firm.

    Limits, all inclusive and in USD minor units unless said otherwise: ``max_order_notional_usd_minor`` for one order,
    ``max_open_orders`` for the working orders of one strategy, ``max_position_usd_minor`` for the position of one strategy in
    one instrument over all venues, working orders of the same side counted as filled.
    """

    firm: str
    venues: tuple[str, ...]
    instruments: tuple[str, ...]
    strategies: tuple[StrategyParameters, ...]
    mark_every_ns: Nanos = MINUTE
    max_order_notional_usd_minor: MinorUnits = 250_000 * MINOR_UNITS_PER_WHOLE
    max_open_orders: int = 40
    max_position_usd_minor: MinorUnits = 1_000_000 * MINOR_UNITS_PER_WHOLE
    risk: str = "risk"
    """The monitor that knows the firm's trading state."""
    price_collar_ppm: PartsPerMillion | None = None
    """How far from the published price an order's own may be; ``None``: as far as it likes."""
    max_messages_per_second: int | None = None
    """What one strategy may send within any second, cancels included, which nothing holds back; ``None``: any number."""
    cost_method: CostMethod = CostMethod.AVERAGE
    """By which formula profit is realised."""
