from __future__ import annotations

import pytest
from tests.unit.risk.monitor import DAY, FIRM, HOUR, SECOND, START, WHOLE, Monitor, deposit, fill, pledge, price, usd

from trading_ecosystem.domains.risk.limits import LARGEST_LIMIT, Limit, LimitBook, LimitCheck, limit_problem
from trading_ecosystem.domains.risk.parameters import MILLION_USD, LimitParameters, default_limits
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.risk import (
    AlertKind,
    AlertRaised,
    AlertUpdated,
    ChangeLimit,
    LimitKind,
    LimitSet,
    RiskCommandRejected,
    Severity,
)


def alert(number: int, kind: AlertKind, subject: str, severity: Severity, observed: int, at: int = START) -> AlertRaised:
    return AlertRaised(FIRM, number, kind, subject, severity, observed, 1_000_000, at)


# --- a limit alone


@pytest.mark.parametrize(
    ("observed", "utilisation", "severity"),
    [
        (-5, 0, None),
        (0, 0, None),
        (749_999, 749_999, None),
        (750_000, 750_000, Severity.WARNING),
        (899_999, 899_999, Severity.WARNING),
        (900_000, 900_000, Severity.HIGH),
        (999_999, 999_999, Severity.HIGH),
        (1_000_000, 1_000_000, Severity.CRITICAL),
        (10**30, 10**30, Severity.CRITICAL),
    ],
)
def test_severity_by_utilisation(observed: int, utilisation: int, severity: Severity | None) -> None:
    limit = Limit(LimitKind.POSITION_LONG, "BTC", 1_000_000)
    assert limit.check(observed) == LimitCheck(utilisation, severity)
    assert (observed >= limit.warning_at) == (severity is not None)
    short = Limit(LimitKind.POSITION_SHORT, "BTC", 1_000_000)
    assert short.check(-observed) == LimitCheck(utilisation, severity)


@pytest.mark.parametrize("value", [1, 2, 3, 7, 999_999, 1_000_001, 10**18])
def test_the_quick_comparison_agrees_with_the_check_at_its_edge(value: int) -> None:
    limit = Limit(LimitKind.ASSET_NOTIONAL, "BTC", value)
    assert limit.check(limit.warning_at).severity is not None
    assert limit.check(limit.warning_at - 1).severity is None


@pytest.mark.parametrize(
    ("kind", "value", "problem"),
    [
        (LimitKind.POSITION_LONG, 0, "a limit is positive"),
        (LimitKind.POSITION_LONG, -1, "a limit is positive"),
        (LimitKind.POSITION_LONG, float("nan"), "a limit is a whole number"),
        (LimitKind.POSITION_LONG, float("inf"), "a limit is a whole number"),
        (LimitKind.POSITION_LONG, True, "a limit is a whole number"),
        (LimitKind.POSITION_LONG, None, "a limit is a whole number"),
        (LimitKind.POSITION_LONG, LARGEST_LIMIT + 1, f"a position_long limit is at most {LARGEST_LIMIT}"),
        (LimitKind.DRAWDOWN, 1_000_001, "a drawdown limit is at most 1000000"),
        (LimitKind.DRAWDOWN, 1_000_000, None),
        (LimitKind.POSITION_LONG, LARGEST_LIMIT, None),
        (LimitKind.POSITION_LONG, 1, None),
    ],
)
def test_what_cannot_be_a_limit(kind: LimitKind, value: object, problem: str | None) -> None:
    assert limit_problem(kind, value) == problem
    if problem is not None:
        with pytest.raises(AssertionError):
            Limit(kind, "BTC", value)  # type: ignore[arg-type]


@pytest.mark.parametrize("observed", [float("nan"), float("inf"), -float("inf"), None, 5.0])
def test_what_is_not_a_number_cannot_pass_a_check(observed: object) -> None:
    with pytest.raises(AssertionError):
        Limit(LimitKind.POSITION_LONG, "BTC", 1).check(observed)  # type: ignore[arg-type]


