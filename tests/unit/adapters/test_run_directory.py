"""A run directory that lacks a file is bad input, said in one line before anything is run or read."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.evidence_packs import small_pack

from trading_ecosystem.adapters.evidence.signing import make_key
from trading_ecosystem.adapters.run_directory import RunDirectory
from trading_ecosystem.container import replay
from trading_ecosystem.ports.errors import BadInput


@pytest.mark.parametrize("name", ["header.json", "journal.jsonl.gz", "verdict.json"])
def test_a_file_that_is_missing_is_named(tmp_path: Path, name: str) -> None:
    small_pack(tmp_path / "run", make_key(tmp_path / "k.pem"), 3)
    (tmp_path / "run" / name).unlink()

    def told(done: float, total: float) -> None:
        pytest.fail("something was run")

    with pytest.raises(BadInput, match=f"run: .*there is no {name} in it"):
        replay(tmp_path / "run", progress=told)
    (tmp_path / "run" / name).mkdir()
    with pytest.raises(BadInput, match=f"there is no {name} in it"):
        replay(tmp_path / "run", progress=told)


def test_whoever_reads_the_lines_hears_of_a_missing_journal_at_once(tmp_path: Path) -> None:
    small_pack(tmp_path / "run", make_key(tmp_path / "k.pem"), 3)
    (tmp_path / "run" / "journal.jsonl.gz").unlink()
    with pytest.raises(BadInput, match=r"there is no journal.jsonl.gz in it; expected a whole run directory"):
        RunDirectory(tmp_path / "run").lines()
