"""Stores that fail under a live run: a database that is stopped or crashes, a disk that fills. Nobody has to help.

What was acknowledged stays; what could not be is refused with its reason; what is asked again with the same id happens once.
"""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from tests.campaign import CAMPAIGN
from tests.end_to_end.kill_driver import PATIENCE, Door, KillTest
from tests.end_to_end.test_kills import postgresql_reader, sqlite_reader
from tests.servers import PASSWORDS, new_database

from trading_ecosystem.adapters.sql.migrate import migrate
from trading_ecosystem.adapters.sql.urls import parse_sql_store

KINDS = ["sqlite", "files"] if CAMPAIGN else ["sqlite"]


def files_reader(folder):
    return lambda skip: (folder / "journal.jsonl").read_bytes().splitlines()[skip:]


def through(test, fails, recovers):
    """Trade, let the store fail, trade on, let it recover, ask again for what was refused, and compare; the reasons given."""
    door = Door(test.store, test.environment)
    try:
        door.wait_ready()
        test.retry_and_ask(door, wait=True)
        test.trade(door, 20)
        fails(door)
        reasons = until_refused(test, door)
        recovers(door)
        until_taken(test, door)
        asked = test.retry_and_ask(door, wait=True)
        test.let_pass(door, 0)
        door.stop()
    except BaseException:
        door.kill()
        raise
    test.judge(door, asked)
    test.finish()
    return reasons


def until_refused(test, door):
    """Ask until something is refused, then a few things more."""
    deadline = time.monotonic() + PATIENCE
    more = 5
    while more:
        assert time.monotonic() < deadline, "nothing was refused"
        number = test.next_id
        test.send(door)
        door.wait(lambda number=number: number in door.replies)
        more -= any("unavailable" in reply for reply in door.replies.values())
        time.sleep(0.02)
    return {reply["unavailable"] for reply in door.replies.values() if "unavailable" in reply}


def until_taken(test, door):
    """Ask again with the same ids until all of it is acknowledged."""
    deadline = time.monotonic() + PATIENCE
    while refused := [number for number, reply in door.replies.items() if "unavailable" in reply]:
        assert time.monotonic() < deadline, door.replies[refused[0]]
        for number in refused:
            del door.replies[number]
            door.send({"id": number, "message": test.doubtful[number]})
        door.wait(lambda refused=refused: set(refused) <= door.replies.keys())
        time.sleep(0.1)


@pytest.mark.parametrize("how", ["kill", "stop"] if CAMPAIGN else ["kill"])
def test_a_database_that_goes_and_comes_back(own_postgresql, how):
    with new_database(own_postgresql.url) as url:
        asyncio.run(migrate(parse_sql_store(url), PASSWORDS))
        test = KillTest(url, 3, postgresql_reader(url), {"TRADING_ECOSYSTEM_STORE_PASSWORD": PASSWORDS.for_all})
        reasons = through(test, lambda _: getattr(own_postgresql, how)(), lambda _: own_postgresql.start())
    assert all("postgresql://" in reason and PASSWORDS.for_all not in reason for reason in reasons)
    assert all(own_postgresql.password not in reason for reason in reasons)
    assert any("nothing is taken until the journal can be written: try again later" in reason for reason in reasons)


def stores_in(folder):
    return {
        "sqlite": (f"sqlite:///{folder}/store", sqlite_reader(folder / "store")),
        "files": (f"files:{folder}/store", files_reader(folder / "store")),
    }


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets one process limit the files of another")
def test_files_that_may_not_grow(tmp_path, kind):
    def limit(door, size):
        resource.prlimit(door.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    url, read = stores_in(tmp_path)[kind]
    reasons = through(KillTest(url, 4, read), lambda door: limit(door, 4096), lambda door: limit(door, resource.RLIM_INFINITY))
    assert all(str(tmp_path) in reason for reason in reasons)


def fill_up(file):
    while True:
        file.write(bytes(512))


@contextmanager
def small_disk(folder):
    """A file system of a few megabytes; skips where this user may not make one."""
    folder.mkdir()
    made = os.geteuid() == 0 and sys.platform == "linux"
    if not made or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("a small disk needs root, and mounts")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("kind", KINDS)
def test_a_disk_that_fills(tmp_path, kind):
    with small_disk(tmp_path / "disk") as disk:
        url, read = stores_in(disk)[kind]
        filler = disk / "filler"

        def fill(_):
            with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
                fill_up(file)

        reasons = through(KillTest(url, 5, read), fill, lambda _: filler.unlink())
    assert any("full" in reason or "No space left" in reason for reason in reasons)
