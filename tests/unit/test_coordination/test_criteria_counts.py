"""What criteria count in a record made by hand: alerts of the acting monitor, orders, rejections, fills, and the equity."""

from __future__ import annotations

from typing import Any, TypeVar

import pytest

from trading_ecosystem.adapters.scenario_files import parse_scenario
from trading_ecosystem.domains.test_coordination.criteria import UNITS, Criterion, Measure, Unit
from trading_ecosystem.domains.test_coordination.criteria_judge import measures_of
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.custodian import SettlementCancelled, SettlementInstructed
from trading_ecosystem.messages.envelope import Entry, EntryKind
from trading_ecosystem.messages.exchange import OrderFilled, OrderRejected, PlaceOrder, QuoteChanged
from trading_ecosystem.messages.monitors import AlertReportAccepted, ReportState
from trading_ecosystem.messages.risk import AlertRaised, AlertResolved, ExposureReported
from trading_ecosystem.messages.units import MINUTE, PARTS_PER_MILLION, Nanos

TEXT = """\
title: Counts
duration: 60m
ecosystem:
  market_data: {instruments: [BTC/USD]}
  venues: [{name: north, publish_every: 10s}, {name: south, publish_every: 10s}]
success: [%s]
"""
Said = TypeVar("Said", bound=Message)
Record = list[tuple[Nanos, Message]]


def said(message: type[Said], **given: Any) -> Said:
    return message(**(dict.fromkeys(message.__struct_fields__, 0) | given))


def measured(
    measure: Measure, record: Record, minutes: tuple[int, int] = (0, 60), venue: str = "", acting: str = "risk"
) -> int | None:
    zero = "0s" if UNITS[measure] is Unit.DURATION else "0"
    scenario = parse_scenario(TEXT % f"{{measure: {measure.value}, at_least: {zero}}}", "counts.yaml")
    measures, start = measures_of(scenario, acting), scenario.starts_at
    measures.follow(Entry(n, start + at, EntryKind.SAID, "x", None, 0, one) for n, (at, one) in enumerate(record))
    first, last = minutes
    return measures.value(Criterion(measure, 0, None, venue=venue), start + first * MINUTE, start + last * MINUTE)


ALERTS: Record = [
    (5 * MINUTE, said(AlertRaised, account="fund")),
    (7 * MINUTE, said(AlertRaised, account="fund")),
    (8 * MINUTE, said(AlertRaised, account="another")),
    (9 * MINUTE, said(AlertReportAccepted, account="fund", monitor="outside", state=ReportState.RAISED)),
    (9 * MINUTE, said(AlertReportAccepted, account="fund", monitor="outside", state=ReportState.UPDATED)),
    (10 * MINUTE, said(AlertResolved, account="fund")),
    (12 * MINUTE, said(AlertReportAccepted, account="fund", monitor="outside", state=ReportState.RESOLVED)),
    (20 * MINUTE, said(AlertResolved, account="fund")),
]


@pytest.mark.parametrize(
    ("minutes", "raised", "most"),
    [((0, 60), 2, 2), ((0, 5), 0, 0), ((5, 7), 1, 1), ((7, 8), 1, 2), ((8, 9), 0, 2), ((10, 20), 0, 2), ((21, 60), 0, 0)],
)
def test_alerts_of_a_window_and_those_open_in_it(minutes: tuple[int, int], raised: int, most: int) -> None:
    assert (measured(Measure.ALERTS, ALERTS, minutes), measured(Measure.OPEN_ALERTS, ALERTS, minutes)) == (raised, most)


def test_the_alerts_are_those_of_the_acting_monitor() -> None:
    for minutes, raised, most in (((0, 60), 1, 1), ((0, 9), 0, 0), ((10, 60), 0, 1), ((13, 60), 0, 0)):
        assert measured(Measure.ALERTS, ALERTS, minutes, acting="outside") == raised
        assert measured(Measure.OPEN_ALERTS, ALERTS, minutes, acting="outside") == most
    assert measured(Measure.ALERTS, ALERTS, acting="a-third") == 0


def order(venue: str, account: str = "fund/maker") -> PlaceOrder:
    return said(PlaceOrder, venue=venue, account=account)


