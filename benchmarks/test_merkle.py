"""Entries per second of the Merkle log alone, and of the whole audit over market data, which is most of a record.

Run with ``pytest benchmarks/test_merkle.py``; ``entries_per_second`` stands among the extra figures of each benchmark.
"""

from __future__ import annotations

from typing import Any

import pytest

from trading_ecosystem.domains.audit.correlator import Audit
from trading_ecosystem.domains.audit.merkle import (
    MerkleTree,
    consistency_proof,
    inclusion_proof,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.envelope import Entry, EntryKind, encode_entry
from trading_ecosystem.messages.exchange import DepthChanged, Level, QuoteChanged
from trading_ecosystem.messages.market_data import FundamentalPriceChanged, PricePublished
from trading_ecosystem.messages.units import INSTRUMENTS, SECOND, Nanos

pytest.importorskip("pytest_benchmark")

TICKS = 500
VENUES = ("exchange-alpha", "exchange-beta")


def market_data(ticks: int) -> list[Entry]:
    """What a market with two venues says at every tick of ten seconds: prices, quotes and depth of six pairs."""
    entries: list[Entry] = []

    def say(at: Nanos, sender: str, message: Message) -> None:
        sequence = len(entries) + 1
        entries.append(Entry(sequence, at, EntryKind.SAID, sender, None, sequence, message))

    for tick in range(ticks):
        at = tick * 10 * SECOND
        price = 6_000_000_000_000 + tick % 997 * 1_000_000
        for name in INSTRUMENTS:
            say(at, "market-data", FundamentalPriceChanged(name, price))
            say(at, "market-data", PricePublished(name, price, at, tick))
            levels = tuple(Level(6_000_000 + level, 1000 + level) for level in range(10))
            for venue in VENUES:
                say(at, venue, QuoteChanged(venue, name, tick, 6_000_000, 10, 6_000_100, 20))
                say(at, venue, DepthChanged(venue, name, tick, tick + 5, levels, levels))
    return entries


@pytest.fixture(scope="module")
def record() -> tuple[list[Entry], list[bytes]]:
    entries = market_data(TICKS)
    return entries, [encode_entry(entry) for entry in entries]


def test_append(benchmark: Any, record: tuple[list[Entry], list[bytes]]) -> None:
    _, lines = record

    def grow() -> bytes:
        tree = MerkleTree()
        for line in lines:
            tree.append(line)
        return tree.root()

    assert benchmark(grow) == root_of(lines)
    benchmark.extra_info["entries_per_second"] = round(len(lines) / benchmark.stats.stats.median)


def test_audit_of_market_data(benchmark: Any, record: tuple[list[Entry], list[bytes]]) -> None:
    entries, lines = record

    def fold() -> str:
        audit = Audit("fund")
        audit.follow(entries, lines)
        return audit.report().merkle_root

    assert benchmark(fold) == root_of(lines).hex()
    benchmark.extra_info["entries_per_second"] = round(len(lines) / benchmark.stats.stats.median)


def test_proofs(benchmark: Any, record: tuple[list[Entry], list[bytes]]) -> None:
    """Make and verify one inclusion and one consistency proof over the whole record."""
    _, lines = record
    root = root_of(lines)
    part = len(lines) // 3
    first_root = root_of(lines[:part])

    def prove() -> bool:
        included = verify_inclusion(lines[part], part, len(lines), inclusion_proof(lines, part), root)
        return included and verify_consistency(part, len(lines), first_root, root, consistency_proof(lines, part))

    assert benchmark(prove)
    benchmark.extra_info["entries"] = len(lines)
