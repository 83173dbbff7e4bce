"""The makers of the background flow: a ladder of orders on each side that follows an anchor price.

Prices are divided into *cells* of one spacing, and a cell holds at most one of the makers' orders, at a random price within
it. A *rung* is a cell's number times the sign of its side (+1 bids, -1 asks), so that on both sides the nearest rung is the
highest. When the anchor moves, the makers first withdraw what it has overtaken, then fill the cells that it has left
behind; far away they let a few orders stand longer than needed, since prices often come back.
"""

from __future__ import annotations

from typing import Final

from trading_ecosystem.domains.exchange.book import OrderBook
from trading_ecosystem.domains.exchange.house import House
from trading_ecosystem.domains.exchange.parameters import FlowParameters
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import PARTS_PER_MILLION, Instrument, Nanos
from trading_ecosystem.ports.component import Later
from trading_ecosystem.ports.randomness import RandomStream

_REGRID_BELOW: Final = 0.8
_REGRID_ABOVE: Final = 1.25
_NOWHERE: Final = -1
_GAPS_FILLED: Final = 2


class Ladder:
    """The makers' orders of one side: rungs ``far`` to ``near``, each with its order's number where it has one."""

    __slots__ = ("far", "near", "rungs", "side", "sign")

    def __init__(self, side: Side) -> None:
        self.side = side
        self.sign = 1 if side is Side.BUY else -1
        self.near = 0
        self.far = 1
        self.rungs: dict[int, int] = {}


class Makers:
    """Both ladders of one instrument."""

    __slots__ = (
        "_book",
        "_cell",
        "_grid_price",
        "_half_spread",
        "_house",
        "_levels",
        "_notional",
        "_spacing",
        "_spacing_ppm",
        "_spare",
        "_stream",
        "_tick_value",
        "asks",
        "bids",
        "mean_lots",
    )

    def __init__(
        self, parameters: FlowParameters, instrument: Instrument, book: OrderBook, house: House, stream: RandomStream
    ) -> None:
        self._book = book
        self._house = house
        self._stream = stream
        self._tick_value = instrument.tick_value
        self._notional = dict(parameters.level_notional)[instrument.quote]
        self._levels = parameters.levels
        self._spare = parameters.spare_levels
        self._half_spread = parameters.half_spread_levels
        self._spacing_ppm = parameters.level_spacing_ppm
        self._spacing = 1
        self._grid_price = 0.0
        self._cell = _NOWHERE
        self.mean_lots = 1
        self.bids = Ladder(Side.BUY)
        self.asks = Ladder(Side.SELL)

    def follow(self, fundamental: float, anchor: float, now: Nanos, said: list[Message | Later]) -> None:
        """Hang the ladders on the anchor (both prices in ticks); sizes and spacing follow large moves of the fundamental."""
        if not self._grid_price * _REGRID_BELOW < fundamental < self._grid_price * _REGRID_ABOVE:
            self._divide(fundamental)
        cell = int((anchor + 0.5) // self._spacing)
        if cell == self._cell:
            return
        self._cell = cell
        bids, asks = self.bids, self.asks
        nearest_bid, nearest_ask = cell - self._half_spread, -cell - self._half_spread
        if nearest_bid < bids.near:
            self._retreat(bids, nearest_bid)
        if nearest_ask < asks.near:
            self._retreat(asks, nearest_ask)
        if nearest_bid > bids.near:
            self._pursue(bids, nearest_bid, now, said)
        if nearest_ask > asks.near:
            self._pursue(asks, nearest_ask, now, said)
        self._level(bids, now, said)
        self._level(asks, now, said)

    def refresh(self, ladder: Ladder, draw: float, now: Nanos, said: list[Message | Later]) -> None:
        """Fill the nearest gap, or the nearest two; where there is none, replace an order, the nearer ones more often."""
        rungs = ladder.rungs
        near = ladder.near
        filled = 0
        for rung in range(near, near - self._levels, -1):
            if rungs.get(rung, 0) not in self._book:
                self._post(ladder, rung, now, said)
                filled += 1
                if filled == _GAPS_FILLED:
                    return
        if filled:
            return
        rung = near - int(draw * draw * self._levels)
        self._withdraw(ladder, rung)
        self._post(ladder, rung, now, said)

    def withdraw(self, ladder: Ladder, draw: float) -> None:
        """Leave a gap somewhere."""
        self._withdraw(ladder, ladder.near - int(draw * self._levels))

    def _divide(self, price: float) -> None:
        """Withdraw everything and divide prices anew, for a price far from the one that the cells were made for."""
        for ladder in (self.bids, self.asks):
            for rung in range(ladder.far, ladder.near + 1):
                self._withdraw(ladder, rung)
            ladder.near = 0
            ladder.far = 1
        self._grid_price = price
        self._cell = _NOWHERE
        self._spacing = max(1, int(price * self._spacing_ppm / PARTS_PER_MILLION))
        self.mean_lots = max(1, int(self._notional / (price * self._tick_value)))

    def _retreat(self, ladder: Ladder, nearest: int) -> None:
        """The anchor came nearer: withdraw the rungs that it has overtaken."""
        for rung in range(max(nearest + 1, ladder.far), ladder.near + 1):
            self._withdraw(ladder, rung)
        ladder.near = nearest
        if ladder.far > nearest:
            ladder.far = nearest + 1

    def _pursue(self, ladder: Ladder, nearest: int, now: Nanos, said: list[Message | Later]) -> None:
        """The anchor went away: fill the cells that it has left; after a long way, leave nothing behind."""
        if nearest - ladder.near > self._levels:
            for rung in range(ladder.far, ladder.near + 1):
                self._withdraw(ladder, rung)
            ladder.near = nearest - self._levels
            ladder.far = ladder.near + 1
        for rung in range(ladder.near + 1, nearest + 1):
            self._post(ladder, rung, now, said)
        ladder.near = nearest

    def _level(self, ladder: Ladder, now: Nanos, said: list[Message | Later]) -> None:
        """Keep the far end between the number of levels and some spare ones."""
        wanted = ladder.near - self._levels + 1
        while ladder.far > wanted:
            ladder.far -= 1
            self._post(ladder, ladder.far, now, said)
        if ladder.far < wanted - self._spare:
            for rung in range(ladder.far, wanted):
                self._withdraw(ladder, rung)
            ladder.far = wanted

    def _withdraw(self, ladder: Ladder, rung: int) -> None:
        order_id = ladder.rungs.pop(rung, 0)
        if order_id:
            self._book.cancel(order_id)

    def _post(self, ladder: Ladder, rung: int, now: Nanos, said: list[Message | Later]) -> None:
        """Post in a cell: one draw gives the price within it, and its remainder the size, uniform around the mean."""
        drawn = self._stream.uniform() * self._spacing
        within = int(drawn)
        price = ladder.sign * rung * self._spacing + within
        if price < 1:
            return
        lots = 1 + int(self.mean_lots * (0.25 + 1.5 * (drawn - within)))
        order_id = self._house.post(ladder.side, price, lots, now, said)
        if order_id:
            ladder.rungs[rung] = order_id
