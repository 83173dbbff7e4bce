"""Limits on narrower subjects, on ratios, on the tail and on what goes on; each against figures worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from tests.unit.risk.monitor import (
    DAY,
    FIRM,
    MAKER,
    MINUTE,
    SECOND,
    START,
    WHOLE,
    Monitor,
    deposit,
    fill,
    pledge,
    price,
    settled,
    usd,
    withdrawal_pending,
)

from trading_ecosystem.domains.risk.covariance import MinuteReturns
from trading_ecosystem.domains.risk.parameters import LimitParameters
from trading_ecosystem.domains.risk.subjects import subject_problem
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.exchange import CancelOrder, PlaceOrder
from trading_ecosystem.messages.margin import MarginChanged
from trading_ecosystem.messages.orders import OrderType, Side, TimeInForce
from trading_ecosystem.messages.risk import (
    AlertKind,
    AlertPending,
    AlertPendingEnded,
    AlertRaised,
    AlertResolved,
    AlertUpdated,
    ChangeLimit,
    LimitKind,
    Severity,
)
from trading_ecosystem.messages.risk_standing import LimitsQuestion, LimitStanding

VENUE = "exchange-alpha"
OTHER = "fund/taker"


def monitor(kind: LimitKind, subject: str, value: int, for_ns: int = 0) -> Monitor:
    return Monitor((LimitParameters(kind, subject, value, for_ns),))


def observed(one: Monitor) -> int:
    (standing,) = asked(one)
    return standing.observed


def asked(one: Monitor) -> tuple[LimitStanding, ...]:
    standings: tuple[LimitStanding, ...] = one.risk.answer(LimitsQuestion())
    return standings


def alerts(said: Sequence[Message]) -> list[tuple[str, str, Severity, int]]:
    """The alerts of limits alone."""
    return [
        (message.kind.value, message.subject, message.severity, message.observed)
        for message in said
        if isinstance(message, AlertRaised | AlertUpdated) and message.kind.value.endswith("_limit")
    ]


def place(account: str = MAKER, name: str = "order-1") -> PlaceOrder:
    return PlaceOrder(
        venue=VENUE,
        account=account,
        client_order_id=name,
        instrument="BTC/USD",
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        time_in_force=TimeInForce.GOOD_TILL_CANCEL,
        price_ticks=100,
        quantity_lots=1,
        post_only=False,
    )


def test_a_position_limit_of_an_account_looks_at_that_account_alone():
    one = monitor(LimitKind.POSITION_LONG, f"{MAKER}:BTC", 2 * WHOLE)
    assert alerts(one.tell(deposit("BTC", usd(9), usd(9), account=OTHER))) == []
    assert alerts(one.tell(deposit("BTC", usd(1.5), usd(1.5)))) == [
        ("position_limit", f"{MAKER}:BTC", Severity.WARNING, 750_000)
    ]
    assert alerts(one.tell(deposit("BTC", usd(0.5), usd(2), "d2"))) == [
        ("position_limit", f"{MAKER}:BTC", Severity.CRITICAL, 1_000_000)
    ]


def test_a_position_limit_at_a_venue_looks_at_what_is_pledged_and_unsettled_there():
    one = monitor(LimitKind.POSITION_LONG, f"{VENUE}:BTC", 2 * WHOLE)
    assert alerts(one.tell(deposit("BTC", usd(9), usd(9)))) == []
    one.tell(pledge("BTC", usd(1), usd(8), usd(1)))
    assert observed(one) == WHOLE
    said = one.tell(fill(Side.BUY, 0.5, 50_000, START + MINUTE))
    assert alerts(said) == [("position_limit", f"{VENUE}:BTC", Severity.WARNING, 750_000)]
    one.tell(settled(usd(1.5), usd(0)))
    assert observed(one) == usd(1.5)
    one.tell(fill(Side.BUY, 5, 50_000, START + MINUTE, trade_id=2, execution_id=2, venue="exchange-beta"))
    assert observed(one) == usd(1.5)


def test_a_daily_loss_of_an_account_has_its_own_reference():
    one = monitor(LimitKind.DAILY_LOSS, MAKER, usd(1_000))
    one.tell(price("BTC/USD", 50_000, START))
    one.tell(deposit("BTC", usd(1), usd(1)))
    one.tell(deposit("BTC", usd(1), usd(1), account=OTHER, transfer_id="d2"))
    assert observed(one) == 0
    said = one.tell(price("BTC/USD", 49_200, START, 2))
    assert alerts(said) == [("daily_loss_limit", MAKER, Severity.WARNING, 800_000)]


def test_a_day_of_an_account_begins_with_what_it_had_before_the_first_price_of_it():
    one = monitor(LimitKind.DAILY_LOSS, MAKER, usd(10_000))
    one.tell(price("BTC/USD", 50_000, START))
    one.tell(deposit("BTC", usd(1), usd(1)))
    one.tell(price("BTC/USD", 49_200, START, 2))
    assert observed(one) == usd(800)
    one.tell(price("BTC/USD", 49_000, START + DAY, 3), START + DAY)
    assert observed(one) == usd(200)


def test_what_leaves_an_account_is_no_loss_of_it():
    one = monitor(LimitKind.DAILY_LOSS, MAKER, usd(1_000))
    one.tell(deposit("USD", usd(9_000), usd(9_000)))
    one.tell(withdrawal_pending("USD", usd(4_000), usd(5_000)))
    assert observed(one) == 0


def test_a_drawdown_of_an_account_falls_from_its_own_mark():
    one = monitor(LimitKind.DRAWDOWN, MAKER, 100_000)
    one.tell(price("BTC/USD", 50_000, START))
    one.tell(deposit("BTC", usd(1), usd(1)))
    one.tell(deposit("USD", usd(10**6), usd(10**6), account=OTHER, transfer_id="d2"))
    one.tell(price("BTC/USD", 60_000, START, 2))
    said = one.tell(price("BTC/USD", 54_000, START, 3))
    assert alerts(said) == [("drawdown_limit", MAKER, Severity.CRITICAL, 1_000_000)]


def test_leverage_is_the_gross_notional_over_the_equity():
    one = monitor(LimitKind.LEVERAGE, FIRM, 3_000_000)
    one.tell(price("BTC/USD", 50_000, START))
    one.tell(deposit("USD", usd(50_000), usd(50_000)))
    one.tell(fill(Side.BUY, 2, 50_000, START + MINUTE))
    assert observed(one) == 2_000_000
    said = one.tell(price("BTC/USD", 30_000, START, 2))
    # 60,000 of BTC, 50,000 less 100,000 of USD.
    assert alerts(said) == [("leverage_limit", FIRM, Severity.CRITICAL, 2_000_000)]
    one.tell(price("BTC/USD", 24_000, START, 3))
    assert observed(one) == 10**9


def test_net_delta_and_concentration():
    one = Monitor(
        (
            LimitParameters(LimitKind.NET_DELTA, FIRM, usd(100_000)),
            LimitParameters(LimitKind.CONCENTRATION, "ETH", 800_000),
        )
    )
    one.tell(price("BTC/USD", 50_000, START))
    one.tell(price("ETH/USD", 2_000, START))
    one.tell(deposit("BTC", usd(1), usd(1)))
    said = one.tell(fill(Side.SELL, 40, 2_000, START + MINUTE, instrument="ETH/USD"))
    # 50,000 of BTC against -80,000 of ETH: net -30,000 of 130,000 in all.
    assert [standing.observed for standing in asked(one)] == [usd(30_000), 80_000 * 10**6 // 130_000]
    assert alerts(said) == [("concentration_limit", "ETH", Severity.WARNING, 615_384 * 10**6 // 800_000)]


def test_what_stands_at_a_venue_counts_in_every_asset():
    one = monitor(LimitKind.VENUE_EXPOSURE, VENUE, usd(200_000))
    one.tell(price("BTC/USD", 50_000, START))
    one.tell(deposit("USD", usd(90_000), usd(90_000)))
    one.tell(pledge("USD", usd(80_000), usd(10_000), usd(80_000)))
    assert observed(one) == usd(80_000)
    said = one.tell(fill(Side.BUY, 2, 45_000, START + MINUTE))
    # 100,000 of BTC unsettled, and 10,000 of USD owed.
    assert observed(one) == usd(110_000)
    assert alerts(said) == []
    assert alerts(one.tell(price("BTC/USD", 70_000, START, 2))) == [("venue_exposure_limit", VENUE, Severity.WARNING, 750_000)]


def test_unsettled_exposure_is_gross():
    one = monitor(LimitKind.UNSETTLED_EXPOSURE, FIRM, usd(100_000))
    one.tell(price("BTC/USD", 50_000, START))
    one.tell(fill(Side.BUY, 1, 50_000, START + MINUTE))
    said = one.tell(fill(Side.SELL, 1, 50_000, START + MINUTE, trade_id=2, execution_id=2))
    assert observed(one) == usd(100_000)
    assert alerts(said) == [("unsettled_exposure_limit", FIRM, Severity.CRITICAL, 1_000_000)]
    assert alerts(one.tell(settled(0, 0))) == []
    assert observed(one) == usd(50_000)


def test_order_rate_counts_what_arrived_within_a_minute_and_is_decided_by_orders():
    one = Monitor(
        (LimitParameters(LimitKind.ORDER_RATE, MAKER, 4), LimitParameters(LimitKind.ORDER_RATE, FIRM, 5)),
    )
    for count in range(3):
        said = one.tell(place(name=f"order-{count}"), START + count * SECOND)
    assert alerts(said) == [("order_rate_limit", MAKER, Severity.WARNING, 750_000)]
    said = one.tell(CancelOrder(VENUE, OTHER, "order-9"), START + 3 * SECOND)
    assert alerts(said) == [("order_rate_limit", FIRM, Severity.WARNING, 800_000)]
    said = one.tell(CancelOrder(VENUE, MAKER, "order-0"), START + 59 * SECOND)
    assert alerts(said) == [
        ("order_rate_limit", MAKER, Severity.CRITICAL, 1_000_000),
        ("order_rate_limit", FIRM, Severity.CRITICAL, 1_000_000),
    ]
    # Nothing but another order of the account ends it.
    one.until(START + 30 * MINUTE)
    one.tell(place(OTHER, "order-10"), START + 30 * MINUTE)
    said = one.until(START + 36 * MINUTE)
    ended = [message for message in said if isinstance(message, AlertResolved)]
    assert [(message.kind, message.subject) for message in ended] == [(AlertKind.ORDER_RATE_LIMIT, FIRM)]


def test_turnover_counts_each_fill_once_and_forgets():
    one = monitor(LimitKind.TURNOVER, MAKER, usd(100_000))
    one.tell(price("BTC/USD", 50_000, START))
    one.tell(fill(Side.BUY, 1, 50_000, START + MINUTE))
    one.tell(fill(Side.BUY, 1, 50_000, START + MINUTE))
    assert observed(one) == usd(50_000)
    one.tell(fill(Side.SELL, 9, 50_000, START + MINUTE, trade_id=3, execution_id=3, account=OTHER))
    said = one.tell(fill(Side.SELL, 1, 40_000, START + 5 * MINUTE, trade_id=2, execution_id=2), START + MINUTE)
    assert alerts(said) == [("turnover_limit", MAKER, Severity.HIGH, 900_000)]
    one.tell(price("ETH/USD", 2_000, START + 15 * MINUTE - 1), START + 15 * MINUTE - 1)
    assert observed(one) == usd(90_000)
    one.tell(price("ETH/USD", 2_000, START + 15 * MINUTE, 2), START + 15 * MINUTE)
    assert observed(one) == usd(40_000)


def test_turnover_in_another_currency_counts_at_its_price():
    one = monitor(LimitKind.TURNOVER, FIRM, usd(100_000))
    one.tell(price("USDT/USD", 0.5, START))
    one.tell(fill(Side.BUY, 1, 50_000, START + MINUTE, instrument="BTC/USDT"))
    assert observed(one) == usd(25_000)


@pytest.mark.parametrize(
    ("equity", "maintenance", "usage"),
    [(usd(100), usd(45), 450_000), (usd(100), 0, 0), (0, usd(1), 10**9), (-5, usd(1), 10**9), (0, 0, 0)],
)
def test_margin_usage_is_the_maintenance_margin_over_the_equity(equity: int, maintenance: int, usage: int):
    one = monitor(LimitKind.MARGIN_USAGE, VENUE, 500_000)
    said = one.tell(MarginChanged(VENUE, MAKER, "USD", equity, 2 * maintenance, maintenance, 0))
    assert observed(one) == usage
    assert bool(alerts(said)) == (usage >= 375_000)


def test_margin_used_at_another_venue_is_not_used_here():
    one = monitor(LimitKind.MARGIN_USAGE, VENUE, 500_000)
    one.tell(MarginChanged("exchange-beta", MAKER, "USD", usd(100), usd(90), usd(90), 0))
    one.tell(MarginChanged(VENUE, MAKER, "USD", usd(100), usd(90), usd(10), 0))
    assert observed(one) == 100_000


@pytest.mark.parametrize("bad", [-1, 10**20 + 1, math.nan, math.inf])
def test_a_margin_that_cannot_be_changes_nothing(bad: float):
    one = monitor(LimitKind.MARGIN_USAGE, VENUE, 500_000)
    one.tell(MarginChanged(VENUE, MAKER, "USD", usd(100), usd(90), usd(45), 0))
    one.tell(MarginChanged(VENUE, MAKER, "USD", usd(100), usd(90), bad, 0))  # type: ignore[arg-type]
    assert observed(one) == 450_000


def test_value_at_risk_is_the_closed_form_of_the_minutes():
    one = monitor(LimitKind.VALUE_AT_RISK, FIRM, usd(1_000))
    one.tell(deposit("BTC", usd(1), usd(1)))
    variance, before = 0.0, None
    for minute in range(40):
        value = 50_000 + (minute % 3) * 100
        for update, instrument, amount in ((1, "BTC/USD", value), (2, "ETH/USD", 2_000), (3, "USDT/USD", 1)):
            at = START + minute * MINUTE + update
            one.tell(price(instrument, amount, at, 3 * minute + update), at)
        if before is not None:
            # The minute that a later price closes; the newest is still open.
            variance = 0.94 * variance + 0.06 * before**2 if minute > 1 else 0.0
        before = value / (50_000 + ((minute - 1) % 3) * 100) - 1 if minute else 0.0
    (standing,) = asked(one)
    expected = 2.3263478740408408 * math.sqrt(variance * 1440) * value * WHOLE
    assert standing.observed == pytest.approx(expected, rel=1e-9)
    assert any(kind == "value_at_risk_limit" for kind, *_ in alerts([message for _, message in one.record]))


def test_minutes_with_holes_forget_everything():
    minutes = MinuteReturns(("BTC", "ETH"))
    for minute in range(5):
        minutes.price_arrived("BTC", 100 + minute, minute * MINUTE)
        minutes.price_arrived("ETH", 50, minute * MINUTE + 1)
    assert minutes.counted == 3
    assert minutes.variance_of([1.0, 0.0]) > 0
    minutes.price_arrived("BTC", 106, 5 * MINUTE)
    assert minutes.counted == 4
    minutes.price_arrived("BTC", 107, 6 * MINUTE)  # minute 5 had no ETH
    assert (minutes.counted, minutes.variance_of([1.0, 1.0]), len(minutes.rows)) == (0, 0.0, 0)
    minutes.price_arrived("ETH", 50, 6 * MINUTE)
    minutes.price_arrived("ETH", 50, 9 * MINUTE)  # whole minutes without a price
    minutes.price_arrived("BTC", 50, 9 * MINUTE)
    minutes.price_arrived("BTC", 50, 10 * MINUTE)
    assert minutes.counted == 0


def test_a_limit_with_a_time_is_pending_first():
    one = monitor(LimitKind.POSITION_LONG, "BTC", 2 * WHOLE, for_ns=2 * MINUTE)
    said = one.tell(deposit("BTC", usd(1.6), usd(1.6)))
    assert said == [
        AlertPending(FIRM, AlertKind.POSITION_LIMIT, "BTC", Severity.WARNING, 800_000, 1_000_000, fires_at=START + 2 * MINUTE)
    ]
    assert one.tell(deposit("BTC", usd(0.4), usd(2), "d2"), START + MINUTE) == []
    assert one.until(START + 2 * MINUTE - 1) == []
    (raised,) = one.until(START + 2 * MINUTE)
    assert isinstance(raised, AlertRaised)
    assert (raised.severity, raised.raised_at, raised.alert_id) == (Severity.CRITICAL, START + 2 * MINUTE, 1)


def test_a_pending_alert_that_ceases_never_fires_and_waits_anew():
    one = monitor(LimitKind.POSITION_LONG, "BTC", 2 * WHOLE, for_ns=2 * MINUTE)
    one.tell(deposit("BTC", usd(1.6), usd(1.6)))
    said = one.tell(fill(Side.SELL, 1, 50_000, START + 10 * MINUTE), START + MINUTE)
    assert said == [AlertPendingEnded(FIRM, AlertKind.POSITION_LIMIT, "BTC")]
    one.tell(fill(Side.BUY, 1, 50_000, START + 10 * MINUTE, trade_id=2, execution_id=2), START + MINUTE + 1)
    assert one.until(START + 3 * MINUTE) == []
    assert [type(message) for message in one.until(START + 3 * MINUTE + 1)] == [AlertRaised]


def test_a_changed_limit_on_activity_is_looked_at_at_once():
    one = monitor(LimitKind.ORDER_RATE, FIRM, 10)
    for count in range(4):
        one.tell(place(name=f"order-{count}"))
    said = one.tell(ChangeLimit("risk", FIRM, LimitKind.ORDER_RATE, FIRM, 5))
    assert alerts(said) == [("order_rate_limit", FIRM, Severity.WARNING, 800_000)]


@pytest.mark.parametrize(
    ("kind", "subject", "fine"),
    [
        (LimitKind.POSITION_LONG, "BTC", True),
        (LimitKind.POSITION_LONG, "fund/maker:BTC", True),
        (LimitKind.POSITION_LONG, "exchange-alpha:USD", True),
        (LimitKind.POSITION_LONG, ":BTC", False),
        (LimitKind.POSITION_LONG, "fund/maker", False),
        (LimitKind.ASSET_NOTIONAL, "fund/maker:USD", False),
        (LimitKind.TOTAL_NOTIONAL, "fund/maker", True),
        (LimitKind.TOTAL_NOTIONAL, "other/maker", False),
        (LimitKind.LEVERAGE, "fund/maker", False),
        (LimitKind.CONCENTRATION, "USD", False),
        (LimitKind.CONCENTRATION, "ETH", True),
        (LimitKind.VENUE_EXPOSURE, "exchange-alpha", True),
        (LimitKind.VENUE_EXPOSURE, "fund/maker", False),
        (LimitKind.MARGIN_USAGE, "BTC", False),
        (LimitKind.STABLECOIN_EXPOSURE, "BTC", False),
    ],
)
def test_subjects(kind: LimitKind, subject: str, fine: bool):
    assert (subject_problem(FIRM, kind, subject) is None) == fine
