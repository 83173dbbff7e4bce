"""Suites of scenarios as files: cases over a shared base, each of which becomes a scenario of its own.

A suite is YAML: ``title``, ``bases`` (scenarios without faults), and ``cases``. A case has a ``name`` and either a ``base``
and what it changes (``faults``, ``operations``, ``change``: a mapping merged into the base), or a ``scenario`` of the library
and what is ``set`` of it; ``seeds`` says how many runs it has. Numbers of faults may be ranges: they are drawn by the run's
seed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from trading_ecosystem.adapters.scenario_files import parse_scenario, resolved_text
from trading_ecosystem.adapters.scenario_library import find_scenario
from trading_ecosystem.ports.errors import BadInput

LARGEST: Final = 1_000_000
"""Bytes of a suite file."""
_SUITE: Final = {"title", "description", "bases", "cases"}
_CASE: Final = {"name", "base", "scenario", "set", "seeds", "faults", "operations", "change"}
_JUDGED: Final = ("expectations", "clean_periods", "clean", "steady_state", "success", "rollback")
"""What a scenario says of how it is judged."""
_OF_BASE: Final = ("faults", "operations", "change")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")


class Case(msgspec.Struct, frozen=True):
    """One case: the text of its scenario, the ids of its faults, and how many seeds it is run with."""

    name: str
    text: str
    faults: tuple[str, ...]
    kinds: tuple[str, ...]
    seeds: int

    def without(self, kept: frozenset[str]) -> str:
        """The scenario with these of its faults only: a twin. Expectations are left out, since a twin is not judged."""
        document = yaml.safe_load(self.text)
        for part in (document, *(document.get("phases") or ())):
            part["faults"] = [one for one in part.get("faults") or [] if one["id"] in kept]
            for name in _JUDGED:
                part.pop(name, None)
        return _dumped(document)


class Suite(msgspec.Struct, frozen=True):
    """A whole suite, checked: every case is a scenario that can be run."""

    name: str
    title: str
    cases: tuple[Case, ...]


def read_suite(path: Path) -> Suite:
    """The suite of a file; raises :class:`BadInput`."""
    document = _loaded(path)
    _only(document, _SUITE, str(path), "a suite")
    bases = document.get("bases") or {}
    cases = document.get("cases")
    if not isinstance(bases, dict) or not isinstance(cases, list) or not cases:
        raise BadInput(str(path), "a suite has 'bases', a mapping, and 'cases', a list of at least one; expected both")
    read: dict[str, Case] = {}
    for number, case in enumerate(cases, 1):
        place = f"{path}: case {number}"
        if not isinstance(case, dict) or not isinstance(case.get("name"), str):
            raise BadInput(place, "this is no mapping with a 'name'; expected a case")
        place = f"{path}: case {case['name']}"
        if not _NAME.fullmatch(case["name"]):
            raise BadInput(place, "this cannot be a name; expected 1 to 63 of a-z, A-Z, 0-9, '-' and '_'")
        if case["name"] in read:
            raise BadInput(place, "the name is used twice; expected distinct names")
        read[case["name"]] = _case(case, bases, place)
    return Suite(path.stem, str(document.get("title", path.stem)), tuple(read.values()))


def _loaded(path: Path) -> dict[str, Any]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadInput(str(path), f"the suite cannot be read ({error.strerror}); expected a suite file") from None
    if len(raw) > LARGEST:
        raise BadInput(str(path), f"the suite is larger than {LARGEST} bytes; expected a smaller one")
    try:
        document = yaml.safe_load(raw)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        told = " ".join(str(error).split())
        raise BadInput(str(path), f"malformed YAML: {told}; expected a suite") from None
    if not isinstance(document, dict):
        raise BadInput(str(path), "this is no mapping; expected a suite with 'cases'")
    return document


def _only(found: Mapping[str, Any], known: set[str], place: str, what: str) -> None:
    for key in found:
        if key not in known:
            raise BadInput(place, f"unknown field {key!r} of {what}; expected one of {', '.join(sorted(known))}")


def _case(case: dict[str, Any], bases: Mapping[str, Any], place: str) -> Case:
    _only(case, _CASE, place, "a case")
    seeds = case.get("seeds", 1)
    if type(seeds) is not int or not 0 < seeds <= 10_000:
        raise BadInput(place, f"seeds cannot be {seeds!r}; expected a whole number from 1 to 10000")
    if ("base" in case) is ("scenario" in case):
        raise BadInput(place, "a case has a 'base' or a 'scenario'; expected exactly one of them")
    _typed(case, place)
    if "scenario" in case:
        for name in _OF_BASE:
            if name in case:
                raise BadInput(place, f"{name!r} goes with a 'base'; expected 'set' beside a 'scenario'")
        source = find_scenario(case["scenario"])
        text = resolved_text(source, [str(one) for one in case.get("set") or ()] or ["seed=1"])
    else:
        if "set" in case:
            raise BadInput(place, "'set' goes with a 'scenario'; expected 'change' beside a 'base'")
        if case["base"] not in bases:
            raise BadInput(place, f"unknown base {case['base']!r}; expected one of {', '.join(bases)}")
        if not isinstance(bases[case["base"]], dict):
            raise BadInput(place, f"the base {case['base']!r} is no mapping; expected a scenario")
        document = _merged(bases[case["base"]], case.get("change") or {})
        document.setdefault("title", case["name"])
        for name in ("faults", "operations"):
            if case.get(name):
                document[name] = [*(document.get(name) or []), *case[name]]
        text = _dumped(document)
    scenario = parse_scenario(text, place, name=case["name"])
    faults = tuple(planned.lowest for planned in scenario.faults)
    return Case(case["name"], text, tuple(one.id for one in faults), tuple(one.kind.value for one in faults), seeds)


def _typed(case: Mapping[str, Any], place: str) -> None:
    """Refuse fields of a case that are of the wrong kind."""
    for names, expected, told in (
        (("base", "scenario"), str, "a name"),
        (("set", "faults", "operations"), list, "a list"),
        (("change",), dict, "a mapping"),
    ):
        for name in names:
            if case.get(name) is not None and not isinstance(case[name], expected):
                raise BadInput(place, f"{name!r} cannot be {case[name]!r}; expected {told}")


def _merged(base: Any, change: Any) -> Any:
    """A mapping with another merged into it, deeply; anything else is replaced."""
    if not isinstance(base, dict) or not isinstance(change, dict):
        return change
    return {**base, **{key: _merged(base.get(key), value) for key, value in change.items()}}


def _dumped(document: Any) -> str:
    written: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)
    return written
