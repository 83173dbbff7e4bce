"""May an order enter its market as that stands now: the checks ``WRONG_PHASE`` to ``BOOK_FULL``, and what it would be held at.

They stand in the order of :class:`~trading_ecosystem.messages.orders.RejectReason`, and the first that applies is said.

- ``WRONG_PHASE``: what the phase does not take (:mod:`..matching.phases`).
- ``PRICE_OUTSIDE_BAND``: a limit beyond a band that rejects.
- ``SPREAD_TOO_WIDE``, ``NO_LIQUIDITY``: market orders alone; a buy without a limit whose bound nothing tells has no liquidity
  either.
- ``SELF_TRADE``: the order would meet an order of exactly the same account among those it trades with, and neither the order
  nor the venue says what is to happen then. Other sub-accounts of the same master are others.
- ``WOULD_INCREASE_POSITION``: a reduce-only buy of a spot pair; a spot sell can only reduce what is there.
- ``BOOK_FULL``: some of the order would rest, and the book has no room.
"""

from __future__ import annotations

from typing import Final

from trading_ecosystem.domains.exchange.book.book import MAXIMUM_LOTS
from trading_ecosystem.domains.exchange.margin.margin import Margin
from trading_ecosystem.domains.exchange.market import Market
from trading_ecosystem.domains.exchange.matching.admission import is_admitted
from trading_ecosystem.domains.exchange.matching.kept_orders import NO_TERMS, NewOrder
from trading_ecosystem.domains.exchange.matching.matching_parameters import BandAction
from trading_ecosystem.domains.exchange.orders.order_holds import OrderHolds
from trading_ecosystem.domains.exchange.orders.orders import Order
from trading_ecosystem.domains.exchange.rules.trading_rules import spread_is_too_wide
from trading_ecosystem.messages.orders import OrderType, RejectReason, SelfTradePrevention, Side, TimeInForce
from trading_ecosystem.messages.units import Lots, Ticks

_BUY: Final = Side.BUY
_SELL: Final = Side.SELL
_AT_ONCE: Final = (TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL)


class OrderChecks:
    """The checks of one venue; ``capacity`` is how many orders may rest in a book."""

    __slots__ = ("_capacity", "_holds", "_margin")

    def __init__(self, capacity: int, holds: OrderHolds, margin: Margin) -> None:
        self._margin = margin
        self._capacity = capacity
        self._holds = holds

    def refused(
        self, market: Market, order: Order, new: NewOrder, rule: SelfTradePrevention, *, later: bool = False
    ) -> RejectReason | None:
        """Why an order is refused; sets the price at which it is held. One that works ``later`` is not asked about the book."""
        reason = self.refused_by_market(market, new)
        if reason is None and not later:
            reason = self.refused_by_book(market, order, new, rule)
        if reason is not None:
            return reason
        if new.terms is not None and new.terms.reduce_only and not later and self._increases(market, order):
            return RejectReason.WOULD_INCREASE_POSITION
        return None

    def _increases(self, market: Market, order: Order) -> bool:
        """Whether an order has no position to reduce; a spot sell always has, since it holds what it sells."""
        bought = order.command.side is _BUY
        if not market.instrument.is_perpetual:
            return bought
        lots = self._margin.positions.lots(order.command.account, market.instrument.symbol)
        return lots >= 0 if bought else lots <= 0

    def lacks_claim(self, market: Market, order: Order) -> bool:
        """Whether the account has not got available what the order has to have held."""
        return not self._holds.affordable(order.command.account, [self._holds.needed(market.instrument, order)])

    def lacks_room(self, market: Market, new: NewOrder) -> bool:
        """Whether some of the order would rest, and the book has no room."""
        limit = new.price_ticks or None
        if limit is None or new.time_in_force in _AT_ONCE or len(market.book) < self._capacity:
            return False
        return market.book.fillable(new.side, new.lots, limit) < new.lots

    def refused_by_market(self, market: Market, new: NewOrder) -> RejectReason | None:
        """Phase and price bands; a perpetual without a mark is in no phase for orders."""
        matching = market.matching
        if market.instrument.is_perpetual and market.instrument.symbol not in self._margin.marks:
            return RejectReason.WRONG_PHASE
        if not is_admitted(new, matching.phase):
            return RejectReason.WRONG_PHASE
        parameters = matching.parameters
        if new.price_ticks and new.order_type is OrderType.LIMIT and parameters.band_action is BandAction.REJECT:
            low, high = matching.price_limits()
            if not low <= new.price_ticks <= high:
                return RejectReason.PRICE_OUTSIDE_BAND
        return None

    def refused_by_book(self, market: Market, order: Order, new: NewOrder, rule: SelfTradePrevention) -> RejectReason | None:
        """What stands on the other side, for an order that trades at once."""
        book, side, lots = market.book, new.side, new.lots
        terms = new.terms or NO_TERMS
        passing = new.order_type is OrderType.MARKET and new.time_in_force in _AT_ONCE
        if passing and spread_is_too_wide(market.rules, book.best(_BUY)[0], book.best(_SELL)[0]):
            return RejectReason.SPREAD_TOO_WIDE
        limit = new.price_ticks or None
        at_once = passing or (new.order_type is OrderType.LIMIT and not terms.all_or_none)
        crossing = at_once and book.crosses(side, limit)
        watched = rule is not SelfTradePrevention.NONE
        make_house_good(market, side, lots if crossing else 0)
        fillable = book.fillable(side, lots, limit, new.owner if watched else 0, rule) if crossing else 0
        if passing and not fillable and not (watched and crossing):
            return RejectReason.NO_LIQUIDITY
        if new.post_only and not terms.reprice and fillable:
            return RejectReason.POST_ONLY_WOULD_TAKE
        if new.time_in_force is TimeInForce.FILL_OR_KILL and at_once and fillable < lots:
            return RejectReason.FILL_OR_KILL_UNFILLABLE
        if terms.minimum_lots and fillable < terms.minimum_lots:
            return RejectReason.MINIMUM_QUANTITY_UNFILLABLE
        if fillable and not watched and not terms.reprice:
            reached = book.reached(side, lots, limit)
            if any(maker.owner == new.owner for maker in reached):
                return RejectReason.SELF_TRADE
        if passing:
            order.hold_price_ticks, found = worst_price(market, side, lots, new.owner)
            order.unheld_lots = lots - found
        elif side is _SELL:
            order.hold_price_ticks = max(new.price_ticks, book.best(_BUY)[0])
        return None


def make_house_good(market: Market, side: Side, lots: Lots) -> None:
    """Leave only those house orders that it can pay for, before ``lots`` trade, and all others that this may set off."""
    if not market.matching.simple:
        market.house.withdraw_unaffordable(_BUY, MAXIMUM_LOTS)
        market.house.withdraw_unaffordable(_SELL, MAXIMUM_LOTS)
    elif lots:
        market.house.withdraw_unaffordable(side, lots)


def worst_price(market: Market, side: Side, lots: Lots, owner: int) -> tuple[Ticks, Lots]:
    """The worst price at which a market order can trade with others, and how many of its lots find somebody."""
    worst, found = 0, 0
    for maker in market.book.standing(_SELL if side is _BUY else _BUY):
        if found >= lots:
            break
        if maker.owner != owner:
            worst = maker.price_ticks
            found += maker.leaves_lots
    return worst, min(found, lots)
