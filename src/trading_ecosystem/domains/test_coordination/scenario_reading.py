"""How a whole scenario is read from a document: ecosystem, workloads, operations, faults, expectations, clean periods.

Everything is checked here, once; what comes out is trusted from then on. Every refusal is a
:class:`~trading_ecosystem.ports.errors.BadInput` that names the place, what is wrong and what was expected.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from trading_ecosystem.domains.test_coordination.catalogue import CATALOGUE
from trading_ecosystem.domains.test_coordination.catalogue_entry import CatalogueEntry
from trading_ecosystem.domains.test_coordination.document import (
    Fields,
    Items,
    Mapping,
    Node,
    Scalar,
    described,
    fields_of,
    items_of,
    shown,
)
from trading_ecosystem.domains.test_coordination.ecosystem_reading import read_ecosystem
from trading_ecosystem.domains.test_coordination.fault_reading import check_ranges, read_faults
from trading_ecosystem.domains.test_coordination.grammar import criteria_reading
from trading_ecosystem.domains.test_coordination.grammar.phases import unfolded
from trading_ecosystem.domains.test_coordination.grammar.variables import substituted
from trading_ecosystem.domains.test_coordination.operation_reading import read_operations
from trading_ecosystem.domains.test_coordination.quantities import (
    LARGEST,
    amounts_of,
    boolean,
    duration,
    enumerated,
    instance_name,
    instant,
    named,
    ratio,
    spoken,
    text_of,
    whole_number,
)
from trading_ecosystem.domains.test_coordination.scenario import (
    OPEN,
    CleanPeriod,
    Ecosystem,
    Expectation,
    Fault,
    PlannedFault,
    Scenario,
    Workload,
)
from trading_ecosystem.domains.test_coordination.targeted_fault import TargetedFault
from trading_ecosystem.messages.base import master_of
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.units import DAY, PARTS_PER_MILLION, SECOND, MinorUnits, Nanos
from trading_ecosystem.ports.errors import BadInput

LONGEST_RUN: Final[Nanos] = 31 * DAY
LONGEST_STRATEGY_NAME: Final = 24
"""A client order id of at most 36 characters begins with the strategy's name."""
_MOST: Final = 100
"""At most so many workloads, operations, faults, expectations or clean periods."""
_OPEN_WORD: Final = "open"
"""Stands for a duration where a scenario has no end."""
_STANDBY_WORD: Final = "standby"
"""Stands for the start of a workload that waits to be started."""
_DEFAULT_START: Final[Nanos] = 20_514 * DAY
"""2026-03-02T00:00:00Z, a Monday."""


class SettingProblem(msgspec.Struct, frozen=True):
    """One line about settings that cannot be used, and the setting at fault (empty: none in particular)."""

    setting: str
    problem: str


class StrategyCheck(msgspec.Struct, frozen=True):
    """What the edge knows of strategies: their kinds, and what is wrong with settings (``None``: nothing)."""

    kinds: tuple[str, ...]
    problem: Callable[[str, dict[str, str], Ecosystem], SettingProblem | None]


def read_document(root: Node, name: str, strategies: StrategyCheck) -> Scenario:
    """The scenario in a document; ``name`` is the stem of its file."""
    root, parameters = substituted(root)
    root, phases = unfolded(root)
    known = (
        "title",
        "description",
        "seed",
        "starts_at",
        "duration",
        "ecosystem",
        "workloads",
        "operations",
        "faults",
        "expectations",
        "clean_periods",
        "needs",
        *criteria_reading.FIELDS,
        # These are taken out before: they stand here for whoever mistypes one.
        "phases",
        "parameters",
    )
    fields = Fields(root, "a scenario", known)
    description, seed, starts_at = fields.get("description"), fields.get("seed"), fields.get("starts_at")
    duration_ns = _read_duration(fields)
    within_ns = duration_ns or LARGEST
    ecosystem = read_ecosystem(fields.get("ecosystem"), fields.place)
    workloads = _read_workloads(_limited(fields, "workloads"), ecosystem, within_ns, strategies)
    ecosystem = msgspec.structs.replace(ecosystem, standby=tuple(one for one in workloads if one.start_ns is None))
    faults_node = Items(tuple(_limited(fields, "faults")), fields.place_of("faults"))
    faults = read_faults(faults_node, ecosystem, within_ns)
    check_ranges(faults, faults_node)
    return Scenario(
        name=name,
        title=text_of(fields.need("title"), "title"),
        description=text_of(description, "description") if description else "",
        seed=whole_number(seed, "seed", 0, LARGEST) if seed else 0,
        starts_at=instant(starts_at, "starts_at") if starts_at else _DEFAULT_START,
        duration_ns=duration_ns,
        ecosystem=ecosystem,
        workloads=workloads,
        faults=faults,
        expectations=_read_expectations(_limited(fields, "expectations"), faults),
        clean_periods=tuple(_read_clean_period(item, duration_ns) for item in _limited(fields, "clean_periods")),
        operations=read_operations(_limited(fields, "operations"), ecosystem, workloads, within_ns),
        checks=criteria_reading.read_checks(fields, ecosystem, faults, duration_ns),
        phases=phases,
        parameters=parameters,
        needs=_read_needs(_limited(fields, "needs"), name),
    )


