"""The exchange: one venue with its accounts, claims, orders and markets. The dispatch table is ``Exchange.hears``."""

from __future__ import annotations

from typing import Any, ClassVar

from trading_ecosystem.domains.exchange.accounts import Accounts
from trading_ecosystem.domains.exchange.claims import Claims
from trading_ecosystem.domains.exchange.market import Market
from trading_ecosystem.domains.exchange.order_entry import MAXIMUM_CLIENT_ORDER_ID, OrderEntry, refused_by_form
from trading_ecosystem.domains.exchange.orders import Order, OrderTable
from trading_ecosystem.domains.exchange.parameters import ExchangeParameters
from trading_ecosystem.domains.exchange.perpetuals import ContributionDue, MarginDue, Perpetuals
from trading_ecosystem.domains.exchange.pledges import Pledges
from trading_ecosystem.domains.exchange.publication import depth_of
from trading_ecosystem.domains.exchange.trade_capture import TradeCapture
from trading_ecosystem.messages.base import Message, Question
from trading_ecosystem.messages.custodian import AssetsPledged
from trading_ecosystem.messages.exchange import (
    AccountOpened,
    CancelOrder,
    CancelRejected,
    ClaimChanged,
    ClaimLine,
    ClaimReleased,
    ClaimsQuestion,
    ClaimsReported,
    DepthChanged,
    DepthQuestion,
    InstrumentListed,
    OpenAccount,
    OpenOrdersQuestion,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    PlaceOrder,
    QuoteChanged,
    ReleaseAssets,
    ReleaseRejected,
    TradeMatched,
    TradesPublished,
)
from trading_ecosystem.messages.margin import (
    DeficitCovered,
    LiquidationEnded,
    LiquidationOrdered,
    LiquidationStarted,
    LossMutualised,
    MarginCalled,
    MarginChanged,
    MarkContributed,
    MarkPriceChanged,
    PerpetualListed,
    PerpetualMatched,
    PositionReported,
    PositionsQuestion,
    VariationInstructed,
    VariationSettled,
)
from trading_ecosystem.messages.market_data import FundamentalPriceChanged
from trading_ecosystem.messages.orders import CancelRejectReason, RejectReason
from trading_ecosystem.messages.test_coordination import Resumed
from trading_ecosystem.messages.units import INSTRUMENTS, Nanos
from trading_ecosystem.ports.component import Begin, Component, Later, Said, WakeUp
from trading_ecosystem.ports.randomness import Randomness


class PublicationDue(WakeUp, frozen=True, gc=False):
    """Time to let the flow act and to publish every market."""


class ClaimsReportDue(WakeUp, frozen=True, gc=False):
    """Time to report every claim to the custodian."""


