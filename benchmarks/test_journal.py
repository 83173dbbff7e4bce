"""Appending to each journal, and running a record again."""

from __future__ import annotations

import itertools

import pytest

from trading_ecosystem.adapters.journal_files import CompressedJournal
from trading_ecosystem.adapters.memory.journal import MemoryJournal
from trading_ecosystem.messages.envelope import Entry, EntryKind, decode_entry, encode_entry
from trading_ecosystem.messages.exchange import QuoteChanged
from trading_ecosystem.runtime.recorder import Recorder

ENTRIES = 50_000


def entries():
    quote = QuoteChanged(
        venue="exchange-alpha", instrument="BTC/USD", update=1, bid_ticks=6_000_000, bid_lots=5, ask_ticks=6_000_100, ask_lots=7
    )
    return [Entry(number, number, EntryKind.SAID, "exchange-alpha", None, number, quote) for number in range(1, ENTRIES + 1)]


ROWS = entries()
numbers = itertools.count()


def rate(benchmark, title):
    per_second = ENTRIES / benchmark.stats.stats.median
    benchmark.extra_info["entries_per_second"] = round(per_second)
    print(f"\n{title}: {per_second:,.0f} entries/s")


@pytest.mark.parametrize("kind", ["memory", "compressed file"])
def test_journal_append(benchmark, kind, tmp_path):
    def append():
        journal = MemoryJournal() if kind == "memory" else CompressedJournal(tmp_path / f"journal-{next(numbers)}")
        recorder = Recorder(journal)
        for row in ROWS:
            recorder.record(row)
        recorder.commit()
        journal.close()
        assert len(journal) == ENTRIES

    benchmark.pedantic(append, rounds=3, warmup_rounds=1)
    rate(benchmark, f"journal append with encoding and digest, {kind}")


def test_encode(benchmark):
    benchmark.pedantic(lambda: [encode_entry(row) for row in ROWS], rounds=5, warmup_rounds=1)
    rate(benchmark, "encode entries")


def test_decode(benchmark):
    lines = [encode_entry(row) for row in ROWS]
    benchmark.pedantic(lambda: [decode_entry(line) for line in lines], rounds=5, warmup_rounds=1)
    rate(benchmark, "decode entries")
