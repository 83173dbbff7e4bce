"""How the settings of a strategy are read: strings by name become one typed, frozen Struct.

Each kind of strategy declares its settings as a Struct whose field types are the ones defined here; a field's type says
how its text is read, in which unit it is kept, and what it must be.  The name people write may differ from the field's:
they write ``spread_bps: "20"``, the field ``spread_ppm`` keeps 2000.  Nothing is guessed: an unknown, missing or
unreadable setting is one clear line.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Final, TypeVar, get_type_hints

import msgspec

from trading_ecosystem.messages.units import (
    DAY,
    HOUR,
    MICROSECOND,
    MILLISECOND,
    MINOR_UNITS_PER_WHOLE,
    MINUTE,
    SECOND,
    MinorUnits,
    Nanos,
)

SettingsT = TypeVar("SettingsT", bound=msgspec.Struct)

_PPM_PER_BASIS_POINT: Final = 100
_MOST_BASIS_POINTS: Final = 10_000
_MOST_USD: Final = 10**10
_MOST_WHOLE_UNITS: Final = 10**7
_MOST_PERIODS: Final = 100_000
_LONGEST: Final[Nanos] = 3_650 * DAY
_MOST_DIGITS: Final = 30
_MOST_WEIGHTS: Final = 1_000
_MILLION: Final = 10**6
_SMALLEST: Final = 1e-12
_LARGEST: Final = 1e12
_UNITS: Final = {"ns": 1, "us": MICROSECOND, "ms": MILLISECOND, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}


class SettingsError(ValueError):
    """Settings that cannot be used, in one line; ``setting`` is the name at fault, empty if it is none in particular."""

    def __init__(self, setting: str, problem: str) -> None:
        super().__init__(problem)
        self.setting = setting


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        raise ValueError("not a number") from None
    if not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS:
        raise ValueError("not a number of ordinary size")
    return number


def _name(text: str) -> str:
    name = text.strip()
    if not name or "," in name:
        raise ValueError("one name is needed")
    return name


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    if not all(names) or len(set(names)) != len(names):
        raise ValueError("names must not be empty and not be repeated")
    return names


def _ppm(text: str) -> int:
    number = _decimal(text) * _PPM_PER_BASIS_POINT
    if number != int(number) or not 0 <= number <= _MOST_BASIS_POINTS * _PPM_PER_BASIS_POINT:
        raise ValueError("out of range")
    return int(number)


def _dollars(text: str) -> MinorUnits:
    number = _decimal(text) * MINOR_UNITS_PER_WHOLE
    if number != int(number) or not 0 < number <= _MOST_USD * MINOR_UNITS_PER_WHOLE:
        raise ValueError("out of range")
    return int(number)


def _quantity(text: str) -> MinorUnits:
    number = _decimal(text) * MINOR_UNITS_PER_WHOLE
    if number != int(number) or not 0 < number <= _MOST_WHOLE_UNITS * MINOR_UNITS_PER_WHOLE:
        raise ValueError("out of range")
    return int(number)


def duration_ns(text: str) -> Nanos:
    """``1h30m`` or whole nanoseconds (``5400000000000``) as nanoseconds; raises ``ValueError`` where it is neither."""
    rest = text.strip()
    if rest.isdecimal() and rest.isascii() and len(rest) <= _MOST_DIGITS:
        return _bounded(int(rest))
    total = Decimal(0)
    while rest:
        figure = rest[: len(rest) - len(rest.lstrip("0123456789."))]
        letters = rest[len(figure) :]
        unit = letters[: len(letters) - len(letters.lstrip("numshd"))]
        if unit not in _UNITS or not figure[:1].isdigit() or not figure[-1:].isdigit():
            raise ValueError("not a duration")
        total += _decimal(figure) * _UNITS[unit]
        rest = letters[len(unit) :]
    if not text.strip() or total != int(total):
        raise ValueError("not a duration")
    return _bounded(int(total))


def _bounded(duration: Nanos) -> Nanos:
    if duration > _LONGEST:
        raise ValueError("longer than ten years")
    return duration


def _duration(text: str) -> Nanos:
    duration = duration_ns(text)
    if duration <= 0:
        raise ValueError("must be positive")
    return duration


def _periods(text: str) -> int:
    number = _decimal(text)
    if number != int(number) or not 1 <= number <= _MOST_PERIODS:
        raise ValueError("out of range")
    return int(number)


def _flag(text: str) -> bool:
    if text.strip() not in ("true", "false"):
        raise ValueError("neither true nor false")
    return text.strip() == "true"


def _positive(text: str) -> float:
    number = float(_decimal(text))
    if not _SMALLEST <= number <= _LARGEST:
        raise ValueError("out of range")
    return number


def _millionths(text: str) -> int:
    number = _decimal(text) * _MILLION
    if number != int(number) or not 0 <= number <= _MOST_PERIODS * _MILLION:
        raise ValueError("out of range")
    return int(number)


def _weights(text: str) -> tuple[int, ...]:
    weights = tuple(int(_decimal(weight)) for weight in text.split(","))
    if any(weight != _decimal(part) or weight < 0 for weight, part in zip(weights, text.split(","), strict=True)):
        raise ValueError("out of range")
    if not any(weights) or max(weights) > _MOST_PERIODS * _MILLION or len(weights) > _MOST_WEIGHTS:
        raise ValueError("out of range")
    return weights


_READERS: Final[dict[str, Callable[[str], Any]]] = {
    "one name": _name,
    "names separated by commas": _names,
    "basis points from 0 to 10000 in steps of 0.01": _ppm,
    "a positive amount of USD": _dollars,
    "a positive quantity of the base asset": _quantity,
    "a positive duration such as 90s or 1h30m": _duration,
    "a whole number from 1 to 100000": _periods,
    "true or false": _flag,
    "a positive number": _positive,
    "a number from 0 in steps of 0.000001": _millionths,
    "a positive price in the quote asset": _dollars,
    "at most 1000 whole numbers from 0 separated by commas, not all 0": _weights,
    "text": str.strip,
}
"""How each sort of setting is read, by what is expected of it."""

Name = Annotated[str, msgspec.Meta(description="one name")]
Names = Annotated[tuple[str, ...], msgspec.Meta(description="names separated by commas")]
BasisPoints = Annotated[int, msgspec.Meta(description="basis points from 0 to 10000 in steps of 0.01")]
"""Written in basis points, kept in parts per million."""
Dollars = Annotated[int, msgspec.Meta(description="a positive amount of USD")]
"""Written in USD, kept in minor units."""
Quantity = Annotated[int, msgspec.Meta(description="a positive quantity of the base asset")]
"""Written in whole units of the base asset, kept in its minor units."""
Duration = Annotated[int, msgspec.Meta(description="a positive duration such as 90s or 1h30m")]
"""Kept in nanoseconds; a bare whole number is nanoseconds already."""
Periods = Annotated[int, msgspec.Meta(description="a whole number from 1 to 100000")]
Flag = Annotated[bool, msgspec.Meta(description="true or false")]
Positive = Annotated[float, msgspec.Meta(description="a positive number")]
"""A parameter of a model, from 10⁻¹² to 10¹²; never an amount of money."""
Multiple = Annotated[int, msgspec.Meta(description="a number from 0 in steps of 0.000001")]
"""A factor such as a number of standard deviations, kept in millionths."""
Price = Annotated[int, msgspec.Meta(description="a positive price in the quote asset")]
"""Written in whole units of the quote asset per whole base, kept in minor units of the quote asset."""
Weights = Annotated[
    tuple[int, ...], msgspec.Meta(description="at most 1000 whole numbers from 0 separated by commas, not all 0")
]
"""Shares of a whole, by their proportion."""
Text = Annotated[str, msgspec.Meta(description="text")]


def expectations(settings_type: type[msgspec.Struct]) -> dict[str, str]:
    """What each accepted setting is expected to be, by the name people write, in the order declared."""
    hints = get_type_hints(settings_type, include_extras=True)
    return {field.encode_name: hints[field.name].__metadata__[0].description for field in msgspec.structs.fields(settings_type)}


def read_settings(kind: str, settings_type: type[SettingsT], settings: dict[str, str]) -> SettingsT:
    """Build the typed settings; raises :class:`SettingsError` naming the offender and what is accepted."""
    expected = expectations(settings_type)
    accepted = "accepted: " + ", ".join(expected)
    for name in settings:
        if name not in expected:
            raise SettingsError(name, f"strategy kind {kind} has no setting {name!r}; {accepted}")
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(settings_type):
        name = field.encode_name
        if name not in settings:
            if field.required:
                raise SettingsError("", f"strategy kind {kind} needs the setting {name!r} ({expected[name]}); {accepted}")
            continue
        try:
            values[field.name] = _READERS[expected[name]](settings[name])
        except ValueError as error:
            problem = f"{name}={settings[name]!r} of strategy kind {kind}: {error}; expected {expected[name]}; {accepted}"
            raise SettingsError(name, problem) from None
    try:
        return settings_type(**values)
    except ValueError as error:
        raise SettingsError("", f"settings of strategy kind {kind}: {error}; {accepted}") from None
