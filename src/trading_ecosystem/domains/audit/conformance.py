"""Token replay: how well what happened fits a model of what may happen (van der Aalst, Process Mining, chapter 8.2).

A model is a Petri net: an activity takes a token from each of its input places and puts one into each of its output places. A
case begins with one token in the start place and ends by taking one from the end place. An activity that lacks a token happens
all the same, and the token is counted as missing; tokens that are left over at the end are counted as remaining. Fitness is
``1/2 (1 - missing / consumed) + 1/2 (1 - remaining / produced)``, over all cases of a log together. An activity that the model
does not know is passed over, as in the book.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from trading_ecosystem.messages.units import PARTS_PER_MILLION


class Activity(NamedTuple):
    """Where an activity takes its tokens from and where it puts them."""

    takes: tuple[str, ...]
    puts: tuple[str, ...]


class Net(NamedTuple):
    """A model: its activities by their letter, and where a case starts and ends."""

    start: str
    end: str
    activities: Mapping[str, Activity]


class Tokens(NamedTuple):
    """What was counted while cases were replayed."""

    produced: int = 0
    consumed: int = 0
    missing: int = 0
    remaining: int = 0

    @property
    def fits(self) -> bool:
        """Whether every case did only what the model allows, and ended."""
        return not self.missing and not self.remaining

    @property
    def fitness(self) -> float:
        """From 0 to 1; 1 where nothing was replayed."""
        if not self.consumed:
            return 1.0
        return (1 - self.missing / self.consumed) / 2 + (1 - self.remaining / self.produced) / 2

    @property
    def fitness_ppm(self) -> int:
        """Fitness in parts per million, rounded down, so that a million means that everything fits."""
        if not self.consumed:
            return PARTS_PER_MILLION
        misfit = self.missing * self.produced + self.remaining * self.consumed
        return PARTS_PER_MILLION - -(-PARTS_PER_MILLION * misfit // (2 * self.consumed * self.produced))

    def times(self, cases: int) -> Tokens:
        """What so many equal cases give."""
        return Tokens(*(count * cases for count in self))

    def plus(self, other: Tokens) -> Tokens:
        """Both together."""
        return Tokens(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


def replay(net: Net, case: Iterable[str]) -> Tokens:
    """Replay one case."""
    marking = {net.start: 1}
    produced, consumed, missing = 1, 0, 0
    for letter in case:
        activity = net.activities.get(letter)
        if activity is None:
            continue
        for place in activity.takes:
            missing += _take(marking, place)
        for place in activity.puts:
            marking[place] = marking.get(place, 0) + 1
        consumed += len(activity.takes)
        produced += len(activity.puts)
    missing += _take(marking, net.end)
    return Tokens(produced, consumed + 1, missing, sum(marking.values()))


def _take(marking: dict[str, int], place: str) -> int:
    """Take a token; returns 1 where there was none."""
    held = marking.get(place, 0)
    if not held:
        return 1
    marking[place] = held - 1
    return 0


def replay_log(net: Net, log: Mapping[str, int]) -> Tokens:
    """Replay a log: how often each variant happened."""
    total = Tokens()
    for variant, cases in log.items():
        total = total.plus(replay(net, variant).times(cases))
    return total


REQUESTED, ACCEPTED, REJECTED, REPEATED, PARTLY_FILLED, FILLED, CANCELLED, CHANGED, SETTLED, BUSTED = "rajupfcmsb"

ORDER_LIFECYCLE: Final = Net(
    "start",
    "end",
    {
        REQUESTED: Activity(("start",), ("requested",)),
        ACCEPTED: Activity(("requested",), ("live",)),
        REJECTED: Activity(("requested",), ("end",)),
        REPEATED: Activity(("requested",), ("end",)),
        CHANGED: Activity(("live",), ("live",)),
        PARTLY_FILLED: Activity(("live",), ("live", "unsettled")),
        FILLED: Activity(("live",), ("end", "unsettled")),
        CANCELLED: Activity(("live",), ("end",)),
        SETTLED: Activity(("unsettled",), ()),
        BUSTED: Activity(("unsettled",), ()),
    },
)
"""The life of an order: requested, answered, filled in any number of parts, ended; and every fill settles, or is busted."""
WORDS: Final = {
    REQUESTED: "requested",
    ACCEPTED: "accepted",
    REJECTED: "rejected",
    REPEATED: "answered again",
    CHANGED: "changed",
    PARTLY_FILLED: "partly filled",
    FILLED: "filled",
    CANCELLED: "cancelled",
    SETTLED: "settled",
    BUSTED: "busted",
}


def in_words(variant: str) -> str:
    """A variant as a person reads it."""
    return ", ".join(WORDS[letter] for letter in variant)
