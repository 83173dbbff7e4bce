"""Every bounded context has the same shape, and its component hears only what its place allows."""

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest

from trading_ecosystem.messages.base import Audience, Command, Message
from trading_ecosystem.messages.envelope import MESSAGE_TYPES
from trading_ecosystem.messages.exchange import TradeMatched
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.risk import AcknowledgeAlert
from trading_ecosystem.messages.test_coordination import FaultInjected
from trading_ecosystem.ports.component import Begin, Component, Later, Said, WakeUp
from trading_ecosystem.ports.records import Record
from trading_ecosystem.runtime.links import Links
from trading_ecosystem.runtime.monitors import Monitors
from trading_ecosystem.runtime.supervisor import Supervisor

DOMAINS = Path(__file__).parents[2] / "src" / "trading_ecosystem" / "domains"
CONTEXTS = ("market_data", "exchange", "custodian", "trading", "risk", "test_coordination", "audit")
COMPONENTS = CONTEXTS[:-1]
"""Audit is a fold over the journal and has no wiring."""

PRODUCTION, WORLD, CONTROL = Audience.PRODUCTION, Audience.WORLD, Audience.CONTROL
MAY_HEAR = {
    "market_data": frozenset({CONTROL}),
    "exchange": frozenset({PRODUCTION, WORLD, CONTROL}),
    "custodian": frozenset({PRODUCTION, WORLD, CONTROL}),
    "trading": frozenset({PRODUCTION}),
    "risk": frozenset({PRODUCTION}),
    "test_coordination": frozenset({PRODUCTION, CONTROL}),
}
MAY_SAY = {
    "market_data": frozenset({PRODUCTION, WORLD, CONTROL}),
    "exchange": frozenset({PRODUCTION, WORLD, CONTROL}),
    "custodian": frozenset({PRODUCTION, WORLD, CONTROL}),
    "trading": frozenset({PRODUCTION}),
    "risk": frozenset({PRODUCTION}),
    "test_coordination": frozenset({PRODUCTION, CONTROL, Audience.AUDIT}),
}
COMMANDS_ONLY = frozenset({"exchange", "custodian"})
"""Of production messages these hear commands, nothing else."""


def shape_violations(folder: Path) -> list[str]:
    """What a context's folder lacks."""
    wanted = ["__init__.py", "records.py"] + (["component.py", "parameters.py"] if folder.name in COMPONENTS else [])
    found = [f"{folder.name} has no {name}" for name in wanted if not (folder / name).is_file()]
    if (folder / "__init__.py").is_file():
        tree = ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))
        if not ast.get_docstring(tree):
            found.append(f"{folder.name} does not say what it promises")
        elif len(tree.body) > 1:
            found.append(f"{folder.name}/__init__.py is more than a docstring")
    return found


def wiring_violations(context: str, component: type[Component]) -> list[str]:
    """Where a component hears or says what its place does not allow, or its table names what it does not have."""
    found: list[str] = []
    if component.context != context:
        found.append(f"context is {component.context}")
    for heard, method in component.hears.items():
        if not inspect.isfunction(getattr(component, method, None)):
            found.append(f"{method} is no method")
        if issubclass(heard, WakeUp):
            continue
        if heard.audience not in MAY_HEAR[context]:
            found.append(f"hears {heard.__name__}, which is {heard.audience}")
        elif context in COMMANDS_ONLY and heard.audience is PRODUCTION and not issubclass(heard, Command):
            found.append(f"hears {heard.__name__}, which is no command")
    if Begin not in component.hears:
        found.append("does not hear Begin")
    for said in component.says:
        if said.audience not in MAY_SAY[context]:
            found.append(f"says {said.__name__}, which is {said.audience}")
    if len(set(component.says)) != len(component.says):
        found.append("says something twice over")
    for question, method in component.answers.items():
        if not inspect.isfunction(getattr(component, method, None)):
            found.append(f"{method} does not answer {question.__name__}")
    return found


def record_violations(context: str, module: ModuleType) -> list[str]:
    """Where a context's records do not have what its store needs."""
    found: list[str] = []
    if context != module.NAMESPACE:
        found.append(f"namespace {module.NAMESPACE}")
    tables = [record.table for record in module.RECORDS]
    if len(set(tables)) != len(tables):
        found.append("two records of one table")
    for record in module.RECORDS:
        if not issubclass(record, Record):
            found.append(f"{record.__name__} is no record")
        missing = [name for name in record.key if name not in record.__struct_fields__]
        if missing or not record.key:
            found.append(f"{record.__name__} has the key {record.key}")
    if not callable(getattr(module, "project", None)):
        found.append("no project")
    return found


def component_of(context: str) -> type[Component]:
    """The one component class that a context's component module defines."""
    module = importlib.import_module(f"trading_ecosystem.domains.{context}.component")
    (component,) = (
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Component) and value.__module__ == module.__name__
    )
    return component


