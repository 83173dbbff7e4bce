"""How ``steady_state``, ``success`` and ``rollback`` of a scenario are read."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from trading_ecosystem.domains.test_coordination.criteria import (
    OF_A_FAULT,
    OF_AUDIT,
    OF_INSTRUMENTS,
    OF_VENUES,
    UNITS,
    Checks,
    Criterion,
    Measure,
    SteadyState,
    Unit,
    Window,
)
from trading_ecosystem.domains.test_coordination.document import Fields, Node, items_of, shown
from trading_ecosystem.domains.test_coordination.quantities import (
    LARGEST,
    LARGEST_AMOUNT,
    duration,
    enumerated,
    named,
    scaled,
    spoken,
    whole_number,
)
from trading_ecosystem.domains.test_coordination.scenario import Ecosystem, PlannedFault
from trading_ecosystem.messages.units import MINOR_UNITS_PER_WHOLE, PARTS_PER_MILLION, Nanos
from trading_ecosystem.ports.errors import BadInput

FIELDS: Final = ("steady_state", "success", "rollback")
"""The fields of a scenario that are read here."""
_MOST: Final = 100
_SUBJECTS: Final = ("venue", "instrument", "fault")


def read_checks(fields: Fields, ecosystem: Ecosystem, faults: tuple[PlannedFault, ...], duration_ns: Nanos) -> Checks:
    """What a scenario of this ecosystem and these faults asks of the whole run."""
    if duration_ns == 0:
        for name in FIELDS:
            if name in fields:
                problem = f"an open scenario has no end at which it is judged; expected no {name}, or a duration such as 90m"
                raise BadInput(fields.place_of(name), problem)
        return Checks()
    reading = _Reading(ecosystem, faults, duration_ns)
    steady, success, rollback = (fields.get(name) for name in FIELDS)
    return Checks(
        steady_state=reading.steady_state(steady) if steady else None,
        success=reading.criteria(success, "success", whole_run=True) if success else (),
        rollback_within_ns=reading.rollback(rollback) if rollback else None,
    )


class _Reading:
    def __init__(self, ecosystem: Ecosystem, faults: tuple[PlannedFault, ...], duration_ns: Nanos) -> None:
        self._names = {
            "venue": tuple(venue.name for venue in ecosystem.venues),
            "instrument": ecosystem.market_data.instruments,
            "fault": tuple(plan.lowest.id for plan in faults),
        }
        self._faults = faults
        self._duration_ns = duration_ns

    def steady_state(self, node: Node) -> SteadyState:
        """Windows default to all that lies before the first fault, and after the last."""
        fields = Fields(node, "a steady state", ("before", "after", "recovers_within", "holds"))
        recovers = fields.get("recovers_within")
        within_ns = duration(recovers, "recovers_within") if recovers else 0
        first = min((plan.lowest.at_ns for plan in self._faults), default=self._duration_ns)
        last = max((plan.highest.at_ns + plan.highest.lasts_ns for plan in self._faults), default=0) + within_ns
        return SteadyState(
            before=self._window(fields, "before", 0, first),
            after=self._window(fields, "after", last, self._duration_ns),
            criteria=self.criteria(fields.need("holds"), "holds", whole_run=False),
        )

    def _window(self, fields: Fields, name: str, from_ns: Nanos, until_ns: Nanos) -> Window:
        node = fields.get(name)
        if node is not None:
            ends = Fields(node, f"the window {name}", ("from", "until"))
            start, end = ends.get("from"), ends.get("until")
            from_ns = duration(start, "from") if start else from_ns
            until_ns = duration(end, "until", longest=self._duration_ns) if end else until_ns
        if from_ns >= until_ns:
            told = f"the steady state's window {name} the faults, from {spoken(from_ns)} until {spoken(until_ns)}, is empty"
            expected = f"expected '{name}: {{from: …, until: …}}', or faults that leave room for it"
            raise BadInput(fields.place_of(name), f"{told}; {expected}")
        return Window(from_ns, until_ns)

    def criteria(self, node: Node, what: str, whole_run: bool) -> tuple[Criterion, ...]:
        """A list of criteria, of the whole run or of a window."""
        items = items_of(node, what)
        if not items or len(items) > _MOST:
            raise BadInput(node.place, f"there are {len(items)} criteria in '{what}'; expected 1 to {_MOST}")
        return tuple(self._criterion(item, whole_run) for item in items)

    def _criterion(self, node: Node, whole_run: bool) -> Criterion:
        fields = Fields(node, "a criterion", ("measure", *_SUBJECTS, "at_least", "at_most"))
        measure = enumerated(fields.need("measure"), "measure", Measure)
        if measure in OF_AUDIT and not whole_run:
            problem = f"{measure.value} is of the whole run; expected it in 'success'"
            raise BadInput(fields.place_of("measure"), problem)
        subjects = {name: self._subject(fields, name, measure) for name in _SUBJECTS}
        if measure in OF_A_FAULT and not subjects["fault"]:
            raise BadInput(fields.place, f"{measure.value} is of one fault; expected 'fault'")
        low, high = (self._bound(fields, name, measure) for name in ("at_least", "at_most"))
        if low is None and high is None:
            raise BadInput(
                fields.place, f"the criterion of {measure.value} has no bound; expected 'at_least', 'at_most' or both"
            )
        if low is not None and high is not None and low > high:
            raise BadInput(fields.place_of("at_least"), "this can never hold; expected 'at_least' not above 'at_most'")
        return Criterion(measure, low, high, **subjects)

    def _subject(self, fields: Fields, name: str, measure: Measure) -> str:
        node = fields.get(name)
        if node is None:
            return ""
        allowed = {"venue": OF_VENUES, "instrument": OF_INSTRUMENTS, "fault": OF_A_FAULT}[name]
        if measure not in allowed:
            told = ", ".join(one.value for one in allowed)
            raise BadInput(fields.place_of(name), f"{measure.value} has no {shown(name)}; expected it with one of: {told}")
        return named(node, name, self._names[name])

    def _bound(self, fields: Fields, name: str, measure: Measure) -> int | None:
        node = fields.get(name)
        if node is None:
            return None
        what, unit = f"'{name}' of {measure.value}", UNITS[measure]
        if unit is Unit.DURATION:
            return duration(node, what)
        if unit is Unit.COUNT:
            return whole_number(node, what, 0)
        if unit is Unit.USD:
            usd = scaled(node, what, MINOR_UNITS_PER_WHOLE, "expected an amount in USD, such as -5000")
            if abs(usd) > LARGEST_AMOUNT:
                raise BadInput(node.place, f"{what} is out of range; expected an amount in USD, such as -5000")
            return usd
        expected = "expected a ratio from 0 to 1, in steps of 0.000001"
        number = scaled(node, what, PARTS_PER_MILLION, expected)
        if not 0 <= number <= PARTS_PER_MILLION:
            raise BadInput(node.place, f"{what} cannot be {Decimal(number) / PARTS_PER_MILLION:f}; {expected}")
        return number

    def rollback(self, node: Node) -> Nanos:
        """How long after its planned end a fault may still go on."""
        fields = Fields(node, "the rollback", ("within",))
        return duration(fields.need("within"), "within", 0, LARGEST)