def test_versions_rise_by_one() -> None:
    limit = Limit(LimitKind.POSITION_LONG, "BTC", 5)
    limit.change(7)
    assert (limit.value, limit.version) == (7, 2)
    with pytest.raises(AssertionError):
        limit.change(0)
    assert (limit.value, limit.version) == (7, 2)


def test_a_book_has_one_limit_per_kind_and_subject() -> None:
    twice = LimitParameters(LimitKind.POSITION_LONG, "BTC", 5)
    with pytest.raises(AssertionError):
        LimitBook(FIRM, (twice, twice))


def test_defaults_are_the_table_of_the_design() -> None:
    assert [(limit.kind.value, limit.subject, limit.value) for limit in default_limits(FIRM)] == [
        ("position_long", "BTC", 10 * WHOLE),
        ("position_short", "BTC", 5 * WHOLE),
        ("position_long", "ETH", 200 * WHOLE),
        ("position_short", "ETH", 100 * WHOLE),
        ("asset_notional", "BTC", 2_000_000 * WHOLE),
        ("asset_notional", "ETH", 2_000_000 * WHOLE),
        ("asset_notional", "USDT", 2_000_000 * WHOLE),
        ("total_notional", FIRM, 10_000_000 * WHOLE),
        ("daily_loss", FIRM, 500_000 * WHOLE),
        ("drawdown", FIRM, 150_000),
        ("stablecoin_exposure", "USDT", 250_000 * WHOLE),
        ("leverage", FIRM, 3_000_000),
        ("value_at_risk", FIRM, 750_000 * WHOLE),
    ]


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        (LimitKind.TOTAL_NOTIONAL, "other"),
        (LimitKind.ASSET_NOTIONAL, "USD"),
        (LimitKind.ASSET_NOTIONAL, "DOGE"),
        (LimitKind.STABLECOIN_EXPOSURE, "BTC"),
    ],
)
def test_a_limit_that_could_never_be_looked_at_is_refused(kind: LimitKind, subject: str) -> None:
    with pytest.raises(AssertionError):
        Monitor((LimitParameters(kind, subject, 5),))


# --- each limit against what it bounds


def test_position_limit_long_through_every_severity() -> None:
    monitor = Monitor((LimitParameters(LimitKind.POSITION_LONG, "BTC", 10 * WHOLE),))
    said = [
        monitor.tell(deposit("BTC", 1, free, transfer_id=str(free)))
        for free in (usd(7.5) - 1, usd(7.5), usd(9) - 1, usd(9), usd(10) - 1, usd(10), usd(20))
    ]
    kind = AlertKind.POSITION_LIMIT
    assert said == [
        [],
        [alert(1, kind, "BTC", Severity.WARNING, 750_000)],
        [],
        [AlertUpdated(FIRM, 1, kind, "BTC", Severity.HIGH, 900_000)],
        [],
        [AlertUpdated(FIRM, 1, kind, "BTC", Severity.CRITICAL, 1_000_000)],
        [],
    ]


def test_position_limit_short_counts_below_zero_only() -> None:
    limits = (
        LimitParameters(LimitKind.POSITION_LONG, "BTC", 10 * WHOLE),
        LimitParameters(LimitKind.POSITION_SHORT, "BTC", 5 * WHOLE),
    )
    monitor = Monitor(limits)
    settles_at = START + DAY
    assert monitor.tell(fill(Side.SELL, 3.7, 50_000, settles_at, trade_id=1)) == []
    assert monitor.tell(fill(Side.SELL, 1.3, 50_000, settles_at, trade_id=2)) == [
        alert(1, AlertKind.POSITION_LIMIT, "BTC", Severity.CRITICAL, 1_000_000)
    ]
    # From the short to the long limit without a stop in between: the same alert goes on.
    assert monitor.tell(fill(Side.BUY, 14.5, 50_000, settles_at, trade_id=3)) == []
    assert monitor.risk.alerts.by_id[1].holds
    assert monitor.tell(fill(Side.SELL, 5, 50_000, settles_at, trade_id=4)) == []
    assert not monitor.risk.alerts.by_id[1].holds


