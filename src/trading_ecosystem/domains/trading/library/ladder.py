"""Quotes as they should stand, against those that do: what to cancel and what to place.

A quote that is to move is first cancelled and placed again when the venue has confirmed, so that no claim is needed
twice; while any request is unanswered nothing is sent.
"""

from __future__ import annotations

from collections.abc import Iterable

from trading_ecosystem.domains.trading.intentions import Cancel, Intention, Place
from trading_ecosystem.domains.trading.rounding import upwards
from trading_ecosystem.domains.trading.view import View
from trading_ecosystem.messages.exchange import QuoteChanged
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import INSTRUMENTS, MINOR_UNITS_PER_WHOLE, Lots, Ticks


def steer(view: View, venue: str, instrument: str, wanted: Iterable[Place]) -> tuple[Intention, ...]:
    """Bring the working orders of one pair to those wanted, all of which are limit orders of that pair.

    A working order stands for a wanted one with the same side, price and label, whatever of it is filled already.
    """
    orders = view.working_orders(venue, instrument)
    if any(order.is_pending for order in orders):
        return ()
    missing = {(place.side, place.price_ticks, place.label): place for place in wanted}
    stale = []
    for order in orders:
        if missing.pop((order.side, order.price_ticks, order.label), None) is None:
            stale.append(Cancel(order.client_order_id))
    return tuple(stale) or tuple(missing.values())


def two_sided(quote: QuoteChanged, bid: float, ask: float, bid_lots: Lots, ask_lots: Lots) -> list[Place]:
    """A post-only bid and offer, in whole units of quote per whole base; a side without lots is left out.

    Rounded to ticks away from the other side, and never across the venue's own quote.
    """
    tick = INSTRUMENTS[quote.instrument].tick_size
    bid_ticks: Ticks = int(bid * MINOR_UNITS_PER_WHOLE) // tick
    ask_ticks: Ticks = upwards(int(ask * MINOR_UNITS_PER_WHOLE), tick)
    if quote.ask_lots:
        bid_ticks = min(bid_ticks, quote.ask_ticks - 1)
    if quote.bid_lots:
        ask_ticks = max(ask_ticks, quote.bid_ticks + 1)
    quotes = []
    if bid_lots > 0 and bid_ticks > 0:
        quotes.append(Place(quote.venue, quote.instrument, Side.BUY, bid_ticks, bid_lots, post_only=True))
    if ask_lots > 0 and ask_ticks > 0:
        quotes.append(Place(quote.venue, quote.instrument, Side.SELL, ask_ticks, ask_lots, post_only=True))
    return quotes


def mid_price(quote: QuoteChanged) -> float | None:
    """The middle of a quote in whole units of quote per whole base; ``None`` where a side is empty."""
    if not quote.bid_lots or not quote.ask_lots:
        return None
    return (quote.bid_ticks + quote.ask_ticks) * INSTRUMENTS[quote.instrument].tick_size / (2 * MINOR_UNITS_PER_WHOLE)
