"""What trading keeps of what was said."""

from __future__ import annotations

from tests.unit.trading.trading_floor import ALPHA, BTC, accepted, cancelled, placed, rejected

from trading_ecosystem.domains.trading import records
from trading_ecosystem.domains.trading.records import (
    OrderRecord,
    PerformanceRecord,
    PositionRecord,
    ProfitMarkRecord,
    ProfitRecord,
    StrategyRecord,
    project,
)
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.exchange import OrderFilled
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.orders import Liquidity, RejectReason, Side
from trading_ecosystem.messages.trading import (
    HaltReason,
    PositionChanged,
    StrategyHalted,
    StrategyMarked,
    StrategyStarted,
)
from trading_ecosystem.ports.records import Patch, Record, Upsert

ORDER = placed("one", 1, ALPHA, BTC, Side.BUY, 6_000_000, 100)


def kept(*said: Message) -> dict[type[Record], list[Record]]:
    """The rows after a sequence of messages at 1, 2, 3 …, each applied twice."""
    rows: dict[type[Record], dict[tuple[object, ...], Record]] = {}
    for now, message in enumerate(said, 1):
        for change in (*project(message, now), *project(message, now)):
            if isinstance(change, Upsert):
                rows.setdefault(type(change.record), {})[change.record.identity()] = change.record
            elif isinstance(change, Patch) and change.identity in rows.get(change.record_type, {}):
                old = rows[change.record_type][change.identity]
                fields = {name: getattr(old, name) for name in old.__struct_fields__}
                rows[change.record_type][change.identity] = change.record_type(**{**fields, **change.values})
    return {record_type: list(table.values()) for record_type, table in rows.items()}


def fill(lots: int, done: int) -> OrderFilled:
    identity = (ALPHA, "fund/one", "one-1", 17, done, done, BTC, Side.BUY, 6_000_000)
    return OrderFilled(*identity, lots, done, 100 - done, Liquidity.MAKER, "USD", 5, 99)


def order(**changes: object) -> OrderRecord:
    values: dict[str, object] = {
        "venue": ALPHA,
        "account": "fund/one",
        "client_order_id": "one-1",
        "order_id": 17,
        "instrument": BTC,
        "side": "buy",
        "order_type": "limit",
        "time_in_force": "good_till_cancel",
        "price_ticks": 6_000_000,
        "quantity_lots": 100,
        "cumulative_lots": 0,
        "leaves_lots": 100,
        "state": "new",
        "reason": "",
        "placed_at": 1,
        "changed_at": 2,
    }
    return OrderRecord(**{**values, **changes})


def test_the_life_of_an_order_is_kept() -> None:
    start = (ORDER, accepted(ORDER, 17))
    assert kept(ORDER) == {OrderRecord: [order(order_id=0, state="pending_new", changed_at=1)]}
    assert kept(*start) == {OrderRecord: [order()]}
    partly = order(state="partially_filled", cumulative_lots=40, leaves_lots=60, changed_at=3)
    assert kept(*start, fill(40, 40)) == {OrderRecord: [partly]}
    filled = order(state="filled", cumulative_lots=100, leaves_lots=0, changed_at=4)
    assert kept(*start, fill(40, 40), fill(60, 100)) == {OrderRecord: [filled]}
    gone = order(order_id=1, state="cancelled", cumulative_lots=40, leaves_lots=0, reason="requested", changed_at=4)
    assert kept(*start, fill(40, 40), cancelled(ORDER, 40)) == {OrderRecord: [gone]}


def test_a_refused_order_is_kept_and_a_refused_copy_is_not() -> None:
    refused = order(order_id=0, state="rejected", leaves_lots=0, reason="self_trade")
    assert kept(ORDER, rejected(ORDER, RejectReason.SELF_TRADE)) == {OrderRecord: [refused]}
    copy = rejected(ORDER, RejectReason.DUPLICATE_CLIENT_ORDER_ID)
    assert kept(ORDER, accepted(ORDER, 17), copy) == {OrderRecord: [order()]}


def test_reports_of_unknown_orders_leave_nothing() -> None:
    assert kept(accepted(ORDER), fill(40, 40), PricePublished(BTC, 1, 2, 3)) == {}


def test_strategies_and_positions_are_kept() -> None:
    started = StrategyStarted("fund/one", "one", "momentum")
    halted = StrategyHalted("fund/one", "one", HaltReason.FAILED, "ValueError: no")
    assert kept(started) == {StrategyRecord: [StrategyRecord("fund/one", "one", "momentum", "running", "", 1)]}
    assert kept(started, halted) == {
        StrategyRecord: [StrategyRecord("fund/one", "one", "momentum", "failed", "ValueError: no", 2)]
    }
    first = PositionChanged("fund/one", "one", ALPHA, BTC, 5, 60, 0, 1)
    second = PositionChanged("fund/one", "one", ALPHA, BTC, 0, 0, 7, 2)
    assert kept(first, second) == {PositionRecord: [PositionRecord("fund/one", "one", ALPHA, BTC, 0, 0, 7, 2, 2)]}


def test_profit_is_kept_as_latest_and_as_a_series() -> None:
    first = StrategyMarked("fund/one", "one", -10, 30, 10, 0, 0)
    second = StrategyMarked("fund/one", "one", -10, -5, 10, 8, 3, 30_000_000, 35)
    assert kept(first, second) == {
        ProfitRecord: [ProfitRecord("fund/one", "one", -10, -5, 10, 2)],
        ProfitMarkRecord: [
            ProfitMarkRecord("fund/one", "one", 1, -10, 30, 10),
            ProfitMarkRecord("fund/one", "one", 2, -10, -5, 10),
        ],
        PerformanceRecord: [PerformanceRecord("fund/one", "one", -15, 35, 30_000_000, -1, 8, 3, 375_000, 2)],
    }


def test_tables_are_named_once() -> None:
    tables = [record.table for record in records.RECORDS]
    assert len(set(tables)) == len(tables) == 6
    assert records.NAMESPACE == "trading"
