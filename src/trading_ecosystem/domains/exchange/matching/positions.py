"""Reduce-only orders: how many lots each may still have, so that together they never turn a position around.

The venue says an owner's position (long positive) whenever it has changed (:meth:`Positions.changed`); until then a fill of a
reduce-only order moves it here, so that what one command sets off does not reduce the same position twice.

- A reduce-only order in the book counts against the position: all those of one owner and side together have at most its
  lots, the oldest first. A new one gets what the older ones leave, and is refused (``WOULD_INCREASE_POSITION``) where they
  leave nothing.
- One that waits beside the book (a stop, say) has at most the position's lots, whatever the others have.
- One that was triggered goes before those in the book: they make room, the youngest first.
- As a position shrinks, those in the book lose lots, the youngest first, and those that wait are capped; at 0 they are
  cancelled (``POSITION``). Nothing grows again when the position does.
- The later orders of a list are looked at when they are entered, not before: their position does not exist yet.
"""

from __future__ import annotations

from typing import Final

from trading_ecosystem.domains.exchange.matching.kept_orders import KeptOrder, WaitingFor
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import Lots

_BUY: Final = Side.BUY


class Positions:
    """Positions as far as they are known, and the reduce-only orders."""

    __slots__ = ("_lots", "_orders")

    def __init__(self) -> None:
        self._lots: dict[int, Lots] = {}
        self._orders: dict[tuple[int, Side], dict[int, KeptOrder]] = {}

    def add(self, kept: KeptOrder) -> None:
        """A reduce-only order came."""
        self._orders.setdefault((kept.new.owner, kept.new.side), {})[kept.new.order_id] = kept

    def remove(self, kept: KeptOrder) -> None:
        """A reduce-only order left."""
        key = (kept.new.owner, kept.new.side)
        del self._orders[key][kept.new.order_id]
        if not self._orders[key]:
            del self._orders[key]

    def concern(self, owner: int) -> bool:
        """Whether an owner has reduce-only orders."""
        return (owner, _BUY) in self._orders or (owner, Side.SELL) in self._orders

    def changed(self, owner: int, lots: Lots) -> None:
        """The venue says a position."""
        if lots:
            self._lots[owner] = lots
        else:
            self._lots.pop(owner, None)

    def filled(self, kept: KeptOrder, lots: Lots) -> None:
        """A reduce-only order traded."""
        owner = kept.new.owner
        self.changed(owner, self._lots.get(owner, 0) + (lots if kept.new.side is _BUY else -lots))

    def reducible(self, owner: int, side: Side) -> Lots:
        """How many lots an order of this side could take off a position."""
        lots = self._lots.get(owner, 0)
        return max(0, -lots if side is _BUY else lots)

    def room(self, owner: int, side: Side, order_id: int) -> Lots:
        """What a new reduce-only order may have beside the others in the book."""
        return self.reducible(owner, side) - sum(
            each.leaves_lots for each in self._of(owner, side) if each.rests and each.new.order_id != order_id
        )

    def cuts(self, owner: int, side: Side, first_id: int | None = None) -> list[tuple[KeptOrder, Lots]]:
        """What orders have too many of, in the order in which they lose it; ``first_id`` goes before all others."""
        cap = self.reducible(owner, side)
        left = cap
        found: list[tuple[KeptOrder, Lots]] = []
        for each in sorted(self._of(owner, side), key=lambda kept: (kept.new.order_id != first_id, kept.sequence)):
            if each.waits_for is WaitingFor.PARENT:
                continue
            allowed = min(each.leaves_lots, left if each.rests else cap)
            if each.rests:
                left -= allowed
            if allowed < each.leaves_lots:
                found.append((each, each.leaves_lots - allowed))
        found.reverse()
        return found

    def _of(self, owner: int, side: Side) -> list[KeptOrder]:
        return list(self._orders.get((owner, side), {}).values())
