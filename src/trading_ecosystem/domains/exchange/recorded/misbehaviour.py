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

    __slots__ = ("_set",)

    def __init__(self) -> None:
        self._set: dict[str, VenueConditionSet] = {}

    def set(self, condition: VenueConditionSet) -> None:
        """Take a condition in; it ends by itself."""
        assert condition.kind in KNOWN, f"a recorded venue knows no {condition.kind.value}"
        self._set[condition.condition_id] = condition

    def end(self, condition_id: str) -> VenueConditionSet:
        """Its time is over."""
        return self._set.pop(condition_id)

    def _of(self, kind: VenueConditionKind) -> list[VenueConditionSet]:
        return [condition for condition in self._set.values() if condition.kind is kind]

    @property
    def is_out(self) -> bool:
        """Whether nothing is published, answered or matched."""
        return bool(self._of(VenueConditionKind.VENUE_OUTAGE))

    @property
    def is_halted(self) -> bool:
        """Whether nothing is matched, and orders are refused."""
        return bool(self._of(VenueConditionKind.VENUE_HALT))

    @property
    def delay_ns(self) -> Nanos:
        """How much later commands are handled."""
        return max((condition.delay_ns for condition in self._of(VenueConditionKind.VENUE_LATENCY)), default=0)

    @property
    def refusal_ppm(self) -> int:
        """With what probability an order is refused for no good reason."""
        return max((condition.probability_ppm for condition in self._of(VenueConditionKind.VENUE_REJECT)), default=0)
