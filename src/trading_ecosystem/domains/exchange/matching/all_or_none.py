"""All-or-none orders: they trade whole or not at all, and wait beside the book until they can.

Beside the book means: nobody sees them, nobody trades with them as a maker, and they have no place in the book's time
priority. After whatever changed the book in continuous trading they are tried, oldest first; one trades when the other side
of the book has all of it at its limit or better, own orders not counted, inside the price bands. It is then the taker. Two
waiting all-or-none orders never trade with each other."""

from __future__ import annotations

from collections.abc import Iterable

from trading_ecosystem.domains.exchange.matching.bounded_book import BoundedBook
from trading_ecosystem.domains.exchange.matching.kept_orders import KeptOrder
from trading_ecosystem.messages.units import Ticks


def ready(waiting: Iterable[KeptOrder], bounded: BoundedBook) -> tuple[KeptOrder, Ticks] | None:
    """The first that can trade whole, and the limit with which it should be sent."""
    book = bounded.book
    for kept in waiting:
        new, leaves = kept.new, kept.leaves_lots
        limit = bounded.allowed(new.side, kept.limit_ticks)
        if not book.crosses(new.side, limit) or bounded.bound(new.side, limit).price_ticks == 0:
            continue
        if book.fillable(new.side, leaves, limit, new.owner, kept.self_trade) >= leaves:
            return (kept, limit)
    return None
