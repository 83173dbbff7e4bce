"""How integers are written at the edge: prices, quantities and amounts as exact decimal strings, instants as RFC 3339.

An instant has nine decimal places of a second and ends in ``Z``. What comes in has to be exact: a price that is no whole number
of ticks is refused, never rounded.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from trading_ecosystem.api.problems import FieldProblem, InvalidRequest, NoSuchThing, Refused
from trading_ecosystem.messages.orders import RejectReason
from trading_ecosystem.messages.units import (
    INSTRUMENTS,
    MINOR_UNITS_PER_WHOLE,
    SECOND,
    Instrument,
    Lots,
    MinorUnits,
    Nanos,
    Ticks,
)

DECIMAL_PATTERN: Final = r"^-?[0-9]{1,11}(\.[0-9]{1,8})?$"
"""What every decimal string of a request looks like; no exponent, no plus sign."""
INSTANT_PATTERN: Final = (
    r"^(?:19[7-9][0-9]|2[01][0-9]{2}|22[0-5][0-9])-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$"
)
"""What every instant of a request looks like: from 1970 to 2259, as nanoseconds in 64 bits reach no further."""
_DECIMAL: Final = re.compile(DECIMAL_PATTERN)
_INSTANT: Final = re.compile(INSTANT_PATTERN)
_PLACES: Final = 8
_LARGEST: Final = 2**63 - 1


def amount_text(minor: MinorUnits) -> str:
    """An amount of an asset in whole units, without trailing zeros."""
    whole, rest = divmod(abs(minor), MINOR_UNITS_PER_WHOLE)
    text = f"{whole}.{rest:08d}".rstrip("0").rstrip(".") if rest else str(whole)
    return f"-{text}" if minor < 0 else text


def price_text(instrument: Instrument, ticks: Ticks) -> str:
    """A price on a venue."""
    return amount_text(ticks * instrument.tick_size)


def quantity_text(instrument: Instrument, lots: Lots) -> str:
    """A quantity on a venue."""
    return amount_text(lots * instrument.lot_size)


def ratio_text(ppm: int) -> str:
    """A ratio in parts per million as a decimal number."""
    return amount_text(ppm * 100)


def instant_text(at: Nanos) -> str:
    """An instant in RFC 3339, in UTC, to the nanosecond."""
    seconds, nanos = divmod(at, SECOND)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{nanos:09d}Z"


def instant_or_none(at: Nanos | None) -> str | None:
    """An instant, or ``None`` for none (also for 0, which no ecosystem reaches)."""
    return instant_text(at) if at else None


def parse_amount(text: str, field: str) -> MinorUnits:
    """A decimal amount of an asset in minor units; raises :class:`InvalidRequest`."""
    if not _DECIMAL.fullmatch(text):
        raise _unreadable(
            field, f"{_short(text)} is no decimal number; expected up to 11 digits and 8 decimal places, like 0.25"
        )
    minor = int(Decimal(text).scaleb(_PLACES))
    if abs(minor) > _LARGEST:
        raise _unreadable(field, f"{text} is too large")
    return minor


def parse_price(instrument: Instrument, text: str, field: str = "price") -> Ticks:
    """A price in ticks; refused with ``INVALID_PRICE`` where it is no whole number of them."""
    ticks, rest = divmod(parse_amount(text, field), instrument.tick_size)
    if rest:
        problem = f"{text} is no multiple of the tick size {amount_text(instrument.tick_size)} of {instrument.symbol}"
        raise Refused(f"{field}: {problem}", reason=RejectReason.INVALID_PRICE.name, errors=(FieldProblem(field, problem),))
    return ticks


def parse_quantity(instrument: Instrument, text: str, field: str = "quantity") -> Lots:
    """A quantity in lots; refused with ``INVALID_QUANTITY`` where it is no whole number of them."""
    lots, rest = divmod(parse_amount(text, field), instrument.lot_size)
    if rest:
        problem = f"{text} is no multiple of the lot size {amount_text(instrument.lot_size)} of {instrument.symbol}"
        raise Refused(f"{field}: {problem}", reason=RejectReason.INVALID_QUANTITY.name, errors=(FieldProblem(field, problem),))
    return lots


def parse_instant(text: str, field: str) -> Nanos:
    """An RFC 3339 instant in nanoseconds since the epoch; raises :class:`InvalidRequest`."""
    found = _INSTANT.fullmatch(text)
    if found is not None:
        fraction = found.group(1) or "."
        try:
            seconds = datetime.fromisoformat(text.replace(found.group(1), "", 1) if found.group(1) else text)
        except ValueError:
            seconds = None
        if seconds is not None:
            at = int(seconds.timestamp()) * SECOND + int(fraction[1:].ljust(9, "0"))
            if 0 <= at <= _LARGEST:
                return at
    raise _unreadable(field, f"{_short(text)} is no instant; expected one like 2026-03-02T08:00:00.000000000Z")


def instrument_named(name: str) -> Instrument:
    """An instrument by its symbol, or as it stands in a path with ``-`` for ``/``; raises :class:`NoSuchThing`."""
    found = INSTRUMENTS.get(name) or INSTRUMENTS.get(name.replace("-", "/", 1))
    if found is None:
        raise NoSuchThing(f"there is no instrument {_short(name)}", reason=RejectReason.UNKNOWN_INSTRUMENT.name)
    return found


def _unreadable(field: str, problem: str) -> InvalidRequest:
    return InvalidRequest(f"{field}: {problem}", errors=(FieldProblem(field, problem),))


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}…")
