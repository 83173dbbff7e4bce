"""Phases: parts of a run that follow each other or go on side by side, each with its own faults, operations and expectations.

A phase begins when all those it comes ``after`` are over, which without the field is the one written before it; ``after: []``
is the start of the run. Two phases after the same one go on side by side, and so do the steps within a phase. Times within it
count from its start. Reading turns phases into the faults, operations, expectations and clean periods of the whole run.
"""

from __future__ import annotations

from typing import Final

import msgspec

from trading_ecosystem.domains.test_coordination.document import (
    Field,
    Fields,
    Items,
    Mapping,
    Node,
    Scalar,
    fields_of,
    items_of,
    one_of,
    shown,
)
from trading_ecosystem.domains.test_coordination.quantities import boolean, duration, instance_name, spoken, text_of
from trading_ecosystem.messages.units import DAY, SECOND, Nanos
from trading_ecosystem.ports.errors import BadInput

PHASES: Final = "phases"
MOST: Final = 100
"""At most so many phases."""
_TIMED: Final = ("faults", "operations")
_LISTS: Final = (*_TIMED, "expectations")
_LONGEST: Final[Nanos] = 31 * DAY


class Phase(msgspec.Struct, frozen=True):
    """One part of a run, from ``from_ns`` up to, but not including, ``until_ns`` after its start."""

    name: str
    description: str
    from_ns: Nanos
    until_ns: Nanos
    clean: bool
    """Whether no alert may fire in it."""


def unfolded(root: Node) -> tuple[Node, tuple[Phase, ...]]:
    """A document without ``phases``, whose steps stand in the lists of the whole run, and the phases.

    A ``duration`` that is not written is the end of the last phase.
    """
    if not isinstance(root, Mapping):
        return root, ()
    given = {field.key: field for field in root.fields}
    if PHASES not in given:
        return root, ()
    nodes = items_of(given[PHASES].value, PHASES)
    if not nodes or len(nodes) > MOST:
        raise BadInput(given[PHASES].value.place, f"there are {len(nodes)} phases; expected 1 to {MOST}")
    phases: list[Phase] = []
    lists: dict[str, list[Node]] = {name: [*_items(given.get(name))] for name in (*_LISTS, "clean_periods")}
    for node in nodes:
        phase = _read_phase(node, phases)
        phases.append(phase)
        _take(node, phase, lists)
    fields = [field for field in root.fields if field.key not in (*lists, PHASES)]
    fields += [_list(name, items, given) for name, items in lists.items() if items or name in given]
    end_ns = max(phase.until_ns for phase in phases)
    if "duration" not in given:
        place = given[PHASES].place
        fields.append(Field("duration", Scalar(spoken(end_ns), place), place))
    else:
        _check_duration(given["duration"].value, end_ns)
    return Mapping(tuple(fields), root.place), tuple(phases)


def _items(field: Field | None) -> tuple[Node, ...]:
    return () if field is None else items_of(field.value, field.key)


def _list(name: str, items: list[Node], given: dict[str, Field]) -> Field:
    place = given[name].place if name in given else given[PHASES].place
    return Field(name, Items(tuple(items), place), place)


def _check_duration(node: Node, end_ns: Nanos) -> None:
    if isinstance(node, Scalar) and node.text == "open":
        return
    if duration(node, "duration") < end_ns:
        problem = f"the run would be over before its last phase, which ends {spoken(end_ns)} after the start"
        raise BadInput(node.place, f"{problem}; expected at least {spoken(end_ns)}, or no 'duration'")


def _read_phase(node: Node, before: list[Phase]) -> Phase:
    fields = Fields(node, "a phase", ("name", "description", "after", "duration", "clean", *_LISTS))
    name = instance_name(fields.need("name"), "the phase's name")
    if any(phase.name == name for phase in before):
        raise BadInput(fields.need("name").place, f"the phase {shown(name)} is here twice; expected distinct names")
    from_ns = _start(fields.get("after"), before)
    lasts_ns = duration(fields.need("duration"), "duration", SECOND, _LONGEST)
    description, clean = fields.get("description"), fields.get("clean")
    return Phase(
        name=name,
        description=text_of(description, "description") if description else "",
        from_ns=from_ns,
        until_ns=from_ns + lasts_ns,
        clean=boolean(clean, "clean") if clean else False,
    )


def _start(node: Node | None, before: list[Phase]) -> Nanos:
    if node is None:
        return before[-1].until_ns if before else 0
    names = node.items if isinstance(node, Items) else (node,)
    ends = {phase.name: phase.until_ns for phase in before}
    start: Nanos = 0
    for item in names:
        name = item.text if isinstance(item, Scalar) else ""
        if name not in ends:
            expected = one_of(ends) if ends else "expected none: this is the first phase"
            raise BadInput(item.place, f"no phase before this one is called {shown(name)}; {expected}")
        start = max(start, ends[name])
    return start


def _take(node: Node, phase: Phase, lists: dict[str, list[Node]]) -> None:
    """Add the steps of a phase to the lists of the whole run."""
    for field in fields_of(node, "a phase"):
        if field.key in _TIMED:
            lists[field.key] += [_moved(item, phase) for item in items_of(field.value, field.key)]
        elif field.key == "expectations":
            lists[field.key] += items_of(field.value, field.key)
    if phase.clean:
        times = (("from", phase.from_ns), ("until", phase.until_ns))
        period = tuple(Field(name, Scalar(spoken(at), node.place), node.place) for name, at in times)
        lists["clean_periods"].append(Mapping(period, node.place))


def _moved(item: Node, phase: Phase) -> Node:
    """A step whose ``at`` counts from the start of the run; one without it begins with its phase."""
    if not isinstance(item, Mapping):
        return item
    rest = tuple(field for field in item.fields if field.key != "at")
    written = next((field for field in item.fields if field.key == "at"), None)
    if written is None:
        at = Field("at", Scalar(spoken(phase.from_ns), item.place), item.place)
    else:
        at = Field("at", _later(written.value, phase), written.place)
    return Mapping((*rest, at), item.place)


def _later(node: Node, phase: Phase) -> Node:
    if isinstance(node, Mapping):
        ends = tuple(Field(end.key, _later(end.value, phase), end.place) for end in node.fields)
        return Mapping(ends, node.place)
    at_ns = duration(node, "at")
    if phase.from_ns + at_ns >= phase.until_ns:
        lasts = spoken(phase.until_ns - phase.from_ns)
        problem = f"this would begin {spoken(at_ns)} into the phase {shown(phase.name)}, which lasts {lasts}"
        raise BadInput(node.place, f"{problem}; expected 'at' before its end")
    return Scalar(spoken(phase.from_ns + at_ns), node.place)
