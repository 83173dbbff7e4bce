"""Orders: place, list, get, cancel, replace, mass cancel; fills; the session that cancels on disconnect."""

from __future__ import annotations

import contextlib
import secrets
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, delete, get, patch, post

from trading_ecosystem.adapters.data.exchange import ExchangeHistory, OrderView
from trading_ecosystem.api.caller import Scope
from trading_ecosystem.api.decimals import instant_or_none, instrument_named, parse_price, parse_quantity
from trading_ecosystem.api.gateway import Gateway
from trading_ecosystem.api.problems import FieldProblem, InvalidRequest, NoSuchThing, Problem, no_answer, refusal
from trading_ecosystem.api.rest.bodies import (
    PAGE,
    AccountName,
    Answer,
    ClientId,
    CursorText,
    InstantText,
    Name,
    Page,
    PageSize,
    Symbol,
)
from trading_ecosystem.api.rest.bodies import Request as Body
from trading_ecosystem.api.rest.listing import page_by, place_in, rows_by
from trading_ecosystem.api.rest.production.order_bodies import (
    Fill,
    NewOrder,
    NewOrderList,
    Order,
    Replacement,
    fill_of,
    order_of_entries,
    order_of_view,
    replaced_view,
)
from trading_ecosystem.api.rest.routing import caller_of, needs, position_of
from trading_ecosystem.domains.exchange.records import FillRecord, OrderRecord
from trading_ecosystem.messages.exchange import CancelOrder, CancelRejected, OrderAccepted, OrderCancelled, OrderRejected
from trading_ecosystem.messages.order_handling import (
    KeepSession,
    MassCancel,
    MassCancelReported,
    OrderReplaced,
    PlaceOrderList,
    ReplaceOrder,
    ReplaceRejected,
    SessionKept,
)
from trading_ecosystem.messages.orders import OrderStatus, Side
from trading_ecosystem.messages.units import SECOND
from trading_ecosystem.ports.errors import Unavailable
from trading_ecosystem.runtime.live import Receipt

IDEMPOTENCY_KEY = "idempotency-key"
_ACCEPTED = "answered_at"
"""What orders are listed by."""
LONGEST_WATCH = 24 * 3600


class OrdersAnswer(Answer, frozen=True, forbid_unknown_fields=True):
    """Orders that were placed together."""

    orders: tuple[Order, ...]


class Cancelled(Answer, frozen=True, forbid_unknown_fields=True):
    """How many orders left the book."""

    cancelled: int


class MassCancellation(Body, frozen=True, forbid_unknown_fields=True):
    """Which open orders of an account are cancelled: all, or those of one instrument or side."""

    venue: Name
    account: AccountName
    instrument: Symbol | None = None
    side: Side | None = None


class SessionRequest(Body, frozen=True, forbid_unknown_fields=True):
    """A heartbeat: unless another comes in time, the account's orders are cancelled; 0 ends the watch."""

    venue: Name
    account: AccountName
    cancel_after_seconds: Annotated[int, msgspec.Meta(ge=0, le=LONGEST_WATCH)]


class SessionAnswer(Answer, frozen=True, forbid_unknown_fields=True):
    """When the orders would be cancelled; `null` where nothing is watched."""

    cancels_at: InstantText | None


@post("/orders", **needs(Scope.TRADE))
async def place_order(request: Request[Any, Any, Any], data: NewOrder, gateway: Gateway) -> Response[Order]:
    """Place an order. The same `client_order_id` with the same content returns the first answer; with other content, 409."""
    client_order_id = data.client_order_id or client_id_of(request)
    receipt = await gateway.command(caller_of(request), data.command(client_order_id))
    return Response(_placed(gateway, receipt, client_order_id), headers={"x-position": gateway.position_of(receipt)})


@post("/order-lists", **needs(Scope.TRADE))
async def place_order_list(request: Request[Any, Any, Any], data: NewOrderList, gateway: Gateway) -> Response[OrdersAnswer]:
    """Place orders that depend on each other: all are accepted, or none is."""
    command = PlaceOrderList(data.venue, data.account, data.contingency, data.listed())
    receipt = await gateway.command(caller_of(request), command)
    placed = tuple(_placed(gateway, receipt, one.client_order_id) for one in data.orders)
    return Response(OrdersAnswer(placed), headers={"x-position": gateway.position_of(receipt)})


