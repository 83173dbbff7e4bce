"""Projection to records: pure upserts, the same however often an entry is applied."""

from __future__ import annotations

from typing import Any

from trading_ecosystem.domains.exchange.change_records import AccountStatusRecord, FillChangeRecord, OrderChangeRecord
from trading_ecosystem.domains.exchange.records import (
    NAMESPACE,
    RECORDS,
    ClaimRecord,
    FillRecord,
    OrderRecord,
    OrderStateRecord,
    RefusalRecord,
    TradeRecord,
    project,
)
from trading_ecosystem.messages.exchange import QuoteChanged
from trading_ecosystem.messages.order_handling import ReplaceOrder
from trading_ecosystem.messages.orders import OrderStatus, RejectReason
from trading_ecosystem.messages.trading_phases import AccountStatus, BustTrade, CorrectTrade, KycStatus, SetAccountStatus
from trading_ecosystem.ports.records import Record, Upsert


def kept(said: list[Any]) -> dict[type[Record], dict[tuple[Any, ...], Record]]:
    tables: dict[type[Record], dict[tuple[Any, ...], Record]] = {record: {} for record in RECORDS}
    for message in said:
        for change in project(message, 7):
            assert isinstance(change, Upsert)
            tables[type(change.record)][change.record.identity()] = change.record
    return tables


def test_tables_have_distinct_names_and_keys_of_their_own_fields() -> None:
    assert NAMESPACE == "exchange"
    assert len({record.table for record in RECORDS}) == len(RECORDS) == 18
    for record in RECORDS:
        assert record.key[0] == "venue"
        assert set(record.key) <= set(record.__struct_fields__)


def test_an_order_that_trades_is_kept(venue: Any) -> None:
    venue.place("rival", "ask", "sell", 6, 100_00)
    venue.place("fund/a", "bid", "buy", 10, 100_00)
    venue.cancel("fund/a", "bid")
    venue.place("fund/a", "bid", "buy", 10, 100_00)
    venue.place("fund/b", "no", "buy", 0, 100_00)
    tables = kept(venue.heard)
    name = "exchange-alpha"
    assert sorted(tables[OrderRecord]) == [(name, "fund/a", 2), (name, "rival", 1)]
    assert {key: (s.status, s.cumulative_lots, s.leaves_lots) for key, s in tables[OrderStateRecord].items()} == {  # type: ignore[attr-defined]
        (name, "rival", 1): (OrderStatus.FILLED, 6, 0),
        (name, "fund/a", 2): (OrderStatus.CANCELLED, 6, 0),
    }
    assert sorted(tables[FillRecord]) == [(name, "fund/a", 1), (name, "rival", 2)]
    assert sorted(tables[TradeRecord]) == [(name, "BTC/USD", 1)]
    assert [r.reason for r in tables[RefusalRecord].values()] == [RejectReason.INVALID_QUANTITY]  # type: ignore[attr-defined]
    for (_, account, asset), claim in tables[ClaimRecord].items():
        assert venue.claim(account, asset) == (claim.available_minor, claim.held_minor)  # type: ignore[attr-defined]
    assert kept(venue.heard + venue.heard) == tables


def test_replacements_statuses_busts_and_corrections_are_kept(venue: Any) -> None:
    name = "exchange-alpha"
    venue.place("rival", "ask", "sell", 6, 100_00)
    venue.place("fund/a", "bid", "buy", 6, 100_00)
    venue.place("fund/a", "rests", "buy", 6, 90_00)
    venue.send(ReplaceOrder(name, "fund/a", "rests", 91_00, 7))
    venue.send(CorrectTrade(name, "BTC/USD", 1, 99_00))
    venue.send(BustTrade(name, "BTC/USD", 1))
    venue.send(SetAccountStatus(name, "rival", AccountStatus.SUSPENDED, KycStatus.PENDING))
    tables = kept(venue.heard)
    assert list(tables[OrderChangeRecord].values()) == [OrderChangeRecord(name, "fund/a", 3, 91_00, 0, 7, 7)]
    statuses = [AccountStatusRecord(name, "rival", AccountStatus.SUSPENDED, KycStatus.PENDING, 7)]
    assert list(tables[AccountStatusRecord].values()) == statuses
    changes = [
        (change.changed_execution_id, change.execution_id, change.busted, change.price_ticks)  # type: ignore[attr-defined]
        for key, change in tables[FillChangeRecord].items()
        if key[1] == "fund/a"
    ]
    (filled,) = (key[2] for key in tables[FillRecord] if key[1] == "fund/a")
    assert changes == [(filled, changes[0][1], False, 99_00), (changes[0][1], changes[1][1], True, 99_00)]
    assert kept(venue.heard + venue.heard) == tables


def test_public_data_is_not_kept_here() -> None:
    assert list(project(QuoteChanged("v", "BTC/USD", 1, 1, 1, 2, 1), 0)) == []
