"""How single values of a scenario are read: text with a place becomes an integer in a stated unit, or a one-line error."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Final, TypeVar

from trading_ecosystem.domains.test_coordination.document import (
    Fields,
    Node,
    Scalar,
    described,
    fields_of,
    items_of,
    one_of,
    shown,
    suggestion,
)
from trading_ecosystem.messages.units import (
    DAY,
    HOUR,
    MICROSECOND,
    MILLISECOND,
    MINOR_UNITS_PER_WHOLE,
    MINUTE,
    PARTS_PER_MILLION,
    SECOND,
    MinorUnits,
    Nanos,
    PartsPerMillion,
)
from trading_ecosystem.ports.errors import BadInput

EnumT = TypeVar("EnumT", bound=enum.StrEnum)

LARGEST: Final = 2**63 - 1
"""Every integer that is said fits 64 bits."""
LARGEST_AMOUNT: Final[MinorUnits] = 10**18
"""Ten thousand million whole units of an asset."""
LONGEST_NAME: Final = 63
_DURATION: Final = "expected a duration such as 90s, 10m, 36h or 1h30m"
SHORTEST_RHYTHM: Final[Nanos] = 10 * MILLISECOND
_UNITS: Final = (
    ("ns", 1),
    ("us", MICROSECOND),
    ("ms", MILLISECOND),
    ("s", SECOND),
    ("m", MINUTE),
    ("h", HOUR),
    ("d", DAY),
)
_MAGNITUDES: Final = 30
_NAME_CHARACTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


def text_of(node: Node, what: str) -> str:
    """Text on one line."""
    if not isinstance(node, Scalar) or not node.text:
        raise BadInput(node.place, f"{what} cannot be {described(node)}; expected text")
    return node.text


def named(node: Node, what: str, names: Iterable[str]) -> str:
    """One of a set of names."""
    allowed = tuple(names)
    text = node.text if isinstance(node, Scalar) else ""
    if text not in allowed:
        raise BadInput(node.place, f"unknown {what} {described(node)}; {suggestion(text, allowed)}{one_of(allowed)}")
    return text


def enumerated(node: Node, what: str, members: type[EnumT]) -> EnumT:
    """One member of an enum, by its value."""
    return members(named(node, what, [member.value for member in members]))


def boolean(node: Node, what: str) -> bool:
    """``true`` or ``false``."""
    if not isinstance(node, Scalar) or node.text not in ("true", "false"):
        raise BadInput(node.place, f"{what} cannot be {described(node)}; expected true or false")
    return node.text == "true"


def instance_name(node: Node, what: str) -> str:
    """A DNS-safe name: a label of small letters, digits and hyphens (RFC 1123), at most 63 characters."""
    text = node.text if isinstance(node, Scalar) else ""
    safe = text and len(text) <= LONGEST_NAME and _NAME_CHARACTERS.issuperset(text) and text[0] != "-" and text[-1] != "-"
    if not safe:
        expected = "expected 1 to 63 of a-z, 0-9 and '-', with no '-' at either end"
        raise BadInput(node.place, f"{what} {described(node)} is not a safe name; {expected}")
    return text


def decimal_number(node: Node, what: str, expected: str) -> Decimal:
    """A finite decimal number, taken from the text as written."""
    if not isinstance(node, Scalar) or not node.text:
        raise BadInput(node.place, f"{what} cannot be {described(node)}; {expected}")
    try:
        number = Decimal(node.text)
    except InvalidOperation:
        raise BadInput(node.place, f"{what} {shown(node.text)} is not a number; {expected}") from None
    if not number.is_finite():
        raise BadInput(node.place, f"{what} cannot be {shown(node.text)}; {expected}")
    if abs(number.adjusted()) > _MAGNITUDES or len(number.as_tuple().digits) > _MAGNITUDES:
        raise BadInput(node.place, f"{what} {shown(node.text)} is out of range; {expected}")
    return number


def scaled(node: Node, what: str, scale: int, expected: str) -> int:
    """A decimal number times ``scale``, which must give a whole number within 64 bits."""
    number = decimal_number(node, what, expected) * scale
    whole = int(number)
    if whole != number:
        raise BadInput(node.place, f"{what} {described(node)} is finer than 1/{scale}; {expected}")
    if abs(whole) > LARGEST:
        raise BadInput(node.place, f"{what} {described(node)} is out of range; {expected}")
    return whole


def whole_number(node: Node, what: str, lowest: int, highest: int = LARGEST) -> int:
    """An integer between two bounds, both included."""
    expected = f"expected a whole number from {lowest}" + (f" to {highest}" if highest != LARGEST else "")
    number = scaled(node, what, 1, expected)
    if not lowest <= number <= highest:
        raise BadInput(node.place, f"{what} cannot be {number}; {expected}")
    return number


def amount(node: Node, what: str, positive: bool = True) -> MinorUnits:
    """An amount of an asset, in minor units."""
    expected = f"expected a {'positive' if positive else 'non-negative'} amount up to 10000000000, in steps of 0.00000001"
    number = scaled(node, what, MINOR_UNITS_PER_WHOLE, expected)
    if number > LARGEST_AMOUNT or number < 0 or (positive and number == 0):
        raise BadInput(node.place, f"{what} cannot be {described(node)}; {expected}")
    return number


def ratio(node: Node, what: str, lowest: PartsPerMillion, highest: PartsPerMillion) -> PartsPerMillion:
    """A ratio such as -0.06, in parts per million, between two bounds."""
    bounds = f"from {Decimal(lowest) / PARTS_PER_MILLION:f} to {Decimal(highest) / PARTS_PER_MILLION:f}"
    expected = f"expected a ratio {bounds}, in steps of 0.000001"
    number = scaled(node, what, PARTS_PER_MILLION, expected)
    if not lowest <= number <= highest:
        raise BadInput(node.place, f"{what} cannot be {described(node)}; {expected}")
    return number


def decimal_text(node: Node, what: str, lowest: Decimal, highest: Decimal) -> str:
    """A real-valued parameter as decimal text in plain notation, between two bounds."""
    expected = f"expected a number from {lowest} to {highest}"
    number = decimal_number(node, what, expected)
    if not lowest <= number <= highest:
        raise BadInput(node.place, f"{what} cannot be {described(node)}; {expected}")
    return f"{number:f}"


def duration(node: Node, what: str, shortest: Nanos = 0, longest: Nanos = LARGEST) -> Nanos:
    """A duration such as ``90s`` or ``1h30m``, in nanoseconds, between two bounds."""
    if not isinstance(node, Scalar) or not node.text:
        raise BadInput(node.place, f"{what} cannot be {described(node)}; {_DURATION}")
    if node.text.startswith("-"):
        raise BadInput(node.place, f"{what} cannot be negative ({shown(node.text)}); {_DURATION}")
    total = _duration_value(node.text)
    if total is None:
        raise BadInput(node.place, f"{what} {shown(node.text)} is not a duration; {_DURATION}")
    if total < shortest:
        raise BadInput(node.place, f"{what} {shown(node.text)} is too short; expected at least {spoken(shortest)}")
    if total > longest:
        limit = spoken(longest) if longest != LARGEST else "292 years"
        raise BadInput(node.place, f"{what} {shown(node.text)} is too long; expected at most {limit}")
    return total


def signed_duration(node: Node, what: str, longest: Nanos) -> Nanos:
    """A duration that may have a minus before it, in nanoseconds, at most ``longest`` either way."""
    if isinstance(node, Scalar) and node.text.startswith("-"):
        return -duration(Scalar(node.text[1:], node.place), what, longest=longest)
    return duration(node, what, longest=longest)


def _duration_value(text: str) -> Nanos | None:
    """Nanoseconds of ``1h30m``; ``None`` where the text is no duration."""
    total = Decimal(0)
    rest = text
    while rest:
        digits = len(rest) - len(rest.lstrip("0123456789."))
        letters = len(rest[digits:]) - len(rest[digits:].lstrip("numshd"))
        scale = dict(_UNITS).get(rest[digits : digits + letters])
        figure = rest[:digits]
        if scale is None or digits > _MAGNITUDES or not _is_figure(figure):
            return None
        total += Decimal(figure) * scale
        rest = rest[digits + letters :]
    return int(total) if total == int(total) else None


def _is_figure(text: str) -> bool:
    return text[:1].isdigit() and text[-1:].isdigit() and text.count(".") <= 1


def spoken(duration_ns: Nanos) -> str:
    """A duration in its largest whole units, such as ``1h30m``."""
    if duration_ns == 0:
        return "0s"
    parts = []
    for unit, scale in reversed(_UNITS):
        count, duration_ns = divmod(duration_ns, scale)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts)


def instant(node: Node, what: str) -> Nanos:
    """An RFC 3339 instant with a zone, in nanoseconds since the epoch; from 1970 to 2200."""
    expected = "expected an RFC 3339 instant in whole seconds with a zone, such as 2026-03-02T00:00:00Z"
    if not isinstance(node, Scalar):
        raise BadInput(node.place, f"{what} cannot be {described(node)}; {expected}")
    try:
        moment = datetime.fromisoformat(node.text)
        zoned = moment.tzinfo is not None and "T" in node.text.upper() and "." not in node.text
        since = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    except (ValueError, OverflowError):
        raise BadInput(node.place, f"{what} {described(node)} is not an instant; {expected}") from None
    if not zoned:
        raise BadInput(node.place, f"{what} {shown(node.text)} has no zone, no time or a fraction; {expected}")
    nanos = (since.days * 86_400 + since.seconds) * SECOND
    if not 0 <= nanos <= 230 * 365 * DAY:
        raise BadInput(node.place, f"{what} {shown(node.text)} is out of range; {expected}, in the years 1970 to 2199")
    return nanos


def instruments_of(
    node: Node | None, default: tuple[str, ...], what: str, allowed: tuple[str, ...] | None = None
) -> tuple[str, ...]:
    """A list of distinct instruments out of ``allowed``, or else ``default``, which is also what an absent list means."""
    allowed = default if allowed is None else allowed
    if node is None:
        return default
    symbols: list[str] = []
    for item in items_of(node, what):
        symbol = named(item, "instrument", allowed)
        if symbol in symbols:
            raise BadInput(item.place, f"instrument {shown(symbol)} is listed twice; expected distinct instruments")
        symbols.append(symbol)
    if not symbols:
        raise BadInput(node.place, f"{what} cannot be empty; {one_of(allowed)}")
    return tuple(symbols)


def amounts_of(node: Node, what: str, assets: tuple[str, ...]) -> dict[str, MinorUnits]:
    """A mapping from assets to positive amounts."""
    return {asset: amount(value, f"{what} of {asset}") for asset, value in by_asset(node, what, assets)}


def by_asset(node: Node | None, what: str, assets: tuple[str, ...]) -> list[tuple[str, Node]]:
    """The fields of a mapping from assets, in the order written; none where it is absent."""
    pairs: list[tuple[str, Node]] = []
    for field in fields_of(node, what) if node is not None else ():
        if field.key not in assets:
            raise BadInput(field.place, f"unknown asset {shown(field.key)} in {what}; {one_of(assets)}")
        pairs.append((field.key, field.value))
    return pairs


def rhythm(fields: Fields, name: str, default: Nanos, shortest: Nanos = SHORTEST_RHYTHM, longest: Nanos = DAY) -> Nanos:
    """A duration that may be absent; nothing happens more often than every ten milliseconds."""
    node = fields.get(name)
    return default if node is None else duration(node, name, shortest, longest)
