"""Grid trading: a ladder of bids below and offers above, each fill answered one rung away on the other side.

Rungs lie at ``anchor (1 + step)^i`` for ``i`` from ``-levels`` to ``levels``; at first the bids stand below the anchor and the
offers above it. A bid filled at rung ``i`` becomes an offer at ``i + 1``, an offer filled at ``i`` a bid at ``i - 1``, so that
exactly one rung is empty and every round trip earns one step, less fees. This is the bi-directional grid that Taranto and Khan
(2020, *Investment Management and Financial Innovations* 17(3), "Gambler's ruin problem and bi-directional grid constrained
trading and investment strategies") analyse: it earns while the price wanders inside the grid and holds a losing position once
the price has left it, which nothing here prevents. The anchor is the first mid seen, unless ``anchor`` gives it.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from trading_ecosystem.domains.trading.intentions import Intention, Place
from trading_ecosystem.domains.trading.library.ladder import steer
from trading_ecosystem.domains.trading.orders import Order
from trading_ecosystem.domains.trading.rounding import half_even
from trading_ecosystem.domains.trading.settings import BasisPoints, Duration, Name, Periods, Price, Quantity
from trading_ecosystem.domains.trading.strategy import Strategy
from trading_ecosystem.domains.trading.view import View
from trading_ecosystem.messages.exchange import OrderFilled, QuoteChanged
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import INSTRUMENTS, PARTS_PER_MILLION, SECOND, Lots, MinorUnits, Nanos, PartsPerMillion


class GridSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One venue and one instrument; ``size`` is that of every rung."""

    venue: Name
    instrument: Name
    size: Quantity
    step_ppm: BasisPoints = msgspec.field(name="step_bps", default=2_000)
    levels: Periods = 5
    """Rungs on either side of the anchor."""
    anchor_minor: Price = msgspec.field(name="anchor", default=0)
    refresh_ns: Duration = msgspec.field(name="refresh", default=10 * SECOND)
    """How long a rung that was refused or withheld waits before it is tried again."""

    def __post_init__(self) -> None:
        """Check what no single setting can."""
        if self.step_ppm == 0:
            raise ValueError("step_bps must be above 0")
        if self.levels > 100:
            raise ValueError("levels must be at most 100")


def rung_price(anchor_minor: MinorUnits, step_ppm: PartsPerMillion, rung: int) -> MinorUnits:
    """``anchor (1 + step)^rung`` in minor units, half to even, exactly."""
    grown, whole = (PARTS_PER_MILLION + step_ppm) ** abs(rung), PARTS_PER_MILLION ** abs(rung)
    return half_even(anchor_minor * grown, whole) if rung >= 0 else half_even(anchor_minor * whole, grown)


class Grid(Strategy):
    """See the module."""

    def __init__(self, settings: GridSettings) -> None:
        self.settings = settings
        self.lots: Lots = max(1, settings.size // INSTRUMENTS[settings.instrument].lot_size)
        self.anchor_minor: MinorUnits = settings.anchor_minor
        levels = settings.levels
        self.rungs = {rung: Side.BUY if rung < 0 else Side.SELL for rung in range(-levels, levels + 1) if rung}
        """What stands at each rung; the one that is missing is empty."""
        self.next_at: Nanos = 0

    def quotes_watched(self) -> Iterable[tuple[str, str]]:
        """The one venue and instrument."""
        return ((self.settings.venue, self.settings.instrument),)

    def quote_changed(self, view: View, quote: QuoteChanged) -> Iterable[Intention]:
        """Find the anchor, and see that every rung stands."""
        if not self.anchor_minor:
            if not quote.bid_lots or not quote.ask_lots:
                return ()
            self.anchor_minor = (quote.bid_ticks + quote.ask_ticks) * INSTRUMENTS[quote.instrument].tick_size // 2
        if view.now < self.next_at:
            return ()
        self.next_at = view.now + self.settings.refresh_ns
        return self._stand(view)

    def order_filled(self, view: View, order: Order, fill: OrderFilled) -> Iterable[Intention]:
        """Answer a rung that is filled whole one rung away, on the other side."""
        if fill.leaves_lots:
            return ()
        rung = int(order.label)
        # A late report of a rung that was answered already says nothing new.
        if self.rungs.get(rung) is not order.side:
            return ()
        del self.rungs[rung]
        if order.side is Side.BUY:
            self.rungs[rung + 1] = Side.SELL
        else:
            self.rungs[rung - 1] = Side.BUY
        return self._stand(view)

    def _stand(self, view: View) -> Iterable[Intention]:
        settings = self.settings
        tick = INSTRUMENTS[settings.instrument].tick_size
        wanted = []
        for rung, side in sorted(self.rungs.items(), key=lambda one: abs(one[0])):
            price = half_even(rung_price(self.anchor_minor, settings.step_ppm, rung), tick)
            if price > 0:
                wanted.append(
                    Place(settings.venue, settings.instrument, side, price, self.lots, post_only=True, label=str(rung))
                )
        return steer(view, settings.venue, settings.instrument, wanted)
