"""Triangular arbitrage at one venue: round a triangle of three instruments and back to more than there was.

With the three rates of a cycle multiplied, an opportunity is a product above 1 (Aiba, Hatano, Takayasu, Marumo and Shimizu
2002, *Physica A* 310, 467-479). Products above 1 are mostly small, short and gone before all three legs have traded, as
Fenn, Howison, McDonald, Williams and Johnson (2009, *International Journal of Theoretical and Applied Finance* 12(8), "The
mirage of triangular arbitrage in the spot foreign exchange market") measured. Hence: rates are the executable ones, after
taker fees; the size is what the top of all three books and the claims allow; the three immediate-or-cancel legs go out
together or not at all; and what a missing leg leaves over is brought back to the home asset before anything else. All
arithmetic is of integers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from trading_ecosystem.domains.trading.crossing import cross
from trading_ecosystem.domains.trading.intentions import Intention, Place, PlaceTogether
from trading_ecosystem.domains.trading.orders import Order
from trading_ecosystem.domains.trading.rounding import upwards
from trading_ecosystem.domains.trading.settings import BasisPoints, Duration, Name, Names, Quantity
from trading_ecosystem.domains.trading.strategy import Strategy
from trading_ecosystem.domains.trading.view import View
from trading_ecosystem.messages.exchange import OrderFilled, QuoteChanged
from trading_ecosystem.messages.orders import Side, TimeInForce
from trading_ecosystem.messages.units import INSTRUMENTS, PARTS_PER_MILLION, SECOND, Lots, MinorUnits, Nanos, PartsPerMillion

_AT_ONCE: Final = TimeInForce.IMMEDIATE_OR_CANCEL
_SMALLEST_SHARE: Final = 10
"""A round smaller than one tenth of the size is not worth its messages, and an excess smaller than that is left."""
_PASSES: Final = 8
"""How often the size is cut down to the scarcest leg before the round is given up."""
_UNWINDING_SLIPPAGE_PPM: Final[PartsPerMillion] = 2_000


class TriangularSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Three instruments of three assets at one venue; rounds begin and end in ``home``."""

    venue: Name
    instruments: Names
    size: Quantity
    """Of the home asset in one round at most."""
    home: Name = "USD"
    min_edge_ppm: BasisPoints = msgspec.field(name="min_edge_bps", default=200)
    """What must come back above what went out, after three taker fees."""
    cooldown_ns: Duration = msgspec.field(name="cooldown", default=30 * SECOND)
    max_quote_age_ns: Duration = msgspec.field(name="max_quote_age", default=5 * SECOND)

    def __post_init__(self) -> None:
        """Check what no single setting can."""
        unknown = [symbol for symbol in self.instruments if symbol not in INSTRUMENTS]
        if unknown:
            raise ValueError(f"unknown instrument {unknown[0]}; expected three of: {', '.join(INSTRUMENTS)}")
        if len(cycles(self.instruments, self.home)) != 2:
            raise ValueError(
                f"instruments must be three that form a triangle with {self.home}, such as BTC/USD,ETH/USD,ETH/BTC"
            )


class Leg(msgspec.Struct, frozen=True, gc=False):
    """One conversion of a cycle: ``BUY`` turns quote into base, ``SELL`` base into quote."""

    instrument: str
    side: Side


def cycles(instruments: tuple[str, ...], home: str) -> list[tuple[Leg, ...]]:
    """The rounds through all instruments, each once, from the home asset back to it: two in a triangle, else none."""
    return _rounds(home, home, instruments) if len(instruments) == 3 else []


def _rounds(at: str, home: str, left: tuple[str, ...]) -> list[tuple[Leg, ...]]:
    if not left:
        return [()] if at == home else []
    found = []
    for symbol in left:
        one = INSTRUMENTS[symbol]
        if one.is_perpetual or at not in (one.base, one.quote):
            continue
        side, after = (Side.BUY, one.base) if at == one.quote else (Side.SELL, one.quote)
        rest = tuple(other for other in left if other != symbol)
        found += [(Leg(symbol, side), *round_) for round_ in _rounds(after, home, rest)]
    return found


def converted(quote: QuoteChanged, side: Side, amount: MinorUnits, fee_ppm: PartsPerMillion) -> tuple[Lots, MinorUnits]:
    """How many lots an amount trades at the best price, fee included, and how much of the other asset comes of it."""
    one = INSTRUMENTS[quote.instrument]
    if side is Side.SELL:
        lots = amount // one.lot_size
        notional = one.notional(quote.bid_ticks, lots)
        return lots, notional - upwards(notional * fee_ppm, PARTS_PER_MILLION)
    cost = upwards(one.notional(quote.ask_ticks, 1) * (PARTS_PER_MILLION + fee_ppm), PARTS_PER_MILLION)
    lots = amount // cost if cost else 0
    return lots, one.base_amount(lots)


