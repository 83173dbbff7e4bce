"""What trading keeps: strategies, orders, positions, profit and loss (latest and as a series), performance."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Final

from trading_ecosystem.domains.trading.order_life import OrderState
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.exchange import OrderAccepted, OrderCancelled, OrderFilled, OrderRejected, PlaceOrder
from trading_ecosystem.messages.order_handling import OrderReplaced, OrderRestated
from trading_ecosystem.messages.orders import RejectReason
from trading_ecosystem.messages.trading import PositionChanged, StrategyHalted, StrategyMarked, StrategyStarted
from trading_ecosystem.messages.units import PARTS_PER_MILLION, Lots, MinorUnits, Nanos, PartsPerMillion, Ticks
from trading_ecosystem.ports.records import Change, Patch, Record, Upsert

NAMESPACE = "trading"


class StrategyRecord(Record, frozen=True):
    """A strategy and whether it runs; ``state`` is ``running``, ``requested`` or ``failed`` (why it halted)."""

    table: ClassVar[str] = "strategies"
    key: ClassVar[tuple[str, ...]] = ("account", "strategy")
    account: str
    strategy: str
    kind: str
    state: str
    detail: str
    changed_at: Nanos


class OrderRecord(Record, frozen=True):
    """An order as its sender knows it; ``state`` is an :class:`OrderState`, ``reason`` why it was refused or cancelled."""

    table: ClassVar[str] = "orders"
    key: ClassVar[tuple[str, ...]] = ("venue", "account", "client_order_id")
    checks: ClassVar[tuple[str, ...]] = (
        "quantity_lots > 0 OR state IN ('pending_new', 'rejected')",
        "cumulative_lots BETWEEN 0 AND quantity_lots OR state IN ('pending_new', 'rejected', 'cancelled')",
        "leaves_lots >= 0 OR state IN ('pending_new', 'rejected')",
    )
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("account", "state"),)
    venue: str
    account: str
    client_order_id: str
    order_id: int
    instrument: str
    side: str
    order_type: str
    time_in_force: str
    price_ticks: Ticks
    quantity_lots: Lots
    cumulative_lots: Lots
    leaves_lots: Lots
    state: str
    reason: str
    placed_at: Nanos
    changed_at: Nanos


class PositionRecord(Record, frozen=True):
    """A strategy's latest position in one instrument at one venue; amounts as in :class:`PositionChanged`."""

    table: ClassVar[str] = "positions"
    key: ClassVar[tuple[str, ...]] = ("account", "strategy", "venue", "instrument")
    account: str
    strategy: str
    venue: str
    instrument: str
    position_lots: Lots
    average_price_minor: MinorUnits
    realised_minor: MinorUnits
    fees_minor: MinorUnits
    changed_at: Nanos


class ProfitRecord(Record, frozen=True):
    """A strategy's latest profit and loss in USD minor units; realised is net of fees."""

    table: ClassVar[str] = "profit_and_loss"
    key: ClassVar[tuple[str, ...]] = ("account", "strategy")
    account: str
    strategy: str
    realised_usd_minor: MinorUnits
    unrealised_usd_minor: MinorUnits
    fees_usd_minor: MinorUnits
    marked_at: Nanos


class ProfitMarkRecord(Record, frozen=True):
    """One mark of the series behind :class:`ProfitRecord`."""

    table: ClassVar[str] = "profit_and_loss_marks"
    key: ClassVar[tuple[str, ...]] = ("account", "strategy", "marked_at")
    account: str
    strategy: str
    marked_at: Nanos
    realised_usd_minor: MinorUnits
    unrealised_usd_minor: MinorUnits
    fees_usd_minor: MinorUnits


class PerformanceRecord(Record, frozen=True):
    """How a strategy has done so far.

    ``fills_per_order_ppm`` and ``return_on_turnover_ppm`` (net profit over turnover) are rounded down; 0 without orders
    or turnover.
    """

    table: ClassVar[str] = "performance"
    key: ClassVar[tuple[str, ...]] = ("account", "strategy")
    checks: ClassVar[tuple[str, ...]] = (
        "turnover_usd_minor >= 0",
        "max_drawdown_usd_minor >= 0",
        "orders >= 0",
        "fills >= 0",
    )
    account: str
    strategy: str
    net_usd_minor: MinorUnits
    max_drawdown_usd_minor: MinorUnits
    turnover_usd_minor: MinorUnits
    return_on_turnover_ppm: PartsPerMillion
    orders: int
    fills: int
    fills_per_order_ppm: PartsPerMillion
    marked_at: Nanos


RECORDS = (StrategyRecord, OrderRecord, PositionRecord, ProfitRecord, ProfitMarkRecord, PerformanceRecord)


def project(message: Message, now: Nanos) -> Iterable[Change]:
    """The changes that one journal entry makes to these records."""
    projection = _PROJECTIONS.get(type(message))
    return () if projection is None else projection(message, now)


def _strategy_started(message: StrategyStarted, now: Nanos) -> Iterable[Change]:
    return (Upsert(StrategyRecord(message.account, message.strategy, message.kind, "running", "", now)),)


def _strategy_halted(message: StrategyHalted, now: Nanos) -> Iterable[Change]:
    values = {"state": str(message.reason), "detail": message.detail, "changed_at": now}
    return (Patch(StrategyRecord, (message.account, message.strategy), values),)


