"""The verdict: expectations against audit's scores, clean periods against the alerts of the record, and the unexpected."""

from __future__ import annotations

import msgspec
import pytest

from trading_ecosystem.domains.test_coordination.judge import (
    CleanPeriodResult,
    ExpectationResult,
    Judgement,
    Verdict,
    judge,
)
from trading_ecosystem.domains.test_coordination.scenario import CleanPeriod, Expectation
from trading_ecosystem.messages.audit import (
    AlertFinding,
    AlertVerdict,
    AuditReport,
    ConservationFinding,
    DetectionOutcome,
    DetectionScore,
)
from trading_ecosystem.messages.risk import AlertKind, AlertRaised, Severity
from trading_ecosystem.messages.test_coordination import FaultKind
from trading_ecosystem.messages.units import HOUR, MINUTE, SECOND

START = 1_000 * HOUR
DEPEG = Expectation("depeg", AlertKind.STABLECOIN_DEPEG, 15 * MINUTE)
MISS = Expectation("depeg", None, 0)
DETECTED = DetectionScore(
    fault_id="depeg",
    kind=FaultKind.STABLECOIN_DEPEG,
    onset_at=START + HOUR,
    ended_at=None,
    expected_alert=AlertKind.STABLECOIN_DEPEG,
    outcome=DetectionOutcome.DETECTED,
    detectable_at=START + 2 * HOUR,
    alert_id=1,
    alert_at=START + 2 * HOUR + 10 * SECOND,
    severity=Severity.HIGH,
    time_to_detect_ns=10 * SECOND,
    time_from_onset_ns=HOUR + 10 * SECOND,
    sla_ns=15 * MINUTE,
    threshold=20_000,
    peak=61_250,
)
LATE = msgspec.structs.replace(DETECTED, outcome=DetectionOutcome.DETECTED_LATE, time_to_detect_ns=15 * MINUTE + 1)
MISSED = msgspec.structs.replace(
    DETECTED, outcome=DetectionOutcome.MISSED, detectable_at=None, alert_id=None, alert_at=None, severity=None,
    time_to_detect_ns=None, time_from_onset_ns=None, peak=15_300,
)  # fmt: skip
UNWATCHED = msgspec.structs.replace(
    MISSED, kind=FaultKind.LINK_REORDER, outcome=DetectionOutcome.OUT_OF_MANDATE, expected_alert=None
)
STALE = msgspec.structs.replace(
    MISSED, kind=FaultKind.FEED_STALE, expected_alert=AlertKind.PRICE_STALE, peak=25 * SECOND, threshold=30 * SECOND
)


def report(*scores: DetectionScore, alerts: tuple[AlertFinding, ...] = ()) -> AuditReport:
    return AuditReport(
        entries=1,
        merkle_root="",
        detections=scores,
        alerts=alerts,
        chains=(),
        lifecycles=(),
        conservation=(),
        run="run-1",
        firm="fund",
        conditions=(),
        checkpoints=(),
    )


def alert(raised_at: int) -> AlertRaised:
    return AlertRaised("fund", 1, AlertKind.PRICE_CRASH, "BTC/USD", Severity.HIGH, 60_000, 50_000, raised_at)


def finding(verdict: AlertVerdict, raised_at: int = START + 90 * SECOND) -> AlertFinding:
    return AlertFinding(
        alert_id=4,
        account="fund",
        kind=AlertKind.PRICE_CRASH,
        subject="BTC/USD",
        severity=Severity.HIGH,
        raised_at=raised_at,
        resolved_at=None,
        verdict=verdict,
        fault_id=None,
        basis=None,
    )


@pytest.mark.parametrize(
    ("expectation", "score", "judgement", "evidence"),
    [
        (DEPEG, DETECTED, Judgement.HOLDS, "stablecoin_depeg 10s after it could be seen, within 15m"),
        (DEPEG, LATE, Judgement.FAILS, "stablecoin_depeg 15m1ns after it could be seen, later than 15m"),
        (DEPEG, MISSED, Judgement.FAILS, "missed: it reached 1.53 % of 2 %"),
        (DEPEG, None, Judgement.FAILS, "the fault never took effect"),
        (DEPEG, UNWATCHED, Judgement.FAILS, "no alert is within the monitor's mandate for link_reorder"),
        (DEPEG, STALE, Judgement.FAILS, "the catalogue expects price_stale for feed_stale, not stablecoin_depeg"),
        (MISS, MISSED, Judgement.HOLDS, "missed, as expected: it reached 1.53 % of 2 %"),
        (MISS, STALE, Judgement.HOLDS, "missed, as expected: it reached 25s of 30s"),
        (MISS, DETECTED, Judgement.FAILS, "expected a miss, but it was detected 10s after it could be seen"),
        (MISS, LATE, Judgement.FAILS, "expected a miss, but it was detected late 15m1ns after it could be seen"),
        (MISS, UNWATCHED, Judgement.FAILS, "expected a miss, but it was out of mandate"),
        (MISS, None, Judgement.FAILS, "the fault never took effect"),
    ],
)
def test_expectation(expectation: Expectation, score: DetectionScore | None, judgement: Judgement, evidence: str) -> None:
    verdict = judge([expectation], (), report(*([score] if score else [])), (), START)
    result = ExpectationResult("depeg", expectation.alert, expectation.within_ns, judgement, evidence)
    assert verdict == Verdict(judgement, (result,), (), ())
    assert verdict.passed is (judgement is Judgement.HOLDS)


