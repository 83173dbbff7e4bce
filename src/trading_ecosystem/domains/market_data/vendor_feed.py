"""The vendor feed: what is published of the fundamental prices, and the conditions that break it.

``update`` numbers the publications of an instrument. A dropped publication has used its number, so that a client can
see the gap, and the feed says the same again as it would have without the fault once the fault is over.

Each publication at ``now`` passes the conditions with ``now < until`` in this order:

* ``feed_drop``: it is lost with the given probability, one draw per condition and publication, from a stream that
  nothing else uses;
* ``feed_stale``: it repeats the price and ``priced_at`` of the last publication that got through (where there is
  none, nothing is said);
* ``feed_corrupt``: what is said of it is wrong by the given part of the price, with the given probability; one draw per
  condition and publication from another such stream. What a stale feed repeats is the right price, and is not wrong;
* ``feed_gap``: a number is left out before it, with the given probability;
* ``feed_frozen``: it repeats the last price with its own ``priced_at``;
* ``feed_bad_tick``: its price is off by some decimal places, with the given probability;
* ``feed_clock_skew``: its ``priced_at`` is off;
* ``feed_out_of_order`` and ``feed_duplicate``: it, or a second copy of it, comes later than what follows it, with the given
  probability. What another has passed by then goes into no candle;
* ``feed_delay``: it is said ``delay_ns`` later (delays of several conditions add up). Order is kept per instrument:
  what follows a delayed publication is never said before it, so that after a delay the feed catches up in one burst.

A condition *took effect* where the first publication was, or would have been, that it lost, made stale, corrupted or held back;
its subject is the instrument. It *ended* at the first tick at or after ``until``, before that tick's publications,
which are the first that it does not touch; a delay ends together with the last publication that is still held back on
its instruments. Clearing a condition sets its ``until`` to now. A candle sums up publications, and does not make a
condition last longer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Final

from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.market_data import FeedConditionKind, FeedConditionSet, FeedCorruptionSet, PricePublished
from trading_ecosystem.messages.market_statistics import ConditionUnderWay
from trading_ecosystem.messages.test_coordination import ConditionEnded, ConditionTookEffect
from trading_ecosystem.messages.units import PARTS_PER_MILLION, MinorUnits, Nanos
from trading_ecosystem.ports.component import Later, WakeUp
from trading_ecosystem.ports.randomness import RandomStream

_KIND = FeedConditionKind
ODD_KINDS: Final = (_KIND.FEED_GAP, _KIND.FEED_BAD_TICK, _KIND.FEED_OUT_OF_ORDER, _KIND.FEED_DUPLICATE)
"""Kinds that draw from a random stream of their own."""
_HOLDING: Final = (_KIND.FEED_DELAY, _KIND.FEED_OUT_OF_ORDER, _KIND.FEED_DUPLICATE)
"""Kinds that may hold something back beyond their time."""


class HeldPublicationsDue(WakeUp, frozen=True, gc=False):
    """Publications held back by a delay may be said now."""


class FeedCondition:
    """One feed condition under way."""

    __slots__ = (
        "condition_id",
        "delay_ns",
        "in_effect",
        "instruments",
        "kind",
        "magnitude_ppm",
        "probability_ppm",
        "shift",
        "skew_ns",
        "until",
    )

    def __init__(self, condition: FeedConditionSet | FeedCorruptionSet) -> None:
        self.condition_id = condition.condition_id
        self.kind = None if isinstance(condition, FeedCorruptionSet) else condition.kind
        """``None``: it corrupts."""
        self.instruments = condition.instruments
        self.until = condition.until
        self.probability_ppm = condition.probability_ppm
        self.delay_ns = self.skew_ns = self.shift = self.magnitude_ppm = 0
        if isinstance(condition, FeedCorruptionSet):
            self.magnitude_ppm = condition.magnitude_ppm
        else:
            self.delay_ns, self.skew_ns, self.shift = condition.delay_ns, condition.skew_ns, condition.shift
        self.in_effect = False

    def covers(self, symbol: str) -> bool:
        """Whether the instrument is one of those whose feed is broken."""
        return not self.instruments or symbol in self.instruments


class FeedLine:
    """The feed of one instrument."""

    __slots__ = ("corrupted", "held", "late", "latest", "lost", "passed_at", "passed_minor", "symbol", "update")

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self.update = self.lost = self.corrupted = 0
        self.passed_minor: MinorUnits = 0
        self.passed_at: Nanos | None = None
        """Price and instant of the last fresh publication that was not lost; what a stale feed repeats."""
        self.latest: PricePublished | None = None
        """The last publication that was said."""
        self.held: deque[tuple[Nanos, PricePublished]] = deque()
        """Publications held back, with the instant at which each is due."""
        self.late: list[tuple[Nanos, PricePublished]] = []
        """Publications, or second copies, that others pass; with the instant at which each is due."""


class VendorFeed:
    """Every instrument's feed line, and the feed conditions under way."""

    def __init__(
        self,
        name: str,
        instruments: tuple[str, ...],
        stream: RandomStream,
        corruption_stream: RandomStream,
        odd_streams: Mapping[FeedConditionKind, RandomStream],
    ) -> None:
        """``odd_streams`` has one stream for each of :data:`ODD_KINDS`."""
        self.lines = {symbol: FeedLine(symbol) for symbol in instruments}
        self._name = name
        self._stream = stream
        self._corruption_stream = corruption_stream
        self._odd_streams = dict(odd_streams)
        self._conditions: list[FeedCondition] = []
        self._is_whole = True
        """No condition is under way and nothing is held back: publications go straight through."""

    def begin(self, condition: FeedConditionSet | FeedCorruptionSet) -> None:
        """Put a condition under way; one id is one condition."""
        assert all(symbol in self.lines for symbol in condition.instruments), condition
        assert all(other.condition_id != condition.condition_id for other in self._conditions), condition
        self._conditions.append(FeedCondition(condition))
        self._is_whole = False

    def clear(self, condition_id: str, now: Nanos) -> None:
        """Let a condition touch nothing from now on; an unknown one has lapsed already, which is no error."""
        for condition in self._conditions:
            if condition.condition_id == condition_id:
                condition.until = min(condition.until, now)

    def described(self) -> tuple[ConditionUnderWay, ...]:
        """The conditions under way, in the order in which they were set."""
        return tuple(
            ConditionUnderWay(one.condition_id, _name_of(one), one.instruments, one.in_effect) for one in self._conditions
        )

    def publish(
        self, symbol: str, price_minor: MinorUnits, observed_at: Nanos, now: Nanos, said: list[Message | Later]
    ) -> PricePublished | None:
        """Publish one price, as far as the conditions let it; what was said at once, if anything."""
        line = self.lines[symbol]
        line.update += 1
        if self._is_whole:
            line.passed_minor = price_minor
            line.passed_at = observed_at
            line.latest = published = PricePublished(symbol, price_minor, observed_at, line.update)
            said.append(published)
            return published
        return self._publish_through_conditions(line, price_minor, observed_at, now, said)

    def _publish_through_conditions(
        self, line: FeedLine, price_minor: MinorUnits, observed_at: Nanos, now: Nanos, said: list[Message | Later]
    ) -> PricePublished | None:
        touching = [condition for condition in self._conditions if now < condition.until and condition.covers(line.symbol)]
        lost = False
        for condition in touching:
            if condition.kind is FeedConditionKind.FEED_DROP and self._stream.chance(condition.probability_ppm):
                self._take_effect(condition, line.symbol, said)
                lost = True
        if lost:
            line.lost += 1
            return None
        for condition in self._striking(FeedConditionKind.FEED_GAP, touching):
            self._take_effect(condition, line.symbol, said)
            line.update += 1
        stale = False
        delay_ns = 0
        wrong: list[FeedCondition] = []
        for condition in touching:
            if condition.kind is FeedConditionKind.FEED_STALE:
                self._take_effect(condition, line.symbol, said)
                stale = True
            elif condition.kind is None and self._corruption_stream.chance(condition.probability_ppm):
                wrong.append(condition)
            elif condition.kind is FeedConditionKind.FEED_DELAY and condition.delay_ns:
                self._take_effect(condition, line.symbol, said)
                delay_ns += condition.delay_ns
        if not stale:
            if line.passed_at is None or not self._frozen(touching, line, said):
                line.passed_minor = price_minor
            line.passed_at = observed_at
        if line.passed_at is None:
            return None
        said_minor = self._shifted(line.passed_minor, touching, line, said)
        if wrong and not stale:
            line.corrupted += 1
            for condition in wrong:
                self._take_effect(condition, line.symbol, said)
                said_minor = max(1, said_minor + said_minor * condition.magnitude_ppm // PARTS_PER_MILLION)
        priced_at = self._skewed(line.passed_at, touching, line, said)
        published = PricePublished(line.symbol, said_minor, priced_at, line.update)
        if self._is_passed(published, touching, line, now, said):
            return None
        due_at = now + delay_ns
        if line.held and line.held[-1][0] > due_at:
            due_at = line.held[-1][0]
        if due_at > now:
            line.held.append((due_at, published))
            if Later(HeldPublicationsDue(), due_at) not in said:
                said.append(Later(HeldPublicationsDue(), due_at))
            return None
        line.latest = published
        said.append(published)
        return published

    def release(self, now: Nanos, said: list[Message | Later]) -> list[PricePublished]:
        """Say the held publications that are due, in order, and the ends of conditions that have lapsed."""
        if self._is_whole:
            return []
        released = []
        for line in self.lines.values():
            due = [published for due_at, published in line.late if due_at <= now]
            line.late = [one for one in line.late if one[0] > now]
            for published in due:
                said.append(published)
                if line.latest is None or published.update > line.latest.update:
                    line.latest = published
                    released.append(published)
            while line.held and line.held[0][0] <= now:
                _, published = line.held.popleft()
                line.latest = published
                said.append(published)
                released.append(published)
        self.end_lapsed(now, said)
        return released

    def end_lapsed(self, now: Nanos, said: list[Message | Later]) -> None:
        """Say the end of every condition that touches nothing from ``now`` on and holds nothing back."""
        under_way = []
        for condition in self._conditions:
            if now < condition.until or self._holds_back(condition):
                under_way.append(condition)
            else:
                said.append(ConditionEnded(self._name, condition.condition_id))
        self._conditions = under_way
        self._is_whole = not under_way and not any(line.held or line.late for line in self.lines.values())

    def _holds_back(self, condition: FeedCondition) -> bool:
        if condition.kind not in _HOLDING:
            return False
        delays = condition.kind is FeedConditionKind.FEED_DELAY
        lines = [line for symbol, line in self.lines.items() if condition.covers(symbol)]
        return any(line.held if delays else line.late for line in lines)

    def _striking(self, kind: FeedConditionKind, touching: list[FeedCondition]) -> list[FeedCondition]:
        """The conditions of a kind that strike this publication, each with its probability."""
        found = [condition for condition in touching if condition.kind is kind]
        return [one for one in found if self._odd_streams[kind].chance(one.probability_ppm)] if found else found

    def _frozen(self, touching: list[FeedCondition], line: FeedLine, said: list[Message | Later]) -> bool:
        found = [condition for condition in touching if condition.kind is FeedConditionKind.FEED_FROZEN]
        for condition in found:
            self._take_effect(condition, line.symbol, said)
        return bool(found)

    def _shifted(
        self, price_minor: MinorUnits, touching: list[FeedCondition], line: FeedLine, said: list[Message | Later]
    ) -> MinorUnits:
        for condition in self._striking(FeedConditionKind.FEED_BAD_TICK, touching):
            self._take_effect(condition, line.symbol, said)
            factor = 10 ** abs(condition.shift)
            price_minor = price_minor * factor if condition.shift > 0 else max(1, price_minor // factor)
        return price_minor

    def _skewed(self, priced_at: Nanos, touching: list[FeedCondition], line: FeedLine, said: list[Message | Later]) -> Nanos:
        for condition in touching:
            if condition.kind is FeedConditionKind.FEED_CLOCK_SKEW:
                self._take_effect(condition, line.symbol, said)
                priced_at = max(0, priced_at + condition.skew_ns)
        return priced_at

    def _is_passed(
        self,
        published: PricePublished,
        touching: list[FeedCondition],
        line: FeedLine,
        now: Nanos,
        said: list[Message | Later],
    ) -> bool:
        """Put a publication, or a second copy of it, behind those that follow; true where that is the publication itself."""
        held_back = self._striking(FeedConditionKind.FEED_OUT_OF_ORDER, touching)
        copied = self._striking(FeedConditionKind.FEED_DUPLICATE, touching)
        for condition in (*held_back, *copied):
            self._take_effect(condition, line.symbol, said)
            due_at = now + condition.delay_ns
            line.late.append((due_at, published))
            if Later(HeldPublicationsDue(), due_at) not in said:
                said.append(Later(HeldPublicationsDue(), due_at))
        return bool(held_back)

    def _take_effect(self, condition: FeedCondition, symbol: str, said: list[Message | Later]) -> None:
        if not condition.in_effect:
            condition.in_effect = True
            said.append(ConditionTookEffect(self._name, condition.condition_id, symbol))


def _name_of(condition: FeedCondition) -> str:
    return "feed_corrupt" if condition.kind is None else condition.kind.value
