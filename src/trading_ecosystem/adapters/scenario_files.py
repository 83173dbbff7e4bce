"""Scenario files: YAML text into a checked scenario, with ``--set`` applied, every error on one line with its place.

YAML is only composed, never constructed: a value stays the text that was written, and no tag can make an object. Anchors and
aliases are refused, nesting and size are limited, so that a small file cannot become a large document.
"""

from __future__ import annotations

from collections.abc import Mapping as KindsMapping
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from trading_ecosystem.adapters.own_strategies.loading import kinds_with
from trading_ecosystem.adapters.own_strategies.section import (
    has_strategies,
    inline_strategies,
    refuse_override,
    taken_strategies,
)
from trading_ecosystem.adapters.scenario_templates import expanded, has_template, identifier, set_value
from trading_ecosystem.adapters.settlement_calendars import run_calendar
from trading_ecosystem.adapters.time_zones import is_time_zone
from trading_ecosystem.domains.test_coordination.document import Field, Items, Mapping, Node, Scalar, shown
from trading_ecosystem.domains.test_coordination.grammar.variables import PARAMETERS
from trading_ecosystem.domains.test_coordination.scenario import Ecosystem, Scenario
from trading_ecosystem.domains.test_coordination.scenario_reading import SettingProblem, StrategyCheck, read_document
from trading_ecosystem.domains.trading.kinds import StrategyKind, pairs_of, settings_of
from trading_ecosystem.domains.trading.settings import SettingsError
from trading_ecosystem.ports.errors import BadInput

LARGEST_FILE: Final = 1 << 20
"""Bytes of the largest scenario file that is read."""
DEEPEST: Final = 20
"""Levels of nesting in a scenario."""
_TAG: Final = "tag:yaml.org,2002:"
_TAGS: Final = tuple(
    _TAG + name for name in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq", "merge", "value")
)


def strategy_problem(
    kinds: KindsMapping[str, StrategyKind], kind: str, settings: dict[str, str], ecosystem: Ecosystem
) -> SettingProblem | None:
    """What is wrong with a strategy's settings in this ecosystem, or ``None``."""
    try:
        typed = settings_of(kind, settings, kinds)
        # What a strategy watches may follow from any of its settings, as in a script of orders.
        watched = pairs_of(kinds[kind], typed)
    except SettingsError as error:
        return SettingProblem(error.setting, str(error))
    known = {"venue": tuple(venue.name for venue in ecosystem.venues), "instrument": ecosystem.market_data.instruments}
    named = [
        (what, name.strip(), setting)
        for what in known
        for setting in (what, f"{what}s")
        for name in settings.get(setting, "").split(",")
        if name
    ]
    for venue, symbol in watched:
        named += [("venue", venue, "")] if venue else []
        named += [("instrument", symbol, "")]
    for what, name, setting in named:
        if name not in known[what]:
            return SettingProblem(setting, f"unknown {what} {shown(name)}; expected one of: {', '.join(known[what])}")
    return None


def read_scenario(path: Path, overrides: Sequence[str] = ()) -> Scenario:
    """The scenario of a file, with ``key=value`` overrides applied; raises :class:`BadInput`.

    A recording that it names must exist, relative to the file's folder.
    """
    root = _composed(_text_of(path), str(path), overrides, path.parent)
    scenario = _read(root, path.stem)
    recording = recording_path(scenario, path)
    if recording is not None and not recording.is_file():
        _, node = _found(root, ["ecosystem", "market_data", "recording", "file"], "")
        raise BadInput(_place(node), f"there is no recording {shown(str(recording))}; expected a file")
    return scenario


def read_node(path: Path) -> Node:
    """The document in a YAML file, with the same limits as a scenario's; raises :class:`BadInput`."""
    return _node_of(_compose(_text_of(path), str(path)))


def parse_scenario(text: str, place: str, overrides: Sequence[str] = (), name: str | None = None) -> Scenario:
    """The scenario in a text; ``place`` stands where the file's name would in errors.

    ``name`` is the scenario's; without it, the stem of ``place``.
    """
    root = _composed(text, place, overrides)
    return _read(root, name if name is not None else Path(place).stem)


