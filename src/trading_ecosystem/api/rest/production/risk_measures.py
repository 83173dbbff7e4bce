"""Measures of the firm's risk, worked out by its monitor when they are asked for: tails, stress, hedges, attribution."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Router, get, post

from trading_ecosystem.api.caller import Scope
from trading_ecosystem.api.decimals import amount_text, ratio_text
from trading_ecosystem.api.gateway import Gateway
from trading_ecosystem.api.problems import FieldProblem, InvalidRequest
from trading_ecosystem.api.rest import bodies
from trading_ecosystem.api.rest.bodies import Answer, Asset
from trading_ecosystem.api.rest.routing import caller_of, needs
from trading_ecosystem.domains.risk.measures.stress import Shock, StressScenario, scenario_problem
from trading_ecosystem.messages.risk_measures import (
    AttributionQuestion,
    AttributionStanding,
    HedgesQuestion,
    HedgeStanding,
    ShockWanted,
    StressQuestion,
    StressStanding,
    TailsQuestion,
    TailStanding,
)
from trading_ecosystem.messages.units import ASSETS, INSTRUMENTS

Change = Annotated[int, msgspec.Meta(ge=-1_000_000, le=10_000_000, examples=[-150_000])]
"""Parts per million of the price."""


class Tail(Answer, frozen=True, forbid_unknown_fields=True):
    """What may be lost in a day in one convention, in USD."""

    convention: str
    confidence: str
    value_at_risk: str
    expected_shortfall: str
    observations: int
    """Returns of a minute, or draws, that it rests on; a day's measure is that of a minute times the root of 1,440."""


class Tails(Answer, frozen=True, forbid_unknown_fields=True):
    """One per convention and confidence; none before half an hour of prices."""

    account: str
    tails: tuple[Tail, ...]


class StressLine(Answer, frozen=True, forbid_unknown_fields=True):
    """What the positions in one asset make, in USD."""

    asset: str
    change: str


class StressTest(Answer, frozen=True, forbid_unknown_fields=True):
    """What a move of prices does to the firm, in USD."""

    name: str
    change: str
    equity_after: str
    lines: tuple[StressLine, ...]


class StressTests(Answer, frozen=True, forbid_unknown_fields=True):
    """One per move."""

    account: str
    results: tuple[StressTest, ...]


class WantedShock(bodies.Request, frozen=True, forbid_unknown_fields=True):
    """The price of an asset moves by so many parts per million."""

    asset: Asset
    change_ppm: Change


class StressWanted(bodies.Request, frozen=True, forbid_unknown_fields=True):
    """A move of one's own; `basis_ppm` moves perpetuals beside their underlying."""

    shocks: Annotated[tuple[WantedShock, ...], msgspec.Meta(max_length=10)]
    basis_ppm: Change = 0


class HedgeTrade(Answer, frozen=True, forbid_unknown_fields=True):
    """Buy (negative: sell) so much; deviations of the firm's profit in a minute, in USD, before and after."""

    aim: str
    asset: str
    amount: str
    value: str
    deviation_before: str
    deviation_after: str


class Hedges(Answer, frozen=True, forbid_unknown_fields=True):
    """Trades that would bring the risk down; none before half an hour of prices."""

    account: str
    hedges: tuple[HedgeTrade, ...]


class AttributionLine(Answer, frozen=True, forbid_unknown_fields=True):
    """What one strategy made in one instrument at one venue since the start, in USD; `realised` is net of fees."""

    account: str
    strategy: str
    venue: str
    instrument: str
    position: str
    realised: str
    unrealised: str
    fees: str
    traded: str


class Attribution(Answer, frozen=True, forbid_unknown_fields=True):
    """Who made what, in order of account, strategy, venue and instrument."""

    account: str
    lines: tuple[AttributionLine, ...]


