"""What the operator of a venue does: halt and resume trading, bust and correct a trade, restrict an account."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, post, put

from trading_ecosystem.api.caller import Scope
from trading_ecosystem.api.decimals import parse_price
from trading_ecosystem.api.gateway import Gateway
from trading_ecosystem.api.problems import NoSuchThing, no_answer, refusal
from trading_ecosystem.api.rest.bodies import AccountName, Answer, DecimalText, Name, Symbol
from trading_ecosystem.api.rest.bodies import Request as Body
from trading_ecosystem.api.rest.routing import caller_of, needs
from trading_ecosystem.messages.orders import TradingPhase
from trading_ecosystem.messages.trading_phases import (
    AccountStatus,
    AccountStatusChanged,
    BustTrade,
    CorrectTrade,
    HaltTrading,
    KycStatus,
    ResumeTrading,
    SetAccountStatus,
    TradeBusted,
    TradeCommandRejected,
    TradeCorrected,
    TradingPhaseChanged,
)
from trading_ecosystem.runtime.live import Receipt

TradeNumber = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]


class OneInstrument(Body, frozen=True, forbid_unknown_fields=True):
    """Which instrument of the venue."""

    instrument: Symbol


class OneTrade(Body, frozen=True, forbid_unknown_fields=True):
    """Which trade of the venue."""

    instrument: Symbol
    trade_id: TradeNumber


class Correction(Body, frozen=True, forbid_unknown_fields=True):
    """Which trade of the venue, and its price from now on."""

    instrument: Symbol
    trade_id: TradeNumber
    price: DecimalText


class Standing(Body, frozen=True, forbid_unknown_fields=True):
    """What an account of the venue may do from now on."""

    account: AccountName
    status: AccountStatus
    kyc: KycStatus


class PhaseAnswer(Answer, frozen=True, forbid_unknown_fields=True):
    """The phase that an instrument went into; `null` where it stays in the one that it is in."""

    venue: str
    instrument: str
    phase: TradingPhase | None


class TradeChanged(Answer, frozen=True, forbid_unknown_fields=True):
    """A trade that was undone or corrected, and whose fills that changed."""

    venue: str
    instrument: str
    trade_id: int
    accounts: tuple[str, ...]


class StandingAnswer(Answer, frozen=True, forbid_unknown_fields=True):
    """An account's status, as it is from now on."""

    venue: str
    account: str
    status: AccountStatus
    kyc: KycStatus


@post("/venues/{venue:str}/halt", status_code=200, **needs(Scope.CONTROL))
async def halt(request: Request[Any, Any, Any], data: OneInstrument, gateway: Gateway, venue: Name) -> Response[PhaseAnswer]:
    """Halt an instrument until it is resumed; orders rest, and may only be cancelled."""
    symbol = gateway.instrument(venue, data.instrument).symbol
    return _phase(gateway, await gateway.command(caller_of(request), HaltTrading(venue, symbol)), venue, symbol)


@post("/venues/{venue:str}/resume", status_code=200, **needs(Scope.CONTROL))
async def resume(request: Request[Any, Any, Any], data: OneInstrument, gateway: Gateway, venue: Name) -> Response[PhaseAnswer]:
    """Let an instrument trade again, after an auction where the venue holds one."""
    symbol = gateway.instrument(venue, data.instrument).symbol
    return _phase(gateway, await gateway.command(caller_of(request), ResumeTrading(venue, symbol)), venue, symbol)


@post("/venues/{venue:str}/bust", status_code=200, **needs(Scope.CONTROL))
async def bust(request: Request[Any, Any, Any], data: OneTrade, gateway: Gateway, venue: Name) -> Response[TradeChanged]:
    """Declare a trade null and void, before it settles."""
    symbol = gateway.instrument(venue, data.instrument).symbol
    receipt = await gateway.command(caller_of(request), BustTrade(venue, symbol, data.trade_id))
    return _trade(gateway, receipt, venue, symbol, data.trade_id)


@post("/venues/{venue:str}/correct", status_code=200, **needs(Scope.CONTROL))
async def correct(request: Request[Any, Any, Any], data: Correction, gateway: Gateway, venue: Name) -> Response[TradeChanged]:
    """Give a trade another price, before it settles."""
    instrument = gateway.instrument(venue, data.instrument)
    command = CorrectTrade(venue, instrument.symbol, data.trade_id, parse_price(instrument, data.price))
    receipt = await gateway.command(caller_of(request), command)
    return _trade(gateway, receipt, venue, instrument.symbol, data.trade_id)


@put("/venues/{venue:str}/account-status", **needs(Scope.CONTROL))
async def set_account_status(
    request: Request[Any, Any, Any], data: Standing, gateway: Gateway, venue: Name
) -> Response[StandingAnswer]:
    """Give an account another status; one that may not trade any more has its orders cancelled, a closed one stays closed."""
    command = SetAccountStatus(venue, data.account, data.status, data.kyc)
    receipt = await gateway.command(caller_of(request), command)
    for entry in receipt.said:
        said = entry.message
        if isinstance(said, AccountStatusChanged):
            shown = StandingAnswer(venue, said.account, said.status, said.kyc)
            return Response(shown, headers={"x-position": gateway.position_of(receipt)})
    raise NoSuchThing(f"{data.account} has no account on {venue}")


def _phase(gateway: Gateway, receipt: Receipt, venue: str, symbol: str) -> Response[PhaseAnswer]:
    said = [entry.message for entry in receipt.said]
    phases = [one.phase for one in said if isinstance(one, TradingPhaseChanged) and one.instrument == symbol]
    shown = PhaseAnswer(venue, symbol, phases[-1] if phases else None)
    return Response(shown, headers={"x-position": gateway.position_of(receipt)})


def _trade(gateway: Gateway, receipt: Receipt, venue: str, symbol: str, trade_id: int) -> Response[TradeChanged]:
    accounts = []
    for entry in receipt.said:
        said = entry.message
        if isinstance(said, TradeCommandRejected):
            raise refusal(said.reason, f"the trade stays as it is: {said.reason.value}")
        if isinstance(said, TradeBusted | TradeCorrected):
            accounts.append(said.account)
    if not accounts:
        raise no_answer("the venue")
    shown = TradeChanged(venue, symbol, trade_id, tuple(accounts))
    return Response(shown, headers={"x-position": gateway.position_of(receipt)})


router = Router("", route_handlers=[halt, resume, bust, correct, set_account_status], tags=["operations"])
