"""Evidence of what a store keeps: telling the witness how far it is, and exporting it as a directory of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

import msgspec

from trading_ecosystem.adapters.evidence.pack import Evidence, signed_checkpoints, write_evidence
from trading_ecosystem.adapters.evidence.record_log import RecordLog
from trading_ecosystem.adapters.evidence.run_evidence import check_outside
from trading_ecosystem.adapters.evidence.signing import SigningKey
from trading_ecosystem.adapters.evidence.witness import read_witness, witness
from trading_ecosystem.adapters.run_directory import HEADER, RunDirectoryWriter
from trading_ecosystem.adapters.stores import check_kept, open_live_store
from trading_ecosystem.messages.envelope import Entry, Header
from trading_ecosystem.ports.errors import BadInput
from trading_ecosystem.ports.live_store import LiveStore
from trading_ecosystem.runtime.replay import decode_line
from trading_ecosystem.settings import Passwords

_BATCH: Final = 2_048


class StoreEvidence(msgspec.Struct, frozen=True):
    """What was signed of a store."""

    record: str
    entries: int
    merkle_root: str
    fingerprint: str
    witnessed: int
    """Checkpoints that the witness was told."""
    directory: str | None
    """The directory that was written."""
    key_made: str | None = None
    """The private key's file, where it was made for this."""

    def text(self) -> str:
        """What was done, for a terminal."""
        where = "" if self.directory is None else f"exported to {self.directory}\n"
        made = "" if self.key_made is None else f"signed with {self.key_made}, made for it: keep it secret\n"
        return f"{where}{self.entries:,} events, Merkle root {self.merkle_root}; {self.witnessed} checkpoints witnessed\n{made}"


def witness_store(url: str, key: SigningKey, witness_file: Path, passwords: Passwords | None = None) -> StoreEvidence:
    """Sign how far a store is and tell the witness; the store is not running."""
    check_kept(url)
    return asyncio.run(_witness_store(url, key, witness_file, passwords))


def export_store(
    url: str, out: Path, key: Callable[[], SigningKey], witness_file: Path | None, passwords: Passwords | None = None
) -> StoreEvidence:
    """Write a store's record and its evidence as a directory; the store is not running.

    ``key`` is asked for once the whole record was read, so that none is made for a store that cannot be exported. Raises
    :class:`BadInput` for a store that is not there, and for a witness that cannot be used.
    """
    check_kept(url)
    check_outside(out, witness_file)
    if witness_file is not None and witness_file.exists():
        read_witness(witness_file)
    return asyncio.run(_export_store(url, out, key, witness_file, passwords))


async def _witness_store(url: str, key: SigningKey, witness_file: Path, passwords: Passwords | None) -> StoreEvidence:
    journal = await open_live_store(url, passwords)
    try:
        header, record = await _header(journal, url), RecordLog()
        async for entries, lines in _batches(journal):
            record.follow(entries, lines)
    finally:
        await journal.close()
    log = record.log()
    checkpoints = signed_checkpoints(header, record, log, key)
    added = witness(witness_file, checkpoints, log)
    name = checkpoints[-1].record if checkpoints else ""
    return StoreEvidence(name, record.entries, log.root().hex(), key.public.fingerprint, added, None)


async def _export_store(
    url: str, out: Path, key: Callable[[], SigningKey], witness_file: Path | None, passwords: Passwords | None
) -> StoreEvidence:
    journal = await open_live_store(url, passwords)
    try:
        header, record = await _header(journal, url), RecordLog()
        with RunDirectoryWriter(out) as writer:
            writer.write_json(HEADER, header)
            async for entries, lines in _batches(journal):
                writer.journal.append(lines)
                record.follow(entries, lines)
            writer.journal.close()
            signing = key()
            evidence = write_evidence(writer.folder, header, record, signing)
            writer.finish()
    finally:
        await journal.close()
    log = record.log()
    added = 0 if witness_file is None else witness(witness_file, signed_checkpoints(header, record, log, signing), log)
    return _exported(evidence, added, out)


def _exported(evidence: Evidence, added: int, out: Path) -> StoreEvidence:
    made = evidence.key if evidence.key_made else None
    return StoreEvidence(evidence.record, evidence.entries, evidence.merkle_root, evidence.fingerprint, added, str(out), made)


async def _header(journal: LiveStore, url: str) -> Header:
    header = await journal.header()
    if header is None:
        raise BadInput("--store", f"{url} holds nothing yet")
    return header


async def _batches(journal: LiveStore) -> AsyncIterator[tuple[list[Entry], list[bytes]]]:
    lines: list[bytes] = []
    number = 0
    async for line in journal.lines():
        lines.append(line)
        if len(lines) == _BATCH:
            yield [decode_line(one, number + place) for place, one in enumerate(lines, 1)], lines
            number, lines = number + len(lines), []
    if lines:
        yield [decode_line(one, number + place) for place, one in enumerate(lines, 1)], lines
