"""How long rows are kept, and the archive that they go into before they leave a store.

Events are kept 90 days, correlations 365, the audit trail 2,555; balances, orders and whatever else is a state are kept as long
as the store, and so is the journal, from which all of it can be made again. Days count back from the newest entry of the
journal. An archive is a compressed file of rows as JSON lines, and beside it a checkpoint: how many rows, their SHA-256 and the
Merkle root over them. Audit's history keeps the same.
"""

from __future__ import annotations

import gzip
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import msgspec

from trading_ecosystem.adapters.domain_records import PROJECTIONS
from trading_ecosystem.domains.audit.merkle import MerkleTree
from trading_ecosystem.messages.units import DAY, Nanos
from trading_ecosystem.ports.records import HistoryStore, Record, Within

EVENTS: Final = 90 * DAY
CORRELATIONS: Final = 365 * DAY
AUDIT_TRAIL: Final = 2_555 * DAY


class Kept(msgspec.Struct, frozen=True):
    """One table, the instant of its rows that counts, and how long they are kept."""

    domain: str
    table: str
    field: str
    kept_ns: Nanos

    @property
    def record_type(self) -> type[Record]:
        """The records of the table."""
        (found,) = [one for one in PROJECTIONS[self.domain].RECORDS if one.table == self.table]
        return found


RETENTION: Final = (
    Kept("audit", "events", "at", EVENTS),
    Kept("audit", "lifecycles", "requested_at", CORRELATIONS),
    Kept("audit", "chains", "at", CORRELATIONS),
    Kept("audit", "conditions", "begun_at", CORRELATIONS),
    Kept("audit", "alert_findings", "raised_at", AUDIT_TRAIL),
    Kept("audit", "conservation_findings", "at", AUDIT_TRAIL),
    Kept("audit", "checkpoints", "at", AUDIT_TRAIL),
    Kept("audit", "scores", "onset_at", AUDIT_TRAIL),
    Kept("market_data", "price_histories", "minute_at", EVENTS),
    Kept("market_data", "trade_summaries", "published_at", EVENTS),
    Kept("market_data", "candles", "opened_at", CORRELATIONS),
    Kept("trading", "profit_and_loss_marks", "marked_at", EVENTS),
    Kept("risk", "position_snapshots", "minute_at", EVENTS),
    Kept("risk", "exposures", "reported_at", CORRELATIONS),
)
TIME_OF: Final = {(kept.domain, kept.table): kept.field for kept in RETENTION}


class Archive(msgspec.Struct, frozen=True):
    """The checkpoint of an archive: what it holds, and how to tell whether it is whole."""

    domain: str
    table: str
    until_at: Nanos
    rows: int
    file: str
    digest: str
    merkle_root: str


async def old_rows(history: HistoryStore, kept: Kept, until_at: Nanos) -> AsyncIterator[Record]:
    """Rows from before an instant in order of time, a day at a time."""
    kind, field = kept.record_type, kept.field
    at: Nanos = 0
    while True:
        first = await history.rows(kind, {field: Within(at, until_at)}, order=[field], limit=1)
        if not first:
            return
        start: Nanos = getattr(first[0], field)
        at = min(start + DAY, until_at)
        for row in await history.rows(kind, {field: Within(start, at)}, order=[field]):
            yield row


async def write_archive(history: HistoryStore, kept: Kept, until_at: Nanos, folder: Path) -> Archive:
    """Write the rows from before an instant, and the checkpoint, into a folder; both are on the disk when this returns."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{kept.domain}-{kept.table}-before-{until_at}.jsonl.gz"
    partial = file.with_suffix(".partial")
    digest, tree, count = hashlib.sha256(), MerkleTree(), 0
    # No time in the file, so that the same rows are the same bytes.
    with partial.open("wb") as raw:
        with gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as compressed:
            async for row in old_rows(history, kept, until_at):
                line = msgspec.json.encode(row)
                compressed.write(line + b"\n")
                digest.update(line + b"\n")
                tree.append(line)
                count += 1
        raw.flush()
        os.fsync(raw.fileno())
    archive = Archive(kept.domain, kept.table, until_at, count, file.name, digest.hexdigest(), tree.root().hex())
    checkpoint = file.with_name(file.name.removesuffix(".jsonl.gz") + ".checkpoint.json")
    with checkpoint.open("wb") as raw:
        raw.write(msgspec.json.format(msgspec.json.encode(archive), indent=2) + b"\n")
        raw.flush()
        os.fsync(raw.fileno())
    partial.replace(file)
    return archive
