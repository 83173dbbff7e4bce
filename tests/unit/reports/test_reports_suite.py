"""The scorecard of a suite: what counts as noticed, what twins say caused an alert, JUnit and page."""

from __future__ import annotations

from xml.etree import ElementTree

import msgspec
import pytest

from trading_ecosystem.messages.audit import AlertFinding, AlertVerdict, DetectionOutcome, DetectionScore
from trading_ecosystem.messages.risk import AlertKind, Severity
from trading_ecosystem.messages.test_coordination import FaultKind
from trading_ecosystem.messages.units import DAY, HOUR, MINUTE, SECOND
from trading_ecosystem.reports.suite.junit import failures_of, junit_text
from trading_ecosystem.reports.suite.page import render_page
from trading_ecosystem.reports.suite.run_score import NOBODY, SEVERAL, AlertScore, FaultScore, RunScore, alert_scores
from trading_ecosystem.reports.suite.scorecard import scorecard

KINDS = [kind.value for kind in FaultKind]
TRUE, FALSE, FREE = AlertVerdict.ATTRIBUTED, AlertVerdict.FALSE, AlertVerdict.UNATTRIBUTED
DETECTED, MISSED, LATE = DetectionOutcome.DETECTED, DetectionOutcome.MISSED, DetectionOutcome.DETECTED_LATE


def fault(kind="feed_stale", outcome=DETECTED, detectable=True, shown=True, took=SECOND):
    noticed = None if outcome is MISSED else took
    return FaultScore("fault", kind, outcome, detectable, shown, noticed, noticed, 5 * SECOND, 1)


def alert(verdict=TRUE, attributed="fault", caused="fault", nearest="fault"):
    return AlertScore("price_stale", "BTC/USD", verdict, attributed, caused, nearest)


def run(faults=(), alerts=(), kinds=None, **changes):
    kinds = tuple(one.kind for one in faults) if kinds is None else kinds
    values = {"case": "case", "seed": 1, "entries": 10, "simulated_ns": HOUR, "digest": "d", "conservation": 0}
    values |= {"agrees_until_onset": True if kinds else None, "impact_usd_minor": 0 if kinds else None}
    return RunScore(kinds=kinds, faults=tuple(faults), alerts=tuple(alerts), **(values | changes))


def test_recall_counts_what_was_large_enough_and_noticed_in_time():
    runs = [run([fault(outcome=outcome)]) for outcome in (DETECTED, DETECTED, LATE, MISSED)]
    runs += [run([fault(outcome=MISSED, shown=False)]), run([fault(outcome=MISSED, detectable=False)])]
    (row,) = scorecard("s", runs, KINDS).kinds
    assert (row.faults, row.detectable, row.detected, row.late, row.missed) == (6, 5, 2, 1, 2)
    assert (row.not_shown, row.expected_misses, row.recall) == (1, 1, 0.4)


def test_a_fault_beside_another_counts_for_recall_as_one_alone_does():
    both = run([fault(outcome=MISSED), fault("link_drop")], [alert(FALSE)])
    rows = {row.kind: row for row in scorecard("s", [run([fault()], [alert()]), both], KINDS).kinds}
    assert (rows["feed_stale"].runs, rows["feed_stale"].recall, rows["link_drop"].recall) == (2, 0.5, 1.0)
    assert (rows["feed_stale"].precision, rows["link_drop"].precision) == (1.0, None)


def test_macro_recall_is_the_mean_over_kinds_and_not_over_faults():
    runs = [run([fault()]) for _ in range(9)] + [run([fault("link_drop", MISSED)])]
    assert scorecard("s", runs, KINDS).macro_recall == 0.5


def test_times_are_quantiles_of_what_was_noticed():
    runs = [run([fault(took=number * SECOND)]) for number in range(1, 21)]
    (row,) = scorecard("s", runs, KINDS).kinds
    assert (row.time_to_detect_p50_ns, row.time_to_detect_p95_ns) == (10 * SECOND, 19 * SECOND)