def test_there_are_seven_contexts() -> None:
    found = {path.name for path in DOMAINS.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert found == set(CONTEXTS)


@pytest.mark.parametrize("context", CONTEXTS)
def test_context_has_its_shape(context: str) -> None:
    assert shape_violations(DOMAINS / context) == []


@pytest.mark.parametrize("context", COMPONENTS)
def test_component_hears_and_says_what_its_place_allows(context: str) -> None:
    assert wiring_violations(context, component_of(context)) == []


@pytest.mark.parametrize("context", CONTEXTS)
def test_records_have_what_a_store_needs(context: str) -> None:
    assert record_violations(context, importlib.import_module(f"trading_ecosystem.domains.{context}.records")) == []


def test_every_message_is_said_or_an_input() -> None:
    """What nobody says can only come in through a door: commands, recorded rows, the beginning of a run."""
    speakers = [*(component_of(context) for context in COMPONENTS), Links, Monitors, Supervisor]
    said = {message.__name__ for speaker in speakers for message in speaker.says}
    silent = {name for name, message in MESSAGE_TYPES.items() if name not in said and not issubclass(message, Command)}
    assert silent == {"RunStarted", "Resumed", "PriceRecorded", "SourcePriceRecorded"}


def test_every_command_is_heard() -> None:
    hearers = [*(component_of(context) for context in COMPONENTS), Monitors, Supervisor]
    heard = {message.__name__ for hearer in hearers for message in hearer.hears}
    commands = {name for name, message in MESSAGE_TYPES.items() if issubclass(message, Command)}
    assert commands <= heard


class Planted(Component):
    """Keeps every rule of the risk context."""

    context: ClassVar[str] = "risk"
    hears: ClassVar[dict[type[Any], str]] = {Begin: "begun", PricePublished: "price_published", AcknowledgeAlert: "alert_taken"}
    says: ClassVar[tuple[type[Message], ...]] = ()

    def begun(self, message: Begin, now: int) -> Said:
        return [Later(Begin(), now + 1)]

    price_published = begun
    alert_taken = begun


class WiredToControl(Planted):
    hears: ClassVar[dict[type[Any], str]] = {**Planted.hears, FaultInjected: "begun"}


class WiredToWorld(Planted):
    hears: ClassVar[dict[type[Any], str]] = {**Planted.hears, TradeMatched: "begun"}


class TellsTheTruth(Planted):
    says: ClassVar[tuple[type[Message], ...]] = (FaultInjected,)


class Deaf(Planted):
    hears: ClassVar[dict[type[Any], str]] = {Begin: "began"}


class NeverBegins(Planted):
    hears: ClassVar[dict[type[Any], str]] = {PricePublished: "price_published"}


class Elsewhere(Planted):
    context: ClassVar[str] = "trading"


@pytest.mark.parametrize(
    ("planted", "expected"),
    [
        (Planted, []),
        (WiredToControl, ["hears FaultInjected, which is control"]),
        (WiredToWorld, ["hears TradeMatched, which is world"]),
        (TellsTheTruth, ["says FaultInjected, which is control"]),
        (Deaf, ["began is no method"]),
        (NeverBegins, ["does not hear Begin"]),
        (Elsewhere, ["context is trading"]),
    ],
)
def test_planted_wiring_is_caught(planted: type[Component], expected: list[str]) -> None:
    assert wiring_violations("risk", planted) == expected


def test_simulators_hear_commands_and_no_other_production_message() -> None:
    class Eavesdropper(Planted):
        context: ClassVar[str] = "exchange"

    assert wiring_violations("exchange", Eavesdropper) == ["hears PricePublished, which is no command"]


def test_planted_shape_is_caught(tmp_path: Path) -> None:
    folder = tmp_path / "risk"
    folder.mkdir()
    for name in ("__init__.py", "component.py"):
        (folder / name).write_text("import math\n", encoding="utf-8")
    assert shape_violations(folder) == [
        "risk has no records.py",
        "risk has no parameters.py",
        "risk does not say what it promises",
    ]
    (folder / "__init__.py").write_text('"""Promises."""\nimport math\n', encoding="utf-8")
    assert shape_violations(folder)[-1] == "risk/__init__.py is more than a docstring"


class Kept(Record, frozen=True):
    table: ClassVar[str] = "kept"
    key: ClassVar[tuple[str, ...]] = ("venue", "number")
    venue: str


def test_planted_records_are_caught() -> None:
    module = ModuleType("records")
    vars(module).update(NAMESPACE="exchange", RECORDS=(Kept, Kept))
    assert record_violations("risk", module) == [
        "namespace exchange",
        "two records of one table",
        "Kept has the key ('venue', 'number')",
        "Kept has the key ('venue', 'number')",
        "no project",
    ]
