"""What an order book says: every change of every order, in the order in which it happened.

Both books say the same events for the same commands. Quantities are whole lots, prices whole ticks; ``leaves_lots`` is all
that an order still wants, what it does not display included.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from trading_ecosystem.messages.book_words import CancelReason, RejectReason
from trading_ecosystem.messages.units import Lots, Ticks


class Filled(msgspec.Struct, frozen=True, gc=False):
    """The taker traded ``lots`` with one maker, at the maker's price."""

    taker_id: int
    maker_id: int
    price_ticks: Ticks
    lots: Lots
    taker_leaves_lots: Lots
    maker_leaves_lots: Lots


class Rested(msgspec.Struct, frozen=True, gc=False):
    """What is left of an order entered the book, at the end of the queue of this price."""

    order_id: int
    price_ticks: Ticks
    leaves_lots: Lots


class Refreshed(msgspec.Struct, frozen=True, gc=False):
    """An iceberg showed its next slice, at the end of the queue of its price."""

    order_id: int
    shown_lots: Lots


class Reduced(msgspec.Struct, frozen=True, gc=False):
    """An order lost ``lots`` without trading, and kept its place if it rests."""

    order_id: int
    lots: Lots
    leaves_lots: Lots
    reason: CancelReason


class Replaced(msgspec.Struct, frozen=True, gc=False):
    """An order has a new price or quantity; unless it ``kept_place`` it enters the book anew, as the events that follow say."""

    order_id: int
    price_ticks: Ticks
    leaves_lots: Lots
    kept_place: bool


class Cancelled(msgspec.Struct, frozen=True, gc=False):
    """The rest of an order left, or never entered, the book."""

    order_id: int
    leaves_lots: Lots
    reason: CancelReason


class Refused(msgspec.Struct, frozen=True, gc=False):
    """The command was refused and nothing changed."""

    order_id: int
    reason: RejectReason


BookEvent: TypeAlias = Filled | Rested | Refreshed | Reduced | Replaced | Cancelled | Refused
