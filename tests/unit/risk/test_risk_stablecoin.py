from __future__ import annotations

import pytest
from tests.unit.risk.monitor import FIRM, MINUTE, SECOND, START, WHOLE, Monitor, deposit, fill, price, withdrawal_posted

from trading_ecosystem.domains.risk.stablecoin import deviation, loss_from_peg
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.risk import AlertEscalated, AlertKind, AlertRaised, AlertResolved, AlertUpdated, Severity

DEPEG = AlertKind.STABLECOIN_DEPEG


def depeg(severity: Severity, observed: int, at: int = START) -> AlertRaised:
    return AlertRaised(FIRM, 1, DEPEG, "USDT", severity, observed, 20_000, at)


def holding(amount: int = WHOLE) -> Monitor:
    monitor = Monitor(instruments=("USDT/USD", "BTC/USD"))
    if amount:
        monitor.tell(deposit("USDT", amount, amount))
    return monitor


@pytest.mark.parametrize(
    ("minor", "observed", "severity"),
    [
        (100_000_000, 0, None),
        (98_000_001, 19_999, None),
        (98_000_000, 20_000, Severity.HIGH),
        (96_000_001, 39_999, Severity.HIGH),
        (96_000_000, 40_000, Severity.CRITICAL),
        (101_999_999, 19_999, None),
        (102_000_000, 20_000, Severity.HIGH),
        (104_000_000, 40_000, Severity.CRITICAL),
    ],
)
def test_thresholds_on_both_sides_of_the_peg(minor: int, observed: int, severity: Severity | None) -> None:
    assert deviation(minor) == observed
    said = holding().tell(PricePublished("USDT/USD", minor, START, 1))
    assert said == ([] if severity is None else [depeg(severity, observed)])


def test_no_alert_without_exposure_and_one_as_soon_as_there_is_some() -> None:
    monitor = holding(0)
    assert monitor.tell(price("USDT/USD", 0.97, START)) == []
    assert monitor.tell(deposit("USDT", 1, 1)) == [depeg(Severity.HIGH, 30_000)]
    monitor.tell(withdrawal_posted("USDT", 1, 0), START + SECOND)
    alert = monitor.risk.alerts.by_id[1]
    assert (alert.holds, alert.cleared_at) == (False, START + SECOND)


def test_a_short_position_is_no_exposure_and_an_unsettled_purchase_is() -> None:
    monitor = holding(0)
    monitor.tell(price("USDT/USD", 0.97, START))
    assert monitor.tell(fill(Side.BUY, 1, 100, START + MINUTE, instrument="BTC/USDT")) == []
    assert monitor.tell(fill(Side.SELL, 2, 100, START + MINUTE, trade_id=2, instrument="BTC/USDT")) == [
        depeg(Severity.HIGH, 30_000)
    ]


def test_a_depeg_that_worsens_and_heals() -> None:
    monitor = holding()
    for seconds, amount in enumerate((1, 0.979, 0.96, 0.95, 0.979, 0.99)):
        at = START + 20 * seconds * SECOND
        monitor.tell(PricePublished("USDT/USD", round(amount * WHOLE), at, seconds), at)
    for seconds in range(120, 420, 20):
        at = START + seconds * SECOND
        monitor.tell(price("USDT/USD", 1, at), at)
    kept = [(at, one) for at, one in monitor.said() if getattr(one, "kind", None) is DEPEG]
    assert kept == [
        (20 * SECOND, depeg(Severity.HIGH, 21_000, START + 20 * SECOND)),
        (40 * SECOND, AlertUpdated(FIRM, 1, DEPEG, "USDT", Severity.CRITICAL, 40_000)),
        (340 * SECOND, AlertEscalated(FIRM, 1, DEPEG, "USDT", Severity.CRITICAL)),
        (400 * SECOND, AlertResolved(FIRM, 1, DEPEG, "USDT", START + 100 * SECOND)),
    ]


@pytest.mark.parametrize("rubbish", [0, -1, 10**21])
def test_rubbish_does_not_end_a_depeg(rubbish: int) -> None:
    monitor = holding()
    monitor.tell(price("USDT/USD", 0.97, START))
    assert monitor.tell(PricePublished("USDT/USD", rubbish, START, 2)) == []
    assert monitor.risk.alerts.by_id[1].holds


def test_loss_from_the_peg() -> None:
    assert loss_from_peg(1_000 * WHOLE, 97_000_000) == 30 * WHOLE
    assert loss_from_peg(1_000 * WHOLE, 103_000_000) == 30 * WHOLE
    assert loss_from_peg(1, 99_999_999) == 0
    assert loss_from_peg(-1_000 * WHOLE, 97_000_000) == 0
