"""The fault catalogue as it is shown to whoever chooses a fault: each kind's parameters, their units and bounds, in plain data.

Bounds are in the words of scenarios and both included; ``fault_reading.py`` enforces them, and a test holds the two equal.
Names that may be chosen are those of one ecosystem.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from decimal import Decimal
from typing import Final

import msgspec

from trading_ecosystem.domains.test_coordination.catalogue import CATALOGUE
from trading_ecosystem.domains.test_coordination.catalogue_entry import (
    COINS,
    DEPEG_CAP,
    DIVERGENCE_CAP,
    FACTOR_CAP,
    LONGEST_DELAY,
    LONGEST_FAULT,
    LONGEST_SHOCK,
    PRICE_CAP,
    STABLECOINS,
    CatalogueEntry,
    Target,
)
from trading_ecosystem.domains.test_coordination.component_faults import FORGETFUL, LONGEST_PAUSE, MEMORIES
from trading_ecosystem.domains.test_coordination.custody_faults import MISSTATEMENT_CAP
from trading_ecosystem.domains.test_coordination.feed_faults import MOST_PLACES
from trading_ecosystem.domains.test_coordination.market_data_reading import PRICED_ASSETS
from trading_ecosystem.domains.test_coordination.quantities import spoken
from trading_ecosystem.domains.test_coordination.scenario import Ecosystem
from trading_ecosystem.domains.test_coordination.strategy_faults import (
    LONGEST_INTERVAL,
    SHORTEST_INTERVAL,
    strategies_on_standby,
)
from trading_ecosystem.domains.test_coordination.venue_faults import (
    FEWEST_PIECES,
    LONGEST_LATENCY,
    MAGNITUDES,
    MOST_PIECES,
)
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.test_coordination import FaultKind
from trading_ecosystem.messages.units import PARTS_PER_MILLION, Nanos, PartsPerMillion
from trading_ecosystem.messages.venue_conditions import CommandKind, OutageOrders


class Unit(enum.StrEnum):
    """What a parameter's value is."""

    DURATION = "duration"
    """Such as ``90s`` or ``1h30m``."""
    RATIO = "ratio"
    """A decimal number in steps of 0.000001: ``-0.06`` is -6 %."""
    NAME = "name"
    """One of ``choices``."""
    NAMES = "names"
    """Some of ``choices``, distinct, with commas between."""
    NUMBER = "number"
    """A whole number."""
    TEXT = "text"
    """A name that nobody can choose from a list, such as an account's."""


class FaultParameter(msgspec.Struct, frozen=True):
    """One parameter of a kind of fault."""

    name: str
    unit: Unit
    required: bool
    lowest: str = ""
    highest: str = ""
    choices: tuple[str, ...] = ()


class FaultDescription(msgspec.Struct, frozen=True):
    """One kind of fault: what it takes, how long it may last, and what a monitor ought to say about it."""

    kind: FaultKind
    target: Target
    parameters: tuple[FaultParameter, ...]
    limits: tuple[str, ...]
    """What holds of several parameters together, one line each."""
    expected_alert: AlertKind | None
    threshold: int
    detectable_from: int
    sla_ns: Nanos
    mandate: str


_RATIOS: Final[dict[str, tuple[PartsPerMillion, PartsPerMillion]]] = {
    "magnitude": (-PRICE_CAP, PRICE_CAP),
    "residual": (-PRICE_CAP, PRICE_CAP),
    "probability": (1, PARTS_PER_MILLION),
    "factor": (0, FACTOR_CAP),
    "correlation": (-PARTS_PER_MILLION, PARTS_PER_MILLION),
    "share": (1, PARTS_PER_MILLION - 1),
}
_OF_KIND: Final[dict[tuple[FaultKind, str], tuple[PartsPerMillion, PartsPerMillion]]] = {
    (FaultKind.STABLECOIN_DEPEG, "magnitude"): (-DEPEG_CAP, DEPEG_CAP),
    (FaultKind.STABLECOIN_DEPEG, "residual"): (-DEPEG_CAP, DEPEG_CAP),
    (FaultKind.MARKET_CRASH, "magnitude"): (-PRICE_CAP, -1),
    (FaultKind.MARKET_CRASH, "residual"): (-PRICE_CAP, 0),
    (FaultKind.INSTRUCTION_MISMATCH, "magnitude"): (-MISSTATEMENT_CAP, MISSTATEMENT_CAP),
    (FaultKind.DIVERGENCE, "magnitude"): (-DIVERGENCE_CAP, DIVERGENCE_CAP),
    **{(kind, "magnitude"): (1, highest) for kind, highest in MAGNITUDES.items()},
}
_NAMES: Final[dict[str, tuple[Unit, Callable[[Ecosystem], tuple[str, ...]]]]] = {
    "assets": (Unit.NAMES, lambda ecosystem: _in_play(COINS, ecosystem)),
    "asset": (Unit.NAME, lambda ecosystem: _in_play(COINS, ecosystem)),
    "against": (Unit.NAME, lambda ecosystem: _in_play(COINS, ecosystem)),
    "instrument": (Unit.NAME, lambda ecosystem: ecosystem.market_data.instruments),
    "instruments": (Unit.NAMES, lambda ecosystem: ecosystem.market_data.instruments),
    "from": (Unit.NAMES, lambda ecosystem: ecosystem.link_ends),
    "to": (Unit.NAMES, lambda ecosystem: ecosystem.link_ends),
    "venue": (Unit.NAME, lambda ecosystem: tuple(venue.name for venue in ecosystem.venues)),
    "operation": (Unit.NAME, lambda _: tuple(CommandKind)),
    "orders": (Unit.NAME, lambda _: tuple(OutageOrders)),
}
_LASTING: Final = (Target.VOLATILITY, Target.CORRELATION)
"""Targets whose ``hold`` takes some time."""


