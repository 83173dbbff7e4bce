"""The spread between bid and ask around a reference price: fixed, or by volatility, activity, liquidity and asset.

The modelled spread of an instrument is::

    usual * (volatility / usual volatility) * (activity * liquidity) ** -1/2        kept between narrowest and widest

M. Wyart, J.-P. Bouchaud, J. Kockelkoren, M. Potters and M. Vettorazzo ("Relation between bid-ask spread, impact and
volatility in order-driven markets", Quantitative Finance 8, 2008) find the spread proportional to the volatility *per trade*.
Per trade, volatility is the volatility per time over the square root of the trades per time: hence the exponents 1 and -1/2.

* *volatility* is annual, in parts per million: the recent one of ``statistics.py``, or the usual one before there is any;
* *activity* is how much is traded at this time of the week over the week's mean, from ``messages/sessions.py``, in parts per
million;
* *liquidity* is how much is traded in this instrument over what is usual, in parts per million; a parameter, one million
where nothing is said;
* *usual*, *narrowest* and *widest* spread, in parts per million of the price, and *usual volatility* are facts of the
instrument, in
  :data:`SPREAD_RANGES`. The figures are ours: usual spreads of a basis point or a few, as quoted on large venues for these
  pairs, the volatilities those that scenarios have by default, and limits a wide way around them. No data were fitted.

The bid is rounded down to minor units and the ask up, so that the spread is never narrower than said.
"""

from __future__ import annotations

import enum
import math
from typing import Final

import msgspec

from trading_ecosystem.domains.market_data.price_bars import BarSeries
from trading_ecosystem.domains.market_data.statistics import recent_volatility
from trading_ecosystem.messages.market_data import PricePublished, ReferenceQuotePublished
from trading_ecosystem.messages.sessions import activity_ppm
from trading_ecosystem.messages.units import PARTS_PER_MILLION, Nanos, PartsPerMillion


class SpreadKind(enum.StrEnum):
    """How the spread of reference quotes is found."""

    FIXED = "fixed"
    MODELLED = "modelled"


class SpreadParameters(msgspec.Struct, frozen=True, kw_only=True):
    """How reference quotes are made, and whether they are published; validated where it was read."""

    kind: SpreadKind = SpreadKind.MODELLED
    width_ppm: PartsPerMillion = 500
    """The fixed spread."""
    liquidity_ppm: dict[str, PartsPerMillion] = {}
    """Liquidity by instrument; one million where it is not named."""
    published: bool = False
    """Whether a quote is said with every price; questions are answered in any case."""


class SpreadRange(msgspec.Struct, frozen=True):
    """Spread and volatility of one instrument as they usually are, and how far the spread may go; all in parts per million."""

    narrowest_ppm: PartsPerMillion
    usual_ppm: PartsPerMillion
    widest_ppm: PartsPerMillion
    usual_volatility_ppm: PartsPerMillion


SPREAD_RANGES: Final[dict[str, SpreadRange]] = {
    "BTC/USD": SpreadRange(20, 100, 5_000, 550_000),
    "ETH/USD": SpreadRange(30, 200, 6_000, 700_000),
    "BTC/USDT": SpreadRange(20, 100, 5_000, 550_000),
    "ETH/USDT": SpreadRange(30, 200, 6_000, 700_000),
    "ETH/BTC": SpreadRange(50, 300, 8_000, 420_000),
    "USDT/USD": SpreadRange(10, 100, 10_000, 20_000),
    "BTC-PERP": SpreadRange(20, 100, 5_000, 550_000),
}
OTHER: Final = SpreadRange(20, 200, 8_000, 600_000)
"""Of an instrument that has no line above."""


def modelled_spread(
    symbol: str, volatility_ppm: PartsPerMillion | None, activity: PartsPerMillion, liquidity: PartsPerMillion
) -> PartsPerMillion:
    """The spread in parts per million of the price, rounded to the nearest; ``None``: the usual volatility."""
    limits = SPREAD_RANGES.get(symbol, OTHER)
    calm = 1.0 if volatility_ppm is None else volatility_ppm / limits.usual_volatility_ppm
    traded = activity / PARTS_PER_MILLION * (liquidity / PARTS_PER_MILLION)
    spread = round(limits.usual_ppm * calm / math.sqrt(traded))
    return max(limits.narrowest_ppm, min(limits.widest_ppm, spread))


class ReferenceQuotes:
    """Makes quotes around published prices; the volatility of an instrument is measured anew with each minute."""

    def __init__(self, parameters: SpreadParameters) -> None:
        self.parameters = parameters
        self._measured: dict[str, tuple[Nanos, PartsPerMillion | None]] = {}

    def publish(self, price: PricePublished, minutes: BarSeries) -> ReferenceQuotePublished:
        """The quote that goes with a price, and what was measured for it remembered until the next minute."""
        if self.parameters.kind is SpreadKind.MODELLED and self._measured.get(price.instrument, (-1,))[0] != minutes.newest_at:
            self._measured[price.instrument] = (minutes.newest_at, recent_volatility(minutes))
        return self.quote(price, minutes)

    def quote(self, price: PricePublished, minutes: BarSeries) -> ReferenceQuotePublished:
        """Bid and ask around a price; changes nothing."""
        symbol, price_minor = price.instrument, price.price_minor
        if self.parameters.kind is SpreadKind.FIXED:
            spread_ppm = self.parameters.width_ppm
        else:
            measured = self._measured.get(symbol)
            volatility = recent_volatility(minutes) if measured is None or measured[0] != minutes.newest_at else measured[1]
            liquidity = self.parameters.liquidity_ppm.get(symbol, PARTS_PER_MILLION)
            spread_ppm = modelled_spread(symbol, volatility, activity_ppm(price.priced_at), liquidity)
        half_minor = -(-price_minor * spread_ppm // (2 * PARTS_PER_MILLION))
        bid_minor = max(1, price_minor - half_minor)
        ask_minor = max(price_minor + half_minor, bid_minor + 1)
        return ReferenceQuotePublished(symbol, bid_minor, ask_minor, spread_ppm, price.priced_at, price.update)
