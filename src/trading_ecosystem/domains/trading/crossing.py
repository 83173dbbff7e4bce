"""Orders that cross the spread: how a strategy that wants to trade at once words it."""

from __future__ import annotations

from trading_ecosystem.domains.trading.intentions import Place
from trading_ecosystem.domains.trading.rounding import upwards
from trading_ecosystem.domains.trading.view import View
from trading_ecosystem.messages.orders import Side, TimeInForce
from trading_ecosystem.messages.units import PARTS_PER_MILLION, Lots, PartsPerMillion


def cross(view: View, venue: str, instrument: str, side: Side, lots: Lots, slippage_ppm: PartsPerMillion) -> tuple[Place, ...]:
    """An immediate-or-cancel order that trades up to ``slippage_ppm`` beyond the best price; none where nothing is quoted."""
    quote = view.quote(venue, instrument)
    if quote is None or lots <= 0 or not (quote.ask_lots if side is Side.BUY else quote.bid_lots):
        return ()
    if side is Side.BUY:
        limit = upwards(quote.ask_ticks * (PARTS_PER_MILLION + slippage_ppm), PARTS_PER_MILLION)
    else:
        limit = max(1, quote.bid_ticks * (PARTS_PER_MILLION - slippage_ppm) // PARTS_PER_MILLION)
    return (Place(venue, instrument, side, limit, lots, time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL),)