@get("/risk/value-at-risk", **needs(Scope.READ))
async def get_tails(request: Request[Any, Any, Any], gateway: Gateway) -> Tails:
    """Value at risk and expected shortfall of a day, by every convention."""
    found: tuple[TailStanding, ...] = await gateway.ask(caller_of(request), gateway.places.risk, TailsQuestion())
    return Tails(
        gateway.places.firm,
        tuple(
            Tail(
                one.convention,
                ratio_text(one.confidence_ppm),
                amount_text(one.value_at_risk_usd_minor),
                amount_text(one.expected_shortfall_usd_minor),
                one.observations,
            )
            for one in found
        ),
    )


@get("/risk/stress", **needs(Scope.READ))
async def get_stress(request: Request[Any, Any, Any], gateway: Gateway) -> StressTests:
    """What the house's moves of prices do to the firm."""
    return _stressed(gateway, await gateway.ask(caller_of(request), gateway.places.risk, StressQuestion()))


@post("/risk/stress", status_code=200, **needs(Scope.RISK))
async def post_stress(request: Request[Any, Any, Any], data: StressWanted, gateway: Gateway) -> StressTests:
    """What a move of one's own does to the firm; nothing changes. Needs the scope `read` beside `risk`."""
    caller = caller_of(request)
    caller.require(Scope.READ, gateway.places.firm)
    shocks = tuple(Shock(one.asset, one.change_ppm) for one in data.shocks)
    problem = scenario_problem(StressScenario("wanted", shocks, data.basis_ppm), ASSETS)
    if problem is None and not shocks and not data.basis_ppm:
        problem = "expected a shock, or a basis"
    if problem is not None:
        raise InvalidRequest(f"shocks: {problem}", errors=(FieldProblem("shocks", problem),))
    question = StressQuestion(tuple(ShockWanted(one.asset, one.change_ppm) for one in shocks), data.basis_ppm)
    return _stressed(gateway, await gateway.ask(caller, gateway.places.risk, question))


@get("/risk/hedges", **needs(Scope.READ))
async def get_hedges(request: Request[Any, Any, Any], gateway: Gateway) -> Hedges:
    """Trades that would bring the firm's risk down."""
    found: tuple[HedgeStanding, ...] = await gateway.ask(caller_of(request), gateway.places.risk, HedgesQuestion())
    return Hedges(
        gateway.places.firm,
        tuple(
            HedgeTrade(
                one.aim,
                one.asset,
                amount_text(one.amount_minor),
                amount_text(one.value_usd_minor),
                amount_text(one.deviation_before_usd_minor),
                amount_text(one.deviation_after_usd_minor),
            )
            for one in found
        ),
    )


@get("/risk/attribution", **needs(Scope.READ))
async def get_attribution(request: Request[Any, Any, Any], gateway: Gateway) -> Attribution:
    """Profit and loss by strategy and position."""
    found: tuple[AttributionStanding, ...] = await gateway.ask(caller_of(request), gateway.places.risk, AttributionQuestion())
    return Attribution(
        gateway.places.firm,
        tuple(
            AttributionLine(
                account=one.account,
                strategy=one.strategy,
                venue=one.venue,
                instrument=one.instrument,
                position=amount_text(INSTRUMENTS[one.instrument].base_amount(one.position_lots)),
                realised=amount_text(one.realised_usd_minor),
                unrealised=amount_text(one.unrealised_usd_minor),
                fees=amount_text(one.fees_usd_minor),
                traded=amount_text(one.traded_usd_minor),
            )
            for one in found
        ),
    )


def _stressed(gateway: Gateway, found: tuple[StressStanding, ...]) -> StressTests:
    return StressTests(
        gateway.places.firm,
        tuple(
            StressTest(
                one.name,
                amount_text(one.change_usd_minor),
                amount_text(one.equity_after_usd_minor),
                tuple(StressLine(line.asset, amount_text(line.change_usd_minor)) for line in one.lines),
            )
            for one in found
        ),
    )


router = Router("", route_handlers=[get_tails, get_stress, post_stress, get_hedges, get_attribution], tags=["risk"])
