"""Keeps a finished run in a store: its journal, and the histories that follow from it.

It may be tried again after it broke off: what is there already stays, and the rest is added.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Final

from trading_ecosystem.adapters.derived_history import Derivation, keep_derived
from trading_ecosystem.adapters.histories import open_histories
from trading_ecosystem.adapters.stores import open_live_store
from trading_ecosystem.messages.envelope import Header
from trading_ecosystem.ports.errors import BadInput
from trading_ecosystem.ports.live_store import LiveStore
from trading_ecosystem.ports.records import HistoryStore
from trading_ecosystem.runtime.replay import decode_line

BATCH: Final = 4_096
"""Lines in one batch of the journal and in one transaction of a history."""


def check_usable(url: str) -> None:
    """Raise :class:`BadInput` now where a run could not be kept in a store afterwards."""
    asyncio.run(_check_usable(url))


def keep_run(url: str, header: Header, lines: Iterable[bytes], derivation: Derivation) -> int:
    """Keep a run; returns the number of its entries. Raises :class:`BadInput` where another run is kept there."""
    return asyncio.run(_keep_run(url, header, lines, derivation))


async def _check_usable(url: str) -> None:
    # The histories first: a kind of store that has none is refused before anything is made.
    for history in (await open_histories(url)).values():
        await history.close()
    journal = await open_live_store(url)
    try:
        stored = await journal.header()
        if stored is not None and stored.live:
            raise BadInput("--store", f"{url} holds a live ecosystem; expected a new store, or the one of the same run")
    finally:
        await journal.close()


async def _keep_run(url: str, header: Header, lines: Iterable[bytes], derivation: Derivation) -> int:
    journal = await open_live_store(url)
    try:
        histories = await open_histories(url)
        try:
            return await keep_lines(journal, histories, header, lines, derivation)
        finally:
            for history in histories.values():
                await history.close()
    finally:
        await journal.close()


async def keep_lines(
    journal: LiveStore,
    histories: Mapping[str, HistoryStore],
    header: Header,
    lines: Iterable[bytes],
    derivation: Derivation,
) -> int:
    """Keep a run in stores that are open."""
    stored = await journal.header()
    if stored is None:
        await journal.begin(header)
    elif stored != header:
        problem = f"holds another run, of {stored.scenario_file} with seed {stored.seed}; expected a new store"
        raise BadInput("--store", problem)
    reading, count = iter(lines), 0
    while batch := list(islice(reading, BATCH)):
        await journal.append(count + 1, batch)
        entries = [decode_line(line, count + number) for number, line in enumerate(batch, 1)]
        for history in histories.values():
            await history.apply(entries)
        count += len(batch)
    await keep_derived(journal, histories, derivation)
    return count
