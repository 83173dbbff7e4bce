"""The calls of ``TradingService`` in ``services/exchange.proto``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from trading_ecosystem.adapters.data.exchange import ExchangeHistory, OrderView
from trading_ecosystem.api.decimals import instrument_named
from trading_ecosystem.api.grpc.conversion import fill, fill_all, invalid, member_reader
from trading_ecosystem.api.grpc.door import Door, first_said, said
from trading_ecosystem.api.grpc.fields import optional
from trading_ecosystem.api.grpc.paging import fill_page, within
from trading_ecosystem.api.grpc.streaming import Streams, Wanted
from trading_ecosystem.api.grpc.stubs import orders_pb2
from trading_ecosystem.api.grpc.stubs.services import exchange_pb2 as pb
from trading_ecosystem.api.grpc.stubs.services import exchange_pb2_grpc as rpc
from trading_ecosystem.api.problems import NoSuchThing, no_answer
from trading_ecosystem.api.streams.channels import Channel
from trading_ecosystem.domains.exchange.records import FillRecord
from trading_ecosystem.messages.exchange import (
    CancelOrder,
    CancelRejected,
    OpenOrdersQuestion,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    PlaceOrder,
)
from trading_ecosystem.messages.order_handling import (
    MassCancel,
    MassCancelReported,
    OrderReplaced,
    PlaceOrderList,
    ReplaceOrder,
    ReplaceRejected,
)
from trading_ecosystem.messages.orders import OrderStatus
from trading_ecosystem.runtime.live import Receipt

_status = member_reader(OrderStatus, orders_pb2.OrderStatus.DESCRIPTOR)

_HEARD: Final = (Channel.ORDERS, Channel.FILLS, Channel.BALANCES, Channel.POSITIONS)


class Trading(rpc.TradingServiceServicer):
    """Orders. A venue's "no" is an answer and no error."""

    def __init__(self, door: Door, streams: Streams) -> None:
        self._door = door
        self._streams = streams

    async def PlaceOrder(self, request: pb.PlaceOrderRequest, context: Any) -> pb.PlaceOrderResponse:
        """Command the venue."""
        order = self._door.read_command(request, "order", PlaceOrder)
        return _placed(await self._door.command(order, context), order.client_order_id)

    async def PlaceOrderList(self, request: pb.PlaceOrderListRequest, context: Any) -> pb.PlaceOrderListResponse:
        """Command the venue."""
        command = self._door.read_command(request, "list", PlaceOrderList)
        receipt = await self._door.command(command, context)
        return pb.PlaceOrderListResponse(orders=[_placed(receipt, one.client_order_id) for one in command.orders])

    async def CancelOrder(self, request: pb.CancelOrderRequest, context: Any) -> pb.CancelOrderResponse:
        """Command the venue."""
        command = self._door.read_command(request, "cancel", CancelOrder)
        receipt = await self._door.command(command, context)
        response = pb.CancelOrderResponse()
        answer = first_said(
            receipt, OrderCancelled, CancelRejected, where=lambda one: one.client_order_id == command.client_order_id
        )
        fill(response.cancelled if isinstance(answer, OrderCancelled) else response.rejected, answer)
        return response

    async def ReplaceOrder(self, request: pb.ReplaceOrderRequest, context: Any) -> pb.ReplaceOrderResponse:
        """Command the venue."""
        command = self._door.read_command(request, "replace", ReplaceOrder)
        receipt = await self._door.command(command, context)
        response = pb.ReplaceOrderResponse()
        answer = first_said(receipt, OrderReplaced, ReplaceRejected)
        fill(response.replaced if isinstance(answer, OrderReplaced) else response.rejected, answer)
        fill_all(response.fills, _of_order(said(receipt, OrderFilled), command.client_order_id))
        return response

    async def MassCancel(self, request: pb.MassCancelRequest, context: Any) -> pb.MassCancelResponse:
        """Command the venue."""
        command = self._door.read_command(request, "cancel", MassCancel)
        receipt = await self._door.command(command, context)
        reports = said(receipt, MassCancelReported)
        if not reports:
            raise no_answer("the venue")
        response = pb.MassCancelResponse()
        fill(response.report, reports[0])
        fill_all(response.cancelled, said(receipt, OrderCancelled))
        return response

    async def GetOrder(self, request: pb.GetOrderRequest, context: Any) -> pb.GetOrderResponse:
        """Read the history of the venues."""
        account, venue = self._door.own(request), self._door.venue(request.venue)
        history = ExchangeHistory(await self._door.history("exchange"))
        named = request.WhichOneof("name")
        if named == "order_id":
            found: OrderView | None = await history.order(venue, account, request.order_id)
        elif named == "client_order_id":
            found = await history.order_named(venue, account, request.client_order_id)
        else:
            raise invalid("name", "is missing; expected order_id or client_order_id")
        if found is None:
            raise NoSuchThing(f"{account} has no order {request.client_order_id} on {venue}")
        response = pb.GetOrderResponse()
        fill(response.order, found)
        fill_all(response.fills, await history.fills_of(venue, account, found.terms.order_id))
        return response

    async def ListOpenOrders(self, request: pb.ListOpenOrdersRequest, context: Any) -> pb.ListOpenOrdersResponse:
        """Ask the venue."""
        account, venue = self._door.own(request), self._door.venue(request.venue)
        response = pb.ListOpenOrdersResponse()
        fill_all(response.orders, await self._door.ask(venue, OpenOrdersQuestion(account)))
        return response

    async def ListOrders(self, request: pb.ListOrdersRequest, context: Any) -> pb.ListOrdersResponse:
        """Read the history of the venues."""
        account = self._door.own(request)
        venue = self._door.venue(request.venue) if request.venue else None
        symbol = instrument_named(request.instrument).symbol if request.instrument else None
        number = optional(request, "status")
        status = None if number is None else _status(number, "status")
        history = ExchangeHistory(await self._door.history("exchange"))
        views = await history.orders(account, venue=venue, instrument=symbol)
        chosen = sorted((one for one in views if status in (None, one.status)), key=_place_of)
        return fill_page(pb.ListOrdersResponse(), "orders", chosen, _place_of, request.page, (0, "", 0))

    async def ListFills(self, request: pb.ListFillsRequest, context: Any) -> pb.ListFillsResponse:
        """Read the history of the venues."""
        account, asked = self._door.own(request), within(request.range)
        symbol = instrument_named(request.instrument).symbol if request.instrument else None
        history = ExchangeHistory(await self._door.history("exchange"))
        fills = await history.fills(account, instrument=symbol, since=asked.first, until=asked.below)
        chosen = sorted(fills, key=_place_of_fill)
        return fill_page(pb.ListFillsResponse(), "fills", chosen, _place_of_fill, request.page, (0, "", 0))

    def StreamExecutions(self, request: pb.StreamExecutionsRequest, context: Any) -> AsyncIterator[pb.StreamExecutionsResponse]:
        """Listen to the account's channels."""
        account = self._door.own(request)
        return self._streams.follow(pb.StreamExecutionsResponse, [Wanted(one, account=account) for one in _HEARD])


def _placed(receipt: Receipt, client_order_id: str) -> pb.PlaceOrderResponse:
    response = pb.PlaceOrderResponse()
    answer = first_said(receipt, OrderAccepted, OrderRejected, where=lambda one: one.client_order_id == client_order_id)
    fill(response.accepted if isinstance(answer, OrderAccepted) else response.rejected, answer)
    fill_all(response.fills, _of_order(said(receipt, OrderFilled), client_order_id))
    cancelled = _of_order(said(receipt, OrderCancelled), client_order_id)
    if cancelled:
        fill(response.cancelled, cancelled[0])
    return response


def _of_order(messages: Sequence[Any], client_order_id: str) -> list[Any]:
    return [one for one in messages if one.client_order_id == client_order_id]


def _place_of(view: OrderView) -> tuple[int, str, int]:
    return view.terms.answered_at, view.terms.venue, view.terms.order_id


def _place_of_fill(fill_: FillRecord) -> tuple[int, str, int]:
    return fill_.filled_at, fill_.venue, fill_.execution_id
