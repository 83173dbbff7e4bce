"""How a recorded venue may be made to misbehave: outage, halt, late answers, refusals."""

from __future__ import annotations

from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.messages.venue_conditions import VenueConditionKind, VenueConditionSet

KNOWN = (
    VenueConditionKind.VENUE_OUTAGE,
    VenueConditionKind.VENUE_HALT,
    VenueConditionKind.VENUE_LATENCY,
    VenueConditionKind.VENUE_REJECT,
)
"""The kinds that a recorded market can have: those that change neither quotes nor the trades of others."""


class Misbehaviour:
    """The conditions that are set, by their ids."""

    __slots__ = ("_set", "delay_ns", "is_halted", "is_out", "refusal_ppm")

    def __init__(self) -> None:
        self._set: dict[str, VenueConditionSet] = {}
        self.is_out = False
        """Whether nothing is published, answered or matched."""
        self.is_halted = False
        """Whether nothing is matched, and orders are refused."""
        self.delay_ns: Nanos = 0
        """How much later commands are handled."""
        self.refusal_ppm = 0
        """With what probability an order is refused for no good reason."""

    def set(self, condition: VenueConditionSet) -> None:
        """Take a condition in; it ends by itself."""
        assert condition.kind in KNOWN, f"a recorded venue knows no {condition.kind.value}"
        self._set[condition.condition_id] = condition
        self._reckon()

    def end(self, condition_id: str) -> VenueConditionSet:
        """Its time is over."""
        ended = self._set.pop(condition_id)
        self._reckon()
        return ended

    def _reckon(self) -> None:
        """What all conditions together come to: of several delays or probabilities the largest."""
        self.is_out = bool(self._of(VenueConditionKind.VENUE_OUTAGE))
        self.is_halted = bool(self._of(VenueConditionKind.VENUE_HALT))
        delays = (condition.delay_ns for condition in self._of(VenueConditionKind.VENUE_LATENCY))
        self.delay_ns = max(delays, default=0)
        refusals = (condition.probability_ppm for condition in self._of(VenueConditionKind.VENUE_REJECT))
        self.refusal_ppm = max(refusals, default=0)

    def _of(self, kind: VenueConditionKind) -> list[VenueConditionSet]:
        return [condition for condition in self._set.values() if condition.kind is kind]