class Triangular(Strategy):
    """See the module."""

    def __init__(self, settings: TriangularSettings) -> None:
        self.settings = settings
        self.cycles = cycles(settings.instruments, settings.home)
        self.next_at: Nanos = 0
        self.excess: dict[str, MinorUnits] = {}
        """What its own trades have made of each asset but the home asset, fees included."""

    def quotes_watched(self) -> Iterable[tuple[str, str]]:
        """The three instruments."""
        return tuple((self.settings.venue, symbol) for symbol in self.settings.instruments)

    def quote_changed(self, view: View, quote: QuoteChanged) -> Iterable[Intention]:
        """Look at both ways round, unless the last legs are too recent or unanswered."""
        if view.now < self.next_at:
            return ()
        quotes = self._quotes(view)
        if quotes is None:
            return ()
        if any(view.working_orders(self.settings.venue, symbol) for symbol in self.settings.instruments):
            return ()
        wanted = self._unwound(view) or self._best_round(view, quotes)
        if wanted:
            self.next_at = view.now + self.settings.cooldown_ns
        return wanted

    def order_filled(self, view: View, order: Order, fill: OrderFilled) -> Iterable[Intention]:
        """Note what the fill has made of either asset."""
        one = INSTRUMENTS[fill.instrument]
        sign = 1 if fill.side is Side.BUY else -1
        self._note(one.base, sign * one.base_amount(fill.quantity_lots))
        self._note(one.quote, -sign * one.notional(fill.price_ticks, fill.quantity_lots))
        self._note(fill.fee_asset, -fill.fee_minor)
        return ()

    def _note(self, asset: str, change: MinorUnits) -> None:
        if asset != self.settings.home:
            self.excess[asset] = self.excess.get(asset, 0) + change

    def _quotes(self, view: View) -> dict[str, tuple[QuoteChanged, PartsPerMillion]] | None:
        """All three quotes with their fees, if each has two sides and is fresh."""
        venue, quotes = self.settings.venue, {}
        for symbol in self.settings.instruments:
            quote, age, fee = view.quote(venue, symbol), view.quote_age(venue, symbol), view.taker_fee_ppm(venue, symbol)
            if quote is None or fee is None or age is None or age > self.settings.max_quote_age_ns:
                return None
            if not quote.bid_lots or not quote.ask_lots:
                return None
            quotes[symbol] = (quote, fee)
        return quotes

    def _best_round(self, view: View, quotes: dict[str, tuple[QuoteChanged, PartsPerMillion]]) -> tuple[Intention, ...]:
        best: tuple[Place, ...] = ()
        best_gain = 0
        for cycle in self.cycles:
            found = self._sized(view, cycle, quotes)
            if found is not None and found[1] > best_gain:
                best, best_gain = found
        return (PlaceTogether(best),) if best else ()

    def _sized(
        self, view: View, cycle: tuple[Leg, ...], quotes: dict[str, tuple[QuoteChanged, PartsPerMillion]]
    ) -> tuple[tuple[Place, ...], MinorUnits] | None:
        """The legs of a round at the largest size that fits, and its gain; ``None`` where it does not pay."""
        settings, out = self.settings, self.settings.size
        for _ in range(_PASSES):
            amount, places, cut = out, [], out
            for leg in cycle:
                quote, fee = quotes[leg.instrument]
                one = INSTRUMENTS[leg.instrument]
                spent, buys = (one.quote, True) if leg.side is Side.BUY else (one.base, False)
                # Each leg spends what is there already: all three are sent before any has traded.
                lots, after = converted(quote, leg.side, amount, fee)
                fits = min(
                    converted(quote, leg.side, view.spendable(settings.venue, spent), fee)[0],
                    quote.ask_lots if buys else quote.bid_lots,
                )
                if lots > fits:
                    cut = min(cut, out * fits // lots)
                price = quote.ask_ticks if buys else quote.bid_ticks
                place = Place(settings.venue, leg.instrument, leg.side, price, lots, time_in_force=_AT_ONCE, label="round")
                places.append(place)
                amount = after
            if (amount - out) * PARTS_PER_MILLION < settings.min_edge_ppm * out or amount <= out:
                return None
            if cut == out:
                enough = out * _SMALLEST_SHARE >= settings.size and all(place.quantity_lots for place in places)
                return (tuple(places), amount - out) if enough else None
            out = cut
            if not out:
                return None
        return None

    def _unwound(self, view: View) -> tuple[Intention, ...]:
        """Bring what a missing leg left of an asset back to the home asset, where that is worth an order."""
        settings = self.settings
        for symbol in settings.instruments:
            one = INSTRUMENTS[symbol]
            other = one.base if one.quote == settings.home else one.quote if one.base == settings.home else ""
            excess, quote = self.excess.get(other, 0), view.quote(settings.venue, symbol)
            if not excess or quote is None:
                continue
            if other == one.base:
                lots, side = abs(excess) // one.lot_size, Side.SELL if excess > 0 else Side.BUY
                worth = one.notional(quote.bid_ticks, lots)
            else:
                lots = abs(excess) // one.notional(quote.bid_ticks, 1)
                side, worth = Side.BUY if excess > 0 else Side.SELL, one.base_amount(lots)
            if lots and worth * _SMALLEST_SHARE >= settings.size:
                return cross(view, settings.venue, symbol, side, lots, _UNWINDING_SLIPPAGE_PPM)
        return ()
