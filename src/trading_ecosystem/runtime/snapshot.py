"""Snapshots: the whole kernel at one sequence, as one JSON document.

One codec serves every component, so that no domain writes snapshot code and none can forget a field. It walks the object
graph and keeps identity: an object reached twice is written once. It knows numbers, strings, bytes, ``None``, enums,
tuples, lists, dicts, sets, deques, Structs and plain classes of this package; anything else is refused by name, because
a snapshot that silently lost something would be worse than none. Floats are written as ``float.hex``.
"""

from __future__ import annotations

import enum
import importlib
from collections import OrderedDict, defaultdict, deque
from typing import Any, ClassVar, Final

import msgspec

from trading_ecosystem.ports.component import Component
from trading_ecosystem.ports.errors import Conflict, Corrupt
from trading_ecosystem.runtime.kernel import Kernel

FORMAT: Final = 1
PACKAGES: Final[tuple[str, ...]] = ("trading_ecosystem.",)
"""Where the classes that a snapshot may hold live."""
NEWER_CONTEXTS: Final = frozenset({"monitors", "supervisor"})
"""Contexts that earlier versions did not have: a snapshot without one leaves it as it began."""
_PLAIN: Final = (bool, int, str, type(None))
_SEQUENCES: Final[dict[str, Any]] = {"tuple": tuple, "list": list, "set": set, "frozenset": frozenset}


class Snapshot(msgspec.Struct, frozen=True):
    """A snapshot document: where it stands, and the encoded state of everything."""

    format: int
    engine_version: str
    sequence: int
    entries: int
    now: int
    state_versions: dict[str, int]
    state: Any
    """Component states, the queues and the links, as one encoded graph, so that sharing between them is kept."""


def take_snapshot(kernel: Kernel, engine_version: str) -> bytes:
    """The whole kernel between two steps, as JSON bytes."""
    states = {name: _attributes(component) for name, component in kernel.components.items()}
    graph = {"states": states, "kernel": kernel.state()}
    snapshot = Snapshot(
        format=FORMAT,
        engine_version=engine_version,
        sequence=kernel.sequence,
        entries=kernel.entries,
        now=kernel.now,
        state_versions={name: component.state_version for name, component in kernel.components.items()},
        state=Encoder().encode(graph),
    )
    return msgspec.json.encode(snapshot)


def restore_snapshot(kernel: Kernel, document: bytes, engine_version: str, *, upgrade: bool = False) -> Snapshot:
    """Put a freshly built kernel into the snapshot's state.

    Raises :class:`Corrupt` where the document is damaged and :class:`Conflict` where it was written for other components, or by
    another engine version; with ``upgrade`` another version's is taken where every state in it can be brought up to this one's.
    """
    try:
        snapshot = msgspec.json.decode(document, type=Snapshot)
    except msgspec.MsgspecError as error:
        raise Corrupt(f"the snapshot is not readable: {error}") from error
    if snapshot.format != FORMAT or (snapshot.engine_version != engine_version and not upgrade):
        raise Conflict(
            f"the snapshot was written by engine {snapshot.engine_version} (format {snapshot.format}), "
            f"this is {engine_version}: recover with {snapshot.engine_version}, stop cleanly, then upgrade"
        )
    for name, version in snapshot.state_versions.items():
        if name in kernel.components:
            _upgrade_steps(kernel.components[name], version)
    graph = Decoder().decode(snapshot.state)
    newer = {name for name, component in kernel.components.items() if component.context in NEWER_CONTEXTS}
    if set(graph["states"]) - newer != set(kernel.components) - newer:
        raise Conflict(f"the snapshot holds {', '.join(graph['states'])}; this ecosystem has {', '.join(kernel.components)}")
    for name, attributes in graph["states"].items():
        component = kernel.components[name]
        upgrade_state(component, snapshot.state_versions[name], attributes)
        _set_attributes(component, attributes)
    kernel.restore_state(graph["kernel"])
    kernel.sequence, kernel.entries, kernel.now = snapshot.sequence, snapshot.entries, snapshot.now
    return snapshot


def _alerts_may_be_silenced(_: Component, attributes: dict[str, Any]) -> None:
    for alert in attributes["alerts"].active.values():
        alert.silenced_until = None


