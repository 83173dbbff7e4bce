"""The calls of ``services/test_coordination.proto``: the control face."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec

from trading_ecosystem.adapters.data.test_coordination import CoordinationHistory
from trading_ecosystem.adapters.scenario_files import parse_scenario
from trading_ecosystem.adapters.scenario_library import library
from trading_ecosystem.adapters.scenario_runs import ScenarioRun
from trading_ecosystem.api.face import Face
from trading_ecosystem.api.grpc.conversion import fill, fill_all, fill_choice, invalid, member_reader, snake_case
from trading_ecosystem.api.grpc.door import Door, first_said, said
from trading_ecosystem.api.grpc.fields import needed, optional
from trading_ecosystem.api.grpc.paging import fill_page
from trading_ecosystem.api.grpc.streaming import Streams, Wanted
from trading_ecosystem.api.grpc.stubs import test_coordination_pb2
from trading_ecosystem.api.grpc.stubs.services import test_coordination_pb2 as pb
from trading_ecosystem.api.grpc.stubs.services import test_coordination_pb2_grpc as rpc
from trading_ecosystem.api.rest.app import Workings
from trading_ecosystem.api.rest.control.scenarios import read_from_library
from trading_ecosystem.api.streams.channels import CHANNELS, Channel
from trading_ecosystem.domains.test_coordination.records import RunRecord, ScenarioRecord, scenario_changes
from trading_ecosystem.messages.test_coordination import (
    ClearFault,
    ConditionCleared,
    ConditionEnded,
    FaultCleared,
    FaultInjected,
    FaultKind,
    FaultPlanned,
    FaultRefused,
    FaultsQuestion,
    InjectFault,
)
from trading_ecosystem.ports.records import Upsert

_fault_kind = member_reader(FaultKind, test_coordination_pb2.FaultKind.DESCRIPTOR)


class Scenarios(rpc.ScenarioServiceServicer):
    """Scenarios, their runs, and what came of them."""

    def __init__(self, door: Door, workings: Workings) -> None:
        self._door = door
        self._runs = workings.scenario_runs

    async def StartSimulation(self, request: pb.StartSimulationRequest, context: Any) -> pb.StartSimulationResponse:
        """Start a process that runs the scenario."""
        needed(request, "scenario")
        overrides = tuple(request.overrides)
        if read_from_library(request.scenario, overrides).is_open:
            raise invalid("scenario", "has no end, and is only served; add an override such as duration=1h")
        started = await self._runs.start(request.scenario, optional(request, "seed"), overrides)
        return pb.StartSimulationResponse(simulation=_simulation(started))

    async def StopSimulation(self, request: pb.StopSimulationRequest, context: Any) -> pb.StopSimulationResponse:
        """End the process."""
        needed(request, "run")
        return pb.StopSimulationResponse(simulation=_simulation(await self._runs.stop(request.run)))

    async def ListSimulations(self, request: pb.ListSimulationsRequest, context: Any) -> pb.ListSimulationsResponse:
        """Look at the processes."""
        return pb.ListSimulationsResponse(simulations=[_simulation(one) for one in self._runs.runs()])

    async def ListScenarios(self, request: pb.ListScenariosRequest, context: Any) -> pb.ListScenariosResponse:
        """Read the library, and the history of the coordinator for what else was run."""
        kept = {one.scenario: one for one in await (await _history(self._door)).scenarios()}
        known = await asyncio.to_thread(_library)
        response = pb.ListScenariosResponse()
        fill_all(response.scenarios, [one for _, one in sorted({**kept, **known}.items())])
        return response

    async def ListRuns(self, request: pb.ListRunsRequest, context: Any) -> pb.ListRunsResponse:
        """Read the history of the coordinator."""
        rows = sorted(await (await _history(self._door)).runs(request.scenario or None), key=_place_of)
        return fill_page(pb.ListRunsResponse(), "runs", rows, _place_of, request.page, (0, ""))

    async def GetRun(self, request: pb.GetRunRequest, context: Any) -> pb.GetRunResponse:
        """Read the history of the coordinator."""
        needed(request, "run")
        history = await _history(self._door)
        response = pb.GetRunResponse()
        fill(response.run, await history.run(request.run))
        fill_all(response.faults, await history.faults(request.run))
        fill_all(response.results, await history.results(request.run))
        return response

    async def GetRunStatistics(self, request: pb.GetRunStatisticsRequest, context: Any) -> pb.GetRunStatisticsResponse:
        """Read the history of the coordinator."""
        history, scenario = await _history(self._door), request.scenario or None
        response = pb.GetRunStatisticsResponse()
        fill(response.pass_rate, await history.pass_rate(scenario))
        durations = await history.run_durations(scenario)
        if durations is not None:
            fill(response.durations, durations)
        return response


class Chaos(rpc.ChaosServiceServicer):
    """Faults: what was broken on purpose, and ending it."""

    def __init__(self, door: Door, streams: Streams, workings: Workings) -> None:
        self._door = door
        self._streams = streams
        self._catalogue = workings.fault_catalogue

    async def ListFaultKinds(self, request: pb.ListFaultKindsRequest, context: Any) -> pb.ListFaultKindsResponse:
        """Read the catalogue."""
        response = pb.ListFaultKindsResponse()
        fill_all(response.kinds, self._catalogue)
        return response

    async def InjectFault(self, request: pb.InjectFaultRequest, context: Any) -> pb.InjectFaultResponse:
        """Command the coordinator."""
        command = self._door.read_command(request, "inject", InjectFault)
        receipt = await self._door.command(command, context)
        response = pb.InjectFaultResponse()
        answer = first_said(receipt, FaultInjected, FaultPlanned, FaultRefused)
        parts = {"FaultInjected": response.injected, "FaultPlanned": response.planned, "FaultRefused": response.refused}
        fill(parts[type(answer).__name__], answer)
        return response

    async def ClearFault(self, request: pb.ClearFaultRequest, context: Any) -> pb.ClearFaultResponse:
        """Command the coordinator."""
        receipt = await self._door.command(self._door.read_command(request, "clear", ClearFault), context)
        answer = first_said(receipt, FaultCleared, FaultRefused)
        response = pb.ClearFaultResponse()
        fill(response.cleared if isinstance(answer, FaultCleared) else response.refused, answer)
        return response

    async def ListCurrentFaults(self, request: pb.ListCurrentFaultsRequest, context: Any) -> pb.ListCurrentFaultsResponse:
        """Ask the coordinator."""
        response = pb.ListCurrentFaultsResponse()
        fill_all(response.faults, await self._door.ask(self._door.places.coordination, FaultsQuestion()))
        return response

    async def ListFaults(self, request: pb.ListFaultsRequest, context: Any) -> pb.ListFaultsResponse:
        """Read the history of the coordinator."""
        needed(request, "run")
        response = pb.ListFaultsResponse()
        fill_all(response.faults, await (await _history(self._door)).faults(request.run, _kind_of(request)))
        return response

    async def GetRecoveryStatistics(
        self, request: pb.GetRecoveryStatisticsRequest, context: Any
    ) -> pb.GetRecoveryStatisticsResponse:
        """Read the history of the coordinator."""
        response = pb.GetRecoveryStatisticsResponse()
        durations = await (await _history(self._door)).recovery_durations(_kind_of(request))
        if durations is not None:
            fill(response.durations, durations)
        return response

    async def ClearCondition(self, request: pb.ClearConditionRequest, context: Any) -> pb.ClearConditionResponse:
        """Command the component."""
        command = self._door.read_command(request, "clear", ConditionCleared)
        receipt = await self._door.command(command, context)
        response = pb.ClearConditionResponse()
        for ended in said(receipt, ConditionEnded):
            if ended.condition_id == command.condition_id:
                fill(response.ended, ended)
        return response

    def StreamFaults(self, request: pb.StreamFaultsRequest, context: Any) -> AsyncIterator[pb.StreamFaultsResponse]:
        """Listen to the control face."""
        wanted = [Wanted(channel) for channel in sorted(CHANNELS[Face.CONTROL] - {Channel.HEARTBEATS})]
        return self._streams.follow(pb.StreamFaultsResponse, wanted, Face.CONTROL, show=_show)


@functools.cache
def _library() -> dict[str, Any]:
    """The scenarios that come with the package, as they would be kept of a run."""
    found = {}
    for path in library().values():
        head = scenario_changes(parse_scenario(path.read_text(encoding="utf-8"), path.name))[0]
        assert isinstance(head, Upsert)
        assert isinstance(head.record, ScenarioRecord)
        found[head.record.scenario] = head.record
    return found


async def _history(door: Door) -> CoordinationHistory:
    return CoordinationHistory(await door.history("test_coordination"))


def _kind_of(request: Any) -> Any:
    number = optional(request, "kind")
    return None if number is None else _fault_kind(number, "kind")


def _simulation(one: ScenarioRun) -> pb.Simulation:
    progress, result = one.progress, one.result
    return pb.Simulation(
        run=one.run_id,
        scenario=Path(one.request.scenario).stem,
        seed=one.request.seed,
        state=one.state.value,
        simulated_ns=progress.simulated_ns,
        duration_ns=progress.duration_ns,
        started_at=one.started_at,
        ended_at=one.ended_at or None,
        passed=None if result is None else result.passed,
        problem=one.problem,
    )


def _place_of(run: RunRecord) -> tuple[int, str]:
    return run.started_at, run.run


def _show(answer: pb.StreamFaultsResponse, message: Any) -> None:
    """Write a message into its member; what has none is shown as it stands in the journal."""
    if snake_case(type(message).__name__) in answer.DESCRIPTOR.fields_by_name:
        fill_choice(answer, message)
    else:
        answer.control_message.type = type(message).__name__
        answer.control_message.message = msgspec.json.encode(message).decode()
