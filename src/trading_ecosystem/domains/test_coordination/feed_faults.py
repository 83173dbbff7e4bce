"""Faults of the vendor feed beyond silence and delay: wrong numbers, wrong prices, wrong clocks.

Sizes: of what has a probability, how many publications of one instrument are struck within five minutes, or while the fault
lasts if that is shorter, with a probability of at least 1 - 10⁻⁶; of a frozen feed, how long it shows; of a bad tick, how far
it is off, parts per million, if one comes about with that probability; of a skewed clock, how far it is off.
"""

from __future__ import annotations

from math import exp, lgamma, log, log1p
from typing import Final, Self

import msgspec

from trading_ecosystem.domains.test_coordination.catalogue_entry import LONGEST_DELAY, LONGEST_FAULT, CatalogueEntry, Target
from trading_ecosystem.domains.test_coordination.parameters import TestCoordinationParameters
from trading_ecosystem.domains.test_coordination.quantities import signed_duration, whole_number
from trading_ecosystem.domains.test_coordination.targeted_fault import FaultReading, TargetedFault
from trading_ecosystem.messages.alert_conditions import (
    DEVIATION_PPM,
    FEED_IRREGULAR,
    FEED_WINDOW,
    FROZEN_AFTER,
    SKEW_FROM,
)
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.market_data import FeedConditionKind, FeedConditionSet
from trading_ecosystem.messages.risk import STALE_AFTER, AlertKind
from trading_ecosystem.messages.test_coordination import FaultKind
from trading_ecosystem.messages.units import PARTS_PER_MILLION, SECOND, Nanos, PartsPerMillion
from trading_ecosystem.ports.errors import BadInput

MOST_PLACES: Final = 2
"""Decimal places by which a price may be shifted at most."""
_CERTAIN_SHORTFALL: Final = 1e-6
_COUNTED: Final = (FaultKind.FEED_DUPLICATE, FaultKind.FEED_OUT_OF_ORDER, FaultKind.FEED_GAP)


