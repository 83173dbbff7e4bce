"""The prices between which an instrument may trade: a static band around a reference, a dynamic one around the last trade.

A band of ``ppm`` around ``p`` reaches from ``p - p * ppm / 10⁶``, rounded up, to ``p + p * ppm / 10⁶``, rounded down: a
price on its edge is inside. Both bands hold where both are used. Without a reference, or before the first trade, the band
in question does not exist."""

from __future__ import annotations

import enum

import msgspec

from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.domains.exchange.book.ladder import NO_ABOVE, NO_BELOW
from trading_ecosystem.domains.exchange.matching.matching_parameters import BandAction, MatchingParameters
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import PARTS_PER_MILLION, PartsPerMillion, Ticks


def band(around_ticks: Ticks, ppm: PartsPerMillion) -> tuple[Ticks, Ticks]:
    """The lowest and highest price of a band; without a price or a width everything is inside."""
    if not around_ticks or not ppm:
        return (NO_BELOW, NO_ABOVE)
    width = around_ticks * ppm // PARTS_PER_MILLION
    return (around_ticks - width, around_ticks + width)


def bands(parameters: MatchingParameters, reference_ticks: Ticks, last_trade_ticks: Ticks) -> tuple[Ticks, Ticks]:
    """The lowest and highest price at which the next trade in continuous trading may happen."""
    low, high = band(reference_ticks, parameters.static_band_ppm)
    nearer_low, nearer_high = band(last_trade_ticks, parameters.dynamic_band_ppm)
    return (max(low, nearer_low), min(high, nearer_high))


class Beyond(enum.StrEnum):
    """What becomes of an order where it would trade past its bound."""

    NOTHING = "nothing"
    """It does not: its own limit lies before."""
    COLLAR = "collar"
    """A market order's rest is cancelled (``MARKET_REMAINDER``)."""
    BAND = "band"
    """A market order's rest is cancelled (``PRICE_BAND``)."""
    INTERRUPT = "interrupt"
    """A volatility auction begins with the rest."""
    REFUSE = "refuse"
    """The order is refused whole."""


class Bound(msgspec.Struct, frozen=True, gc=False):
    """Up to which price an order may trade now (``None``: any; 0: not at all), and what is done past it."""

    price_ticks: Ticks | None
    beyond: Beyond


def bound(
    book: OrderBook,
    parameters: MatchingParameters,
    around: tuple[Ticks, Ticks],
    side: Side,
    limit_ticks: Ticks | None,
) -> Bound:
    """How far an order may trade that takes part in continuous trading; ``around`` is the bands (:func:`bands`).

    Where bands reject, a limit beyond one is refused even if it would not trade, so that none comes to rest there.
    """
    buys = side is Side.BUY
    edge = around[1] if buys else around[0]
    rejects = parameters.band_action is BandAction.REJECT
    if limit_ticks is not None and rejects and (limit_ticks > edge if buys else limit_ticks < edge):
        return Bound(0, Beyond.REFUSE)
    if not book.crosses(side, limit_ticks):
        return Bound(limit_ticks, Beyond.NOTHING)
    front = book.front(Side.SELL if buys else Side.BUY)
    assert front is not None
    first = front.price_ticks
    if not around[0] <= first <= around[1]:
        return Bound(0, Beyond.REFUSE if rejects else Beyond.INTERRUPT)
    if limit_ticks is None and parameters.collar_ppm:
        low, high = band(first, parameters.collar_ppm)
        if high < edge if buys else low > edge:
            return Bound(high if buys else low, Beyond.COLLAR)
    if edge in (NO_BELOW, NO_ABOVE) or (limit_ticks is not None and (limit_ticks <= edge if buys else limit_ticks >= edge)):
        return Bound(limit_ticks, Beyond.NOTHING)
    return Bound(edge, Beyond.BAND if rejects else Beyond.INTERRUPT)
