"""``run --store``, ``check`` and ``retain`` as a person uses them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

from tests.command_line import cli


def test_a_run_is_kept_checked_and_what_is_wrong_is_named(tmp_path):
    store = tmp_path / "store"
    settings = ("--set", "duration=10m", "--set", "clean_periods=[]")
    ran = cli("run", "quiet_day", *settings, "--out", tmp_path / "run", "--store", store)
    assert ran.returncode == 0, ran.stderr
    checked = cli("check", "--store", store, "--json")
    assert checked.returncode == 0, checked.stderr
    found = json.loads(checked.stdout)
    assert (found["differences"], found["behind"]) == (0, {})
    assert found["entries"] > 1000
    planned = cli("retain", "--store", store, "--as-of", "2030-01-01T00:00:00Z")
    assert planned.returncode == 0, planned.stderr
    assert "rows older, and would be archived and taken out with --apply" in planned.stdout

    with closing(sqlite3.connect(store / "custodian.sqlite")) as file, file:
        file.execute("UPDATE holdings SET amount_minor = amount_minor + 1 WHERE account = 'fund/maker' AND asset = 'BTC'")
    checked = cli("check", "--store", store)
    assert checked.returncode == 1
    assert "custodian.holdings ('custodian', 'fund/maker', 'BTC'" in checked.stdout


def test_what_cannot_be_used_is_one_line(tmp_path):
    for arguments, problem in (
        (("check", "--store", tmp_path / "new"), "there is no store in"),
        (("retain", "--store", tmp_path / "new", "--as-of", "tomorrow"), "'tomorrow' is no instant; expected one like"),
        (("run", "quiet_day", "--store", f"files:{tmp_path / 'files'}"), "keeps a journal and no history"),
    ):
        done = cli(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert problem in done.stderr
        assert done.stderr.count("\n") == 1
    assert not (tmp_path / "files").exists()
