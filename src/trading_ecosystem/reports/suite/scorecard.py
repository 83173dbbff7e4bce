"""The scorecard of a suite: recall, precision, false alerts a day, time to detect, attribution; per kind of fault and in all.

*Recall* is the share of faults in mandate and large enough (by their labels), alone in a run or beside others, that were
noticed within the SLA; a fault whose alert's condition never came to hold counts as not noticed, and is counted apart as *not
shown*. *Precision* is the share of alerts whose condition held. *Expected misses* are faults out of mandate or below
detection. *Attribution* is the share of alerts with one known cause, or none, for which audit names it; the *baseline* names
the fault with the nearest onset before the alert.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from trading_ecosystem.messages.audit import AlertVerdict, DetectionOutcome
from trading_ecosystem.messages.units import DAY, Nanos
from trading_ecosystem.reports.suite.run_score import SEVERAL, AlertScore, FaultScore, RunScore

LEAST_RECALL: Final = 0.95
LEAST_PRECISION: Final = 0.95
MOST_FALSE_A_DAY: Final = 0.2
LEAST_ATTRIBUTION: Final = 0.90
LEAST_ATTRIBUTION_OVERLAPPING: Final = 0.75
LEAST_CLEAN: Final = 0.4


class KindScore(msgspec.Struct, frozen=True):
    """One kind of fault over all runs with it, alone or beside others; alerts are those of runs where it is alone.

    Ratios are ``None`` where there is nothing to divide by.
    """

    kind: str
    runs: int
    faults: int
    detectable: int
    detected: int
    late: int
    missed: int
    not_shown: int
    expected_misses: int
    recall: float | None
    precision: float | None
    false_a_day: float
    unattributed_a_day: float
    time_to_detect_p50_ns: Nanos | None
    time_to_detect_p95_ns: Nanos | None
    from_onset_p50_ns: Nanos | None
    from_onset_p95_ns: Nanos | None
    sla_ns: Nanos
    attribution: float | None
    baseline: float | None


class Goal(msgspec.Struct, frozen=True):
    """One aim of the suite, what was found, and whether it is reached."""

    name: str
    aim: str
    found: str
    holds: bool


class Scorecard(msgspec.Struct, frozen=True):
    """All of a suite's figures."""

    suite: str
    runs: int
    clean_runs: int
    twins: int
    simulated_days: float
    entries: int
    kinds: tuple[KindScore, ...]
    macro_recall: float | None
    precision: float | None
    false_a_clean_day: float | None
    attribution_one: float | None
    attribution_one_baseline: float | None
    attribution_overlapping: float | None
    attribution_overlapping_baseline: float | None
    coverage: tuple[int, int, int, int]
    """Kinds known, kinds tested, kinds detected at least once, kinds always detected within the SLA where detectable."""
    twins_agree: tuple[int, int]
    """Runs whose clean twin said the same until onset, and runs that have one."""
    problems: tuple[str, ...]
    goals: tuple[Goal, ...]

    @property
    def holds(self) -> bool:
        """Whether every goal is reached and nothing went wrong."""
        return not self.problems and all(goal.holds for goal in self.goals)


def scorecard(suite: str, scores: Sequence[RunScore], kinds: Sequence[str]) -> Scorecard:
    """The figures of all runs; ``kinds`` are all that the catalogue has, tested or not."""
    done = [one for one in scores if not one.problem]
    single = [one for one in done if len(one.kinds) == 1]
    overlapping = [one for one in done if len(one.kinds) > 1]
    clean = [one for one in done if one.clean]
    rows = tuple(_kind_score(kind, [one for one in done if kind in one.kinds]) for kind in kinds)
    rows = tuple(row for row in rows if row.runs)
    recalls = [row.recall for row in rows if row.recall is not None]
    alerts = [alert for one in done for alert in one.alerts]
    clean_days = _days(clean)
    tested = {kind for one in done for kind in one.kinds}
    compared = [one for one in done if one.agrees_until_onset is not None]
    problems = [f"{one.case} seed {one.seed}: {one.problem}" for one in scores if one.problem]
    problems += [
        f"{one.case} seed {one.seed}: conservation broken {one.conservation} times" for one in done if one.conservation
    ]
    problems += [
        f"{one.case} seed {one.seed}: the clean twin differs before onset" for one in compared if not one.agrees_until_onset
    ]
    card = Scorecard(
        suite=suite,
        runs=len(scores),
        clean_runs=len(clean),
        twins=sum(one.extra_runs for one in scores),
        simulated_days=_days(done),
        entries=sum(one.entries for one in done),
        kinds=rows,
        macro_recall=sum(recalls) / len(recalls) if recalls else None,
        precision=_precision(alerts),
        false_a_clean_day=_count(clean, AlertVerdict.FALSE) / clean_days if clean_days else None,
        attribution_one=_accuracy(_alerts(single), "attributed"),
        attribution_one_baseline=_accuracy(_alerts(single), "nearest"),
        attribution_overlapping=_accuracy(_alerts(overlapping), "attributed"),
        attribution_overlapping_baseline=_accuracy(_alerts(overlapping), "nearest"),
        coverage=(
            len(kinds),
            len(tested),
            sum(1 for row in rows if row.detected),
            sum(1 for row in rows if row.detectable and row.detected == row.detectable),
        ),
        twins_agree=(sum(1 for one in compared if one.agrees_until_onset), len(compared)),
        problems=tuple(problems),
        goals=(),
    )
    return msgspec.structs.replace(card, goals=_goals(card))


