"""What the venue does about everything that its books and their matching say of orders: claims move, accounts hear of it.

Each event is dealt with in the order in which it happened. Orders with negative numbers are the house's, of which only trades
with named accounts matter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from trading_ecosystem.domains.exchange.book.book_events import BookEvent, Cancelled, Filled, Reduced
from trading_ecosystem.domains.exchange.market import Market
from trading_ecosystem.domains.exchange.matching.matching_events import (
    Activated,
    AuctionExtended,
    AuctionUncrossed,
    Crossed,
    MatchingEvent,
    PhaseChanged,
    Triggered,
    VolatilityInterruption,
)
from trading_ecosystem.domains.exchange.orders.order_checks import make_house_good
from trading_ecosystem.domains.exchange.orders.orders import Order, OrderEvent, OrderTable
from trading_ecosystem.domains.exchange.trades.trade_capture import TradeCapture
from trading_ecosystem.messages import trading_phases
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.exchange import OrderCancelled
from trading_ecosystem.messages.order_handling import OrderRestated, OrderTriggered
from trading_ecosystem.messages.orders import CancelReason, OrderType, Side, TradingPhase
from trading_ecosystem.messages.trading_phases import PhaseReason, TradingPhaseChanged
from trading_ecosystem.messages.units import Lots, Nanos
from trading_ecosystem.ports.component import Later

SaidList = list[Message | Later]

_BUY: Final = Side.BUY
_SELL: Final = Side.SELL
_NOBODY: Final = -1
"""A number in the house's range, of no order in particular."""


