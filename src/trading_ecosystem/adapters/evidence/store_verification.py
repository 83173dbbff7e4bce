"""Checks the trail in a store against the witness: whoever has every right in the database can change all of it but that.

The journal's lines are compared with the last witnessed checkpoint, and audit's events, and what audit concluded, with the
journal's lines. The store need not be believed in anything: its own digests are looked at too, but prove nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import msgspec

from trading_ecosystem.adapters.audit_log import AuditLog
from trading_ecosystem.adapters.batch_digests import NO_BATCH, batch_digest
from trading_ecosystem.adapters.derived_history import Derivation
from trading_ecosystem.adapters.evidence.checkpoints import record_of
from trading_ecosystem.adapters.evidence.findings import Findings, FirstBad, Verification
from trading_ecosystem.adapters.evidence.signing import PublicKey
from trading_ecosystem.adapters.evidence.verification import bad_event, check_witnessed
from trading_ecosystem.adapters.evidence.witness import Witnessed, WitnessLine, of_record, read_witness
from trading_ecosystem.adapters.histories import open_histories
from trading_ecosystem.adapters.sql.stored_trail import StoredTrail, open_stored_trail
from trading_ecosystem.adapters.store_check import check_store
from trading_ecosystem.adapters.stores import FILES, MEMORY, check_kept, open_live_store
from trading_ecosystem.domains.audit.event_records import EventRecord, event_of
from trading_ecosystem.domains.audit.merkle import DIGEST_SIZE, leaf_hash
from trading_ecosystem.domains.audit.records import NAMESPACE as AUDIT
from trading_ecosystem.messages.envelope import Entry, Header, decode_entry
from trading_ecosystem.ports.errors import BadInput, PortError
from trading_ecosystem.settings import Passwords


def verify_store(
    url: str, key: PublicKey | None, witness_file: Path | None, derivation: Derivation, passwords: Passwords | None = None
) -> Verification:
    """Check the store behind a URL. Raises :class:`BadInput` for one that cannot be opened, or without a key or witness."""
    if key is None or witness_file is None:
        raise BadInput("audit verify", "a store is checked against its witness; expected --key KEY and --witness FILE")
    if url == MEMORY or url.startswith(FILES):
        raise BadInput("--store", f"{url} keeps no trail in a database; expected sqlite:///… or postgresql://…")
    check_kept(url)
    return asyncio.run(_verify(url, key, read_witness(witness_file), derivation, passwords))


async def _verify(
    url: str, key: PublicKey, lines: tuple[WitnessLine, ...], derivation: Derivation, passwords: Passwords | None
) -> Verification:
    trail = await open_stored_trail(url, passwords)
    try:
        check = _StoreCheck(trail, key, lines)
        await check.run()
    finally:
        await trail.close()
    if check.trusted:
        await _check_conclusions(check.found, url, derivation, passwords)
    return check.result()


async def _check_conclusions(found: Findings, url: str, derivation: Derivation, passwords: Passwords | None) -> None:
    """The rows that audit derived must follow from the journal, which is the witnessed one."""
    journal = await open_live_store(url, passwords)
    try:
        histories = await open_histories(url, passwords)
        try:
            compared = await check_store(journal, {AUDIT: histories[AUDIT]}, derivation)
        finally:
            for history in histories.values():
                await history.close()
    except (PortError, ValueError, TypeError) as error:
        found.check("findings", False, f"audit's rows are not readable: {error}")
        return
    finally:
        await journal.close()
    first = compared.shown[0] if compared.shown else None
    problem = "" if first is None else f"{first.place} {first.identity}: {first.problem}"
    if compared.differences > 1:
        problem += f"; and {compared.differences - 1:,} more: trading-ecosystem check --store says which"
    found.check("findings", not problem, problem, f"{compared.rows:,} rows of audit follow from the events")


class _StoreCheck:
    """One verification under way."""

    def __init__(self, trail: StoredTrail, key: PublicKey, lines: tuple[WitnessLine, ...]) -> None:
        self._trail = trail
        self._key = key
        self._lines = lines
        self._witness = Witnessed(())
        self._leaves = bytearray()
        self.found: Final = Findings()
        self.trusted = False
        """Whether the journal is the witnessed one and its events are audit's."""

    async def run(self) -> None:
        """Every check."""
        self._header(await self._trail.header())
        problem, index = await self._journal()
        log = AuditLog.of_leaves(bytes(self._leaves))
        check_witnessed(self.found, self._witness, log, self._key)
        differs = self._witness.first_difference(bytes(self._leaves))
        if differs is not None and (index is None or differs <= index):
            problem, index = "", differs
        await self._batches()
        events = await self._events()
        bad = [one for one in (index, None if events is None else events[0]) if one is not None]
        if bad:
            first = min(bad)
            self.found.bad = await self._described(first, problem if first == index else events[1] if events else "")
        self.trusted = not bad and self.found.passed

    def result(self) -> Verification:
        """Everything found."""
        log = AuditLog.of_leaves(bytes(self._leaves))
        return self.found.result(log.size, log.root().hex(), self._key.fingerprint, True, self._witness.entries)

    def _header(self, stored: Any) -> None:
        try:
            header = msgspec.json.decode(stored, type=Header)
        except (ValueError, TypeError) as error:
            self.found.check("header", False, f"is not readable: {error}")
            return
        self._witness = of_record(self._lines, record_of(header))
        self.found.check("header", True, "", "is readable")

    async def _journal(self) -> tuple[str, int | None]:
        """Read every line; returns what is wrong with the first row that is, and its index."""
        problem, bad, index = "", None, 0
        async for stored in self._trail.lines():
            line = stored.line
            wrong = ""
            if stored.line_number != index + 1:
                wrong = f"has the number {stored.line_number}"
            elif not isinstance(line, bytes):
                wrong = "is no line of bytes"
            elif _sequence_of(line) != stored.sequence:
                wrong = f"is kept under the sequence {stored.sequence}, and is another"
            if wrong and bad is None:
                problem, bad = wrong, index
            self._leaves += leaf_hash(line if isinstance(line, bytes) else b"")
            index += 1
        shown = f"{index:,} lines are in order"
        self.found.check("journal", bad is None, "" if bad is None else f"row {bad + 1} {problem}", shown)
        return problem, bad

    async def _batches(self) -> None:
        """The store's own chain of digests, which only shows accidents."""
        lines = self._trail.lines()
        before, end, problem = NO_BATCH, 0, ""
        async for batch in self._trail.batches():
            kept: list[bytes] = []
            while end + len(kept) < _number(batch.last_line):
                stored = await anext(lines, None)
                if stored is None:
                    break
                kept.append(stored.line if isinstance(stored.line, bytes) else b"")
            if batch.first_line != end + 1 or batch_digest(before, end + 1, kept) != batch.digest:
                problem = f"the digest of lines {end + 1} to {batch.last_line} is not theirs"
                break
            before, end = batch.digest, end + len(kept)
        if not problem and end * DIGEST_SIZE != len(self._leaves):
            problem = f"there is no digest of the lines after {end}"
        self.found.check("batches", not problem, problem, "the store's own digests agree")

    async def _events(self) -> tuple[int, str] | None:
        """Compare audit's events with the lines; returns the index of the first that differs, and how."""
        expected, events = self._entries(), self._trail.events()
        index = 0
        while True:
            entry, event = await anext(expected, None), await anext(events, None)
            if entry is None and event is None:
                self.found.check("audit events", True, "", f"{index:,} events of audit are the journal's")
                return None
            problem = _difference(entry, event)
            if problem:
                self.found.check("audit events", False, f"event {index} {problem}")
                return index, f"of audit {problem}"
            index += 1

    async def _entries(self) -> AsyncIterator[Entry]:
        """The journal's entries, up to one that is none."""
        async for stored in self._trail.lines():
            try:
                yield decode_entry(stored.line)
            except (ValueError, TypeError):
                return

    async def _described(self, index: int, problem: str) -> FirstBad:
        number = 0
        async for stored in self._trail.lines():
            if number == index:
                found = bad_event(index, stored.line if isinstance(stored.line, bytes) else b"")
                return msgspec.structs.replace(found, problem=problem or found.problem)
            number += 1
        return bad_event(index, None)


def _difference(entry: Entry | None, event: tuple[Any, ...] | None) -> str:
    if entry is None:
        return "follows from no entry of the journal"
    if event is None:
        return "is missing"
    wanted = msgspec.structs.astuple(event_of(entry))
    if event == wanted:
        return ""
    if event[0] != wanted[0]:
        return f"is missing, or of another sequence: {event[0]} stands where {wanted[0]} should"
    names = [name for name, is_now, was in zip(EventRecord.__struct_fields__, event, wanted, strict=True) if is_now != was]
    return f"has another {', '.join(names)}"


def _sequence_of(line: bytes) -> int | None:
    try:
        return msgspec.json.decode(line, type=_Numbered).sequence
    except ValueError:
        return None


class _Numbered(msgspec.Struct):
    sequence: int


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0