def _read(root: yaml.Node, name: str) -> Scenario:
    """The scenario in a document, with what only the edge knows checked: that time zones and calendars exist."""
    root, sources = taken_strategies(root, _place)
    kinds = kinds_with(sources)
    scenario = read_document(_node_of(root), name, StrategyCheck(tuple(kinds), partial(strategy_problem, kinds)))
    scenario = msgspec.structs.replace(scenario, strategies=sources)
    for number, venue in enumerate(scenario.ecosystem.venues):
        calendar = venue.rules.calendar
        if calendar is not None and not is_time_zone(calendar.time_zone):
            _, venues = _found(root, ["ecosystem", "venues"], "")
            assert isinstance(venues, yaml.SequenceNode)
            _, node = _found(venues.value[number], ["calendar", "time_zone"], "")
            expected = "expected a name of the time zone database, such as UTC or America/New_York"
            raise BadInput(_place(node), f"unknown time zone {shown(calendar.time_zone)}; {expected}")
        if venue.rules.settlement is not None:
            _, venues = _found(root, ["ecosystem", "venues"], "")
            assert isinstance(venues, yaml.SequenceNode)
            _check_calendar(scenario, venue.rules.settlement.calendar, venues.value[number], ["settlement", "calendar"])
    if scenario.ecosystem.custodian.settlement_calendar:
        name = scenario.ecosystem.custodian.settlement_calendar
        _check_calendar(scenario, name, root, ["ecosystem", "custodian", "settlement_calendar"])
    return scenario


def _check_calendar(scenario: Scenario, name: str, root: yaml.Node, keys: list[str]) -> None:
    try:
        run_calendar(scenario, name)
    except BadInput as error:
        _, node = _found(root, keys, "")
        raise BadInput(_place(node), error.problem) from error


def resolved_text(source: Path | str, overrides: Sequence[str] = ()) -> str:
    """The YAML text of a file (or the text itself) after overrides: what is kept so that a run can be done again.

    Without overrides and a template it is the text as written. With them it is the whole document without its comments.
    """
    place, folder = (str(source), source.parent) if isinstance(source, Path) else ("scenario", None)
    text = _text_of(source) if isinstance(source, Path) else source
    written = _compose(text, place)
    if not overrides and not has_template(written) and not has_strategies(written):
        return text
    root = _composed(text, place, overrides, folder)
    serialised: str = yaml.serialize(root, Dumper=yaml.SafeDumper, allow_unicode=True, width=120)
    return serialised


def recording_path(scenario: Scenario, path: Path) -> Path | None:
    """Where the recording of a scenario lies whose file is ``path``; ``None`` where prices are generated."""
    recording = scenario.ecosystem.market_data.recording
    return None if recording is None else path.parent / recording.file


def _text_of(path: Path) -> str:
    try:
        if path.is_dir():
            raise BadInput(str(path), "this is a folder; expected a scenario file")
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise BadInput(str(path), "there is no such file; expected a scenario file") from None
    except OSError as error:
        raise BadInput(str(path), f"the file cannot be read ({error.strerror}); expected a readable scenario file") from None
    try:
        return _within_size(raw, str(path)).decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        raise BadInput(f"{path}:{line}:{column}", "this is not UTF-8 text; expected a scenario in YAML") from None


def _within_size(raw: bytes, place: str) -> bytes:
    if len(raw) > LARGEST_FILE:
        raise BadInput(place, f"the scenario is larger than {LARGEST_FILE} bytes; expected a smaller one")
    return raw


class _Composer(yaml.SafeLoader):
    """PyYAML's composer with limits: no anchors, no deep nesting."""

    def __init__(self, text: str, place: str) -> None:
        super().__init__(text)
        self.name = place
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise BadInput(_mark(event.start_mark), "anchors and aliases are not used here; expected the value itself")
        if self._depth >= DEEPEST:
            raise BadInput(_mark(event.start_mark), f"nested deeper than {DEEPEST} levels; expected a scenario")
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


def _mark(mark: yaml.Mark) -> str:
    return _at(str(mark.name), mark.line, mark.column)


def _at(name: str, line: int, column: int) -> str:
    """A place in a file; a value of ``--set`` is its own place."""
    return name if name.startswith("--set ") else f"{name}:{line + 1}:{column + 1}"


def _place(node: yaml.Node) -> str:
    return _mark(node.start_mark)


def _compose(text: str, place: str) -> yaml.Node:
    """The YAML nodes of a text; duplicate keys and odd tags are refused here."""
    _within_size(text.encode(errors="surrogatepass"), place)
    try:
        root = _Composer(text, place).get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = _mark(mark) if mark is not None else place
        told = " ".join(f"{error.context or ''} {error.problem or ''}".split())
        raise BadInput(where, f"malformed YAML: {told}; expected a scenario in YAML") from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        where = _at(place, before.count("\n"), error.position - before.rfind("\n") - 1)
        raise BadInput(where, "a character that YAML does not allow; expected printable text") from None
    if root is None:
        raise BadInput(_at(place, 0, 0), "there is nothing here; expected a scenario in YAML")
    checked: yaml.Node = root
    _check_nodes(checked)
    return checked


