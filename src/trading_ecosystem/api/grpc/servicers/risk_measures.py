"""The calls of ``services/risk.proto`` about the trading state and about measures."""

from __future__ import annotations

from typing import Any

from trading_ecosystem.api.grpc.conversion import fill, fill_all, invalid
from trading_ecosystem.api.grpc.door import Door, first_said
from trading_ecosystem.api.grpc.stubs.services import risk_pb2 as pb
from trading_ecosystem.api.grpc.stubs.services import risk_pb2_grpc as rpc
from trading_ecosystem.domains.risk.measures.stress import Shock, StressScenario, scenario_problem
from trading_ecosystem.messages.risk import RiskCommandRejected
from trading_ecosystem.messages.risk_measures import (
    AttributionQuestion,
    HedgesQuestion,
    ShockWanted,
    StressQuestion,
    TailsQuestion,
)
from trading_ecosystem.messages.trading_state import (
    PullKillSwitch,
    SetTradingState,
    TradingStateChanged,
    TradingStateQuestion,
)
from trading_ecosystem.messages.units import ASSETS


class TradingStates(rpc.TradingStateServiceServicer):
    """The trading state and the kill switch."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def GetTradingState(self, request: pb.GetTradingStateRequest, context: Any) -> pb.GetTradingStateResponse:
        """Ask the monitor."""
        self._door.firm(request)
        response = pb.GetTradingStateResponse()
        fill(response.state, await self._door.ask(self._door.places.risk, TradingStateQuestion()))
        return response

    async def SetTradingState(self, request: pb.SetTradingStateRequest, context: Any) -> pb.SetTradingStateResponse:
        """Command the monitor."""
        receipt = await self._door.command(self._door.read_command(request, "set", SetTradingState), context)
        answer = first_said(receipt, TradingStateChanged, RiskCommandRejected)
        response = pb.SetTradingStateResponse()
        fill(response.changed if isinstance(answer, TradingStateChanged) else response.rejected, answer)
        return response

    async def PullKillSwitch(self, request: pb.PullKillSwitchRequest, context: Any) -> pb.PullKillSwitchResponse:
        """Command the monitor."""
        receipt = await self._door.command(self._door.read_command(request, "pull", PullKillSwitch), context)
        answer = first_said(receipt, TradingStateChanged, RiskCommandRejected)
        response = pb.PullKillSwitchResponse()
        fill(response.changed if isinstance(answer, TradingStateChanged) else response.rejected, answer)
        return response


class RiskMeasures(rpc.RiskMeasureServiceServicer):
    """Tails, stress, hedges and attribution: all asked of the monitor."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def ListTails(self, request: pb.ListTailsRequest, context: Any) -> pb.ListTailsResponse:
        """Ask the monitor."""
        self._door.firm(request)
        response = pb.ListTailsResponse()
        fill_all(response.tails, await self._door.ask(self._door.places.risk, TailsQuestion()))
        return response

    async def Stress(self, request: pb.StressRequest, context: Any) -> pb.StressResponse:
        """Ask the monitor."""
        self._door.firm(request)
        shocks = tuple(Shock(one.asset, one.change_ppm) for one in request.shocks)
        problem = scenario_problem(StressScenario("wanted", shocks, request.basis_ppm), ASSETS)
        if problem is not None:
            raise invalid("shocks", problem)
        wanted = tuple(ShockWanted(one.asset, one.change_ppm) for one in shocks)
        response = pb.StressResponse()
        fill_all(response.results, await self._door.ask(self._door.places.risk, StressQuestion(wanted, request.basis_ppm)))
        return response

    async def ListHedges(self, request: pb.ListHedgesRequest, context: Any) -> pb.ListHedgesResponse:
        """Ask the monitor."""
        self._door.firm(request)
        response = pb.ListHedgesResponse()
        fill_all(response.hedges, await self._door.ask(self._door.places.risk, HedgesQuestion()))
        return response

    async def ListAttribution(self, request: pb.ListAttributionRequest, context: Any) -> pb.ListAttributionResponse:
        """Ask the monitor."""
        self._door.firm(request)
        response = pb.ListAttributionResponse()
        fill_all(response.lines, await self._door.ask(self._door.places.risk, AttributionQuestion()))
        return response
