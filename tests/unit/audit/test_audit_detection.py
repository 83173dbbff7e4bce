"""Verdicts on alerts and scores of faults, on records made by hand."""

import msgspec
import pytest
from tests.unit.audit.small_record import FIRM, SmallRecord, seconds

from trading_ecosystem.messages.audit import AlertVerdict, DetectionOutcome, DetectionScore, LinkBasis
from trading_ecosystem.messages.risk import AlertKind, LimitKind, LimitSet, Severity
from trading_ecosystem.messages.test_coordination import FaultKind, LinkEffect
from trading_ecosystem.messages.units import SECOND, minor_units

BTC = "BTC/USD"


def crash_record(**options):
    """A market crash: onset at 10 s, 6 % down from 60 s, back at 300 s, over at 400 s."""
    record = SmallRecord(**options)
    record.price(0, BTC, "60000")
    record.inject(10, "crash", FaultKind.MARKET_CRASH, "market-data", "BTC", "ETH")
    record.label(10, "crash", FaultKind.MARKET_CRASH, AlertKind.PRICE_CRASH, BTC, "ETH/USD", threshold=50_000)
    record.prices(20, 60, BTC, "58000")
    return record


def only(found):
    (one,) = found
    return one


def test_a_crash_that_is_noticed_in_time():
    record = crash_record()
    cause = record.price(60, BTC, "56400")
    record.alert(60, 1, AlertKind.PRICE_CRASH, BTC, cause)
    record.price(70, BTC, "53400")
    record.worsen(70, 1, AlertKind.PRICE_CRASH, BTC, Severity.CRITICAL)
    record.price(300, BTC, "60000")
    record.close(400, "crash")
    record.resolve(600, 1, AlertKind.PRICE_CRASH, BTC)
    report = record.report()
    start = record.entries[0].at
    assert report.detections == (
        DetectionScore(
            fault_id="crash",
            kind=FaultKind.MARKET_CRASH,
            onset_at=start + 10 * SECOND,
            ended_at=start + 400 * SECOND,
            expected_alert=AlertKind.PRICE_CRASH,
            outcome=DetectionOutcome.DETECTED,
            detectable_at=start + 60 * SECOND,
            alert_id=1,
            alert_at=start + 60 * SECOND,
            severity=Severity.HIGH,
            time_to_detect_ns=0,
            time_from_onset_ns=50 * SECOND,
            sla_ns=120 * SECOND,
            threshold=50_000,
            peak=110_000,
            detectable=True,
        ),
    )
    alert = only(report.alerts)
    assert (alert.verdict, alert.fault_id, alert.basis) == (AlertVerdict.ATTRIBUTED, "crash", LinkBasis.LABEL)
    assert (alert.severity, seconds(alert.raised_at), seconds(alert.resolved_at)) == (Severity.CRITICAL, 60, 600)


@pytest.mark.parametrize(
    ("raised", "outcome"), [(180, DetectionOutcome.DETECTED), (180.000000001, DetectionOutcome.DETECTED_LATE)]
)
def test_the_sla_counts_from_the_instant_at_which_the_fault_could_be_seen(raised, outcome):
    record = crash_record()
    record.prices(60, 190, BTC, "56400", every=30)

    record.alert(raised, 1, AlertKind.PRICE_CRASH, BTC)
    score = only(record.report().detections)
    assert (score.outcome, seconds(score.detectable_at)) == (outcome, 60)
    assert score.time_to_detect_ns == round((raised - 60) * SECOND)
    assert score.time_from_onset_ns == round((raised - 10) * SECOND)


def test_a_crash_about_which_nothing_is_said_is_missed():
    record = crash_record()
    record.price(60, BTC, "56400")
    record.alert(60, 1, AlertKind.PRICE_CRASH, "USDT/USD")  # Not what was expected, and false.
    record.close(400, "crash")
    report = record.report()
    score = only(report.detections)
    assert (score.outcome, seconds(score.detectable_at), score.alert_id) == (DetectionOutcome.MISSED, 60, None)
    assert (score.time_to_detect_ns, score.time_from_onset_ns, score.peak) == (None, None, 60_000)
    assert only(report.alerts).verdict is AlertVerdict.FALSE


