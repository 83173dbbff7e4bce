"""The door for named orders: may it enter, what does it hold, what becomes of it.

The checks stand in the order of :class:`~trading_ecosystem.messages.orders.RejectReason`, and the first that applies is said:
those of the account and of the order's name in :mod:`.order_desk`, its form in :mod:`.order_form`, its market in
:mod:`.order_checks`. Then what it needs is held, it is accepted, and it goes to the matching (:mod:`..matching.matching`),
whose events :mod:`.order_events` turns into what is said.

Nobody trades with itself, since the custodian cannot settle that. Where neither the order nor the venue states a self-trade
prevention, an order that would is refused, and an order that waited, when its turn comes, is cancelled as the newest. In an
auction, what an account would trade with itself is taken off both of its orders instead.
"""

from __future__ import annotations

from typing import Final

from msgspec import structs

from trading_ecosystem.domains.exchange.accounts.accounts import Accounts
from trading_ecosystem.domains.exchange.book.book_events import Refused
from trading_ecosystem.domains.exchange.conditions.standing import VenueConditions
from trading_ecosystem.domains.exchange.market import Market
from trading_ecosystem.domains.exchange.matching.kept_orders import NewOrder
from trading_ecosystem.domains.exchange.orders.order_checks import OrderChecks, make_house_good
from trading_ecosystem.domains.exchange.orders.order_events import OrderEvents, SaidList
from trading_ecosystem.domains.exchange.orders.order_form import bounded, expiring, plain_order
from trading_ecosystem.domains.exchange.orders.orders import Order, OrderEvent, OrderTable
from trading_ecosystem.domains.exchange.parameters import ExchangeParameters
from trading_ecosystem.domains.exchange.trades.trade_capture import TradeCapture
from trading_ecosystem.messages.exchange import PlaceOrder
from trading_ecosystem.messages.orders import CancelReason, RejectReason, SelfTradePrevention
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.messages.venue_conditions import VenueConditionKind

_SAFETY: Final = SelfTradePrevention.CANCEL_NEWEST


