"""An event tape from a Binance capture: inferred, since the capture names no orders.

What is known is the best prices after every change (``bookTicker``), every trade, and, ten times a second, what changed at the
prices behind. From these:

- more at a best price, or a better price, is a limit order that came to rest there;
- less at a best price, or its end, is a trade as far as one was told at that price within a tenth of a second of it, else a
  cancellation;
- a change behind the best price is one order, placed or cancelled, at an instant spread evenly over the tenth of a second
  before it was told; prices farther than ``REACH_PPM`` are left out.

So queues and single orders are unknown: order numbers are 0, and ``own_orders`` counts prices within reach instead of orders,
once a second.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, TypeAlias

from trading_ecosystem.adapters.recordings.binance_depth import (
    BookTicker,
    CapturedTrade,
    DepthDifference,
    Snapshot,
    captured_frames,
)
from trading_ecosystem.adapters.recordings.event_tape import (
    ASK,
    BID,
    DEPTH_EVERY,
    DEPTH_LEVELS,
    DepthSample,
    EventKind,
    EventTape,
)
from trading_ecosystem.adapters.recordings.recorded_price import price_in_minor_units
from trading_ecosystem.messages.exchange import Level
from trading_ecosystem.messages.units import (
    INSTRUMENTS,
    MILLISECOND,
    PARTS_PER_MILLION,
    Instrument,
    Lots,
    Nanos,
    Ticks,
    minor_units,
)
from trading_ecosystem.ports.errors import BadInput

REACH_PPM: Final = 1_000
"""Distance from the best price, as a share of it, beyond which changes are left out."""
_TELLING: Final[Nanos] = 100 * MILLISECOND
_SYMBOL: Final = "BTCUSDT"
_Change: TypeAlias = tuple[Nanos, int, int, Ticks, Lots]
"""Instant, 0 for a best price or 1 for one behind, side, price, lots that stand there then."""


def binance_tape(path: Path) -> EventTape:
    """The tape of a capture of one instrument, BTC against USDT; raises ``BadInput`` where it is another or has no trades."""
    instrument = INSTRUMENTS["BTC/USDT"]
    changes: list[_Change] = []
    told: dict[tuple[int, Ticks], list[list[int]]] = {}
    best_bid: Ticks = 0
    for number, at, frame in captured_frames(path):
        if isinstance(frame, Snapshot):
            changes += _levels(at, frame.bids, frame.asks, instrument, spread_over=0)
            continue
        if frame.symbol != _SYMBOL:
            raise BadInput(f"{path}:{number}", f"symbol {frame.symbol}, expected a capture of {_SYMBOL} alone")
        if isinstance(frame, DepthDifference):
            changes += _levels(at, frame.bids, frame.asks, instrument, spread_over=_TELLING)
        elif isinstance(frame, BookTicker):
            bid = (at, 0, BID, _ticks(frame.bid, instrument), _lots(frame.bid_quantity, instrument))
            ask = (at, 0, ASK, _ticks(frame.ask, instrument), _lots(frame.ask_quantity, instrument))
            # The side that makes room comes first, so that the book is not crossed in between.
            changes += (ask, bid) if bid[3] > best_bid else (bid, ask)
            best_bid = bid[3]
        elif isinstance(frame, CapturedTrade):
            side = BID if frame.buyer_is_maker else ASK
            price, lots = _ticks(frame.price, instrument), _lots(frame.quantity, instrument)
            told.setdefault((side, price), []).append([at, lots])
    if not told:
        raise BadInput(str(path), "no trades, expected a capture with the streams depth, bookTicker and trade")
    changes.sort(key=lambda change: change[0])
    book = _InferredBook(EventTape(instrument), told)
    for change in changes:
        book.apply(change)
    return book.tape


def _levels(
    at: Nanos, bids: list[tuple[str, str]], asks: list[tuple[str, str]], instrument: Instrument, spread_over: Nanos
) -> list[_Change]:
    listed = [(BID, price, lots) for price, lots in bids] + [(ASK, price, lots) for price, lots in asks]
    step = spread_over // (len(listed) + 1)
    return [
        (at - spread_over + (place + 1) * step, 1, side, _ticks(price, instrument), _lots(lots, instrument))
        for place, (side, price, lots) in enumerate(listed)
    ]


def _ticks(price: str, instrument: Instrument) -> Ticks:
    return price_in_minor_units(price) // instrument.tick_size


def _lots(quantity: str, instrument: Instrument) -> Lots:
    return minor_units(quantity) // instrument.lot_size


class _InferredBook:
    """Prices and what stands there, changed by what was told."""

    def __init__(self, tape: EventTape, told: dict[tuple[int, Ticks], list[list[int]]]) -> None:
        self.tape = tape
        self._told = told
        self._levels: dict[int, dict[Ticks, Lots]] = {BID: {}, ASK: {}}
        self._best: dict[int, tuple[Ticks, Lots]] = {BID: (0, 0), ASK: (0, 0)}
        self._near = {BID: 0, ASK: 0}
        self._depth_due: Nanos = 0

    def apply(self, change: _Change) -> None:
        """Take one change in, and write down what it means."""
        at, is_behind, side, price, lots = change
        if is_behind:
            self._change_behind(at, side, price, lots)
        else:
            self._change_best(at, side, price, lots)

    def _change_best(self, at: Nanos, side: int, price: Ticks, lots: Lots) -> None:
        old_price, old_lots = self._best[side]
        if (price, lots) == (old_price, old_lots):
            return
        self._best[side] = (price, lots)
        levels = self._levels[side]
        if (price - old_price) * side < 0:
            for passed in [known for known in levels if (known - price) * side > 0]:
                del levels[passed]
        levels[price] = lots
        if not old_price:
            return
        if (price - old_price) * side > 0:
            self._write(at, EventKind.ADD, side, price, lots)
        elif price == old_price and lots > old_lots:
            self._write(at, EventKind.ADD, side, price, lots - old_lots)
        else:
            gone = old_lots - lots if price == old_price else old_lots
            traded = self._traded(at, side, old_price, gone)
            if traded:
                self._write(at, EventKind.EXECUTE, side, old_price, traded)
            if gone > traded:
                self._write(at, EventKind.DELETE, side, old_price, gone - traded)

    def _change_behind(self, at: Nanos, side: int, price: Ticks, lots: Lots) -> None:
        best, _ = self._best[side]
        levels = self._levels[side]
        before = levels.get(price, 0)
        if best and (price - best) * side >= 0:
            return
        if lots:
            levels[price] = lots
        else:
            levels.pop(price, None)
        if best and lots != before and self._is_near(price, best):
            self._write(at, EventKind.ADD if lots > before else EventKind.DELETE, side, price, abs(lots - before))

    def _traded(self, at: Nanos, side: int, price: Ticks, gone: Lots) -> Lots:
        """How much of what is gone was traded: lots of trades told near that instant, each counted once."""
        found = 0
        trades = self._told.get((side, price), [])
        while trades and trades[0][0] < at - _TELLING:
            del trades[0]
        for trade in trades:
            if trade[0] > at + _TELLING or found == gone:
                break
            part = min(gone - found, trade[1])
            trade[1] -= part
            found += part
        return found

    def _write(self, at: Nanos, kind: EventKind, side: int, price: Ticks, lots: Lots) -> None:
        best = (*self._best[BID], *self._best[ASK])
        if at >= self._depth_due:
            self._depth_due = at - at % DEPTH_EVERY + DEPTH_EVERY
            self.tape.depths.append(DepthSample(at, self._depth(BID), self._depth(ASK)))
            for own in (BID, ASK):
                nearest = self._best[own][0]
                self._near[own] = sum(self._is_near(price, nearest) for price in self._levels[own])
        self.tape.append(at, kind, side, price, lots, best, 0, self._near[side])

    @staticmethod
    def _is_near(price: Ticks, best: Ticks) -> bool:
        return abs(price - best) * PARTS_PER_MILLION <= REACH_PPM * best

    def _depth(self, side: int) -> tuple[Level, ...]:
        levels = self._levels[side]
        return tuple(Level(price, levels[price]) for price in sorted(levels, reverse=side == BID)[:DEPTH_LEVELS])
