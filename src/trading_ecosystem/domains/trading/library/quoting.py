"""What the two model market makers share: when they look, what they know, and how their quotes reach the book."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Protocol

from trading_ecosystem.domains.trading.intentions import CancelAll, Intention, Place
from trading_ecosystem.domains.trading.library.ladder import mid_price, steer, two_sided
from trading_ecosystem.domains.trading.library.volatility import PriceVolatility
from trading_ecosystem.domains.trading.orders import Order
from trading_ecosystem.domains.trading.strategy import Strategy
from trading_ecosystem.domains.trading.view import View
from trading_ecosystem.messages.exchange import OrderFilled, QuoteChanged
from trading_ecosystem.messages.units import INSTRUMENTS, Lots, MinorUnits, Nanos


class QuotingSettings(Protocol):
    """What both need to know."""

    @property
    def venue(self) -> str:
        """Where it quotes."""

    @property
    def instrument(self) -> str:
        """What it quotes."""

    @property
    def size(self) -> MinorUnits:
        """Of one quote, in minor units of the base asset."""

    @property
    def max_inventory_orders(self) -> int:
        """Sizes of inventory at which the side that adds to it is not quoted."""

    @property
    def refresh_ns(self) -> Nanos:
        """From one look to the next."""

    @property
    def half_life_ns(self) -> Nanos:
        """Of the volatility estimate."""


class FormulaQuoting(Strategy, ABC):
    """Quotes from a model of mid price, volatility and inventory; a subclass is the model."""

    def __init__(self, settings: QuotingSettings) -> None:
        self.quoting = settings
        self.lots: Lots = max(1, settings.size // INSTRUMENTS[settings.instrument].lot_size)
        self.volatility = PriceVolatility(settings.half_life_ns)
        self.next_at: Nanos = 0
        self.wanted: list[Place] = []
        """The quotes as they should stand."""

    def quotes_watched(self) -> Iterable[tuple[str, str]]:
        """The one venue and instrument."""
        return ((self.quoting.venue, self.quoting.instrument),)

    @abstractmethod
    def bid_and_ask(self, mid: float, sigma: float, inventory: float, now: Nanos) -> tuple[float, float]:
        """The model: where to quote, from the mid price, its volatility per root second, and the inventory in sizes."""

    def quote_changed(self, view: View, quote: QuoteChanged) -> Iterable[Intention]:
        """Learn from every quote; look at its own at most once per refresh. Without a two-sided market it withdraws."""
        mid = mid_price(quote)
        if mid is None:
            self.wanted = []
            has_orders = bool(view.working_orders(quote.venue, quote.instrument))
            return (CancelAll(quote.venue, quote.instrument),) if has_orders else ()
        self.volatility.take(mid, view.now)
        sigma = self.volatility.per_root_second
        if sigma is None or view.now < self.next_at:
            return ()
        self.next_at = view.now + self.quoting.refresh_ns
        held = view.position_lots(quote.venue, quote.instrument)
        bid, ask = self.bid_and_ask(mid, sigma, held / self.lots, view.now)
        bound = self.quoting.max_inventory_orders * self.lots
        bid_lots, ask_lots = min(self.lots, bound - held), min(self.lots, bound + held)
        self.wanted = two_sided(quote, bid, ask, bid_lots, ask_lots)
        return steer(view, quote.venue, quote.instrument, self.wanted)

    def order_cancelled(self, view: View, order: Order) -> Iterable[Intention]:
        """An old quote is gone: place the new ones."""
        return steer(view, order.venue, order.instrument, self.wanted)

    def order_filled(self, view: View, order: Order, fill: OrderFilled) -> Iterable[Intention]:
        """Inventory has changed: look again with the next quote, and until then do not repeat what was filled."""
        self.next_at = view.now
        self.wanted = [place for place in self.wanted if place.side is not order.side]
        return ()
