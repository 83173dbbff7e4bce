"""Iceberg: a large limit order of which only a peak is displayed at a time.

When the peak has traded, the next is shown, at the end of the queue, until all is done: Esser and Mönch (2007, "The
navigation of an iceberg: the optimal use of hidden orders", *Finance Research Letters* 4(2), 68-81). With ``native`` the
venue keeps the hidden part (FIX DisplayQty 1138), else the strategy sends every peak as an order of its own, and nobody
else knows of the rest. Every ``retry`` it looks whether a peak that was withheld, refused or cancelled is to be sent again.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from trading_ecosystem.domains.trading.intentions import Intention, Place, WakeMe
from trading_ecosystem.domains.trading.library.execution.parent import ParentOrder, check_parent
from trading_ecosystem.domains.trading.orders import Order
from trading_ecosystem.domains.trading.settings import Duration, Flag, Name, Price, Quantity
from trading_ecosystem.domains.trading.view import View
from trading_ecosystem.messages.exchange import OrderFilled
from trading_ecosystem.messages.orders import OrderTerms
from trading_ecosystem.messages.units import INSTRUMENTS, SECOND, Lots, PartsPerMillion


class IcebergSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A parent order at one price."""

    venue: Name
    instrument: Name
    side: Name
    quantity: Quantity
    limit_minor: Price = msgspec.field(name="limit")
    peak: Quantity
    """What is displayed at a time."""
    native: Flag = False
    """The venue hides the rest, rather than the strategy."""
    retry_ns: Duration = msgspec.field(name="retry", default=10 * SECOND)

    def __post_init__(self) -> None:
        """Check what no single setting can."""
        check_parent(self)
        instrument = INSTRUMENTS.get(self.instrument)
        if self.peak > self.quantity or (instrument is not None and self.peak < instrument.lot_size):
            raise ValueError("peak must be at least one lot and at most the quantity")

    @property
    def slippage_ppm(self) -> PartsPerMillion:
        """It rests, and never goes beyond its price."""
        return 0


class Iceberg(ParentOrder):
    """See the module."""

    def __init__(self, settings: IcebergSettings) -> None:
        super().__init__(settings)
        self.settings = settings
        self.peak: Lots = settings.peak // INSTRUMENTS[settings.instrument].lot_size

    def started(self, view: View) -> Iterable[Intention]:
        """Show the first peak."""
        self.begin(view)
        return self.timer(view, "")

    def order_filled(self, view: View, order: Order, fill: OrderFilled) -> Iterable[Intention]:
        """Show the next peak once this one has traded whole."""
        return self._show(view) if fill.leaves_lots == 0 else ()

    def timer(self, view: View, label: str) -> Iterable[Intention]:
        """Show a peak where none is shown, and look again."""
        if self.done(view) >= self.quantity:
            return ()
        return (*self._show(view), WakeMe(view.now + self.settings.retry_ns))

    def _show(self, view: View) -> Iterable[Intention]:
        settings = self.settings
        missing = self.quantity - self.done(view)
        if missing <= 0 or view.working_orders(settings.venue, settings.instrument):
            return ()
        if settings.native:
            terms = OrderTerms(display_lots=min(self.peak, missing))
            return (Place(settings.venue, settings.instrument, self.side, self.limit_ticks, missing, terms=terms),)
        return (Place(settings.venue, settings.instrument, self.side, self.limit_ticks, min(self.peak, missing)),)
