"""What amounts are worth in USD, at the latest published prices."""

from __future__ import annotations

from typing import Final

import msgspec

from trading_ecosystem.domains.trading.portfolio import Portfolio
from trading_ecosystem.domains.trading.rounding import half_even
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.units import ASSETS, INSTRUMENTS, MINOR_UNITS_PER_WHOLE, Instrument, MinorUnits

_USD_PAIR: Final = {asset: f"{asset}/USD" for asset in ASSETS}


class Mark(msgspec.Struct, frozen=True, gc=False):
    """A portfolio in USD minor units; ``realised`` is net of ``fees``."""

    realised_usd_minor: MinorUnits
    unrealised_usd_minor: MinorUnits
    fees_usd_minor: MinorUnits
    turnover_usd_minor: MinorUnits


def usd_price(prices: dict[str, PricePublished], asset: str) -> MinorUnits | None:
    """USD minor units per whole asset, or ``None`` before a price was published; one dollar is one dollar."""
    if asset == "USD":
        return MINOR_UNITS_PER_WHOLE
    price = prices.get(_USD_PAIR[asset])
    return None if price is None else price.price_minor


def base_price(prices: dict[str, PricePublished], instrument: Instrument) -> MinorUnits | None:
    """USD minor units per whole base of an instrument: of a perpetual its own price, of a pair the base asset's."""
    if not instrument.is_perpetual:
        return usd_price(prices, instrument.base)
    price = prices.get(instrument.symbol)
    return None if price is None else price.price_minor


def mark(portfolio: Portfolio, prices: dict[str, PricePublished]) -> Mark:
    """Mark a portfolio: base at the base asset's price, cost, fees and results at the quote asset's price.

    A position whose assets have no price yet counts nothing. Sums are exact, and each of the four is rounded once, half
    to even.
    """
    realised = unrealised = fees = turnover = 0
    for position in portfolio.positions.values():
        instrument = INSTRUMENTS[position.instrument]
        unit_price = base_price(prices, instrument)
        quote_price = usd_price(prices, instrument.quote)
        if unit_price is None or quote_price is None:
            continue
        realised += (position.realised_minor - position.fees_minor) * quote_price
        unrealised += position.lots * instrument.lot_size * unit_price - position.cost_minor * quote_price
        fees += position.fees_minor * quote_price
        turnover += position.turnover_minor * quote_price
    return Mark(
        realised_usd_minor=half_even(realised, MINOR_UNITS_PER_WHOLE),
        unrealised_usd_minor=half_even(unrealised, MINOR_UNITS_PER_WHOLE),
        fees_usd_minor=half_even(fees, MINOR_UNITS_PER_WHOLE),
        turnover_usd_minor=half_even(turnover, MINOR_UNITS_PER_WHOLE),
    )