class OddFeedFault(TargetedFault, frozen=True, kw_only=True, tag="odd_feed"):
    """The vendor feed of ``instruments`` says something odd."""

    instruments: tuple[str, ...]
    probability_ppm: PartsPerMillion = 0
    delay_ns: Nanos = 0
    shift: int = 0
    skew_ns: Nanos = 0

    @classmethod
    def read(cls, reading: FaultReading) -> Self:
        """The fault from its fields."""
        shift_node, skew_node = reading.number("shift"), reading.number("skew")
        shift = 0 if shift_node is None else whole_number(shift_node, "shift", -MOST_PLACES, MOST_PLACES)
        if shift_node is not None and shift == 0:
            raise BadInput(shift_node.place, "shift cannot be 0; expected decimal places to be off by")
        skew_ns = 0 if skew_node is None else signed_duration(skew_node, "skew", LONGEST_DELAY)
        if skew_node is not None and skew_ns == 0:
            raise BadInput(skew_node.place, "skew cannot be 0; expected a clock that is off")
        return cls(
            id=reading.fault_id(),
            kind=reading.kind,
            at_ns=reading.duration("at"),
            lasts_ns=reading.duration("duration", shortest=1, longest=LONGEST_FAULT),
            instruments=reading.instruments(),
            probability_ppm=reading.probability(),
            delay_ns=reading.duration("delay", shortest=1, longest=LONGEST_DELAY),
            shift=shift,
            skew_ns=skew_ns,
        )

    def component(self, parameters: TestCoordinationParameters) -> str:
        """Market data."""
        return parameters.market_data

    def condition(self, parameters: TestCoordinationParameters, now: Nanos) -> Message:
        """A feed condition."""
        return FeedConditionSet(
            component=parameters.market_data,
            condition_id=self.id,
            kind=FeedConditionKind(self.kind.value),
            instruments=self.instruments,
            until=now + self.lasts_ns,
            probability_ppm=self.probability_ppm,
            delay_ns=self.delay_ns,
            shift=self.shift,
            skew_ns=self.skew_ns,
        )

    def targets(self, parameters: TestCoordinationParameters) -> tuple[str, ...]:
        """Its instruments."""
        return self.instruments

    def severity(self, parameters: TestCoordinationParameters) -> int:
        """See the head of this module."""
        tick_ns = parameters.tick_ns
        publications = max(0, -(-self.lasts_ns // tick_ns) - 1)
        if self.kind in _COUNTED:
            if self.kind is FaultKind.FEED_OUT_OF_ORDER and self.delay_ns <= tick_ns:
                return 0  # nothing passes what is held back
            return certain_count(min(publications, FEED_WINDOW // tick_ns), self.probability_ppm)
        if self.kind is FaultKind.FEED_FROZEN:
            return publications * tick_ns
        if self.kind is FaultKind.FEED_BAD_TICK:
            factor = 10 ** abs(self.shift)
            off = PARTS_PER_MILLION * (factor - 1) if self.shift > 0 else PARTS_PER_MILLION - PARTS_PER_MILLION // factor
            missed = (1 - self.probability_ppm / PARTS_PER_MILLION) ** publications
            return off if missed <= _CERTAIN_SHORTFALL else 0
        return abs(self.skew_ns)

    def expected_alert(self, parameters: TestCoordinationParameters) -> AlertKind | None:
        """By the catalogue."""
        return self.stated(ENTRIES[self.kind]).expected_alert

    def stated(self, entry: CatalogueEntry) -> CatalogueEntry:
        """By the catalogue, but a clock that is behind makes prices look old."""
        if self.skew_ns >= 0:
            return entry
        return msgspec.structs.replace(
            entry, expected_alert=AlertKind.PRICE_STALE, threshold=STALE_AFTER, detectable_from=STALE_AFTER + 1
        )

    def alert_subjects(self, parameters: TestCoordinationParameters) -> tuple[str, ...]:
        """Its instruments."""
        return self.instruments


def certain_count(trials: int, probability_ppm: PartsPerMillion) -> int:
    """The largest number that a binomial count, of a probability above 0, reaches with one of at least 1 - 10⁻⁶."""
    if probability_ppm == PARTS_PER_MILLION:
        return trials
    # In logarithms: of thousands of publications neither the ways nor the chance of one of them fit into a float.
    hit, miss = log(probability_ppm / PARTS_PER_MILLION), log1p(-probability_ppm / PARTS_PER_MILLION)
    ways = lgamma(trials + 1)
    below, count = 0.0, 0
    for successes in range(trials + 1):
        left = trials - successes
        below += exp(ways - lgamma(successes + 1) - lgamma(left + 1) + successes * hit + left * miss)
        if below > _CERTAIN_SHORTFALL:
            break
        count = successes + 1
    return count


def _entry(required: tuple[str, ...], alert: AlertKind, threshold: int, detectable_from: int, mandate: str) -> CatalogueEntry:
    return CatalogueEntry(
        target=Target.FEED,
        required=("duration", *required),
        optional=("instruments",),
        expected_alert=alert,
        threshold=threshold,
        detectable_from=detectable_from,
        sla_ns=5 * SECOND,
        mandate=mandate,
    )


_COUNT: Final = "size is how many within 5 min come about with a probability of at least 0.999999"
ENTRIES: Final[dict[FaultKind, CatalogueEntry]] = {
    FaultKind.FEED_DUPLICATE: _entry(
        ("probability", "delay"), AlertKind.FEED_DUPLICATE, FEED_IRREGULAR, FEED_IRREGULAR, f"{_COUNT}: repeated numbers"
    ),
    FaultKind.FEED_OUT_OF_ORDER: _entry(
        ("probability", "delay"),
        AlertKind.FEED_OUT_OF_ORDER,
        FEED_IRREGULAR,
        2 * FEED_IRREGULAR,
        f"{_COUNT}: prices held back, of which those next to each other do not pass one another",
    ),
    FaultKind.FEED_GAP: _entry(
        ("probability",), AlertKind.FEED_GAP, FEED_IRREGULAR, FEED_IRREGULAR, f"{_COUNT}: missing numbers"
    ),
    FaultKind.FEED_FROZEN: _entry(
        (), AlertKind.PRICE_FROZEN, FROZEN_AFTER, FROZEN_AFTER, "size is for how long the price is seen to stand still"
    ),
    FaultKind.FEED_BAD_TICK: _entry(
        ("probability", "shift"),
        AlertKind.PRICE_DEVIATION,
        DEVIATION_PPM,
        DEVIATION_PPM,
        "size is how far the price is off, if one comes about with a probability of at least 0.999999, else 0",
    ),
    FaultKind.FEED_CLOCK_SKEW: _entry(
        ("skew",),
        AlertKind.CLOCK_SKEW,
        SKEW_FROM,
        SKEW_FROM,
        "size is the skew; a clock that is behind raises price_stale, from more than 30s on",
    ),
}
"""What the catalogue states of each kind."""
FAMILIES: Final[dict[FaultKind, type[TargetedFault]]] = dict.fromkeys(ENTRIES, OddFeedFault)
"""What reads each kind."""
