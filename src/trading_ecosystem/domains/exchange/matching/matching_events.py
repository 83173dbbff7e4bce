"""What the matching says beside the events of the book (:mod:`..book.book_events`), in the order in which it happened."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from trading_ecosystem.domains.exchange.book.book_events import BookEvent
from trading_ecosystem.domains.exchange.matching.kept_orders import WaitingFor
from trading_ecosystem.messages.orders import TradingPhase
from trading_ecosystem.messages.units import Lots, Nanos, Ticks


class Parked(msgspec.Struct, frozen=True, gc=False):
    """An order is live and waits beside the book; ``price_ticks`` is the stop price it waits for, else 0."""

    order_id: int
    leaves_lots: Lots
    waits_for: WaitingFor
    price_ticks: Ticks = 0


class Triggered(msgspec.Struct, frozen=True, gc=False):
    """A trade at ``trade_ticks`` reached an order's stop price: what follows is the order it turned into."""

    order_id: int
    stop_price_ticks: Ticks
    trade_ticks: Ticks


class Activated(msgspec.Struct, frozen=True, gc=False):
    """The first order of a list has traded, and this one of the others is entered with so many lots."""

    order_id: int
    leaves_lots: Lots


class Crossed(msgspec.Struct, frozen=True, gc=False):
    """Two orders traded in an auction: neither of them was the taker."""

    buy_id: int
    sell_id: int
    price_ticks: Ticks
    lots: Lots
    buy_leaves_lots: Lots
    sell_leaves_lots: Lots


class AuctionUncrossed(msgspec.Struct, frozen=True, gc=False):
    """An auction ended: what traded at which price (0 and 0: nothing), and the surplus of buyers (+) or sellers (-) there."""

    phase: TradingPhase
    price_ticks: Ticks
    lots: Lots
    surplus_lots: Lots


class PhaseChanged(msgspec.Struct, frozen=True, gc=False):
    """The market went from one phase into another, which ends by itself at ``ends_at`` (0: it does not)."""

    before: TradingPhase
    after: TradingPhase
    ends_at: Nanos = 0


class VolatilityInterruption(msgspec.Struct, frozen=True, gc=False):
    """The next trade would be (or, past the matching, one was) at ``price_ticks``, outside of the band."""

    price_ticks: Ticks
    low_ticks: Ticks
    high_ticks: Ticks


class AuctionExtended(msgspec.Struct, frozen=True, gc=False):
    """A volatility auction goes on, since it would have ended at ``price_ticks``, outside of the static band."""

    price_ticks: Ticks
    ends_at: Nanos


MatchingEvent: TypeAlias = (
    BookEvent
    | Parked
    | Triggered
    | Activated
    | Crossed
    | AuctionUncrossed
    | PhaseChanged
    | VolatilityInterruption
    | AuctionExtended
)
