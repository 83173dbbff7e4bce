"""What is kept of a venue: accounts, claims, orders and their states, refusals, fills, trades and fee schedules.

What is kept of perpetuals is in :mod:`.margin_records`, of what replaces, undoes or restricts in :mod:`.change_records`.

An order's terms and its state are two records with one key: a venue says its first answer again when it is asked again, and
an acceptance repeated after fills must not take the order back to its beginning. An order without a state record is ``new``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Final

from trading_ecosystem.domains.exchange.change_records import CHANGE_RECORDS, CHANGES_KEPT, order_change
from trading_ecosystem.domains.exchange.margin_records import MARGIN_KEPT, MARGIN_RECORDS
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.exchange import (
    AccountOpened,
    ClaimChanged,
    InstrumentListed,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    TradeMatched,
)
from trading_ecosystem.messages.margin import PerpetualMatched
from trading_ecosystem.messages.order_handling import OrderReplaced, OrderRestated
from trading_ecosystem.messages.orders import Liquidity, OrderStatus, OrderType, RejectReason, Side, TimeInForce
from trading_ecosystem.messages.units import INSTRUMENTS, Lots, MinorUnits, Nanos, PartsPerMillion, Ticks
from trading_ecosystem.ports.records import Change, Record, Upsert

NAMESPACE: Final = "exchange"


class AccountRecord(Record, frozen=True):
    """An account that exists on a venue."""

    table: ClassVar[str] = "accounts"
    key: ClassVar[tuple[str, ...]] = ("venue", "account")
    venue: str
    account: str


class ClaimRecord(Record, frozen=True):
    """What a venue owes an account in one asset."""

    table: ClassVar[str] = "claims"
    key: ClassVar[tuple[str, ...]] = ("venue", "account", "asset")
    checks: ClassVar[tuple[str, ...]] = (
        "available_minor >= 0",
        "held_minor >= 0",
        "total_minor = available_minor + held_minor",
    )
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("account",),)
    venue: str
    account: str
    asset: str
    available_minor: MinorUnits
    held_minor: MinorUnits
    total_minor: MinorUnits
    changed_at: Nanos


class OrderRecord(Record, frozen=True):
    """The terms of an accepted order; ``answered_at`` is when it was last said to be accepted."""

    table: ClassVar[str] = "orders"
    key: ClassVar[tuple[str, ...]] = ("venue", "account", "order_id")
    checks: ClassVar[tuple[str, ...]] = (
        "quantity_lots > 0",
        "price_ticks >= 0",
    )
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("account",),)
    venue: str
    account: str
    order_id: int
    client_order_id: str
    instrument: str
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    price_ticks: Ticks
    quantity_lots: Lots
    post_only: bool
    answered_at: Nanos


class ClientOrderIdRecord(Record, frozen=True):
    """Which order an account's name of an order means; a venue forgets a name after a day, and it may be given again."""

    table: ClassVar[str] = "client_order_ids"
    key: ClassVar[tuple[str, ...]] = ("venue", "account", "client_order_id")
    unique: ClassVar[tuple[tuple[str, ...], ...]] = (("venue", "account", "order_id"),)
    venue: str
    account: str
    client_order_id: str
    order_id: int


class OrderStateRecord(Record, frozen=True):
    """What has become of an accepted order since; ``leaves_lots`` is 0 once it is closed."""

    table: ClassVar[str] = "order_states"
    key: ClassVar[tuple[str, ...]] = ("venue", "account", "order_id")
    checks: ClassVar[tuple[str, ...]] = (
        "cumulative_lots >= 0",
        "leaves_lots >= 0",
        "leaves_lots = 0 OR status IN ('new', 'partially_filled')",
    )
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("status", "account"),)
    venue: str
    account: str
    order_id: int
    status: OrderStatus
    cumulative_lots: Lots
    leaves_lots: Lots
    changed_at: Nanos