def test_an_alert_after_the_window_does_not_count_as_noticed():
    """The window ends with the fault, its SLA and the keep-firing time: here at 400 + 120 + 300 s."""
    for raised, outcome in ((820, DetectionOutcome.DETECTED_LATE), (821, DetectionOutcome.MISSED)):
        record = crash_record()
        record.price(60, BTC, "56400")
        record.close(400, "crash")
        record.alert(raised, 1, AlertKind.PRICE_CRASH, BTC)
        report = record.report()
        assert only(report.detections).outcome is outcome
        assert only(report.alerts).verdict is AlertVerdict.ATTRIBUTED  # It began in the fault, whoever saw it when.


def test_a_fault_below_the_threshold_is_missed_with_nothing_to_be_seen():
    record = SmallRecord()
    record.deposit(0, "USDT", "1000")
    record.price(0, "USDT/USD", "1")
    record.label(
        10, "small", FaultKind.STABLECOIN_DEPEG, AlertKind.STABLECOIN_DEPEG, "USDT", threshold=20_000, detectable=False
    )
    record.price(20, "USDT/USD", "0.9850")
    record.price(30, "USDT/USD", "0.9810")
    record.close(40, "small")
    record.price(50, "USDT/USD", "0.90")  # After the fault: not its doing.
    score = only(record.report().detections)
    assert (score.outcome, score.detectable_at, score.alert_id) == (DetectionOutcome.MISSED, None, None)
    assert (score.peak, score.threshold) == (19_000, 20_000)


def test_the_peak_includes_the_very_first_change_which_is_said_before_the_label():
    record = SmallRecord()
    record.price(0, BTC, "60000")
    record.price(10, BTC, "54000")
    record.label(10, "shock", FaultKind.PRICE_SHOCK, AlertKind.PRICE_SHOCK, BTC)
    record.price(20, BTC, "58000")
    score = only(record.report().detections)
    assert (score.peak, seconds(score.detectable_at), score.ended_at) == (100_000, 10, None)


def test_a_kind_outside_the_mandate():
    record = SmallRecord()
    record.label(10, "odd", FaultKind.LINK_DUPLICATE, None)
    score = only(record.report().detections)
    assert (score.outcome, score.detectable_at, score.peak) == (DetectionOutcome.OUT_OF_MANDATE, None, 0)


def test_a_condition_that_held_before_the_fault_is_visible_from_its_onset():
    record = SmallRecord()
    record.price(0, BTC, "60000")
    record.price(100, BTC, "55000")
    record.alert(100, 7, AlertKind.PRICE_CRASH, BTC)
    record.label(200, "crash", FaultKind.MARKET_CRASH, AlertKind.PRICE_CRASH, BTC)
    record.price(210, BTC, "54000")
    report = record.report()
    score = only(report.detections)
    assert (score.outcome, seconds(score.detectable_at), score.alert_id) == (DetectionOutcome.DETECTED, 200, 7)
    assert (score.time_to_detect_ns, score.time_from_onset_ns, seconds(score.alert_at)) == (0, 0, 100)
    assert only(report.alerts).verdict is AlertVerdict.UNATTRIBUTED  # What raised it was not the fault.


def test_an_active_alert_that_was_resolved_before_does_not_count():
    record = SmallRecord()
    record.price(0, BTC, "60000")
    record.price(100, BTC, "55000")
    record.alert(100, 7, AlertKind.PRICE_CRASH, BTC)
    record.resolve(150, 7, AlertKind.PRICE_CRASH, BTC)
    record.label(200, "crash", FaultKind.MARKET_CRASH, AlertKind.PRICE_CRASH, BTC)
    assert only(record.report().detections).outcome is DetectionOutcome.MISSED


def test_a_false_alert_neither_notices_a_fault_nor_belongs_to_it():
    record = crash_record()
    record.alert(59, 1, AlertKind.PRICE_CRASH, BTC)  # A second too early, and nothing to be seen yet.
    record.price(60, BTC, "56400")
    report = record.report()
    alert = only(report.alerts)
    assert (alert.verdict, alert.fault_id, alert.basis) == (AlertVerdict.FALSE, None, None)
    assert only(report.detections).outcome is DetectionOutcome.MISSED


def test_true_alerts_without_a_fault_are_unattributed():
    record = SmallRecord()
    record.price(0, BTC, "60000")
    record.price(10, BTC, "55000")
    record.alert(10, 1, AlertKind.PRICE_CRASH, BTC)
    record.alert(10, 2, AlertKind.PRICE_SHOCK, BTC)
    record.alert(10, 3, AlertKind.PRICE_SHOCK, "ETH/USD")
    verdicts = [(alert.alert_id, alert.verdict, alert.fault_id) for alert in record.report().alerts]
    assert verdicts == [
        (1, AlertVerdict.UNATTRIBUTED, None),
        (2, AlertVerdict.UNATTRIBUTED, None),
        (3, AlertVerdict.FALSE, None),
    ]


