"""Going from one phase into the next: what is uncrossed, what leaves, what enters, in this order.

1. Into continuous trading the book is uncrossed, whatever the phase before was; into the close it is uncrossed out of a
   closing auction alone.
2. What was for an auction that is over leaves (``AUCTION_ENDED``), oldest first: market orders of a call phase, at-the-opening
   orders as soon as trading is continuous or closed, at-the-close orders at the close. At the close day orders leave too
   (``EXPIRED``).
3. The phase changes (``PhaseChanged``). Pegged orders leave the book with continuous trading. Then lists of orders do what
   the auction's trades demand of them.
4. At the beginning of the closing auction the at-the-close orders with a limit enter the book, oldest first; their place in
   time begins there. At the beginning of continuous trading the stops fire that the last trade, the auction's, has reached.

A volatility auction whose price lies outside of the static band goes on for its own length again, at most ``extensions``
times; then it ends at whatever price."""

from __future__ import annotations

from typing import Final

from trading_ecosystem.domains.exchange.matching.cascade import Cascade
from trading_ecosystem.domains.exchange.matching.matching_events import AuctionExtended
from trading_ecosystem.domains.exchange.matching.phases import following
from trading_ecosystem.domains.exchange.matching.price_bands import band
from trading_ecosystem.domains.exchange.matching.uncross import indicative, market_orders, uncross
from trading_ecosystem.messages.orders import CancelReason, OrderType, Side, TimeInForce, TradingPhase

_CLOSED: Final = TradingPhase.CLOSED
_CONTINUOUS: Final = TradingPhase.CONTINUOUS
_CLOSING: Final = TradingPhase.CLOSING_AUCTION
_VOLATILITY: Final = TradingPhase.VOLATILITY_AUCTION


def change(cascade: Cascade, phase: TradingPhase) -> None:
    """Go into a phase that may follow the present one."""
    cascade.hold()
    if phase is _CONTINUOUS or (phase is _CLOSED and cascade.phase is _CLOSING):
        uncross(cascade)
    if phase in (_CONTINUOUS, _CLOSED):
        _end_auction(cascade, phase)
    if phase is _VOLATILITY:
        cascade.extensions = 0
    cascade.go_to(phase)
    cascade.release()
    if phase is _CLOSING:
        for kept in list(cascade.at_auction.values()):
            if kept.new.order_type is not OrderType.MARKET and kept.new.order_id in cascade.kept:
                cascade.unpark(kept)
                cascade.enter(kept, fresh=False)
                cascade.drain()
    elif phase is _CONTINUOUS and cascade.bounded.last_trade_ticks:
        cascade.due.update(dict.fromkeys(cascade.triggers.traded(cascade.bounded.last_trade_ticks)))


def end_phase(cascade: Cascade) -> None:
    """The time of an auction is over: it ends, or goes on."""
    parameters = cascade.parameters
    if cascade.phase is _VOLATILITY and cascade.extensions < parameters.extensions:
        low, high = band(cascade.bounded.reference_ticks, parameters.static_band_ppm)
        price = indicative(cascade).price_ticks
        if price and not low <= price <= high:
            cascade.extensions += 1
            cascade.phase_ends_at = cascade.now + parameters.volatility_auction_ns
            cascade.events.append(AuctionExtended(price, cascade.phase_ends_at))
            return
    change(cascade, following(cascade.phase))


def _end_auction(cascade: Cascade, phase: TradingPhase) -> None:
    """Let everything leave that was for an auction, or a day, that is over."""
    over = [*market_orders(cascade, Side.BUY), *market_orders(cascade, Side.SELL)]
    gone = (TimeInForce.AT_THE_OPENING, TimeInForce.AT_THE_CLOSE, TimeInForce.DAY)
    over += [
        kept
        for kept in cascade.kept.values()
        if kept.new.time_in_force in (gone if phase is _CLOSED else gone[:1])
        or (phase is _CLOSED and kept.new.order_id in cascade.at_auction)
    ]
    over.sort(key=lambda kept: kept.sequence)
    for kept in over:
        if kept.new.order_id in cascade.kept:
            day = kept.new.time_in_force is TimeInForce.DAY and kept.new.order_type is not OrderType.MARKET
            cascade.leave(kept.new.order_id, CancelReason.EXPIRED if day else CancelReason.AUCTION_ENDED)
    cascade.drain()
