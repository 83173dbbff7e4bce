"""Acknowledged signed orders a second through REST, beside a bare Litestar and msgspec endpoint in the same run.

Both servers live in processes of their own and are loaded in turns, so that what else the machine does meets both. An order is
acknowledged once it is committed. ``share`` is the median over the rounds of one round's ratio.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from benchmarks.door_load import load
from tests.server_processes import PostgresqlServer
from tests.servers import PASSWORDS, new_database

from trading_ecosystem.adapters.sql.migrate import migrate
from trading_ecosystem.adapters.sql.urls import parse_sql_store
from trading_ecosystem.settings import STORE_PASSWORD

SERVER = Path(__file__).with_name("door_server.py")
ROUNDS = 5
SECONDS = 3.0
ASKED = {"memory": 0.30, "sqlite": None, "postgresql": 0.15}
"""The share of the bare endpoint that is asked for."""


@contextmanager
def served(*arguments, environment=None):
    process = subprocess.Popen(
        [sys.executable, str(SERVER), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.stdin.close()
        process.wait(timeout=30)
        process.stdout.close()


@contextmanager
def store_of(kind, folder):
    if kind == "memory":
        yield "memory:"
    elif kind == "sqlite":
        yield f"sqlite:///{folder}/store"
    else:
        server = PostgresqlServer(fsync=True)
        try:
            server.start()
            with new_database(server.url) as url:
                asyncio.run(migrate(parse_sql_store(url), PASSWORDS))
                yield url
        finally:
            server.remove()


@pytest.mark.parametrize("kind", ["memory", "sqlite", "postgresql"])
def test_acknowledged_signed_orders(kind, tmp_path, monkeypatch):
    monkeypatch.setenv(STORE_PASSWORD, PASSWORDS.for_all)
    with ExitStack() as stack:
        store = stack.enter_context(store_of(kind, tmp_path))
        bare = stack.enter_context(served("bare"))
        ours = stack.enter_context(served(store))
        for target in (bare, ours):
            load(target, 1.0)
        rounds = [(load(bare, SECONDS), load(ours, SECONDS)) for _ in range(ROUNDS)]
    assert all(one.refused == 0 for pair in rounds for one in pair)
    share = statistics.median(ours.per_second / bare.per_second for bare, ours in rounds)
    for name, each in (("bare endpoint", [one for one, _ in rounds]), (f"orders, {kind}", [one for _, one in rounds])):
        rate, median, p99 = (
            statistics.median(getattr(one, figure) for one in each) for figure in ("per_second", "median", "p99")
        )
        print(f"\n{name:20} {rate:8,.0f} a second, median {median * 1e3:6.2f} ms, p99 {p99 * 1e3:7.2f} ms", end="")
    asked = f", asked {ASKED[kind]:.2f}" if ASKED[kind] else ""
    print(f"\nshare {share:.2f}{asked}")