@pytest.mark.parametrize(
    ("after", "tolerance", "verdict"),
    [
        (20, 1, AlertVerdict.UNATTRIBUTED),
        (20.999999999, 1, AlertVerdict.UNATTRIBUTED),
        (21, 1, AlertVerdict.FALSE),
        (29.999999999, 10, AlertVerdict.UNATTRIBUTED),
        (30, 10, AlertVerdict.FALSE),
    ],
)
def test_an_alert_is_true_if_its_condition_held_within_the_tolerance_before_it(after, tolerance, verdict):
    record = SmallRecord(tolerance_ns=tolerance * SECOND)
    record.price(0, BTC, "60000")
    record.price(10, BTC, "55000")
    record.price(20, BTC, "60000")  # The condition holds in [10, 20).
    record.alert(after, 1, AlertKind.PRICE_CRASH, BTC)
    assert only(record.report().alerts).verdict is verdict


def test_the_record_says_when_an_alert_was_raised_not_the_alert():
    record = SmallRecord()
    record.price(0, BTC, "60000")
    record.price(10, BTC, "55000")
    record.price(20, BTC, "60000")
    record.alert(50, 1, AlertKind.PRICE_CRASH, BTC)
    claim = msgspec.structs.replace(record.entries[-1].message, alert_id=2, raised_at=record.entries[1].at)
    record.say(60, "risk", claim)
    assert [(alert.verdict, seconds(alert.raised_at)) for alert in record.report().alerts] == [
        (AlertVerdict.FALSE, 50),
        (AlertVerdict.FALSE, 60),
    ]


def test_collateral_alerts_of_a_market_fault_belong_to_it_by_subject():
    record = SmallRecord()
    record.say(0, "risk", LimitSet(FIRM, LimitKind.DAILY_LOSS, FIRM, minor_units("1000"), 1))
    record.say(0, "risk", LimitSet(FIRM, LimitKind.ASSET_NOTIONAL, "ETH", minor_units("1000"), 1))
    record.price(0, BTC, "60000")
    record.price(0, "ETH/USD", "3000")
    record.deposit(0, "BTC", "1")
    record.label(10, "crash", FaultKind.MARKET_CRASH, AlertKind.PRICE_CRASH, BTC)
    record.price(20, BTC, "55000")
    record.alert(20, 1, AlertKind.PRICE_CRASH, BTC)
    record.alert(20, 2, AlertKind.PRICE_SHOCK, BTC)
    record.alert(20, 3, AlertKind.DAILY_LOSS_LIMIT, FIRM)
    record.deposit(30, "ETH", "10")
    record.alert(30, 4, AlertKind.ASSET_NOTIONAL_LIMIT, "ETH")
    found = [(alert.alert_id, alert.verdict, alert.fault_id, alert.basis) for alert in record.report().alerts]
    assert found == [
        (1, AlertVerdict.ATTRIBUTED, "crash", LinkBasis.LABEL),
        (2, AlertVerdict.ATTRIBUTED, "crash", LinkBasis.SUBJECT),
        (3, AlertVerdict.ATTRIBUTED, "crash", LinkBasis.SUBJECT),
        (4, AlertVerdict.UNATTRIBUTED, None, None),
    ]


@pytest.mark.parametrize(
    ("kind", "subjects", "instrument", "touched"),
    [
        (FaultKind.STABLECOIN_DEPEG, ("USDT",), "BTC/USDT", True),
        (FaultKind.STABLECOIN_DEPEG, ("USDT",), "BTC/USD", False),
        (FaultKind.MARKET_CRASH, ("BTC", "ETH"), "ETH/BTC", True),
        (FaultKind.FEED_STALE, ("BTC/USD",), "BTC/USD", True),
        (FaultKind.FEED_STALE, ("BTC/USD",), "BTC/USDT", False),
        (FaultKind.SETTLEMENT_DELAY, ("exchange-alpha",), "BTC/USD", False),
        (FaultKind.LINK_DELAY, ("market-data>risk",), "BTC/USD", True),
        (FaultKind.LINK_DELAY, ("market-data>trading",), "BTC/USD", False),
    ],
)
def test_what_a_fault_touches_follows_from_its_kind(kind, subjects, instrument, touched):
    record = SmallRecord()
    record.price(0, instrument, "60000")
    record.inject(5, "fault", kind, "somebody", *subjects)
    record.label(5, "fault", kind, None)
    record.price(10, instrument, "55000")
    record.alert(10, 1, AlertKind.PRICE_SHOCK, instrument)
    verdict = AlertVerdict.ATTRIBUTED if touched else AlertVerdict.UNATTRIBUTED
    assert only(record.report().alerts).verdict is verdict