@get("/orders", **needs(Scope.READ))
async def list_orders(
    request: Request[Any, Any, Any],
    gateway: Gateway,
    account: AccountName,
    venue: Name | None = None,
    instrument: Symbol | None = None,
    status: OrderStatus | None = None,
    cursor: CursorText | None = None,
    limit: PageSize = PAGE,
) -> Page[Order]:
    """An account's accepted orders as they stand, the newest first."""
    caller = caller_of(request)
    caller.require(Scope.READ, account)
    store = await gateway.history(caller, "exchange", position_of(request))
    where = {"account": account} | ({} if venue is None else {"venue": venue})
    if instrument is not None:
        where["instrument"] = instrument_named(instrument).symbol
    found: list[OrderView] = []
    while len(found) <= limit:
        terms = await rows_by(store, OrderRecord, where, _ACCEPTED, cursor=cursor, limit=limit + 1)
        found += [one for one in await ExchangeHistory(store).views(terms) if status in (None, one.status)]
        if len(terms) <= limit:
            break
        cursor = place_in(terms[-1], _ACCEPTED)
    shown = found[:limit]
    further = place_in(shown[-1].terms, _ACCEPTED) if len(found) > limit else None
    return Page(tuple(order_of_view(one) for one in shown), further)


@get("/orders/{venue:str}/{client_order_id:str}", **needs(Scope.READ))
async def get_order(
    request: Request[Any, Any, Any], gateway: Gateway, venue: Name, client_order_id: ClientId, account: AccountName
) -> Order:
    """One order with its fills."""
    caller = caller_of(request)
    caller.require(Scope.READ, account)
    gateway.venue(venue)
    history = ExchangeHistory(await gateway.history(caller, "exchange", position_of(request)))
    found = await history.order_named(venue, account, client_order_id)
    if found is None:
        raise NoSuchThing(f"{account} has no order {client_order_id} on {venue}")
    return order_of_view(found, await history.fills_of(venue, account, found.terms.order_id))


@delete("/orders/{venue:str}/{client_order_id:str}", status_code=200, **needs(Scope.TRADE))
async def cancel_order(
    request: Request[Any, Any, Any], gateway: Gateway, venue: Name, client_order_id: ClientId, account: AccountName
) -> Response[Cancelled]:
    """Cancel an open order."""
    receipt = await gateway.command(caller_of(request), CancelOrder(venue, account, client_order_id))
    for entry in receipt.said:
        said = entry.message
        if isinstance(said, CancelRejected):
            raise refusal(
                said.reason, f"the order was not cancelled: {said.reason.value}", retry_at=said.retry_at, now=entry.at
            )
    count = sum(isinstance(entry.message, OrderCancelled) for entry in receipt.said)
    if not count:
        raise no_answer("the venue")
    return Response(Cancelled(count), headers={"x-position": gateway.position_of(receipt)})


@patch("/orders/{venue:str}/{client_order_id:str}", **needs(Scope.TRADE))
async def replace_order(
    request: Request[Any, Any, Any],
    data: Replacement,
    gateway: Gateway,
    venue: Name,
    client_order_id: ClientId,
    account: AccountName,
) -> Response[Order]:
    """Give an open order another price or quantity; a pure reduction keeps its place in the queue."""
    caller = caller_of(request)
    caller.require(Scope.READ, account)
    history = ExchangeHistory(await gateway.history(caller, "exchange", position_of(request)))
    found = await history.order_named(venue, account, client_order_id)
    if found is None:
        raise NoSuchThing(f"{account} has no order {client_order_id} on {venue}")
    instrument = gateway.instrument(venue, found.terms.instrument)
    command = ReplaceOrder(
        venue=venue,
        account=account,
        client_order_id=client_order_id,
        price_ticks=0 if data.price is None else parse_price(instrument, data.price),
        quantity_lots=parse_quantity(instrument, data.quantity),
        stop_price_ticks=0 if data.stop_price is None else parse_price(instrument, data.stop_price, "stop_price"),
    )
    receipt = await gateway.command(caller, command)
    for entry in receipt.said:
        said = entry.message
        if isinstance(said, ReplaceRejected):
            raise refusal(said.reason, f"the order stays as it is: {said.reason.value}", retry_at=said.retry_at, now=entry.at)
    if not any(isinstance(entry.message, OrderReplaced) for entry in receipt.said):
        raise no_answer("the venue")
    # What was done is answered whether or not the history says so already.
    shown = order_of_view(replaced_view(found, receipt.said))
    with contextlib.suppress(Unavailable):
        after = ExchangeHistory(await gateway.history(caller, "exchange", gateway.position_of(receipt)))
        order = await after.order(venue, account, found.terms.order_id)
        shown = order_of_view(order, await after.fills_of(venue, account, found.terms.order_id))
    return Response(shown, headers={"x-position": gateway.position_of(receipt)})


