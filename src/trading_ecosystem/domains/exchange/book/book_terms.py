"""Rules on the terms of orders: which of them agree with each other (``INVALID_TERMS``), and what prevents a self trade."""

from __future__ import annotations

from typing import Final

from trading_ecosystem.messages.book_words import SelfTradePrevention
from trading_ecosystem.messages.units import Lots

MAXIMUM_SLICES: Final = 1_000
"""The most slices of an iceberg, so that no command does unbounded work."""


def terms_agree(
    lots: Lots, rests: bool, post_only: bool, reprice: bool, display_lots: Lots, hidden: bool, minimum_lots: Lots
) -> bool:
    """Whether the terms of an order make sense together."""
    return (
        0 <= minimum_lots <= lots
        and 0 <= display_lots <= lots <= (display_lots or lots) * MAXIMUM_SLICES
        and not (hidden and display_lots)
        and not (post_only and (not rests or minimum_lots))
        and (post_only or not reprice)
    )


def self_trade_losses(instruction: SelfTradePrevention, makers: Lots, takers: Lots) -> tuple[Lots, Lots]:
    """What maker and taker of one owner lose instead of trading with each other, of what each has left."""
    if instruction is SelfTradePrevention.CANCEL_OLDEST:
        return makers, 0
    if instruction is SelfTradePrevention.CANCEL_NEWEST:
        return 0, takers
    if instruction is SelfTradePrevention.CANCEL_BOTH:
        return makers, takers
    return min(makers, takers), min(makers, takers)
