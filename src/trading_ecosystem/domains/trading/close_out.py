"""Closing out: an emergency, in which the engine brings every position of its strategies to flat by itself.

It lasts while the firm's trading state is ``liquidating``. Every ``EVERY`` the engine sends, for each position that is not flat
and has no such order out, one immediate-or-cancel order against it, up to ``SLIPPAGE_PPM`` beyond the best price; half as
much, and half again, where the claim or the order limit does not allow the whole, and reduce-only where the venue knows that.
Nothing else holds such an order back, least of all the state itself. After ``ATTEMPTS`` it gives up. For every position it
says how that ended. Strategies go on, are not told of these orders, and have their own withheld.

What is closed is what strategies traded. What the firm holds beside that, its capital and what it ordered through another
door, is nobody's position here and stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import structs

from trading_ecosystem.domains.trading.crossing import cross
from trading_ecosystem.domains.trading.desk import CLOSE_OUT, Desk, SaidList
from trading_ecosystem.domains.trading.intentions import Place
from trading_ecosystem.domains.trading.portfolio import Position
from trading_ecosystem.domains.trading.timers import CloseOutDue
from trading_ecosystem.messages.orders import OrderTerms, Side
from trading_ecosystem.messages.trading import CloseOutOutcome, PositionCloseOutEnded, WithheldReason
from trading_ecosystem.messages.trading_state import TradingState, TradingStateChanged
from trading_ecosystem.messages.units import INSTRUMENTS, PARTS_PER_MILLION, SECOND, Nanos, PartsPerMillion
from trading_ecosystem.ports.component import Later

EVERY: Final[Nanos] = 5 * SECOND
ATTEMPTS: Final = 60
"""Five minutes of them."""
SLIPPAGE_PPM: Final[PartsPerMillion] = PARTS_PER_MILLION // 100

_TOO_MUCH: Final = (WithheldReason.INSUFFICIENT_CLAIM, WithheldReason.ORDER_NOTIONAL)
"""Reasons that a smaller order may not have."""


class CloseOut:
    """The emergency that is under way, if one is. ``since`` is when the state that asked for it was set."""

    def __init__(self) -> None:
        self.since: Nanos | None = None
        self.attempts = 0
        self.open: dict[tuple[str, str, str], int] = {}
        """Orders sent so far for each position that is being closed: its strategy, venue and instrument."""

    def state_changed(self, message: TradingStateChanged, desks: Mapping[str, Desk], now: Nanos) -> SaidList:
        """Close everything, where that is under way with all attempts anew; or call it off."""
        if message.state is not TradingState.LIQUIDATING:
            return self._end(desks, CloseOutOutcome.CALLED_OFF)
        self.since, self.attempts = message.changed_at, 0
        return self._attempt(desks, now)

    def due(self, message: CloseOutDue, desks: Mapping[str, Desk], now: Nanos) -> SaidList:
        """The next attempt, if nothing has come between."""
        return self._attempt(desks, now) if (message.since, message.attempt) == (self.since, self.attempts) else []

    def _attempt(self, desks: Mapping[str, Desk], now: Nanos) -> SaidList:
        said: SaidList = []
        for desk in desks.values():
            for position in desk.portfolio.positions.values():
                self._look(desk, position, said, now)
        if not self.open and not any(desk.orders.working for desk in desks.values()):
            return [*said, *self._end(desks, CloseOutOutcome.FLAT)]
        if self.attempts == ATTEMPTS:
            return [*said, *self._end(desks, CloseOutOutcome.OUT_OF_ATTEMPTS)]
        assert self.since is not None
        self.attempts += 1
        said.append(Later(CloseOutDue(self.since, self.attempts), now + EVERY))
        return said

    def _look(self, desk: Desk, position: Position, said: SaidList, now: Nanos) -> None:
        """Say that a position is flat, or send an order that brings it there."""
        key = (desk.name, position.venue, position.instrument)
        if any(_closes(order.label, order.venue, order.instrument, position) for order in desk.orders.working.values()):
            return
        if not position.lots:
            if key in self.open:
                said.append(_ended(desk, position, self.open.pop(key), CloseOutOutcome.FLAT))
            return
        self.open.setdefault(key, 0)
        place = _order(desk, position) if self.attempts < ATTEMPTS else None
        if place is not None:
            self.open[key] += 1
            desk.send(place, said, now)

    def _end(self, desks: Mapping[str, Desk], outcome: CloseOutOutcome) -> SaidList:
        said: SaidList = []
        for (name, venue, instrument), sent in self.open.items():
            said.append(_ended(desks[name], desks[name].portfolio.position(venue, instrument), sent, outcome))
        self.since = None
        self.open.clear()
        return said


def _closes(label: str, venue: str, instrument: str, position: Position) -> bool:
    return label == CLOSE_OUT and (venue, instrument) == (position.venue, position.instrument)


def _order(desk: Desk, position: Position) -> Place | None:
    """The largest order that may be sent, of all, half, a quarter … of the position; ``None`` where none may."""
    side = Side.SELL if position.lots > 0 else Side.BUY
    lots = abs(position.lots)
    while lots:
        for crossing in cross(desk.view, position.venue, position.instrument, side, lots, SLIPPAGE_PPM):
            terms = OrderTerms(reduce_only=True) if INSTRUMENTS[position.instrument].is_perpetual else None
            place = structs.replace(crossing, label=CLOSE_OUT, terms=terms)
            reason = desk.limits.withholds(place, desk.account, desk.orders, desk.portfolio, running=True, closes_out=True)
            if reason is None:
                return place
            if reason not in _TOO_MUCH:
                return None
        lots //= 2
    return None


def _ended(desk: Desk, position: Position, orders: int, outcome: CloseOutOutcome) -> PositionCloseOutEnded:
    return PositionCloseOutEnded(
        account=desk.account,
        strategy=desk.name,
        venue=position.venue,
        instrument=position.instrument,
        position_lots=position.lots,
        orders_sent=orders,
        outcome=outcome,
    )
