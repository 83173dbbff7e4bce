"""The background flow: makers and takers without a name, who keep one instrument's book alive around its fundamental price.

All of them trade for the venue's :mod:`.house`. They arrive as a Poisson process: each arrival takes liquidity, posts an
order of the :mod:`.makers`, or withdraws one. The makers' ladders hang on the *anchor*: the fundamental price, moved by the
venue's own premium, which is why two venues differ. The premium is an Ornstein-Uhlenbeck process, sampled exactly at
arrivals, plus now and then an excursion that decays within seconds. Prices revert to the fundamental because makers follow
it; takers empty cells and push the price away for moments.

**Time.** The flow stands still until it is advanced. Its arrival times come from its own stream, and the next one is state;
so is the queue of fundamental prices, of which an arrival sees the newest that came *before* it. Hence advancing to t1 and
then to t2 is the same as advancing to t2. (The one exception is a house about to run out of assets, whose claims other
instruments change too.) What happens to named accounts meanwhile is said, and dated, when the flow is advanced.

Prices and sizes are floats inside; what is sent to the book is rounded down to whole ticks and lots.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Final

from trading_ecosystem.domains.exchange.house import House
from trading_ecosystem.domains.exchange.makers import Makers
from trading_ecosystem.domains.exchange.parameters import FlowParameters
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import PARTS_PER_MILLION, Instrument, MinorUnits, Nanos
from trading_ecosystem.ports.component import Later
from trading_ecosystem.ports.randomness import RandomStream

_NEVER: Final = 1 << 62


class BackgroundFlow:
    """The flow in one instrument; see the module's text."""

    def __init__(
        self, parameters: FlowParameters, instrument: Instrument, house: House, makers: Makers, stream: RandomStream
    ) -> None:
        self._tick_size = instrument.tick_size
        self._house = house
        self._makers = makers
        self._stream = stream
        self._mean_interval_ns = float(parameters.mean_interval_ns)
        self._taker_below = parameters.taker_ppm / PARTS_PER_MILLION
        self._cancel_below = self._taker_below + parameters.cancel_ppm / PARTS_PER_MILLION
        self._excursion_from = 1.0 - parameters.excursion_ppm / PARTS_PER_MILLION
        self._taker_size = parameters.taker_size_ppm / PARTS_PER_MILLION
        self._taker_reach = parameters.taker_reach_ppm / PARTS_PER_MILLION
        self._premium_deviation = parameters.premium_ppm / PARTS_PER_MILLION
        self._premium_reversion_ns = float(parameters.premium_reversion_ns)
        self._excursion_size = parameters.excursion_size_ppm / PARTS_PER_MILLION
        self._excursion_reversion_ns = float(parameters.excursion_reversion_ns)
        self._waiting: deque[tuple[Nanos, MinorUnits]] = deque()
        self._next_at: Nanos = _NEVER
        self._followed_at: Nanos = 0
        self._fundamental = 0.0
        self._anchor = 0.0
        self._premium = 0.0
        self._excursion = 0.0

    def fundamental_changed(self, price_minor: MinorUnits, now: Nanos) -> None:
        """The fundamental has a new price, to be seen by arrivals after now; the first one opens the market."""
        assert price_minor > 0
        self._waiting.append((now, price_minor))
        if self._next_at == _NEVER:
            self._next_at = now + 1

    def advance(self, now: Nanos, said: list[Message | Later]) -> None:
        """Let everyone act who arrives up to and including now; what named accounts are to hear of it is added to ``said``."""
        waiting = self._waiting
        while self._next_at <= now:
            at = self._next_at
            if waiting and waiting[0][0] < at:
                price_minor = waiting.popleft()[1]
                while waiting and waiting[0][0] < at:
                    price_minor = waiting.popleft()[1]
                self._fundamental = price_minor / self._tick_size
                self._drift(at)
                self._makers.follow(self._fundamental, self._anchor, now, said)
            self._arrive(at, now, said)
            self._next_at = at + 1 + int(self._stream.exponential(self._mean_interval_ns))

    def _drift(self, at: Nanos) -> None:
        """The premium moves on from the last drift to this one, and the anchor with it."""
        elapsed = float(self._followed_at - at)
        self._followed_at = at
        kept = math.exp(elapsed / self._premium_reversion_ns)
        self._premium = self._premium * kept + self._premium_deviation * math.sqrt(1.0 - kept * kept) * self._stream.normal()
        if self._excursion:
            self._excursion *= math.exp(elapsed / self._excursion_reversion_ns)
        self._anchor = self._fundamental * (1.0 + self._premium + self._excursion)

    def _arrive(self, at: Nanos, now: Nanos, said: list[Message | Later]) -> None:
        """One arrival: what it does is decided by one draw, which is then rescaled to decide side and place or size."""
        draw = self._stream.uniform()
        if draw < self._taker_below:
            self._trade(draw / self._taker_below, now, said)
            return
        if draw >= self._excursion_from:
            self._drift(at)
            self._excursion = self._excursion_size * (2.0 * self._stream.uniform() - 1.0)
            self._anchor = self._fundamental * (1.0 + self._premium + self._excursion)
            self._makers.follow(self._fundamental, self._anchor, now, said)
            return
        makers = self._makers
        if draw < self._cancel_below:
            draw = 2.0 * (draw - self._taker_below) / (self._cancel_below - self._taker_below)
            makers.withdraw(makers.bids if draw < 1.0 else makers.asks, draw % 1.0)
        else:
            draw = 2.0 * (draw - self._cancel_below) / (self._excursion_from - self._cancel_below)
            makers.refresh(makers.bids if draw < 1.0 else makers.asks, draw % 1.0, now, said)

    def _trade(self, draw: float, now: Nanos, said: list[Message | Later]) -> None:
        """A taker: side and exponential size from one draw, with a limit not too far from the anchor."""
        draw *= 2.0
        lots = 1 + int(-math.log(1.0 - draw % 1.0) * self._taker_size * self._makers.mean_lots)
        if draw < 1.0:
            self._house.take(Side.BUY, int(self._anchor * (1.0 + self._taker_reach)) + 1, lots, now, said)
        else:
            self._house.take(Side.SELL, max(1, int(self._anchor * (1.0 - self._taker_reach))), lots, now, said)
