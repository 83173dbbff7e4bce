"""The dispatch table, and that the whole state is of kinds a snapshot can hold."""

from __future__ import annotations

import enum
import pickle
from collections import deque
from typing import Any

import msgspec

from trading_ecosystem.domains.market_data.component import MarketData
from trading_ecosystem.messages.base import Audience, Message
from trading_ecosystem.messages.market_data import FeedConditionKind, FeedConditionSet, PriceConditionKind, PriceConditionSet
from trading_ecosystem.messages.units import HOUR, MINUTE, SECOND


def parts_of(value: Any, path: str, seen: set[int]) -> list[str]:
    """Places in the state that a snapshot could not hold."""
    if value is None or isinstance(value, (bool, int, float, str, bytes, enum.Enum)):
        return []
    if id(value) in seen:
        return []
    seen.add(id(value))
    if isinstance(value, dict):
        items = [part for pair in value.items() for part in pair]
    elif isinstance(value, (tuple, list, set, deque)):
        items = list(value)
    elif isinstance(value, msgspec.Struct):
        items = [getattr(value, name) for name in value.__struct_fields__]
    elif type(value).__module__.startswith("trading_ecosystem."):
        slots = [slot for cls in type(value).__mro__ for slot in getattr(cls, "__slots__", ())]
        items = [getattr(value, slot) for slot in slots] + list(getattr(value, "__dict__", {}).values())
    else:
        return [f"{path}: {type(value)}"]
    return [place for number, item in enumerate(items) for place in parts_of(item, f"{path}.{number}", seen)]


def conditions(start: int) -> tuple[tuple[int, Any], ...]:
    return (
        (
            MINUTE,
            PriceConditionSet("market-data", "p", PriceConditionKind.MARKET_CRASH, ("BTC",), -90_000, MINUTE, HOUR, HOUR, -1),
        ),
        (MINUTE, FeedConditionSet("market-data", "d", FeedConditionKind.FEED_DELAY, (), start + HOUR, delay_ns=25 * SECOND)),
        (MINUTE, FeedConditionSet("market-data", "l", FeedConditionKind.FEED_DROP, (), start + HOUR, probability_ppm=200_000)),
        (30 * MINUTE, FeedConditionSet("market-data", "s", FeedConditionKind.FEED_STALE, ("BTC/USD",), start + HOUR)),
    )


def test_every_handler_exists_and_what_is_heard_from_outside_is_control():
    for message_type, method in MarketData.hears.items():
        assert callable(getattr(MarketData, method))
        if issubclass(message_type, Message):
            assert message_type.audience is Audience.CONTROL
    assert len(set(MarketData.hears.values())) == len(MarketData.hears)


def test_state_is_of_kinds_that_a_snapshot_can_hold(bench):
    for changes in ({"jumps": True}, {"recorded": True}):
        run = bench(inputs=conditions(bench().start), **changes).run(40 * MINUTE)
        assert parts_of(run.component, "component", set()) == []


def test_a_copy_of_the_state_says_the_same_afterwards(bench):
    whole = bench(inputs=conditions(bench().start), jumps=True).run(3 * HOUR)
    for cut in (0, MINUTE, 31 * MINUTE, 2 * HOUR):
        run = bench(inputs=conditions(bench().start), jumps=True).run(cut)
        run.component = pickle.loads(pickle.dumps(run.component))
        assert run.run(3 * HOUR).said == whole.said
