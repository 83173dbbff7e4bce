"""Archives what a store need not keep any longer, and then takes it out."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from trading_ecosystem.adapters.histories import open_histories
from trading_ecosystem.adapters.retention import RETENTION, Kept, write_archive
from trading_ecosystem.adapters.sql.retain import delete_before, delete_old_snapshots
from trading_ecosystem.adapters.sql.urls import SqlStore, parse_sql_store
from trading_ecosystem.adapters.stores import check_kept, open_live_store
from trading_ecosystem.domains.audit.event_records import RetentionRecord
from trading_ecosystem.domains.audit.records import NAMESPACE as AUDIT
from trading_ecosystem.messages.units import DAY, Nanos
from trading_ecosystem.ports.errors import BadInput, Corrupt
from trading_ecosystem.ports.live_store import LiveStore
from trading_ecosystem.ports.records import HistoryStore, Upsert, Within
from trading_ecosystem.runtime.replay import decode_line
from trading_ecosystem.settings import Passwords


class Retained(msgspec.Struct, frozen=True):
    """What was, or would be, taken out of one table."""

    place: str
    days: int
    until_at: Nanos
    rows: int
    archive: str | None
    """The archive's file name; ``None`` where nothing was taken out."""


class Retention(msgspec.Struct, frozen=True):
    """What ``retain`` did, or would do."""

    applied: bool
    tables: tuple[Retained, ...]
    snapshots: int
    """Old snapshots of the journal that were deleted."""

    def text(self) -> str:
        """The outcome for a terminal."""
        done = "archived and taken out" if self.applied else "older, and would be archived and taken out with --apply"
        lines = [
            f"{one.place:32} {one.days:5,} days  {one.rows:10,} rows {done if one.rows else 'older'}"
            + (f": {one.archive}" if one.archive else "")
            for one in self.tables
        ]
        if self.applied:
            lines.append(f"{self.snapshots:,} old snapshots deleted")
        return "\n".join(lines) + "\n"


def retain_url(
    url: str, folder: Path, *, as_of: Nanos | None = None, apply: bool = False, passwords: Passwords | None = None
) -> Retention:
    """Archive and delete by the retention table; without ``apply`` only say what would be done."""
    check_kept(url)
    return asyncio.run(_retain(url, folder, as_of, apply, passwords))


async def _retain(url: str, folder: Path, as_of: Nanos | None, apply: bool, passwords: Passwords | None) -> Retention:
    store = parse_sql_store(url)
    # Nobody writes meanwhile: the journal is this process's.
    journal = await open_live_store(url, passwords)
    try:
        now = await _newest(journal, url) if as_of is None else as_of
        histories = await open_histories(url, passwords)
        try:
            tables = [await _retain_table(store, histories, kept, now - kept.kept_ns, folder, apply) for kept in RETENTION]
        finally:
            for history in histories.values():
                await history.close()
    finally:
        await journal.close()
    return Retention(apply, tuple(tables), await delete_old_snapshots(store) if apply else 0)


async def _retain_table(
    store: SqlStore, histories: dict[str, HistoryStore], kept: Kept, until_at: Nanos, folder: Path, apply: bool
) -> Retained:
    history, kind = histories[kept.domain], kept.record_type
    place, days = f"{kept.domain}.{kept.table}", kept.kept_ns // DAY
    totals = await history.totals(kind, {kept.field: Within(None, until_at)})
    rows = totals[0].count if totals else 0
    if not apply or not rows:
        return Retained(place, days, until_at, rows, None)
    archive = await write_archive(history, kept, until_at, folder)
    record = RetentionRecord(kept.domain, kept.table, until_at, archive.rows, archive.file, archive.digest, archive.merkle_root)
    # Said before it is done: a row that is gone is always one that was archived.
    await histories[AUDIT].take([Upsert(record)])
    deleted = await delete_before(store, kept.domain, kind, kept.field, until_at)
    if deleted != archive.rows:
        raise Corrupt(f"{store}: {deleted:,} rows of {place} were deleted, {archive.rows:,} archived in {archive.file}")
    return Retained(place, days, until_at, rows, archive.file)


async def _newest(journal: LiveStore, url: str) -> Nanos:
    count = await journal.count()
    async for line in journal.lines(max(0, count - 1)):
        return decode_line(line, count).at
    raise BadInput("--store", f"{parse_sql_store(url)} holds nothing yet")
