"""Decimal numbers of a file as whole ticks or lots: the unit is the finest decimal place that the file uses."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from trading_ecosystem.domains.exchange.book.book import MAXIMUM_TICKS

MOST_PLACES: Final = 12
_DECIMAL: Final = re.compile(r"([0-9]{1,20})(?:\.([0-9]{1,20}))?", re.ASCII)


@lru_cache(maxsize=1 << 16)
def decimal_places(text: str) -> int:
    """Places after the point that are needed to write the number; raises ``ValueError`` where it is none."""
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r:.40} is no decimal number, expected one such as 61837.63")
    places = len((match[2] or "").rstrip("0"))
    if places > MOST_PLACES:
        raise ValueError(f"{text} has {places} decimal places, expected at most {MOST_PLACES}")
    return places


def finest(texts: Iterable[str]) -> int:
    """The most decimal places that any of the numbers needs."""
    return max((decimal_places(text) for text in texts), default=0)


def units(text: str, places: int) -> int:
    """The number in units of ``10 ** -places``; it has at most so many places."""
    whole, _, fraction = text.partition(".")
    found = int(whole + fraction[:places].ljust(places, "0"))
    if found > MAXIMUM_TICKS:
        raise ValueError(f"{text} is {found} units of {unit(places)}, expected at most {MAXIMUM_TICKS}")
    return found


def unit(places: int) -> str:
    """``10 ** -places`` as people write it."""
    return "0." + "1".rjust(places, "0") if places else "1"