def describe_catalogue(ecosystem: Ecosystem) -> tuple[FaultDescription, ...]:
    """Every kind of fault that can be injected into this ecosystem, in the order of the catalogue."""
    return tuple(
        FaultDescription(
            kind=kind,
            target=entry.target,
            parameters=tuple(
                _parameter(name, name in entry.required, kind, entry, ecosystem) for name in (*entry.required, *entry.optional)
            ),
            limits=_limits(kind, entry),
            expected_alert=entry.expected_alert,
            threshold=entry.threshold,
            detectable_from=entry.detectable_from,
            sla_ns=entry.sla_ns,
            mandate=entry.mandate,
        )
        for kind, entry in CATALOGUE.items()
    )


def _parameter(name: str, required: bool, kind: FaultKind, entry: CatalogueEntry, ecosystem: Ecosystem) -> FaultParameter:
    if name == "component":
        return FaultParameter(name, Unit.NAME, required, choices=ecosystem.link_ends)
    if name == "memory":
        return FaultParameter(name, Unit.NAME, required, choices=MEMORIES)
    if name == "workload":
        return FaultParameter(name, Unit.NAME, required, choices=strategies_on_standby(kind, ecosystem))
    if name == "interval":
        return FaultParameter(name, Unit.DURATION, required, spoken(SHORTEST_INTERVAL), spoken(LONGEST_INTERVAL))
    if name == "pieces":
        return FaultParameter(name, Unit.NUMBER, required, str(FEWEST_PIECES), str(MOST_PIECES))
    if name == "account":
        return FaultParameter(name, Unit.TEXT, required)
    if name == "shift":
        return FaultParameter(name, Unit.NUMBER, required, str(-MOST_PLACES), str(MOST_PLACES))
    if name == "skew":
        return FaultParameter(name, Unit.DURATION, required, f"-{spoken(LONGEST_DELAY)}", spoken(LONGEST_DELAY))
    if name in _NAMES:
        unit, choices = _NAMES[name]
        if name == "asset" and entry.target is Target.PRICE:
            priced = STABLECOINS if kind is FaultKind.STABLECOIN_DEPEG else PRICED_ASSETS
            return FaultParameter(name, unit, required, choices=_in_play(priced, ecosystem))
        return FaultParameter(name, unit, required, choices=choices(ecosystem))
    if name in _RATIOS:
        lowest, highest = _OF_KIND.get((kind, name), _RATIOS[name])
        return FaultParameter(name, Unit.RATIO, required, _ratio(lowest), _ratio(highest))
    shortest = 1 if name in ("duration", "delay") or (name == "hold" and entry.target in _LASTING) else 0
    longest = LONGEST_DELAY if name == "delay" else LONGEST_FAULT
    if name == "delay" and entry.target is Target.VENUE:
        longest = LONGEST_LATENCY
    elif kind is FaultKind.COMPONENT_PAUSE:
        longest = LONGEST_PAUSE
    return FaultParameter(name, Unit.DURATION, required, spoken(shortest), spoken(longest))


def _limits(kind: FaultKind, entry: CatalogueEntry) -> tuple[str, ...]:
    limits = []
    if "magnitude" in entry.required and kind not in MAGNITUDES:
        limits.append("magnitude is not 0")
    limits += [f"{name} is not 0" for name in ("shift", "skew") if name in entry.required]
    if kind is FaultKind.PRICE_SHOCK:
        limits.append(f"ramp and hold take at most {spoken(LONGEST_SHOCK)}")
    if "duration" not in entry.required:
        limits.append(f"the whole lasts more than 0s and at most {spoken(LONGEST_FAULT)}")
    if "memory" in entry.optional:
        limits.append(f"without memory only {' and '.join(FORGETFUL)} start")
    if entry.target is Target.LINK:
        limits.append("from and to are not the same single component")
    return tuple(limits)


def _in_play(assets: tuple[str, ...], ecosystem: Ecosystem) -> tuple[str, ...]:
    return tuple(asset for asset in assets if asset in ecosystem.assets)


def _ratio(parts: PartsPerMillion) -> str:
    return f"{Decimal(parts) / PARTS_PER_MILLION:f}"
