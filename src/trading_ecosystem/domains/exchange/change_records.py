"""What is kept of a venue where something is changed later: orders replaced, fills undone or corrected, accounts restricted.

Each is a record beside the first one, which stays as it was said.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final

from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.order_handling import OrderReplaced
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.trading_phases import (
    AccountStatus,
    AccountStatusChanged,
    KycStatus,
    TradeBusted,
    TradeCorrected,
)
from trading_ecosystem.messages.units import Lots, MinorUnits, Nanos, Ticks
from trading_ecosystem.ports.records import Change, Record, Upsert


class OrderChangeRecord(Record, frozen=True):
    """The price and quantity that an order has since it was last replaced; without one they are as accepted."""

    table: ClassVar[str] = "order_changes"
    key: ClassVar[tuple[str, ...]] = ("venue", "account", "order_id")
    checks: ClassVar[tuple[str, ...]] = (
        "quantity_lots > 0",
        "price_ticks >= 0",
        "stop_price_ticks >= 0",
    )
    venue: str
    account: str
    order_id: int
    price_ticks: Ticks
    stop_price_ticks: Ticks
    quantity_lots: Lots
    changed_at: Nanos


class AccountStatusRecord(Record, frozen=True):
    """What an account may do, since its status was last set; without one it is as opened."""

    table: ClassVar[str] = "account_statuses"
    key: ClassVar[tuple[str, ...]] = ("venue", "account")
    venue: str
    account: str
    status: AccountStatus
    kyc: KycStatus
    changed_at: Nanos


class FillChangeRecord(Record, frozen=True):
    """A fill that was undone or corrected: ``execution_id`` is of the change, ``changed_execution_id`` of what it changed."""

    table: ClassVar[str] = "fill_changes"
    key: ClassVar[tuple[str, ...]] = ("venue", "account", "execution_id")
    checks: ClassVar[tuple[str, ...]] = (
        "quantity_lots > 0",
        "price_ticks > 0",
        "fee_minor >= 0",
    )
    venue: str
    account: str
    execution_id: int
    changed_execution_id: int
    order_id: int
    trade_id: int
    instrument: str
    side: Side
    busted: bool
    price_ticks: Ticks
    quantity_lots: Lots
    fee_asset: str
    fee_minor: MinorUnits
    changed_at: Nanos


CHANGE_RECORDS: Final[tuple[type[Record], ...]] = (OrderChangeRecord, AccountStatusRecord, FillChangeRecord)


def order_change(said: OrderReplaced, now: Nanos) -> OrderChangeRecord:
    """The record of a replacement."""
    prices = (said.price_ticks, said.stop_price_ticks)
    return OrderChangeRecord(said.venue, said.account, said.order_id, *prices, said.quantity_lots, now)


def _status(said: AccountStatusChanged, now: Nanos) -> tuple[Change, ...]:
    return (Upsert(AccountStatusRecord(said.venue, said.account, said.status, said.kyc, now)),)


def _fill_changed(said: TradeBusted | TradeCorrected, now: Nanos) -> tuple[Change, ...]:
    busted = isinstance(said, TradeBusted)
    return (
        Upsert(
            FillChangeRecord(
                said.venue,
                said.account,
                said.execution_id,
                said.busted_execution_id if isinstance(said, TradeBusted) else said.corrected_execution_id,
                said.order_id,
                said.trade_id,
                said.instrument,
                said.side,
                busted,
                said.price_ticks,
                said.quantity_lots,
                said.fee_asset,
                said.fee_minor,
                now,
            )
        ),
    )


CHANGES_KEPT: Final[dict[type[Message], Callable[[Any, Nanos], tuple[Change, ...]]]] = {
    AccountStatusChanged: _status,
    TradeBusted: _fill_changed,
    TradeCorrected: _fill_changed,
}
