"""The strategy protocol: what a strategy is told, and that it answers with intentions.

A strategy is a plain object with state of its own.  It is constructed from its settings when it is loaded and again
whenever it is started again.  It sees the market and its own affairs through a
:class:`~trading_ecosystem.domains.trading.view.View`, never a message of another account, and never sends anything itself:
it returns what it wants, and the engine's own limits decide. One that raises, answers with something else than intentions,
or wants more than any may (:mod:`.containment`) is halted, and no other with it.

State must survive a snapshot: numbers, strings, tuples, lists, dicts, Structs and plain objects; no lambdas or generators.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from trading_ecosystem.domains.trading.allowance import Allowance
from trading_ecosystem.domains.trading.intentions import Intention
from trading_ecosystem.domains.trading.orders import Order
from trading_ecosystem.domains.trading.view import View
from trading_ecosystem.messages.exchange import OrderFilled, QuoteChanged, TradesPublished
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.orders import RejectReason
from trading_ecosystem.messages.risk import AlertRaised


class Strategy:
    """Base of every strategy: it wants nothing until a callback is overridden."""

    allowance: ClassVar[Allowance | None] = None
    """What counts its steps, where they are counted."""

    def __init__(self, settings: Any) -> None:
        """Build it from the typed settings of its kind."""

    def quotes_watched(self) -> Iterable[tuple[str, str]]:
        """The (venue, instrument) pairs whose quotes it is told; asked once, when it is loaded."""
        return ()

    def prices_watched(self) -> Iterable[str]:
        """The instruments whose published prices it is told; asked once, when it is loaded."""
        return ()

    def trades_watched(self) -> Iterable[tuple[str, str]]:
        """The (venue, instrument) pairs whose published trades it is told; asked once, when it is loaded."""
        return ()

    def alerts_watched(self) -> bool:
        """Whether it is told of the alerts that the firm's risk monitor raises; asked once, when it is loaded."""
        return False

    def pairs_traded(self) -> Iterable[tuple[str, str]]:
        """The (venue, instrument) pairs it may trade, by its settings; asked at the edge, to refuse what does not exist."""
        return self.quotes_watched()

    def started(self, view: View) -> Iterable[Intention]:
        """It runs from now on."""
        return ()

    def quote_changed(self, view: View, quote: QuoteChanged) -> Iterable[Intention]:
        """A venue published a quote that it watches."""
        return ()

    def price_published(self, view: View, price: PricePublished) -> Iterable[Intention]:
        """The vendor feed published a price that it watches; ``price.priced_at`` may be old."""
        return ()

    def trades_published(self, view: View, trades: TradesPublished) -> Iterable[Intention]:
        """A venue published a summary of the trades, everybody's, since its last one."""
        return ()

    def alert_raised(self, view: View, alert: AlertRaised) -> Iterable[Intention]:
        """The firm's risk monitor raised an alert, such as the breach of a limit."""
        return ()

    def order_filled(self, view: View, order: Order, fill: OrderFilled) -> Iterable[Intention]:
        """An order of its own was filled, in part or whole; the position in the view includes it."""
        return ()

    def order_rejected(self, view: View, order: Order, reason: RejectReason) -> Iterable[Intention]:
        """A venue refused an order."""
        return ()

    def order_cancelled(self, view: View, order: Order) -> Iterable[Intention]:
        """What was left of an order is no longer in the market."""
        return ()

    def timer(self, view: View, label: str) -> Iterable[Intention]:
        """A wake-up that it asked for is due."""
        return ()

    def stopped(self, view: View) -> Iterable[Intention]:
        """It was asked to stop and its orders are being cancelled; orders wanted now are withheld."""
        return ()
