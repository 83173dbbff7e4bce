"""How a message looks outside: exact decimal strings for integers with a unit, RFC 3339 for instants, by one rule.

The unit is the one that the message's own class declares for the field:

- ``Ticks``, ``Lots``, ``MinorUnits`` and ``PartsPerMillion`` become decimal strings in whole units, and the field's name loses
  its ``_ticks``, ``_lots``, ``_minor`` or ``_ppm``. Where two fields would end up with one name, prices end in ``_price`` and
  quantities in ``_quantity``. A price of 0 ticks is no price: ``null``.
- an instant (``Nanos``) becomes RFC 3339, 0 becomes ``null``; a duration (its name ends in ``_ns``) stays a whole number.
- everything else stays as it is; ``type`` is the name of the message.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import msgspec

from trading_ecosystem.api.decimals import amount_text, instant_text, price_text, quantity_text, ratio_text
from trading_ecosystem.messages.book_words import Level
from trading_ecosystem.messages.units import INSTRUMENTS, Instrument

_SUFFIX: Final = {"Ticks": "_ticks", "Lots": "_lots", "MinorUnits": "_minor", "PartsPerMillion": "_ppm"}
_OTHERWISE: Final = {"Ticks": "_price", "Lots": "_quantity"}


Shown = Callable[[Any, Instrument | None], Any]


def _ticks(value: Any, instrument: Instrument | None) -> Any:
    assert instrument is not None, "a price without an instrument"
    return amount_text(value * instrument.tick_size) if value else None


def _lots(value: Any, instrument: Instrument | None) -> Any:
    assert instrument is not None, "a quantity without an instrument"
    return amount_text(value * instrument.lot_size)


def _amount(value: Any, _: Instrument | None) -> Any:
    return amount_text(value)


def _ratio(value: Any, _: Instrument | None) -> Any:
    return ratio_text(value)


def _instant(value: Any, _: Instrument | None) -> Any:
    return instant_text(value) if value else None


def _nested(value: Any, instrument: Instrument | None) -> Any:
    if isinstance(value, Level):
        assert instrument is not None, "a level without an instrument"
        return price_text(instrument, value.price_ticks), quantity_text(instrument, value.quantity_lots)
    if isinstance(value, tuple):
        return [_nested(one, instrument) for one in value]
    if isinstance(value, msgspec.Struct):
        return worded(value, instrument)
    return value


_FORM: Final[dict[str, Shown | None]] = {
    "Ticks": _ticks,
    "Lots": _lots,
    "MinorUnits": _amount,
    "PartsPerMillion": _ratio,
    "Nanos": _instant,
    **dict.fromkeys(("int", "str", "bool"), None),
}
"""How a declared unit is shown; ``None``: as it is. Everything that is not named here is a choice, a row, or several."""
_plans: dict[type[msgspec.Struct], tuple[tuple[str, str, Shown | None], ...]] = {}


def worded(message: msgspec.Struct, instrument: Instrument | None = None) -> dict[str, Any]:
    """The fields of a message, or of a part of one, as they are shown; ``instrument`` is that of the whole."""
    own = getattr(message, "instrument", None)
    if own:
        instrument = INSTRUMENTS.get(own, instrument)
    found = {}
    for name, shown, form in plan_of(type(message)):
        value = getattr(message, name)
        found[shown] = value if form is None else form(value, instrument)
    return found


def plan_of(kind: type[msgspec.Struct]) -> tuple[tuple[str, str, Shown | None], ...]:
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


def _form(name: str, unit: str) -> Shown | None:
    if unit == "Nanos" and name.endswith("_ns"):
        return None
    return _FORM.get(unit, _nested)
