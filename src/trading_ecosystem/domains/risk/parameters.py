"""What a risk monitor is told when it is made: its firm, the instruments it watches, and its limits."""

from __future__ import annotations

from typing import Final

import msgspec

from trading_ecosystem.messages.risk import LimitKind
from trading_ecosystem.messages.trading_state import TradingState
from trading_ecosystem.messages.units import HOUR, MINOR_UNITS_PER_WHOLE, MINUTE, PARTS_PER_MILLION, Nanos

MILLION_USD: Final = 1_000_000 * MINOR_UNITS_PER_WHOLE


class LimitParameters(msgspec.Struct, frozen=True):
    """One limit: ``value`` is positive, in the unit that :class:`LimitKind` states.

    Its alert fires when its condition has held for ``for_ns`` without a break; until then it is pending.
    """

    kind: LimitKind
    subject: str
    value: int
    for_ns: Nanos = 0


class BreakerParameters(msgspec.Struct, frozen=True):
    """A circuit breaker: ``triggers`` alerts that become critical within ``within_ns`` change the trading state to ``to``.

    After ``resets_after_ns`` it is active again, by itself.
    """

    triggers: int = 3
    within_ns: Nanos = HOUR
    resets_after_ns: Nanos = HOUR
    to: TradingState = TradingState.HALTED


class RiskParameters(msgspec.Struct, frozen=True):
    """Parameters of one risk monitor.

    ``instruments`` are those whose prices are watched; prices of others are ignored, and an asset whose ``<asset>/USD`` is
    not among them has no value here. ``limits`` has at most one limit per (kind, subject). There is no circuit breaker unless
    one is given.
    """

    firm: str
    instruments: tuple[str, ...]
    limits: tuple[LimitParameters, ...]
    report_every_ns: Nanos = MINUTE
    breaker: BreakerParameters | None = None


def default_limits(firm: str) -> tuple[LimitParameters, ...]:
    """The house's limits: the table in the design, chapter 8.

    The design names no stablecoin exposure. 250,000 USD is half the daily loss limit: a peg that costs more than that has
    used up half a day's loss by itself.
    """
    whole = MINOR_UNITS_PER_WHOLE
    return (
        LimitParameters(LimitKind.POSITION_LONG, "BTC", 10 * whole),
        LimitParameters(LimitKind.POSITION_SHORT, "BTC", 5 * whole),
        LimitParameters(LimitKind.POSITION_LONG, "ETH", 200 * whole),
        LimitParameters(LimitKind.POSITION_SHORT, "ETH", 100 * whole),
        LimitParameters(LimitKind.ASSET_NOTIONAL, "BTC", 2 * MILLION_USD),
        LimitParameters(LimitKind.ASSET_NOTIONAL, "ETH", 2 * MILLION_USD),
        LimitParameters(LimitKind.ASSET_NOTIONAL, "USDT", 2 * MILLION_USD),
        LimitParameters(LimitKind.TOTAL_NOTIONAL, firm, 10 * MILLION_USD),
        LimitParameters(LimitKind.DAILY_LOSS, firm, MILLION_USD // 2),
        LimitParameters(LimitKind.DRAWDOWN, firm, 150_000),
        LimitParameters(LimitKind.STABLECOIN_EXPOSURE, "USDT", MILLION_USD // 4),
        LimitParameters(LimitKind.LEVERAGE, firm, 3 * PARTS_PER_MILLION),
        LimitParameters(LimitKind.VALUE_AT_RISK, firm, 3 * MILLION_USD // 4),
    )
