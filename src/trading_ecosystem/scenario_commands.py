"""The commands ``trading-ecosystem scenarios …``: list the library, check a file, run several side by side."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console

from trading_ecosystem.adapters.scenario_library import find_scenario, library
from trading_ecosystem.ports.errors import BadInput
from trading_ecosystem.terminal import HELD, NOT_HELD, interruptible, print_json

MOST_JOBS: Final = 64
scenarios_app = typer.Typer(help="List the scenario library, check a scenario file, or run several.", no_args_is_help=True)

ScenarioArgument = Annotated[str, typer.Argument(help="A scenario file, or a name of `scenarios list`.", show_default=False)]
SeedOption = Annotated[int | None, typer.Option(help="Seed of every random stream; default: the scenario's own.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override a value of the scenario, e.g. faults.depeg.magnitude=-0.03."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


@scenarios_app.command("list")
def scenarios_list(json: JsonOption = False) -> None:
    """List the scenarios that come with the package."""
    from trading_ecosystem.adapters.scenario_files import read_scenario

    parsed = [read_scenario(path) for path in library().values()]
    if json:
        print_json([{"name": s.name, "title": s.title, "seed": s.seed, "duration_ns": s.duration_ns} for s in parsed])
        return
    width = max(len(scenario.name) for scenario in parsed)
    for scenario in parsed:
        sys.stdout.write(f"{scenario.name:{width}}  {scenario.title}\n")


@scenarios_app.command("check")
def scenarios_check(scenario: ScenarioArgument, set_: SetOption = None, json: JsonOption = False) -> None:
    """Read a scenario, say what is wrong with it, or how large its record will be."""
    from trading_ecosystem.adapters.scenario_files import read_scenario
    from trading_ecosystem.container import ENTRY_BUDGET
    from trading_ecosystem.domains.test_coordination.estimate import estimate_entries

    parsed = read_scenario(find_scenario(scenario), set_ or ())
    estimate = estimate_entries(parsed)
    if estimate > ENTRY_BUDGET:
        raise BadInput(parsed.name, f"would make about {estimate:,} entries; expected at most {ENTRY_BUDGET:,}: shorten it")
    hour = " in the first hour" if parsed.is_open else ""
    if json:
        shown = {"name": parsed.name, "title": parsed.title, "open": parsed.is_open, "estimated_entries": estimate}
        print_json({**shown, "faults": len(parsed.faults)})
        return
    sys.stdout.write(
        f"{parsed.name}: {parsed.title}\n{len(parsed.faults)} faults, {len(parsed.expectations)} expectations, "
        f"{len(parsed.clean_periods)} clean periods; about {estimate:,} entries{hour}\n"
    )


@scenarios_app.command("run")
def scenarios_run(
    scenarios: Annotated[
        list[str], typer.Argument(help="Scenario files, or names of `scenarios list`; what they need is run first.")
    ],
    seed: SeedOption = None,
    jobs: Annotated[int | None, typer.Option(min=1, max=MOST_JOBS, help="Runs at a time; as many as cores without it.")] = None,
    out: Annotated[Path, typer.Option(help="Each run's directory is made in here.")] = Path("runs/batch"),
    json: JsonOption = False,
) -> None:
    """Run several scenarios side by side; exit code 0 where all of them hold."""
    from trading_ecosystem.scenario_batches import Outcome, parts_of, run_batch

    parts = parts_of(scenarios)
    width = max(len(part.name) for part in parts)

    def say(outcome: Outcome) -> None:
        why = f"  {outcome.detail}" if outcome.detail else f"  {outcome.folder}/report.html"
        sys.stdout.write(f"{outcome.name:{width}}  {outcome.verdict.upper()}{why}\n")
        sys.stdout.flush()

    with interruptible():
        outcomes = run_batch(parts, out, seed, min(jobs or os.cpu_count() or 1, len(parts)), None if json else say)
    if json:
        print_json([msgspec.to_builtins(outcome) for outcome in outcomes])
    else:
        held = sum(1 for outcome in outcomes if outcome.passed)
        sys.stdout.write(f"{held} of {len(outcomes)} hold\n")
    raise typer.Exit(HELD if all(outcome.passed for outcome in outcomes) else NOT_HELD)


def print_plan(path: Path, seed: int | None, overrides: list[str], json: bool) -> None:
    """Say what a run would do, and do nothing: ``run --dry-run``."""
    from trading_ecosystem.adapters.scenario_files import read_scenario
    from trading_ecosystem.reports.run_plan import plan_text, run_plan

    plan = run_plan(read_scenario(path, overrides), seed)
    if json:
        print_json(msgspec.to_builtins(plan))
    else:
        Console(width=None if sys.stdout.isatty() else 160, highlight=False).print(plan_text(plan))
