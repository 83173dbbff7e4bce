"""The calls of ``services/strategies.proto``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

from trading_ecosystem.adapters.data.trading import TradingHistory
from trading_ecosystem.api.grpc.conversion import fill, fill_all
from trading_ecosystem.api.grpc.door import Door, first_said
from trading_ecosystem.api.grpc.fields import needed, optional
from trading_ecosystem.api.grpc.paging import fill_page, within
from trading_ecosystem.api.grpc.streaming import Streams, Wanted
from trading_ecosystem.api.grpc.stubs.services import strategies_pb2 as pb
from trading_ecosystem.api.grpc.stubs.services import strategies_pb2_grpc as rpc
from trading_ecosystem.api.streams.channels import Channel
from trading_ecosystem.domains.trading.records import OrderRecord, PerformanceRecord, StrategyRecord
from trading_ecosystem.messages.trading import (
    ChangeStrategyParameters,
    PortfolioQuestion,
    StartStrategy,
    StopStrategy,
    StrategyCommandRejected,
    StrategyHalted,
    StrategyParametersChanged,
    StrategyParametersRejected,
    StrategyStarted,
)

_HEARD: Final = (Channel.STRATEGIES,)


class Strategies(rpc.StrategyServiceServicer):
    """Strategies and what they did."""

    def __init__(self, door: Door, streams: Streams) -> None:
        self._door = door
        self._streams = streams

    async def ListStrategies(self, request: pb.ListStrategiesRequest, context: Any) -> pb.ListStrategiesResponse:
        """Read the history of trading."""
        account = self._door.own(request)
        history = await self._door.history("trading")
        response = pb.ListStrategiesResponse()
        fill_all(response.strategies, [one for one in await history.rows(StrategyRecord) if _is_of(one.account, account)])
        return response

    async def StartStrategy(self, request: pb.StartStrategyRequest, context: Any) -> pb.StartStrategyResponse:
        """Command the engine."""
        receipt = await self._door.command(self._door.read_command(request, "start", StartStrategy), context)
        answer = first_said(receipt, StrategyStarted, StrategyCommandRejected)
        response = pb.StartStrategyResponse()
        fill(response.started if isinstance(answer, StrategyStarted) else response.rejected, answer)
        return response

    async def StopStrategy(self, request: pb.StopStrategyRequest, context: Any) -> pb.StopStrategyResponse:
        """Command the engine."""
        receipt = await self._door.command(self._door.read_command(request, "stop", StopStrategy), context)
        answer = first_said(receipt, StrategyHalted, StrategyCommandRejected)
        response = pb.StopStrategyResponse()
        fill(response.halted if isinstance(answer, StrategyHalted) else response.rejected, answer)
        return response

    async def ChangeStrategyParameters(
        self, request: pb.ChangeStrategyParametersRequest, context: Any
    ) -> pb.ChangeStrategyParametersResponse:
        """Command the engine."""
        command = self._door.read_command(request, "change", ChangeStrategyParameters)
        answer = first_said(await self._door.command(command, context), StrategyParametersChanged, StrategyParametersRejected)
        response = pb.ChangeStrategyParametersResponse()
        fill(response.changed if isinstance(answer, StrategyParametersChanged) else response.rejected, answer)
        return response

    async def ListStrategyOrders(self, request: pb.ListStrategyOrdersRequest, context: Any) -> pb.ListStrategyOrdersResponse:
        """Read the history of trading."""
        account, asked = self._door.own(request), within(request.range)
        history = TradingHistory(await self._door.history("trading"))
        rows = sorted(await history.orders(account, since=asked.first, until=asked.below), key=_place_of)
        return fill_page(pb.ListStrategyOrdersResponse(), "orders", rows, _place_of, request.page, (0, "", ""))

    async def ListPerformance(self, request: pb.ListPerformanceRequest, context: Any) -> pb.ListPerformanceResponse:
        """Read the history of trading."""
        account = self._door.own(request)
        history = await self._door.history("trading")
        response = pb.ListPerformanceResponse()
        rows = await history.rows(PerformanceRecord)
        fill_all(response.performance, [one for one in rows if _is_of(one.account, account)])
        return response

    def StreamStrategies(self, request: pb.StreamStrategiesRequest, context: Any) -> AsyncIterator[pb.StreamStrategiesResponse]:
        """Listen to the account's channels."""
        account = self._door.own(request)
        return self._streams.follow(pb.StreamStrategiesResponse, [Wanted(one, account=account) for one in _HEARD])


class StrategyRisk(rpc.StrategyRiskServiceServicer):
    """What strategies risk."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def ListStrategyPositions(
        self, request: pb.ListStrategyPositionsRequest, context: Any
    ) -> pb.ListStrategyPositionsResponse:
        """Ask the engine."""
        account = self._door.own(request)
        question = PortfolioQuestion(optional(request, "strategy"))
        answer = await self._door.ask(self._door.places.trading, question)
        response = pb.ListStrategyPositionsResponse()
        fill_all(response.positions, [one for one in answer if _is_of(one.account, account)])
        return response

    async def GetProfit(self, request: pb.GetProfitRequest, context: Any) -> pb.GetProfitResponse:
        """Read the history of trading."""
        account = self._door.own(request)
        needed(request, "strategy")
        history = TradingHistory(await self._door.history("trading"))
        response = pb.GetProfitResponse()
        fill(response.profit, await history.profit(account, request.strategy))
        return response

    async def ListProfitMarks(self, request: pb.ListProfitMarksRequest, context: Any) -> pb.ListProfitMarksResponse:
        """Read the history of trading."""
        account, asked = self._door.own(request), within(request.range)
        needed(request, "strategy")
        history = TradingHistory(await self._door.history("trading"))
        rows = await history.profit_series(account, request.strategy, asked.first, asked.below)
        return fill_page(pb.ListProfitMarksResponse(), "marks", rows, lambda one: (one.marked_at,), request.page, (0,))

    async def ListTradedVolumes(self, request: pb.ListTradedVolumesRequest, context: Any) -> pb.ListTradedVolumesResponse:
        """Read the history of trading."""
        account = self._door.own(request)
        history = TradingHistory(await self._door.history("trading"))
        response = pb.ListTradedVolumesResponse()
        fill_all(response.volumes, await history.volumes(account))
        return response


def _is_of(account: str, owner: str) -> bool:
    """Whether an account is the owner's own or one of its sub-accounts."""
    return account == owner or account.startswith(f"{owner}/")


def _place_of(order: OrderRecord) -> tuple[int, str, str]:
    return order.placed_at, order.venue, order.client_order_id
