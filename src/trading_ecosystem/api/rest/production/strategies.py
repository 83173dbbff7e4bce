"""Strategies: list, start, stop, and what they did: orders, positions, profit and loss, performance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Request, Response, Router, get, patch, post

from trading_ecosystem.api.caller import Scope
from trading_ecosystem.api.decimals import amount_text, instant_text, price_text, quantity_text, ratio_text
from trading_ecosystem.api.gateway import Gateway
from trading_ecosystem.api.problems import FieldProblem, NoSuchThing, Problem, refusal
from trading_ecosystem.api.rest.bodies import (
    PAGE,
    AccountName,
    CursorText,
    InstantText,
    Name,
    Page,
    PageSize,
    page_of,
)
from trading_ecosystem.api.rest.listing import page_by, span
from trading_ecosystem.api.rest.production.holdings import is_below
from trading_ecosystem.api.rest.production.strategy_bodies import (
    ParameterChange,
    Performance,
    ProfitMark,
    Strategy,
    StrategyCommand,
    StrategyOrder,
    StrategyParameters,
    StrategyPosition,
    StrategyPositions,
)
from trading_ecosystem.api.rest.routing import caller_of, needs, position_of
from trading_ecosystem.domains.trading.order_life import OrderState
from trading_ecosystem.domains.trading.records import (
    OrderRecord,
    PerformanceRecord,
    PositionRecord,
    ProfitMarkRecord,
    StrategyRecord,
)
from trading_ecosystem.messages.trading import (
    ChangeStrategyParameters,
    StartStrategy,
    StopStrategy,
    StrategiesQuestion,
    StrategyCommandRejected,
    StrategyHalted,
    StrategyParameter,
    StrategyParametersChanged,
    StrategyParametersRejected,
    StrategyStanding,
    StrategyStarted,
)
from trading_ecosystem.messages.units import INSTRUMENTS
from trading_ecosystem.ports.records import HistoryStore
from trading_ecosystem.runtime.live import Receipt


@get("/strategies", **needs(Scope.READ))
async def list_strategies(
    request: Request[Any, Any, Any],
    gateway: Gateway,
    account: AccountName,
    cursor: CursorText | None = None,
    limit: PageSize = PAGE,
) -> Page[Strategy]:
    """The strategies that trade for an account or for those below it."""
    store = await _history(request, gateway, account)
    own = [one for one in await store.rows(StrategyRecord) if is_below(account, one.account)]
    return page_of(own, lambda one: (one.account, one.strategy), _strategy, cursor=cursor, limit=limit)


@get("/strategies/{strategy:str}", **needs(Scope.READ))
async def get_strategy(request: Request[Any, Any, Any], gateway: Gateway, strategy: Name, account: AccountName) -> Strategy:
    """One strategy of an account or of those below it."""
    return _strategy(await _found(await _history(request, gateway, account), strategy, account))


@post("/strategies/{strategy:str}/start", status_code=200, **needs(Scope.TRADE))
async def start_strategy(
    request: Request[Any, Any, Any], data: StrategyCommand, gateway: Gateway, strategy: Name
) -> Response[Strategy]:
    """Start a strategy again, with a fresh memory and its old portfolio."""
    command = StartStrategy(gateway.places.trading, data.account, strategy)
    receipt = await gateway.command(caller_of(request), command)
    for entry in receipt.said:
        if isinstance(entry.message, StrategyStarted) and entry.message.strategy == strategy:
            said = entry.message
            shown = Strategy(said.account, strategy, said.kind, "running", "", instant_text(entry.at))
            return Response(shown, headers={"x-position": gateway.position_of(receipt)})
    raise _refused(receipt, "started")


@post("/strategies/{strategy:str}/stop", status_code=200, **needs(Scope.TRADE))
async def stop_strategy(
    request: Request[Any, Any, Any], data: StrategyCommand, gateway: Gateway, strategy: Name
) -> Response[Strategy]:
    """Stop a strategy and cancel its orders."""
    caller = caller_of(request)
    receipt = await gateway.command(caller, StopStrategy(gateway.places.trading, data.account, strategy))
    position = gateway.position_of(receipt)
    for entry in receipt.said:
        if isinstance(entry.message, StrategyHalted) and entry.message.strategy == strategy:
            said = entry.message
            kind = ""
            if Scope.READ in caller.scopes:
                store = await gateway.history(caller, "trading", position)
                kind = (await _found(store, strategy, said.account)).kind
            shown = Strategy(said.account, strategy, kind, said.reason.value, said.detail, instant_text(entry.at))
            return Response(shown, headers={"x-position": position})
    raise _refused(receipt, "stopped")


@get("/strategies/{strategy:str}/parameters", **needs(Scope.READ))
async def get_parameters(
    request: Request[Any, Any, Any], gateway: Gateway, strategy: Name, account: AccountName
) -> StrategyParameters:
    """A strategy's parameters now; for the owner of the firm."""
    caller = caller_of(request)
    caller.require(Scope.READ, account)
    standings: tuple[StrategyStanding, ...] = await gateway.ask(caller, gateway.places.trading, StrategiesQuestion())
    for one in standings:
        if one.strategy == strategy and is_below(account, one.account):
            return _parameters(one.account, strategy, one.parameters)
    raise NoSuchThing(f"no strategy {strategy} trades for {account}", reason="UNKNOWN_STRATEGY")


