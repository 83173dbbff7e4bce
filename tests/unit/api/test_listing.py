"""Pages of long lists: together they are the whole list, in order, whatever ties at their edges."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading_ecosystem.adapters.memory.history import MemoryHistory
from trading_ecosystem.api.problems import InvalidRequest
from trading_ecosystem.api.rest.bodies import cursor_text
from trading_ecosystem.api.rest.listing import page_by, span
from trading_ecosystem.domains.market_data import records
from trading_ecosystem.domains.market_data.records import PriceSample
from trading_ecosystem.messages.units import SECOND
from trading_ecosystem.ports.records import Upsert, Within

names = st.sampled_from(["BTC/USD", "ETH/USD", "ETH/BTC", "USDT/USD"])
rows = st.lists(st.tuples(names, st.integers(0, 6)), max_size=40, unique=True)
bounds = st.one_of(st.none(), st.integers(0, 7))


async def pages(samples, limit, newest_first, within):
    store = MemoryHistory(records)
    await store.take(Upsert(PriceSample(name, minute, 1, minute)) for name, minute in samples)
    found, cursor, reads = [], None, 0
    while True:
        page = await page_by(
            store,
            PriceSample,
            {},
            "minute_at",
            lambda one: one,
            within=within,
            cursor=cursor,
            limit=limit,
            newest_first=newest_first,
        )
        assert len(page.items) <= limit
        found += page.items
        reads += 1
        if page.next_cursor is None:
            return found, reads
        assert len(page.items) == limit
        cursor = page.next_cursor


@given(rows, st.integers(1, 5), st.booleans(), bounds, bounds)
def test_the_pages_are_the_list(samples, limit, newest_first, first, below):
    found, reads = asyncio.run(pages(samples, limit, newest_first, Within(first, below)))
    inside = [one for one in samples if (first is None or one[1] >= first) and (below is None or one[1] < below)]
    expected = sorted(inside, key=lambda one: (-one[1] if newest_first else one[1], one[0]))
    assert [(one.instrument, one.minute_at) for one in found] == expected
    assert reads == max(1, -(-len(expected) // limit))


@pytest.mark.parametrize("key", [(), (1,), ("x", "BTC/USD", 1), (1, "BTC/USD"), (2**70, "BTC/USD", 1), (1, 2, 3)])
def test_a_foreign_cursor_is_refused(key):
    async def read():
        store = MemoryHistory(records)
        await page_by(store, PriceSample, {}, "minute_at", lambda one: one, cursor=cursor_text(key), limit=5)

    with pytest.raises(InvalidRequest, match="cursor: is no cursor of this list"):
        asyncio.run(read())


def test_a_span_is_half_open_and_runs_forwards():
    assert span(None, None) == Within(None, None)
    assert span("1970-01-01T00:00:01Z", "1970-01-01T00:00:02Z") == Within(SECOND, 2 * SECOND)
    with pytest.raises(InvalidRequest, match="until: lies before since"):
        span("1970-01-01T00:00:02Z", "1970-01-01T00:00:01Z")