@post("/orders/mass-cancel", status_code=200, **needs(Scope.TRADE))
async def mass_cancel(request: Request[Any, Any, Any], data: MassCancellation, gateway: Gateway) -> Response[Cancelled]:
    """Cancel every open order of an account, or those of one instrument or side."""
    symbol = "" if data.instrument is None else gateway.instrument(data.venue, data.instrument).symbol
    receipt = await gateway.command(caller_of(request), MassCancel(data.venue, data.account, symbol, data.side))
    count = next((one.message.cancelled for one in receipt.said if isinstance(one.message, MassCancelReported)), None)
    if count is None:
        raise no_answer("the venue")
    return Response(Cancelled(count), headers={"x-position": gateway.position_of(receipt)})


@post("/sessions", status_code=200, **needs(Scope.TRADE))
async def keep_session(request: Request[Any, Any, Any], data: SessionRequest, gateway: Gateway) -> SessionAnswer:
    """Send a heartbeat: where the next one is late, the account's open orders are cancelled."""
    command = KeepSession(data.venue, data.account, data.cancel_after_seconds * SECOND)
    receipt = await gateway.command(caller_of(request), command)
    for entry in receipt.said:
        if isinstance(entry.message, SessionKept):
            return SessionAnswer(instant_or_none(entry.message.cancels_at))
    raise no_answer("the venue")


@get("/fills", **needs(Scope.READ))
async def list_fills(
    request: Request[Any, Any, Any],
    gateway: Gateway,
    account: AccountName,
    instrument: Symbol | None = None,
    cursor: CursorText | None = None,
    limit: PageSize = PAGE,
) -> Page[Fill]:
    """An account's fills, the newest first."""
    caller = caller_of(request)
    caller.require(Scope.READ, account)
    store = await gateway.history(caller, "exchange", position_of(request))
    where = {"account": account} | ({} if instrument is None else {"instrument": instrument_named(instrument).symbol})
    return await page_by(store, FillRecord, where, "filled_at", _shown_fill, cursor=cursor, limit=limit)


def client_id_of(request: Request[Any, Any, Any]) -> str:
    """The header `Idempotency-Key` as a client id, or one that is made here."""
    given = request.headers.get(IDEMPOTENCY_KEY)
    if given is None:
        return secrets.token_hex(12)
    try:
        return msgspec.convert(given, ClientId)
    except msgspec.ValidationError:
        problem = "expected 1 to 36 letters, digits, '.', '_', ':' or '-'"
        raise InvalidRequest(f"Idempotency-Key: {problem}", errors=(FieldProblem("Idempotency-Key", problem),)) from None


def _placed(gateway: Gateway, receipt: Receipt, client_order_id: str) -> Order:
    for entry in receipt.said:
        said = entry.message
        if getattr(said, "client_order_id", None) != client_order_id:
            continue
        if isinstance(said, OrderRejected):
            raise refused(said, entry.at)
        if isinstance(said, OrderAccepted):
            return order_of_entries(said, receipt.said, entry.at)
    raise no_answer("the venue")


def refused(said: OrderRejected, at: int) -> Problem:
    """A venue's refusal of an order."""
    return refusal(said.reason, f"the venue refused the order: {said.reason.value}", retry_at=said.retry_at, now=at)


def _shown_fill(fill: FillRecord) -> Fill:
    return fill_of(fill, fill.filled_at)


router = Router(
    "",
    route_handlers=[
        place_order,
        place_order_list,
        list_orders,
        get_order,
        cancel_order,
        replace_order,
        mass_cancel,
        keep_session,
        list_fills,
    ],
    tags=["orders"],
)
