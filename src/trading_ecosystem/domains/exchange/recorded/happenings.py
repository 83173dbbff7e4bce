"""What a recording of a market consists of, in order of time; all amounts are in the instrument's ticks and lots."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from trading_ecosystem.messages.book_words import Level, Side
from trading_ecosystem.messages.units import Lots, Nanos, Ticks


class RecordedDepth(msgspec.Struct, frozen=True, gc=False):
    """The displayed levels of both sides, nearest first; of a recording of quotes one level a side."""

    at: Nanos
    instrument: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


class RecordedTrade(msgspec.Struct, frozen=True, gc=False):
    """One trade; ``aggressor`` is ``None`` where the recording does not say who took."""

    at: Nanos
    instrument: str
    price_ticks: Ticks
    quantity_lots: Lots
    aggressor: Side | None = None


class RecordedRange(msgspec.Struct, frozen=True, gc=False):
    """The trades of a time span of which a bar alone is known, at its end: the extremes, the last price and the volume."""

    at: Nanos
    instrument: str
    high_ticks: Ticks
    low_ticks: Ticks
    close_ticks: Ticks
    volume_lots: Lots


Happening: TypeAlias = RecordedDepth | RecordedTrade | RecordedRange
