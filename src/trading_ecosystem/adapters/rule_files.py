"""Correlation rules in YAML, read like scenarios: every error on one line with its place."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final

from trading_ecosystem.adapters.scenario_files import read_node
from trading_ecosystem.domains.audit.correlation import Pattern, Rule
from trading_ecosystem.domains.test_coordination.document import Fields, Node, fields_of, items_of, one_of, suggestion
from trading_ecosystem.domains.test_coordination.quantities import duration, ratio, text_of
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.envelope import MESSAGE_TYPES
from trading_ecosystem.messages.units import DAY, PARTS_PER_MILLION
from trading_ecosystem.ports.errors import BadInput

MOST_RULES: Final = 200
_KNOWN: Final = ("name", "trigger", "effect", "same", "maximum_delay", "minimum_confidence")


def standard_rules() -> Path:
    """The rules that come with the package."""
    return Path(str(files("trading_ecosystem") / "correlation_rules" / "standard.yaml"))


def read_rules(path: Path) -> tuple[Rule, ...]:
    """The rules of a file; raises :class:`BadInput` naming the place of what cannot be used."""
    fields = Fields(read_node(path), "a file of rules", ("rules",))
    nodes = items_of(fields.need("rules"), "rules")
    if not 0 < len(nodes) <= MOST_RULES:
        raise BadInput(fields.place_of("rules"), f"there are {len(nodes)} rules; expected from 1 to {MOST_RULES}")
    rules = tuple(_rule(node) for node in nodes)
    names: set[str] = set()
    for node, rule in zip(nodes, rules, strict=True):
        if rule.name in names:
            raise BadInput(node.place, f"the name {rule.name!r} is that of an earlier rule; expected another")
        names.add(rule.name)
    return rules


def _rule(node: Node) -> Rule:
    fields = Fields(node, "a rule", _KNOWN)
    trigger, effect = (_pattern(fields.need(side), f"the rule's {side}") for side in ("trigger", "effect"))
    same = fields.get("same")
    pairs = () if same is None else tuple(_pair(one, trigger, effect) for one in items_of(same, "same"))
    return Rule(
        name=text_of(fields.need("name"), "a rule's name"),
        trigger=trigger,
        effect=effect,
        same=pairs,
        maximum_delay_ns=duration(fields.need("maximum_delay"), "maximum_delay", 1, 40 * DAY),
        minimum_confidence_ppm=ratio(fields.need("minimum_confidence"), "minimum_confidence", 0, PARTS_PER_MILLION),
    )


def _pattern(node: Node, what: str) -> Pattern:
    fields = Fields(node, what, ("type", "sender", "where"))
    kind_node = fields.need("type")
    kind = text_of(kind_node, "a type of message")
    if kind not in MESSAGE_TYPES:
        meant = suggestion(kind, MESSAGE_TYPES)
        raise BadInput(kind_node.place, f"there is no message {kind!r}; {meant}expected one of docs/contracts.md")
    where, sender = fields.get("where"), fields.get("sender")
    wanted = () if where is None else fields_of(where, "where")
    for one in wanted:
        _check_field(one.key, MESSAGE_TYPES[kind], one.place)
    return Pattern(
        kind,
        "" if sender is None else text_of(sender, "a sender"),
        tuple((one.key, text_of(one.value, one.key)) for one in wanted),
    )


def _pair(node: Node, trigger: Pattern, effect: Pattern) -> tuple[str, str]:
    """``field``, or ``field of the trigger=field of the effect``."""
    text = text_of(node, "a field in which both agree")
    mine, _, other = text.partition("=")
    pair = mine.strip(), (other or mine).strip()
    for name, pattern in zip(pair, (trigger, effect), strict=True):
        _check_field(name, MESSAGE_TYPES[pattern.type], node.place)
    return pair


def _check_field(name: str, kind: type[Message], place: str) -> None:
    known = kind.__struct_fields__
    if name not in known:
        raise BadInput(place, f"{kind.__name__} has no field {name!r}; {suggestion(name, known)}{one_of(known)}")
