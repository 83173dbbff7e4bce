"""What accounts may ask of a venue about orders, and the checks of account, rate and name that come before all others.

``UNKNOWN_ACCOUNT`` to ``KYC_INCOMPLETE``, ``RATE_LIMITED`` (a command that is repeated counts again), ``UNKNOWN_INSTRUMENT``,
``INVALID_CLIENT_ORDER_ID``, ``DUPLICATE_CLIENT_ORDER_ID``; in this order, and these refusals are not remembered under the
order's name. A suspended account may still cancel.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from trading_ecosystem.domains.exchange.accounts.accounts import Accounts
from trading_ecosystem.domains.exchange.accounts.rate_limits import MessageKind, RateLimits
from trading_ecosystem.domains.exchange.conditions.late_fills import LateFills
from trading_ecosystem.domains.exchange.market import Market
from trading_ecosystem.domains.exchange.orders.order_entry import OrderEntry
from trading_ecosystem.domains.exchange.orders.order_events import SaidList
from trading_ecosystem.domains.exchange.orders.order_form import refused_by_form
from trading_ecosystem.domains.exchange.orders.order_lists import enter_list
from trading_ecosystem.domains.exchange.orders.orders import Order, OrderTable
from trading_ecosystem.domains.exchange.orders.replace_entry import ReplaceEntry
from trading_ecosystem.domains.exchange.parameters import ExchangeParameters
from trading_ecosystem.messages.exchange import CancelOrder, CancelRejected, OrderRejected, PlaceOrder
from trading_ecosystem.messages.order_handling import (
    MassCancel,
    MassCancelReported,
    PlaceOrderList,
    ReplaceOrder,
    ReplaceRejected,
)
from trading_ecosystem.messages.orders import CancelReason, CancelRejectReason, RejectReason, Side
from trading_ecosystem.messages.units import Nanos

MAXIMUM_CLIENT_ORDER_ID: Final = 36
"""The longest client order id, in characters."""
MAXIMUM_LIST: Final = 10
"""Orders of one list."""


class OrderDesk:
    """The door of one venue for orders. Every method adds what is said to ``said``."""

    __slots__ = ("_accounts", "_entry", "_late_fills", "_markets", "_orders", "_rates", "_replacing", "venue")

    def __init__(
        self,
        venue: str,
        parameters: ExchangeParameters,
        accounts: Accounts,
        orders: OrderTable,
        entry: OrderEntry,
        markets: dict[str, Market],
        late_fills: LateFills,
    ) -> None:
        self.venue = venue
        self._accounts = accounts
        self._orders = orders
        self._entry = entry
        self._markets = markets
        self._late_fills = late_fills
        self._rates = RateLimits(parameters.rate_limit)
        self._replacing = ReplaceEntry(venue, entry, parameters.stop_collar_ppm)

    def place(self, asked: PlaceOrder, now: Nanos, said: SaidList) -> Market | None:
        """Answer an order: again as before, with a reason against it, or by taking it to its market, which is returned."""
        reason, retry_at = self._refused_account(asked.account, now)
        market = self._markets.get(asked.instrument)
        if reason is None:
            reason = self._refused_name(asked, market)
        if reason is not None:
            said.append(self._rejected(asked, reason, retry_at))
            return None
        assert market is not None
        known = self._orders.named(asked.account, asked.client_order_id, now)
        if known is not None:
            same = known.command == asked
            said.append(known.answer() if same else self._rejected(asked, RejectReason.DUPLICATE_CLIENT_ORDER_ID))
            return None
        malformed = refused_by_form(asked, market, now)
        if malformed is not None:
            self._orders.remember(self._entry.refuse(Order.of(asked, now), malformed, said))
            return None
        self._advance(market, now, said)
        self._orders.remember(self._entry.enter(market, asked, now, said))
        return market

    def place_list(self, asked: PlaceOrderList, now: Nanos, said: SaidList) -> Market | None:
        """Answer a list of orders; asked again in the same words, each is answered as before."""
        commands = [command_of(asked, number) for number in range(min(len(asked.orders), MAXIMUM_LIST + 1))]
        if not commands:
            return None
        reason, retry_at = self._refused_account(asked.account, now, len(commands))
        reasons: dict[int, RejectReason] = {}
        known: list[Order] = []
        market = self._markets.get(commands[0].instrument)
        for number, command in enumerate(commands):
            found = reason or self._refused_name(command, market)
            named = None if found else self._orders.named(command.account, command.client_order_id, now)
            if named is not None:
                known.append(named)
                found = None if named.command == command else RejectReason.DUPLICATE_CLIENT_ORDER_ID
            if found is None and market is not None and named is None:
                found = refused_by_form(command, market, now)
            if found is not None:
                reasons[number] = found
        if not reasons and len(known) == len(commands):
            said.extend(order.answer() for order in known)
            return None
        if not reasons and (known or len(commands) > MAXIMUM_LIST or not _makes_a_list(commands)):
            reasons = dict.fromkeys(range(len(commands)), RejectReason.INVALID_TERMS)
        if reasons or market is None:
            for number, command in enumerate(commands):
                said.append(self._rejected(command, reasons.get(number, RejectReason.LIST_REFUSED), retry_at))
            return None
        self._advance(market, now, said)
        for order in enter_list(self._entry, market, asked.contingency, commands, now, said):
            self._orders.remember(order)
        return market

    def replace(self, asked: ReplaceOrder, now: Nanos, said: SaidList) -> Market | None:
        """Replace an order, or say why not."""
        reason, retry_at = self._refused_account(asked.account, now, kind=MessageKind.REPLACE)
        order = None if reason else self._orders.named(asked.account, asked.client_order_id, now)
        market = None
        if reason is None and order is None:
            reason = RejectReason.UNKNOWN_ORDER
        if order is not None:
            market = self._markets[order.command.instrument]
            self._advance(market, now, said)
            if order.order_id not in self._orders.open:
                reason = RejectReason.ORDER_ENDED
            else:
                reason = self._replacing.replace(market, order, asked, now, said)
        if reason is not None:
            said.append(ReplaceRejected(self.venue, asked.account, asked.client_order_id, reason, retry_at))
        return market

    def cancel(self, asked: CancelOrder, now: Nanos, said: SaidList) -> Market | None:
        """Take an order out of its market, after everyone in the background who came before."""
        order = self._orders.named(asked.account, asked.client_order_id, now)
        if order is None:
            said.append(self._cancel_rejected(asked, CancelRejectReason.UNKNOWN_ORDER))
            return None
        retry_at = self._rates.refused_until(asked.account, MessageKind.CANCEL, now)
        if retry_at:
            said.append(self._cancel_rejected(asked, CancelRejectReason.RATE_LIMITED, retry_at))
            return None
        market = self._markets[order.command.instrument]
        self._advance(market, now, said)
        if order.order_id not in self._orders.open:
            said.append(self._cancel_rejected(asked, CancelRejectReason.TOO_LATE))
        elif not self._late_fills.overtake(market, order, now, said):
            self._entry.cancel(market, order, now, said)
        return market

    def mass_cancel(self, asked: MassCancel, now: Nanos, said: SaidList) -> None:
        """Cancel every open order of an account, and report how many there were."""
        cancelled = self.cancel_all(asked.account, CancelReason.MASS_CANCEL, now, said, asked.instrument, asked.side)
        said.append(MassCancelReported(self.venue, asked.account, asked.instrument, asked.side, cancelled))

    def cancel_all(
        self,
        account: str,
        reason: CancelReason,
        now: Nanos,
        said: SaidList,
        instrument: str = "",
        side: Side | None = None,
    ) -> int:
        """Cancel the open orders of an account, oldest first; returns how many left."""
        concerned: dict[str, None] = {}
        for order in self._of(account, instrument, side):
            concerned[order.command.instrument] = None
        for symbol in concerned:
            self._advance(self._markets[symbol], now, said)
        cancelled = 0
        for order in self._of(account, instrument, side):
            # An order of a list may have left with another one.
            if order.order_id in self._orders.open:
                self._entry.cancel(self._markets[order.command.instrument], order, now, said, reason)
            cancelled += 1
        return cancelled

    def _of(self, account: str, instrument: str, side: Side | None) -> Sequence[Order]:
        return [
            order
            for order in self._orders.open.values()
            if order.command.account == account
            and instrument in ("", order.command.instrument)
            and side in (None, order.command.side)
        ]

    def _advance(self, market: Market, now: Nanos, said: SaidList) -> None:
        """Bring the background flow up to now, and let the matching hear of it."""
        self._entry.events.advance(market, now, said)

    def _refused_account(
        self, account: str, now: Nanos, messages: int = 1, kind: MessageKind = MessageKind.PLACE
    ) -> tuple[RejectReason | None, Nanos]:
        """Why an account may not ask at all, and from when it may, if that is only for now."""
        reason = self._accounts.refused(account)
        if reason is not None:
            return reason, 0
        retry_at = self._rates.refused_until(account, kind, now, messages)
        return (RejectReason.RATE_LIMITED, retry_at) if retry_at else (None, 0)

    def _refused_name(self, asked: PlaceOrder, market: Market | None) -> RejectReason | None:
        if market is None:
            return RejectReason.UNKNOWN_INSTRUMENT
        if not 0 < len(asked.client_order_id) <= MAXIMUM_CLIENT_ORDER_ID:
            return RejectReason.INVALID_CLIENT_ORDER_ID
        return None

    def _rejected(self, asked: PlaceOrder, reason: RejectReason, retry_at: Nanos = 0) -> OrderRejected:
        """A refusal that is not remembered under the order's name."""
        return OrderRejected(self.venue, asked.account, asked.client_order_id, asked.instrument, reason, retry_at)

    def _cancel_rejected(self, asked: CancelOrder, reason: CancelRejectReason, retry_at: Nanos = 0) -> CancelRejected:
        return CancelRejected(self.venue, asked.account, asked.client_order_id, reason, retry_at)


def command_of(asked: PlaceOrderList, number: int) -> PlaceOrder:
    """One order of a list as an order of its own."""
    listed = asked.orders[number]
    return PlaceOrder(
        asked.venue,
        asked.account,
        listed.client_order_id,
        listed.instrument,
        listed.side,
        listed.order_type,
        listed.time_in_force,
        listed.price_ticks,
        listed.quantity_lots,
        listed.post_only,
        listed.terms,
    )


def _makes_a_list(commands: list[PlaceOrder]) -> bool:
    """Whether the orders are of one instrument and have different names; the matching checks the rest."""
    names = {asked.client_order_id for asked in commands}
    return len(commands) > 1 and len(names) == len(commands) and len({asked.instrument for asked in commands}) == 1
