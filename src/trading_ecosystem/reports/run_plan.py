"""What a run of a scenario would do, without doing it: phases, faults with their drawn numbers, operations, what is judged."""

from __future__ import annotations

from typing import Any

import msgspec
from rich.console import Group, RenderableType
from rich.text import Text

from trading_ecosystem.adapters.scenario_parameters import coordination_parameters
from trading_ecosystem.domains.test_coordination.criteria_judge import required
from trading_ecosystem.domains.test_coordination.estimate import estimate_entries
from trading_ecosystem.domains.test_coordination.quantities import spoken
from trading_ecosystem.domains.test_coordination.scenario import TEST_COORDINATION, Scenario
from trading_ecosystem.domains.test_coordination.schedule import command_of, component_of, condition_of, generate_schedule
from trading_ecosystem.domains.test_coordination.severity import label_of, targets_of
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.reports.verdict_text import titled_table
from trading_ecosystem.reports.wording import clock_text, duration_text, measure_text, words
from trading_ecosystem.runtime.randomness import SeededRandomness


class PlannedFaultRow(msgspec.Struct, frozen=True):
    """A fault as this seed has it; instants count from the start of the run."""

    fault: str
    kind: str
    component: str
    targets: tuple[str, ...]
    from_ns: Nanos
    until_ns: Nanos
    condition: dict[str, Any]
    """What its component is told."""
    expected_alert: AlertKind | None
    detectable: bool
    size: int
    threshold: int
    sla_ns: Nanos


class PlannedOperationRow(msgspec.Struct, frozen=True):
    """An operation, and the command that it gives."""

    at_ns: Nanos
    command: dict[str, Any]


class RunPlan(msgspec.Struct, frozen=True):
    """What a run of a scenario with a seed would do."""

    scenario: str
    title: str
    seed: int
    duration_ns: Nanos
    estimated_entries: int
    parameters: dict[str, str]
    phases: tuple[dict[str, Any], ...]
    faults: tuple[PlannedFaultRow, ...]
    operations: tuple[PlannedOperationRow, ...]
    expected: tuple[str, ...]
    """One line for everything that the verdict depends on."""
    needs: tuple[str, ...]


def run_plan(scenario: Scenario, seed: int | None = None) -> RunPlan:
    """The plan of a run: the numbers are the very ones that the run would have, since they are drawn before it begins."""
    seed = scenario.seed if seed is None else seed
    parameters = coordination_parameters(scenario)
    faults = []
    for fault in generate_schedule(parameters.faults, TEST_COORDINATION, SeededRandomness(seed)).faults:
        label = label_of(fault, parameters)
        faults.append(
            PlannedFaultRow(
                fault=fault.id,
                kind=fault.kind.value,
                component=component_of(fault, parameters),
                targets=targets_of(fault, parameters),
                from_ns=fault.at_ns,
                until_ns=fault.at_ns + fault.lasts_ns,
                condition=msgspec.to_builtins(condition_of(fault, parameters, scenario.starts_at + fault.at_ns)),
                expected_alert=label.expected_alert,
                detectable=label.detectable,
                size=label.severity,
                threshold=label.threshold,
                sla_ns=label.sla_ns,
            )
        )
    return RunPlan(
        scenario=scenario.name,
        title=scenario.title,
        seed=seed,
        duration_ns=scenario.duration_ns,
        estimated_entries=estimate_entries(scenario),
        parameters={one.name: one.text for one in scenario.parameters},
        phases=tuple(msgspec.to_builtins(phase) for phase in scenario.phases),
        faults=tuple(faults),
        operations=tuple(
            PlannedOperationRow(one.at_ns, msgspec.to_builtins(command_of(one, parameters))) for one in scenario.operations
        ),
        expected=tuple(_expected(scenario)),
        needs=scenario.needs,
    )


def _expected(scenario: Scenario) -> list[str]:
    lines = [
        f"{one.fault} is missed"
        if one.alert is None
        else f"{one.fault} raises {one.alert.value} within {spoken(one.within_ns)}"
        for one in scenario.expectations
    ]
    lines += [f"no alert from {spoken(one.from_ns)} until {spoken(one.until_ns)}" for one in scenario.clean_periods]
    checks = scenario.checks
    if checks.steady_state is not None:
        for name, window in (("before", checks.steady_state.before), ("after", checks.steady_state.after)):
            span = f"from {spoken(window.from_ns)} until {spoken(window.until_ns)}"
            lines += [f"steady state {name}, {span}: {required(one)}" for one in checks.steady_state.criteria]
    lines += [f"success: {required(one)}" for one in checks.success]
    if checks.rollback_within_ns is not None:
        lines.append(f"rollback: every fault is over within {spoken(checks.rollback_within_ns)} of its planned end")
    return lines


def plan_text(plan: RunPlan) -> RenderableType:
    """The plan as a person reads it on a terminal."""
    lasts = "open" if not plan.duration_ns else duration_text(plan.duration_ns)
    parts: list[RenderableType] = [
        Text.assemble(("DRY RUN", "bold"), f"  {plan.title}\n"),
        Text(f"seed {plan.seed}, {lasts}, about {plan.estimated_entries:,} entries; nothing was run or written\n"),
    ]
    if plan.parameters:
        table = titled_table("Parameters", ("parameter", "value"))
        for name, value in plan.parameters.items():
            table.add_row(name, value)
        parts += [table, Text()]
    if plan.phases:
        table = titled_table("Phases", ("phase", "from", "until", ""))
        for phase in plan.phases:
            table.add_row(
                phase["name"],
                clock_text(phase["from_ns"], 0),
                clock_text(phase["until_ns"], 0),
                "no alert may fire" if phase["clean"] else phase["description"],
            )
        parts += [table, Text()]
    parts += [*_fault_table(plan), *_operation_table(plan)]
    if plan.expected:
        parts += [Text("The verdict holds if", style="bold"), *(Text(f" {line}") for line in plan.expected)]
    if plan.needs:
        parts.append(Text(f"\nneeds: {', '.join(plan.needs)}"))
    return Group(*parts)


def _fault_table(plan: RunPlan) -> list[RenderableType]:
    if not plan.faults:
        return [Text("No fault would be injected.\n")]
    table = titled_table("What would be injected", ("fault", "kind", "from", "until", "on", "size", "expected alert", "SLA"))
    for row in plan.faults:
        alert = "none: out of mandate"
        if row.expected_alert is not None:
            alert = words(row.expected_alert.value)
            if not row.detectable:
                alert = f"{alert}, but too small"
        table.add_row(
            row.fault,
            words(row.kind),
            clock_text(row.from_ns, 0),
            clock_text(row.until_ns, 0),
            ", ".join((row.component, *row.targets)),
            measure_text(row.expected_alert, row.size) if row.expected_alert is not None else str(row.size),
            alert,
            duration_text(row.sla_ns) if row.expected_alert is not None else "–",
        )
    return [table, Text()]


def _operation_table(plan: RunPlan) -> list[RenderableType]:
    if not plan.operations:
        return []
    table = titled_table("Operations", ("at", "command"))
    for row in plan.operations:
        values = ", ".join(f"{name} {value}" for name, value in row.command.items() if name != "type")
        table.add_row(clock_text(row.at_ns, 0), f"{row.command.get('type', '')}: {values}")
    return [table, Text()]