class Exchange(Component):
    """One venue. It is a simulator and hears every account; ``accounts`` is only there to restrict it."""

    context: ClassVar[str] = "exchange"
    hears: ClassVar[dict[type[Any], str]] = {
        Begin: "began",
        PublicationDue: "publication_due",
        ClaimsReportDue: "claims_report_due",
        OpenAccount: "account_opening_asked",
        PlaceOrder: "order_placed",
        CancelOrder: "cancel_asked",
        ReleaseAssets: "release_asked",
        AssetsPledged: "assets_pledged",
        FundamentalPriceChanged: "fundamental_price_changed",
        ContributionDue: "contribution_due",
        MarkContributed: "mark_contributed",
        MarginDue: "margin_due",
        Resumed: "resumed",
    }
    says: ClassVar[tuple[type[Message], ...]] = (
        InstrumentListed,
        AccountOpened,
        OrderAccepted,
        OrderRejected,
        OrderFilled,
        OrderCancelled,
        CancelRejected,
        ClaimChanged,
        ReleaseRejected,
        QuoteChanged,
        DepthChanged,
        TradesPublished,
        TradeMatched,
        ClaimReleased,
        ClaimsReported,
        PerpetualListed,
        MarkContributed,
        MarkPriceChanged,
        PerpetualMatched,
        PositionReported,
        VariationSettled,
        VariationInstructed,
        MarginChanged,
        MarginCalled,
        LiquidationStarted,
        LiquidationOrdered,
        LiquidationEnded,
        DeficitCovered,
        LossMutualised,
    )
    answers: ClassVar[dict[type[Question], str]] = {
        DepthQuestion: "depth",
        ClaimsQuestion: "claims_of",
        OpenOrdersQuestion: "open_orders",
        PositionsQuestion: "positions_of",
    }

    def __init__(
        self,
        name: str,
        parameters: ExchangeParameters,
        randomness: Randomness,
        accounts: frozenset[str] | None = None,
    ) -> None:
        super().__init__(name, accounts)
        self.parameters = parameters
        self.claims = Claims(name)
        self.clients = Accounts(name)
        self.orders = OrderTable()
        self.pledges = Pledges(name, parameters.custodian, self.clients, self.claims)
        capture = TradeCapture(name, parameters, self.clients, self.claims, self.orders)
        self.entry = OrderEntry(name, parameters.book_capacity, self.clients, self.claims, self.orders, capture)
        self.markets = {
            symbol: Market(name, INSTRUMENTS[symbol], parameters, randomness, self.clients, self.claims, capture)
            for symbol in parameters.instruments
        }
        self.perpetuals = Perpetuals(name, parameters, self.clients, self.claims, capture, self.entry, self.markets)
        self._catching_up_until: Nanos = 0
        self._catching_up_tick_ns: Nanos = 0

    def began(self, _: Begin, now: Nanos) -> Said:
        """List every instrument, and begin to publish and to report."""
        listed: list[Message | Later] = [market.listed(self.name, self.parameters) for market in self.markets.values()]
        listed.append(Later(PublicationDue(), now + self.parameters.publish_every_ns))
        listed.append(Later(ClaimsReportDue(), now + self.parameters.claims_report_every_ns))
        return listed + self.perpetuals.listed(now)

    def publication_due(self, _: PublicationDue, now: Nanos) -> Said:
        """Bring the background flow of every market up to now, and publish what changed."""
        said: list[Message | Later] = []
        for market in self.markets.values():
            market.flow.advance(now, said)
            market.publication.publish(market.book, market.tape, said)
        self.orders.forget_expired(now)
        said.append(Later(PublicationDue(), self._next_publication(now)))
        return said

    def _next_publication(self, now: Nanos) -> Nanos:
        """One period on; while catching up with the wall, one tick on, but not beyond its end."""
        if now < self._catching_up_until and self._catching_up_tick_ns > 0:
            return min(now + self._catching_up_tick_ns, self._catching_up_until)
        return now + self.parameters.publish_every_ns

    def claims_report_due(self, _: ClaimsReportDue, now: Nanos) -> Said:
        """Report every claim that is not zero to the custodian."""
        report = ClaimsReported(self.parameters.custodian, self.name, self.pledges.last_applied, self.claims.lines())
        return [report, Later(ClaimsReportDue(), now + self.parameters.claims_report_every_ns)]

    def resumed(self, message: Resumed, _: Nanos) -> Said:
        """Publish by the coarser tick while the clock catches up."""
        self._catching_up_until = message.until
        self._catching_up_tick_ns = message.tick_ns
        return ()

    def account_opening_asked(self, message: OpenAccount, _: Nanos) -> Said:
        """Open an account."""
        self.clients.open(message.account)
        return [AccountOpened(self.name, message.account)]

    def order_placed(self, message: PlaceOrder, now: Nanos) -> Said:
        """Answer an order: again as before, with a reason against it, or by taking it to its market."""
        said: list[Message | Later] = []
        market = self.markets.get(message.instrument)
        if not self.clients.may_trade(message.account):
            return [self._rejected(message, RejectReason.UNKNOWN_ACCOUNT)]
        if market is None:
            return [self._rejected(message, RejectReason.UNKNOWN_INSTRUMENT)]
        if not 0 < len(message.client_order_id) <= MAXIMUM_CLIENT_ORDER_ID:
            return [self._rejected(message, RejectReason.INVALID_CLIENT_ORDER_ID)]
        known = self.orders.named(message.account, message.client_order_id, now)
        if known is not None:
            same = known.command == message
            return [known.answer() if same else self._rejected(message, RejectReason.DUPLICATE_CLIENT_ORDER_ID)]
        malformed = refused_by_form(message)
        if malformed is not None:
            order = Order(message, 0, now, message.quantity_lots, message.price_ticks)
            self.orders.remember(self.entry.refuse(order, malformed, said))
            return said
        market.flow.advance(now, said)
        self.orders.remember(self.entry.enter(market, message, now, said))
        return said

    def _rejected(self, asked: PlaceOrder, reason: RejectReason) -> OrderRejected:
        """A refusal that is not remembered under the order's name."""
        return OrderRejected(self.name, asked.account, asked.client_order_id, asked.instrument, reason)

    def cancel_asked(self, message: CancelOrder, now: Nanos) -> Said:
        """Take an order out of its book, after everyone in the background who came before."""
        said: list[Message | Later] = []
        order = self.orders.named(message.account, message.client_order_id, now)
        if order is None:
            return [self._cancel_rejected(message, CancelRejectReason.UNKNOWN_ORDER)]
        market = self.markets[order.command.instrument]
        market.flow.advance(now, said)
        if order.order_id in self.orders.open:
            self.entry.cancel(market, order, said)
        else:
            said.append(self._cancel_rejected(message, CancelRejectReason.TOO_LATE))
        return said

    def _cancel_rejected(self, message: CancelOrder, reason: CancelRejectReason) -> CancelRejected:
        return CancelRejected(self.name, message.account, message.client_order_id, reason)

    def release_asked(self, message: ReleaseAssets, now: Nanos) -> Said:
        """Give back an available claim."""
        return self.pledges.release(message, now)

    def assets_pledged(self, message: AssetsPledged, _: Nanos) -> Said:
        """Credit a pledge."""
        return self.pledges.credit(message)

    def fundamental_price_changed(self, message: FundamentalPriceChanged, now: Nanos) -> Said:
        """Let the background flow know, from its next arrival on; only a perpetual's first mark is said."""
        said: list[Message | Later] = []
        market = self.markets.get(message.instrument)
        if market is not None:
            market.flow.fundamental_changed(message.price_minor, now)
            self.perpetuals.reference_changed(message.instrument, message.price_minor, said)
        return said

    def contribution_due(self, _: ContributionDue, now: Nanos) -> Said:
        """Tell the other venues the middles of the books of perpetuals."""
        said: list[Message | Later] = []
        self.perpetuals.contribute(now, said)
        return said

    def mark_contributed(self, message: MarkContributed, now: Nanos) -> Said:
        """Another venue tells the middle of its book."""
        self.perpetuals.contributed(message, now)
        return ()

    def margin_due(self, _: MarginDue, now: Nanos) -> Said:
        """Mark, pay variation, and liquidate whoever is below the maintenance margin."""
        said: list[Message | Later] = []
        self.perpetuals.tick(now, said)
        return said

    def positions_of(self, question: PositionsQuestion) -> tuple[PositionReported, ...]:
        """The positions in perpetuals that are not flat and settled."""
        return self.perpetuals.margin.positions.reports(self.name, question.account)

    def depth(self, question: DepthQuestion) -> DepthChanged:
        """The book of one instrument as it stands; raises ``KeyError`` for one that is not listed."""
        return depth_of(self.name, self.markets[question.instrument].book, question.levels)

    def claims_of(self, question: ClaimsQuestion) -> tuple[ClaimLine, ...]:
        """The claims that are not zero."""
        return self.claims.lines(question.account)

    def open_orders(self, question: OpenOrdersQuestion) -> tuple[OrderAccepted, ...]:
        """The open orders of one account, by order number, with what is left of each as quantity."""
        account = question.account
        return tuple(
            [order.accepted(order.leaves_lots) for order in self.orders.open.values() if order.command.account == account]
        )
