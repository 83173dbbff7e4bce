"""Market making: a bid and an offer around a reference price, leaning against inventory.

The reservation price moves away from the reference in proportion to inventory, as in Ho and Stoll (1981, *Journal of
Financial Economics* 9) and, in closed form, Avellaneda and Stoikov (2008, *Quantitative Finance* 8(3)): ``r = s (1 - skew
q / Q)``, with ``q`` the inventory and ``Q`` its bound; here the skew and the spread are constants of the settings instead
of functions of volatility and horizon.  Both quotes are post-only.  To bound messages they are replaced only when the
reference has moved by ``refresh_bps``, or one of them was filled, and never sooner than ``min_refresh`` after the
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
from trading_ecosystem.messages.exchange import OrderFilled, QuoteChanged
from trading_ecosystem.messages.orders import RejectReason, Side
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
    """How far the reference must move before standing quotes are replaced."""
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

    __slots__ = ("is_disturbed", "is_replacing", "is_settled", "next_at", "reference_minor")

    def __init__(self) -> None:
        self.reference_minor: MinorUnits = 0
        """The reference of the quotes that stand."""
        self.next_at: Nanos = 0
        self.is_disturbed = False
        """A quote was filled, refused or lost since they were placed."""
        self.is_settled = False
        """The quotes were seen to stand and are undisturbed: only a move of the reference matters now."""
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
        reference = self._reference(view, quote)
        has_moved = (
            reference is None
            or abs(reference - pair.reference_minor) * PARTS_PER_MILLION >= self.settings.refresh_ppm * pair.reference_minor
        )
        if pair.is_settled and not has_moved:
            return ()
        return self._look_again(view, pair, quote, reference, has_moved)

    def _look_again(
        self, view: View, pair: _QuotedPair, quote: QuoteChanged, reference: MinorUnits | None, has_moved: bool
    ) -> Iterable[Intention]:
        """Something may have to change: wait for what is unanswered, then quote, replace, pull, or leave as it is."""
        orders = view.working_orders(quote.venue, quote.instrument)
        for order in orders:
            if order.is_pending:
                return ()
        if reference is None:
            pair.is_replacing = False
            return (CancelAll(quote.venue, quote.instrument),) if orders else ()
        if not orders:
            return self._quote(view, pair, quote, reference)
        if has_moved or pair.is_disturbed:
            pair.is_replacing = True
            return (CancelAll(quote.venue, quote.instrument),)
        pair.is_settled = True
        return ()

    def _disturb(self, order: Order) -> None:
        pair = self.pairs[order.venue, order.instrument]
        pair.is_settled = False
        pair.is_disturbed = True

    def order_filled(self, view: View, order: Order, fill: OrderFilled) -> Iterable[Intention]:
        """A quote that is gone is replaced with the next refresh."""
        if fill.leaves_lots == 0:
            self._disturb(order)
        return ()

    def order_rejected(self, view: View, order: Order, reason: RejectReason) -> Iterable[Intention]:
        """A quote that was refused is tried again with the next refresh."""
        self._disturb(order)
        return ()

    def order_cancelled(self, view: View, order: Order) -> Iterable[Intention]:
        """When the last of the old quotes is gone, place the new ones; one that was lost is replaced with the next refresh."""
        pair = self.pairs[order.venue, order.instrument]
        if not pair.is_replacing:
            self._disturb(order)
            return ()
        quote = view.quote(order.venue, order.instrument)
        if quote is None or view.working_orders(order.venue, order.instrument):
            return ()
        reference = self._reference(view, quote)
        return () if reference is None else self._quote(view, pair, quote, reference)

    def _reference(self, view: View, quote: QuoteChanged) -> MinorUnits | None:
        """What is quoted around, in minor units of quote per whole base; ``None`` without a price to trust."""
        if self.settings.reference == MID:
            if not quote.bid_lots or not quote.ask_lots:
                return None
            return (quote.bid_ticks + quote.ask_ticks) * INSTRUMENTS[quote.instrument].tick_size // 2
        price = view.price(quote.instrument)
        if price is None or view.now - price.priced_at > self.settings.max_price_age_ns:
            return None
        return price.price_minor

    def _quote(self, view: View, pair: _QuotedPair, quote: QuoteChanged, reference: MinorUnits) -> Iterable[Intention]:
        """Bid and offer around the reservation price, never across the venue's own quote."""
        size: Lots = view.lots_worth(quote.instrument, self.settings.size_usd)
        bound: Lots = view.lots_worth(quote.instrument, self.settings.max_inventory_usd)
        if not size or not bound:
            return ()
        pair.reference_minor = reference
        pair.next_at = view.now + self.settings.min_refresh_ns
        pair.is_settled = pair.is_disturbed = pair.is_replacing = False
        inventory = view.position_lots(quote.venue, quote.instrument)
        leaning = max(-bound, min(bound, inventory))
        reservation = reference - reference * self.settings.skew_ppm * leaning // (bound * PARTS_PER_MILLION)
        scale = 2 * PARTS_PER_MILLION * INSTRUMENTS[quote.instrument].tick_size
        bid = reservation * (2 * PARTS_PER_MILLION - self.settings.spread_ppm) // scale
        ask = upwards(reservation * (2 * PARTS_PER_MILLION + self.settings.spread_ppm), scale)
        if quote.ask_lots:
            bid = min(bid, quote.ask_ticks - 1)
        if quote.bid_lots:
            ask = max(ask, quote.bid_ticks + 1)
        wanted = []
        if bid > 0 and inventory < bound:
            wanted.append(Place(quote.venue, quote.instrument, Side.BUY, bid, size, post_only=True))
        if inventory > -bound:
            wanted.append(Place(quote.venue, quote.instrument, Side.SELL, ask, size, post_only=True))
        return wanted
