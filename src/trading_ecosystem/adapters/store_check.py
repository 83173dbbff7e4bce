"""Recomputes every history from the journal, and says where a store has something else.

The journal is the truth. Each history is compared at its own position: one that is behind is behind, and not wrong. Rows that
``retain`` has archived are not looked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from trading_ecosystem.adapters.derived_history import Derivation, derived_changes, has_ended
from trading_ecosystem.adapters.histories import open_histories
from trading_ecosystem.adapters.memory.history import MemoryHistory
from trading_ecosystem.adapters.retention import TIME_OF
from trading_ecosystem.adapters.stores import check_kept, open_live_store
from trading_ecosystem.domains.audit.event_records import EventRecord, RetentionRecord, event_of
from trading_ecosystem.domains.audit.records import NAMESPACE as AUDIT
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.errors import BadInput, Corrupt
from trading_ecosystem.ports.live_store import LiveStore
from trading_ecosystem.ports.records import HistoryStore, Record, Within
from trading_ecosystem.runtime.replay import decode_line

SHOWN: Final = 100
"""Differences that are described; the others are counted."""
_BATCH: Final = 5_000


class Difference(msgspec.Struct, frozen=True):
    """One row that is not what the journal says."""

    place: str
    """``schema.table``, or ``journal``."""
    identity: str
    problem: str


class StoreCheck(msgspec.Struct, frozen=True):
    """What was compared and what differs."""

    entries: int
    """Entries in the journal."""
    rows: int
    """Rows compared, over all histories."""
    behind: dict[str, int]
    """Histories that have not applied the whole journal, and how many entries they lack."""
    differences: int
    shown: tuple[Difference, ...]

    def text(self) -> str:
        """The findings for a terminal."""
        lines = [f"{self.entries:,} entries in the journal, {self.rows:,} rows compared, {_counted(self.differences)}"]
        lines += [f"{name} is {entries:,} entries behind" for name, entries in self.behind.items()]
        lines += [f"{one.place} {one.identity}: {one.problem}" for one in self.shown]
        if self.differences > len(self.shown):
            lines.append(f"and {self.differences - len(self.shown):,} more")
        return "\n".join(lines) + "\n"


def check_url(url: str, derivation: Derivation) -> StoreCheck:
    """Check the store behind a URL."""
    check_kept(url)
    return asyncio.run(_check_url(url, derivation))


async def _check_url(url: str, derivation: Derivation) -> StoreCheck:
    journal = await open_live_store(url)
    try:
        if await journal.header() is None:
            raise BadInput("--store", f"{url} holds nothing yet")
        histories = await open_histories(url)
        try:
            return await check_store(journal, histories, derivation)
        finally:
            for history in histories.values():
                await history.close()
    finally:
        await journal.close()


async def check_store(journal: LiveStore, histories: Mapping[str, HistoryStore], derivation: Derivation) -> StoreCheck:
    """Compare every history with what the journal says it is."""
    check = _Check(histories)
    await check.begin()
    try:
        batch: list[Entry] = []
        async for line in journal.lines():
            batch.append(decode_line(line, check.entries + len(batch) + 1))
            if len(batch) >= _BATCH:
                await check.follow(batch)
                batch = []
        await check.follow(batch)
        if await has_ended(journal):
            for name, changes in (await derived_changes(journal, derivation)).items():
                if name in check.expected:
                    await check.expected[name].take(changes)
    except Corrupt as error:
        check.differs("journal", f"after line {check.entries}", str(error))
        return check.result()
    await check.compare()
    return check.result()


def _counted(differences: int) -> str:
    return "1 difference" if differences == 1 else f"{differences:,} differences"


class _Check:
    """One comparison under way."""

    def __init__(self, histories: Mapping[str, HistoryStore]) -> None:
        self.histories = histories
        self.expected = {name: MemoryHistory(history.projection) for name, history in histories.items()}
        self.entries = 0
        self._rows = 0
        self._positions: dict[str, int] = {}
        self._behind = dict.fromkeys(histories, 0)
        self._archived: dict[tuple[str, str], Nanos] = {}
        self._events_until = 0
        self._differences = 0
        self._shown: list[Difference] = []

    async def begin(self) -> None:
        """Learn how far the histories are and what of them was archived."""
        for name, history in self.histories.items():
            self._positions[name] = await history.position()
        if AUDIT in self.histories:
            for one in await self.histories[AUDIT].rows(RetentionRecord):
                place = (one.domain, one.kept_table)
                self._archived[place] = max(one.until_at, self._archived.get(place, 0))

    def differs(self, place: str, identity: str, problem: str) -> None:
        """Count a difference."""
        self._differences += 1
        if len(self._shown) < SHOWN:
            self._shown.append(Difference(place, identity, problem))

    def result(self) -> StoreCheck:
        """What was found."""
        behind = {name: entries for name, entries in self._behind.items() if entries}
        return StoreCheck(self.entries, self._rows, behind, self._differences, tuple(self._shown))

    async def follow(self, batch: Sequence[Entry]) -> None:
        """Apply entries to what is expected, as far as each history has come; events are compared at once."""
        self.entries += len(batch)
        for name, expected in self.expected.items():
            applied = [entry for entry in batch if entry.sequence <= self._positions[name]]
            self._behind[name] += len(batch) - len(applied)
            if not applied:
                continue
            if name == AUDIT:
                await self._compare_events(applied)
            else:
                await expected.apply(applied)

    async def _compare_events(self, entries: Sequence[Entry]) -> None:
        # From the last batch's end on, so that events of no entry are found too.
        first, last = self._events_until, entries[-1].sequence
        self._events_until = last + 1
        stored = await self.histories[AUDIT].rows(EventRecord, {"sequence": Within(first, last + 1)})
        self._compare_rows(AUDIT, EventRecord, map(event_of, entries), stored)

    async def compare(self) -> None:
        """Compare everything but events."""
        for name, history in self.histories.items():
            for kind in history.projection.RECORDS:
                if kind is EventRecord:
                    beyond = await history.rows(EventRecord, {"sequence": Within(self._events_until)}, limit=SHOWN)
                    self._compare_rows(name, kind, (), beyond)
                elif kind is not RetentionRecord:
                    self._compare_rows(name, kind, await self.expected[name].rows(kind), await history.rows(kind))

    def _compare_rows(self, name: str, kind: type[Record], expected: Iterable[Record], stored: Iterable[Record]) -> None:
        place = f"{name}.{kind.table}"
        until = self._archived.get((name, kind.table))
        if until is not None:
            field = TIME_OF[name, kind.table]
            expected = [row for row in expected if not _before(row, field, until)]
            stored = [row for row in stored if not _before(row, field, until)]
        found = {row.identity(): row for row in stored}
        for row in expected:
            self._rows += 1
            other = found.pop(row.identity(), None)
            if other is None:
                self.differs(place, str(row.identity()), "is missing")
            elif other != row:
                self.differs(place, str(row.identity()), _changed_fields(row, other))
        for identity in found:
            self._rows += 1
            self.differs(place, str(identity), "is there, and follows from no entry")


def _before(row: Record, field: str, until: Nanos) -> bool:
    value: Any = getattr(row, field)
    return value is not None and value < until


def _changed_fields(expected: Record, stored: Record) -> str:
    changed = [
        f"{name} is {getattr(stored, name)!r}, should be {getattr(expected, name)!r}"
        for name in expected.__struct_fields__
        if getattr(expected, name) != getattr(stored, name)
    ]
    return "; ".join(changed)[:500]