def _read_duration(fields: Fields) -> Nanos:
    """How long the run is, or ``OPEN``; what has no end is not judged, so that nothing may be expected of the whole of it."""
    node = fields.need("duration")
    if not isinstance(node, Scalar) or node.text != _OPEN_WORD:
        return duration(node, "duration", SECOND, LONGEST_RUN)
    for judged in ("expectations", "clean_periods"):
        if _limited(fields, judged):
            problem = f"an open scenario has no end at which it is judged; expected no {judged}, or a duration such as 90m"
            raise BadInput(fields.place_of(judged), problem)
    return OPEN


def _read_needs(nodes: tuple[Node, ...], name: str) -> tuple[str, ...]:
    needs: list[str] = []
    for node in nodes:
        needed = text_of(node, "what a scenario needs")
        if needed in needs or needed == name:
            raise BadInput(node.place, f"{shown(needed)} cannot be needed here; expected other scenarios, each once")
        needs.append(needed)
    return tuple(needs)


def _limited(fields: Fields, key: str) -> tuple[Node, ...]:
    node = fields.get(key)
    if node is None:
        return ()
    items = items_of(node, key)
    if len(items) > _MOST:
        raise BadInput(node.place, f"there are {len(items)} {key}; expected at most {_MOST}")
    return items


def _read_workloads(
    nodes: tuple[Node, ...], ecosystem: Ecosystem, duration_ns: Nanos, strategies: StrategyCheck
) -> tuple[Workload, ...]:
    workloads: list[Workload] = []
    for node in nodes:
        workload = _read_workload(node, ecosystem, duration_ns, strategies)
        for other in workloads:
            if workload.name == other.name:
                raise BadInput(node.place, f"the workload name {shown(workload.name)} is used twice; expected distinct names")
            if workload.account == other.account:
                _check_shared(node, workload, other)
        workloads.append(workload)
        shares = [one.capital_share_ppm or 0 for one in workloads if one.account == workload.account]
        if sum(shares) > PARTS_PER_MILLION:
            problem = f"the capital shares of {shown(workload.account)} are more than the whole; expected at most 1 together"
            raise BadInput(node.place, problem)
    return tuple(workloads)


def _check_shared(node: Node, workload: Workload, other: Workload) -> None:
    """Two workloads use one account: each must have its share of it, and the first alone states its capital."""
    if workload.capital_share_ppm is None or other.capital_share_ppm is None:
        problem = (
            f"the account {shown(workload.account)} is used twice; expected an account for each workload, or capital_share"
        )
        raise BadInput(node.place, problem)
    if workload.capital:
        problem = f"the capital of {shown(workload.account)} is stated twice; expected it of the first workload alone"
        raise BadInput(node.place, problem)


def _read_workload(node: Node, ecosystem: Ecosystem, duration_ns: Nanos, strategies: StrategyCheck) -> Workload:
    fields = Fields(node, "a workload", ("strategy", "name", "account", "start", "capital", "settings", "capital_share"))
    kind = named(fields.need("strategy"), "strategy", strategies.kinds)
    name_node = fields.get("name")
    name = instance_name(name_node, "the workload's name") if name_node else kind.replace("_", "-")
    if len(name) > LONGEST_STRATEGY_NAME:
        place = fields.place_of("name")
        expected = f"expected at most {LONGEST_STRATEGY_NAME} characters"
        raise BadInput(place, f"the workload's name {shown(name)} is too long; {expected}")
    firm = ecosystem.firm.name
    account_node, start, settings_node = fields.get("account"), fields.get("start"), fields.get("settings")
    settings = _read_settings(settings_node) if settings_node else {}
    problem = strategies.problem(kind, settings, ecosystem)
    if problem is not None:
        raise BadInput(_place_of_setting(settings_node, problem.setting) or node.place, problem.problem)
    share, capital = fields.get("capital_share"), fields.get("capital")
    if capital is None and share is None:
        fields.need("capital")
    return Workload(
        strategy=kind,
        name=name,
        account=_read_account(account_node, firm) if account_node else f"{firm}/{name}",
        start_ns=_read_start(start, duration_ns) if start else 0,
        capital=_read_capital(capital, ecosystem) if capital is not None else {},
        settings=settings,
        capital_share_ppm=ratio(share, "capital_share", 1, PARTS_PER_MILLION) if share else None,
    )