def test_false_alerts_are_counted_a_clean_day_and_precision_over_all():
    clean = run(alerts=[alert(FALSE, NOBODY, None, NOBODY), alert(FREE, NOBODY, None, NOBODY)], simulated_ns=2 * DAY)
    card = scorecard("s", [clean, run([fault()], [alert(), alert()])], KINDS)
    assert (card.false_a_clean_day, card.precision) == (0.5, 0.75)
    goals = {goal.name: goal.holds for goal in card.goals}
    assert goals["false alerts a clean day"] is False
    assert goals["precision"] is False
    assert not card.holds


def test_attribution_is_right_where_audit_names_the_cause_that_twins_know():
    alerts = [
        alert(),
        alert(attributed=NOBODY),
        alert(caused=NOBODY, attributed=NOBODY),
        alert(caused=SEVERAL),
        alert(caused=None),
    ]
    card = scorecard("s", [run([fault()], alerts)], KINDS)
    assert card.attribution_one == pytest.approx(2 / 3)
    assert card.attribution_one_baseline == pytest.approx(2 / 3)


def test_a_suite_in_which_nothing_could_be_detected_tested_nothing():
    for runs in ([run()], [run([fault(detectable=False)])], [run([fault()], problem="it stopped")]):
        card = scorecard("s", runs, KINDS)
        assert [goal.found for goal in card.goals if not goal.holds][:1] == ["none: nothing was tested"]
        assert not card.holds


@pytest.mark.parametrize(
    "changes",
    [{"problem": "it stopped"}, {"conservation": 2}, {"agrees_until_onset": False}],
    ids=["problem", "conservation", "twin"],
)
def test_what_went_wrong_is_a_problem_of_the_suite(changes):
    card = scorecard("s", [run([fault()], **changes)], KINDS)
    (line,) = card.problems
    assert line.startswith("case seed 1: ")
    assert not card.holds


def detection(fault_id, onset_at):
    values = dict.fromkeys(DetectionScore.__struct_fields__)
    return DetectionScore(**(values | {"fault_id": fault_id, "onset_at": onset_at, "kind": FaultKind.FEED_STALE}))


def finding(kind, at, fault_id=None):
    return AlertFinding(1, "fund", kind, "BTC/USD", Severity.HIGH, at, None, TRUE, fault_id, None)


def test_twins_tell_what_caused_an_alert():
    stale, shock, crash, own = (
        AlertKind.PRICE_STALE,
        AlertKind.PRICE_SHOCK,
        AlertKind.PRICE_CRASH,
        AlertKind.VOLATILITY_HIGH,
    )
    alerts = [
        finding(stale, 10 * MINUTE, "a"),
        finding(shock, 11 * MINUTE),
        finding(crash, 12 * MINUTE),
        finding(own, 13 * MINUTE),
    ]
    twins = {
        frozenset(): [finding(own, 13 * MINUTE + SECOND)],
        frozenset({"a"}): [finding(stale, 10 * MINUTE), finding(own, 13 * MINUTE)],
        frozenset({"b"}): [finding(shock, 11 * MINUTE), finding(stale, 30 * MINUTE)],
    }
    scores = alert_scores(alerts, [detection("a", 5 * MINUTE), detection("b", 11 * MINUTE)], twins)
    assert [one.caused for one in scores] == ["a", "b", SEVERAL, NOBODY]
    assert [one.nearest for one in scores] == ["a", "b", "b", "b"]
    assert [one.attributed for one in scores] == ["a", NOBODY, NOBODY, NOBODY]


def test_junit_and_page_say_what_failed():
    runs = [
        run(alerts=[], seed=1),
        run([fault(outcome=MISSED)], [alert(FALSE)], seed=2),
        run(seed=3, problem="<it> stopped"),
    ]
    card = scorecard("suite & co", runs, KINDS)
    assert failures_of(runs[1]) == ["fault (feed_stale) was missed", "price_stale on BTC/USD was false"]
    root = ElementTree.fromstring(junit_text(card, runs))
    tests, goals = root.findall("testsuite")
    assert (tests.get("tests"), tests.get("failures"), tests.get("errors")) == ("3", "1", "1")
    assert [case.get("name") for case in tests if len(case)] == ["seed 2", "seed 3"]
    assert len(goals) == len(card.goals) > 3
    page = render_page(card, runs)
    assert "suite &amp; co" in page
    assert "fault (feed_stale) was missed" in page
    assert "&lt;it&gt; stopped" in page
    assert msgspec.json.decode(msgspec.json.encode(card), type=type(card)) == card