class OrderEvents:
    """Turns events of books into what the venue says and does."""

    __slots__ = ("_capture", "_holds", "_orders", "venue")

    def __init__(self, venue: str, orders: OrderTable, capture: TradeCapture) -> None:
        self.venue = venue
        self._orders = orders
        self._holds = capture.holds
        self._capture = capture

    def apply(self, market: Market, events: Sequence[MatchingEvent], now: Nanos, said: SaidList) -> None:
        """Do what follows from each event."""
        self._act(market, events, now, said)
        if market.reducers:
            self.tell_positions(market, now, said)
        self.follow(market)

    def _act(self, market: Market, events: Sequence[MatchingEvent], now: Nanos, said: SaidList) -> None:
        """Do what follows from each event; from some nothing does, such as a pegged order that followed its reference."""
        for event in events:
            act = _ACTS.get(type(event))
            if act is not None:
                act(self, market, event, now, said)

    def tell_positions(self, market: Market, now: Nanos, said: SaidList) -> None:
        """Let the matching know the positions of those with reduce-only orders, and do what follows."""
        positions = self._capture.margin.positions
        for account, owner in market.reducers.items():
            lots = positions.lots(account, market.instrument.symbol)
            self._act(market, market.matching.position_changed(owner, lots, now), now, said)

    def advance(self, market: Market, now: Nanos, said: SaidList) -> None:
        """Bring the background flow up to now, let the matching hear of it, and hold its quotes to what a condition leaves."""
        restraint = market.restraint
        if restraint is None or market.flow.paused:
            market.flow.advance(now, said)
            self.catch_up(market, now, said)
            return
        lifted = restraint.lift(market, now, said)
        if lifted and not market.matching.simple:
            self.observe(market, lifted, now, said)
        market.flow.advance(now, said)
        self.catch_up(market, now, said)
        imposed = restraint.impose(market, said)
        if imposed and not market.matching.simple:
            self.observe(market, imposed, now, said)
        if restraint.idle:
            market.restraint = None

    def catch_up(self, market: Market, now: Nanos, said: SaidList) -> None:
        """Let the matching know of the last trade, which may have been one of the house with itself."""
        last = market.tape.last_ticks
        if last and last != market.matching.last_trade_ticks:
            self.observe(market, [Filled(_NOBODY, _NOBODY, last, 1, 0, 0)], now, said)

    def observe(self, market: Market, events: list[BookEvent], now: Nanos, said: SaidList) -> None:
        """Let the matching hear what others did to the book, and do what follows."""
        make_house_good(market, _BUY, 0)
        self.apply(market, market.matching.observe(events, now), now, said)

    def follow(self, market: Market) -> None:
        """Let the background flow tell the matching what it does, while the matching has to know."""
        market.flow.watcher = None if market.matching.simple else market.watcher

    def leave(self, market: Market, order: Order, reason: CancelReason, said: SaidList) -> None:
        """What is left of an order leaves the venue, and its hold returns."""
        order.happens(OrderEvent.CANCEL)
        del self._orders.open[order.order_id]
        self._holds.follow(market.instrument, order, said)
        asked = order.command
        said.append(
            OrderCancelled(
                self.venue,
                asked.account,
                asked.client_order_id,
                order.order_id,
                asked.instrument,
                order.cumulative_lots,
                order.leaves_lots,
                reason,
            )
        )

    def _filled(self, market: Market, event: Filled, now: Nanos, said: SaidList) -> None:
        taker = self._orders.open.get(event.taker_id)
        assert taker is not None, f"order {event.taker_id} took and is not open"
        self._capture.capture(market.instrument, market.tape, event, taker, taker.command.side, now, said)

    def _crossed(self, market: Market, event: Crossed, now: Nanos, said: SaidList) -> None:
        """A trade of an auction; one of the house with itself is for the tape alone."""
        ids = (event.buy_id, event.sell_id)
        for order_id in ids:
            if order_id < 0:
                market.house.disturbed = True
        if event.buy_id < 0 and event.sell_id < 0:
            market.tape.trade(event.price_ticks, event.lots, None)
            return
        buyer, seller = (self._orders.open.get(order_id) for order_id in ids)
        if buyer is not None and seller is not None and buyer.command.account == seller.command.account:
            self._not_with_itself(market, buyer, event.buy_leaves_lots, said)
            self._not_with_itself(market, seller, event.sell_leaves_lots, said)
            return
        self._capture.cross(market.instrument, market.tape, ids, event.price_ticks, event.lots, now, said)

    def _not_with_itself(self, market: Market, order: Order, leaves_lots: Lots, said: SaidList) -> None:
        """In an auction the account would have traded with itself: the lots are taken off the order instead."""
        if leaves_lots:
            self._shrink(market, order, leaves_lots, CancelReason.SELF_TRADE, said)
        else:
            self.leave(market, order, CancelReason.SELF_TRADE, said)

    def _cancelled(self, market: Market, event: Cancelled, now: Nanos, said: SaidList) -> None:
        order = self._orders.open.get(event.order_id)
        if order is None:
            market.house.disturbed = True
            return
        reason = event.reason
        if reason is CancelReason.IMMEDIATE_OR_CANCEL and order.command.order_type in _BECOME_MARKET:
            reason = CancelReason.MARKET_REMAINDER
        self.leave(market, order, reason, said)

    def _reduced(self, market: Market, event: Reduced, now: Nanos, said: SaidList) -> None:
        order = self._orders.open.get(event.order_id)
        if order is None:
            market.house.disturbed = True
            return
        self._shrink(market, order, event.leaves_lots, event.reason, said)

    def _shrink(self, market: Market, order: Order, leaves_lots: Lots, reason: CancelReason, said: SaidList) -> None:
        """An order lost lots without trading them."""
        lost = order.leaves_lots - leaves_lots
        if lost <= 0:
            return
        order.happens(OrderEvent.REPLACE)
        order.leaves_lots = leaves_lots
        order.quantity_lots -= lost
        order.unheld_lots = max(0, order.unheld_lots - lost)
        self._holds.follow(market.instrument, order, said)
        asked = order.command
        said.append(
            OrderRestated(
                self.venue,
                asked.account,
                asked.client_order_id,
                order.order_id,
                asked.instrument,
                order.quantity_lots,
                order.cumulative_lots,
                order.leaves_lots,
                reason,
            )
        )

    def _woken(self, market: Market, event: Triggered | Activated, now: Nanos, said: SaidList) -> None:
        """A waiting order works from now on; one of a list perhaps with fewer lots than it asked for."""
        order = self._orders.open[event.order_id]
        order.happens(OrderEvent.TRIGGER)
        asked = order.command
        said.append(OrderTriggered(self.venue, asked.account, asked.client_order_id, order.order_id, asked.instrument))
        if isinstance(event, Activated):
            self._shrink(market, order, event.leaves_lots, CancelReason.CONTINGENCY, said)

    def _phase_changed(self, market: Market, event: PhaseChanged, now: Nanos, said: SaidList) -> None:
        """The background flow trades in continuous trading alone; everybody hears of the phase."""
        market.flow.paused = event.after is not TradingPhase.CONTINUOUS
        if not market.flow.paused:
            market.flow.resume(now)
        symbol = market.instrument.symbol
        said.append(TradingPhaseChanged(self.venue, symbol, event.after, market.phase_reason, event.ends_at))

    def _interrupted(self, market: Market, event: VolatilityInterruption, now: Nanos, said: SaidList) -> None:
        market.phase_reason = PhaseReason.PRICE_MOVED

    def _extended(self, market: Market, event: AuctionExtended, now: Nanos, said: SaidList) -> None:
        phase = market.matching.phase
        symbol = market.instrument.symbol
        said.append(TradingPhaseChanged(self.venue, symbol, phase, PhaseReason.EXTENDED, event.ends_at))

    def _uncrossed(self, market: Market, event: AuctionUncrossed, now: Nanos, said: SaidList) -> None:
        surplus = event.surplus_lots
        side = None if not surplus else _BUY if surplus > 0 else _SELL
        symbol = market.instrument.symbol
        said.append(
            trading_phases.AuctionUncrossed(self.venue, symbol, event.phase, event.price_ticks, event.lots, abs(surplus), side)
        )


_BECOME_MARKET: Final = (OrderType.MARKET, OrderType.STOP, OrderType.TRAILING_STOP, OrderType.MARKET_IF_TOUCHED)
"""What is cancelled with its rest as a market order is."""

_ACTS: Final[dict[type[Any], Callable[[OrderEvents, Market, Any, Nanos, SaidList], None]]] = {
    Filled: OrderEvents._filled,
    Crossed: OrderEvents._crossed,
    Cancelled: OrderEvents._cancelled,
    Reduced: OrderEvents._reduced,
    Triggered: OrderEvents._woken,
    Activated: OrderEvents._woken,
    PhaseChanged: OrderEvents._phase_changed,
    VolatilityInterruption: OrderEvents._interrupted,
    AuctionExtended: OrderEvents._extended,
    AuctionUncrossed: OrderEvents._uncrossed,
}
