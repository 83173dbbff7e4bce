"""The words of an order: sides, kinds, times in force, states and reasons. FIX's, in whole Python words."""

from __future__ import annotations

import enum

from trading_ecosystem.messages.base import Row
from trading_ecosystem.messages.units import Lots, Nanos, Ticks


class Side(enum.StrEnum):
    """FIX Side (54)."""

    BUY = "buy"
    SELL = "sell"


class OrderType(enum.StrEnum):
    """FIX OrdType (40)."""

    LIMIT = "limit"
    MARKET = "market"
    STOP = "stop"
    """Becomes a market order once a trade reaches its stop price (FIX: Stop)."""
    STOP_LIMIT = "stop_limit"
    """Becomes a limit order once a trade reaches its stop price."""
    TRAILING_STOP = "trailing_stop"
    """A stop whose stop price follows the best trade at a distance of ``trail_ticks``."""
    MARKET_IF_TOUCHED = "market_if_touched"
    """Becomes a market order once a trade reaches its stop price from the other side than a stop's."""
    PEGGED = "pegged"
    """A limit order whose price follows a reference of the book (FIX: Pegged)."""


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


class PegReference(enum.StrEnum):
    """What a pegged order's price follows (FIX PegPriceType 1094)."""

    PRIMARY = "primary"
    """The best price of its own side."""
    MARKET = "market"
    """The best price of the other side."""
    MID = "mid"
    """The middle of both."""


class ContingencyType(enum.StrEnum):
    """How the orders of one list depend on each other (FIX ContingencyType 1385)."""

    ONE_CANCELS_THE_OTHER = "one_cancels_the_other"
    """What one trades, is triggered, or leaves, cancels the others."""
    ONE_TRIGGERS_THE_OTHER = "one_triggers_the_other"
    """The first is entered; once it has traded, the others are."""
    ONE_UPDATES_THE_OTHER = "one_updates_the_other"
    """What one trades is taken off the others."""
    BRACKET = "bracket"
    """An entry triggers a take-profit and a stop-loss order, of which one updates the other."""


class TradingPhase(enum.StrEnum):
    """What an instrument's market is doing (FIX TradingSessionSubID 625)."""

    CLOSED = "closed"
    PRE_OPEN = "pre_open"
    """Orders are taken for the opening auction."""
    OPENING_AUCTION = "opening_auction"
    CONTINUOUS = "continuous"
    VOLATILITY_AUCTION = "volatility_auction"
    """Continuous trading was interrupted, or is resumed after a halt."""
    CLOSING_AUCTION = "closing_auction"
    HALTED = "halted"
    """Nothing but cancelling is admitted."""


class OrderStatus(enum.StrEnum):
    """FIX OrdStatus (39), as far as an order here can reach it."""

    NEW = "new"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


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


class CancelRejectReason(enum.StrEnum):
    """FIX CxlRejReason (102): why a cancel is refused."""

    UNKNOWN_ORDER = "unknown_order"
    TOO_LATE = "too_late"
    RATE_LIMITED = "rate_limited"


class Liquidity(enum.StrEnum):
    """FIX LastLiquidityInd (851)."""

    MAKER = "maker"
    TAKER = "taker"
    AUCTION = "auction"
    """It traded in an auction, where nobody is the taker; it is charged as a maker."""


class OrderTerms(Row, frozen=True, gc=False):
    """The rare terms of an order; each is 0, false or ``None`` where it does not apply."""

    stop_price_ticks: Ticks = 0
    """The trade price that wakes a stop, stop-limit or market-if-touched order (FIX StopPx 99)."""
    trail_ticks: Ticks = 0
    """How far a trailing stop stays behind the best trade (FIX PegOffsetValue 211 of a trailing stop)."""
    peg: PegReference | None = None
    """What a pegged order follows; its price is then a limit, 0 for none."""
    peg_offset_ticks: Ticks = 0
    """Added to the reference; positive is further from the other side for a sell, nearer to it for a buy."""
    display_lots: Lots = 0
    """What an iceberg displays at a time (FIX DisplayQty 1138)."""
    hidden: bool = False
    """Nothing of it is displayed."""
    minimum_lots: Lots = 0
    """What has to trade at once on entry (FIX MinQty 110)."""
    all_or_none: bool = False
    """It trades whole or not at all, and waits beside the book (FIX ExecInst G)."""
    reprice: bool = False
    """A post-only order that would trade rests one tick away from the other side instead of being refused."""
    reduce_only: bool = False
    """It may only bring a position nearer to zero."""
    expires_at: Nanos = 0
    """When a good-till-date order leaves (FIX ExpireTime 126)."""
    self_trade_prevention: SelfTradePrevention | None = None
    """Instead of the venue's own rule."""
