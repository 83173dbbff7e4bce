"""An order as the matching takes it, and what the matching keeps of one that is more than the book can know."""

from __future__ import annotations

import enum
from typing import Final

import msgspec

from trading_ecosystem.messages.orders import OrderTerms, OrderType, SelfTradePrevention, Side, TimeInForce
from trading_ecosystem.messages.units import Lots, Ticks

NO_TERMS: Final = OrderTerms()
"""The terms of an order that has no rare ones."""


class NewOrder(msgspec.Struct, frozen=True, gc=False):
    """An order to be placed. ``price_ticks`` is its limit: 0 for a market order, and for a pegged one without a limit."""

    order_id: int
    owner: int
    side: Side
    lots: Lots
    price_ticks: Ticks = 0
    order_type: OrderType = OrderType.LIMIT
    time_in_force: TimeInForce = TimeInForce.GOOD_TILL_CANCEL
    post_only: bool = False
    self_trade: SelfTradePrevention = SelfTradePrevention.NONE
    terms: OrderTerms | None = None


class WaitingFor(enum.StrEnum):
    """What an order beside the book waits for."""

    TRIGGER = "trigger"
    """A trade that reaches its stop price."""
    WHOLE = "whole"
    """All or none: enough on the other side to trade whole."""
    REFERENCE = "reference"
    """Pegged: a price to follow."""
    AUCTION = "auction"
    """The auction it is for, or, a market order in a call phase, the end of that phase."""
    PARENT = "parent"
    """The order of its list that has to trade first."""


class KeptOrder(msgspec.Struct, gc=False):
    """An order that the matching keeps an eye on: one beside the book, or one in it that is more than an ordinary order.

    ``limit_ticks`` is what its owner allows (0: any price), ``price_ticks`` where it stands in the book if it does.
    ``sequence`` is its age among the kept ones. ``extreme_ticks`` is the best trade that a trailing stop has seen.
    ``group`` is the number of its list, 0 for none. A stop that was triggered is ``awake``: it is what it turned into.
    """

    new: NewOrder
    sequence: int
    leaves_lots: Lots
    limit_ticks: Ticks
    price_ticks: Ticks = 0
    waits_for: WaitingFor | None = None
    stop_price_ticks: Ticks = 0
    extreme_ticks: Ticks = 0
    group: int = 0
    traded_lots: Lots = 0
    awake: bool = False

    @property
    def terms(self) -> OrderTerms:
        """Its rare terms, or those that say nothing."""
        return self.new.terms or NO_TERMS

    @property
    def rests(self) -> bool:
        """Whether it stands in the book."""
        return self.waits_for is None

    @property
    def self_trade(self) -> SelfTradePrevention:
        """Its own instruction, or the venue's rule."""
        return self.terms.self_trade_prevention or self.new.self_trade
