"""Journal files: committed lines come back, damage is named, torn tails are cut."""

from __future__ import annotations

import gzip

import pytest

from trading_ecosystem.adapters.journal_files import CompressedJournal, read_lines
from trading_ecosystem.ports.errors import Corrupt

LINES = [f'{{"number":{number}}}'.encode() for number in range(5000)]


def test_a_compressed_journal_comes_back_and_is_the_same_file_for_the_same_lines(tmp_path):
    paths = [tmp_path / name for name in ("a.jsonl.gz", "b.jsonl.gz")]
    for path in paths:
        journal = CompressedJournal(path)
        for start in range(0, len(LINES), 700):
            journal.append(LINES[start : start + 700])
        assert len(journal) == len(LINES)
        journal.close()
        journal.close()
        assert list(journal.lines()) == LINES
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_damage_is_named_by_its_line(tmp_path):
    path = tmp_path / "journal.jsonl.gz"
    whole = gzip.compress(b"\n".join(LINES) + b"\n")
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Corrupt, match="damaged in line [0-9]+"):
        list(read_lines(path))
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 0x55
    path.write_bytes(flipped)
    with pytest.raises(Corrupt):
        list(read_lines(path))
    path.write_bytes(b"not gzip at all")
    with pytest.raises(Corrupt, match="damaged in line 1"):
        list(read_lines(path))
    plain = tmp_path / "journal.jsonl"
    plain.write_bytes(b"one\ntwo")
    with pytest.raises(Corrupt, match="line 2 is cut off"):
        list(read_lines(plain))
