"""What a trade is, read off the messages about it: its legs, the terms of its fills, its name in a finding."""

from __future__ import annotations

from typing import TypeAlias

from trading_ecosystem.messages.custodian import SettlementInstructed, SettlementSettled, TradeSettled
from trading_ecosystem.messages.exchange import OrderFilled, TradeMatched
from trading_ecosystem.messages.margin import PerpetualMatched
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import MinorUnits

About: TypeAlias = TradeMatched | PerpetualMatched | OrderFilled | SettlementInstructed | SettlementSettled | TradeSettled
"""What is about one trade."""


def legs_of(match: TradeMatched) -> tuple[tuple[str, str, MinorUnits], ...]:
    """Buyer's base and quote, seller's base and quote, fee account: (account, asset, signed amount)."""
    base, quote = match.base_asset, match.quote_asset
    return (
        (match.buyer, base, match.base_minor),
        (match.buyer, quote, -(match.quote_minor + match.buyer_fee_minor)),
        (match.seller, base, -match.base_minor),
        (match.seller, quote, match.quote_minor - match.seller_fee_minor),
        (match.fee_account, quote, match.buyer_fee_minor + match.seller_fee_minor),
    )


def terms_of(fill: OrderFilled) -> tuple[Side, int, int, str, MinorUnits, int]:
    """What a fill says of its trade: side, price, lots, fee and when it settles."""
    return (fill.side, fill.price_ticks, fill.quantity_lots, fill.fee_asset, fill.fee_minor, fill.settles_at)


def trade_name(said: About) -> str:
    """A trade in a finding."""
    return f"trade {said.trade_id} in {said.instrument} at {said.venue}"
