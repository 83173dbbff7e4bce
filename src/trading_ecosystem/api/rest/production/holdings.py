"""What an account has, put together from what venues and custodian answer of it at one instant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from trading_ecosystem.api.caller import Caller
from trading_ecosystem.api.gateway import Gateway
from trading_ecosystem.messages.custodian import HoldingLine, HoldingsQuestion, SettlementInstructed, UnsettledQuestion
from trading_ecosystem.messages.exchange import ClaimLine, ClaimsQuestion
from trading_ecosystem.messages.margin import PositionReported, PositionsQuestion
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import MinorUnits

Amounts = dict[tuple[str, str], MinorUnits]
"""Amounts by venue (empty for what is free) and asset."""


async def claims_of(caller: Caller, gateway: Gateway, account: str, venues: Iterable[str]) -> dict[str, tuple[ClaimLine, ...]]:
    """What each of these venues owes an account."""
    return {venue: await gateway.ask(caller, venue, ClaimsQuestion(account)) for venue in venues}


async def held_of(caller: Caller, gateway: Gateway, account: str) -> Amounts:
    """What the custodian holds for an account."""
    lines: tuple[HoldingLine, ...] = await gateway.ask(caller, gateway.places.custodian, HoldingsQuestion(account))
    return {(one.venue, one.asset): one.amount_minor for one in lines}


async def unsettled_of(caller: Caller, gateway: Gateway, account: str) -> Amounts:
    """What settlements under way will bring an account (positive) or take from it."""
    sides: tuple[SettlementInstructed, ...] = await gateway.ask(caller, gateway.places.custodian, UnsettledQuestion(account))
    amounts: Amounts = defaultdict(int)
    for one in sides:
        sign = 1 if one.side is Side.BUY else -1
        amounts[one.venue, one.base_asset] += sign * one.base_minor
        amounts[one.venue, one.quote_asset] -= sign * one.quote_minor
        amounts[one.venue, one.fee_asset or one.quote_asset] -= one.fee_minor
    return dict(amounts)


async def perpetuals_of(caller: Caller, gateway: Gateway, account: str) -> list[PositionReported]:
    """Positions in perpetuals, venue by venue."""
    found: list[PositionReported] = []
    for venue in gateway.places.venues:
        found += await gateway.ask(caller, venue, PositionsQuestion(account))
    return found


def is_below(account: str, other: str) -> bool:
    """Whether an account is this one or below it."""
    return other == account or other.startswith(f"{account}/")
