"""What a run left behind: the verdict, the record, and every domain's records as tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import msgspec

from trading_ecosystem.adapters.evidence.pack import Evidence
from trading_ecosystem.adapters.memory.records import MemoryRecordStore
from trading_ecosystem.domains.audit import records as audit_records
from trading_ecosystem.domains.custodian import records as custodian_records
from trading_ecosystem.domains.exchange import records as exchange_records
from trading_ecosystem.domains.market_data import records as market_data_records
from trading_ecosystem.domains.risk import records as risk_records
from trading_ecosystem.domains.test_coordination import records as test_coordination_records
from trading_ecosystem.domains.test_coordination.judge import Verdict
from trading_ecosystem.domains.test_coordination.scenario import RISK, Scenario
from trading_ecosystem.domains.trading import records as trading_records
from trading_ecosystem.messages.audit import AuditReport
from trading_ecosystem.messages.envelope import Entry, Header
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.errors import NotFound
from trading_ecosystem.ports.records import Record, changes_of
from trading_ecosystem.reports.impact import Impact
from trading_ecosystem.runtime.replay import decode_line

FOLLOWING: Final[tuple[ModuleType, ...]] = (
    market_data_records,
    exchange_records,
    custodian_records,
    trading_records,
    risk_records,
    test_coordination_records,
)
"""The domains whose records are projected from the journal."""


class RunResult(msgspec.Struct, frozen=True):
    """One finished run. ``passed`` is what the exit code of the command line says."""

    scenario: Scenario
    header: Header
    verdict: Verdict
    audit: AuditReport | None
    """What audit derived; ``None`` where audit was removed."""
    journal_digest: str
    entry_count: int
    deliveries: int
    """Messages handled by components, wake-ups included."""
    wall_seconds: float
    simulated_ns: Nanos
    folder: Path | None
    """The run directory, if one was written."""
    read_lines: Callable[[], Iterator[bytes]]
    """Reads the journal's lines from the first."""
    evidence: Evidence | None = None
    """What was signed, if a run directory was written."""
    impact: Impact | None = None
    """What the faults did, where the clean twin was run too."""

    @property
    def passed(self) -> bool:
        """Whether every expectation held and every clean period stayed clean."""
        return self.verdict.passed

    @property
    def scored(self) -> AuditReport | None:
        """What audit derived, with the scores and alerts of the acting monitor, whose verdict this is, in the first place."""
        if self.audit is None or self.header.acting == RISK:
            return self.audit
        acting = next(one for one in self.audit.monitors if one.monitor == self.header.acting)
        return msgspec.structs.replace(self.audit, detections=acting.detections, alerts=acting.alerts, chains=acting.chains)

    @property
    def without_effect(self) -> tuple[str, ...]:
        """The faults of the scenario that changed nothing in this run; none where nobody looked, or none were injected."""
        if self.audit is None or not self.header.faults:
            return ()
        labelled = {one.fault_id for one in self.audit.detections}
        return tuple(plan.lowest.id for plan in self.scenario.faults if plan.lowest.id not in labelled)

    def entries(self) -> Iterator[Entry]:
        """Every journal entry, decoded."""
        for number, line in enumerate(self.read_lines(), 1):
            yield decode_line(line, number)

    def table_names(self) -> list[str]:
        """Names for :meth:`table`: ``<domain>.<table>``."""
        modules = (*FOLLOWING, audit_records)
        return [f"{module.NAMESPACE}.{record.table}" for module in modules for record in module.RECORDS]

    def table(self, name: str) -> list[dict[str, Any]]:
        """The rows of one table as plain dicts, ready for ``pandas.DataFrame``; raises :class:`NotFound`."""
        namespace, _, table = name.partition(".")
        for module in (*FOLLOWING, audit_records):
            for record_type in module.RECORDS:
                if (module.NAMESPACE, record_type.table) == (namespace, table):
                    return [msgspec.structs.asdict(row) for row in self._rows(module, record_type)]
        raise NotFound(f"no table {name!r}; there are {', '.join(self.table_names())}")

    def _rows(self, module: ModuleType, record_type: type[Record]) -> Iterable[Record]:
        if module is audit_records and record_type in audit_records.REPORT_RECORDS:
            return [] if self.audit is None else audit_records.rows_of(self.audit, record_type)
        store = MemoryRecordStore(module)
        for entry in self.entries():
            store.take(changes_of(module, entry))
        if module is test_coordination_records:
            # The scenario and the verdict are no entries of the journal.
            store.take(test_coordination_records.scenario_changes(self.scenario))
            run = f"{self.scenario.name}-{self.header.seed}"
            store.take(test_coordination_records.verdict_changes(run, self.verdict))
        return store.rows(record_type)