class RefusalRecord(Record, frozen=True):
    """The latest refusal of an order under one name."""

    table: ClassVar[str] = "refusals"
    key: ClassVar[tuple[str, ...]] = ("venue", "account", "client_order_id")
    venue: str
    account: str
    client_order_id: str
    instrument: str
    reason: RejectReason
    refused_at: Nanos


class FillRecord(Record, frozen=True):
    """One side's view of a trade."""

    table: ClassVar[str] = "fills"
    key: ClassVar[tuple[str, ...]] = ("venue", "account", "execution_id")
    checks: ClassVar[tuple[str, ...]] = (
        "quantity_lots > 0",
        "price_ticks > 0",
        "fee_minor >= 0",
    )
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("account", "filled_at"), ("venue", "order_id"))
    venue: str
    account: str
    execution_id: int
    order_id: int
    trade_id: int
    instrument: str
    side: Side
    price_ticks: Ticks
    quantity_lots: Lots
    liquidity: Liquidity
    fee_asset: str
    fee_minor: MinorUnits
    filled_at: Nanos
    settles_at: Nanos


class TradeRecord(Record, frozen=True):
    """A match in which a named account took part, with both parties."""

    table: ClassVar[str] = "trades"
    key: ClassVar[tuple[str, ...]] = ("venue", "instrument", "trade_id")
    checks: ClassVar[tuple[str, ...]] = (
        "quantity_lots > 0",
        "price_ticks > 0",
        "quote_minor > 0",
        "buyer_fee_minor >= 0",
        "seller_fee_minor >= 0",
    )
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("instrument", "matched_at"),)
    venue: str
    instrument: str
    trade_id: int
    price_ticks: Ticks
    quantity_lots: Lots
    aggressor: Side
    buyer: str
    seller: str
    quote_asset: str
    quote_minor: MinorUnits
    buyer_fee_minor: MinorUnits
    seller_fee_minor: MinorUnits
    matched_at: Nanos
    settles_at: Nanos


class FeeScheduleRecord(Record, frozen=True):
    """An instrument's terms on a venue."""

    table: ClassVar[str] = "fee_schedules"
    key: ClassVar[tuple[str, ...]] = ("venue", "instrument")
    checks: ClassVar[tuple[str, ...]] = (
        "tick_size > 0",
        "lot_size > 0",
        "maker_fee_ppm >= 0",
        "taker_fee_ppm >= 0",
        "settlement_cycle_ns >= 0",
    )
    venue: str
    instrument: str
    base: str
    quote: str
    tick_size: MinorUnits
    lot_size: MinorUnits
    maker_fee_ppm: PartsPerMillion
    taker_fee_ppm: PartsPerMillion
    settlement_cycle_ns: Nanos
    listed_at: Nanos


RECORDS: Final[tuple[type[Record], ...]] = (
    AccountRecord,
    ClaimRecord,
    OrderRecord,
    ClientOrderIdRecord,
    OrderStateRecord,
    *CHANGE_RECORDS,
    RefusalRecord,
    FillRecord,
    TradeRecord,
    FeeScheduleRecord,
    *MARGIN_RECORDS,
)


def _account(said: AccountOpened, _: Nanos) -> tuple[Change, ...]:
    return (Upsert(AccountRecord(said.venue, said.account)),)


def _claim(said: ClaimChanged, now: Nanos) -> tuple[Change, ...]:
    available, held = said.available_after, said.held_after
    return (Upsert(ClaimRecord(said.venue, said.account, said.asset, available, held, available + held, now)),)


def _accepted(said: OrderAccepted, now: Nanos) -> tuple[Change, ...]:
    return (
        Upsert(
            OrderRecord(
                said.venue,
                said.account,
                said.order_id,
                said.client_order_id,
                said.instrument,
                said.side,
                said.order_type,
                said.time_in_force,
                said.price_ticks,
                said.quantity_lots,
                said.post_only,
                now,
            )
        ),
        Upsert(ClientOrderIdRecord(said.venue, said.account, said.client_order_id, said.order_id)),
    )


def _rejected(said: OrderRejected, now: Nanos) -> tuple[Change, ...]:
    return (Upsert(RefusalRecord(said.venue, said.account, said.client_order_id, said.instrument, said.reason, now)),)


