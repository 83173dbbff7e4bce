"""Short ways to write what the watches hear, and to read what they raised."""

from __future__ import annotations

from tests.unit.risk.monitor import MAKER, START, Monitor, usd

from trading_ecosystem.messages.exchange import (
    CancelOrder,
    CancelRejected,
    DepthChanged,
    Level,
    OrderAccepted,
    OrderCancelled,
    OrderRejected,
    PlaceOrder,
    QuoteChanged,
)
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.orders import (
    CancelReason,
    CancelRejectReason,
    OrderType,
    RejectReason,
    Side,
    TimeInForce,
    TradingPhase,
)
from trading_ecosystem.messages.risk import AlertKind, AlertRaised, AlertResolved, AlertUpdated
from trading_ecosystem.messages.trading_phases import PhaseReason, TradingPhaseChanged
from trading_ecosystem.messages.units import Nanos

ALPHA = "exchange-alpha"


def alerts(monitor: Monitor, *kinds: AlertKind) -> list[tuple[Nanos, str, str, str, int]]:
    """Every alert of these kinds raised or updated: (since the start, raised or updated, subject, severity, observed)."""
    return [
        (at, type(one).__name__.removeprefix("Alert").lower(), one.subject, one.severity.value, one.observed)
        for at, one in monitor.said()
        if isinstance(one, AlertRaised | AlertUpdated) and one.kind in kinds
    ]


def cleared(monitor: Monitor, kind: AlertKind) -> list[Nanos]:
    """When each alert of a kind stopped to hold, for those that are resolved."""
    return [one.cleared_at - START for _, one in monitor.said() if isinstance(one, AlertResolved) and one.kind is kind]


def tick(
    instrument: str, amount: float, at: Nanos, update: int, priced_at: Nanos | None = None
) -> tuple[PricePublished, Nanos]:
    """A price that arrives ``at`` after the start, priced then unless said otherwise (after the start, too)."""
    priced = START + (at if priced_at is None else priced_at)
    return PricePublished(instrument, usd(amount), priced, update), START + at


def quote(bid: int, ask: int, instrument: str = "BTC/USD", venue: str = ALPHA, lots: int = 1) -> QuoteChanged:
    return QuoteChanged(venue, instrument, 1, bid, lots if bid else 0, ask, lots if ask else 0)


def depth(lots: int, instrument: str = "BTC/USD", venue: str = ALPHA) -> DepthChanged:
    """So many lots on both sides together."""
    asks = (Level(101, lots - lots // 2),) if lots else ()
    return DepthChanged(venue, instrument, 1, 1, (Level(100, lots // 2),) if lots > 1 else (), asks)


def phase(after: TradingPhase, instrument: str = "BTC/USD", venue: str = ALPHA) -> TradingPhaseChanged:
    return TradingPhaseChanged(venue, instrument, after, PhaseReason.REQUESTED, 0)


def place(order: str, venue: str = ALPHA, account: str = MAKER) -> PlaceOrder:
    return PlaceOrder(
        venue, account, order, "BTC/USD", Side.BUY, OrderType.LIMIT, TimeInForce.GOOD_TILL_CANCEL, 5_000_000, 1_000
    )


def accepted(order: str, venue: str = ALPHA, account: str = MAKER) -> OrderAccepted:
    placed = place(order, venue, account)
    return OrderAccepted(
        venue, account, order, 1, "BTC/USD", placed.side, placed.order_type, placed.time_in_force, 5_000_000, 1_000, False
    )


def rejected(order: str, venue: str = ALPHA) -> OrderRejected:
    return OrderRejected(venue, MAKER, order, "BTC/USD", RejectReason.INSUFFICIENT_CLAIM)


def cancel(order: str, venue: str = ALPHA) -> CancelOrder:
    return CancelOrder(venue, MAKER, order)


def cancelled(order: str, order_id: int = 1, venue: str = ALPHA) -> OrderCancelled:
    return OrderCancelled(venue, MAKER, order, order_id, "BTC/USD", 0, 1_000, CancelReason.REQUESTED)


def cancel_rejected(order: str) -> CancelRejected:
    return CancelRejected(ALPHA, MAKER, order, CancelRejectReason.UNKNOWN_ORDER)
