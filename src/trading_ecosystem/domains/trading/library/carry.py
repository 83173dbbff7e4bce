"""Carry: hold the asset, sell its perpetual, and earn the basis as it closes; "cash and carry".

A perpetual dearer than the asset pays whoever buys the asset and sells the perpetual, for whatever else happens to the
price, both legs lose and gain alike; that the gap is wide at times, and what it costs to hold on to it, is in Schmeling,
Schrimpf and Todorov (2023, "Crypto carry", BIS Working Papers 1087). The rule follows the bounds with trading costs of He,
Manela, Ross and von Wachter (2022, "Fundamentals of perpetual futures", arXiv 2212.06888): act only where the gap, at
executable prices, exceeds the round trip's costs.

It enters where ``perpetual bid / spot ask - 1``, less the taker fees of both legs in and out again, is at least ``entry``;
it leaves where ``perpetual ask / spot bid - 1`` has come down to ``exit``. Both legs go out together or not at all, and
whatever one leg traded alone is made whole in the spot market, or undone there, before anything else: the perpetual leg is
the position, the spot leg follows it. It is never short the asset.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from trading_ecosystem.domains.trading.crossing import cross
from trading_ecosystem.domains.trading.intentions import Intention
from trading_ecosystem.domains.trading.library.targets import together, towards
from trading_ecosystem.domains.trading.settings import BasisPoints, Dollars, Duration, Name
from trading_ecosystem.domains.trading.strategy import Strategy
from trading_ecosystem.domains.trading.view import View
from trading_ecosystem.messages.exchange import QuoteChanged
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import INSTRUMENTS, PARTS_PER_MILLION, SECOND, Lots, Nanos

_BACK_AND_FORTH: Final = 2
_SMALLEST_SHARE: Final = 10
"""An entry of less than one tenth of the size is not worth its messages."""


class CarrySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A spot pair and a perpetual of one base and quote asset, at one venue each."""

    venue: Name
    spot: Name
    perpetual: Name
    size_usd: Dollars
    """Of each leg at most."""
    entry_ppm: BasisPoints = msgspec.field(name="entry_bps", default=2_000)
    """What must remain of the gap after four taker fees."""
    exit_ppm: BasisPoints = msgspec.field(name="exit_bps", default=0)
    """The gap, fees apart, at which it leaves."""
    slippage_ppm: BasisPoints = msgspec.field(name="slippage_bps", default=300)
    cooldown_ns: Duration = msgspec.field(name="cooldown", default=10 * SECOND)
    max_quote_age_ns: Duration = msgspec.field(name="max_quote_age", default=5 * SECOND)

    def __post_init__(self) -> None:
        """Check what no single setting can."""
        spot, perpetual = INSTRUMENTS.get(self.spot), INSTRUMENTS.get(self.perpetual)
        if spot is None or perpetual is None or spot.is_perpetual or not perpetual.is_perpetual:
            raise ValueError("spot must be a pair and perpetual a perpetual, such as BTC/USD and BTC-PERP")
        if (spot.base, spot.quote) != (perpetual.base, perpetual.quote):
            raise ValueError(f"{self.spot} and {self.perpetual} differ in their assets")
        if perpetual.lot_size % spot.lot_size:
            raise ValueError(f"a lot of {self.perpetual} is no whole number of lots of {self.spot}")


class Carry(Strategy):
    """See the module."""

    def __init__(self, settings: CarrySettings) -> None:
        self.settings = settings
        self.lots_each = INSTRUMENTS[settings.perpetual].lot_size // INSTRUMENTS[settings.spot].lot_size
        """Lots of spot in one lot of the perpetual."""
        self.next_at: Nanos = 0

    def quotes_watched(self) -> Iterable[tuple[str, str]]:
        """Both markets."""
        return ((self.settings.venue, self.settings.spot), (self.settings.venue, self.settings.perpetual))

    def quote_changed(self, view: View, quote: QuoteChanged) -> Iterable[Intention]:
        """Repair, leave or enter, unless the last orders are too recent or unanswered."""
        settings = self.settings
        if view.now < self.next_at:
            return ()
        if any(view.working_orders(settings.venue, symbol) for symbol in (settings.spot, settings.perpetual)):
            return ()
        quotes = self._quotes(view)
        if quotes is None:
            return ()
        wanted = self._repaired(view) or self._moved(view, *quotes)
        if wanted:
            self.next_at = view.now + settings.cooldown_ns
        return wanted

    def _quotes(self, view: View) -> tuple[QuoteChanged, QuoteChanged] | None:
        """Both quotes, if each is fresh and has two sides."""
        found = []
        for symbol in (self.settings.spot, self.settings.perpetual):
            quote, age = view.quote(self.settings.venue, symbol), view.quote_age(self.settings.venue, symbol)
            if quote is None or age is None or age > self.settings.max_quote_age_ns:
                return None
            if not quote.bid_lots or not quote.ask_lots:
                return None
            found.append(quote)
        return found[0], found[1]

    def _repaired(self, view: View) -> tuple[Intention, ...]:
        """Trade spot until it is what the perpetual leg asks for."""
        settings = self.settings
        target = -view.position_lots(settings.venue, settings.perpetual) * self.lots_each
        return towards(view, settings.venue, settings.spot, target, settings.slippage_ppm)

    def _moved(self, view: View, spot: QuoteChanged, perpetual: QuoteChanged) -> tuple[Intention, ...]:
        settings, venue = self.settings, self.settings.venue
        sold = -view.position_lots(venue, settings.perpetual)
        spot_tick, perpetual_tick = INSTRUMENTS[settings.spot].tick_size, INSTRUMENTS[settings.perpetual].tick_size
        leaving = perpetual.ask_ticks * perpetual_tick - spot.bid_ticks * spot_tick
        if sold > 0 and leaving * PARTS_PER_MILLION <= settings.exit_ppm * spot.bid_ticks * spot_tick:
            lots = min(sold, perpetual.ask_lots, spot.bid_lots // self.lots_each)
            return self._both(view, lots, Side.BUY)
        spot_fee, perpetual_fee = view.taker_fee_ppm(venue, settings.spot), view.taker_fee_ppm(venue, settings.perpetual)
        if spot_fee is None or perpetual_fee is None:
            return ()
        costs = settings.entry_ppm + _BACK_AND_FORTH * (spot_fee + perpetual_fee)
        entering = perpetual.bid_ticks * perpetual_tick - spot.ask_ticks * spot_tick
        if entering * PARTS_PER_MILLION < costs * spot.ask_ticks * spot_tick:
            return ()
        size = view.lots_worth(settings.perpetual, settings.size_usd)
        lots = min(size - sold, perpetual.bid_lots, spot.ask_lots // self.lots_each)
        return self._both(view, lots, Side.SELL) if lots * _SMALLEST_SHARE >= size else ()

    def _both(self, view: View, lots: Lots, perpetual_side: Side) -> tuple[Intention, ...]:
        """Both legs at once; none where there is nothing to trade."""
        settings = self.settings
        spot_side = Side.SELL if perpetual_side is Side.BUY else Side.BUY
        legs = (
            cross(view, settings.venue, settings.spot, spot_side, lots * self.lots_each, settings.slippage_ppm),
            cross(view, settings.venue, settings.perpetual, perpetual_side, lots, settings.slippage_ppm),
        )
        return together(*legs) if all(legs) else ()
