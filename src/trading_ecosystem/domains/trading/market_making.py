"""Market making: a bid and an offer around a reference price, leaning against inventory.

The reservation price moves away from the reference in proportion to inventory, as in Ho and Stoll (1981, *Journal of
Financial Economics* 9) and, in closed form, Avellaneda and Stoikov (2008, *Quantitative Finance* 8(3)): ``r = s (1 - skew
q / Q)``, with ``q`` the inventory and ``Q`` its bound; here the skew and the spread are constants of the settings instead
of functions of volatility and horizon.  Both quotes are post-only.  To bound messages they are replaced only when the
reservation price has moved by ``refresh_bps``, or one of them was filled, and never sooner than ``min_refresh`` after the
last time. A quote that moves is first cancelled and placed again when the venue has confirmed, so that no claim is needed
twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from trading_ecosystem.domains.trading.intentions import CancelAll, Intention, Place
from trading_ecosystem.domains.trading.orders import Order
from trading_ecosystem.domains.trading.rounding import upwards
from trading_ecosystem.domains.trading.settings import BasisPoints, Dollars, Duration, Name, Names
from trading_ecosystem.domains.trading.strategy import Strategy
from trading_ecosystem.domains.trading.view import View
from trading_ecosystem.messages.exchange import OrderFilled, QuoteChanged, RejectReason, Side
from trading_ecosystem.messages.units import (
    INSTRUMENTS,
    PARTS_PER_MILLION,
    SECOND,
    Lots,
    MinorUnits,
    Nanos,
)

PUBLISHED: Final = "published"
MID: Final = "mid"


class MarketMakingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``size_usd`` and ``max_inventory_usd`` hold for each venue and instrument by itself."""

    venues: Names
    instruments: Names
    size_usd: Dollars
    spread_ppm: BasisPoints = msgspec.field(name="spread_bps", default=3_000)
    """Distance from bid to offer."""
    max_inventory_usd: Dollars = 50_000 * 100_000_000
    """At this inventory the side that would add to it is not quoted."""
    skew_ppm: BasisPoints = msgspec.field(name="skew_bps", default=1_000)
    """How far the reservation price lies from the reference at full inventory."""
    refresh_ppm: BasisPoints = msgspec.field(name="refresh_bps", default=1_200)
    min_refresh_ns: Duration = msgspec.field(name="min_refresh", default=90 * SECOND)
    reference: Name = PUBLISHED
    """``published`` (the vendor feed) or ``mid`` (the venue's own quote)."""
    max_price_age_ns: Duration = msgspec.field(name="max_price_age", default=60 * SECOND)
    """Quotes are pulled when the published price is older than this."""

    def __post_init__(self) -> None:
        """Check what no single setting can."""
        if self.reference not in (PUBLISHED, MID):
            raise ValueError(f"reference is {self.reference!r}; expected {PUBLISHED} or {MID}")
        if self.spread_ppm == 0:
            raise ValueError("spread_bps must be above 0")


class _QuotedPair:
    """What is quoted in one instrument at one venue."""

    __slots__ = ("is_disturbed", "is_replacing", "next_at", "reservation_minor")

    def __init__(self) -> None:
        self.reservation_minor: MinorUnits = 0
        self.next_at: Nanos = 0
        self.is_disturbed = False
        """A quote was filled or refused since."""
        self.is_replacing = False
        """Quotes were cancelled to be placed again."""


