"""What audit keeps entry by entry: the events themselves, so that nobody who asks for them has to read the journal.

And what was archived: where old rows were taken out of a store, a row here says which, and where they are.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from trading_ecosystem.domains.audit.chains import subject_of
from trading_ecosystem.messages.envelope import Entry, EntryKind
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.records import Record


class EventRecord(Record, frozen=True):
    """One entry of the journal: its envelope, what it is about, and the message as JSON."""

    table: ClassVar[str] = "events"
    key: ClassVar[tuple[str, ...]] = ("sequence",)
    partitioned_by: ClassVar[str | None] = "sequence"
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("trace",), ("cause",), ("type", "subject", "at"), ("at",))
    sequence: int
    at: Nanos
    kind: EntryKind
    sender: str
    cause: int | None
    trace: int
    type: str
    subject: str
    """The first of subject, instrument, asset, venue, receiver and account that the message has; else empty."""
    account: str
    """The account it concerns; empty where it concerns none."""
    message: str


class RetentionRecord(Record, frozen=True):
    """The rows of one table from before an instant were archived and then taken out of the store."""

    table: ClassVar[str] = "retentions"
    key: ClassVar[tuple[str, ...]] = ("domain", "kept_table", "until_at")
    domain: str
    kept_table: str
    until_at: Nanos
    """Rows of an instant before this one are gone."""
    rows: int
    archive: str
    """The name of the archive file."""
    digest: str
    """SHA-256 of the archive's rows, in hexadecimal."""
    merkle_root: str
    """Root over the archive's rows, which is its checkpoint."""


_encode = msgspec.json.Encoder().encode


def event_of(entry: Entry) -> EventRecord:
    """The record of an entry."""
    message = entry.message
    return EventRecord(
        entry.sequence,
        entry.at,
        entry.kind,
        entry.sender,
        entry.cause,
        entry.trace,
        type(message).__name__,
        subject_of(message),
        getattr(message, "account", ""),
        _encode(message).decode(),
    )
