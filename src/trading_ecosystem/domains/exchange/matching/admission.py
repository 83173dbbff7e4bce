"""May an order enter? The checks of the matching, in their order; the first that applies is said and nothing changes.

===========================  =================================================================================================
``DUPLICATE_ORDER_ID``       an order in the book or beside it has this number ``INVALID_QUANTITY``         lots outside 1
to ``MAXIMUM_LOTS`` ``INVALID_PRICE``            a limit or stop-limit order without a limit in 1 to ``MAXIMUM_TICKS``; a
market, stop, trailing stop
                             or market-if-touched order with one
``INVALID_TIME_IN_FORCE``    good till date without an instant after now; at the opening or close for what waits for a trigger;
                             pegged or all-or-none with anything but good till cancel, day, good till date
``INVALID_TERMS``            terms that the order's type does not know, or that contradict each other
``WRONG_PHASE``              what the phase does not admit (:mod:`.phases`); a market order that must trade at once in a call
                             phase, and in continuous trading one that need not
``BOOK_FULL``                the matching keeps ``kept_capacity`` orders already
``WOULD_INCREASE_POSITION``  a reduce-only order, where there is no position for it to reduce
``PRICE_OUTSIDE_BAND``       a limit beyond a price band that rejects
===========================  =================================================================================================

After these come the book's own checks (:mod:`..book.book`), for what goes into it at once. In a list the orders are checked one
by one in the order given."""

from __future__ import annotations

from typing import Final

from trading_ecosystem.domains.exchange.book.book import MAXIMUM_LOTS, MAXIMUM_TICKS
from trading_ecosystem.domains.exchange.matching.kept_orders import NO_TERMS, NewOrder
from trading_ecosystem.domains.exchange.matching.phases import ADMITS, Entry
from trading_ecosystem.domains.exchange.matching.triggers import TRIGGERED_TYPES
from trading_ecosystem.messages.orders import OrderTerms, OrderType, RejectReason, TimeInForce, TradingPhase
from trading_ecosystem.messages.units import Nanos

_LIMIT: Final = OrderType.LIMIT
_MARKET: Final = OrderType.MARKET
_PEGGED: Final = OrderType.PEGGED
_STOP_LIMIT: Final = OrderType.STOP_LIMIT
_TRAILING: Final = OrderType.TRAILING_STOP
_GOOD_TILL_DATE: Final = TimeInForce.GOOD_TILL_DATE
_PASSING: Final = (TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL)
_STANDING: Final = (TimeInForce.GOOD_TILL_CANCEL, TimeInForce.DAY, _GOOD_TILL_DATE)


def refused_by_form(new: NewOrder, now: Nanos) -> RejectReason | None:
    """The checks from ``INVALID_QUANTITY`` to ``INVALID_TERMS``, which look at the order alone."""
    if not 0 < new.lots <= MAXIMUM_LOTS:
        return RejectReason.INVALID_QUANTITY
    if not _price_agrees(new):
        return RejectReason.INVALID_PRICE
    terms = new.terms or NO_TERMS
    if not _time_in_force_agrees(new, terms, now):
        return RejectReason.INVALID_TIME_IN_FORCE
    if not _terms_agree(new, terms):
        return RejectReason.INVALID_TERMS
    return None


def entry_of(new: NewOrder) -> Entry:
    """What the order wants of the market."""
    if new.time_in_force is TimeInForce.AT_THE_OPENING:
        return Entry.AT_THE_OPENING
    if new.time_in_force is TimeInForce.AT_THE_CLOSE:
        return Entry.AT_THE_CLOSE
    if new.order_type is _MARKET:
        return Entry.MARKET
    terms = new.terms or NO_TERMS
    if new.order_type is not _LIMIT or terms.all_or_none:
        return Entry.WAITING
    return Entry.AT_ONCE if new.time_in_force in _PASSING or terms.minimum_lots else Entry.LIMIT


def is_admitted(new: NewOrder, phase: TradingPhase) -> bool:
    """Whether the phase takes such an order."""
    entry = entry_of(new)
    if entry not in ADMITS[phase]:
        return False
    if entry is Entry.MARKET:
        terms = new.terms or NO_TERMS
        if phase is TradingPhase.CONTINUOUS:
            return new.time_in_force in _PASSING
        return new.time_in_force not in _PASSING and not terms.minimum_lots
    return True


def _price_agrees(new: NewOrder) -> bool:
    if new.order_type is _LIMIT or new.order_type is _STOP_LIMIT:
        return 0 < new.price_ticks <= MAXIMUM_TICKS
    return new.price_ticks == 0 if new.order_type is _MARKET else 0 <= new.price_ticks <= MAXIMUM_TICKS


def _time_in_force_agrees(new: NewOrder, terms: OrderTerms, now: Nanos) -> bool:
    if new.order_type in TRIGGERED_TYPES:
        if new.time_in_force in (TimeInForce.AT_THE_OPENING, TimeInForce.AT_THE_CLOSE):
            return False
    elif (new.order_type is _PEGGED or terms.all_or_none) and new.time_in_force not in _STANDING:
        return False
    if new.time_in_force is _GOOD_TILL_DATE:
        return terms.expires_at > now
    return not terms.expires_at or (new.time_in_force is TimeInForce.DAY and terms.expires_at > now)


def _terms_agree(new: NewOrder, terms: OrderTerms) -> bool:
    kind, lots = new.order_type, new.lots
    limited = kind in (_LIMIT, _STOP_LIMIT)
    return (
        _trigger_agrees(kind, terms)
        and (terms.peg is not None) is (kind is _PEGGED)
        and (kind is _PEGGED or not terms.peg_offset_ticks)
        and abs(terms.peg_offset_ticks) <= MAXIMUM_TICKS
        and 0 <= terms.minimum_lots <= lots
        and 0 <= terms.display_lots <= lots
        and (not terms.minimum_lots or kind in (_LIMIT, _MARKET))
        and (not terms.display_lots or (limited and not terms.hidden))
        and (not terms.hidden or limited or kind is _PEGGED)
        and (not new.post_only or (kind in (_LIMIT, _PEGGED) and new.time_in_force not in _PASSING and not terms.minimum_lots))
        and (not terms.reprice or new.post_only)
        and not (terms.all_or_none and (kind is not _LIMIT or _shows_terms(new, terms)))
    )


def _trigger_agrees(kind: OrderType, terms: OrderTerms) -> bool:
    if kind is _TRAILING:
        return 0 < terms.trail_ticks <= MAXIMUM_TICKS and 0 <= terms.stop_price_ticks <= MAXIMUM_TICKS
    if terms.trail_ticks:
        return False
    return 0 < terms.stop_price_ticks <= MAXIMUM_TICKS if kind in TRIGGERED_TYPES else not terms.stop_price_ticks


def _shows_terms(new: NewOrder, terms: OrderTerms) -> bool:
    """Terms of an order in the book, which an all-or-none order never is."""
    return bool(new.post_only or terms.display_lots or terms.hidden or terms.minimum_lots)
