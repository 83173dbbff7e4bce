"""Round trips: from flat to flat again, per venue and instrument, net of fees.

A fill that turns a position over closes one trip and opens the next; its fee is shared by lots, rounded down for the part that
closes. What is still open at the end is no round trip.
"""

from __future__ import annotations

import msgspec

from trading_ecosystem.messages.exchange import OrderFilled
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import INSTRUMENTS, Lots, MinorUnits, Nanos


class RoundTrip(msgspec.Struct, frozen=True):
    """One trip; ``net_minor`` is what it earned after fees."""

    venue: str
    instrument: str
    side: Side
    """``BUY`` for a long one."""
    opened_at: Nanos
    closed_at: Nanos
    most_lots: Lots
    """The largest position on the way."""
    net_minor: MinorUnits


class _Open(msgspec.Struct):
    opened_at: Nanos
    lots: Lots = 0
    most_lots: Lots = 0
    cash_minor: MinorUnits = 0
    side: Side = Side.BUY


class RoundTrips:
    """The trips under way."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], _Open] = {}

    def filled(self, at: Nanos, fill: OrderFilled) -> list[RoundTrip]:
        """Take in a fill, with its fee in the quote asset; returns the trip that it closes, in units of the quote asset."""
        place = (fill.venue, fill.instrument)
        trip = self._open.get(place) or _Open(at, side=fill.side)
        signed = fill.quantity_lots if fill.side is Side.BUY else -fill.quantity_lots
        closing = min(abs(signed), abs(trip.lots)) if trip.lots * signed < 0 else 0
        closed = []
        fee = fill.fee_minor
        if closing:
            closing_fee = fee * closing // fill.quantity_lots
            fee -= closing_fee
            self._add(trip, fill, closing, closing_fee)
            if not trip.lots:
                del self._open[place]
                closed.append(RoundTrip(*place, trip.side, trip.opened_at, at, trip.most_lots, net_minor=trip.cash_minor))
                trip = _Open(at, side=fill.side)
        if rest := fill.quantity_lots - closing:
            self._add(trip, fill, rest, fee)
            self._open[place] = trip
        return closed

    def _add(self, trip: _Open, fill: OrderFilled, lots: Lots, fee: MinorUnits) -> None:
        sign = 1 if fill.side is Side.BUY else -1
        trip.lots += sign * lots
        trip.cash_minor -= sign * INSTRUMENTS[fill.instrument].notional(fill.price_ticks, lots) + fee
        trip.most_lots = max(trip.most_lots, abs(trip.lots))
