"""Faults that somebody asks for while an ecosystem runs: rows of names and values become what a scenario's fault would be.

The same reader as of scenarios reads them, so that every kind of the catalogue and every cap holds here too. Whoever stands at
the edge asks :func:`fault_problem` first; the coordinator asks it again.
"""

from __future__ import annotations

from typing import Final

import msgspec

from trading_ecosystem.domains.test_coordination.document import Field, Items, Mapping, Node, Scalar, shown
from trading_ecosystem.domains.test_coordination.fault_reading import read_fault
from trading_ecosystem.domains.test_coordination.quantities import LARGEST, spoken
from trading_ecosystem.domains.test_coordination.scenario import Ecosystem, Fault
from trading_ecosystem.messages.test_coordination import InjectFault
from trading_ecosystem.messages.units import DAY, Nanos
from trading_ecosystem.ports.errors import BadInput

LATEST: Final[Nanos] = 31 * DAY
"""How far ahead a fault is planned at most."""
LISTS: Final = ("assets", "instruments", "from", "to")
"""Fields that hold names with commas between; all others hold one value."""
_OWN: Final = ("id", "kind")
_WHOLE: Final = "fault"
"""The place of what is wrong with no field in particular."""


class FaultProblem(msgspec.Struct, frozen=True):
    """One line about what cannot be, and the field at fault (empty: none in particular)."""

    field: str
    problem: str


def fault_problem(message: InjectFault, ecosystem: Ecosystem) -> FaultProblem | None:
    """What is wrong with a fault that somebody asks for in this ecosystem, or ``None``."""
    try:
        read_injected(message, ecosystem)
    except BadInput as error:
        return FaultProblem("" if error.place == _WHOLE else error.place, error.problem)
    return None


def read_injected(message: InjectFault, ecosystem: Ecosystem) -> Fault:
    """The fault; its ``at_ns`` counts from when it was asked for. Raises :class:`BadInput` whose place is a field's name."""
    planned = read_fault(_document(message), ecosystem, LARGEST)
    assert planned.lowest == planned.highest, "a value is text, and never a range"
    if planned.lowest.at_ns > LATEST:
        raise BadInput("at", f"at {spoken(planned.lowest.at_ns)} is too far ahead; expected at most {spoken(LATEST)}")
    return planned.lowest


def _document(message: InjectFault) -> Node:
    fields = {"id": message.fault_id, "kind": message.kind}
    for row in message.fields:
        if row.name in _OWN:
            raise BadInput(row.name, f"{shown(row.name)} stands beside the fields; expected it there and not among them")
        if row.name in fields:
            raise BadInput(row.name, f"the field {shown(row.name)} is here twice; expected distinct fields")
        fields[row.name] = row.value
    fields.setdefault("at", spoken(0))
    return Mapping(tuple(Field(name, _value(name, text), name) for name, text in fields.items()), _WHOLE)


def _value(name: str, text: str) -> Node:
    if name in LISTS:
        return Items(tuple(Scalar(part.strip(), name) for part in text.split(",")), name)
    return Scalar(text, name)
