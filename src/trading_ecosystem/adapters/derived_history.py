"""What follows from a whole record, written into the histories once the run has ended.

Audit's findings and the coordinator's verdict are no entries of the journal: they are folded from all of it, and may be folded
again at any time. A :class:`Derivation` does the folding; who puts an ecosystem together knows how to make one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from trading_ecosystem.domains.audit.records import NAMESPACE as AUDIT
from trading_ecosystem.domains.audit.records import CheckpointRecord
from trading_ecosystem.messages.envelope import Entry, Header
from trading_ecosystem.messages.test_coordination import RunEnded
from trading_ecosystem.ports.live_store import LiveStore
from trading_ecosystem.ports.records import Change, HistoryStore
from trading_ecosystem.runtime.replay import decode_line

_SLICE: Final = 500
"""Entries that are folded between two looks at the event loop."""


class Fold(Protocol):
    """One pass over a whole record."""

    def ingest(self, entry: Entry, line: bytes) -> None:
        """Take the next entry."""

    def changes(self) -> Mapping[str, Sequence[Change]]:
        """What follows, by domain; called once, after the last entry."""


Derivation = Callable[[Header], Fold]
"""Begins a pass over the record that a header is of."""


async def has_ended(journal: LiveStore) -> bool:
    """Whether the journal's last entry is the end of the run."""
    count = await journal.count()
    last = [line async for line in journal.lines(max(0, count - 1))]
    return bool(last) and isinstance(decode_line(last[-1], count).message, RunEnded)


async def derived_changes(journal: LiveStore, derivation: Derivation) -> Mapping[str, Sequence[Change]]:
    """What follows from everything in the journal."""
    header = await journal.header()
    if header is None:
        return {}
    fold, number = derivation(header), 0
    async for line in journal.lines():
        number += 1
        fold.ingest(decode_line(line, number), line)
        if not number % _SLICE:
            await asyncio.sleep(0)
    return fold.changes()


async def keep_derived(journal: LiveStore, stores: Mapping[str, HistoryStore], derivation: Derivation) -> bool:
    """Write what follows from a run that has ended, if it is not there; true once it is."""
    if not await has_ended(journal):
        return False
    count = await journal.count()
    # Audit's rows are written last, and with them the checkpoint over the whole record.
    if AUDIT in stores and await stores[AUDIT].rows(CheckpointRecord, {"entries": count}):
        return True
    changes = await derived_changes(journal, derivation)
    for namespace in sorted(changes, key=lambda name: name == AUDIT):
        if namespace in stores:
            await stores[namespace].take(changes[namespace])
    return True
