"""The phases of one instrument's market: which follows which, and what is admitted in each.

``FOLLOWS`` and ``ADMITS`` are the truth; ``docs/orders.md`` shows them, and a test holds it equal.

Leaving a call phase (pre-open, an auction) for continuous trading or for the close ends with the uncross. A halt keeps the
book as it is, crossed or not; trading resumes through a volatility auction, or directly, and then what is crossed is
uncrossed first.
"""

from __future__ import annotations

import enum
from typing import Final

from trading_ecosystem.domains.exchange.matching.matching_parameters import MatchingParameters
from trading_ecosystem.messages.orders import TradingPhase
from trading_ecosystem.messages.units import Nanos

_CLOSED: Final = TradingPhase.CLOSED
_PRE_OPEN: Final = TradingPhase.PRE_OPEN
_OPENING: Final = TradingPhase.OPENING_AUCTION
_CONTINUOUS: Final = TradingPhase.CONTINUOUS
_VOLATILITY: Final = TradingPhase.VOLATILITY_AUCTION
_CLOSING: Final = TradingPhase.CLOSING_AUCTION
_HALTED: Final = TradingPhase.HALTED

FOLLOWS: Final[dict[TradingPhase, tuple[TradingPhase, ...]]] = {
    _CLOSED: (_PRE_OPEN, _CONTINUOUS),
    _PRE_OPEN: (_OPENING, _HALTED, _CLOSED),
    _OPENING: (_CONTINUOUS, _HALTED),
    _CONTINUOUS: (_VOLATILITY, _CLOSING, _HALTED, _CLOSED),
    _VOLATILITY: (_CONTINUOUS, _CLOSING, _HALTED),
    _CLOSING: (_CLOSED, _HALTED),
    _HALTED: (_PRE_OPEN, _CONTINUOUS, _VOLATILITY, _CLOSING, _CLOSED),
}
"""What may follow each phase."""

CALL_PHASES: Final = (_PRE_OPEN, _OPENING, _VOLATILITY, _CLOSING)
"""Orders are taken and nothing trades."""
AUCTIONS: Final = (_OPENING, _VOLATILITY, _CLOSING)
"""Call phases that end in an uncross; a pre-open leads into the opening auction."""


class Entry(enum.StrEnum):
    """What somebody may want of a market."""

    CANCEL = "cancel"
    REPLACE = "replace"
    LIMIT = "limit"
    """A limit order that may rest, icebergs, hidden and post-only ones among them."""
    AT_ONCE = "at_once"
    """Immediate or cancel, fill or kill, a minimum quantity."""
    MARKET = "market"
    """A market order that trades at once, and in a call phase one for its auction."""
    WAITING = "waiting"
    """Stop, stop-limit, trailing stop, market-if-touched, all-or-none, pegged, and a list's later orders."""
    AT_THE_OPENING = "at_the_opening"
    AT_THE_CLOSE = "at_the_close"


_TAKEN: Final = (Entry.CANCEL, Entry.REPLACE, Entry.LIMIT, Entry.WAITING)

ADMITS: Final[dict[TradingPhase, tuple[Entry, ...]]] = {
    _CLOSED: (Entry.CANCEL,),
    _PRE_OPEN: (*_TAKEN, Entry.MARKET, Entry.AT_THE_OPENING, Entry.AT_THE_CLOSE),
    _OPENING: (*_TAKEN, Entry.MARKET, Entry.AT_THE_OPENING, Entry.AT_THE_CLOSE),
    _CONTINUOUS: (*_TAKEN, Entry.AT_ONCE, Entry.MARKET, Entry.AT_THE_CLOSE),
    _VOLATILITY: (*_TAKEN, Entry.MARKET, Entry.AT_THE_CLOSE),
    _CLOSING: (*_TAKEN, Entry.MARKET, Entry.AT_THE_CLOSE),
    _HALTED: (Entry.CANCEL,),
}
"""What is admitted in each phase; anything else is ``WRONG_PHASE``."""


def length_of(phase: TradingPhase, parameters: MatchingParameters) -> Nanos:
    """How long a phase lasts if nothing else ends it; 0 for any time."""
    if phase is _OPENING:
        return parameters.opening_auction_ns
    if phase is _VOLATILITY:
        return parameters.volatility_auction_ns
    return parameters.closing_auction_ns if phase is _CLOSING else 0


def following(phase: TradingPhase) -> TradingPhase:
    """What an auction leads to when its time is over."""
    return _CLOSED if phase is _CLOSING else _CONTINUOUS
