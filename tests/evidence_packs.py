"""Small run directories with evidence, made from the first lines of a real run, for tests that damage them."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import msgspec
from tests.recorded_run import recorded_run

from trading_ecosystem.adapters.evidence.pack import Evidence, write_evidence
from trading_ecosystem.adapters.evidence.record_log import RecordLog
from trading_ecosystem.adapters.evidence.run_evidence import read_checkpoints
from trading_ecosystem.adapters.evidence.signing import SigningKey
from trading_ecosystem.adapters.evidence.witness import witness
from trading_ecosystem.adapters.journal_files import CompressedJournal
from trading_ecosystem.adapters.run_directory import HEADER, JOURNAL, VERDICT
from trading_ecosystem.runtime.replay import decode_line

CHECKPOINT_EVERY = 16


def recorded_lines(count: int) -> list[bytes]:
    """The first lines of the recorded run."""
    return list(islice(recorded_run().read_lines(), count))


def record_of_lines(lines: list[bytes], every: int = CHECKPOINT_EVERY) -> RecordLog:
    """What a run of these lines leaves for its evidence."""
    record = RecordLog(every)
    record.follow([decode_line(line, number) for number, line in enumerate(lines, 1)], lines)
    return record


def small_pack(folder: Path, key: SigningKey, count: int = 50, witness_file: Path | None = None) -> Evidence:
    """A directory as a run of so many entries leaves it."""
    folder.mkdir()
    lines, header = recorded_lines(count), recorded_run().header
    (folder / HEADER).write_bytes(msgspec.json.format(msgspec.json.encode(header)) + b"\n")
    write_journal(folder, lines)
    record = record_of_lines(lines)
    verdict = {"entries": count, "journal_digest": record.journal_digest, "merkle_root": record.log().root().hex()}
    (folder / VERDICT).write_bytes(msgspec.json.encode(verdict))
    evidence = write_evidence(folder, header, record, key)
    if witness_file is not None:
        witness(witness_file, read_checkpoints(folder), record.log())
    return evidence


def write_journal(folder: Path, lines: list[bytes]) -> None:
    """The journal's file of a directory."""
    journal = CompressedJournal(folder / JOURNAL)
    journal.append(lines)
    journal.close()
