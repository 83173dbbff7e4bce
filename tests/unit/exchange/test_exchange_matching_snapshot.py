"""A matching goes through a snapshot in the middle of its life, and lives on as if nothing had happened."""

from __future__ import annotations

import copy

import msgspec
import pytest
from tests.campaign import seeds
from tests.unit.exchange.matching_commands import Stream
from tests.unit.exchange.test_exchange_matching_random import SETTINGS, fresh

from trading_ecosystem.domains.exchange.book import books
from trading_ecosystem.domains.exchange.matching.matching import Matching
from trading_ecosystem.runtime.snapshot import Decoder, Encoder


def through_a_snapshot(matching: Matching) -> Matching:
    document = msgspec.json.encode(Encoder().encode(matching))
    found = Decoder().decode(msgspec.json.decode(document))
    assert isinstance(found, Matching)
    return found


@pytest.mark.parametrize("kind", books.available())
@pytest.mark.parametrize("settings", SETTINGS)
def test_a_restored_matching_goes_on_in_the_same_way(kind: str, settings: str) -> None:
    for seed in seeds(2, 40):
        stream, matching = Stream(seed, phases=seed % 2 == 0), fresh(kind, settings)
        for _ in range(150):
            stream.step(matching)
            stream.tell_positions(matching)
        restored = through_a_snapshot(matching)
        assert restored.book is restored._bounded.book
        for _ in range(100):
            said = stream.step(matching, restored)
            assert said[0] == said[1]
            further = stream.tell_positions(matching, restored)
            assert further[0] == further[1]
        assert matching.next_expiry() == restored.next_expiry()


def test_streams_are_the_same_from_the_same_seed() -> None:
    assert Stream(3).order() == Stream(3).order()
    assert copy.copy(Stream(3).order()) != Stream(4).order()
