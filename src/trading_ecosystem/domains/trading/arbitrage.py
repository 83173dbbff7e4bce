"""Cross-venue arbitrage: buy where it is cheap and sell where it is dear, at once, where the gap pays both fees.

Prices of one coin do part between venues, and those who can hold inventory at both bring them together (Makarov and
Schoar 2020, *Journal of Financial Economics* 135(2)).  Both legs are immediate-or-cancel at the prices seen, and go out
together or not at all; nothing more is sent for an instrument while a leg is unanswered, nor within ``cooldown``.  Where
only one leg traded, the position is flattened before anything else, at the better venue: that is the execution risk of Shleifer
and Vishny's (1997, *Journal of Finance* 52(1)) limited arbitrage, taken rather than ignored.  Quotes older than
``max_quote_age`` are no quotes: two venues publish one after the other, and the first must not be compared with the
other's last publication.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from trading_ecosystem.domains.trading.intentions import Intention, Place, PlaceTogether
from trading_ecosystem.domains.trading.orders import Order
from trading_ecosystem.domains.trading.rounding import upwards
from trading_ecosystem.domains.trading.settings import BasisPoints, Dollars, Duration, Names
from trading_ecosystem.domains.trading.strategy import Strategy
from trading_ecosystem.domains.trading.view import View
from trading_ecosystem.messages.exchange import OrderFilled, QuoteChanged
from trading_ecosystem.messages.orders import Side, TimeInForce
from trading_ecosystem.messages.units import INSTRUMENTS, PARTS_PER_MILLION, SECOND, Lots, Nanos, PartsPerMillion

_SMALLEST_SHARE: Final = 10
"""A trade smaller than one tenth of ``size_usd`` is not worth its messages."""


class ArbitrageSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every two of the venues are compared, in each instrument."""

    venues: Names
    instruments: Names
    size_usd: Dollars
    min_edge_ppm: BasisPoints = msgspec.field(name="min_edge_bps", default=200)
    """What must remain of the price after both taker fees."""
    cooldown_ns: Duration = msgspec.field(name="cooldown", default=30 * SECOND)
    max_quote_age_ns: Duration = msgspec.field(name="max_quote_age", default=5 * SECOND)

    def __post_init__(self) -> None:
        """Check what no single setting can."""
        if len(self.venues) < 2:
            raise ValueError("venues must name at least two")


class _Offer:
    """One venue's fresh quote with its fee."""

    __slots__ = ("fee_ppm", "quote")

    def __init__(self, quote: QuoteChanged, fee_ppm: PartsPerMillion) -> None:
        self.quote = quote
        self.fee_ppm = fee_ppm

    @property
    def cost(self) -> int:
        """What a buyer pays for one lot, in millionths of a tick."""
        return self.quote.ask_ticks * (PARTS_PER_MILLION + self.fee_ppm)

    @property
    def proceeds(self) -> int:
        """What a seller gets for one lot, in millionths of a tick."""
        return self.quote.bid_ticks * (PARTS_PER_MILLION - self.fee_ppm)


