"""Which messages count as arrived: those whose numbers can be meant.

A record may hold what no sender of ours says: a recording, a market replayed, a journal that somebody wrote in. Definitions are
those of :mod:`trading_ecosystem.messages.alert_conditions`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.exchange import DepthChanged, OrderFilled, QuoteChanged, TradesPublished
from trading_ecosystem.messages.market_data import PricePublished

LARGEST_NUMBER: Final = 10**20
"""A number above this has not arrived."""


def _quote(message: QuoteChanged) -> bool:
    """No price or quantity is negative; 0 says that a side is empty."""
    return (
        0 <= message.bid_ticks <= LARGEST_NUMBER
        and 0 <= message.bid_lots <= LARGEST_NUMBER
        and 0 <= message.ask_ticks <= LARGEST_NUMBER
        and 0 <= message.ask_lots <= LARGEST_NUMBER
    )


def _depth(message: DepthChanged) -> bool:
    """Every level has a price and a quantity."""
    for level in message.bids + message.asks:
        if not (0 < level.price_ticks <= LARGEST_NUMBER and 0 < level.quantity_lots <= LARGEST_NUMBER):
            return False
    return True


def _summary(message: TradesPublished) -> bool:
    """What was traded has prices and a volume."""
    numbers = (message.volume_lots, message.high_ticks, message.low_ticks, message.last_ticks)
    return min(numbers) > 0 and max(numbers) <= LARGEST_NUMBER


def _fill(message: OrderFilled) -> bool:
    """Something was traded at a price."""
    return 0 < message.price_ticks <= LARGEST_NUMBER and 0 < message.quantity_lots <= LARGEST_NUMBER


ARRIVES: Final[dict[type[Message], Callable[[Any], bool]]] = {
    QuoteChanged: _quote,
    DepthChanged: _depth,
    TradesPublished: _summary,
    OrderFilled: _fill,
}
"""By kind of message whether it counts as arrived; what is not here always does."""


def has_both_sides(message: QuoteChanged) -> bool:
    """Whether a quote that arrived has a price and a quantity on both sides."""
    return message.bid_lots > 0 and message.ask_lots > 0 and message.bid_ticks > 0 and message.ask_ticks > 0


def is_numbered(message: PricePublished) -> bool:
    """Whether a price can be placed in the feed: it has a number and an instant."""
    return message.update > 0 and message.priced_at > 0
