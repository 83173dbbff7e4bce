"""Scenarios: the library, and runs of it as simulations beside the ecosystem that lives."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import msgspec
from litestar import Response, Router, get, post

from trading_ecosystem.adapters.scenario_files import parse_scenario, read_scenario
from trading_ecosystem.adapters.scenario_library import library
from trading_ecosystem.adapters.scenario_runs import RunState, ScenarioRun, ScenarioRuns
from trading_ecosystem.api.caller import Scope
from trading_ecosystem.api.decimals import instant_or_none, instant_text, ratio_text
from trading_ecosystem.api.problems import FieldProblem, InvalidRequest, NoSuchThing
from trading_ecosystem.api.rest.bodies import Answer, InstantText
from trading_ecosystem.api.rest.bodies import Request as Body
from trading_ecosystem.api.rest.production.risk_bodies import seconds_text
from trading_ecosystem.api.rest.routing import needs
from trading_ecosystem.domains.test_coordination.estimate import estimate_entries
from trading_ecosystem.domains.test_coordination.scenario import Scenario
from trading_ecosystem.messages.test_coordination import FaultKind
from trading_ecosystem.messages.units import PARTS_PER_MILLION
from trading_ecosystem.ports.errors import BadInput

ScenarioName = Annotated[
    str, msgspec.Meta(min_length=1, max_length=63, pattern=r"^[a-z0-9_]+$(?!\n)", examples=["stablecoin_depeg"])
]
Override = Annotated[
    str,
    msgspec.Meta(
        min_length=3, max_length=200, pattern=r"^[a-zA-Z0-9_.\[\]/-]+=[^\x00-\x1f\x7f]+$(?!\n)", examples=["duration=1h"]
    ),
]
RunId = Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern=r"^[0-9a-f]+$(?!\n)")]
OUTSIDE_FILES: Final = ("recording", "sources")
"""Words of settings that name files: no override from here may have them in its key, or name a recording in its value."""
_NAMES_A_FILE: Final = "names a file, and none is read on behalf of somebody outside"


class ScenarioShown(Answer, frozen=True, forbid_unknown_fields=True):
    """A scenario of the library."""

    scenario: str
    title: str
    description: str
    seed: int
    duration_seconds: str | None
    """`null` where it has no end: it can be served, not run."""
    faults: tuple[FaultKind, ...]
    expectations: int
    estimated_entries: int | None


class ScenariosAnswer(Answer, frozen=True, forbid_unknown_fields=True):
    """The library."""

    scenarios: tuple[ScenarioShown, ...]


class Overrides(Body, frozen=True, forbid_unknown_fields=True):
    """What is to differ from the scenario, as after `--set` on the command line."""

    overrides: Annotated[tuple[Override, ...], msgspec.Meta(max_length=20)] = ()


class RunRequest(Body, frozen=True, forbid_unknown_fields=True):
    """A scenario of the library to run."""

    scenario: ScenarioName
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] | None = None
    overrides: Annotated[tuple[Override, ...], msgspec.Meta(max_length=20)] = ()


class RunShown(Answer, frozen=True, forbid_unknown_fields=True):
    """One run as it stands. Instants are of the wall."""

    run: str
    scenario: str
    seed: int | None
    """`null`: the scenario's own."""
    overrides: tuple[str, ...]
    state: RunState
    progress: str
    """The share of its ecosystem time that is done."""
    simulated_seconds: str
    started_at: InstantText
    ended_at: InstantText | None
    passed: bool | None
    verdict: str | None
    entries: int | None
    journal_digest: str | None
    problem: str | None
    folder: str | None
    """The run directory, on the machine that serves this."""


class RunsAnswer(Answer, frozen=True, forbid_unknown_fields=True):
    """The runs that were started here, the newest first."""

    runs: tuple[RunShown, ...]


@get("/scenarios", **needs(Scope.CONTROL))
async def list_scenarios() -> ScenariosAnswer:
    """The scenarios that come with the package."""
    return ScenariosAnswer(tuple(_scenario(read_scenario(path)) for path in library().values()))


@get("/scenarios/{scenario:str}", **needs(Scope.CONTROL))
async def get_scenario(scenario: ScenarioName) -> ScenarioShown:
    """One scenario of the library."""
    return _scenario(read_from_library(scenario, ()))


@post("/scenarios/{scenario:str}/check", status_code=200, **needs(Scope.CONTROL))
async def check_scenario(data: Overrides, scenario: ScenarioName) -> ScenarioShown:
    """Read a scenario with overrides: what it would be, or what is wrong with it (400)."""
    return _scenario(read_from_library(scenario, data.overrides))


