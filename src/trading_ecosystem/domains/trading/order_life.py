"""The life of an order as its sender sees it: FIX's order states in one table, which is the truth about them.

After FIX 4.4, volume 4, appendix D (order state change matrices), in FIX 5's reading: *replaced* is something that happens
(ExecType), after which an order rests again, and no state of its own. Of two that hold at once the one of higher precedence is
shown, as OrdStatus has it: an end before a pending cancel, that before a pending replace, that before partially filled.

Reports come twice, late, out of order or never. What the table does not name leaves an order where it is: an acceptance after
the fill, a refusal of a copy, anything about an order that has ended. A request that gets no answer in time is followed by a
cancel, and a cancel by another: an order that nobody speaks of must not hold a claim for ever.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final

from trading_ecosystem.messages.units import Lots


class OrderState(enum.StrEnum):
    """Where an order stands, as far as its sender knows (FIX OrdStatus 39)."""

    PENDING_NEW = "pending_new"
    NEW = "new"
    PARTIALLY_FILLED = "partially_filled"
    PENDING_REPLACE = "pending_replace"
    PENDING_CANCEL = "pending_cancel"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    EXPIRED = "expired"


class OrderEvent(enum.StrEnum):
    """What happens to it: the sender's requests, the venue's reports (FIX ExecType 150), and silence."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    TRADED = "traded"
    """Some of it; the last of it is ``filled``."""
    FILLED = "filled"
    REPLACE_ASKED = "replace_asked"
    REPLACED = "replaced"
    REPLACE_REJECTED = "replace_rejected"
    CANCEL_ASKED = "cancel_asked"
    CANCELLED = "cancelled"
    CANCEL_REJECTED = "cancel_rejected"
    """There is nothing to cancel: it never arrived, or it is over."""
    EXPIRED = "expired"
    TIMED_OUT = "timed_out"
    """The last request got no answer."""


RESTS: Final = None
"""In the market with nothing asked: new, or partially filled if anything of it was."""

_ENDS: Final[Mapping[OrderEvent, OrderState | None]] = {
    OrderEvent.FILLED: OrderState.FILLED,
    OrderEvent.CANCELLED: OrderState.CANCELLED,
    OrderEvent.EXPIRED: OrderState.EXPIRED,
}
_RESTING: Final[Mapping[OrderEvent, OrderState | None]] = {
    **_ENDS,
    OrderEvent.TRADED: RESTS,
    OrderEvent.REPLACE_ASKED: OrderState.PENDING_REPLACE,
    OrderEvent.CANCEL_ASKED: OrderState.PENDING_CANCEL,
}

TABLE: Final[Mapping[OrderState, Mapping[OrderEvent, OrderState | None]]] = {
    OrderState.PENDING_NEW: {
        **_ENDS,
        OrderEvent.ACCEPTED: RESTS,
        OrderEvent.REJECTED: OrderState.REJECTED,
        OrderEvent.TRADED: RESTS,
        OrderEvent.CANCEL_ASKED: OrderState.PENDING_CANCEL,
        OrderEvent.TIMED_OUT: OrderState.PENDING_CANCEL,
    },
    OrderState.NEW: _RESTING,
    OrderState.PARTIALLY_FILLED: _RESTING,
    OrderState.PENDING_REPLACE: {
        **_ENDS,
        OrderEvent.REPLACED: RESTS,
        OrderEvent.REPLACE_REJECTED: RESTS,
        OrderEvent.CANCEL_ASKED: OrderState.PENDING_CANCEL,
        OrderEvent.TIMED_OUT: OrderState.PENDING_CANCEL,
    },
    OrderState.PENDING_CANCEL: {
        **_ENDS,
        OrderEvent.REJECTED: OrderState.REJECTED,
        OrderEvent.CANCEL_REJECTED: OrderState.CANCELLED,
        OrderEvent.CANCEL_ASKED: OrderState.PENDING_CANCEL,
        OrderEvent.TIMED_OUT: OrderState.PENDING_CANCEL,
    },
    OrderState.FILLED: {},
    OrderState.CANCELLED: {},
    OrderState.REJECTED: {},
    OrderState.EXPIRED: {},
}
"""Where each event leads from each state; from the last four nothing leads on."""

ENDED: Final = frozenset((OrderState.FILLED, OrderState.CANCELLED, OrderState.REJECTED, OrderState.EXPIRED))
"""The states that no order leaves."""
PENDING: Final = frozenset((OrderState.PENDING_NEW, OrderState.PENDING_REPLACE, OrderState.PENDING_CANCEL))
"""The states in which a request of the sender is unanswered."""


def after(state: OrderState, event: OrderEvent, cumulative_lots: Lots) -> OrderState:
    """The state after an event, with so much of the order filled; the same where the table does not name it."""
    leads = TABLE[state]
    if event not in leads:
        return state
    to = leads[event]
    if to is not RESTS:
        return to
    return OrderState.PARTIALLY_FILLED if cumulative_lots else OrderState.NEW
