"""A parent order: how much of it is done, and the orders by which it gets done.

Of the settings every algorithm shares, ``quantity`` is in whole units of the base asset and is rounded down to lots; an
order crosses the spread by at most ``slippage_bps`` and never trades beyond ``limit``, where one is set. What the market
does not give now stays part of what is to be done. The end of a parent order is the end of its work: it wants nothing any
more.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from msgspec import structs

from trading_ecosystem.domains.trading.crossing import cross
from trading_ecosystem.domains.trading.intentions import Place
from trading_ecosystem.domains.trading.strategy import Strategy
from trading_ecosystem.domains.trading.view import View
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import INSTRUMENTS, Lots, MinorUnits, PartsPerMillion, Ticks


class ParentSettings(Protocol):
    """What every algorithm is told."""

    @property
    def venue(self) -> str:
        """Where it trades."""

    @property
    def instrument(self) -> str:
        """What it trades."""

    @property
    def side(self) -> str:
        """``buy`` or ``sell``."""

    @property
    def quantity(self) -> MinorUnits:
        """Of the base asset, in its minor units."""

    @property
    def limit_minor(self) -> MinorUnits:
        """The worst price, in minor units of quote per whole base; 0 for none."""

    @property
    def slippage_ppm(self) -> PartsPerMillion:
        """How far beyond the best price an order may trade."""


def check_parent(settings: ParentSettings) -> None:
    """Check what no single setting can; raises ``ValueError``."""
    if settings.side not in (Side.BUY, Side.SELL):
        raise ValueError(f"side is {settings.side!r}; expected buy or sell")
    instrument = INSTRUMENTS.get(settings.instrument)
    if instrument is not None and settings.quantity < instrument.lot_size:
        raise ValueError(f"quantity is below one lot of {settings.instrument}")


def lots_of(settings: ParentSettings) -> Lots:
    """The parent order's quantity in whole lots."""
    return settings.quantity // INSTRUMENTS[settings.instrument].lot_size


class ParentOrder(Strategy):
    """What is done, what is left, and the next order; a subclass says when and how much."""

    def __init__(self, settings: ParentSettings) -> None:
        self.parent = settings
        self.side = Side(settings.side)
        self.quantity: Lots = lots_of(settings)
        self.position_before: Lots = 0
        """What it held when it started: of an earlier run under the same name."""

    def pairs_traded(self) -> Iterable[tuple[str, str]]:
        """The one venue and instrument."""
        return ((self.parent.venue, self.parent.instrument),)

    @property
    def limit_ticks(self) -> Ticks:
        """The worst price in ticks, rounded so that it is never worse than the one set; 0 for none."""
        tick = INSTRUMENTS[self.parent.instrument].tick_size
        limit = self.parent.limit_minor
        return limit // tick if self.side is Side.BUY else -(-limit // tick)

    def done(self, view: View) -> Lots:
        """What is traded already: the strategy trades nothing else, so it is its position since its start."""
        return abs(view.position_lots(self.parent.venue, self.parent.instrument) - self.position_before)

    def begin(self, view: View) -> None:
        """Count from here."""
        self.position_before = view.position_lots(self.parent.venue, self.parent.instrument)

    def trade(self, view: View, target: Lots, label: str = "") -> tuple[Place, ...]:
        """An order for what is missing to ``target``; none while one is unanswered, or where the limit forbids it."""
        parent = self.parent
        if view.working_orders(parent.venue, parent.instrument):
            return ()
        missing = min(target, self.quantity) - self.done(view)
        orders = cross(view, parent.venue, parent.instrument, self.side, missing, parent.slippage_ppm)
        return tuple(structs.replace(order, price_ticks=self.limited(order.price_ticks), label=label) for order in orders)

    def limited(self, price: Ticks) -> Ticks:
        """A price, or the limit where that is better for the parent order."""
        limit = self.limit_ticks
        if not limit:
            return price
        return min(price, limit) if self.side is Side.BUY else max(price, limit)
