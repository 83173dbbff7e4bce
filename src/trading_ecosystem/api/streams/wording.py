"""How a message looks outside: exact decimal strings for integers with a unit, RFC 3339 for instants, by one rule.

The unit is the one that the message's own class declares for the field:

- ``Ticks``, ``Lots``, ``MinorUnits`` and ``PartsPerMillion`` become decimal strings in whole units, and the field's name loses
  its ``_ticks``, ``_lots``, ``_minor`` or ``_ppm``. Where two fields would end up with one name, prices end in ``_price`` and
  quantities in ``_quantity``. A price of 0 ticks is no price: ``null``.
- an instant (``Nanos``) becomes RFC 3339, 0 becomes ``null``; a duration (its name ends in ``_ns``) stays a whole number.
- everything else stays as it is; ``type`` is the name of the message.
"""

from __future__ import annotations

import enum
from collections import Counter
from typing import Any, Final

import msgspec

from trading_ecosystem.api.decimals import amount_text, instant_text, price_text, quantity_text, ratio_text
from trading_ecosystem.messages.book_words import Level
from trading_ecosystem.messages.units import INSTRUMENTS, Instrument

_SUFFIX: Final = {"Ticks": "_ticks", "Lots": "_lots", "MinorUnits": "_minor", "PartsPerMillion": "_ppm"}
_OTHERWISE: Final = {"Ticks": "_price", "Lots": "_quantity"}


class _Form(enum.Enum):
    PLAIN = enum.auto()
    TICKS = enum.auto()
    LOTS = enum.auto()
    AMOUNT = enum.auto()
    RATIO = enum.auto()
    INSTANT = enum.auto()
    NESTED = enum.auto()


_FORM: Final = {
    "Ticks": _Form.TICKS,
    "Lots": _Form.LOTS,
    "MinorUnits": _Form.AMOUNT,
    "PartsPerMillion": _Form.RATIO,
    "Nanos": _Form.INSTANT,
    **dict.fromkeys(("int", "str", "bool"), _Form.PLAIN),
}
_plans: dict[type[msgspec.Struct], tuple[tuple[str, str, _Form], ...]] = {}


def worded(message: msgspec.Struct, instrument: Instrument | None = None) -> dict[str, Any]:
    """The fields of a message, or of a part of one, as they are shown; ``instrument`` is that of the whole."""
    own = getattr(message, "instrument", None)
    if own:
        instrument = INSTRUMENTS.get(own, instrument)
    return {shown: _value(getattr(message, name), form, instrument) for name, shown, form in plan_of(type(message))}


def plan_of(kind: type[msgspec.Struct]) -> tuple[tuple[str, str, _Form], ...]:
    """For each field of a class: its name, the name under which it is shown, and how."""
    plan = _plans.get(kind)
    if plan is None:
        units = {name: str(kind.__annotations__[name]) for name in kind.__struct_fields__}
        short = {name: name.removesuffix(_SUFFIX.get(unit, "\0")) for name, unit in units.items()}
        shared = Counter(short.values())
        plan = _plans[kind] = tuple(
            (name, _shown(short[name], unit, shared[short[name]]), _form(name, unit)) for name, unit in units.items()
        )
    return plan


def _shown(short: str, unit: str, sharing: int) -> str:
    return short + _OTHERWISE.get(unit, "") if sharing > 1 else short


def _form(name: str, unit: str) -> _Form:
    if unit == "Nanos" and name.endswith("_ns"):
        return _Form.PLAIN
    return _FORM.get(unit, _Form.NESTED)


def _value(value: Any, form: _Form, instrument: Instrument | None) -> Any:
    if form is _Form.PLAIN:
        return value
    if form is _Form.INSTANT:
        return instant_text(value) if value else None
    if form is _Form.AMOUNT:
        return amount_text(value)
    if form is _Form.RATIO:
        return ratio_text(value)
    if form is _Form.NESTED:
        return _nested(value, instrument)
    assert instrument is not None, "a price or quantity without an instrument"
    if form is _Form.LOTS:
        return quantity_text(instrument, value)
    return price_text(instrument, value) if value else None


def _nested(value: Any, instrument: Instrument | None) -> Any:
    if isinstance(value, Level):
        assert instrument is not None, "a level without an instrument"
        return price_text(instrument, value.price_ticks), quantity_text(instrument, value.quantity_lots)
    if isinstance(value, tuple):
        return [_nested(one, instrument) for one in value]
    if isinstance(value, msgspec.Struct):
        return worded(value, instrument)
    return value
