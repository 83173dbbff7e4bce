"""Nothing acknowledged is lost and nothing happens twice, however often the process is killed: on SQLite and on PostgreSQL.

See :mod:`tests.end_to_end.kill_driver` for what is done; :mod:`tests.end_to_end.independent_checker` judges it.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3

import asyncpg
import pytest
from tests.campaign import CAMPAIGN
from tests.end_to_end.independent_checker import Checker
from tests.end_to_end.kill_driver import DESK, KillTest
from tests.servers import PASSWORDS

from trading_ecosystem.adapters.sql.migrate import migrate
from trading_ecosystem.adapters.sql.urls import parse_sql_store
from trading_ecosystem.adapters.store_check import check_url
from trading_ecosystem.reports.run_derivation import RunDerivation

KILLS = 200 if CAMPAIGN else 2


def sqlite_reader(folder):
    def read(skip):
        if not (folder / "journal.sqlite").exists():
            return []  # killed before there was one
        connection = sqlite3.connect(f"file:{folder}/journal.sqlite?mode=ro", uri=True)
        try:
            if not connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'entries'").fetchone()[0]:
                return []
            rows = connection.execute("SELECT line FROM entries WHERE line_number > ? ORDER BY line_number", (skip,)).fetchall()
        finally:
            connection.close()
        return [bytes(line) for (line,) in rows]

    return read


def postgresql_reader(url):
    async def rows(skip):
        connection = await asyncpg.connect(url.partition("?")[0])
        try:
            return await connection.fetch("SELECT line FROM journal.entries WHERE line_number > $1 ORDER BY line_number", skip)
        finally:
            await connection.close()

    return lambda skip: [bytes(row["line"]) for row in asyncio.run(rows(skip))]


def killed(test):
    for _ in range(KILLS):
        test.round()
    test.finish()
    print(
        f"{test.kills} kills, {test.acknowledged} acknowledged, {test.retried} retried, {test.checker.lines} entries, "
        f"{test.checker.reconciled} reconciliations, {len(test.checker.settled)} trades settled"
    )


def check_histories(url):
    """All seven histories were followed through every kill, and are what the journal says."""
    found = check_url(url, RunDerivation)
    assert (found.differences, found.behind) == (0, {}), found.text()
    assert found.rows > 100


@pytest.mark.parametrize("seed", [1])
def test_kills_on_sqlite(tmp_path, seed):
    url = f"sqlite:///{tmp_path}/store"
    killed(KillTest(url, seed, sqlite_reader(tmp_path / "store")))
    check_histories(url)


@pytest.mark.parametrize("seed", [2])
def test_kills_on_postgresql(postgresql_url, seed, monkeypatch):
    asyncio.run(migrate(parse_sql_store(postgresql_url), PASSWORDS))
    environment = {"TRADING_ECOSYSTEM_STORE_PASSWORD": PASSWORDS.for_all}
    killed(KillTest(postgresql_url, seed, postgresql_reader(postgresql_url), environment))
    monkeypatch.setenv("TRADING_ECOSYSTEM_STORE_PASSWORD", PASSWORDS.for_all)
    check_histories(postgresql_url)


# ---- the checker finds what it is there to find


def entry(sequence, **message):
    return json.dumps({"sequence": sequence, "at": sequence, "trace": sequence, "message": message}).encode()


def posted(sequence, transfer_id="t", amount=5, free=5):
    values = {"account": DESK, "transfer_id": transfer_id, "kind": "deposit", "venue": "", "asset": "USD", "pledged_after": 0}
    return entry(sequence, type="TransferPosted", amount_minor=amount, free_after=free, **values)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([posted(1), posted(2, "u", 5, 10), posted(3, free=10)], None),
        ([posted(1), posted(2, free=10)], "free_after: said 10, computed 5"),
        ([posted(1), posted(2, amount=6)], "said before with other content"),
        ([posted(2), posted(1)], "does not follow"),
        (
            [
                entry(n, type="OrderAccepted", venue="v", account=DESK, client_order_id="c", order_id=n, quantity_lots=1)
                for n in (1, 2)
            ],
            "accepted twice",
        ),
        ([entry(1, type="ReconciliationCompleted", breaks=1)], "breaks: said 1, computed 0"),
        ([entry(1, type="TradeSettled", venue="v", instrument="i", trade_id=1)], "settled twice, or was never made"),
        ([entry(n, type="AssetsPledged", venue="v", number=1, account="a", asset="USD", amount_minor=1)
          for n in (1, 2)], "happened twice"),
    ],
)  # fmt: skip
def test_the_checker_finds_what_is_wrong(lines, problem):
    checker = Checker()
    checker.feed(lines)
    assert [problem in found for found in checker.problems] == ([True] if problem else [])


def test_the_checker_misses_what_was_acknowledged_and_compares_answers():
    checker = Checker()
    checker.feed([posted(1)])
    checker.acknowledged([{"sequence": 1, "at": 1, "said": []}])
    line = {"account": DESK, "venue": "", "asset": "USD", "amount_minor": 5}
    checker.compare([line], [], [], [], [], [])
    assert checker.problems == []
    checker.acknowledged([{"sequence": 1, "at": 1, "said": [[2, "TransferPosted"]]}, {"sequence": 3, "at": 3, "said": []}])
    assert ["lost" in problem for problem in checker.problems] == [True, True]
    checker.compare([{**line, "amount_minor": 6}], [], [], [], [], [])
    assert ["holdings" in checker.problems[2], "conservation" in checker.problems[3]] == [True, True]
