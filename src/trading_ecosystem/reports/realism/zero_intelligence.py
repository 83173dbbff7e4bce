"""The baseline: a market in which nobody thinks, fitted to the same sample and played on the exchange's own book.

Smith, Farmer, Gillemot and Krishnamurthy 2003, "Statistical theory of the continuous double auction", with the estimates of
Farmer, Patelli and Zovko 2005, "The predictive power of zero intelligence in financial markets". On each side limit orders
arrive at a constant rate per tick, uniformly from one tick better than the opposite best price outwards; takers arrive
at a constant rate; every resting order is cancelled at a constant rate. All three are Poisson processes and every order has
the same size. The five numbers are measured:

- the rate of limit orders per tick, in the band between the 2nd and the 60th percentile of their distance from the opposite
  best price;
- the rate of takers: the lots that are taken, over the size of an order;
- the rate of cancellation: one over the mean life of the orders placed in the band and cancelled;
- the size: the mean of the orders placed in the band;
- the reach: the 90th percentile of the distance, beyond which no order is placed (the theory has no such bound).
"""

from __future__ import annotations

from typing import Final

import msgspec

from trading_ecosystem.adapters.recordings.event_tape import BID, EventKind, EventTape, TapeRecorder
from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.domains.exchange.book.book_events import BookEvent, Filled
from trading_ecosystem.messages.orders import Side, TimeInForce
from trading_ecosystem.messages.units import SECOND, Instrument, Lots, Nanos, Ticks
from trading_ecosystem.ports.errors import BadInput
from trading_ecosystem.ports.randomness import RandomStream

_BAND: Final = (0.02, 0.60)
_REACH: Final = 0.90


class ZeroIntelligence(msgspec.Struct, frozen=True):
    """The fitted numbers; rates are per second and side."""

    limits_per_tick: float
    takers: float
    cancels_per_order: float
    lots: Lots
    reach_ticks: Ticks
    mid_ticks: Ticks


def fit_zero_intelligence(tape: EventTape, start: Nanos, end: Nanos) -> ZeroIntelligence:
    """The numbers of the stretch from ``start`` to ``end``."""
    distances: list[tuple[int, int, Lots]] = []
    taken = 0
    mid = 0
    for row in range(1, len(tape)):
        if not start <= tape.times[row] < end:
            continue
        kind, bid, ask = tape.kinds[row], tape.bids[row - 1], tape.asks[row - 1]
        mid = mid or (bid + ask) // 2
        if kind == EventKind.EXECUTE:
            taken += tape.lots[row]
        elif kind == EventKind.ADD and bid and ask:
            distance = ask - tape.prices[row] if tape.sides[row] == BID else tape.prices[row] - bid
            distances.append((distance, row, tape.lots[row]))
    if len(distances) < 100 or not taken:
        raise BadInput("the sample", f"{len(distances)} limit orders and {taken} lots traded, expected at least 100 and 1")
    ordered = sorted(distance for distance, _, _ in distances)
    low, high = (ordered[int(share * len(ordered))] for share in _BAND)
    band = [(row, lots) for distance, row, lots in distances if low <= distance <= high]
    seconds = (end - start) / SECOND
    lots = max(1, round(sum(lots for _, lots in band) / len(band)))
    return ZeroIntelligence(
        len(band) / (2 * (high - low + 1) * seconds),
        taken / lots / (2 * seconds),
        1.0 / _mean_life(tape, {row for row, _ in band}, end),
        lots,
        ordered[int(_REACH * len(ordered))],
        mid,
    )


def _mean_life(tape: EventTape, placed: set[int], end: Nanos) -> float:
    """Seconds for which the orders of these rows stood that were deleted before ``end``."""
    born: dict[int, Nanos] = {}
    total, count = 0, 0
    for row, order_id in enumerate(tape.orders):
        if tape.times[row] >= end:
            break
        if row in placed:
            born[order_id] = tape.times[row]
        elif tape.kinds[row] == EventKind.DELETE and order_id in born:
            total += tape.times[row] - born.pop(order_id)
            count += 1
    return total / count / SECOND if count else 60.0


class ZeroIntelligenceMarket:
    """Plays the fitted numbers on a book, and writes the tape."""

    def __init__(self, numbers: ZeroIntelligence, instrument: Instrument, stream: RandomStream) -> None:
        self._numbers = numbers
        self._stream = stream
        self._book = OrderBook(instrument.symbol)
        self._recorder = TapeRecorder(self._book, instrument)
        self._ids: list[int] = []
        self._places: dict[int, int] = {}
        self._next_id = 1
        self._best = {Side.BUY: numbers.mid_ticks, Side.SELL: numbers.mid_ticks + 1}

    def run(self, start: Nanos, end: Nanos) -> EventTape:
        """The tape from ``start`` to ``end``, after the book has been filled as it is in the long run."""
        numbers, stream = self._numbers, self._stream
        limits = numbers.limits_per_tick * numbers.reach_ticks
        for _ in range(round(2 * limits / numbers.cancels_per_order)):
            self._place(start)
        at = start
        while True:
            cancels = numbers.cancels_per_order * len(self._ids)
            total = 2 * limits + 2 * numbers.takers + cancels
            at += 1 + int(stream.exponential(SECOND / total))
            if at >= end:
                return self._recorder.tape
            draw = stream.uniform() * total
            if draw < 2 * limits:
                self._place(at)
            elif draw < 2 * limits + cancels:
                order_id = self._ids[stream.integer(0, len(self._ids) - 1)]
                self._heard(at, [self._book.cancel(order_id)], Side.BUY)
                self._forget(order_id)
            else:
                self._take(at)

    def _place(self, at: Nanos) -> None:
        side = Side.BUY if self._stream.uniform() < 0.5 else Side.SELL
        distance = self._stream.integer(1, self._numbers.reach_ticks)
        price = self._best[Side.SELL] - distance if side is Side.BUY else self._best[Side.BUY] + distance
        if price > 0:
            order_id = self._next_id
            self._next_id += 1
            self._places[order_id] = len(self._ids)
            self._ids.append(order_id)
            self._heard(at, self._book.place(order_id, 0, side, self._numbers.lots, price_ticks=price), side)

    def _take(self, at: Nanos) -> None:
        side = Side.BUY if self._stream.uniform() < 0.5 else Side.SELL
        self._next_id += 1
        placed = self._book.place(self._next_id - 1, 0, side, self._numbers.lots, time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL)
        self._heard(at, placed, side)

    def _heard(self, at: Nanos, events: list[BookEvent], side: Side) -> None:
        self._recorder.record(at, events, side)
        for event in events:
            if type(event) is Filled and not event.maker_leaves_lots:
                self._forget(event.maker_id)
        for own in (Side.BUY, Side.SELL):
            price, lots = self._book.best(own)
            if lots:
                self._best[own] = price

    def _forget(self, order_id: int) -> None:
        place, last = self._places.pop(order_id), self._ids.pop()
        if last != order_id:
            self._ids[place] = last
            self._places[last] = place
