"""Events and what was found about them: traces, chains of causes, similar events, lifecycles, scores."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from trading_ecosystem.domains.audit.event_records import EventRecord, RetentionRecord
from trading_ecosystem.domains.audit.records import (
    AlertFindingRecord,
    ChainStepRecord,
    CheckpointRecord,
    ConditionRecord,
    ConservationFindingRecord,
    LifecycleRecord,
    ScoreRecord,
)
from trading_ecosystem.messages.units import MINUTE, Nanos
from trading_ecosystem.ports.records import HistoryStore, OneOf, Within

DEEPEST = 100
"""Steps of a chain that are followed at most, whatever is asked for."""
_TOGETHER = 1_000
"""Causes that one query asks for."""


class Activity(msgspec.Struct, frozen=True):
    """How much one component said in one interval."""

    sender: str
    begun_at: Nanos
    events: int


class Findings(msgspec.Struct, frozen=True):
    """What audit found about one run, other than its scores."""

    alerts: list[AlertFindingRecord]
    conservation: list[ConservationFindingRecord]
    conditions: list[ConditionRecord]


class AuditHistory:
    """Queries over the records of ``audit``."""

    def __init__(self, history: HistoryStore) -> None:
        self._history = history

    async def event(self, sequence: int) -> EventRecord:
        """One event; raises :class:`trading_ecosystem.ports.errors.NotFound`."""
        return await self._history.get(EventRecord, (sequence,))

    async def events(
        self,
        *,
        types: Sequence[str] = (),
        sender: str | None = None,
        account: str | None = None,
        subject: str | None = None,
        since: Nanos | None = None,
        until: Nanos | None = None,
        limit: int | None = None,
    ) -> list[EventRecord]:
        """Events that meet all of these, in order."""
        asked = {"sender": sender, "account": account, "subject": subject, "type": OneOf(tuple(types)) if types else None}
        where = {name: value for name, value in asked.items() if value is not None}
        return await self._history.rows(EventRecord, {**where, "at": Within(since, until)}, order=["sequence"], limit=limit)

    async def counts(self, since: Nanos | None = None, until: Nanos | None = None) -> dict[str, int]:
        """How many events there are of each type."""
        totals = await self._history.totals(EventRecord, {"at": Within(since, until)}, by=["type"])
        return {total.group[0]: total.count for total in totals}

    async def activity(self, since: Nanos, until: Nanos, every: Nanos = MINUTE) -> list[Activity]:
        """How much each component said in each interval of a range, in order of time."""
        found: list[Activity] = []
        begun = since
        while begun < until:
            ends = min(begun + every, until)
            totals = await self._history.totals(EventRecord, {"at": Within(begun, ends)}, by=["sender"])
            found += [Activity(total.group[0], begun, total.count) for total in totals]
            begun = ends
        return found

    async def trace(self, trace: int) -> list[EventRecord]:
        """Everything said in one unbroken chain of causes, in order."""
        return await self._history.rows(EventRecord, {"trace": trace}, order=["sequence"])

    async def causes(self, sequence: int, max_depth: int = DEEPEST) -> list[EventRecord]:
        """An event, what it was said in answer to, what that was said in answer to, and so on; at most so many steps back."""
        chain = [await self.event(sequence)]
        while chain[-1].cause is not None and len(chain) <= min(max_depth, DEEPEST):
            found = await self._history.rows(EventRecord, {"sequence": chain[-1].cause})
            if not found:
                # Its cause was archived.
                break
            chain += found
        return chain

    async def consequences(self, sequence: int, max_depth: int = DEEPEST) -> list[list[EventRecord]]:
        """What was said in answer to an event, in answer to that, and so on: one list a step, at most so many steps."""
        steps: list[list[EventRecord]] = []
        heads: tuple[int, ...] = (sequence,)
        while heads and len(steps) < min(max_depth, DEEPEST):
            found: list[EventRecord] = []
            for start in range(0, len(heads), _TOGETHER):
                some = OneOf(heads[start : start + _TOGETHER])
                found += await self._history.rows(EventRecord, {"cause": some}, order=["sequence"])
            if found:
                steps.append(sorted(found, key=lambda event: event.sequence))
            heads = tuple(event.sequence for event in found)
        return steps

    async def similar(self, sequence: int, *, within: Nanos | None = None, limit: int = 20) -> list[EventRecord]:
        """Events of the same type about the same subject, the nearest in time first."""
        event = await self.event(sequence)
        where = {"type": event.type, "subject": event.subject}
        before = await self._history.rows(
            EventRecord,
            {**where, "sequence": Within(None, sequence), "at": Within(None if within is None else event.at - within)},
            order=["-at", "-sequence"],
            limit=limit,
        )
        after = await self._history.rows(
            EventRecord,
            {
                **where,
                "sequence": Within(sequence + 1),
                "at": Within(None, None if within is None else event.at + within + 1),
            },
            order=["at", "sequence"],
            limit=limit,
        )
        nearest = sorted([*before, *after], key=lambda one: (abs(one.at - event.at), one.sequence))
        return nearest[:limit]

    async def lifecycles(self, account: str, run: str | None = None) -> list[LifecycleRecord]:
        """Orders of an account from request to settlement, in the order of the requests."""
        where = {"account": account} if run is None else {"account": account, "run": run}
        return await self._history.rows(LifecycleRecord, where)

    async def chain_of(self, run: str, fault_id: str) -> list[ChainStepRecord]:
        """The steps from a fault to the alerts that noticed it."""
        return await self._history.rows(ChainStepRecord, {"run": run, "fault_id": fault_id})

    async def findings(self, run: str) -> Findings:
        """Alerts judged, contradictions, and when conditions held, in one run."""
        where = {"run": run}
        return Findings(
            await self._history.rows(AlertFindingRecord, where),
            await self._history.rows(ConservationFindingRecord, where),
            await self._history.rows(ConditionRecord, where),
        )

    async def scores(self, run: str) -> list[ScoreRecord]:
        """Every fault of a run and whether it was noticed."""
        return await self._history.rows(ScoreRecord, {"run": run})

    async def checkpoints(self, run: str) -> list[CheckpointRecord]:
        """Merkle roots in the order of the record."""
        return await self._history.rows(CheckpointRecord, {"run": run}, order=["entries"])

    async def retentions(self) -> list[RetentionRecord]:
        """What was archived and taken out of the stores."""
        return await self._history.rows(RetentionRecord)
