"""The ``strategies`` of a scenario: where the code of its own strategies is, and then the code itself.

::

    strategies:
      dip: {file: dip.py}                                   # beside the scenario; the one strategy in it
      turtle: {module: my_package.turtles, class: Turtle}   # of an installed package

Before anything else is read, the code is put in the place of its name (``source``, with ``origin`` for errors), as
templates are: the text that a record keeps is whole, and whoever replays it needs neither file nor package. Of a package
only the one module is kept. What the module imports beside this program has to be there in the same version; nothing checks
that.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import yaml

from trading_ecosystem.adapters.own_strategies.loading import StrategySourceError, kind_of
from trading_ecosystem.adapters.own_strategies.reading import source_in_file, source_of_module
from trading_ecosystem.domains.test_coordination.document import shown
from trading_ecosystem.domains.test_coordination.strategy_source import StrategySource
from trading_ecosystem.domains.trading.kinds import KINDS
from trading_ecosystem.ports.errors import BadInput

STRATEGIES: Final = "strategies"
MOST: Final = 32
"""Strategies of one's own in a scenario."""
_FILE, _MODULE, _SOURCE, _CLASS, _ORIGIN = "file", "module", "source", "class", "origin"
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
_TEXT: Final = "tag:yaml.org,2002:str"

PlaceOf = Callable[[yaml.Node], str]


def has_strategies(root: yaml.Node) -> bool:
    """Whether a document has strategies of its own."""
    return _section(root) is not None


def inline_strategies(root: yaml.Node, folder: Path | None, place_of: PlaceOf) -> None:
    """Put the code in the place of every file and module; ``folder`` is where files are looked for (``None``: nowhere)."""
    for name, definition in _definitions(root, place_of):
        fields = _fields_of(name, definition, place_of)
        ways = [way for way in (_FILE, _MODULE, _SOURCE) if way in fields]
        if len(ways) != 1:
            raise BadInput(place_of(definition), f"strategy {shown(name)}: expected one of {_FILE}, {_MODULE} or {_SOURCE}")
        if ways == [_SOURCE]:
            continue
        where = fields[ways[0]]
        text, origin = _read_file(where, folder, place_of) if ways == [_FILE] else _read_module(where, place_of)
        kept = [field for field in definition.value if field[0].value == _CLASS]
        mark = where.start_mark
        source = (yaml.ScalarNode(_TEXT, _SOURCE, mark, mark), yaml.ScalarNode(_TEXT, text, mark, mark, style="|"))
        named = (yaml.ScalarNode(_TEXT, _ORIGIN, mark, mark), yaml.ScalarNode(_TEXT, origin, mark, mark))
        definition.value = [*kept, named, source]


def taken_strategies(root: yaml.Node, place_of: PlaceOf) -> tuple[yaml.Node, tuple[StrategySource, ...]]:
    """The document without its strategies, and these, each of them loaded once; raises :class:`BadInput`."""
    sources: list[StrategySource] = []
    for name, definition in _definitions(root, place_of):
        fields = _fields_of(name, definition, place_of)
        if _SOURCE not in fields:
            raise BadInput(
                place_of(definition), f"strategy {shown(name)}: its {_SOURCE} is missing; expected a file that is read"
            )
        texts = {field: str(node.value) for field, node in fields.items()}
        source = StrategySource(name, texts[_SOURCE], texts.get(_CLASS, ""), texts.get(_ORIGIN, f"{STRATEGIES}.{name}"))
        try:
            kind_of(source)
        except StrategySourceError as error:
            raise BadInput(place_of(definition), f"strategy {shown(name)}: {error}") from None
        sources.append(source)
    if not isinstance(root, yaml.MappingNode):
        return root, ()
    rest = [field for field in root.value if field[0].value != STRATEGIES]
    return yaml.MappingNode(root.tag, rest, root.start_mark, root.end_mark), tuple(sources)


def refuse_override(key: str) -> None:
    """Code comes from files that somebody chose, never from a value that came over the wire; raises :class:`BadInput`."""
    if key.strip().split(".")[0].strip() == STRATEGIES:
        raise BadInput(f"--set {key}", f"{STRATEGIES} cannot be set; expected them in the scenario's file")


def _section(root: yaml.Node) -> yaml.Node | None:
    if isinstance(root, yaml.MappingNode):
        for key, value in root.value:
            if key.value == STRATEGIES:
                section: yaml.Node = value
                return section
    return None


def _definitions(root: yaml.Node, place_of: PlaceOf) -> list[tuple[str, yaml.MappingNode]]:
    """Every strategy of the section by name, with what defines it."""
    section = _section(root)
    if section is None:
        return []
    if not isinstance(section, yaml.MappingNode) or len(section.value) > MOST:
        raise BadInput(place_of(section), f"{STRATEGIES} is no mapping of at most {MOST} names; expected name: {{file: my.py}}")
    found = []
    for key, definition in section.value:
        name = str(key.value)
        if _NAME.fullmatch(name) is None:
            raise BadInput(
                place_of(key), f"the strategy name {shown(name)}: expected 1 to 32 of a-z, 0-9 and _, a letter first"
            )
        if name in KINDS:
            raise BadInput(place_of(key), f"there is a built-in strategy {shown(name)}; expected another name")
        if not isinstance(definition, yaml.MappingNode):
            raise BadInput(place_of(definition), f"strategy {shown(name)}: expected a mapping such as {{file: my.py}}")
        found.append((name, definition))
    return found


def _fields_of(name: str, definition: yaml.MappingNode, place_of: PlaceOf) -> dict[str, yaml.ScalarNode]:
    fields: dict[str, yaml.ScalarNode] = {}
    for key, value in definition.value:
        if key.value not in (_FILE, _MODULE, _SOURCE, _CLASS, _ORIGIN):
            known = ", ".join((_FILE, _MODULE, _SOURCE, _CLASS))
            raise BadInput(place_of(key), f"strategy {shown(name)} has no field {shown(str(key.value))}; expected {known}")
        if not isinstance(value, yaml.ScalarNode) or not str(value.value).strip():
            raise BadInput(place_of(value), f"strategy {shown(name)}: {key.value} is no text; expected one value")
        fields[key.value] = value
    return fields


def _read_file(where: yaml.ScalarNode, folder: Path | None, place_of: PlaceOf) -> tuple[str, str]:
    if folder is None:
        raise BadInput(place_of(where), f"{shown(where.value)}: no files are read here; expected a scenario in a file")
    return _read(lambda: source_in_file(folder / where.value), where, place_of), Path(where.value).name


def _read_module(where: yaml.ScalarNode, place_of: PlaceOf) -> tuple[str, str]:
    return _read(lambda: source_of_module(where.value), where, place_of), f"{where.value}.py"


def _read(reading: Callable[[], str], where: yaml.ScalarNode, place_of: PlaceOf) -> str:
    try:
        return reading()
    except StrategySourceError as error:
        raise BadInput(place_of(where), f"{shown(str(where.value))} {error}") from None
