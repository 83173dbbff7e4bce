"""What an instrument's orders must look like on one venue: tick table, round lots, sizes, notional, spread.

A *tick table* makes the price step grow with the price (as MiFID II RTS 11 and the tick tables of derivatives exchanges do):
from ``from_ticks`` on, up to where the next band begins, a price is a whole multiple of ``step_ticks``. Below the first band
the step is one tick. Stop prices, and the limits of pegged orders, follow the table like all others; trailing distances and
peg offsets are distances, and do not. The price that a pegged order takes from the book follows no table. The house of the
background flow keeps to the table too.

Notional is price times quantity in minor units of the quote asset, and is asked of orders that state a price. With the defaults
nothing is refused that the book would take.
"""

from __future__ import annotations

from typing import Final

import msgspec

from trading_ecosystem.domains.exchange.book.book import MAXIMUM_LOTS, MAXIMUM_TICKS
from trading_ecosystem.messages.orders import RejectReason
from trading_ecosystem.messages.units import PARTS_PER_MILLION, Instrument, Lots, MinorUnits, PartsPerMillion, Ticks


class TickBand(msgspec.Struct, frozen=True):
    """Prices from ``from_ticks`` on are whole multiples of ``step_ticks``."""

    from_ticks: Ticks
    step_ticks: Ticks


class TradingRules(msgspec.Struct, frozen=True):
    """One instrument's rules; the defaults restrict nothing."""

    tick_table: tuple[TickBand, ...] = ()
    """Bands in rising order of ``from_ticks``."""
    round_lots: Lots = 1
    """Quantities are whole multiples of this."""
    minimum_lots: Lots = 1
    maximum_lots: Lots = MAXIMUM_LOTS
    minimum_notional_minor: MinorUnits = 0
    maximum_notional_minor: MinorUnits = 0
    """0 for no maximum."""
    maximum_spread_ppm: PartsPerMillion = 0
    """How wide the spread may be, relative to the middle, while market orders are taken; 0 for any."""


NO_RULES: Final = TradingRules()
"""Of an instrument that has none."""


def step_at(rules: TradingRules, price_ticks: Ticks) -> Ticks:
    """The price step that holds at a price."""
    step = 1
    for band in rules.tick_table:
        if price_ticks < band.from_ticks:
            break
        step = band.step_ticks
    return step


def is_price(rules: TradingRules, price_ticks: Ticks) -> bool:
    """Whether this is a price that an order may state."""
    return 0 < price_ticks <= MAXIMUM_TICKS and price_ticks % step_at(rules, price_ticks) == 0


def price_at_or_below(rules: TradingRules, price_ticks: Ticks) -> Ticks:
    """The highest price that an order may state and that is not above this one; 0 where there is none."""
    price = price_ticks
    for band in reversed(rules.tick_table):
        if price >= band.from_ticks:
            stated = price - price % band.step_ticks
            if stated >= band.from_ticks:
                return stated
            price = band.from_ticks - 1
    return max(0, price)


def price_at_or_above(rules: TradingRules, price_ticks: Ticks) -> Ticks:
    """The lowest price that an order may state and that is not below this one."""
    price = max(1, price_ticks)
    for place, band in enumerate(rules.tick_table):
        ends = rules.tick_table[place + 1].from_ticks if place + 1 < len(rules.tick_table) else MAXIMUM_TICKS + 1
        if band.from_ticks <= price < ends:
            price = min(ends, price + -price % band.step_ticks)
    return price


def is_quantity(rules: TradingRules, lots: Lots) -> bool:
    """Whether this is a quantity that an order may have."""
    return max(1, rules.minimum_lots) <= lots <= min(rules.maximum_lots, MAXIMUM_LOTS) and lots % rules.round_lots == 0


def refused_notional(rules: TradingRules, instrument: Instrument, price_ticks: Ticks, lots: Lots) -> RejectReason | None:
    """Whether price times quantity is too little or too much; an order without a price is not asked."""
    if not price_ticks or not (rules.minimum_notional_minor or rules.maximum_notional_minor):
        return None
    notional = instrument.notional(price_ticks, lots)
    above = rules.maximum_notional_minor and notional > rules.maximum_notional_minor
    return RejectReason.INVALID_NOTIONAL if above or notional < rules.minimum_notional_minor else None


def spread_is_too_wide(rules: TradingRules, bid_ticks: Ticks, ask_ticks: Ticks) -> bool:
    """Whether a market order has to wait for a narrower spread; an empty side has no spread."""
    if not rules.maximum_spread_ppm or not bid_ticks or not ask_ticks:
        return False
    # (ask - bid) / ((ask + bid) / 2) > ppm / 10^6, without a division.
    return 2 * (ask_ticks - bid_ticks) * PARTS_PER_MILLION > rules.maximum_spread_ppm * (ask_ticks + bid_ticks)