def test_a_fault_works_on_a_while_as_long_as_the_measure_remembers():
    record = SmallRecord()
    record.label(5, "fault", FaultKind.PRICE_SHOCK, None, BTC)
    record.price(10, BTC, "60000")
    record.close(20, "fault")
    record.price(81, BTC, "56000")  # 61 s after the end: within the 15 min of a crash, beyond the minute of a shock.
    record.price(82, BTC, "53000")
    record.alert(82, 1, AlertKind.PRICE_CRASH, BTC)
    record.alert(82, 2, AlertKind.PRICE_SHOCK, BTC)
    verdicts = [alert.verdict for alert in record.report().alerts]
    assert verdicts == [AlertVerdict.ATTRIBUTED, AlertVerdict.UNATTRIBUTED]


def test_of_two_faults_that_expect_an_alert_the_later_one_has_it():
    record = SmallRecord()
    record.price(0, BTC, "60000")
    record.label(5, "first", FaultKind.PRICE_SHOCK, AlertKind.PRICE_SHOCK, BTC)
    record.close(8, "first")
    record.label(9, "second", FaultKind.PRICE_SHOCK, AlertKind.PRICE_SHOCK, BTC)
    record.price(10, BTC, "50000")
    record.alert(10, 1, AlertKind.PRICE_SHOCK, BTC)
    report = record.report()
    assert only(report.alerts).fault_id == "second"
    assert [score.outcome for score in report.detections] == [DetectionOutcome.MISSED, DetectionOutcome.DETECTED]


def test_detection_of_overdue_settlements_at_any_of_the_expected_venues():
    record = SmallRecord()
    record.fill(0, 1, 600, venue="exchange-alpha")
    record.fill(0, 2, 300, venue="exchange-beta", instrument="ETH/USD")
    record.label(
        10, "late", FaultKind.SETTLEMENT_DELAY, AlertKind.SETTLEMENT_OVERDUE, "exchange-alpha", "exchange-beta", sla=60
    )
    record.alert(601, 1, AlertKind.SETTLEMENT_OVERDUE, "exchange-beta")
    record.alert(900, 2, AlertKind.SETTLEMENT_OVERDUE, "exchange-alpha")
    record.settle(1000, 1)
    record.settle(1000, 2, venue="exchange-beta", instrument="ETH/USD")
    record.close(1000, "late")
    report = record.report()
    score = only(report.detections)
    assert (score.outcome, score.alert_id, seconds(score.detectable_at)) == (DetectionOutcome.DETECTED, 1, 600)
    assert (score.time_to_detect_ns, score.peak) == (SECOND, 700 * SECOND)
    assert {alert.verdict for alert in report.alerts} == {AlertVerdict.ATTRIBUTED}


def test_detectable_counts_from_what_the_monitor_was_sent():
    """The crash is said at 60 s and reaches the monitor at 90 s: only from then on could it be seen."""
    record = crash_record()
    late = record.price(60, BTC, "56400")
    record.link(60, LinkEffect.DELAYED, "market-data", late, 90)
    record.alert(80, 1, AlertKind.PRICE_CRASH, BTC)  # How could it know?
    record.alert(91, 2, AlertKind.PRICE_CRASH, BTC)
    report = record.report()
    assert [alert.verdict for alert in report.alerts] == [AlertVerdict.FALSE, AlertVerdict.ATTRIBUTED]
    score = only(report.detections)
    assert (seconds(score.detectable_at), score.alert_id, score.time_to_detect_ns) == (90, 2, SECOND)


def test_alerts_of_other_firms_are_none_of_our_business():
    record = SmallRecord()
    record.alert(0, 1, AlertKind.PRICE_CRASH, BTC)
    record.say(1, "risk", msgspec.structs.replace(record.entries[-1].message, account="rival", alert_id=2))
    assert [alert.alert_id for alert in record.report().alerts] == [1]