def test_an_expectation_may_be_stricter_or_wider_than_the_sla() -> None:
    strict = msgspec.structs.replace(DEPEG, within_ns=10 * SECOND - 1)
    assert judge([strict], (), report(DETECTED), (), START).judgement is Judgement.FAILS
    exact = msgspec.structs.replace(DEPEG, within_ns=10 * SECOND)
    assert judge([exact], (), report(DETECTED), (), START).passed
    wide = msgspec.structs.replace(DEPEG, within_ns=HOUR)
    assert judge([wide], (), report(LATE), (), START).passed


@pytest.mark.parametrize(
    ("score", "unexpected"),
    [
        (DETECTED, ()),
        (UNWATCHED, ()),
        (MISSED, ("fault depeg was missed, and no expectation says so: it reached 1.53 % of 2 %",)),
        (LATE, ("fault depeg was noticed 15m1ns after it could be seen, later than its SLA of 15m",)),
    ],
)
def test_what_nobody_expected_anything_of_must_still_be_right(score: DetectionScore, unexpected: tuple[str, ...]) -> None:
    judgement = Judgement.FAILS if unexpected else Judgement.HOLDS
    assert judge((), (), report(score), (), START) == Verdict(judgement, (), (), unexpected)


@pytest.mark.parametrize(
    ("raised", "judgement", "evidence"),
    [
        ([], Judgement.HOLDS, "no alert"),
        ([HOUR - 1, 2 * HOUR], Judgement.HOLDS, "no alert"),
        ([HOUR], Judgement.FAILS, "1 alert, the first at 1h: price_crash on BTC/USD"),
        ([HOUR + 90 * SECOND, 2 * HOUR - 1], Judgement.FAILS, "2 alerts, the first at 1h1m30s: price_crash on BTC/USD"),
    ],
)
def test_clean_period_is_half_open(raised: list[int], judgement: Judgement, evidence: str) -> None:
    result = CleanPeriodResult(START + HOUR, START + 2 * HOUR, judgement, evidence)
    period = CleanPeriod(HOUR, 2 * HOUR)
    unaudited = judge((), [period], None, [alert(START + offset) for offset in raised], START)
    assert unaudited.clean_periods == (result,)
    found = tuple(finding(AlertVerdict.UNATTRIBUTED, START + offset) for offset in raised)
    wrong_by_its_own_clock = [alert(START + 90 * MINUTE)]
    audited = judge((), [period], report(alerts=found), wrong_by_its_own_clock, START)
    assert audited == Verdict(judgement, (), (result,), ())


def test_without_audit_nothing_is_scored_but_clean_periods_are_judged() -> None:
    unscored = ExpectationResult("depeg", AlertKind.STABLECOIN_DEPEG, 15 * MINUTE, Judgement.NOT_SCORED, "audit was removed")
    verdict = judge([DEPEG], (), None, (), START)
    assert verdict == Verdict(Judgement.NOT_SCORED, (unscored,), (), ())
    assert not verdict.passed
    broken = judge([DEPEG], [CleanPeriod(0, HOUR)], None, [alert(START)], START)
    assert (broken.judgement, broken.expectations) == (Judgement.FAILS, (unscored,))


def test_a_false_alert_fails_the_run_and_an_unattributed_one_does_not() -> None:
    line = "alert 4 at 1m30s is false: price_crash on BTC/USD did not hold"
    false = judge((), (), report(alerts=(finding(AlertVerdict.FALSE),)), (), START)
    assert false == Verdict(Judgement.FAILS, (), (), (line,))
    for verdict in (AlertVerdict.UNATTRIBUTED, AlertVerdict.ATTRIBUTED):
        assert judge((), (), report(alerts=(finding(verdict),)), (), START).passed


def test_a_contradiction_of_conservation_fails_the_run() -> None:
    found = ConservationFinding(sequence=77, at=START, rule="claims", detail="alpha owes 1 too much")
    broken = msgspec.structs.replace(report(DETECTED), conservation=(found,))
    verdict = judge([DEPEG], (), broken, (), START)
    assert verdict.expectations[0].judgement is Judgement.HOLDS
    assert (verdict.judgement, verdict.unexpected) == (Judgement.FAILS, ("entry 77 breaks claims: alpha owes 1 too much",))
