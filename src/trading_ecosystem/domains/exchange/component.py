"""The exchange: one venue with its accounts, claims, orders and markets. The dispatch table is ``Exchange.hears``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from trading_ecosystem.domains.exchange.accounts.account_sessions import AccountSessions, SessionDue
from trading_ecosystem.domains.exchange.accounts.accounts import Accounts
from trading_ecosystem.domains.exchange.accounts.claims import Claims
from trading_ecosystem.domains.exchange.accounts.faucet import DemoFaucet
from trading_ecosystem.domains.exchange.accounts.pledges import Pledges
from trading_ecosystem.domains.exchange.book.book_events import BookEvent
from trading_ecosystem.domains.exchange.conditions.conditioned_venue import ConditionedVenue
from trading_ecosystem.domains.exchange.conditions.late_fills import LateFills
from trading_ecosystem.domains.exchange.conditions.reports import ReportsDue
from trading_ecosystem.domains.exchange.conditions.standing import ConditionDue
from trading_ecosystem.domains.exchange.margin.perpetuals import ContributionDue, MarginDue, Perpetuals
from trading_ecosystem.domains.exchange.market import Market
from trading_ecosystem.domains.exchange.orders.order_desk import OrderDesk
from trading_ecosystem.domains.exchange.orders.order_entry import OrderEntry
from trading_ecosystem.domains.exchange.orders.order_events import OrderEvents
from trading_ecosystem.domains.exchange.orders.orders import OrderTable
from trading_ecosystem.domains.exchange.parameters import ExchangeParameters
from trading_ecosystem.domains.exchange.rules.trading_day import MatchingDue, PhaseDue, TradingDay
from trading_ecosystem.domains.exchange.trades.busts import Busts
from trading_ecosystem.domains.exchange.trades.trade_capture import TradeCapture
from trading_ecosystem.domains.exchange.vocabulary import SAYS
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.custodian import AssetsPledged
from trading_ecosystem.messages.exchange import (
    AccountOpened,
    CancelOrder,
    ClaimsReported,
    OpenAccount,
    PlaceOrder,
    ReleaseAssets,
)
from trading_ecosystem.messages.margin import MarkContributed
from trading_ecosystem.messages.market_data import FundamentalPriceChanged
from trading_ecosystem.messages.order_handling import (
    Disconnect,
    KeepSession,
    MassCancel,
    PlaceOrderList,
    ReplaceOrder,
    SessionEnded,
    SessionKept,
)
from trading_ecosystem.messages.orders import CancelReason
from trading_ecosystem.messages.test_coordination import ConditionCleared, Resumed
from trading_ecosystem.messages.trading_phases import (
    AccountOpeningRefused,
    AccountStatus,
    AccountStatusChanged,
    AskDemoFunds,
    BustTrade,
    CorrectTrade,
    HaltTrading,
    ResumeTrading,
    SetAccountStatus,
)
from trading_ecosystem.messages.units import INSTRUMENTS, Nanos
from trading_ecosystem.messages.venue_conditions import VenueConditionSet
from trading_ecosystem.ports.component import Begin, Later, Said, WakeUp
from trading_ecosystem.ports.randomness import Randomness


class MarketWatcher:
    """Lets the matching act in the middle of the background flow, where the book calls for it."""

    __slots__ = ("_events", "_market")

    def __init__(self, market: Market, events: OrderEvents) -> None:
        self._market = market
        self._events = events

    def attend(self, at: Nanos, events: list[BookEvent], said: list[Message | Later]) -> None:
        """Let the matching hear what the flow did."""
        self._events.observe(self._market, events, at, said)


class PublicationDue(WakeUp, frozen=True, gc=False):
    """Time to let the flow act and to publish every market."""


class ClaimsReportDue(WakeUp, frozen=True, gc=False):
    """Time to report every claim to the custodian."""


class Exchange(ConditionedVenue):
    """One venue. It is a simulator and hears every account; ``accounts`` is only there to restrict it."""

    context: ClassVar[str] = "exchange"
    state_version: ClassVar[int] = 2
    hears: ClassVar[dict[type[Any], str]] = {
        Begin: "began",
        PublicationDue: "publication_due",
        ClaimsReportDue: "claims_report_due",
        OpenAccount: "account_opening_asked",
        PlaceOrder: "order_placed",
        CancelOrder: "cancel_asked",
        ReplaceOrder: "replace_asked",
        MassCancel: "mass_cancel_asked",
        PlaceOrderList: "order_list_placed",
        KeepSession: "session_kept",
        Disconnect: "disconnected",
        SessionDue: "session_due",
        MatchingDue: "matching_due",
        PhaseDue: "phase_due",
        HaltTrading: "halt_asked",
        ResumeTrading: "resumption_asked",
        BustTrade: "bust_asked",
        CorrectTrade: "correction_asked",
        SetAccountStatus: "status_set",
        AskDemoFunds: "demo_funds_asked",
        ReleaseAssets: "release_asked",
        AssetsPledged: "assets_pledged",
        FundamentalPriceChanged: "fundamental_price_changed",
        ContributionDue: "contribution_due",
        MarkContributed: "mark_contributed",
        MarginDue: "margin_due",
        Resumed: "resumed",
        VenueConditionSet: "condition_set",
        ConditionCleared: "condition_cleared",
        ConditionDue: "condition_due",
        ReportsDue: "reports_due",
    }
    says: ClassVar[tuple[type[Message], ...]] = SAYS

    def __init__(
        self, name: str, parameters: ExchangeParameters, randomness: Randomness, accounts: frozenset[str] | None = None
    ) -> None:
        super().__init__(name, randomness, accounts)
        self.parameters = parameters
        self.claims = Claims(name)
        self.clients = Accounts(name, kyc_required=parameters.kyc_required)
        self.orders = OrderTable()
        self.pledges = Pledges(name, parameters.custodian, self.clients, self.claims)
        capture = TradeCapture(name, parameters, self.clients, self.claims, self.orders, self.conditions)
        self.entry = OrderEntry(name, parameters, self.clients, self.orders, capture, self.conditions)
        self.markets = {
            symbol: Market(name, INSTRUMENTS[symbol], parameters, randomness, self.clients, self.claims, capture)
            for symbol in parameters.instruments
        }
        for market in self.markets.values():
            market.watcher = MarketWatcher(market, self.entry.events)
            self.entry.events.follow(market)
        late_fills = LateFills(self.conditions, self.entry.events, capture)
        self.desk = OrderDesk(name, parameters, self.clients, self.orders, self.entry, self.markets, late_fills)
        self.sessions = AccountSessions()
        self.day = TradingDay(name, parameters.calendar, self.entry.events)
        self.busts = Busts(name, parameters.custodian, parameters.rules, self.clients, self.claims, capture)
        self.faucet = DemoFaucet(
            name, parameters.custodian, parameters.faucet, self.clients, self.claims, self.desk, self.pledges
        )
        self.perpetuals = Perpetuals(name, parameters, self.clients, self.claims, capture, self.entry, self.markets)
        self._catching_up_until: Nanos = 0
        self._catching_up_tick_ns: Nanos = 0

    def began(self, _: Begin, now: Nanos) -> Said:
        """List every instrument, and begin to publish and to report."""
        listed: list[Message | Later] = [market.listed(self.name, self.parameters) for market in self.markets.values()]
        listed.append(Later(PublicationDue(), now + self.parameters.publish_every_ns))
        listed.append(Later(ClaimsReportDue(), now + self.parameters.claims_report_every_ns))
        listed += self.perpetuals.listed(now)
        if self.parameters.calendar is not None:
            self.day.keep_to_calendar(self.markets, now, listed)
        return listed

    def publication_due(self, _: PublicationDue, now: Nanos) -> Said:
        """Bring the background flow of every market up to now, and publish what changed."""
        said: list[Message | Later] = []
        for market in self.markets.values():
            self._advance(market, now, said)
            market.publication.publish(market.book, market.tape, said)
            self.day.indicate(market, said)
        self.orders.forget_expired(now)
        said.append(Later(PublicationDue(), self._next_publication(now)))
        # The flow may have begun a volatility auction, which nobody else would end.
        return self._wished(said, now)

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
        if self.clients.open(message.account):
            return [AccountOpened(self.name, message.account)]
        return [AccountOpeningRefused(self.name, message.account)]

    def status_set(self, message: SetAccountStatus, now: Nanos) -> Said:
        """Give an account another status; one that may not trade any more has its orders cancelled."""
        account = self.clients.get(message.account)
        if account is None:
            return [AccountOpeningRefused(self.name, message.account)]
        said: list[Message | Later] = []
        self.clients.set_status(account, message.status, message.kyc)
        if account.status is not AccountStatus.ACTIVE:
            self.desk.cancel_all(account.name, CancelReason.ACCOUNT_RESTRICTED, now, said)
        said.append(AccountStatusChanged(self.name, account.name, account.status, account.kyc))
        return self._wished(said, now)

    def order_placed(self, message: PlaceOrder, now: Nanos) -> Said:
        """Answer an order: again as before, with a reason against it, or by taking it to its market."""
        said: list[Message | Later] = []
        market = self.desk.place(message, now, said)
        return said if market is None or market.matching.simple else self._wished(said, now)

    def order_list_placed(self, message: PlaceOrderList, now: Nanos) -> Said:
        """Answer orders that depend on each other."""
        said: list[Message | Later] = []
        self.desk.place_list(message, now, said)
        return self._wished(said, now)

    def replace_asked(self, message: ReplaceOrder, now: Nanos) -> Said:
        """Give an order another price or quantity."""
        said: list[Message | Later] = []
        self.desk.replace(message, now, said)
        return self._wished(said, now)

    def cancel_asked(self, message: CancelOrder, now: Nanos) -> Said:
        """Take an order out of its market, after everyone in the background who came before."""
        said: list[Message | Later] = []
        market = self.desk.cancel(message, now, said)
        return said if market is None or market.matching.simple else self._wished(said, now)

    def mass_cancel_asked(self, message: MassCancel, now: Nanos) -> Said:
        """Take all orders of an account out of their markets."""
        said: list[Message | Later] = []
        self.desk.mass_cancel(message, now, said)
        return self._wished(said, now)

    def session_kept(self, message: KeepSession, now: Nanos) -> Said:
        """Watch an account's heartbeat; nothing is watched for one that may not trade."""
        watched = message.cancel_after_ns if self.clients.may_trade(message.account) else 0
        ends_at = self.sessions.keep(message.account, watched, now)
        said: list[Message | Later] = [SessionKept(self.name, message.account, ends_at)]
        if ends_at:
            said.append(Later(SessionDue(message.account), ends_at))
        return said

    def disconnected(self, message: Disconnect, now: Nanos) -> Said:
        """A connection broke."""
        return self._session_ended(message.account, now) if self.sessions.end(message.account) else ()

    def session_due(self, message: SessionDue, now: Nanos) -> Said:
        """A heartbeat may have been missed."""
        return self._session_ended(message.account, now) if self.sessions.is_over(message.account, now) else ()

    def _session_ended(self, account: str, now: Nanos) -> Said:
        said: list[Message | Later] = []
        cancelled = self.desk.cancel_all(account, CancelReason.DISCONNECTED, now, said)
        said.append(SessionEnded(self.name, account, cancelled))
        return self._wished(said, now)

    def matching_due(self, message: MatchingDue, now: Nanos) -> Said:
        """Something of an instrument's matching is due."""
        said: list[Message | Later] = []
        market = self.markets[message.instrument]
        if market.wakes_at is not None and market.wakes_at <= now:
            market.wakes_at = None
        self._advance(market, now, said)
        self.day.expire(market, now, said)
        return self._wished(said, now)

    def phase_due(self, _: PhaseDue, now: Nanos) -> Said:
        """The calendar begins another phase."""
        said: list[Message | Later] = []
        for market in self.markets.values():
            self._advance(market, now, said)
        self.day.keep_to_calendar(self.markets, now, said)
        return self._wished(said, now)

    def halt_asked(self, message: HaltTrading, now: Nanos) -> Said:
        """The operator halts an instrument; nothing for one that is not listed."""
        return self._operated(message.instrument, self.day.halt, now)

    def resumption_asked(self, message: ResumeTrading, now: Nanos) -> Said:
        """The operator lets an instrument trade again; nothing for one that is not listed."""
        return self._operated(message.instrument, self.day.resume, now)

    def _operated(self, symbol: str, act: Callable[[Market, Nanos, list[Message | Later]], None], now: Nanos) -> Said:
        said: list[Message | Later] = []
        market = self.markets.get(symbol)
        if market is not None:
            self._advance(market, now, said)
            act(market, now, said)
        return self._wished(said, now)

    def bust_asked(self, message: BustTrade, now: Nanos) -> Said:
        """The operator undoes a trade."""
        said: list[Message | Later] = []
        self.busts.bust(message, now, said)
        return said

    def correction_asked(self, message: CorrectTrade, now: Nanos) -> Said:
        """The operator gives a trade another price."""
        said: list[Message | Later] = []
        self.busts.correct(message, now, said)
        return said

    def demo_funds_asked(self, message: AskDemoFunds, now: Nanos) -> Said:
        """An account asks the faucet."""
        said: list[Message | Later] = []
        self.faucet.asked(message, now, said)
        return self._wished(said, now)

    def _advance(self, market: Market, now: Nanos, said: list[Message | Later]) -> None:
        """Bring the background flow of a market up to now, and let its matching hear of it."""
        self.entry.events.advance(market, now, said)

    def _wished(self, said: list[Message | Later], now: Nanos) -> Said:
        """With the wishes to be woken for what the matchings have to do later."""
        for market in self.markets.values():
            if not market.matching.simple:
                self.day.wake(market, said, now)
        return said

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