def _goals(card: Scorecard) -> tuple[Goal, ...]:
    detectable = sum(row.detectable for row in card.kinds)
    goals = [
        # Without one, nothing was tested, and no other goal means anything.
        Goal("detectable faults", ">= 1", f"{detectable}" if detectable else "none: nothing was tested", detectable > 0),
        _at_least("macro recall", card.macro_recall, LEAST_RECALL),
        _at_least("precision", card.precision, LEAST_PRECISION),
        _at_least("attribution, one fault", card.attribution_one, LEAST_ATTRIBUTION),
        _at_least("attribution, overlapping", card.attribution_overlapping, LEAST_ATTRIBUTION_OVERLAPPING),
        _at_least("share of clean runs", card.clean_runs / card.runs if card.runs else None, LEAST_CLEAN),
    ]
    if card.false_a_clean_day is not None:
        found = card.false_a_clean_day
        goals.append(Goal("false alerts a clean day", f"<= {MOST_FALSE_A_DAY}", f"{found:.3f}", found <= MOST_FALSE_A_DAY))
    return tuple(goal for goal in goals if goal is not None)


def _at_least(name: str, found: float | None, aim: float) -> Goal | None:
    return None if found is None else Goal(name, f">= {aim}", f"{found:.3f}", found >= aim)


def _kind_score(kind: str, runs: Sequence[RunScore]) -> KindScore:
    faults = [fault for one in runs for fault in one.faults if fault.kind == kind]
    detectable = [fault for fault in faults if fault.detectable]
    detected = [fault for fault in detectable if fault.outcome is DetectionOutcome.DETECTED]
    noticed = [fault for fault in faults if fault.time_to_detect_ns is not None]
    alone = [one for one in runs if len(one.kinds) == 1]
    alerts = _alerts(alone)
    days = _days(alone)
    return KindScore(
        kind=kind,
        runs=len(runs),
        faults=len(faults),
        detectable=len(detectable),
        detected=len(detected),
        late=sum(1 for fault in detectable if fault.outcome is DetectionOutcome.DETECTED_LATE),
        missed=sum(1 for fault in detectable if fault.outcome is DetectionOutcome.MISSED),
        not_shown=sum(1 for fault in detectable if not fault.shown),
        expected_misses=len(faults) - len(detectable),
        recall=len(detected) / len(detectable) if detectable else None,
        precision=_precision(alerts),
        false_a_day=_count(alone, AlertVerdict.FALSE) / days if days else 0.0,
        unattributed_a_day=_count(alone, AlertVerdict.UNATTRIBUTED) / days if days else 0.0,
        time_to_detect_p50_ns=_quantile([fault.time_to_detect_ns for fault in noticed], 0.5),
        time_to_detect_p95_ns=_quantile([fault.time_to_detect_ns for fault in noticed], 0.95),
        from_onset_p50_ns=_quantile([fault.time_from_onset_ns for fault in noticed], 0.5),
        from_onset_p95_ns=_quantile([fault.time_from_onset_ns for fault in noticed], 0.95),
        sla_ns=max((fault.sla_ns for fault in faults), default=0),
        attribution=_accuracy(alerts, "attributed"),
        baseline=_accuracy(alerts, "nearest"),
    )


def _alerts(runs: Iterable[RunScore]) -> list[AlertScore]:
    return [alert for one in runs for alert in one.alerts]


def _days(runs: Iterable[RunScore]) -> float:
    return sum(one.simulated_ns for one in runs) / DAY


def _count(runs: Iterable[RunScore], verdict: AlertVerdict) -> int:
    return sum(1 for alert in _alerts(runs) if alert.verdict is verdict)


def _precision(alerts: Sequence[AlertScore]) -> float | None:
    return sum(1 for alert in alerts if alert.verdict is not AlertVerdict.FALSE) / len(alerts) if alerts else None


def _accuracy(alerts: Sequence[AlertScore], by: str) -> float | None:
    """The share of alerts with one known cause, or none, that ``by`` names rightly."""
    known = [alert for alert in alerts if alert.caused is not None and alert.caused != SEVERAL]
    return sum(1 for alert in known if getattr(alert, by) == alert.caused) / len(known) if known else None


def _quantile(values: Iterable[Nanos | None], share: float) -> Nanos | None:
    """The smallest value that so large a share is not above."""
    known = sorted(value for value in values if value is not None)
    if not known:
        return None
    return known[max(0, -(-int(share * 1_000) * len(known) // 1_000) - 1)]


def faults_of(scores: Iterable[RunScore]) -> list[FaultScore]:
    """Every fault of all runs."""
    return [fault for one in scores for fault in one.faults]