def test_asset_notional_moves_with_price_and_position_and_is_absolute() -> None:
    monitor = Monitor((LimitParameters(LimitKind.ASSET_NOTIONAL, "BTC", 1_000 * WHOLE),))
    kind = AlertKind.ASSET_NOTIONAL_LIMIT
    assert monitor.tell(deposit("BTC", 10 * WHOLE, 10 * WHOLE)) == [], "no price: evaluated without the asset"
    assert monitor.tell(PricePublished("BTC/USD", usd(75) - 1, START, 1)) == []
    assert monitor.tell(PricePublished("BTC/USD", usd(75), START, 2)) == [alert(1, kind, "BTC", Severity.WARNING, 750_000)]
    assert monitor.tell(deposit("BTC", 2 * WHOLE, 12 * WHOLE, "d2")) == [
        AlertUpdated(FIRM, 1, kind, "BTC", Severity.HIGH, 900_000)
    ]
    monitor.tell(fill(Side.SELL, 12, 75, START + DAY, trade_id=1))
    assert not monitor.risk.alerts.by_id[1].holds
    assert monitor.tell(fill(Side.SELL, 14, 75, START + DAY, trade_id=2)) == [
        AlertUpdated(FIRM, 1, kind, "BTC", Severity.CRITICAL, 1_050_000)
    ]


def test_total_notional_is_the_sum_of_absolute_values_without_usd() -> None:
    monitor = Monitor((LimitParameters(LimitKind.TOTAL_NOTIONAL, FIRM, 1_000 * WHOLE),))
    for instrument, amount in (("BTC/USD", 100), ("ETH/USD", 10), ("USDT/USD", 1)):
        monitor.tell(price(instrument, amount, START))
    assert monitor.tell(deposit("USD", 10**6 * WHOLE, 10**6 * WHOLE, "d0")) == []
    assert monitor.tell(deposit("BTC", 4 * WHOLE, 4 * WHOLE, "d1")) == []
    assert monitor.tell(deposit("USDT", 49 * WHOLE, 49 * WHOLE, "d2")) == []
    # 400 + 49, and 300 in a short position
    assert monitor.tell(fill(Side.SELL, 30.1, 10, START + DAY, instrument="ETH/USD")) == [
        alert(1, AlertKind.TOTAL_NOTIONAL_LIMIT, FIRM, Severity.WARNING, 750_000)
    ]


def test_daily_loss_is_against_midnight_and_not_against_deposits() -> None:
    monitor = Monitor((LimitParameters(LimitKind.DAILY_LOSS, FIRM, 100 * WHOLE),))
    kind = AlertKind.DAILY_LOSS_LIMIT
    monitor.tell(deposit("BTC", 1 * WHOLE, 1 * WHOLE))
    monitor.tell(price("BTC/USD", 10_000, START))
    assert monitor.tell(deposit("USD", 500 * WHOLE, 500 * WHOLE, "d2")) == []
    assert monitor.tell(price("BTC/USD", 10_100, START)) == []
    assert monitor.tell(PricePublished("BTC/USD", usd(9_925) + 1, START, 3)) == []
    assert monitor.tell(price("BTC/USD", 9_925, START)) == [alert(1, kind, FIRM, Severity.WARNING, 750_000)]
    midnight = START // DAY * DAY + DAY
    monitor.until(midnight - 1)
    assert monitor.tell(price("BTC/USD", 9_910, midnight - 1)) == [AlertUpdated(FIRM, 1, kind, FIRM, Severity.HIGH, 900_000)]
    # The loss of yesterday is over; what arrives at midnight belongs to the new day: 9,910 is the reference.
    assert monitor.tell(price("BTC/USD", 9_836, midnight), midnight) == []
    assert monitor.risk.pnl.reference == usd(9_910) + 500 * WHOLE
    assert not monitor.risk.alerts.by_id[1].holds
    assert monitor.tell(price("BTC/USD", 9_810, midnight + SECOND), midnight + SECOND) == [
        AlertUpdated(FIRM, 1, kind, FIRM, Severity.CRITICAL, 1_000_000)
    ]


