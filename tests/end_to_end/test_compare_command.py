"""``compare`` as a person types it."""

from __future__ import annotations

import json

from typer.testing import CliRunner

import trading_ecosystem
from trading_ecosystem.cli import app


def test_two_run_directories_are_compared(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text("title: Small\nduration: 1m\n")
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        trading_ecosystem.run(path, seed=seed, out=tmp_path / name)
    one, again, other = (str(tmp_path / name) for name in ("one", "again", "other"))
    same = CliRunner().invoke(app, ["compare", one, again])
    assert (same.exit_code, "the records are the same" in same.stdout) == (0, True)
    differs = CliRunner().invoke(app, ["compare", one, other, "--json"])
    document = json.loads(differs.stdout)
    assert (differs.exit_code, document["same"]) == (1, False)
    assert document["difference"]["number"] >= 1
