"""The words of an order: sides, kinds, times in force, states and reasons. FIX's, in whole Python words."""

from __future__ import annotations

import enum

from trading_ecosystem.messages.base import Row
from trading_ecosystem.messages.book_words import CancelReason as CancelReason
from trading_ecosystem.messages.book_words import RejectReason as RejectReason
from trading_ecosystem.messages.book_words import SelfTradePrevention as SelfTradePrevention
from trading_ecosystem.messages.book_words import Side as Side
from trading_ecosystem.messages.book_words import TimeInForce as TimeInForce
from trading_ecosystem.messages.units import Lots, Nanos, Ticks


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
