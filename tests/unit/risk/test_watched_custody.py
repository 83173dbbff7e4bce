"""Alerts about what custodians do with transfers and instructions."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.unit.risk.monitor import MAKER, MINUTE, SECOND, START, Monitor, deposit, fill, pledge, settled, withdrawal_pending
from tests.unit.risk.watched import ALPHA, alerts, cleared

from trading_ecosystem.messages.custodian import (
    HoldingLine,
    HoldingsStated,
    SettlementCancelled,
    SettlementInstructed,
    TransferKind,
    TransferPosted,
    TransferRejected,
    TransferRejectReason,
)
from trading_ecosystem.messages.orders import Liquidity, Side
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.trading_phases import TradeBusted, TradeCorrected
from trading_ecosystem.messages.units import HOUR

REFUSED, OVERDUE, MISMATCH = AlertKind.TRANSFER_REFUSED, AlertKind.TRANSFER_OVERDUE, AlertKind.INSTRUCTION_MISMATCH


# ---------------------------------------------------------------- transfers


def refused(reason: TransferRejectReason = TransferRejectReason.REFUSED, name: str = "d1") -> TransferRejected:
    return TransferRejected("custodian", MAKER, name, TransferKind.DEPOSIT, "BTC", 5, reason)


def test_a_refusal_is_noticed_and_a_posting_ends_it():
    monitor = Monitor()
    monitor.tell(refused(), START)
    monitor.tell(refused(TransferRejectReason.OFFLINE, "d2"), START + MINUTE)
    assert alerts(monitor, REFUSED) == [(0, "raised", "custodian", "high", 1), (MINUTE, "updated", "custodian", "critical", 2)]
    monitor.tell(deposit("BTC", 5, 5, "d3"), START + 2 * MINUTE)
    monitor.until(START + HOUR)
    assert cleared(monitor, REFUSED) == [2 * MINUTE]


@pytest.mark.parametrize("reason", [TransferRejectReason.INSUFFICIENT_FREE, TransferRejectReason.TRANSFER_ID_CONFLICT])
def test_a_refusal_for_the_firms_own_fault_is_none(reason):
    monitor = Monitor()
    monitor.tell(refused(reason), START)
    assert alerts(monitor, REFUSED) == []


def pending(name: str, posts_at: int):
    return replace(withdrawal_pending("BTC", 5, 0, name), posts_at=START + posts_at)


def posted(name: str) -> TransferPosted:
    return TransferPosted("custodian", MAKER, name, TransferKind.WITHDRAWAL, "", "BTC", 5, 0, 0)


def test_a_transfer_is_overdue_five_minutes_after_its_instant_and_critical_after_ten():
    monitor = Monitor()
    monitor.tell(pending("w1", HOUR), START)
    monitor.tell(pending("w2", 10 * MINUTE), START)
    monitor.tell(posted("w2"), START + 10 * MINUTE)
    monitor.until(START + 2 * HOUR)
    assert alerts(monitor, OVERDUE) == [
        (65 * MINUTE, "raised", "custodian", "high", 5 * MINUTE),
        (70 * MINUTE, "updated", "custodian", "critical", 10 * MINUTE),
    ]
    monitor.tell(posted("w1"), START + 2 * HOUR)
    monitor.until(START + 3 * HOUR)
    assert cleared(monitor, OVERDUE) == [2 * HOUR]


def test_the_instant_first_said_counts_and_a_pending_one_after_its_posting_is_none():
    monitor = Monitor()
    monitor.tell(pending("w1", 30 * MINUTE), START)
    monitor.tell(pending("w1", 60 * MINUTE), START + MINUTE)
    monitor.tell(posted("w2"), START + 2 * MINUTE)
    monitor.tell(pending("w2", 3 * MINUTE), START + 3 * MINUTE)
    monitor.until(START + 35 * MINUTE - 1)
    assert alerts(monitor, OVERDUE) == []
    monitor.until(START + 35 * MINUTE)
    assert len(alerts(monitor, OVERDUE)) == 1


# ---------------------------------------------------------------- instructions


BOUGHT = fill(Side.BUY, 0.5, 50_000, START + 10 * MINUTE, fee=7)


def instructed(fill=BOUGHT, **changes) -> SettlementInstructed:
    whole = SettlementInstructed(
        "custodian",
        ALPHA,
        MAKER,
        fill.trade_id,
        "BTC/USD",
        fill.side,
        "BTC",
        50_000_000,
        "USD",
        25_000 * 10**8,
        7,
        fill.settles_at,
    )  # fmt: skip
    return replace(whole, **changes)


def test_an_instruction_that_is_what_was_filled_is_nothing_in_either_order():
    for first, second in ((BOUGHT, instructed()), (instructed(), BOUGHT)):
        monitor = Monitor()
        monitor.tell(first, START)
        monitor.tell(second, START + SECOND)
        assert alerts(monitor, MISMATCH) == []


@pytest.mark.parametrize(
    "changes",
    [{"side": Side.SELL}, {"base_minor": 50_000_001}, {"quote_minor": 1}, {"fee_minor": 8}],
    ids=lambda one: next(iter(one)),
)
def test_every_difference_is_noticed_in_either_order(changes):
    for first, second in ((BOUGHT, instructed(**changes)), (instructed(**changes), BOUGHT)):
        monitor = Monitor()
        monitor.tell(first, START)
        assert alerts(monitor, MISMATCH) == []
        monitor.tell(second, START + SECOND)
        assert alerts(monitor, MISMATCH) == [(SECOND, "raised", ALPHA, "high", 1)]


@pytest.mark.parametrize(
    "end",
    [instructed(), settled(0, 0), SettlementCancelled("custodian", ALPHA, MAKER, 1, "BTC/USD")],
    ids=lambda one: type(one).__name__,
)
def test_a_mismatch_ends_with_the_right_instruction_a_settlement_or_a_cancellation(end):
    monitor = Monitor()
    monitor.tell(BOUGHT, START)
    monitor.tell(instructed(quote_minor=1), START + SECOND)
    monitor.tell(end, START + MINUTE)
    monitor.until(START + HOUR)
    assert cleared(monitor, MISMATCH) == [MINUTE]


def test_mismatches_are_counted():
    monitor = Monitor()
    for trade in (1, 2):
        one = fill(Side.BUY, 0.5, 50_000, START + 10 * MINUTE, fee=7, trade_id=trade)
        monitor.tell(one, START + trade * SECOND)
        monitor.tell(instructed(one, quote_minor=1), START + trade * SECOND)
    assert [(severity, observed) for *_, severity, observed in alerts(monitor, MISMATCH)] == [("high", 1), ("critical", 2)]
    monitor.tell(settled(0, 0), START + MINUTE)
    monitor.until(START + HOUR)
    assert cleared(monitor, MISMATCH) == []


def test_a_corrected_trade_is_compared_with_the_instruction_that_follows():
    correction = TradeCorrected(
        venue=ALPHA, account=MAKER, client_order_id="order", order_id=1, execution_id=9, corrected_execution_id=1, trade_id=1,
        instrument="BTC/USD", side=Side.BUY, price_before_ticks=5_000_000, fee_before_minor=7, price_ticks=4_000_000,
        quantity_lots=500_000, fee_asset="USD", fee_minor=6,
    )  # fmt: skip
    monitor = Monitor()
    monitor.tell(BOUGHT, START)
    monitor.tell(instructed(), START)
    monitor.tell(correction, START + SECOND)
    assert alerts(monitor, MISMATCH) == []
    monitor.tell(instructed(quote_minor=20_000 * 10**8, fee_minor=6), START + SECOND)
    assert alerts(monitor, MISMATCH) == []
    monitor.tell(instructed(), START + 2 * SECOND)
    assert len(alerts(monitor, MISMATCH)) == 1


def test_a_busted_trade_has_no_fill_to_be_compared_with():
    monitor = Monitor()
    monitor.tell(BOUGHT, START)
    monitor.tell(TradeBusted(ALPHA, MAKER, "order", 1, 9, 1, 1, "BTC/USD", Side.BUY, 5_000_000, 500_000, "USD", 7), START)
    monitor.tell(instructed(quote_minor=1), START + SECOND)
    assert alerts(monitor, MISMATCH) == []


def test_an_account_that_traded_with_itself_is_instructed_both_sides():
    monitor = Monitor()
    monitor.tell(BOUGHT, START)
    sold = replace(BOUGHT, execution_id=2, side=Side.SELL, fee_minor=5, liquidity=Liquidity.MAKER)
    monitor.tell(sold, START)
    monitor.tell(instructed(), START)
    monitor.tell(instructed(side=Side.SELL, fee_minor=5), START)
    assert alerts(monitor, MISMATCH) == []


# ---------------------------------------------------------------- statements


def stated(*lines: tuple[str, str, int]) -> HoldingsStated:
    """Lines of asset, venue and amount."""
    return HoldingsStated("custodian", MAKER, START, tuple(HoldingLine(MAKER, *line) for line in lines))


def test_a_statement_is_held_against_the_amounts_last_said():
    monitor = Monitor()
    monitor.tell(deposit("BTC", 5, 5), START)
    monitor.tell(deposit("USD", 9, 9, "d2"), START)
    monitor.tell(pledge("BTC", 2, 3, 2), START)
    monitor.tell(stated(("BTC", "", 3), ("BTC", ALPHA, 2), ("USD", "", 9), ("ETH", "", 77)), START + MINUTE)
    assert alerts(monitor, AlertKind.HOLDINGS_BREAK) == []
    monitor.tell(stated(("BTC", "", 5), ("BTC", ALPHA, 2), ("USD", "", 9)), START + 2 * MINUTE)
    monitor.tell(stated(("BTC", "", 5), ("BTC", ALPHA, 0), ("USD", "", 9)), START + 3 * MINUTE)
    monitor.tell(stated(("BTC", "", 3)), START + 4 * MINUTE)
    monitor.until(START + HOUR)
    assert alerts(monitor, AlertKind.HOLDINGS_BREAK) == [
        (2 * MINUTE, "raised", "custodian", "high", 1),
        (3 * MINUTE, "updated", "custodian", "critical", 2),
    ]
    assert cleared(monitor, AlertKind.HOLDINGS_BREAK) == [4 * MINUTE]


def test_what_a_settlement_pledged_is_what_a_statement_ought_to_say():
    monitor = Monitor()
    monitor.tell(BOUGHT, START)
    monitor.tell(settled(50_000_000, 7), START + MINUTE)
    monitor.tell(deposit("BTC", 1, 1), START + MINUTE)
    # The copy of an old transfer changes nothing.
    monitor.tell(deposit("BTC", 4, 5, "d2"), START + 2 * MINUTE)
    monitor.tell(deposit("BTC", 1, 1), START + 3 * MINUTE)
    monitor.tell(stated(("BTC", ALPHA, 50_000_000), ("USD", ALPHA, 7), ("BTC", "", 5)), START + 4 * MINUTE)
    assert alerts(monitor, AlertKind.HOLDINGS_BREAK) == []
    monitor.tell(stated(("USD", ALPHA, 8)), START + 5 * MINUTE)
    assert len(alerts(monitor, AlertKind.HOLDINGS_BREAK)) == 1
