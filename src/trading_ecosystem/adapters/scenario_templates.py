"""Scenarios made from others: ``template`` names the scenario that this one begins as, ``with`` gives its parameters.

Everything else that is written is laid over the template: mappings are merged, items of a list replace those of the same id,
name or fault and are added otherwise, and single values replace. A criterion replaces that of the same
measure and subject. A template may itself have a template. The result holds everything, so that a record of it needs no other
file.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import yaml

from trading_ecosystem.adapters.scenario_library import find_scenario
from trading_ecosystem.domains.test_coordination.document import one_of, shown, suggestion
from trading_ecosystem.domains.test_coordination.grammar.variables import PARAMETERS
from trading_ecosystem.ports.errors import BadInput

DEEPEST: Final = 5
"""Templates of templates."""
IDENTIFIERS: Final = ("id", "name", "fault")
"""Fields by which an item of a list is known."""
MEASURE: Final = "measure"
TEMPLATE: Final = "template"
WITH: Final = "with"
_VALUE: Final = "value"


def identifier(node: yaml.Node) -> str:
    """The id, name or fault of an item; empty where it has none."""
    if isinstance(node, yaml.MappingNode):
        fields = {key.value: value.value for key, value in node.value if isinstance(value, yaml.ScalarNode)}
        for name in IDENTIFIERS:
            if name in fields:
                return str(fields[name])
    return ""


def _known_by(item: yaml.Node) -> tuple[str, ...]:
    """What an item of a list is the same by; empty where it is always one more."""
    if isinstance(item, yaml.MappingNode):
        fields = {key.value: value.value for key, value in item.value if isinstance(value, yaml.ScalarNode)}
        if MEASURE in fields:
            return tuple(str(fields.get(name, "")) for name in (MEASURE, "venue", "instrument", "fault"))
    name = identifier(item)
    return (name,) if name else ()


def has_template(root: yaml.Node) -> bool:
    """Whether a document is made from another."""
    return isinstance(root, yaml.MappingNode) and any(key.value == TEMPLATE for key, _ in root.value)


def expanded(
    root: yaml.Node,
    folder: Path | None,
    compose: Callable[[Path], yaml.Node],
    place_of: Callable[[yaml.Node], str],
    depth: int = 0,
) -> yaml.Node:
    """A document with its template under it; ``folder`` is where the template is looked for first (``None``: nowhere).

    ``compose`` reads a file into nodes and ``place_of`` says where one was written. Raises :class:`BadInput`.
    """
    if not isinstance(root, yaml.MappingNode):
        return root
    fields = {key.value: (key, value) for key, value in root.value}
    if TEMPLATE not in fields:
        if WITH in fields:
            raise BadInput(
                place_of(fields[WITH][0]), "there is no template to give parameters to; expected 'template' beside 'with'"
            )
        return root
    node = fields[TEMPLATE][1]
    if not isinstance(node, yaml.ScalarNode) or not node.value:
        raise BadInput(place_of(node), "this is no template; expected a scenario file, or a name of `scenarios list`")
    if depth == DEEPEST:
        raise BadInput(place_of(node), f"templates of templates go deeper than {DEEPEST}; expected fewer, and none of itself")
    path = _template_path(node, folder, place_of)
    base = expanded(compose(path), path.parent, compose, place_of, depth + 1)
    if not isinstance(base, yaml.MappingNode):
        raise BadInput(place_of(node), f"{shown(node.value)} is no mapping; expected a scenario")
    if WITH in fields:
        _give(base, fields[WITH][1], place_of)
    rest = [(key, value) for key, value in root.value if key.value not in (TEMPLATE, WITH)]
    return _laid_over(base, yaml.MappingNode(root.tag, rest, root.start_mark, root.end_mark))


def _template_path(node: yaml.ScalarNode, folder: Path | None, place_of: Callable[[yaml.Node], str]) -> Path:
    if folder is not None and (folder / node.value).is_file():
        return folder / str(node.value)
    try:
        return find_scenario(node.value)
    except BadInput as error:
        raise BadInput(place_of(node), f"there is no template {shown(node.value)} ({error.problem})") from None


def _give(base: yaml.MappingNode, given: yaml.Node, place_of: Callable[[yaml.Node], str]) -> None:
    """Write the values of ``with`` into the template's parameters."""
    if not isinstance(given, yaml.MappingNode):
        raise BadInput(place_of(given), "'with' is no mapping; expected the template's parameters and their values")
    defined = next((value for key, value in base.value if key.value == PARAMETERS), None)
    known = {key.value: value for key, value in defined.value} if isinstance(defined, yaml.MappingNode) else {}
    for key, value in given.value:
        definition = known.get(key.value)
        if not isinstance(definition, yaml.MappingNode):
            told = one_of(known) if known else "expected none: the template has no parameters"
            raise BadInput(place_of(key), f"unknown parameter {shown(key.value)}; {suggestion(key.value, known)}{told}")
        set_value(definition, key, value)


def set_value(definition: yaml.MappingNode, key: yaml.Node, value: yaml.Node) -> None:
    """Give a parameter's definition a value, which goes before the default."""
    word = yaml.ScalarNode("tag:yaml.org,2002:str", _VALUE, key.start_mark, key.end_mark)
    definition.value = [field for field in definition.value if field[0].value != _VALUE] + [(word, value)]


def _laid_over(base: yaml.Node, over: yaml.Node) -> yaml.Node:
    if isinstance(base, yaml.MappingNode) and isinstance(over, yaml.MappingNode):
        fields = {key.value: (key, value) for key, value in base.value}
        for key, value in over.value:
            if key.value in fields:
                value = _laid_over(fields[key.value][1], value)
            fields[key.value] = (key, value)
        return yaml.MappingNode(over.tag, list(fields.values()), over.start_mark, over.end_mark)
    if isinstance(base, yaml.SequenceNode) and isinstance(over, yaml.SequenceNode):
        items = list(base.value)
        names = [_known_by(item) for item in items]
        added: list[yaml.Node] = []
        for item in over.value:
            name = _known_by(item)
            if name and name in names:
                position = names.index(name)
                items[position] = _laid_over(items[position], item)
            else:
                added.append(item)
        return yaml.SequenceNode(over.tag, items + added, over.start_mark, over.end_mark)
    return over
