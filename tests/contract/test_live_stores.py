"""One contract for everything that can keep a live ecosystem: memory, a folder of files, SQLite, PostgreSQL."""

from __future__ import annotations

import asyncio

import pytest
from tests.contract.live_stores import KINDS, LiveStores

from trading_ecosystem.messages.envelope import Header
from trading_ecosystem.ports.errors import Conflict
from trading_ecosystem.ports.live_store import StoredSnapshot

HEADER = Header(
    format=1, engine_version="1", platform="p", scenario_file="s.yaml", scenario="title: ü\n", seed=7, started_at=9, audit=True
)


def line(number, word="a"):
    return f'{{"sequence":{3 * number},"at":{number},"kind":"said","word":"{word}"}}'.encode()


LINES = [line(number) for number in range(1, 5001)]


@pytest.fixture(params=KINDS)
def stores(request, tmp_path):
    return LiveStores(request.param, tmp_path, request)


def run(stores, *steps):
    """Run each step on a store of its own, opened anew, and close it: what is kept has to outlive that."""

    async def one(step):
        store = await stores.open()
        try:
            return await step(store)
        finally:
            await store.close()
            await store.close()

    return [asyncio.run(one(step)) for step in steps]


async def all_lines(store, skip=0):
    return [line async for line in store.lines(skip)]


def test_a_fresh_store_is_empty_and_is_begun_once(stores):
    async def fresh(store):
        assert await store.header() is None
        assert await store.count() == 0
        assert await all_lines(store) == []
        assert await store.snapshot() is None
        await store.begin(HEADER)

    async def begun(store):
        assert await store.header() == HEADER
        with pytest.raises(Conflict):
            await store.begin(HEADER)

    run(stores, fresh, begun)


@pytest.mark.parametrize("size", [1, 7, 2500])
def test_lines_come_back_in_order_from_anywhere(stores, size):
    lines = LINES[: 12 * size]

    async def write(store):
        for start in range(0, len(lines), size):
            await store.append(start + 1, lines[start : start + size])
        assert await store.count() == len(lines)

    async def read(store):
        assert await store.count() == len(lines)
        for skip in (0, 1, size, len(lines) - 1, len(lines), len(lines) + 5):
            assert await all_lines(store, skip) == lines[skip:]

    run(stores, write, read)


def test_the_same_append_again_changes_nothing_and_another_is_refused(stores):
    async def write(store):
        await store.append(1, LINES[:3])
        await store.append(4, LINES[3:6])
        await store.append(4, LINES[3:6])

    async def again(store):
        await store.append(4, LINES[3:6])
        await store.append(2, LINES[1:5])
        await store.append(5, LINES[4:8])
        assert await store.count() == 8
        with pytest.raises(Conflict):
            await store.append(4, [line(4, "b"), *LINES[4:6]])
        with pytest.raises(Conflict):
            await store.append(10, LINES[9:11])
        with pytest.raises(Conflict):
            await store.append(0, LINES[:2])
        assert await all_lines(store) == LINES[:8]
        await store.append(9, LINES[8:9])

    async def read(store):
        assert await all_lines(store) == LINES[:9]

    run(stores, write, again, read)


def test_bytes_are_kept_as_they_are(stores):
    odd = [b'{"sequence":1,"text":"\xc3\xbc \\u0000 \\n"}', b'{"sequence":2,"big":' + b"9" * 100_000 + b"}", b'{"sequence":3}']

    async def write(store):
        await store.append(1, odd)

    async def read(store):
        assert await all_lines(store) == odd

    run(stores, write, read)


def test_the_newest_snapshot_is_kept(stores):
    first, second = StoredSnapshot(2, "1", b"{}" * 10), StoredSnapshot(4, "2", bytes(range(256)) * 1000)

    async def write(store):
        await store.append(1, LINES[:4])
        await store.keep_snapshot(first)
        assert await store.snapshot() == first
        await store.keep_snapshot(second)

    async def read(store):
        assert await store.snapshot() == second
        # Another engine version's at the same place, as an upgrade leaves it.
        await store.keep_snapshot(StoredSnapshot(4, "3", b"[]"))
        assert await store.snapshot("3") == StoredSnapshot(4, "3", b"[]")

    run(stores, write, read)


def test_two_cannot_have_one_store(stores, monkeypatch):
    if stores.kind == "memory":
        pytest.skip("nobody else sees this process's memory")
    monkeypatch.setattr("trading_ecosystem.adapters.sql.live_store.LOCK_WAIT", 0.1)

    async def first(store):
        with pytest.raises(Conflict, match="is in use by"):
            await stores.open()
        await store.close()
        await (await stores.open()).close()

    run(stores, first)
