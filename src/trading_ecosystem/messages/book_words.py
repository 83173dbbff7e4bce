"""The words of an order book: what it is told, what it answers with, and one level of its depth.

They stand apart from the other words of an order so that a book used alone loads no more than it says. ``orders`` and
``exchange`` offer them too.
"""

from __future__ import annotations

import enum

from trading_ecosystem.messages.base import Row
from trading_ecosystem.messages.units import Lots, Ticks


class Side(enum.StrEnum):
    """FIX Side (54)."""

    BUY = "buy"
    SELL = "sell"


class TimeInForce(enum.StrEnum):
    """FIX TimeInForce (59)."""

    GOOD_TILL_CANCEL = "good_till_cancel"
    IMMEDIATE_OR_CANCEL = "immediate_or_cancel"
    FILL_OR_KILL = "fill_or_kill"
    DAY = "day"
    """Until the trading day ends."""
    GOOD_TILL_DATE = "good_till_date"
    """Until ``expires_at``."""
    AT_THE_OPENING = "at_the_opening"
    """For the opening auction alone."""
    AT_THE_CLOSE = "at_the_close"
    """For the closing auction alone."""


class SelfTradePrevention(enum.StrEnum):
    """What happens where an order would trade with one of its own account (FIX SelfMatchPreventionInstruction 2964)."""

    NONE = "none"
    """They trade."""
    CANCEL_NEWEST = "cancel_newest"
    """The rest of the incoming order is cancelled."""
    CANCEL_OLDEST = "cancel_oldest"
    """The resting order is cancelled, and the incoming one goes on."""
    CANCEL_BOTH = "cancel_both"
    """Both are cancelled."""
    DECREMENT_AND_CANCEL = "decrement_and_cancel"
    """Both are reduced by the smaller of the two; the one that has nothing left is cancelled."""


class RejectReason(enum.StrEnum):
    """Why a venue refuses an order or a replacement; checked in this order, the first that applies is said."""

    UNKNOWN_ACCOUNT = "unknown_account"
    ACCOUNT_SUSPENDED = "account_suspended"
    """A suspended account may cancel and nothing else."""
    ACCOUNT_CLOSED = "account_closed"
    KYC_INCOMPLETE = "kyc_incomplete"
    """The venue asks for a verified customer, and this one is not."""
    RATE_LIMITED = "rate_limited"
    """Too many messages; the refusal says when to try again."""
    UNKNOWN_INSTRUMENT = "unknown_instrument"
    INVALID_CLIENT_ORDER_ID = "invalid_client_order_id"
    DUPLICATE_CLIENT_ORDER_ID = "duplicate_client_order_id"
    DUPLICATE_ORDER_ID = "duplicate_order_id"
    UNKNOWN_ORDER = "unknown_order"
    """There is no order of this name to replace."""
    ORDER_ENDED = "order_ended"
    """The order to replace is filled, cancelled or was refused."""
    INVALID_QUANTITY = "invalid_quantity"
    """Not positive, too large, too small, or not a whole number of round lots."""
    INVALID_PRICE = "invalid_price"
    """Not positive, too high, or not on a tick of the instrument's tick table."""
    INVALID_NOTIONAL = "invalid_notional"
    """Price times quantity is below the instrument's minimum or above its maximum."""
    INVALID_TIME_IN_FORCE = "invalid_time_in_force"
    INVALID_TERMS = "invalid_terms"
    WRONG_PHASE = "wrong_phase"
    PRICE_OUTSIDE_BAND = "price_outside_band"
    SPREAD_TOO_WIDE = "spread_too_wide"
    """A market order, while the spread is wider than the instrument's maximum."""
    NO_LIQUIDITY = "no_liquidity"
    POST_ONLY_WOULD_TAKE = "post_only_would_take"
    FILL_OR_KILL_UNFILLABLE = "fill_or_kill_unfillable"
    MINIMUM_QUANTITY_UNFILLABLE = "minimum_quantity_unfillable"
    SELF_TRADE = "self_trade"
    WOULD_INCREASE_POSITION = "would_increase_position"
    """Of a reduce-only order."""
    INSUFFICIENT_CLAIM = "insufficient_claim"
    BOOK_FULL = "book_full"
    LIST_REFUSED = "list_refused"
    """Another order of its list was refused."""
    EXCHANGE_OPTION = "exchange_option"
    """The venue does not take it, for a reason of its own (FIX OrdRejReason 0)."""


class CancelReason(enum.StrEnum):
    """Why the rest of an order left the book."""

    REQUESTED = "requested"
    IMMEDIATE_OR_CANCEL = "immediate_or_cancel"
    MARKET_REMAINDER = "market_remainder"
    SELF_TRADE = "self_trade"
    EXPIRED = "expired"
    """Its day, or the date that it was good till, is over."""
    AUCTION_ENDED = "auction_ended"
    """The auction that it was for is over."""
    CONTINGENCY = "contingency"
    """Another order of its list traded, was triggered or left."""
    PRICE_BAND = "price_band"
    """The rest of it could have traded only outside the price band."""
    POSITION = "position"
    """A reduce-only order had no position left to reduce."""
    NOT_ADMITTED = "not_admitted"
    """A waiting order's turn came, and the book refused it."""
    HALTED = "halted"
    """Trading was halted or closed while it was to trade at once."""
    MASS_CANCEL = "mass_cancel"
    DISCONNECTED = "disconnected"
    """Its owner's connection was lost."""
    ACCOUNT_RESTRICTED = "account_restricted"
    """Its account was suspended or closed."""
    LIQUIDATION = "liquidation"
    """Its account fell below the maintenance margin, and all its orders were cancelled."""


class Level(Row, frozen=True, gc=False, array_like=True):
    """One price level of a depth message: ``[price_ticks, quantity_lots]``."""

    price_ticks: Ticks
    quantity_lots: Lots
