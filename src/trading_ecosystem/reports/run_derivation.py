"""What follows from a whole record: audit's findings and the coordinator's verdict, as rows of their histories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from trading_ecosystem.adapters.scenario_audit import audit_of
from trading_ecosystem.adapters.scenario_files import parse_scenario
from trading_ecosystem.domains.audit import records as audit_records
from trading_ecosystem.domains.test_coordination import records as coordination_records
from trading_ecosystem.domains.test_coordination.criteria_judge import judge_run, measures_of
from trading_ecosystem.messages.envelope import Entry, Header
from trading_ecosystem.messages.risk import AlertRaised
from trading_ecosystem.ports.records import Change, Upsert


class RunDerivation:
    """See :class:`trading_ecosystem.adapters.derived_history.Fold`; gives the rows that the run's own verdict gives."""

    def __init__(self, header: Header) -> None:
        self._header = header
        name = Path(header.scenario_file).stem
        self._scenario = parse_scenario(header.scenario, header.scenario_file, name=name)
        self._audit = audit_of(self._scenario, header.seed) if header.audit else None
        self._alerts: list[AlertRaised] = []
        self._measures = measures_of(self._scenario, header.acting)

    def ingest(self, entry: Entry, line: bytes) -> None:
        """Take the next entry."""
        if self._audit is not None:
            self._audit.ingest(entry, line)
        self._measures.follow((entry,))
        if isinstance(entry.message, AlertRaised):
            self._alerts.append(entry.message)

    def changes(self) -> Mapping[str, Sequence[Change]]:
        """The rows of audit and of test coordination."""
        report = None
        if self._audit is not None:
            self._audit.finish()
            report = self._audit.report()
        scenario, header = self._scenario, self._header
        verdict = judge_run(
            scenario, report, self._alerts, self._measures, header.started_at, faults=header.faults, acting=header.acting
        )
        run = f"{scenario.name}-{header.seed}"
        return {
            coordination_records.NAMESPACE: [
                *coordination_records.scenario_changes(scenario),
                *coordination_records.verdict_changes(run, verdict),
            ],
            audit_records.NAMESPACE: [] if report is None else [Upsert(row) for row in audit_records.rows(report)],
        }
