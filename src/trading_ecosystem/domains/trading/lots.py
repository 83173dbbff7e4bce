"""A position kept as the lots it was bought in: first in, first out, exactly.

IAS 2 knows two cost formulas for what cannot be told apart: weighted average (:mod:`.portfolio`) and first-in, first-out, which
is here. A fill against the position closes the oldest lots first, each at its own price, so that nothing is ever rounded:
``realised = cost + cash`` holds as it does there (cash: sold minus bought), and both have realised the same once they are flat.
A fill that is taken back is an opposite fill here too: it closes the oldest lots, whichever it had opened.
"""

from __future__ import annotations

import enum
from collections import deque
from typing import Final, TypeAlias

import msgspec

from trading_ecosystem.domains.trading.portfolio import Position
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import Lots, MinorUnits, Nanos, Ticks


class OpenLot(msgspec.Struct, frozen=True, gc=False):
    """What is left of one fill: signed lots at its price."""

    lots: Lots
    price_ticks: Ticks
    opened_at: Nanos


class ClosedLot(msgspec.Struct, frozen=True, gc=False):
    """Some of a lot, closed: signed as it was held, with what it made before fees, in minor units of the quote asset."""

    lots: Lots
    opened_ticks: Ticks
    closed_ticks: Ticks
    opened_at: Nanos
    closed_at: Nanos
    realised_minor: MinorUnits


ClosedLots: TypeAlias = tuple[ClosedLot, ...]


class FirstInFirstOut(Position):
    """One position in one instrument at one venue, with the lots that it is made of."""

    __slots__ = ("open",)

    def __init__(self, venue: str, instrument: str) -> None:
        super().__init__(venue, instrument)
        self.open: deque[OpenLot] = deque()
        """Oldest first, all of one sign."""

    def fill(self, side: Side, price_ticks: Ticks, quantity_lots: Lots, fee_minor: MinorUnits) -> None:
        """Take in one fill."""
        self.match(side, price_ticks, quantity_lots, fee_minor, 0)

    def match(self, side: Side, price_ticks: Ticks, quantity_lots: Lots, fee_minor: MinorUnits, at: Nanos) -> ClosedLots:
        """Take in one fill, and return what it closed, oldest first."""
        assert quantity_lots > 0
        self.fees_minor += fee_minor
        self.turnover_minor += price_ticks * quantity_lots * self.tick_value
        sign = 1 if side is Side.BUY else -1
        left = quantity_lots
        closed: list[ClosedLot] = []
        while left and self.open and self.open[0].lots * sign < 0:
            oldest = self.open.popleft()
            closing = min(left, abs(oldest.lots))
            held = closing if oldest.lots > 0 else -closing
            made = (price_ticks - oldest.price_ticks) * held * self.tick_value
            closed.append(ClosedLot(held, oldest.price_ticks, price_ticks, oldest.opened_at, at, made))
            self.realised_minor += made
            self.lots -= held
            self.cost_minor -= oldest.price_ticks * held * self.tick_value
            left -= closing
            if oldest.lots != held:
                self.open.appendleft(OpenLot(oldest.lots - held, oldest.price_ticks, oldest.opened_at))
        if left:
            self.open.append(OpenLot(sign * left, price_ticks, at))
            self.lots += sign * left
            self.cost_minor += price_ticks * sign * left * self.tick_value
        return tuple(closed)


class CostMethod(enum.StrEnum):
    """The cost formula of IAS 2 by which realised and unrealised are told apart."""

    AVERAGE = "average"
    FIRST_IN_FIRST_OUT = "first_in_first_out"


KEPT_BY: Final[dict[CostMethod, type[Position]]] = {
    CostMethod.AVERAGE: Position,
    CostMethod.FIRST_IN_FIRST_OUT: FirstInFirstOut,
}
"""How a position is kept under each."""