def _place_order(message: PlaceOrder, now: Nanos) -> Iterable[Change]:
    record = OrderRecord(
        venue=message.venue,
        account=message.account,
        client_order_id=message.client_order_id,
        order_id=0,
        instrument=message.instrument,
        side=str(message.side),
        order_type=str(message.order_type),
        time_in_force=str(message.time_in_force),
        price_ticks=message.price_ticks,
        quantity_lots=message.quantity_lots,
        cumulative_lots=0,
        leaves_lots=message.quantity_lots,
        state=str(OrderState.PENDING_NEW),
        reason="",
        placed_at=now,
        changed_at=now,
    )
    return (Upsert(record),)


def _patch_order(
    message: OrderAccepted | OrderRejected | OrderFilled | OrderCancelled | OrderReplaced | OrderRestated,
    now: Nanos,
    state: OrderState,
    values: dict[str, Any],
) -> Iterable[Change]:
    identity = (message.venue, message.account, message.client_order_id)
    return (Patch(OrderRecord, identity, {"state": str(state), "changed_at": now, **values}),)


def _order_accepted(message: OrderAccepted, now: Nanos) -> Iterable[Change]:
    return _patch_order(message, now, OrderState.NEW, {"order_id": message.order_id})


def _order_rejected(message: OrderRejected, now: Nanos) -> Iterable[Change]:
    # The order that bears this id already is another one, and goes on.
    if message.reason is RejectReason.DUPLICATE_CLIENT_ORDER_ID:
        return ()
    return _patch_order(message, now, OrderState.REJECTED, {"reason": str(message.reason), "leaves_lots": 0})


def _order_filled(message: OrderFilled, now: Nanos) -> Iterable[Change]:
    state = OrderState.PARTIALLY_FILLED if message.leaves_lots else OrderState.FILLED
    values = {
        "order_id": message.order_id,
        "quantity_lots": message.cumulative_lots + message.leaves_lots,
        "cumulative_lots": message.cumulative_lots,
        "leaves_lots": message.leaves_lots,
    }
    return _patch_order(message, now, state, values)


def _order_changed(message: OrderReplaced | OrderRestated, now: Nanos) -> Iterable[Change]:
    """An open order has another quantity from now on, and after a replacement another price."""
    state = OrderState.PARTIALLY_FILLED if message.cumulative_lots else OrderState.NEW
    values = {
        "quantity_lots": message.quantity_lots,
        "cumulative_lots": message.cumulative_lots,
        "leaves_lots": message.leaves_lots,
    }
    if isinstance(message, OrderReplaced):
        values["price_ticks"] = message.price_ticks
    return _patch_order(message, now, state, values)


def _order_cancelled(message: OrderCancelled, now: Nanos) -> Iterable[Change]:
    values = {
        "order_id": message.order_id,
        "cumulative_lots": message.cumulative_lots,
        "leaves_lots": 0,
        "reason": str(message.reason),
    }
    return _patch_order(message, now, OrderState.CANCELLED, values)


def _position_changed(message: PositionChanged, now: Nanos) -> Iterable[Change]:
    record = PositionRecord(
        account=message.account,
        strategy=message.strategy,
        venue=message.venue,
        instrument=message.instrument,
        position_lots=message.position_lots,
        average_price_minor=message.average_price_minor,
        realised_minor=message.realised_minor,
        fees_minor=message.fees_minor,
        changed_at=now,
    )
    return (Upsert(record),)


def _strategy_marked(message: StrategyMarked, now: Nanos) -> Iterable[Change]:
    amounts = {
        "realised_usd_minor": message.realised_usd_minor,
        "unrealised_usd_minor": message.unrealised_usd_minor,
        "fees_usd_minor": message.fees_usd_minor,
    }
    net = message.realised_usd_minor + message.unrealised_usd_minor
    turnover = message.turnover_usd_minor
    performance = PerformanceRecord(
        account=message.account,
        strategy=message.strategy,
        net_usd_minor=net,
        max_drawdown_usd_minor=message.max_drawdown_usd_minor,
        turnover_usd_minor=turnover,
        return_on_turnover_ppm=net * PARTS_PER_MILLION // turnover if turnover else 0,
        orders=message.orders,
        fills=message.fills,
        fills_per_order_ppm=message.fills * PARTS_PER_MILLION // message.orders if message.orders else 0,
        marked_at=now,
    )
    return (
        Upsert(ProfitRecord(account=message.account, strategy=message.strategy, marked_at=now, **amounts)),
        Upsert(ProfitMarkRecord(account=message.account, strategy=message.strategy, marked_at=now, **amounts)),
        Upsert(performance),
    )


_PROJECTIONS: Final[dict[type[Message], Callable[[Any, Nanos], Iterable[Change]]]] = {
    StrategyStarted: _strategy_started,
    StrategyHalted: _strategy_halted,
    PlaceOrder: _place_order,
    OrderAccepted: _order_accepted,
    OrderRejected: _order_rejected,
    OrderFilled: _order_filled,
    OrderCancelled: _order_cancelled,
    OrderReplaced: _order_changed,
    OrderRestated: _order_changed,
    PositionChanged: _position_changed,
    StrategyMarked: _strategy_marked,
}
