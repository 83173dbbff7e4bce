"""Where the orders of one instrument are kept that are more than the book can know, and what of them waits for what."""

from __future__ import annotations

from typing import Final

from trading_ecosystem.domains.exchange.book.ladder import NO_ABOVE, NO_BELOW
from trading_ecosystem.domains.exchange.matching.contingencies import Contingencies
from trading_ecosystem.domains.exchange.matching.expiry import Expiries
from trading_ecosystem.domains.exchange.matching.kept_orders import KeptOrder, NewOrder, WaitingFor
from trading_ecosystem.domains.exchange.matching.matching_events import MatchingEvent, Parked
from trading_ecosystem.domains.exchange.matching.pegs import Pegs
from trading_ecosystem.domains.exchange.matching.positions import Positions
from trading_ecosystem.domains.exchange.matching.triggers import Triggers
from trading_ecosystem.messages.orders import Side, TimeInForce
from trading_ecosystem.messages.units import Nanos, Ticks

_BUY: Final = Side.BUY
_LASTING: Final = (
    TimeInForce.DAY,
    TimeInForce.GOOD_TILL_DATE,
    TimeInForce.AT_THE_OPENING,
    TimeInForce.AT_THE_CLOSE,
)


class OrderRoom:
    """Every kept order by number, oldest first, and the tables in which it stands beside that."""

    # fmt: off
    __slots__ = (
        "_nearest", "_sequence", "at_auction", "due", "events", "expiries", "kept", "lists", "now", "pegs", "positions",
        "triggers", "watched", "whole",
    )
    # fmt: on

    def __init__(self) -> None:
        self.now: Nanos = 0
        self.events: list[MatchingEvent] = []
        self.kept: dict[int, KeptOrder] = {}
        self.triggers = Triggers()
        self.due: dict[int, None] = {}
        """Orders that a trade has triggered and that have not been entered yet, the next one first."""
        self.whole: dict[int, KeptOrder] = {}
        """All-or-none orders, oldest first."""
        self.at_auction: dict[int, KeptOrder] = {}
        """Orders that wait for an auction, oldest first."""
        self.pegs = Pegs()
        self.lists = Contingencies()
        self.positions = Positions()
        self.expiries = Expiries()
        self.watched: dict[int, KeptOrder] = {}
        """Orders in the book whose trades concern others at once: members of lists and reduce-only ones."""
        self._sequence = 0
        self._nearest: tuple[Ticks, Ticks] | None = None

    def keep(self, new: NewOrder, group: int = 0) -> KeptOrder:
        """Keep a new order; it goes nowhere yet."""
        self._sequence += 1
        kept = KeptOrder(new, self._sequence, new.lots, new.price_ticks, group=group)
        if group:
            kept.waits_for = WaitingFor.PARENT
        terms = kept.terms
        kept.stop_price_ticks = terms.stop_price_ticks
        self.kept[new.order_id] = kept
        if terms.expires_at:
            self.expiries.add(new.order_id, kept.sequence, terms.expires_at)
        if terms.reduce_only:
            self.positions.add(kept)
        return kept

    def renew(self, kept: KeptOrder) -> None:
        """An order loses its place in time among those beside the book."""
        self._sequence += 1
        kept.sequence = self._sequence

    def park(self, kept: KeptOrder, waits_for: WaitingFor) -> None:
        """An order waits beside the book."""
        kept.waits_for = waits_for
        self._unwatch(kept.new.order_id)
        if waits_for is WaitingFor.AUCTION:
            self.at_auction[kept.new.order_id] = kept
        stop = kept.stop_price_ticks if waits_for is WaitingFor.TRIGGER else 0
        self.events.append(Parked(kept.new.order_id, kept.leaves_lots, waits_for, stop))

    def unpark(self, kept: KeptOrder) -> None:
        """An order does not wait any longer, wherever it waited."""
        order_id = kept.new.order_id
        if kept.waits_for is WaitingFor.TRIGGER:
            if order_id in self.due:
                del self.due[order_id]
            else:
                self.triggers.remove(kept)
        elif kept.waits_for is WaitingFor.WHOLE:
            del self.whole[order_id]
        elif kept.waits_for is WaitingFor.AUCTION:
            del self.at_auction[order_id]
        kept.waits_for = None

    def rested(self, kept: KeptOrder) -> None:
        """An order rests in the book: forget it if from now on it is like any other there."""
        order_id, terms = kept.new.order_id, kept.terms
        self._unwatch(order_id)
        if (kept.group and self.lists.is_list_of(kept)) or terms.reduce_only:
            self.watched[order_id] = kept
            self._nearest = None
        elif not (terms.expires_at or terms.peg or kept.new.time_in_force in _LASTING):
            del self.kept[order_id]

    def forget(self, kept: KeptOrder) -> None:
        """An order is no more."""
        order_id = kept.new.order_id
        del self.kept[order_id]
        self.unpark(kept)
        self.expiries.remove(order_id)
        if kept.terms.reduce_only:
            self.positions.remove(kept)
        self.pegs.remove(order_id)
        self._unwatch(order_id)

    def _unwatch(self, order_id: int) -> None:
        """Nobody else is concerned by an order's trades any more."""
        if self.watched.pop(order_id, None) is not None:
            self._nearest = None

    def concerned(self) -> tuple[Ticks, Ticks]:
        """A trade at or below the first price, or at or above the second, concerns somebody here."""
        if self._nearest is None:
            bids = [kept.price_ticks for kept in self.watched.values() if kept.new.side is _BUY]
            asks = [kept.price_ticks for kept in self.watched.values() if kept.new.side is not _BUY]
            self._nearest = (max(bids, default=NO_BELOW), min(asks, default=NO_ABOVE))
        below, above = self._nearest
        return (max(below, self.triggers.below()), min(above, self.triggers.above())) if self.triggers else (below, above)