def _parts_begin_anew(_: Component, attributes: dict[str, Any]) -> None:
    """The monitor's parts are new, and know nothing of what was before them."""


def _venues_may_misbehave(component: Any, attributes: dict[str, Any]) -> None:
    """No condition stood on the venue: what is new of it is as it was built."""
    entry, desk = attributes["entry"], attributes["desk"]
    capture = entry.events._capture
    entry.conditions = capture._conditions = component.conditions
    desk._late_fills = late_fills = component.desk._late_fills
    late_fills._events, late_fills._capture = entry.events, capture
    attributes["perpetuals"]._entry = entry
    for market in attributes["markets"].values():
        market.restraint = None


def _desks_keep_pace(component: Any, attributes: dict[str, Any]) -> None:
    """Every desk counts what its strategy asks for, from here on; its positions stay kept as they were, at average cost."""
    for name, desk in attributes["desks"].items():
        fresh = component.desks[name]
        desk.pace, desk.rate, desk.broken = fresh.pace, fresh.rate, ""
        desk.portfolio.kept_as = fresh.portfolio.kept_as


def _links_know_what_is_held(_: Component, attributes: dict[str, Any]) -> None:
    attributes["_held_until"] = max((link.last_due for link in attributes["_links"].values()), default=0)


class Upgrades:
    """Upgraders of component states, by context and the version they start from."""

    steps: ClassVar[dict[tuple[str, int], Any]] = {
        ("risk", 1): _alerts_may_be_silenced,
        ("risk", 2): _parts_begin_anew,
        ("trading", 1): _desks_keep_pace,
        ("exchange", 1): _venues_may_misbehave,
        ("links", 1): _links_know_what_is_held,
    }


def upgrade_state(component: Component, version: int, attributes: dict[str, Any]) -> None:
    """Bring stored attributes up to the component's state version; raises :class:`Conflict` where a step is missing."""
    for step in _upgrade_steps(component, version):
        step(component, attributes)


def _upgrade_steps(component: Component, version: int) -> list[Any]:
    """What brings a state of this version up; raises :class:`Conflict` where a step is missing, or the state is newer."""
    missing = f"{component.name}: no upgrade of its state from version {version} to {component.state_version}"
    if version > component.state_version:
        raise Conflict(missing)
    steps = []
    for before in range(version, component.state_version):
        step = Upgrades.steps.get((component.context, before))
        if step is None:
            raise Conflict(missing)
        steps.append(step)
    return steps


class Encoder:
    """Turns an object graph into JSON values; every container and object gets a number when first met."""

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}
        self._keep: list[Any] = []

    def encode(self, value: Any) -> Any:
        """Plain values stay; everything else becomes ``{"k": kind, …}`` or ``{"ref": number}``."""
        kind = type(value)
        if kind in _PLAIN:
            return value
        if kind is float:
            return {"k": "float", "v": value.hex()}
        if kind is bytes:
            return {"k": "bytes", "v": value.hex()}
        if isinstance(value, enum.Enum):
            return {"k": "enum", "c": _name_of(kind), "v": value.value}
        if isinstance(value, type):
            return {"k": "type", "c": _name_of(value)}
        number = self._numbers.get(id(value))
        if number is not None:
            return {"ref": number}
        self._numbers[id(value)] = len(self._keep)
        self._keep.append(value)
        return self._encode_compound(value, kind)

    def _encode_compound(self, value: Any, kind: type[Any]) -> Any:
        if kind.__name__ in _SEQUENCES and kind is _SEQUENCES[kind.__name__]:
            items = _ordered(value) if kind in (set, frozenset) else value
            return {"k": kind.__name__, "v": [self.encode(item) for item in items]}
        if kind is deque:
            return {"k": "deque", "m": value.maxlen, "v": [self.encode(item) for item in value]}
        if kind in (dict, OrderedDict):
            return {"k": kind.__name__, "v": [[self.encode(key), self.encode(item)] for key, item in value.items()]}
        if kind is defaultdict:
            pairs = [[self.encode(key), self.encode(item)] for key, item in value.items()]
            return {"k": "defaultdict", "c": _factory_name(value.default_factory), "v": pairs}
        if isinstance(value, msgspec.Struct):
            fields = [self.encode(getattr(value, field)) for field in value.__struct_fields__]
            return {"k": "struct", "c": _name_of(kind), "v": fields}
        if hasattr(value, "snapshot_state"):
            return {"k": "own", "c": _name_of(kind), "v": value.snapshot_state()}
        return {"k": "object", "c": _name_of(kind), "v": {n: self.encode(a) for n, a in _attributes(value).items()}}