@get("/scenario-runs", **needs(Scope.CONTROL))
async def list_runs(scenario_runs: ScenarioRuns) -> RunsAnswer:
    """The runs that were started here."""
    return RunsAnswer(tuple(_run(one) for one in scenario_runs.runs()))


@post("/scenario-runs", **needs(Scope.CONTROL))
async def start_run(data: RunRequest, scenario_runs: ScenarioRuns) -> RunShown:
    """Run a scenario of the library in a process of its own; 503 where too many run already."""
    parsed = read_from_library(data.scenario, data.overrides)
    if parsed.is_open:
        raise _unusable("scenario", f"{data.scenario} has no end, and is only served; add an override such as duration=1h")
    return _run(await scenario_runs.start(data.scenario, data.seed, data.overrides))


@get("/scenario-runs/{run:str}", **needs(Scope.CONTROL))
async def get_run(scenario_runs: ScenarioRuns, run: RunId) -> RunShown:
    """How one run stands."""
    return _run(scenario_runs.run(run))


@post("/scenario-runs/{run:str}/stop", status_code=200, **needs(Scope.CONTROL))
async def stop_run(scenario_runs: ScenarioRuns, run: RunId) -> RunShown:
    """Stop a run; it leaves no directory."""
    return _run(await scenario_runs.stop(run))


@get("/scenario-runs/{run:str}/verdict", media_type="application/json", **needs(Scope.CONTROL, 409))
async def get_verdict(scenario_runs: ScenarioRuns, run: RunId) -> Response[bytes]:
    """The verdict of a run that has finished: `verdict.json` of its directory, as it was written."""
    return Response(scenario_runs.run(run).verdict(), media_type="application/json")


def read_from_library(name: str, overrides: tuple[str, ...]) -> Scenario:
    """A scenario of the library with overrides; raises :class:`NoSuchThing`, :class:`InvalidRequest`."""
    path = library().get(name)
    if path is None:
        raise NoSuchThing(f"there is no scenario {name} in the library")
    for number, override in enumerate(overrides):
        if any(word in override.partition("=")[0] for word in OUTSIDE_FILES):
            raise _unusable(f"overrides[{number}]", _NAMES_A_FILE)
    try:
        # The text alone is read, so that nobody learns here which files there are.
        parsed = parse_scenario(path.read_text(), str(path), overrides, name)
    except BadInput as error:
        place = str(error).replace(str(path), name)
        raise _unusable("overrides", place) from None
    market = parsed.ecosystem.market_data
    sources = () if market.sources is None else market.sources.sources
    if overrides and (market.recording is not None or any(source.recording is not None for source in sources)):
        raise _unusable("overrides", _NAMES_A_FILE)
    return parsed


def _unusable(field: str, problem: str) -> InvalidRequest:
    return InvalidRequest(f"{field}: {problem}", errors=(FieldProblem(field, problem),))


def _scenario(parsed: Scenario) -> ScenarioShown:
    return ScenarioShown(
        scenario=parsed.name,
        title=parsed.title,
        description=parsed.description,
        seed=parsed.seed,
        duration_seconds=None if parsed.is_open else seconds_text(parsed.duration_ns),
        faults=tuple(dict.fromkeys(one.lowest.kind for one in parsed.faults)),
        expectations=len(parsed.expectations),
        estimated_entries=None if parsed.is_open else estimate_entries(parsed),
    )


def _run(one: ScenarioRun) -> RunShown:
    progress, result = one.progress, one.result
    share = progress.simulated_ns * PARTS_PER_MILLION // progress.duration_ns if progress.duration_ns else 0
    return RunShown(
        run=one.run_id,
        scenario=Path(one.request.scenario).stem,
        seed=one.request.seed,
        overrides=one.request.overrides,
        state=one.state,
        progress=ratio_text(min(share, PARTS_PER_MILLION)),
        simulated_seconds=seconds_text(progress.simulated_ns),
        started_at=instant_text(one.started_at),
        ended_at=instant_or_none(one.ended_at),
        passed=None if result is None else result.passed,
        verdict=None if result is None else result.verdict,
        entries=None if result is None else result.entries,
        journal_digest=None if result is None else result.journal_digest,
        problem=one.problem,
        folder=str(one.folder) if one.state is RunState.FINISHED else None,
    )


router = Router(
    "",
    route_handlers=[list_scenarios, get_scenario, check_scenario, list_runs, start_run, get_run, stop_run, get_verdict],
    tags=["scenarios"],
)
