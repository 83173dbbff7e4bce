"""``report.html``: one self-contained page that a risk manager would forward. No script, nothing fetched."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from jinja2 import Template
from markupsafe import Markup

from trading_ecosystem.messages.audit import AlertVerdict, DetectionScore
from trading_ecosystem.messages.risk import AlertEscalated, AlertRaised, AlertResolved
from trading_ecosystem.messages.units import MINOR_UNITS_PER_WHOLE, Nanos, assets_about
from trading_ecosystem.reports import wording
from trading_ecosystem.reports.charts import Line, Mark, Window, line_chart
from trading_ecosystem.reports.comparison import usd_text
from trading_ecosystem.reports.monitor_rows import monitor_rows
from trading_ecosystem.reports.observations import Observations
from trading_ecosystem.reports.page_templates import page_template
from trading_ecosystem.reports.run_result import RunResult

_LONGEST_LIST = 60
"""Rows of a timeline that are shown; the page says how many it leaves out."""
_COUNTS = (
    ("PricePublished", "prices published"),
    ("QuoteChanged", "quotes"),
    ("DepthChanged", "depth updates"),
    ("PlaceOrder", "orders sent"),
    ("OrderAccepted", "orders accepted"),
    ("OrderRejected", "orders rejected"),
    ("OrderFilled", "fills"),
    ("OrderCancelled", "orders cancelled"),
    ("SettlementSettled", "settlements (one per side)"),
    ("SettlementFailed", "failed settlement attempts said"),
    ("ReconciliationCompleted", "reconciliations"),
    ("ReconciliationBreak", "reconciliation breaks"),
)


def render_report(result: RunResult, observations: Observations) -> str:
    """The page for one run."""
    view = _ReportView(result, observations)
    return _template().render(
        result=result,
        scenario=result.scenario,
        audit=result.scored,
        monitors=monitor_rows(result),
        headline=view.headline(),
        price_charts=view.price_charts(),
        equity_chart=view.equity_chart(),
        position_charts=view.position_charts(),
        strategy_chart=view.strategy_chart(),
        unsettled_chart=view.unsettled_chart(),
        faults=view.faults(),
        production=view.production_timeline(),
        truth=view.truth_timeline(),
        counts=[(label, observations.counts[name]) for name, label in _COUNTS if name in observations.counts],
        clock=lambda at: wording.clock_text(at, result.scenario.starts_at),
        longest=_LONGEST_LIST,
    )


@cache
def _template() -> Template:
    template = page_template(
        "page.html", duration=wording.duration_text, date=wording.date_text, words=wording.words, usd=usd_text
    )
    template.globals["measure"] = wording.measure_text
    return template


class _ReportView:
    """Turns a result and its observations into what the template shows."""

    def __init__(self, result: RunResult, observations: Observations) -> None:
        self._result = result
        self._observations = observations
        self._start = result.scenario.starts_at
        self._duration = result.scenario.duration_ns

    def headline(self) -> str:
        """One sentence on what the run shows."""
        audit = self._result.scored
        if audit is None:
            return "Audit was removed from this run: the record is complete, and detections are not scored."
        if not audit.detections:
            raised = len(audit.alerts)
            return (
                "No fault was injected, and no alert fired." if not raised else f"No fault was injected; {raised} alerts fired."
            )
        return " ".join(self._sentence(score) for score in audit.detections)

    def _sentence(self, score: DetectionScore) -> str:
        what = f"{wording.words(score.kind.value).capitalize()} “{score.fault_id}”"
        if score.time_to_detect_ns is None:
            peak = wording.measure_text(score.expected_alert, score.peak)
            limit = wording.measure_text(score.expected_alert, score.threshold)
            return f"{what} was not noticed: it reached {peak}, the alert's threshold is {limit}."
        to_detect, from_onset = map(wording.duration_text, (score.time_to_detect_ns, score.time_from_onset_ns))
        sla = wording.duration_text(score.sla_ns)
        return f"{what} was noticed {to_detect} after it could be seen (SLA {sla}) and {from_onset} after its onset."

    # ---------------------------------------------------------------- charts

    def price_charts(self) -> list[tuple[str, Markup]]:
        """Price paths, those of the affected instruments first, with fault windows shaded and alerts marked."""
        subjects = {subject for label in self._observations.labels for subject in label.expected_subjects}
        prices, fundamentals = self._observations.prices, self._observations.fundamentals
        order = sorted(prices, key=lambda name: (_distance(name, subjects), name))
        charts = []
        for instrument in order:
            marks = [mark for subject, mark in self._alert_marks() if _touches(instrument, {subject})]
            lines = [Line("published", self._scaled(prices[instrument].points()))]
            truth = fundamentals[instrument].points() if instrument in fundamentals else []
            if truth and truth != prices[instrument].points():
                lines.append(Line("fundamental", self._scaled(truth)))
            chart = self._chart(lines, marks=marks, label=f"price of {instrument}", instrument=instrument)
            charts.append((instrument, chart))
        return charts

    def equity_chart(self) -> Markup | None:
        """The firm's equity."""
        points = [(at, exposure.equity_usd_minor) for at, exposure in self._observations.exposures]
        return self._chart([Line("equity", self._scaled(points))], label="equity of the firm") if points else None

    def position_charts(self) -> list[tuple[str, Markup]]:
        """Net position per asset."""
        exposures = self._observations.exposures
        charts = []
        for asset in ("BTC", "ETH", "USDT", "USD"):
            points = [(at, getattr(exposure, f"{asset.lower()}_minor")) for at, exposure in exposures]
            if any(value for _, value in points):
                line = Line(asset, self._scaled(points))
                charts.append((asset, self._chart([line], label=f"net position in {asset}")))
        return charts

    def unsettled_chart(self) -> Markup | None:
        """What waits for settlement, with the alerts on venues."""
        points = [(at, exposure.unsettled_usd_minor) for at, exposure in self._observations.exposures]
        venues = {venue.name for venue in self._result.scenario.ecosystem.venues}
        marks = [mark for subject, mark in self._alert_marks() if subject in venues]
        line = Line("unsettled", self._scaled(points))
        return self._chart([line], marks=marks, label="unsettled amounts") if points else None

    def strategy_chart(self) -> Markup | None:
        """Profit and loss by strategy, realised and unrealised, after fees."""
        lines = []
        for strategy, marks in sorted(self._observations.marks.items()):
            points = [(at, mark.realised_usd_minor + mark.unrealised_usd_minor) for at, mark in marks]
            lines.append(Line(strategy, self._scaled(points)))
        return self._chart(lines, label="profit and loss by strategy") if lines else None

    def _scaled(self, points: Sequence[tuple[Nanos, int]]) -> list[tuple[Nanos, float]]:
        return [(at - self._start, value / MINOR_UNITS_PER_WHOLE) for at, value in points]

    def _chart(self, lines: Sequence[Line], *, marks: Sequence[Mark] = (), label: str, instrument: str | None = None) -> Markup:
        """A chart with the fault windows; of an instrument, those of the faults that touch it or its assets."""
        windows = [
            Window(name, start - self._start, end - self._start)
            for name, subjects, start, end in self._windows()
            if instrument is None or _touches(instrument, subjects)
        ]
        svg = line_chart(lines, duration=self._duration, windows=windows, marks=marks, label=label)
        return Markup(svg)

    def _windows(self) -> list[tuple[str, set[str], Nanos, Nanos]]:
        end = self._start + self._result.simulated_ns
        closings = self._observations.closings
        aims = {fault.fault_id: {*fault.subjects} for _, fault in self._observations.faults}
        return [
            (
                label.fault_id,
                {*label.expected_subjects, *aims.get(label.fault_id, ())},
                label.onset_at,
                closings.get(label.fault_id, end),
            )
            for label in self._observations.labels
        ]

    def _alert_marks(self) -> list[tuple[str, Mark]]:
        return [
            (alert.subject, Mark(f"{wording.words(alert.kind.value)} {alert.severity.value}", alert.raised_at - self._start))
            for alert in self._observations.alerts
        ]

    # ---------------------------------------------------------------- tables

    def faults(self) -> list[dict[str, Any]]:
        """What was injected and when, from the coordinator's own words."""
        labels = {label.fault_id: label for label in self._observations.labels}
        rows = []
        for at, fault in self._observations.faults:
            label = labels.get(fault.fault_id)
            rows.append(
                {
                    "id": fault.fault_id,
                    "kind": fault.kind.value,
                    "component": fault.component,
                    "subjects": ", ".join(fault.subjects),
                    "set_at": at,
                    "onset_at": label.onset_at if label else None,
                    "ended_at": self._observations.closings.get(fault.fault_id),
                    "detectable": label.detectable if label else None,
                    "expected": label.expected_alert if label else None,
                    "threshold": label.threshold if label else 0,
                    "size": label.severity if label else 0,
                }
            )
        return rows

    def production_timeline(self) -> list[tuple[Nanos, str]]:
        """What the risk monitor said, as its users saw it."""
        names = {alert.alert_id: f"{wording.words(alert.kind.value)} on {alert.subject}" for alert in self._observations.alerts}
        rows = [(alert.raised_at, self._raised_text(alert)) for alert in self._observations.alerts]
        for at, change in self._observations.alert_changes:
            name = names.get(change.alert_id, f"alert {change.alert_id}")
            if isinstance(change, AlertResolved):
                rows.append((at, f"resolved: {name}"))
            elif isinstance(change, AlertEscalated):
                rows.append((at, f"escalated, nobody had acknowledged it: {name}"))
            else:
                observed = wording.measure_text(change.kind, change.observed)
                rows.append((at, f"now {change.severity.value}: {name}, at {observed}"))
        return sorted(rows, key=lambda row: row[0])

    def _raised_text(self, alert: AlertRaised) -> str:
        observed = wording.measure_text(alert.kind, alert.observed)
        threshold = wording.measure_text(alert.kind, alert.threshold)
        kind = wording.words(alert.kind.value)
        return f"ALERT {alert.severity.value}: {kind} on {alert.subject}, {observed} against {threshold}"

    def truth_timeline(self) -> list[tuple[Nanos, str]]:
        """What was true: faults, their effects, when each became detectable, and what each alert was worth."""
        rows = [(at, f"fault {fault.fault_id} set on {fault.component}") for at, fault in self._observations.faults]
        for label in self._observations.labels:
            rows.append((label.onset_at, f"{label.fault_id} took effect, first on {label.first_subject}"))
        audit = self._result.scored
        if audit is not None:
            for score in audit.detections:
                if score.detectable_at is not None:
                    rows.append((score.detectable_at, f"{score.fault_id} could be seen from here on"))
            for alert in audit.alerts:
                worth = _WORTH.get(alert.verdict, f"explained by {alert.fault_id}")
                rows.append((alert.raised_at, f"alert {wording.words(alert.kind.value)} on {alert.subject}: {worth}"))
        rows += [(at, f"{fault_id} ended") for fault_id, at in self._observations.closings.items()]
        # At one instant the order of the story stays: set, effect, could be seen, alert, ended.
        return sorted(rows, key=lambda row: row[0])


_WORTH = {
    AlertVerdict.UNATTRIBUTED: "its condition held without a fault",
    AlertVerdict.FALSE: "FALSE, its condition did not hold",
}


def _distance(instrument: str, subjects: set[str]) -> int:
    """How near an instrument is to what a fault aims at: itself or its base asset, its quote asset, or neither."""
    base, _, quote = instrument.partition("/")
    return 0 if instrument in subjects or base in subjects else 1 if quote in subjects else 2


def _touches(instrument: str, subjects: set[str]) -> bool:
    """Whether an alert's subject is the instrument, or one of its two assets."""
    return instrument in subjects or any(asset in subjects for asset in assets_about(instrument))
