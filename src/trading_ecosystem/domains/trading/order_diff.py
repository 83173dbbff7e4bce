"""From wanted orders to requests: the difference between what is to work in the market and what does.

Every wanted order is met by a working one of the same venue, instrument, side and label, where there is one:

* *keep* the one that has its price and what is left to fill, within a tolerance: keeping it costs nothing and keeps its place;
* else *amend* the nearest in price (of two alike, the older) of those that no request is out about;
* else *place* a new one.

Working orders that meet nothing are *cancelled*. While a request about an order is unanswered nothing is asked about it but a
cancel: one that is being replaced stands for the nearest wanted order, whatever its price, and is seen to once that was
answered; one that is being entered is kept or cancelled; one that is being cancelled meets nothing.

Both an order whose cancel is unanswered and its successor may fill. So nothing is placed in an instrument of a venue, on the
side where a cancel is out, until that was answered and the difference is made again. Who would rather trade twice than be
absent says ``beside_cancels``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

import msgspec

from trading_ecosystem.domains.trading.intentions import Cancel, Intention, Place, Replace
from trading_ecosystem.domains.trading.order_life import OrderState
from trading_ecosystem.domains.trading.orders import Order
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import PARTS_PER_MILLION, Lots, PartsPerMillion, Ticks

_Group: TypeAlias = tuple[str, str, Side, str]


class Tolerance(msgspec.Struct, frozen=True, gc=False):
    """How far a working order may be from the wanted one and still be kept: in price, and in lots as a share of the wanted."""

    price_ticks: Ticks = 0
    quantity_ppm: PartsPerMillion = 0


class Difference(msgspec.Struct, frozen=True):
    """What is to be done, and what is left as it is; a cancel has to be answered before those ``waiting`` are placed."""

    kept: tuple[str, ...]
    cancels: tuple[Cancel, ...]
    replaces: tuple[Replace, ...]
    places: tuple[Place, ...]
    waiting: tuple[Place, ...] = ()

    def intentions(self) -> tuple[Intention, ...]:
        """The requests, in the order in which they are to go out: cancels free what the others need."""
        return (*self.cancels, *self.replaces, *self.places)


EXACT = Tolerance()


def difference(
    wanted: Sequence[Place], working: Iterable[Order], tolerance: Tolerance = EXACT, beside_cancels: bool = False
) -> Difference:
    """What brings the working orders to the wanted ones; each wanted quantity is what is yet to be filled.

    Among wanted orders that one working order could meet, the first one named has it.
    """
    orders = list(working)
    alike: dict[_Group, list[Order]] = {}
    for order in orders:
        alike.setdefault(_group(order), []).append(order)
    unmet, taken = _keep(wanted, alike, tolerance)
    kept = tuple(taken)
    replaces: list[Replace] = []
    places: list[Place] = []
    for place in unmet:
        free = [one for one in alike.get(_group(place), ()) if one.client_order_id not in taken and not one.is_pending]
        nearest = _nearest(place, free)
        if nearest is None:
            places.append(place)
        else:
            taken[nearest.client_order_id] = None
            quantity = nearest.cumulative_lots + place.quantity_lots
            replaces.append(Replace(nearest.client_order_id, place.price_ticks, quantity))
    leaving = [order for order in orders if order.client_order_id not in taken]
    cancels = [Cancel(order.client_order_id) for order in leaving if order.state is not OrderState.PENDING_CANCEL]
    held_up = [] if beside_cancels else [(order.venue, order.instrument, order.side) for order in leaving]
    return Difference(
        kept=kept,
        cancels=tuple(cancels),
        replaces=tuple(replaces),
        places=tuple(one for one in places if (one.venue, one.instrument, one.side) not in held_up),
        waiting=tuple(one for one in places if (one.venue, one.instrument, one.side) in held_up),
    )


def _keep(
    wanted: Sequence[Place], alike: Mapping[_Group, Sequence[Order]], tolerance: Tolerance
) -> tuple[list[Place], dict[str, None]]:
    """The wanted orders that nothing meets as it is, and the names of the working ones that do."""
    kept: dict[str, None] = {}
    unmet = _without(wanted, alike, kept, lambda order, place: _meets(order, place, tolerance))
    return _without(unmet, alike, kept, lambda order, place: order.state is OrderState.PENDING_REPLACE), kept


def _without(
    wanted: Sequence[Place],
    alike: Mapping[_Group, Sequence[Order]],
    kept: dict[str, None],
    meets: Callable[[Order, Place], bool],
) -> list[Place]:
    """Keep the nearest order that meets each wanted one; what is wanted beside these."""
    unmet: list[Place] = []
    for place in wanted:
        group = alike.get(_group(place), ())
        order = _nearest(place, [one for one in group if one.client_order_id not in kept and meets(one, place)])
        if order is None:
            unmet.append(place)
        else:
            kept[order.client_order_id] = None
    return unmet


def _nearest(place: Place, orders: Sequence[Order]) -> Order | None:
    """The order that is nearest in price, then in quantity; of two alike the older."""
    return min(orders, key=lambda one: _distance(one, place), default=None)


def _distance(order: Order, place: Place) -> tuple[Ticks, Lots]:
    return abs(order.price_ticks - place.price_ticks), abs(order.leaves_lots - place.quantity_lots)


def _meets(order: Order, place: Place, tolerance: Tolerance) -> bool:
    if order.state in (OrderState.PENDING_CANCEL, OrderState.PENDING_REPLACE):
        return False
    ticks, lots = _distance(order, place)
    return ticks <= tolerance.price_ticks and lots * PARTS_PER_MILLION <= tolerance.quantity_ppm * place.quantity_lots


def _group(order: Order | Place) -> _Group:
    return order.venue, order.instrument, order.side, order.label