class Decoder:
    """The inverse of :class:`Encoder`."""

    def __init__(self) -> None:
        self._objects: list[Any] = []

    def decode(self, value: Any) -> Any:
        """Rebuild a value."""
        if not isinstance(value, dict):
            return value
        if "ref" in value:
            return self._objects[value["ref"]]
        kind = value["k"]
        if kind == "float":
            return float.fromhex(value["v"])
        if kind == "bytes":
            return bytes.fromhex(value["v"])
        if kind == "enum":
            return _class_named(value["c"])(value["v"])
        if kind == "type":
            return _class_named(value["c"])
        number = len(self._objects)
        self._objects.append(None)
        return self._decode_compound(kind, value, number)

    def _decode_compound(self, kind: str, value: dict[str, Any], number: int) -> Any:
        built: Any
        if kind in ("tuple", "set", "frozenset"):
            built = self._objects[number] = _SEQUENCES[kind](self.decode(item) for item in value["v"])
            return built
        if kind == "struct":
            struct_class = _class_named(value["c"])
            fields = [self.decode(item) for item in value["v"]]
            built = struct_class(**dict(zip(struct_class.__struct_fields__, fields, strict=True)))
            self._objects[number] = built
            return built
        if kind == "own":
            built = self._objects[number] = _class_named(value["c"]).from_snapshot_state(value["v"])
            return built
        # What can contain itself is registered before its contents are read.
        if kind == "list" or kind == "deque":
            built = [] if kind == "list" else deque(maxlen=value["m"])
            self._objects[number] = built
            built.extend(self.decode(item) for item in value["v"])
        elif kind in ("dict", "OrderedDict", "defaultdict"):
            built = {} if kind == "dict" else OrderedDict() if kind == "OrderedDict" else defaultdict(_FACTORIES[value["c"]])
            self._objects[number] = built
            for key, item in value["v"]:
                decoded = self.decode(key)
                built[decoded] = self.decode(item)
        else:
            object_class = _class_named(value["c"])
            built = self._objects[number] = object_class.__new__(object_class)
            _set_attributes(built, {name: self.decode(item) for name, item in value["v"].items()})
        return built


_FACTORIES: Final[dict[str, Any]] = {"int": int, "list": list, "dict": dict, "deque": deque, "set": set}


def _factory_name(factory: Any) -> str:
    name = getattr(factory, "__name__", str(factory))
    if _FACTORIES.get(name) is not factory:
        raise TypeError(f"a snapshot cannot hold a defaultdict of {name}")
    return str(name)


def _ordered(values: Any) -> list[Any]:
    """A set's items in an order of their own, not of their hashes."""
    return sorted(values, key=lambda item: (type(item).__name__, str(item)))


def _attributes(value: Any) -> dict[str, Any]:
    """All attributes of an object, from ``__dict__`` and from every ``__slots__``."""
    found = dict(vars(value)) if hasattr(value, "__dict__") else {}
    for base in type(value).__mro__:
        slots = base.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            mangled = f"_{base.__name__.lstrip('_')}{name}" if name.startswith("__") else name
            if hasattr(value, mangled):
                found[mangled] = getattr(value, mangled)
    return found


def _set_attributes(value: Any, attributes: dict[str, Any]) -> None:
    for name, attribute in attributes.items():
        object.__setattr__(value, name, attribute)


def _name_of(kind: type[Any]) -> str:
    if not kind.__module__.startswith(PACKAGES):
        raise TypeError(f"a snapshot cannot hold a {kind.__module__}.{kind.__qualname__}")
    return f"{kind.__module__}:{kind.__qualname__}"


def _class_named(name: str) -> Any:
    module, _, path = name.partition(":")
    if not module.startswith(PACKAGES):
        raise Corrupt(f"the snapshot names a class outside this package: {name}")
    found: Any = importlib.import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    return found
