"""The scores of a suite as JUnit XML, for whoever has a build server: one test case a run, and one a goal."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from trading_ecosystem.messages.audit import AlertVerdict, DetectionOutcome
from trading_ecosystem.reports.suite.run_score import RunScore
from trading_ecosystem.reports.suite.scorecard import Scorecard


def junit_text(card: Scorecard, scores: Sequence[RunScore]) -> str:
    """The document. A run fails where a detectable fault was not noticed in time, an alert was false, or it broke a rule."""
    suites = ElementTree.Element("testsuites", name=card.suite)
    runs = ElementTree.SubElement(suites, "testsuite", name="runs", tests=str(len(scores)))
    failures = 0
    for score in scores:
        case = ElementTree.SubElement(runs, "testcase", classname=score.case, name=f"seed {score.seed}")
        if score.problem:
            ElementTree.SubElement(case, "error", message=score.problem)
            continue
        failed = failures_of(score)
        if failed:
            failures += 1
            ElementTree.SubElement(case, "failure", message="; ".join(failed))
    runs.set("failures", str(failures))
    runs.set("errors", str(sum(1 for score in scores if score.problem)))
    goals = ElementTree.SubElement(suites, "testsuite", name="goals", tests=str(len(card.goals)))
    goals.set("failures", str(sum(1 for goal in card.goals if not goal.holds)))
    for goal in card.goals:
        case = ElementTree.SubElement(goals, "testcase", classname="goals", name=goal.name)
        if not goal.holds:
            ElementTree.SubElement(case, "failure", message=f"{goal.found}, not {goal.aim}")
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def failures_of(score: RunScore) -> list[str]:
    """What was wrong with a run, a line each."""
    failed = [
        f"{fault.fault} ({fault.kind}) was {fault.outcome.value}"
        for fault in score.faults
        if fault.detectable and fault.outcome is not DetectionOutcome.DETECTED
    ]
    failed += [f"{one.kind} on {one.subject} was false" for one in score.alerts if one.verdict is AlertVerdict.FALSE]
    if score.conservation:
        failed.append(f"conservation was broken {score.conservation} times")
    if score.agrees_until_onset is False:
        failed.append("the clean twin differs before onset")
    return failed
