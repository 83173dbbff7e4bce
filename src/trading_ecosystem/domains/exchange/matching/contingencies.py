"""Lists of orders that depend on each other: what follows for the others when something happens to one of them.

========================  =========================  ====================  ===================  =========================
list                      one trades a part          one trades whole      one is triggered     one leaves untraded
========================  =========================  ====================  ===================  =========================
one cancels the other     the others are cancelled   the same              the same             the same
one updates the other     the others lose as many    the same              the others are       the others are cancelled
                          lots; where nothing is                           cancelled
                          left they are cancelled
one triggers the other    nothing                    the others are        nothing              without any trade the
(of the first order)                                 entered in full                            others are cancelled;
                                                                                                else they are entered with
                                                                                                at most what it traded
========================  =========================  ====================  ===================  =========================

A *bracket* is as one triggers the other until the entry has traded; from then on its take-profit and its stop-loss order
are as in one updates the other.

"Leaves" is any end without a trade for the rest: cancelled by its owner, expired, refused by the book at its turn. What the
list itself cancels sets nothing further off: the order that traded a part lives on with its rest. That a
triggered leg cancels the others, even before it trades, keeps a list from having two orders of one side in the book, which
one incoming order could fill together. For the same reason a list whose members are all entered at once has at most one
order a side that does not wait for a trigger."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Final

import msgspec

from trading_ecosystem.domains.exchange.book.ladder import NO_ABOVE
from trading_ecosystem.domains.exchange.matching.kept_orders import KeptOrder, NewOrder
from trading_ecosystem.domains.exchange.matching.triggers import TRIGGERED_TYPES
from trading_ecosystem.messages.orders import ContingencyType, OrderType, Side, TimeInForce
from trading_ecosystem.messages.units import Lots, Ticks

MAXIMUM_LIST: Final = 10
"""Orders of one list."""

_CANCELS: Final = ContingencyType.ONE_CANCELS_THE_OTHER
_TRIGGERS: Final = ContingencyType.ONE_TRIGGERS_THE_OTHER
_UPDATES: Final = ContingencyType.ONE_UPDATES_THE_OTHER
_BRACKET: Final = ContingencyType.BRACKET


class Consequence(enum.StrEnum):
    """What a list does to one of its orders."""

    CANCEL = "cancel"
    REDUCE = "reduce"
    ENTER = "enter"


class Following(msgspec.Struct, frozen=True, gc=False):
    """A consequence for one order; ``lots`` to take off it, or to enter it with at most (0: its own)."""

    order_id: int
    consequence: Consequence
    lots: Lots = 0


class OrderList(msgspec.Struct):
    """A list: its living orders in the order given; ``parent_id`` is the one that triggers the others, while it lives."""

    kind: ContingencyType
    members: list[int]
    parent_id: int | None = None


class Contingencies:
    """The lists of one instrument."""

    __slots__ = ("_last", "_lists")

    def __init__(self) -> None:
        self._lists: dict[int, OrderList] = {}
        self._last = 0

    def __len__(self) -> int:
        return len(self._lists)

    def open(self, kind: ContingencyType, orders: Sequence[NewOrder]) -> int:
        """Begin a list; returns its number."""
        self._last += 1
        parent = orders[0].order_id if kind in (_TRIGGERS, _BRACKET) else None
        self._lists[self._last] = OrderList(kind, [each.order_id for each in orders], parent)
        return self._last

    def traded(self, kept: KeptOrder, lots: Lots) -> list[Following]:
        """An order traded."""
        found = self._lists.get(kept.group)
        if found is None or found.parent_id is not None:
            return []
        if found.kind is _CANCELS:
            return self._others(found, kept, Consequence.CANCEL)
        return self._others(found, kept, Consequence.REDUCE, lots)

    def triggered(self, kept: KeptOrder) -> list[Following]:
        """An order was triggered."""
        found = self._lists.get(kept.group)
        if found is None or found.parent_id is not None:
            return []
        return self._others(found, kept, Consequence.CANCEL)

    def left(self, kept: KeptOrder) -> list[Following]:
        """An order is no more: traded whole if its leaves are 0, else cancelled, though not by its list (:meth:`part`)."""
        found = self._lists.get(kept.group)
        if found is None or kept.new.order_id not in found.members:
            return []
        is_parent, waits = found.parent_id == kept.new.order_id, found.parent_id is not None
        others = self._others(found, kept, Consequence.CANCEL)
        self.part(kept)
        if is_parent:
            return self._parent_left(kept, found)
        # A later order was cancelled while it waited, or one traded whole and its trades have told already.
        return [] if waits or not kept.leaves_lots else others

    def part(self, kept: KeptOrder) -> None:
        """An order leaves its list; a list of one is none any more, unless that one is the first of all."""
        found = self._lists.get(kept.group)
        if found is not None and kept.new.order_id in found.members:
            found.members.remove(kept.new.order_id)
            if len(found.members) <= (found.parent_id is None):
                del self._lists[kept.group]

    def others(self, kept: KeptOrder) -> list[int]:
        """The living orders that an order is bound to, in the order given."""
        found = self._lists.get(kept.group)
        return [] if found is None else [each for each in found.members if each != kept.new.order_id]

    def is_list_of(self, kept: KeptOrder) -> bool:
        """Whether an order is still bound to others."""
        return kept.group in self._lists

    def _parent_left(self, kept: KeptOrder, found: OrderList) -> list[Following]:
        found.parent_id = None
        waiting = list(found.members)
        if found.kind is _BRACKET and kept.traded_lots:
            found.kind = _UPDATES
        else:
            self._lists.pop(kept.group, None)
        if not kept.traded_lots:
            return [Following(each, Consequence.CANCEL) for each in waiting]
        at_most = kept.traded_lots if kept.leaves_lots else 0
        return [Following(each, Consequence.ENTER, at_most) for each in waiting]

    def _others(self, found: OrderList, kept: KeptOrder, what: Consequence, lots: Lots = 0) -> list[Following]:
        return [Following(each, what, lots) for each in found.members if each != kept.new.order_id]


def agree(kind: ContingencyType, orders: Sequence[NewOrder]) -> bool:
    """Whether orders make a list of this kind."""
    if not 2 <= len(orders) <= MAXIMUM_LIST or len({each.order_id for each in orders}) < len(orders):
        return False
    first = orders[0]
    if any(each.owner != first.owner for each in orders):
        return False
    if kind is _TRIGGERS:
        return True
    if kind is _BRACKET:
        if len(orders) != 3:
            return False
        profit, loss = orders[1:]
        away = Side.SELL if first.side is Side.BUY else Side.BUY
        return (
            profit.side is away
            and loss.side is away
            and profit.order_type is OrderType.LIMIT
            and loss.order_type in (OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP)
            and _legs_agree(orders[1:])
        )
    return _legs_agree(orders)


def _legs_agree(legs: Sequence[NewOrder]) -> bool:
    """Whether orders that are entered at once may stand side by side: they can wait, no two of one side, no crossing."""
    standing: dict[Side, Ticks] = {}
    for each in legs:
        if each.time_in_force in (TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL):
            if each.order_type not in TRIGGERED_TYPES:
                return False
        elif each.order_type is OrderType.MARKET:
            return False
        if each.order_type not in TRIGGERED_TYPES:
            if each.side in standing:
                return False
            standing[each.side] = each.price_ticks
    return standing.get(Side.BUY, 0) < standing.get(Side.SELL, NO_ABOVE)