class Arbitrage(Strategy):
    """See the module."""

    def __init__(self, settings: ArbitrageSettings) -> None:
        self.settings = settings
        self.next_at: dict[str, Nanos] = dict.fromkeys(settings.instruments, 0)
        self.imbalances: dict[str, Lots] = dict.fromkeys(settings.instruments, 0)
        """Position over all venues, as of the last fill: what a missing leg left open."""

    def quotes_watched(self) -> Iterable[tuple[str, str]]:
        """Every venue and instrument of the settings."""
        return tuple((venue, symbol) for venue in self.settings.venues for symbol in self.settings.instruments)

    def quote_changed(self, view: View, quote: QuoteChanged) -> Iterable[Intention]:
        """Compare this venue with the others, unless an order of this instrument is too recent or unanswered."""
        instrument = quote.instrument
        if view.now < self.next_at[instrument]:
            return ()
        imbalance = self.imbalances[instrument]
        if not imbalance and not self._crosses(view, quote):
            return ()
        offers = self._offers(view, instrument)
        if not imbalance:
            wanted = self._exploit(view, offers, quote)
        elif len(offers) == len(self.settings.venues) or not self._is_expected(view, instrument):
            wanted = self._complete(view, offers, imbalance)
        else:
            return ()
        if wanted is None:
            return ()
        for venue in self.settings.venues:
            if view.working_orders(venue, instrument):
                return ()
        self.next_at[instrument] = view.now + self.settings.cooldown_ns
        return (wanted,)

    def order_filled(self, view: View, order: Order, fill: OrderFilled) -> Iterable[Intention]:
        """Add up again what the legs have come to."""
        imbalance: Lots = 0
        for venue in self.settings.venues:
            imbalance += view.position_lots(venue, order.instrument)
        self.imbalances[order.instrument] = imbalance
        return ()

    def _crosses(self, view: View, changed: QuoteChanged) -> bool:
        """Whether the quote crosses another venue's at all, fees apart: the question that nearly always ends it."""
        bid = changed.bid_ticks
        ask = changed.ask_ticks if changed.ask_lots else 0
        for venue in self.settings.venues:
            other = view.quote(venue, changed.instrument)
            if other is not None and venue != changed.venue:
                if other.ask_lots and bid > other.ask_ticks:
                    return True
                if ask and other.bid_ticks > ask:
                    return True
        return False

    def _is_expected(self, view: View, instrument: str) -> bool:
        """Whether a venue without a fresh quote was heard within the cooldown, and so is worth waiting for."""
        for venue in self.settings.venues:
            age = view.quote_age(venue, instrument)
            if age is not None and self.settings.max_quote_age_ns < age <= self.settings.cooldown_ns:
                return True
        return False

    def _offers(self, view: View, instrument: str) -> list[_Offer]:
        offers = []
        for venue in self.settings.venues:
            age = view.quote_age(venue, instrument)
            if age is None or age > self.settings.max_quote_age_ns:
                continue
            quote, fee_ppm = view.quote(venue, instrument), view.taker_fee_ppm(venue, instrument)
            if quote is not None and fee_ppm is not None:
                offers.append(_Offer(quote, fee_ppm))
        return offers

    def _exploit(self, view: View, offers: list[_Offer], changed: QuoteChanged) -> Intention | None:
        """The best pair of legs that takes in the changed quote, if its edge is enough."""
        best: tuple[_Offer, _Offer] | None = None
        best_edge = 0
        for cheap in offers:
            for dear in offers:
                if cheap is dear or changed.venue not in (cheap.quote.venue, dear.quote.venue):
                    continue
                if not cheap.quote.ask_lots or not dear.quote.bid_lots:
                    continue
                edge = dear.proceeds - cheap.cost
                if edge * PARTS_PER_MILLION >= self.settings.min_edge_ppm * cheap.cost and edge > best_edge:
                    best, best_edge = (cheap, dear), edge
        if best is None:
            return None
        cheap, dear = best
        size = view.lots_worth(changed.instrument, self.settings.size_usd)
        lots = min(size, _buyable(view, cheap), _sellable(view, dear))
        if lots * _SMALLEST_SHARE < size or not lots:
            return None
        return PlaceTogether((_buy(cheap.quote, lots), _sell(dear.quote, lots)))

    def _complete(self, view: View, offers: list[_Offer], imbalance: Lots) -> Intention | None:
        """One leg that brings the position over all venues towards zero, where it costs least and the claim allows it."""
        best: _Offer | None = None
        best_lots: Lots = 0
        for offer in offers:
            lots = min(abs(imbalance), _sellable(view, offer) if imbalance > 0 else _buyable(view, offer))
            if not lots:
                continue
            if best is None or (offer.proceeds > best.proceeds if imbalance > 0 else offer.cost < best.cost):
                best, best_lots = offer, lots
        if best is None:
            return None
        return _sell(best.quote, best_lots) if imbalance > 0 else _buy(best.quote, best_lots)


def _buyable(view: View, offer: _Offer) -> Lots:
    """Lots on offer that the account can pay for, with the fee rounded up on every lot."""
    instrument = INSTRUMENTS[offer.quote.instrument]
    if not offer.quote.ask_lots:
        return 0
    cost_per_lot = upwards(offer.cost * instrument.tick_value, PARTS_PER_MILLION) + 1
    return min(offer.quote.ask_lots, view.spendable(offer.quote.venue, instrument.quote) // cost_per_lot)


def _sellable(view: View, offer: _Offer) -> Lots:
    """Lots bid for that the account can deliver."""
    instrument = INSTRUMENTS[offer.quote.instrument]
    return min(offer.quote.bid_lots, view.spendable(offer.quote.venue, instrument.base) // instrument.lot_size)


def _buy(quote: QuoteChanged, lots: Lots) -> Place:
    tif = TimeInForce.IMMEDIATE_OR_CANCEL
    return Place(quote.venue, quote.instrument, Side.BUY, quote.ask_ticks, lots, time_in_force=tif, label="buy")


def _sell(quote: QuoteChanged, lots: Lots) -> Place:
    tif = TimeInForce.IMMEDIATE_OR_CANCEL
    return Place(quote.venue, quote.instrument, Side.SELL, quote.bid_ticks, lots, time_in_force=tif, label="sell")