def _read_start(node: Node, duration_ns: Nanos) -> Nanos | None:
    if isinstance(node, Scalar) and node.text == _STANDBY_WORD:
        return None
    return duration(node, "start", 0, duration_ns)


def _read_account(node: Node, firm: str) -> str:
    text = text_of(node, "account")
    sub_account = text.partition("/")[2]
    if master_of(text) != firm or not sub_account:
        raise BadInput(node.place, f"unknown account {shown(text)}; expected a sub-account of the firm, such as {firm}/maker")
    instance_name(Scalar(sub_account, node.place), "the sub-account")
    return text


def _read_capital(node: Node, ecosystem: Ecosystem) -> dict[str, dict[str, MinorUnits]]:
    venues = tuple(venue.name for venue in ecosystem.venues)
    capital: dict[str, dict[str, MinorUnits]] = {}
    for field in fields_of(node, "capital"):
        venue = named(Scalar(field.key, field.place), "venue", venues)
        capital[venue] = amounts_of(field.value, f"the capital at {venue}", ecosystem.assets)
    return capital


def _read_settings(node: Node) -> dict[str, str]:
    settings: dict[str, str] = {}
    for field in fields_of(node, "settings"):
        value = field.value
        parts = value.items if isinstance(value, Items) else (value,)
        texts = [text_of(part, f"the setting {shown(field.key)}") for part in parts]
        settings[field.key] = ",".join(texts)
    return settings


def _place_of_setting(node: Node | None, name: str) -> str | None:
    if not isinstance(node, Mapping):
        return None
    return next((field.value.place for field in node.fields if field.key == name), node.place)


def _stated(fault: Fault) -> CatalogueEntry:
    """What the catalogue states of a fault."""
    entry = CATALOGUE[fault.kind]
    return fault.stated(entry) if isinstance(fault, TargetedFault) else entry


def _read_expectations(nodes: tuple[Node, ...], faults: tuple[PlannedFault, ...]) -> tuple[Expectation, ...]:
    kinds = {plan.lowest.id: plan.lowest.kind for plan in faults}
    entries = {plan.lowest.id: _stated(plan.lowest) for plan in faults}
    expectations: list[Expectation] = []
    for node in nodes:
        fields = Fields(node, "an expectation", ("fault", "alert", "within", "missed"))
        fault_node = fields.need("fault")
        if not kinds:
            raise BadInput(fault_node.place, f"unknown fault {described(fault_node)}; expected a scenario with faults")
        fault = named(fault_node, "fault", kinds)
        if any(other.fault == fault for other in expectations):
            raise BadInput(fault_node.place, f"fault {shown(fault)} has two expectations; expected one per fault")
        entry = entries[fault]
        if entry.expected_alert is None:
            problem = f"a fault of kind {kinds[fault].value} is outside the monitor's mandate; expected no expectation of it"
            raise BadInput(fault_node.place, problem)
        missed = fields.get("missed")
        if missed is not None and boolean(missed, "missed"):
            for key in ("alert", "within"):
                if key in fields:
                    raise BadInput(fields.place_of(key), f"a fault that is missed has no '{key}'; expected 'missed' alone")
            expectations.append(Expectation(fault, None, 0))
            continue
        alert_node, within = fields.need("alert"), fields.get("within")
        alert = enumerated(alert_node, "alert", AlertKind)
        if alert is not entry.expected_alert:
            problem = f"{alert.value} is not what a fault of kind {kinds[fault].value} raises"
            raise BadInput(alert_node.place, f"{problem}; expected {entry.expected_alert.value}, or missed: true")
        within_ns = entry.sla_ns if within is None else duration(within, "within", 0, LONGEST_RUN)
        expectations.append(Expectation(fault, alert, within_ns))
    return tuple(expectations)


def _read_clean_period(node: Node, duration_ns: Nanos) -> CleanPeriod:
    fields = Fields(node, "a clean period", ("from", "until"))
    start, end = fields.get("from"), fields.get("until")
    from_ns = duration(start, "from") if start else 0
    until_ns = duration(end, "until", longest=duration_ns) if end else duration_ns
    if from_ns >= until_ns:
        problem = f"the clean period from {spoken(from_ns)} until {spoken(until_ns)} is empty"
        raise BadInput(fields.place_of("until"), f"{problem}; expected 'until' after 'from'")
    return CleanPeriod(from_ns, until_ns)
