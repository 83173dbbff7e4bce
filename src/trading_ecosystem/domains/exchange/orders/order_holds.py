"""Taking, spending and giving back what orders hold (:mod:`.holds` says how much that is).

Orders of one list that cannot all trade share one hold, which is as large as the largest of them needs (see
:mod:`.order_lists`); any other order has a hold of its own. What a fill spends is what the order's own need shrinks by.
Whatever else changes, the hold is brought to what is needed afterwards: a surplus returns, and more is taken only where it is
available.

Orders in perpetuals have no holds of their own: :mod:`..margin.margin` holds for an account's positions and orders together.
"""

from __future__ import annotations

from trading_ecosystem.domains.exchange.accounts.claims import Claims
from trading_ecosystem.domains.exchange.margin.margin import Margin
from trading_ecosystem.domains.exchange.orders.holds import Hold, hold_of
from trading_ecosystem.domains.exchange.orders.orders import Order, OrderTable
from trading_ecosystem.domains.exchange.trades.fee_schedule import FeeSchedule
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.exchange import ClaimReason
from trading_ecosystem.messages.units import Instrument, Lots, MinorUnits, Ticks
from trading_ecosystem.ports.component import Later


class OrderHolds:
    """The holds of the open orders of one venue."""

    __slots__ = ("_claims", "_margin", "_orders", "_schedule")

    def __init__(self, claims: Claims, orders: OrderTable, schedule: FeeSchedule, margin: Margin) -> None:
        self._claims = claims
        self._margin = margin
        self._orders = orders
        self._schedule = schedule

    def needed(self, instrument: Instrument, order: Order) -> Hold:
        """What an order needs for itself, for what is left of it; in a perpetual, beside the margin that is held already."""
        if instrument.is_perpetual:
            return Hold(instrument.quote, self._margin.needed(instrument, order), instrument.quote, 0)
        return hold_of(self._schedule, instrument, order.command.side, order.hold_price_ticks, order.held_lots)

    def affordable(self, account: str, needed: list[Hold]) -> bool:
        """Whether an account has all of these available together."""
        amounts: dict[str, MinorUnits] = {}
        for hold in needed:
            amounts[hold.asset] = amounts.get(hold.asset, 0) + hold.amount
            amounts[hold.fee_asset] = amounts.get(hold.fee_asset, 0) + hold.fee_amount
        return all(self._claims.of(account, asset).available >= amount for asset, amount in amounts.items() if amount)

    def take(self, instrument: Instrument, orders: list[Order], said: list[Message | Later]) -> None:
        """Hold what orders need that share a hold; it is known to be available."""
        if instrument.is_perpetual:
            for order in orders:
                self._margin.opened(instrument, order, said)
            return
        shared = largest([self.needed(instrument, order) for order in orders])
        shared.order_ids = [order.order_id for order in orders]
        for order in orders:
            order.hold = shared
        account = orders[0].command.account
        self._move(account, shared.asset, shared.amount, ClaimReason.HELD, said)
        if shared.fee_amount:
            self._move(account, shared.fee_asset, shared.fee_amount, ClaimReason.HELD, said)

    def spent(self, instrument: Instrument, order: Order, lots: Lots) -> tuple[MinorUnits, MinorUnits]:
        """Take off the hold what ``lots`` that trade have in it; the caller moves the claims."""
        if instrument.is_perpetual:
            return 0, 0
        hold = order.hold
        assert hold is not None
        price, held = order.hold_price_ticks, order.held_lots
        side = order.command.side
        before = hold_of(self._schedule, instrument, side, price, held)
        after = hold_of(self._schedule, instrument, side, price, held - lots)
        amount, fee_amount = before.amount - after.amount, before.fee_amount - after.fee_amount
        hold.amount -= amount
        hold.fee_amount -= fee_amount
        return amount, fee_amount

    def follow(self, instrument: Instrument, order: Order, said: list[Message | Later]) -> None:
        """Bring an order's hold to what is needed now, for it and those that share it; gone orders need nothing."""
        if instrument.is_perpetual:
            if order.order_id in self._orders.open:
                self._margin.follow(order.command.account, ClaimReason.HELD, said)
            else:
                self._margin.left(order, said)
            return
        hold = order.hold
        assert hold is not None
        hold.order_ids = [order_id for order_id in hold.order_ids if order_id in self._orders.open]
        open_orders = [self._orders.open[order_id] for order_id in hold.order_ids]
        needed = largest([self.needed(instrument, each) for each in open_orders]) if open_orders else None
        account = order.command.account
        change = (needed.amount if needed else 0) - hold.amount
        fee_change = (needed.fee_amount if needed else 0) - hold.fee_amount
        hold.amount += change
        hold.fee_amount += fee_change
        self._move(account, hold.asset, change, ClaimReason.HELD if change > 0 else ClaimReason.RETURNED, said)
        self._move(account, hold.fee_asset, fee_change, ClaimReason.HELD if fee_change > 0 else ClaimReason.RETURNED, said)

    def can_follow(self, instrument: Instrument, order: Order, hold_price_ticks: Ticks, lots: Lots) -> bool:
        """Whether an order's hold could be brought to what it would need at another price and with other lots."""
        if instrument.is_perpetual:
            return self._margin.could_hold(order, hold_price_ticks, lots)
        hold = order.hold
        assert hold is not None
        others = [self._orders.open[each] for each in hold.order_ids if each != order.order_id and each in self._orders.open]
        wanted = hold_of(self._schedule, instrument, order.command.side, hold_price_ticks, lots)
        needed = largest([wanted, *(self.needed(instrument, each) for each in others)])
        more = Hold(hold.asset, needed.amount - hold.amount, hold.fee_asset, needed.fee_amount - hold.fee_amount)
        return self.affordable(order.command.account, [more])

    def _move(self, account: str, asset: str, amount: MinorUnits, reason: ClaimReason, said: list[Message | Later]) -> None:
        """Move an amount from available to held, or back where it is negative."""
        if not amount:
            return
        claim = self._claims.of(account, asset)
        claim.move(-amount, amount)
        said.append(self._claims.changed(claim, reason))


def largest(needed: list[Hold]) -> Hold:
    """A hold that covers each of these alone; they are in the same assets."""
    first = needed[0]
    return Hold(
        first.asset,
        max(hold.amount for hold in needed),
        first.fee_asset,
        max(hold.fee_amount for hold in needed),
    )