class OrderEntry:
    """Takes and cancels the orders of named accounts in every market of one venue."""

    __slots__ = ("_accounts", "_parameters", "checks", "conditions", "events", "holds", "orders", "venue")

    def __init__(
        self,
        venue: str,
        parameters: ExchangeParameters,
        accounts: Accounts,
        orders: OrderTable,
        capture: TradeCapture,
        conditions: VenueConditions,
    ) -> None:
        self.venue = venue
        self._parameters = parameters
        self._accounts = accounts
        self.orders = orders
        self.conditions = conditions
        self.holds = capture.holds
        self.events = OrderEvents(venue, orders, capture)
        self.checks = OrderChecks(parameters.book_capacity, capture.holds, capture.margin)

    def rule_of(self, asked: PlaceOrder) -> SelfTradePrevention:
        """What happens where the order would trade with its own account."""
        own = asked.terms.self_trade_prevention if asked.terms is not None else None
        return self._parameters.self_trade if own is None else own

    def planned(self, market: Market, order: Order, now: Nanos) -> NewOrder | None:
        """The order as the matching will get it, still without a number; ``None`` where a bound that it needs is not known."""
        asked = order.command
        rule = self.rule_of(asked)
        new = plain_order(asked, self._accounts.number_of(asked.account), _SAFETY if rule is SelfTradePrevention.NONE else rule)
        new = expiring(new, now, always_open=self._parameters.calendar is None)
        found = bounded(new, market, self._parameters.stop_collar_ppm)
        if found is not None:
            order.hold_price_ticks = found.price_ticks
        return found

    def unplannable(self, market: Market, asked: PlaceOrder) -> RejectReason:
        """Why an order without a bound is refused: what its market says of it anyway comes first."""
        return self.checks.refused_by_market(market, plain_order(asked)) or RejectReason.NO_LIQUIDITY

    def enter(self, market: Market, asked: PlaceOrder, now: Nanos, said: SaidList) -> Order:
        """Answer an order that has passed the checks of form, with the flow brought up to now; add all of it to ``said``."""
        order = Order.of(asked, now)
        new = self.planned(market, order, now)
        if new is None:
            return self.refuse(order, self.unplannable(market, asked), said)
        reason = self.checks.refused(market, order, new, self.rule_of(asked))
        if reason is None and self.checks.lacks_claim(market, order):
            reason = RejectReason.INSUFFICIENT_CLAIM
        if reason is None and self.checks.lacks_room(market, new):
            reason = RejectReason.BOOK_FULL
        if reason is None:
            reason = self.refused_by_condition(asked.account, now, said)
        if reason is not None:
            return self.refuse(order, reason, said)
        self.orders.last_order_id += 1
        number = self.orders.last_order_id
        self.watch_position(market, asked, now, said)
        events = market.matching.place(door_terms(structs.replace(new, order_id=number), market), now)
        refused = next((each.reason for each in events if type(each) is Refused and each.order_id == number), None)
        if refused is None:
            order.order_id = number
            self.accept(market, [order], said)
        else:
            self.orders.last_order_id -= 1
            self.refuse(order, refused, said)
        self.events.apply(market, events, now, said)
        return order

    def refused_by_condition(self, account: str, now: Nanos, said: SaidList) -> RejectReason | None:
        """Whether the venue refuses an order, or a list of them, that it would otherwise take."""
        refusing = self.conditions.striking(VenueConditionKind.VENUE_REJECT, now, account)
        if refusing is None:
            return None
        self.conditions.take_effect(refusing, account, said)
        return RejectReason.EXCHANGE_OPTION

    def accept(self, market: Market, orders: list[Order], said: SaidList) -> None:
        """Orders that share a hold are live from now on."""
        for order in orders:
            order.happens(OrderEvent.ACCEPT)
            self.orders.open[order.order_id] = order
        self.holds.take(market.instrument, orders, said)
        for order in orders:
            said.append(order.accepted(order.command.quantity_lots, order.command.price_ticks))

    def watch_position(self, market: Market, asked: PlaceOrder, now: Nanos, said: SaidList) -> None:
        """Let the matching know the position that a reduce-only order in a perpetual is to reduce."""
        if market.instrument.is_perpetual and asked.terms is not None and asked.terms.reduce_only:
            market.reducers[asked.account] = self._accounts.number_of(asked.account)
            self.events.tell_positions(market, now, said)

    def force(self, market: Market, asked: PlaceOrder, now: Nanos, said: SaidList) -> None:
        """Take an immediate-or-cancel limit order of the venue's own making for an account, without any check."""
        make_house_good(market, asked.side, asked.quantity_lots)
        order = Order.of(asked, now)
        self.orders.last_order_id += 1
        order.order_id = self.orders.last_order_id
        self.accept(market, [order], said)
        new = structs.replace(plain_order(asked, self._accounts.number_of(asked.account), _SAFETY), order_id=order.order_id)
        self.events.apply(market, market.matching.place(new, now), now, said)

    @property
    def next_order_id(self) -> int:
        """The number that the next order will have."""
        return self.orders.last_order_id + 1

    def cancel_all(self, markets: dict[str, Market], account: str, reason: CancelReason, now: Nanos, said: SaidList) -> None:
        """Take every open order of an account out of its market, oldest first."""
        for order in [one for one in self.orders.open.values() if one.command.account == account]:
            if order.order_id in self.orders.open:
                self.cancel(markets[order.command.instrument], order, now, said, reason)

    def refuse(self, order: Order, reason: RejectReason, said: SaidList) -> Order:
        """Answer with a reason, and nothing else changes."""
        order.happens(OrderEvent.REJECT)
        order.refused = reason
        said.append(order.answer())
        return order

    def cancel(
        self, market: Market, order: Order, now: Nanos, said: SaidList, reason: CancelReason = CancelReason.REQUESTED
    ) -> None:
        """Take an open order out of its market, by default at its account's request."""
        events = market.matching.cancel(order.order_id, now, reason)
        assert type(events[0]) is not Refused, f"order {order.order_id} is open and not in its market"
        self.events.apply(market, events, now, said)


def door_terms(new: NewOrder, market: Market) -> NewOrder:
    """Without the terms that the door has dealt with: self-trade prevention, and reducing only where any sell does."""
    terms = new.terms
    if terms is None or (terms.self_trade_prevention is None and not terms.reduce_only):
        return new
    reduce_only = terms.reduce_only and market.instrument.is_perpetual
    return structs.replace(new, terms=structs.replace(terms, self_trade_prevention=None, reduce_only=reduce_only))
