"""What may leave foreign code, and what is made of it: answers are checked, failures become one line.

A strategy may be anybody's code. Whatever it returns is looked at before anything is done with it: an order with half a lot
or a price of text would otherwise reach a venue, and the record.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, Final

import msgspec

from trading_ecosystem.domains.trading.allowance import Looped
from trading_ecosystem.domains.trading.intentions import Cancel, CancelAll, Intention, Place, PlaceTogether, Replace, WakeMe
from trading_ecosystem.messages.orders import OrderTerms, OrderType, Side, TimeInForce
from trading_ecosystem.messages.trading import HaltReason
from trading_ecosystem.messages.units import SECOND, Nanos

MOST_INTENTIONS: Final = 1_000
"""In one answer."""
MOST_REQUESTS: Final = 2_000
"""Orders, cancels and wishes to be woken of one strategy in one second of ecosystem time."""
MOST_WAKE_UPS: Final = 1_000
"""Wake-ups of one strategy at one instant."""
LONGEST_DETAIL: Final = 200
"""Characters of a failure's one line."""
CLOSE_OUT: Final = "close-out:"
"""The label of orders that close out a position in an emergency (:mod:`close_out`); strategies are not told of them."""
_LONGEST_TEXT: Final = 64
_LARGEST: Final = 2**63 - 1
_ADDRESS: Final = re.compile(r" at 0x[0-9a-fA-F]+")


class Flooded(Exception):
    """A strategy wants more than any may."""


def reason_of(error: BaseException) -> HaltReason:
    """Why a strategy is halted that this came out of."""
    if isinstance(error, Looped):
        return HaltReason.LOOPED
    return HaltReason.FLOODED if isinstance(error, Flooded) else HaltReason.FAILED


def attempted(call: Callable[..., Any], *arguments: Any) -> tuple[Any, BaseException | None]:
    """What foreign code returns and ``None``, or ``None`` and what it raised."""
    return _contained(call, arguments)


def _contained(call: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[Any, BaseException | None]:
    try:
        return call(*arguments), None
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return None, error


def told(error: BaseException) -> str:
    """An error in one line of ordinary text, the same in every process: without addresses, whatever its own words do."""
    words, worse = attempted(str, error)
    if worse is not None:
        words = f"its message cannot be read: {type(worse).__name__}"
    line = " ".join(f"{type(error).__name__}: {_ADDRESS.sub('', words[:2_000])}".split())
    return line.encode("ascii", "backslashreplace").decode("ascii")[:LONGEST_DETAIL]


def checked(wanted: Iterable[Any]) -> tuple[Intention, ...]:
    """An answer as intentions that make sense; raises ``TypeError`` or ``ValueError`` about the first thing that does not."""
    intentions = tuple(islice(wanted, MOST_INTENTIONS + 1))
    if len(intentions) > MOST_INTENTIONS:
        raise Flooded(f"more than {MOST_INTENTIONS:,} intentions in one answer")
    for intention in intentions:
        _check(intention)
    return intentions


def _check(intention: Any) -> None:
    kind = type(intention)
    if kind is Place:
        _check_place(intention)
    elif kind is PlaceTogether:
        if type(intention.orders) is not tuple or len(intention.orders) > MOST_INTENTIONS:
            raise TypeError(f"PlaceTogether.orders is no tuple of at most {MOST_INTENTIONS:,} orders")
        for place in intention.orders:
            if type(place) is not Place:
                raise TypeError(f"PlaceTogether.orders holds {type(place).__name__}, which is no order")
            _check_place(place)
    elif kind is Replace:
        _check_text("Replace.client_order_id", intention.client_order_id)
        _check_whole("Replace.price_ticks", intention.price_ticks)
        _check_whole("Replace.quantity_lots", intention.quantity_lots)
    elif kind is Cancel:
        _check_text("Cancel.client_order_id", intention.client_order_id)
    elif kind is CancelAll:
        _check_text("CancelAll.venue", intention.venue)
        _check_text("CancelAll.instrument", intention.instrument)
    elif kind is WakeMe:
        _check_whole("WakeMe.due_at", intention.due_at)
        _check_text("WakeMe.label", intention.label)
    else:
        raise TypeError(f"{kind.__name__} is no intention")


def _check_place(place: Place) -> None:
    for name, expected in (("side", Side), ("order_type", OrderType), ("time_in_force", TimeInForce), ("post_only", bool)):
        if type(getattr(place, name)) is not expected:
            raise TypeError(f"Place.{name} is of type {type(getattr(place, name)).__name__}; expected {expected.__name__}")
    _check_text("Place.venue", place.venue)
    _check_text("Place.instrument", place.instrument)
    _check_text("Place.label", place.label)
    if place.label.startswith(CLOSE_OUT):
        raise ValueError(f"Place.label begins with {CLOSE_OUT}, which is the engine's own")
    _check_whole("Place.price_ticks", place.price_ticks)
    _check_whole("Place.quantity_lots", place.quantity_lots)
    if place.terms is not None:
        _check_terms(place.terms)


def _check_terms(terms: Any) -> None:
    if type(terms) is not OrderTerms:
        raise TypeError(f"Place.terms is of type {type(terms).__name__}; expected OrderTerms or None")
    try:
        # Its constructor checks nothing: what a door would refuse is refused here.
        msgspec.json.decode(msgspec.json.encode(terms), type=OrderTerms, strict=True)
    except (TypeError, ValueError, OverflowError) as error:
        raise TypeError(f"Place.terms: {error}") from None


def _check_whole(name: str, value: Any) -> None:
    if type(value) is not int:
        raise TypeError(f"{name} is of type {type(value).__name__}; expected a whole number")
    if not -_LARGEST <= value <= _LARGEST:
        raise ValueError(f"{name} does not fit in 64 bits")


def _check_text(name: str, value: Any) -> None:
    if type(value) is not str:
        raise TypeError(f"{name} is of type {type(value).__name__}; expected text")
    if len(value) > _LONGEST_TEXT or not value.isascii() or not (value.isprintable() or not value):
        raise ValueError(f"{name} is no printable text of at most {_LONGEST_TEXT} characters")


class Pace:
    """Counts what a strategy asks for, so that one which floods is stopped before anything else notices."""

    __slots__ = ("_requests", "_second", "_wake_ups", "_woken_at")

    def __init__(self) -> None:
        self._second = -1
        self._requests = 0
        self._woken_at: Nanos = -1
        self._wake_ups = 0

    def requested(self, now: Nanos, requests: int) -> None:
        """So many requests; raises :class:`Flooded` where that is too many in this second."""
        second = now // SECOND
        if second != self._second:
            self._second, self._requests = second, 0
        self._requests += requests
        if self._requests > MOST_REQUESTS:
            raise Flooded(f"more than {MOST_REQUESTS:,} requests in one second")

    def woken(self, now: Nanos) -> None:
        """One wake-up; raises :class:`Flooded` where it is one too many at this instant."""
        if now != self._woken_at:
            self._woken_at, self._wake_ups = now, 0
        self._wake_ups += 1
        if self._wake_ups > MOST_WAKE_UPS:
            raise Flooded(f"woken more than {MOST_WAKE_UPS:,} times at one instant")