def test_orders_and_rejections_are_those_of_the_firm_at_the_venue() -> None:
    record: Record = [(at * MINUTE, order("north")) for at in range(1, 5)]
    record += [(6 * MINUTE, order("south")), (6 * MINUTE, order("south", "customer")), (6 * MINUTE, order("south", "funds/a"))]
    record += [
        (7 * MINUTE, said(OrderRejected, venue=venue, account=who)) for venue, who in (("north", "fund/x"), ("south", "c"))
    ]
    assert [measured(Measure.ORDERS, record, venue=venue) for venue in ("", "north", "south")] == [5, 4, 1]
    assert measured(Measure.ORDERS, record, (2, 4)) == 2
    shares = [measured(Measure.REJECTED, record, venue=venue) for venue in ("", "north", "south")]
    assert shares == [PARTS_PER_MILLION // 5, PARTS_PER_MILLION // 4, 0]
    assert measured(Measure.REJECTED, record, (10, 20)) is None


def test_a_fill_that_is_reported_again_is_no_other() -> None:
    def fill(execution: int, venue: str = "north") -> OrderFilled:
        return said(OrderFilled, venue=venue, account="fund/maker", instrument="BTC/USD", execution_id=execution)

    record: Record = [(MINUTE, fill(1)), (MINUTE, fill(1)), (2 * MINUTE, fill(2)), (3 * MINUTE, fill(1, "south"))]
    record += [(9 * MINUTE, fill(2))]
    assert measured(Measure.FILLS, record) == 3
    assert measured(Measure.FILLS, record, venue="north") == 2
    assert measured(Measure.FILLS, record, (4, 60)) == 0


def test_a_change_of_equity_takes_two_reports() -> None:
    def report(equity: int, account: str = "fund") -> ExposureReported:
        return said(ExposureReported, account=account, equity_usd_minor=equity)

    record: Record = [
        (5 * MINUTE, report(100)),
        (10 * MINUTE, report(70)),
        (11 * MINUTE, report(1, "x")),
        (15 * MINUTE, report(90)),
    ]
    assert measured(Measure.EQUITY_CHANGE, record) == -10
    assert measured(Measure.EQUITY_CHANGE, record, (6, 11)) == -30
    assert measured(Measure.EQUITY_CHANGE, record, (10, 16)) == -10
    assert measured(Measure.EQUITY_CHANGE, record, (0, 10)) is None
    assert measured(Measure.EQUITY_CHANGE, record, (16, 60)) is None


def test_the_widest_spread_is_that_of_the_window_and_of_quotes_with_two_sides() -> None:
    def quote(bid: int, ask: int, lots: int = 1, venue: str = "north") -> QuoteChanged:
        return QuoteChanged(venue, "BTC/USD", 1, bid, lots, ask, lots)

    record: Record = [(MINUTE, quote(99, 101)), (2 * MINUTE, quote(98, 102)), (3 * MINUTE, quote(50, 150, 0))]
    record += [(4 * MINUTE, quote(95, 105, venue="south"))]
    assert measured(Measure.SPREAD, record, (1, 2)) == 20_000
    assert measured(Measure.SPREAD, record, venue="north") == 40_000
    assert measured(Measure.SPREAD, record) == 100_000
    assert measured(Measure.SPREAD, record, (3, 4)) is None


def test_what_is_cancelled_or_never_settles_is_pending_until_then() -> None:
    def instructed(trade: int, account: str = "fund/maker") -> SettlementInstructed:
        return said(SettlementInstructed, venue="north", account=account, trade_id=trade)

    cancelled = said(SettlementCancelled, venue="north", account="fund/maker", trade_id=1)
    record: Record = [(MINUTE, instructed(1)), (2 * MINUTE, instructed(1)), (MINUTE, instructed(3, "customer"))]
    record += [(8 * MINUTE, cancelled), (40 * MINUTE, instructed(2))]
    assert measured(Measure.UNSETTLED_FOR, record, (0, 5)) == 4 * MINUTE
    assert measured(Measure.UNSETTLED_FOR, record, (5, 20)) == 7 * MINUTE
    assert measured(Measure.UNSETTLED_FOR, record, (9, 40)) == 0
    assert measured(Measure.UNSETTLED_FOR, record) == 20 * MINUTE
