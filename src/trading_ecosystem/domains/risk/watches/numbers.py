"""Whether the numbers of a message can be meant: one with a number that cannot has not arrived.

Written so that NaN fails, and short, because these are asked of every quote and every depth; what is not even a number fails a
comparison, and then has not arrived either.
"""

from __future__ import annotations

from trading_ecosystem.domains.risk.soundness import LARGEST_NUMBER
from trading_ecosystem.messages.exchange import DepthChanged, OrderFilled, QuoteChanged, TradesPublished
from trading_ecosystem.messages.market_data import PricePublished


def is_plain(quote: QuoteChanged) -> bool:
    """Both sides are there and the bid is below the ask, as of nearly every quote."""
    try:
        return (
            0 < quote.bid_ticks < quote.ask_ticks <= LARGEST_NUMBER
            and 0 < quote.bid_lots <= LARGEST_NUMBER
            and 0 < quote.ask_lots <= LARGEST_NUMBER
        )
    except TypeError:
        return False


def is_quote(quote: QuoteChanged) -> bool:
    """No number is negative or absurd; an empty side has zeros."""
    try:
        return (
            0 <= quote.bid_ticks <= LARGEST_NUMBER
            and 0 <= quote.ask_ticks <= LARGEST_NUMBER
            and 0 <= quote.bid_lots <= LARGEST_NUMBER
            and 0 <= quote.ask_lots <= LARGEST_NUMBER
        )
    except TypeError:
        return False


def is_two_sided(quote: QuoteChanged) -> bool:
    """Both sides of a quote are there."""
    return quote.bid_ticks > 0 and quote.ask_ticks > 0 and quote.bid_lots > 0 and quote.ask_lots > 0


def lots_of(depth: DepthChanged) -> int | None:
    """All quantities of both sides; ``None`` where a level has no price or no quantity."""
    lots = 0
    try:
        for level in depth.bids + depth.asks:
            quantity = level.quantity_lots
            if not (0 < level.price_ticks <= LARGEST_NUMBER and 0 < quantity <= LARGEST_NUMBER):
                return None
            lots += quantity
    except TypeError:
        return None
    return lots


def is_arrived(price: PricePublished) -> bool:
    """The price, its instant and its number can be meant."""
    return (
        0 < price.price_minor <= LARGEST_NUMBER and 0 < price.priced_at <= LARGEST_NUMBER and 0 < price.update <= LARGEST_NUMBER
    )


def is_trade_summary(summary: TradesPublished) -> bool:
    """Something was traded, at prices."""
    try:
        return (
            0 < summary.volume_lots <= LARGEST_NUMBER
            and 0 < summary.low_ticks <= LARGEST_NUMBER
            and 0 < summary.high_ticks <= LARGEST_NUMBER
            and 0 < summary.last_ticks <= LARGEST_NUMBER
        )
    except TypeError:
        return False


def is_fill(fill: OrderFilled) -> bool:
    """Something was traded, at a price."""
    return 0 < fill.price_ticks <= LARGEST_NUMBER and 0 < fill.quantity_lots <= LARGEST_NUMBER
