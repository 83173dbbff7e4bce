"""The life of each kind of order, as tables: in which state what may happen to it, and where it is then.

``LIVES`` is what ``docs/orders.md`` shows and what random lives are held against, so that neither can say what the matching
does not do. The states and events are those that the matching says; an order that is *entering* is in the middle of one
command and has neither come to rest nor ended. Icebergs, hidden and post-only orders live as limit orders do; reduce-only ones
as orders of their type, which may also lose lots as the position shrinks; the later orders of a list begin by waiting for
their parent.
"""

from __future__ import annotations

import enum
from typing import Final, TypeAlias

from trading_ecosystem.domains.exchange.matching.kept_orders import NewOrder
from trading_ecosystem.messages.orders import OrderType, TimeInForce


class LifeState(enum.StrEnum):
    """Where an order is."""

    NEW = "new"
    WAITS_FOR_PARENT = "waits for parent"
    WAITS_FOR_TRIGGER = "waits for trigger"
    WAITS_FOR_WHOLE = "waits for whole"
    WAITS_FOR_REFERENCE = "waits for reference"
    WAITS_FOR_AUCTION = "waits for auction"
    ENTERING = "entering"
    RESTING = "in the book"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REFUSED = "refused"


class LifeEvent(enum.StrEnum):
    """What happens to an order."""

    REFUSED = "is refused"
    PARKED = "is parked"
    ACTIVATED = "is activated"
    TRIGGERED = "is triggered"
    RESTED = "comes to rest"
    TRADED = "trades"
    REDUCED = "loses lots"
    REPLACED = "is replaced"
    CANCELLED = "is cancelled"


Life: TypeAlias = dict[LifeState, tuple[tuple[LifeEvent, LifeState], ...]]

_S: Final = LifeState
_E: Final = LifeEvent
_FIRST: Final = ((_E.REFUSED, _S.REFUSED), (_E.PARKED, _S.WAITS_FOR_PARENT))
_CUT: Final = ((_E.REDUCED, _S.NEW),)
_TRADES: Final = ((_E.TRADED, _S.ENTERING), (_E.TRADED, _S.FILLED))
_LEAVES: Final = ((_E.CANCELLED, _S.CANCELLED),)
_RESTS: Final = ((_E.RESTED, _S.RESTING),)
_LISTED: Final[Life] = {
    _S.WAITS_FOR_PARENT: ((_E.ACTIVATED, _S.ENTERING), (_E.REPLACED, _S.WAITS_FOR_PARENT), *_LEAVES),
}
_IN_BOOK: Final[Life] = {
    _S.RESTING: (
        (_E.TRADED, _S.RESTING),
        (_E.TRADED, _S.FILLED),
        (_E.REDUCED, _S.RESTING),
        (_E.REPLACED, _S.RESTING),
        *_RESTS,
        *_LEAVES,
    )
}
_PASSING: Final[Life] = {
    _S.NEW: (*_FIRST, *_CUT, *_TRADES, *_LEAVES),
    **_LISTED,
    _S.ENTERING: (*_TRADES, (_E.REDUCED, _S.ENTERING), *_LEAVES),
}


def _waiting(state: LifeState, *further: tuple[LifeEvent, LifeState]) -> Life:
    """Beside the book; a replacement says again what the order waits for."""
    return {state: ((_E.PARKED, state), (_E.REDUCED, state), (_E.REPLACED, state), *further, *_LEAVES)}


def _triggered(*, rests: bool) -> Life:
    waits = _S.WAITS_FOR_TRIGGER
    entering = ((_E.PARKED, waits), *_TRADES, (_E.REDUCED, _S.ENTERING), *_LEAVES)
    return {
        _S.NEW: (*_FIRST, (_E.PARKED, waits), *_CUT, *_LEAVES),
        **_LISTED,
        **_waiting(waits, (_E.TRIGGERED, _S.ENTERING)),
        _S.ENTERING: (*entering, *_RESTS) if rests else entering,
        **(_IN_BOOK if rests else {}),
    }