class MarketMaking(Strategy):
    """See the module."""

    def __init__(self, settings: MarketMakingSettings) -> None:
        self.settings = settings
        self.pairs = {(venue, symbol): _QuotedPair() for venue in settings.venues for symbol in settings.instruments}

    def quotes_watched(self) -> Iterable[tuple[str, str]]:
        """Every venue and instrument of the settings."""
        return tuple(self.pairs)

    def quote_changed(self, view: View, quote: QuoteChanged) -> Iterable[Intention]:
        """Look at the quotes again, at most once per ``min_refresh``."""
        pair = self.pairs[quote.venue, quote.instrument]
        if view.now < pair.next_at:
            return ()
        orders = view.working_orders(quote.venue, quote.instrument)
        for order in orders:
            if order.is_pending:
                return ()
        reservation = self._reservation(view, quote)
        if reservation is None:
            pair.is_replacing = False
            return (CancelAll(quote.venue, quote.instrument),) if orders else ()
        if not orders:
            return self._quote(view, pair, quote, reservation)
        moved = abs(reservation - pair.reservation_minor) * PARTS_PER_MILLION
        if not pair.is_disturbed and moved < self.settings.refresh_ppm * pair.reservation_minor:
            return ()
        pair.is_replacing = True
        return (CancelAll(quote.venue, quote.instrument),)

    def order_filled(self, view: View, order: Order, fill: OrderFilled) -> Iterable[Intention]:
        """A quote that is gone is replaced with the next refresh."""
        if fill.leaves_lots == 0:
            self.pairs[order.venue, order.instrument].is_disturbed = True
        return ()

    def order_rejected(self, view: View, order: Order, reason: RejectReason) -> Iterable[Intention]:
        """A quote that was refused is tried again with the next refresh."""
        self.pairs[order.venue, order.instrument].is_disturbed = True
        return ()

    def order_cancelled(self, view: View, order: Order) -> Iterable[Intention]:
        """When the last of the old quotes is gone, place the new ones."""
        pair = self.pairs[order.venue, order.instrument]
        quote = view.quote(order.venue, order.instrument)
        if not pair.is_replacing or quote is None or view.working_orders(order.venue, order.instrument):
            return ()
        reservation = self._reservation(view, quote)
        return () if reservation is None else self._quote(view, pair, quote, reservation)

    def _reservation(self, view: View, quote: QuoteChanged) -> MinorUnits | None:
        """The reservation price in minor units of quote per whole base; ``None`` without a reference to trust."""
        if self.settings.reference == MID:
            if not quote.bid_lots or not quote.ask_lots:
                return None
            reference = (quote.bid_ticks + quote.ask_ticks) * INSTRUMENTS[quote.instrument].tick_size // 2
        else:
            price = view.price(quote.instrument)
            if price is None or view.now - price.priced_at > self.settings.max_price_age_ns:
                return None
            reference = price.price_minor
        bound = view.lots_worth(quote.instrument, self.settings.max_inventory_usd)
        if not bound:
            return None
        inventory = max(-bound, min(bound, view.position_lots(quote.venue, quote.instrument)))
        return reference - reference * self.settings.skew_ppm * inventory // (bound * PARTS_PER_MILLION)

    def _quote(self, view: View, pair: _QuotedPair, quote: QuoteChanged, reservation: MinorUnits) -> Iterable[Intention]:
        """Bid and offer around the reservation price, never across the venue's own quote."""
        pair.reservation_minor = reservation
        pair.next_at = view.now + self.settings.min_refresh_ns
        pair.is_disturbed = pair.is_replacing = False
        scale = 2 * PARTS_PER_MILLION * INSTRUMENTS[quote.instrument].tick_size
        bid = reservation * (2 * PARTS_PER_MILLION - self.settings.spread_ppm) // scale
        ask = upwards(reservation * (2 * PARTS_PER_MILLION + self.settings.spread_ppm), scale)
        if quote.ask_lots:
            bid = min(bid, quote.ask_ticks - 1)
        if quote.bid_lots:
            ask = max(ask, quote.bid_ticks + 1)
        size: Lots = view.lots_worth(quote.instrument, self.settings.size_usd)
        bound: Lots = view.lots_worth(quote.instrument, self.settings.max_inventory_usd)
        inventory = view.position_lots(quote.venue, quote.instrument)
        wanted = []
        if size and bid > 0 and inventory < bound:
            wanted.append(Place(quote.venue, quote.instrument, Side.BUY, bid, size, post_only=True))
        if size and inventory > -bound:
            wanted.append(Place(quote.venue, quote.instrument, Side.SELL, ask, size, post_only=True))
        return wanted
