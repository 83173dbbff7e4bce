"""What cannot be meant has not arrived: one gate before everything that moves positions, values and limits.

Messages are typed where they come in, so that nothing of this ought to happen. The gate is here because a limit must not depend
on that: a number that is none (NaN, ``None``, text), absurd, or not positive where it must be, and a name that does not exist,
change nothing; the last good ones stay. Quotes, depths and trade summaries move no limit and have checks of their own
(``watches/numbers.py``), because there are so many of them; commands of people are answered with the reason.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final

import msgspec

from trading_ecosystem.messages.custodian import (
    HoldingLine,
    HoldingsStated,
    PledgedAfter,
    SettlementCancelled,
    SettlementInstructed,
    SettlementPartlySettled,
    SettlementSettled,
    TransferPending,
    TransferPosted,
    VariationPosted,
)
from trading_ecosystem.messages.exchange import OrderFilled
from trading_ecosystem.messages.margin import MarginChanged, VariationLine, VariationSettled
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.trading_phases import TradeBusted, TradeCorrected
from trading_ecosystem.messages.units import ASSETS, INSTRUMENTS

LARGEST_NUMBER: Final = 10**20
"""A number further from zero than this is none that anybody can mean."""
_POSITIVE: Final = ("price_ticks", "quantity_lots", "mark_ticks", "base_minor", "quote_minor")
"""Fields that are above zero wherever they are."""
_NOT_NEGATIVE: Final = ("free_after", "pledged_after")
_NAMES: Final[dict[str, Any]] = {"instrument": INSTRUMENTS, "asset": ASSETS, "fee_asset": ASSETS}
"""Fields that name something, and what there is."""


class Soundness:
    """Whether one kind of message, or of a row in it, can be meant."""

    __slots__ = ("_names", "_not_negative", "_numbers", "_positive", "_rows")

    def __init__(self, kind: type[msgspec.Struct], rows: dict[str, Soundness], but_for: tuple[str, ...]) -> None:
        names = [field.name for field in msgspec.structs.fields(kind)]
        whole = [field.name for field in msgspec.structs.fields(kind) if field.type is int]
        # One name twice makes `attrgetter` return a tuple however few there are.
        self._numbers: Callable[[Any], tuple[Any, ...]] = attrgetter(*whole, whole[0], whole[0])
        self._positive = [name for name in _POSITIVE if name in whole and name not in but_for]
        self._not_negative = [name for name in _NOT_NEGATIVE if name in whole and name not in but_for]
        self._names = [(name, _NAMES[name]) for name in names if name in _NAMES and name not in but_for]
        self._rows = list(rows.items())

    def __call__(self, message: Any) -> bool:
        """True where every number is one and every name exists."""
        for number in self._numbers(message):
            if type(number) is not int or not -LARGEST_NUMBER <= number <= LARGEST_NUMBER:
                return False
        return (
            all(getattr(message, name) > 0 for name in self._positive)
            and all(getattr(message, name) >= 0 for name in self._not_negative)
            and all(getattr(message, name) in known for name, known in self._names)
            and all(sound(row) for name, sound in self._rows for row in getattr(message, name))
        )


def _of(kind: type[msgspec.Struct], *but_for: str, **rows: Soundness) -> Soundness:
    return Soundness(kind, rows, but_for)


_PLEDGED: Final = _of(PledgedAfter)
SOUND: Final[dict[type[Any], Soundness]] = {
    # Prices of instruments that nobody watches are no fault, and a price is looked at where it is heard.
    PricePublished: _of(PricePublished, "instrument"),
    OrderFilled: _of(OrderFilled),
    TradeBusted: _of(TradeBusted),
    TradeCorrected: _of(TradeCorrected),
    # An instruction that differs from its fill is for its watch to notice, whatever it says.
    SettlementInstructed: _of(SettlementInstructed, "base_minor", "quote_minor", "fee_asset"),
    SettlementSettled: _of(SettlementSettled, pledged_after=_PLEDGED),
    SettlementPartlySettled: _of(SettlementPartlySettled, pledged_after=_PLEDGED),
    SettlementCancelled: _of(SettlementCancelled),
    TransferPending: _of(TransferPending),
    TransferPosted: _of(TransferPosted),
    HoldingsStated: _of(HoldingsStated, lines=_of(HoldingLine, "asset")),
    MarginChanged: _of(MarginChanged),
    VariationSettled: _of(VariationSettled, lines=_of(VariationLine)),
    VariationPosted: _of(VariationPosted),
}
"""By kind of message whether one can be meant."""
