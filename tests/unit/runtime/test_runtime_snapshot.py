"""The snapshot codec: every allowed kind of state, identity, and refusals by name."""

from __future__ import annotations

from collections import defaultdict, deque

import msgspec
import pytest

from trading_ecosystem.messages.exchange import Level
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.ports.errors import Corrupt
from trading_ecosystem.runtime.links import Link
from trading_ecosystem.runtime.randomness import SeededRandomness
from trading_ecosystem.runtime.snapshot import Decoder, Encoder


def there_and_back(value):
    return Decoder().decode(msgspec.json.decode(msgspec.json.encode(Encoder().encode(value))))


@pytest.mark.parametrize(
    "value",
    [
        0,
        -(2**80),
        0.1,
        float("inf"),
        "text",
        b"\x00\xff",
        None,
        True,
        (1, (2,)),
        [1, [2]],
        {"a": 1, ("t", 1): [2], 3: {}},
        {3, 1, 2},
        frozenset({"x"}),
        deque([1, 2], maxlen=5),
        Side.BUY,
        {Side.SELL: Level(1, 2)},
        defaultdict(int, {"a": 1}),
        Level,
    ],
)
def test_every_allowed_kind_comes_back_equal_and_of_the_same_type(value):
    again = there_and_back(value)
    assert again == value
    assert type(again) is type(value)


def test_what_was_shared_is_shared_again_and_cycles_close():
    shared = [1]
    again = there_and_back({"a": shared, "b": shared, "c": deque([shared])})
    assert again["a"] is again["b"] is again["c"][0]
    loop: list = []
    loop.append(loop)
    again = there_and_back(loop)
    assert again[0] is again


def test_plain_objects_with_slots_come_back_with_all_they_hold():
    link = Link(None, SeededRandomness(1).stream("a", "b"))
    link.last_due = 77
    link.stream.word()
    again = there_and_back([link, link.stream])
    assert again[0].last_due == 77
    assert again[0].stream is again[1]
    assert again[1].word() == link.stream.word()


class _Foreign:
    pass


def test_foreign_things_are_refused_by_name_both_ways():
    with pytest.raises(TypeError, match="cannot hold a .*_Foreign"):
        Encoder().encode(_Foreign())
    with pytest.raises(TypeError, match="cannot hold a builtins.function"):
        Encoder().encode([lambda: None])
    with pytest.raises(TypeError, match="defaultdict of"):
        Encoder().encode(defaultdict(lambda: 1))
    with pytest.raises(Corrupt, match="outside this package: os:system"):
        Decoder().decode({"k": "type", "c": "os:system"})
