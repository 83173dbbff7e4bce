"""Cells of a recorded market as ticks, lots and instants.

A price that lies between two ticks of the instrument is rounded to the nearer one, half to even; a quantity is rounded down to
whole lots. An instant is RFC 3339, or a date and time without an offset, which is taken as UTC, or a date alone, its midnight;
or a whole number since 1970 in seconds, milliseconds, microseconds or nanoseconds, told apart by its size.
"""

from __future__ import annotations

import re
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal, InvalidOperation
from functools import lru_cache
from typing import Final

from trading_ecosystem.adapters.recordings.csv_rows import instant
from trading_ecosystem.messages.units import MICROSECOND, MILLISECOND, MINOR_UNITS_PER_WHOLE, SECOND, Lots, Nanos, Ticks

_MOST: Final = Decimal(10) ** 12
_WHOLE_NUMBER: Final = re.compile(r"[0-9]{1,19}", re.ASCII)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_WITHOUT_OFFSET: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?", re.ASCII)


@lru_cache(maxsize=1 << 17)
def ticks_of(text: str, tick_size: int) -> Ticks:
    """A positive price as ticks; raises ``ValueError`` saying what was expected."""
    number = _number(text, "price")
    ticks = int((number * MINOR_UNITS_PER_WHOLE / tick_size).to_integral_value(ROUND_HALF_EVEN))
    if ticks <= 0:
        raise ValueError(f"price {text} is not positive, expected at least one tick of {Decimal(tick_size).scaleb(-8):f}")
    return ticks


@lru_cache(maxsize=1 << 17)
def lots_of(text: str, lot_size: int) -> Lots:
    """A quantity as whole lots, rounded down; raises ``ValueError`` saying what was expected."""
    number = _number(text, "quantity")
    if number < 0:
        raise ValueError(f"quantity {text} is negative, expected zero or more")
    return int((number * MINOR_UNITS_PER_WHOLE / lot_size).to_integral_value(ROUND_DOWN))


def _number(text: str, what: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r:.40} is no {what}, expected a decimal number such as 61837.63") from None
    if not number.is_finite() or abs(number) > _MOST:
        raise ValueError(f"{text!r:.40} is no ordinary {what}, expected a finite number below 10^12")
    return number


def instant_of(text: str) -> Nanos:
    """A cell as an instant; raises ``ValueError`` saying what was expected."""
    if _WHOLE_NUMBER.fullmatch(text):
        number = int(text)
        for below, unit in ((10**11, SECOND), (10**14, MILLISECOND), (10**17, MICROSECOND)):
            if number < below:
                return instant(str(number * unit))
        return instant(text)
    if _DATE.fullmatch(text):
        return instant(f"{text}T00:00:00Z")
    return instant(f"{text}Z" if _WITHOUT_OFFSET.fullmatch(text) else text)
