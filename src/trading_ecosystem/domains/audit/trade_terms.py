"""What a trade is, read off the messages about it: its legs, the terms of its fills, its name in a finding."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from msgspec import structs

from trading_ecosystem.domains.audit.balances import UNTOUCHED
from trading_ecosystem.messages.custodian import SettlementInstructed, SettlementPartlySettled, SettlementSettled, TradeSettled
from trading_ecosystem.messages.exchange import InstrumentListed, OrderFilled, TradeMatched
from trading_ecosystem.messages.margin import PerpetualMatched
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.trading_phases import MatchCorrected
from trading_ecosystem.messages.units import MINOR_UNITS_PER_WHOLE, MinorUnits

About: TypeAlias = (
    TradeMatched
    | PerpetualMatched
    | OrderFilled
    | SettlementInstructed
    | SettlementPartlySettled
    | SettlementSettled
    | TradeSettled
)
"""What is about one trade."""


class UnsettledTrade:
    """A matched trade that is not settled yet, and which of its three parts are."""

    __slots__ = ("buyer_settled", "instructed", "match", "part", "seller_settled", "sequence")

    def __init__(self, match: TradeMatched) -> None:
        self.match = match
        self.instructed: dict[str, str] = {}
        """By account, what is wrong with the instruction that was said last, if anything is."""
        self.part: dict[str, tuple[MinorUnits, MinorUnits]] = {}
        """By account, base and quote amounts of a part that was said settled in the handling that is open."""
        self.buyer_settled = False
        self.seller_settled = False
        self.sequence = UNTOUCHED


def fee_asset_of(match: TradeMatched | PerpetualMatched) -> str:
    """What both fees of a trade are charged in."""
    return (isinstance(match, TradeMatched) and match.fee_asset) or match.quote_asset


def problems_of(said: TradeMatched, listed: InstrumentListed | None) -> Iterator[str]:
    """Everything that is wrong with a match by itself; its amounts are asked where the instrument's scales are known."""
    if said.buyer == said.seller:
        yield f"{said.buyer} traded with itself"
    if said.buyer_fee_minor < 0 or said.seller_fee_minor < 0:
        yield "has a negative fee"
    if listed is None:
        return
    base = said.quantity_lots * listed.lot_size
    quote = said.price_ticks * said.quantity_lots * (listed.tick_size * listed.lot_size // MINOR_UNITS_PER_WHOLE)
    if (said.base_minor, said.quote_minor, said.base_asset, said.quote_asset) != (base, quote, listed.base, listed.quote):
        expected = f"{base} {listed.base} against {quote} {listed.quote}"
        yield f"{said.base_minor} {said.base_asset} against {said.quote_minor} {said.quote_asset}, not {expected}"


def side_of(match: TradeMatched, *, bought: bool) -> list[tuple[str, str, MinorUnits]]:
    """What one side's amounts change by, as (account, asset, signed amount): base, quote, and the fee's asset if a third."""
    account, fee = (match.buyer, match.buyer_fee_minor) if bought else (match.seller, match.seller_fee_minor)
    base, quote = (match.base_minor, -match.quote_minor) if bought else (-match.base_minor, match.quote_minor)
    fee_asset = fee_asset_of(match)
    if fee_asset == match.quote_asset:
        quote -= fee
    elif fee_asset == match.base_asset:
        base -= fee
    legs = [(account, match.base_asset, base), (account, match.quote_asset, quote)]
    if fee and fee_asset not in (match.base_asset, match.quote_asset):
        legs.append((account, fee_asset, -fee))
    return legs


def fees_of(match: TradeMatched) -> tuple[str, str, MinorUnits]:
    """What the fee account gets."""
    return (match.fee_account, fee_asset_of(match), match.buyer_fee_minor + match.seller_fee_minor)


def legs_of(match: TradeMatched) -> list[tuple[str, str, MinorUnits]]:
    """The buyer's, the seller's and the fee account's: (account, asset, signed amount)."""
    return [*side_of(match, bought=True), *side_of(match, bought=False), fees_of(match)]


def corrected(match: TradeMatched, said: MatchCorrected) -> TradeMatched:
    """A match as it is after its correction."""
    return structs.replace(
        match,
        price_ticks=said.price_ticks,
        quote_minor=said.quote_minor,
        buyer_fee_minor=said.buyer_fee_minor,
        seller_fee_minor=said.seller_fee_minor,
    )


def instruction_problem(said: SettlementInstructed, match: TradeMatched) -> str | None:
    """What an instruction says otherwise than its trade, if anything."""
    bought = said.side is Side.BUY
    expected = (
        match.buyer if bought else match.seller,
        match.base_minor,
        match.quote_minor,
        match.buyer_fee_minor if bought else match.seller_fee_minor,
        match.settles_at,
    )
    instructed = (said.account, said.base_minor, said.quote_minor, said.fee_minor, said.settles_at)
    return None if instructed == expected else f"{trade_name(said)} is instructed as {instructed}, not {expected}"


def rest_of(match: TradeMatched, base_minor: MinorUnits, quote_minor: MinorUnits) -> TradeMatched:
    """What is left of a trade of which a part is settled."""
    return structs.replace(match, base_minor=match.base_minor - base_minor, quote_minor=match.quote_minor - quote_minor)


def terms_of(fill: OrderFilled) -> tuple[Side, int, int, str, MinorUnits, int]:
    """What a fill says of its trade: side, price, lots, fee and when it settles."""
    return (fill.side, fill.price_ticks, fill.quantity_lots, fill.fee_asset, fill.fee_minor, fill.settles_at)


def trade_name(said: About) -> str:
    """A trade in a finding."""
    return f"trade {said.trade_id} in {said.instrument} at {said.venue}"