@patch("/strategies/{strategy:str}/parameters", **needs(Scope.TRADE))
async def change_parameters(
    request: Request[Any, Any, Any], data: ParameterChange, gateway: Gateway, strategy: Name
) -> Response[StrategyParameters]:
    """Give a strategy new values of some parameters; one that runs is stopped and started anew with them."""
    rows = tuple(StrategyParameter(name, value) for name, value in data.parameters.items())
    command = ChangeStrategyParameters(gateway.places.trading, data.account, strategy, rows)
    receipt = await gateway.command(caller_of(request), command)
    for entry in receipt.said:
        said = entry.message
        if isinstance(said, StrategyParametersRejected):
            problem = refusal(said.reason, said.detail)
            problem.errors = (FieldProblem(f"parameters.{said.parameter}", said.detail),) if said.parameter else ()
            raise problem
        if isinstance(said, StrategyParametersChanged):
            shown = _parameters(said.account, strategy, said.parameters)
            return Response(shown, headers={"x-position": gateway.position_of(receipt)})
    raise Problem("the trading engine gave no answer")


@get("/strategies/{strategy:str}/orders", **needs(Scope.READ))
async def list_strategy_orders(
    request: Request[Any, Any, Any],
    gateway: Gateway,
    strategy: Name,
    account: AccountName,
    status: OrderState | None = None,
    since: InstantText | None = None,
    until: InstantText | None = None,
    cursor: CursorText | None = None,
    limit: PageSize = PAGE,
) -> Page[StrategyOrder]:
    """The orders of the account that a strategy trades on, the newest first."""
    store = await _history(request, gateway, account)
    found = await _found(store, strategy, account)
    return await page_by(
        store,
        OrderRecord,
        {"account": found.account} | ({} if status is None else {"state": str(status)}),
        "placed_at",
        _order,
        within=span(since, until),
        cursor=cursor,
        limit=limit,
    )


@get("/strategies/{strategy:str}/positions", **needs(Scope.READ))
async def list_strategy_positions(
    request: Request[Any, Any, Any], gateway: Gateway, strategy: Name, account: AccountName
) -> StrategyPositions:
    """A strategy's positions, as of its last fill in each."""
    store = await _history(request, gateway, account)
    found = await _found(store, strategy, account)
    rows = await store.rows(PositionRecord, {"account": found.account, "strategy": strategy})
    return StrategyPositions(strategy, tuple(_position(one) for one in rows))


@get("/strategies/{strategy:str}/profit", **needs(Scope.READ))
async def list_profit(
    request: Request[Any, Any, Any],
    gateway: Gateway,
    strategy: Name,
    account: AccountName,
    since: InstantText | None = None,
    until: InstantText | None = None,
    cursor: CursorText | None = None,
    limit: PageSize = PAGE,
) -> Page[ProfitMark]:
    """A strategy's profit and loss mark by mark, the oldest first."""
    store = await _history(request, gateway, account)
    found = await _found(store, strategy, account)
    return await page_by(
        store,
        ProfitMarkRecord,
        {"account": found.account, "strategy": strategy},
        "marked_at",
        _mark,
        within=span(since, until),
        cursor=cursor,
        limit=limit,
        newest_first=False,
    )


