"""One row of a recorded market, and how a price in a file becomes minor units."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from trading_ecosystem.messages.units import MinorUnits, Nanos

LAST_INSTANT: Final[Nanos] = 2**63 - 1
"""The latest instant that fits a signed 64-bit count of nanoseconds (in the year 2262)."""
LARGEST_PRICE: Final[MinorUnits] = 10**18
"""Ten thousand million whole units; with it, every price fits a signed 64-bit integer with room for arithmetic."""

_DECIMAL: Final = re.compile(r"([0-9]{1,20})(?:\.([0-9]{1,20}))?", re.ASCII)


class RecordedPrice(msgspec.Struct, frozen=True, gc=False):
    """The price of one instrument at one instant, in minor units of the quote asset per whole base."""

    at: Nanos
    instrument: str
    price_minor: MinorUnits


def price_in_minor_units(text: str) -> MinorUnits:
    """A positive decimal with at most eight places as minor units; raises ``ValueError`` saying what was expected."""
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no price, expected a positive decimal number such as 61837.63")
    whole, fraction = match[1], (match[2] or "").rstrip("0")
    if len(fraction) > 8:
        raise ValueError(f"price {text} has more than eight decimal places, expected a multiple of 0.00000001")
    price = int(whole) * 100_000_000 + int(fraction.ljust(8, "0"))
    if price == 0:
        raise ValueError(f"price {text} is zero, expected a positive decimal number")
    if price > LARGEST_PRICE:
        raise ValueError(f"price {text} is too large, expected at most 10000000000")
    return price