def _filled(said: OrderFilled, now: Nanos) -> tuple[Change, ...]:
    status = OrderStatus.PARTIALLY_FILLED if said.leaves_lots else OrderStatus.FILLED
    fill = FillRecord(
        said.venue,
        said.account,
        said.execution_id,
        said.order_id,
        said.trade_id,
        said.instrument,
        said.side,
        said.price_ticks,
        said.quantity_lots,
        said.liquidity,
        said.fee_asset,
        said.fee_minor,
        now,
        said.settles_at,
    )
    state = OrderStateRecord(said.venue, said.account, said.order_id, status, said.cumulative_lots, said.leaves_lots, now)
    return (Upsert(fill), Upsert(state))


def _cancelled(said: OrderCancelled, now: Nanos) -> tuple[Change, ...]:
    state = OrderStateRecord(said.venue, said.account, said.order_id, OrderStatus.CANCELLED, said.cumulative_lots, 0, now)
    return (Upsert(state),)


def _restated(said: OrderReplaced | OrderRestated, now: Nanos) -> tuple[Change, ...]:
    """An order has another quantity; its terms stay as accepted, its state says what is left."""
    status = OrderStatus.PARTIALLY_FILLED if said.cumulative_lots else OrderStatus.NEW
    state = OrderStateRecord(said.venue, said.account, said.order_id, status, said.cumulative_lots, said.leaves_lots, now)
    return (Upsert(state),)


def _replaced(said: OrderReplaced, now: Nanos) -> tuple[Change, ...]:
    """An order has another price or quantity."""
    return (*_restated(said, now), Upsert(order_change(said, now)))


def _matched(said: TradeMatched, _: Nanos) -> tuple[Change, ...]:
    return (
        Upsert(
            TradeRecord(
                said.venue,
                said.instrument,
                said.trade_id,
                said.price_ticks,
                said.quantity_lots,
                said.aggressor,
                said.buyer,
                said.seller,
                said.quote_asset,
                said.quote_minor,
                said.buyer_fee_minor,
                said.seller_fee_minor,
                said.matched_at,
                said.settles_at,
            )
        ),
    )


def _perpetual_matched(said: PerpetualMatched, _: Nanos) -> tuple[Change, ...]:
    return (
        Upsert(
            TradeRecord(
                said.venue,
                said.instrument,
                said.trade_id,
                said.price_ticks,
                said.quantity_lots,
                said.aggressor,
                said.buyer,
                said.seller,
                said.quote_asset,
                INSTRUMENTS[said.instrument].notional(said.price_ticks, said.quantity_lots),
                said.buyer_fee_minor,
                said.seller_fee_minor,
                said.matched_at,
                said.settles_at,
            )
        ),
    )


def _listed(said: InstrumentListed, now: Nanos) -> tuple[Change, ...]:
    return (
        Upsert(
            FeeScheduleRecord(
                said.venue,
                said.instrument,
                said.base,
                said.quote,
                said.tick_size,
                said.lot_size,
                said.maker_fee_ppm,
                said.taker_fee_ppm,
                said.settlement_cycle_ns,
                now,
            )
        ),
    )


_KEPT: Final[dict[type[Message], Callable[[Any, Nanos], tuple[Change, ...]]]] = {
    AccountOpened: _account,
    ClaimChanged: _claim,
    OrderAccepted: _accepted,
    OrderRejected: _rejected,
    OrderFilled: _filled,
    OrderCancelled: _cancelled,
    OrderReplaced: _replaced,
    OrderRestated: _restated,
    **CHANGES_KEPT,
    TradeMatched: _matched,
    InstrumentListed: _listed,
    PerpetualMatched: _perpetual_matched,
    **MARGIN_KEPT,
}


def project(message: Message, now: Nanos) -> Iterable[Change]:
    """The changes that one journal entry makes; none for messages that are not kept."""
    change = _KEPT.get(type(message))
    return change(message, now) if change else ()
