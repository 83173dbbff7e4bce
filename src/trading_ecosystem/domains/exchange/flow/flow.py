"""The background flow: makers and takers without a name, who keep one instrument's book alive around its fundamental price.

A queue-reactive market. Events arrive at intervals drawn from a measured distribution; what arrives depends on the spread, the
imbalance at the best prices and the number of resting orders; it leans towards the :mod:`anchor <.flow_anchor>`, and against
the pressure of past trades; takers have a :mod:`memory <.flow_memory>`. Besides this noise there are agents: market makers,
who follow the anchor and fill gaps around it, informed takers, and momentum traders. Every number that it is built from
stands, with unit and source, in :mod:`.flow_parameters`; ``docs/flow.md`` tells the whole of it. All trade for the venue's
:mod:`.house`. ``compiled_flow`` is the same in C, event by event.

**Time.** The flow stands still until it is advanced. When the next event comes is part of its state, and so is the queue of
fundamental prices, each of which makers follow a fixed time after it came. Hence advancing to t1 and then to t2 is the same as
advancing to t2. (The one exception is a house about to run out of assets, whose claims other instruments change too.) What
happens to named accounts meanwhile is said, and dated, when the flow is advanced.

Prices and sizes are floats inside; what is sent to the book is rounded to whole ticks and lots.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Final, Protocol

from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.domains.exchange.book.book_events import BookEvent, Filled, Rested
from trading_ecosystem.domains.exchange.flow.draws import Draws, quantile
from trading_ecosystem.domains.exchange.flow.flow_anchor import FlowAnchor
from trading_ecosystem.domains.exchange.flow.flow_constants import FlowConstants
from trading_ecosystem.domains.exchange.flow.flow_memory import FlowMemory
from trading_ecosystem.domains.exchange.flow.flow_parameters import (
    BEHIND,
    CANCEL_BEHIND,
    CANCEL_BEST,
    JOIN,
    KINDS,
    NARROW,
    TAKE,
    FlowParameters,
)
from trading_ecosystem.domains.exchange.flow.flow_reaction import choose
from trading_ecosystem.domains.exchange.flow.house import House
from trading_ecosystem.domains.exchange.flow.house_orders import HouseOrders
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import Instrument, MinorUnits, Nanos
from trading_ecosystem.ports.component import Later
from trading_ecosystem.ports.randomness import RandomStream

_BUY: Final = Side.BUY
_SELL: Final = Side.SELL
_NEVER: Final = 1 << 62
_LONGEST: Final = 1e17
"""No interval is longer than this many nanoseconds (three years)."""
_NO_KIND: Final = -1


class FlowWatcher(Protocol):
    """Who is to act, in the middle of an advance, when what the flow did concerns somebody: see :func:`notable`."""

    def attend(self, at: Nanos, events: list[BookEvent], said: list[Message | Later]) -> None:
        """Do what follows from these events of the book; its ``attention`` must be clear afterwards."""


class FlowObserver(Protocol):
    """Who looks on while the flow acts, to record it."""

    def record(self, at: Nanos, events: list[BookEvent], side: Side) -> None:
        """An order of this side was sent or cancelled, and the book said this; the book stands as it is then."""


class BackgroundFlow:
    """The flow in one instrument; see the module's text."""

    # fmt: off
    __slots__ = (
        "_anchor",
        "_book",
        "_constants",
        "_draws",
        "_house",
        "_last_step",
        "_mean_size",
        "_memory",
        "_next_at",
        "_noticed",
        "_seen_lots",
        "_waiting",
        "asks",
        "bids",
        "events",
        "observer",
        "paused",
        "watcher",
    )
    # fmt: on

    def __init__(
        self, parameters: FlowParameters, instrument: Instrument, book: OrderBook, house: House, stream: RandomStream
    ) -> None:
        self._constants = FlowConstants(parameters, instrument)
        self._book = book
        self._house = house
        self._draws = Draws(stream.integer(0, (1 << 64) - 1))
        self._anchor = FlowAnchor(self._constants)
        self._memory = FlowMemory(self._constants)
        self._noticed: list[BookEvent] = []
        self._waiting: deque[tuple[Nanos, MinorUnits]] = deque()
        self._next_at: Nanos = _NEVER
        self._last_step = 0
        self._mean_size = 1.0
        self._seen_lots = 0
        self.bids = HouseOrders(_BUY)
        self.asks = HouseOrders(_SELL)
        self.events = 0
        self.paused = False
        self.watcher: FlowWatcher | None = None
        self.observer: FlowObserver | None = None

    # ---------------------------------------------------------------- time

    @property
    def next_at(self) -> Nanos:
        """When the next event comes, should no fundamental price come before."""
        return self._next_at

    def fundamental_changed(self, price_minor: MinorUnits, now: Nanos) -> None:
        """The fundamental has a new price; makers follow it a moment later, and the first one opens the market."""
        assert price_minor > 0
        self._waiting.append((now + self._constants.maker_reaction_ns, price_minor))

    def advance(self, now: Nanos, said: list[Message | Later]) -> None:
        """Let everyone act who comes up to and including now; what named accounts are to hear of it is added to ``said``."""
        if self.paused:
            return
        waiting, begun = self._waiting, False
        while True:
            follow_at = waiting[0][0] if waiting else _NEVER
            at = min(follow_at, self._next_at)
            if at > now:
                return
            if not begun:
                begun = True
                self._look_again()
            if follow_at <= self._next_at:
                self._follow_fundamental(at, waiting.popleft()[1], now, said)
            else:
                self.events += 1
                self._next_at = at + 1 + self._interval(self._act(at, now, said))
            if self._noticed and self.watcher is not None:
                noticed, self._noticed = self._noticed, []
                self.watcher.attend(at, noticed, said)
                self._look_again()

    def resume(self, now: Nanos) -> None:
        """Go on after a pause, in which nothing was missed: what would have come comes one nanosecond from now."""
        self.paused = False
        while len(self._waiting) > 1:
            self._waiting.popleft()
        if self._next_at != _NEVER:
            self._next_at = max(self._next_at, now + 1)

    def _look_again(self) -> None:
        """Take in what others did to the house's orders, and how named takers pressed."""
        house = self._house
        for own in (self.bids, self.asks):
            if house.disturbed:
                own.forget_all_gone(self._book)
            else:
                own.forget_gone(self._book)
        house.disturbed = False
        pressed = house.signed_lots - self._seen_lots
        if pressed:
            self._seen_lots = house.signed_lots
            self._traded(1.0 if pressed > 0 else -1.0, abs(pressed))

    def _interval(self, kind: int) -> int:
        """The time to the next event, after one of this kind."""
        constants, draws = self._constants, self._draws
        logs = constants.interval_logs
        uniform = draws.uniform()
        if uniform < constants.persistence:
            place = self._last_step + uniform / constants.persistence
        else:
            place = (uniform - constants.persistence) / (1.0 - constants.persistence) * (len(logs) - 1)
        step = min(int(place), len(logs) - 2)
        self._last_step = step
        low = logs[step]
        activities = self._anchor.activities
        log = low + (logs[step + 1] - low) * (place - step) - activities[0] - activities[1] - self._memory.haste()
        if kind != _NO_KIND:
            log += constants.after_logs[kind]
        return int(min(math.exp(log), _LONGEST))

    # ---------------------------------------------------------------- makers

    def _follow_fundamental(self, at: Nanos, price_minor: MinorUnits, now: Nanos, said: list[Message | Later]) -> None:
        """Makers see a new fundamental price."""
        anchor, constants = self._anchor, self._constants
        anchor.fundamental = price_minor / constants.tick_size
        if self._next_at == _NEVER:
            anchor.moved_at = at
            self._next_at = at + 1
        anchor.decay(at)
        self._mean_size = max(1.0, constants.notional / (anchor.fundamental * constants.tick_value))
        self._follow(at, now, said)

    def _follow(self, at: Nanos, now: Nanos, said: list[Message | Later]) -> None:
        """Everyone withdraws what the anchor has overtaken or left far behind; then makers fill the gaps around it."""
        anchor, reach = self._anchor.price, self._anchor.price * self._constants.reach
        for own in (self.bids, self.asks):
            overtaken = own.sign * anchor
            while own.keys and own.keys[-1] > overtaken:
                self._withdraw(own, len(own) - 1, at)
            while own.keys and own.keys[0] < overtaken - reach:
                self._withdraw(own, 0, at)
        if self._constants.makers:
            self._quote(self.bids, at, now, said)
            self._quote(self.asks, at, now, said)

    def _quote(self, own: HouseOrders, at: Nanos, now: Nanos, said: list[Message | Later]) -> None:
        """Fill the gap between the makers' nearest place and the best order of a side, and a side that is half empty."""
        constants, draws, anchor = self._constants, self._draws, self._anchor.price
        nearest = math.floor(own.sign * anchor - anchor * constants.maker_half_spread)
        spacing = anchor * constants.maker_spacing
        key = nearest
        for _ in range(constants.maker_levels):
            if own.keys and key - own.keys[-1] <= spacing and key != nearest:
                break
            if own.keys and key <= own.keys[-1]:
                break
            self._send(own, key, self._limit_lots(), at, now, said, stays=True)
            key -= max(1, int(spacing * (0.5 + draws.uniform())))
        for _ in range(int(constants.orders * 0.5) - len(own)):
            behind = int(quantile(constants.behind_logs, draws.uniform()) * anchor + 0.5)
            self._send(own, nearest - behind, self._limit_lots(), at, now, said, stays=True)

    # ---------------------------------------------------------------- one event

    def _act(self, at: Nanos, now: Nanos, said: list[Message | Later]) -> int:
        """One event, and its kind."""
        constants, anchor, memory = self._constants, self._anchor, self._memory
        anchor.move(at, self._draws.word())
        draw = self._draws.uniform()
        if draw < constants.excursion:
            anchor.excursion += constants.excursion_size * (2.0 * (draw / constants.excursion) - 1.0)
            anchor.set_price()
            self._follow(at, now, said)
            return _NO_KIND
        draw = (draw - constants.excursion) / (1.0 - constants.excursion)
        bid, bid_lots = self._book.best(_BUY)
        ask, ask_lots = self._book.best(_SELL)
        if not bid or not ask:
            own = self.asks if bid else self.bids
            if constants.makers:
                self._quote(own, at, now, said)
                return _NO_KIND
            key = math.floor(own.sign * anchor.price - anchor.price * constants.maker_half_spread * (1.0 + 2.0 * draw))
            self._send(own, key, self._limit_lots(), at, now, said, stays=True)
            return _NO_KIND
        mid = (bid + ask) * 0.5
        memory.pass_event(mid)
        chosen = choose(
            constants,
            draw,
            spread=(ask - bid) / mid,
            imbalance=(bid_lots - ask_lots) / (bid_lots + ask_lots),
            lean=constants.pull * (anchor.price - mid) / mid,
            eagerness=memory.eagerness(),
            bids=len(self.bids),
            asks=len(self.asks),
        )
        own, kind = (self.bids, chosen) if chosen < KINDS else (self.asks, chosen - KINDS)
        if kind == TAKE:
            self._take(own, mid, at, now, said)
        elif kind in (CANCEL_BEST, CANCEL_BEHIND):
            self._cancel(own, kind, at)
        else:
            self._place(own, kind, bid, ask, at, now, said)
        return kind

    def _place(
        self, own: HouseOrders, kind: int, bid: int, ask: int, at: Nanos, now: Nanos, said: list[Message | Later]
    ) -> None:
        """A limit order inside the spread, at the best price, or behind it."""
        constants, draws = self._constants, self._draws
        best = bid if own.side is _BUY else -ask
        room = ask - bid - 1
        key = best
        if kind == NARROW and room > 0:
            draw = draws.uniform()
            anchor = self._anchor.price
            placed = math.floor(own.sign * anchor - anchor * constants.maker_half_spread)
            if draw < constants.maker_share and best < placed <= best + room:
                key = placed
            else:
                key = best + min(room, max(1, int(quantile(constants.narrow_logs, draw) * (room + 1) + 0.5)))
        elif kind == BEHIND:
            behind = quantile(constants.behind_logs, draws.uniform()) * (bid + ask) * 0.5
            key = best - max(1, int(behind + 0.5))
        else:
            assert kind == JOIN or room <= 0
        self._send(own, key, self._limit_lots(), at, now, said, stays=True)

    def _cancel(self, own: HouseOrders, kind: int, at: Nanos) -> None:
        """An order leaves: one of those at the best price, or one behind it."""
        behind = own.behind_best()
        uniform = self._draws.uniform()
        if kind == CANCEL_BEST:
            if len(own):
                self._withdraw(own, behind + int(uniform * (len(own) - behind)), at)
        elif behind:
            rank = uniform
            for _ in range(self._constants.cancel_power - 1):
                rank *= uniform
            self._withdraw(own, behind - 1 - int(rank * behind), at)

    def _take(self, inclined: HouseOrders, mid: float, at: Nanos, now: Nanos, said: list[Message | Later]) -> None:
        """A taker: who it is decides the side, and one draw how much of what stands there it takes."""
        constants, draws = self._constants, self._draws
        own = self.bids if self._buys(draws.uniform(), mid, inclined is self.bids) else self.asks
        price, standing = self._book.best(_SELL if own.side is _BUY else _BUY)
        key = price * own.sign
        most = int(self._mean_size * constants.take_at_most) + 1
        draw = draws.uniform()
        if draw < constants.whole:
            lots = standing
        elif draw < constants.beyond:
            lots = standing + self._limit_lots()
            key += max(1, int(mid * constants.take_reach + 0.5))
        else:
            lots = min(standing, self._limit_lots())
        traded = self._send(own, key, min(lots, most), at, now, said, stays=False)
        if traded:
            self._traded(float(own.sign), traded)

    def _traded(self, sign: float, lots: int) -> None:
        """Take in a trade of a taker, whoever it was."""
        self._anchor.trade(sign, self._memory.traded(sign), lots / self._mean_size)

    def _buys(self, draw: float, mid: float, inclined: bool) -> bool:
        """Whether the next taker buys; whoever does not know better does what the book inclines him to."""
        constants, memory, anchor = self._constants, self._memory, self._anchor.price
        if draw < constants.memory_share:
            return draw / constants.memory_share < 0.5 + 0.5 * memory.expected_sign()
        if draw < constants.informed_below:
            away = (anchor - mid) / mid
            if abs(away) > constants.informed_threshold:
                return away > 0.0
        elif draw < constants.momentum_below and mid != memory.level:
            return mid > memory.level
        return inclined

    def _limit_lots(self) -> int:
        """The size of a limit order."""
        return max(1, int(quantile(self._constants.limit_logs, self._draws.uniform()) * self._mean_size + 0.5))

    # ---------------------------------------------------------------- the book

    def _send(
        self, own: HouseOrders, key: int, lots: int, at: Nanos, now: Nanos, said: list[Message | Later], *, stays: bool
    ) -> int:
        """Send an order, and keep the lists of what the house has in the book; returns how many lots it traded."""
        price = key * own.sign
        if price < 1:
            return 0
        events = self._house.send(own.side, price, lots, now, said, stays=stays)
        opposite = self.asks if own is self.bids else self.bids
        traded = 0
        for event in events:
            if type(event) is Filled:
                traded += event.lots
                if event.maker_id < 0 and not event.maker_leaves_lots:
                    opposite.filled(event.maker_id)
            elif type(event) is Rested:
                own.rested(event.order_id, event.price_ticks)
        if events:
            self._tell(own.side, events, at)
        self._seen_lots += traded * own.sign
        if len(own) > self._constants.orders_at_most:
            self._withdraw(own, 0, at)
        return traded

    def _withdraw(self, own: HouseOrders, place: int, at: Nanos) -> None:
        """Cancel the order at a place of a list, if others have not done so."""
        order_id = own.take_out(place)
        self._tell(own.side, [self._book.cancel(order_id)], at)

    def _tell(self, side: Side, events: list[BookEvent], at: Nanos) -> None:
        """Let those hear of a command who look on, or whom it concerns."""
        if self.observer is not None:
            self.observer.record(at, events, side)
        if self.watcher is not None and notable(events, self._book):
            self._noticed += events


def notable(events: list[BookEvent], book: OrderBook) -> bool:
    """Whether a watcher has to hear of a command: the book calls for attention or is watched, or a named order traded."""
    if book.attention or book.best_watched:
        return True
    return any(type(event) is Filled and event.maker_id >= 0 for event in events)