def _check_nodes(node: yaml.Node) -> None:
    if node.tag not in _TAGS:
        raise BadInput(_place(node), f"the tag {shown(node.tag)} is not used here; expected a plain value")
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, str] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise BadInput(_place(key), "a key cannot be a list or a mapping; expected a word")
            if key.value in seen:
                problem = f"the key {shown(key.value)} is here twice, first at {seen[key.value]}; expected distinct keys"
                raise BadInput(_place(key), problem)
            seen[key.value] = _place(key)
            _check_nodes(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _check_nodes(item)


def _composed(text: str, place: str, overrides: Sequence[str], folder: Path | None = None) -> yaml.Node:
    """The nodes of a text with its template, looked for in ``folder`` and in the library, and with overrides."""
    root = expanded(_compose(text, place), folder, lambda path: _compose(_text_of(path), str(path)), _place)
    inline_strategies(root, folder, _place)
    for override in overrides:
        refuse_override(override.partition("=")[0])
        _apply(root, override)
    return root


def _apply(root: yaml.Node, override: str) -> None:
    """Set one value in the document, or add a field that the mapping around it does not have yet."""
    key, separator, value = override.partition("=")
    place = f"--set {key}"
    steps = key.strip().split(".")
    if not separator or not all(steps):
        expected = "expected key=value, such as faults.depeg.magnitude=-0.05"
        raise BadInput(f"--set {override}", f"this has no key or no '='; {expected}")
    new = _compose(value, place) if value.strip() else _scalar("null", "", place)
    parent = _found(root, steps[:-1], place, create=True)[1]
    if isinstance(parent, yaml.MappingNode):
        for position, (field, _) in enumerate(parent.value):
            if field.value == steps[-1]:
                definition = parent.value[position][1]
                if steps[:-1] == [PARAMETERS] and isinstance(definition, yaml.MappingNode) and isinstance(new, yaml.ScalarNode):
                    # A parameter keeps its type and its bounds.
                    set_value(definition, field, new)
                else:
                    parent.value[position] = (field, new)
                return
        parent.value.append((_scalar("str", steps[-1], place), new))
        return
    position, _ = _found(parent, steps[-1:], place)
    parent.value[position] = new


def _scalar(tag: str, text: str, place: str) -> yaml.ScalarNode:
    return yaml.ScalarNode(_TAG + tag, text, _start(place), _start(place))


def _start(place: str) -> yaml.Mark:
    return yaml.Mark(place, 0, 0, 0, "", 0)


def _found(node: yaml.Node, steps: list[str], place: str, create: bool = False) -> tuple[int, yaml.Node]:
    """The node at the end of a dotted path, and its position in what holds it; ``create`` adds mappings on the way."""
    position = 0
    for step in steps:
        if isinstance(node, yaml.MappingNode):
            keys = [field.value for field, _ in node.value]
            if step not in keys and create:
                added = yaml.MappingNode(_TAG + "map", [], _start(place), _start(place))
                node.value.append((_scalar("str", step, place), added))
                keys.append(step)
            position = keys.index(step)
            node = node.value[position][1]
        elif isinstance(node, yaml.SequenceNode):
            position = _item_position(node, step, place)
            node = node.value[position]
        else:
            raise BadInput(place, f"{shown(step)} would lie inside of a single value; expected the path of a field")
    return position, node


def _item_position(node: yaml.SequenceNode, step: str, place: str) -> int:
    """The position of an item that ``--set`` names by id, name, fault or index."""
    names = [identifier(item) for item in node.value]
    if names.count(step) > 1:
        raise BadInput(place, f"there are {names.count(step)} items {shown(step)}; expected the index of one, from 0")
    if step in names:
        return names.index(step)
    if step.isascii() and step.isdigit() and int(step[:9]) < len(names):
        return int(step)
    known = ", ".join(name for name in names if name) or f"0 to {len(names) - 1}"
    raise BadInput(place, f"there is no item {shown(step)} to set; expected an index or one of: {known}")


def _node_of(node: yaml.Node) -> Node:
    """The document that a composed YAML tree stands for."""
    place = _place(node)
    if isinstance(node, yaml.MappingNode):
        return Mapping(tuple(Field(key.value, _node_of(value), _place(key)) for key, value in node.value), place)
    if isinstance(node, yaml.SequenceNode):
        return Items(tuple(_node_of(item) for item in node.value), place)
    assert isinstance(node, yaml.ScalarNode)
    if node.tag == _TAG + "null" and not node.style:
        return Scalar("", place)
    return Scalar(str(node.value), place, plain=not node.style)