def test_a_silent_midnight_still_begins_a_new_day() -> None:
    monitor = Monitor()
    monitor.tell(deposit("BTC", 1 * WHOLE, 1 * WHOLE))
    monitor.tell(price("BTC/USD", 10_000, START))
    monitor.tell(price("BTC/USD", 9_000, START))
    monitor.tell(price("BTC/USD", 8_000, START + 3 * DAY), START + 3 * DAY)
    assert monitor.risk.pnl.reference == 9_000 * WHOLE
    assert monitor.risk.pnl.next_midnight == (START // DAY + 4) * DAY


def test_drawdown_is_from_the_highest_equity_ever() -> None:
    monitor = Monitor((LimitParameters(LimitKind.DRAWDOWN, FIRM, 150_000),), instruments=("BTC/USD",))
    kind = AlertKind.DRAWDOWN_LIMIT
    monitor.tell(deposit("BTC", 1 * WHOLE, 1 * WHOLE))
    limits = [one for at in (8_000, 10_000, 9_000) for one in monitor.tell(price("BTC/USD", at, START)) if one.kind is kind]
    assert limits == []
    later = START + HOUR
    said = monitor.tell(PricePublished("BTC/USD", usd(8_875) + 10_000_000, later, 1), later)
    assert [one for one in said if one.kind is kind] == []
    said = monitor.tell(price("BTC/USD", 8_875, later))
    assert said == [alert(monitor.risk.alerts.raised, kind, FIRM, Severity.WARNING, 750_000, later)]
    said = monitor.tell(price("BTC/USD", 8_650, later))
    assert said == [AlertUpdated(FIRM, monitor.risk.alerts.raised, kind, FIRM, Severity.HIGH, 900_000)]


def test_stablecoin_exposure_is_the_loss_from_the_peg_on_either_side() -> None:
    monitor = Monitor((LimitParameters(LimitKind.STABLECOIN_EXPOSURE, "USDT", 100 * WHOLE),))
    kind = AlertKind.STABLECOIN_EXPOSURE_LIMIT
    monitor.tell(deposit("USDT", 10_000 * WHOLE, 10_000 * WHOLE))
    assert monitor.tell(PricePublished("USDT/USD", 99_250_001, START, 1)) == []
    assert monitor.tell(PricePublished("USDT/USD", 99_250_000, START, 2)) == [alert(1, kind, "USDT", Severity.WARNING, 750_000)]
    assert monitor.tell(PricePublished("USDT/USD", 101_000_000, START, 3)) == [
        AlertUpdated(FIRM, 1, kind, "USDT", Severity.CRITICAL, 1_000_000)
    ]


# --- numbers that would switch a limit off


@pytest.mark.parametrize("rubbish", [0, -1, -(10**12), 10**20 + 1, float("nan"), float("inf"), -float("inf")])
def test_no_price_that_arrives_switches_a_limit_off(rubbish: int) -> None:
    monitor = Monitor(default_limits(FIRM))
    monitor.tell(price("BTC/USD", 100_000, START))
    monitor.tell(deposit("BTC", 21 * WHOLE, 21 * WHOLE))
    before = monitor.risk.alerts.firing()
    assert {one.kind for one in before} == {AlertKind.POSITION_LIMIT, AlertKind.ASSET_NOTIONAL_LIMIT}
    for _ in range(3):
        assert monitor.tell(PricePublished("BTC/USD", rubbish, START, 2)) == []
    assert monitor.risk.alerts.firing() == before
    assert all(one.holds for one in monitor.risk.alerts.active.values())
    assert monitor.risk.exposure.assets["BTC"].price == 100_000 * WHOLE


def test_a_position_limit_needs_no_price() -> None:
    monitor = Monitor(default_limits(FIRM), instruments=())
    assert monitor.tell(deposit("BTC", 10 * WHOLE, 10 * WHOLE)) == [
        alert(1, AlertKind.POSITION_LIMIT, "BTC", Severity.CRITICAL, 1_000_000)
    ]


# --- changing limits


def test_a_changed_limit_is_a_new_version_and_looked_at_at_once() -> None:
    monitor = Monitor((LimitParameters(LimitKind.POSITION_LONG, "BTC", 10 * WHOLE),))
    monitor.tell(deposit("BTC", 5 * WHOLE, 5 * WHOLE))
    change = ChangeLimit("risk", FIRM, LimitKind.POSITION_LONG, "BTC", 5 * WHOLE)
    assert monitor.tell(change) == [
        LimitSet(FIRM, LimitKind.POSITION_LONG, "BTC", 5 * WHOLE, 2),
        alert(1, AlertKind.POSITION_LIMIT, "BTC", Severity.CRITICAL, 1_000_000),
    ]
    back = ChangeLimit("risk", FIRM, LimitKind.POSITION_LONG, "BTC", 50 * WHOLE)
    assert monitor.tell(back) == [LimitSet(FIRM, LimitKind.POSITION_LONG, "BTC", 50 * WHOLE, 3)]
    assert not monitor.risk.alerts.by_id[1].holds


def test_a_changed_limit_of_the_firm_is_looked_at_at_once() -> None:
    monitor = Monitor((LimitParameters(LimitKind.TOTAL_NOTIONAL, FIRM, 10 * MILLION_USD),))
    monitor.tell(price("BTC/USD", 100_000, START))
    monitor.tell(deposit("BTC", 10 * WHOLE, 10 * WHOLE))
    assert monitor.tell(ChangeLimit("risk", FIRM, LimitKind.TOTAL_NOTIONAL, FIRM, MILLION_USD)) == [
        LimitSet(FIRM, LimitKind.TOTAL_NOTIONAL, FIRM, MILLION_USD, 2),
        alert(1, AlertKind.TOTAL_NOTIONAL_LIMIT, FIRM, Severity.CRITICAL, 1_000_000),
    ]


@pytest.mark.parametrize(
    ("account", "kind", "subject", "value", "reason"),
    [
        ("other", LimitKind.POSITION_LONG, "BTC", 5, "other is not of fund"),
        (FIRM, LimitKind.POSITION_SHORT, "DOGE", 5, "DOGE can have no limit of position_short"),
        (FIRM, LimitKind.ASSET_NOTIONAL, "ETH", -5, "a limit is positive"),
        (FIRM, LimitKind.POSITION_LONG, "BTC", 0, "a limit is positive"),
        (FIRM, LimitKind.POSITION_LONG, "BTC", -5, "a limit is positive"),
        (FIRM, LimitKind.POSITION_LONG, "BTC", 10**19, f"a position_long limit is at most {10**18}"),
        (FIRM, LimitKind.POSITION_LONG, "BTC", float("nan"), "a limit is a whole number"),
    ],
)
def test_a_refused_change_says_why_and_changes_nothing(
    account: str, kind: LimitKind, subject: str, value: int, reason: str
) -> None:
    monitor = Monitor((LimitParameters(LimitKind.POSITION_LONG, "BTC", 10 * WHOLE),))
    assert monitor.tell(ChangeLimit("risk", account, kind, subject, value)) == [
        RiskCommandRejected(account, "ChangeLimit", reason)
    ]
    assert monitor.risk.limits.all_in_force() == [LimitSet(FIRM, LimitKind.POSITION_LONG, "BTC", 10 * WHOLE, 1)]


def test_a_pledge_is_no_change_of_position() -> None:
    monitor = Monitor((LimitParameters(LimitKind.POSITION_LONG, "BTC", 10 * WHOLE),))
    monitor.tell(deposit("BTC", 7 * WHOLE, 7 * WHOLE))
    assert monitor.tell(pledge("BTC", 5 * WHOLE, 2 * WHOLE, 5 * WHOLE)) == []
    assert monitor.risk.positions.totals == {"BTC": 7 * WHOLE}
