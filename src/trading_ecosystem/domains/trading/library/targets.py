"""Trading towards a target position with orders that cross the spread."""

from __future__ import annotations

from trading_ecosystem.domains.trading.crossing import cross
from trading_ecosystem.domains.trading.intentions import Intention, Place, PlaceTogether
from trading_ecosystem.domains.trading.view import View
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import Lots, PartsPerMillion


def towards(view: View, venue: str, instrument: str, target: Lots, slippage_ppm: PartsPerMillion) -> tuple[Place, ...]:
    """One immediate-or-cancel order that reaches a target; none while an order of the pair works."""
    gap = target - view.position_lots(venue, instrument)
    if gap == 0 or view.working_orders(venue, instrument):
        return ()
    return cross(view, venue, instrument, Side.BUY if gap > 0 else Side.SELL, abs(gap), slippage_ppm)


def together(*legs: tuple[Place, ...]) -> tuple[Intention, ...]:
    """All the orders of all legs at once, or, where every leg wants one, all or none of them."""
    places = tuple(place for leg in legs for place in leg)
    return (PlaceTogether(places),) if len(places) == len(legs) > 1 else places