_AUCTION: Final = (_E.PARKED, _S.WAITS_FOR_AUCTION)
_AUCTIONED: Final = ((_E.TRADED, _S.WAITS_FOR_AUCTION), (_E.TRADED, _S.FILLED))

LIVES: Final[dict[str, Life]] = {
    "limit": {
        _S.NEW: (*_FIRST, *_CUT, *_RESTS, *_TRADES, *_LEAVES),
        **_LISTED,
        _S.ENTERING: (*_TRADES, (_E.REDUCED, _S.ENTERING), *_RESTS, *_LEAVES),
        **_IN_BOOK,
    },
    "immediate or cancel": _PASSING,
    "fill or kill": _PASSING,
    "market": {
        _S.NEW: (*_FIRST, *_CUT, _AUCTION, *_TRADES, *_LEAVES),
        **_LISTED,
        **_waiting(_S.WAITS_FOR_AUCTION, *_AUCTIONED),
        _S.ENTERING: (_AUCTION, *_TRADES, (_E.REDUCED, _S.ENTERING), *_LEAVES),
    },
    "stop": _triggered(rests=False),
    "stop limit": _triggered(rests=True),
    "trailing stop": _triggered(rests=False),
    "market if touched": _triggered(rests=False),
    "all or none": {
        _S.NEW: (*_FIRST, (_E.PARKED, _S.WAITS_FOR_WHOLE), *_CUT, *_LEAVES),
        **_LISTED,
        **_waiting(_S.WAITS_FOR_WHOLE, *_TRADES),
        _S.ENTERING: ((_E.PARKED, _S.WAITS_FOR_WHOLE), *_TRADES, (_E.REDUCED, _S.ENTERING), *_LEAVES),
    },
    "pegged": {
        _S.NEW: (*_FIRST, (_E.PARKED, _S.WAITS_FOR_REFERENCE), *_CUT, *_RESTS, *_TRADES, *_LEAVES),
        **_LISTED,
        **_waiting(_S.WAITS_FOR_REFERENCE, *_RESTS, *_TRADES),
        _S.ENTERING: ((_E.PARKED, _S.WAITS_FOR_REFERENCE), *_TRADES, (_E.REDUCED, _S.ENTERING), *_RESTS, *_LEAVES),
        _S.RESTING: ((_E.PARKED, _S.WAITS_FOR_REFERENCE), *_IN_BOOK[_S.RESTING]),
    },
    "at the opening": {
        _S.NEW: (*_FIRST, *_CUT, _AUCTION, *_RESTS, *_LEAVES),
        **_LISTED,
        **_waiting(_S.WAITS_FOR_AUCTION, *_AUCTIONED),
        _S.ENTERING: (*_RESTS, *_LEAVES),
        **_IN_BOOK,
    },
    "at the close": {
        _S.NEW: (*_FIRST, *_CUT, _AUCTION, *_RESTS, *_LEAVES),
        **_LISTED,
        **_waiting(_S.WAITS_FOR_AUCTION, *_AUCTIONED, *_RESTS),
        _S.ENTERING: (_AUCTION, *_RESTS, *_LEAVES),
        **_IN_BOOK,
    },
}
"""The life of each kind: ``{state: ((event, next state), …)}``. From *filled*, *cancelled* and *refused* nothing leads on."""


def kind_of(new: NewOrder) -> str:
    """The kind under which ``LIVES`` has an order."""
    if new.terms is not None and new.terms.all_or_none:
        return "all or none"
    auctions = (TimeInForce.AT_THE_OPENING, TimeInForce.AT_THE_CLOSE)
    passing = (TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL)
    by_time = auctions if new.order_type in (OrderType.LIMIT, OrderType.MARKET) else ()
    if new.time_in_force in by_time or (new.time_in_force in passing and new.order_type is OrderType.LIMIT):
        return new.time_in_force.replace("_", " ")
    return new.order_type.replace("_", " ")