@get("/strategies/{strategy:str}/performance", **needs(Scope.READ))
async def get_performance(
    request: Request[Any, Any, Any], gateway: Gateway, strategy: Name, account: AccountName
) -> Performance:
    """How a strategy has done so far; 404 before it was first marked."""
    store = await _history(request, gateway, account)
    found = await _found(store, strategy, account)
    rows = await store.rows(PerformanceRecord, {"account": found.account, "strategy": strategy})
    if not rows:
        raise NoSuchThing(f"{strategy} was not marked yet")
    one = rows[0]
    return Performance(
        account=one.account,
        strategy=one.strategy,
        net_usd=amount_text(one.net_usd_minor),
        max_drawdown_usd=amount_text(one.max_drawdown_usd_minor),
        turnover_usd=amount_text(one.turnover_usd_minor),
        return_on_turnover=ratio_text(one.return_on_turnover_ppm),
        orders=one.orders,
        fills=one.fills,
        fills_per_order=ratio_text(one.fills_per_order_ppm),
        marked_at=instant_text(one.marked_at),
    )


async def _history(request: Request[Any, Any, Any], gateway: Gateway, account: str) -> HistoryStore:
    caller = caller_of(request)
    caller.require(Scope.READ, account)
    return await gateway.history(caller, "trading", position_of(request))


async def _found(store: HistoryStore, strategy: str, account: str) -> StrategyRecord:
    for one in await store.rows(StrategyRecord, {"strategy": strategy}):
        if is_below(account, one.account):
            return one
    raise NoSuchThing(f"no strategy {strategy} trades for {account}", reason="UNKNOWN_STRATEGY")


def _refused(receipt: Receipt, done: str) -> Problem:
    for entry in receipt.said:
        if isinstance(entry.message, StrategyCommandRejected):
            reason = entry.message.reason
            return refusal(reason, f"the strategy was not {done}: {reason.value}")
    return Problem("the trading engine gave no answer")


def _parameters(account: str, strategy: str, rows: Sequence[StrategyParameter]) -> StrategyParameters:
    return StrategyParameters(account, strategy, {one.name: one.value for one in rows})


def _strategy(one: StrategyRecord) -> Strategy:
    return Strategy(one.account, one.strategy, one.kind, one.state, one.detail, instant_text(one.changed_at))


def _order(one: OrderRecord) -> StrategyOrder:
    instrument = INSTRUMENTS[one.instrument]
    return StrategyOrder(
        venue=one.venue,
        account=one.account,
        client_order_id=one.client_order_id,
        order_id=one.order_id,
        instrument=one.instrument,
        side=one.side,
        type=one.order_type,
        time_in_force=one.time_in_force,
        price=price_text(instrument, one.price_ticks) if one.price_ticks else None,
        quantity=quantity_text(instrument, one.quantity_lots),
        cumulative_quantity=quantity_text(instrument, one.cumulative_lots),
        leaves_quantity=quantity_text(instrument, one.leaves_lots),
        state=OrderState(one.state),
        reason=one.reason,
        placed_at=instant_text(one.placed_at),
        changed_at=instant_text(one.changed_at),
    )


def _position(one: PositionRecord) -> StrategyPosition:
    return StrategyPosition(
        venue=one.venue,
        instrument=one.instrument,
        quantity=quantity_text(INSTRUMENTS[one.instrument], one.position_lots),
        average_price=amount_text(one.average_price_minor) if one.average_price_minor else None,
        realised=amount_text(one.realised_minor),
        fees=amount_text(one.fees_minor),
        changed_at=instant_text(one.changed_at),
    )


def _mark(one: ProfitMarkRecord) -> ProfitMark:
    return ProfitMark(
        instant_text(one.marked_at),
        amount_text(one.realised_usd_minor),
        amount_text(one.unrealised_usd_minor),
        amount_text(one.fees_usd_minor),
    )


router = Router(
    "",
    route_handlers=[
        list_strategies,
        get_strategy,
        start_strategy,
        stop_strategy,
        get_parameters,
        change_parameters,
        list_strategy_orders,
        list_strategy_positions,
        list_profit,
        get_performance,
    ],
    tags=["strategies"],
)
