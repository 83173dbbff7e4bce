"""The dispatch table of the trading engine: who is told what, and which desk it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from trading_ecosystem.domains.trading import standings
from trading_ecosystem.domains.trading.capital_shares import shares_by_account
from trading_ecosystem.domains.trading.close_out import CloseOut
from trading_ecosystem.domains.trading.desk import Desk, SaidList
from trading_ecosystem.domains.trading.kinds import KINDS, StrategyKind, settings_of
from trading_ecosystem.domains.trading.limits import OwnLimits
from trading_ecosystem.domains.trading.market import Claims, Market
from trading_ecosystem.domains.trading.order_life import ENDED, OrderEvent, OrderState
from trading_ecosystem.domains.trading.orders import Order
from trading_ecosystem.domains.trading.parameter_changes import changed_parameters, parameters_of, unknown_strategy
from trading_ecosystem.domains.trading.parameters import StrategyParameters, TradingParameters
from trading_ecosystem.domains.trading.recovery import queries, recover
from trading_ecosystem.domains.trading.reports import LIQUIDATION, Report
from trading_ecosystem.domains.trading.timers import CloseOutDue, MarkDue, StartDue, StrategyDue
from trading_ecosystem.messages.base import Message, Question, master_of
from trading_ecosystem.messages.exchange import (
    CancelOrder,
    CancelRejected,
    ClaimChanged,
    InstrumentListed,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    PlaceOrder,
    QuoteChanged,
)
from trading_ecosystem.messages.margin import PerpetualListed
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.order_handling import OrderReplaced, OrderRestated, ReplaceOrder, ReplaceRejected
from trading_ecosystem.messages.orders import CancelReason, CancelRejectReason, TradingPhase
from trading_ecosystem.messages.trading import (
    ChangeStrategyParameters,
    OrderWithheld,
    PortfolioQuestion,
    PositionChanged,
    PositionCloseOutEnded,
    StartStrategy,
    StopStrategy,
    StrategiesQuestion,
    StrategyCommandRejected,
    StrategyCommandRejectReason,
    StrategyHalted,
    StrategyMarked,
    StrategyParametersChanged,
    StrategyParametersRejected,
    StrategyStanding,
    StrategyStarted,
)
from trading_ecosystem.messages.trading_phases import TradeBusted, TradeCorrected, TradingPhaseChanged
from trading_ecosystem.messages.trading_state import TradingState, TradingStateChanged
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.component import Begin, Component, Later, Query, Reconciled, Said
from trading_ecosystem.ports.randomness import Randomness

NOTHING: Final[tuple[Message, ...]] = ()


class Trading(Component):
    """The trading engine of one firm. ``kinds`` may be extended in a subclass, to trade strategies of one's own."""

    context: ClassVar[str] = "trading"
    hears: ClassVar[dict[type[Any], str]] = {
        Begin: "begun",
        Reconciled: "reconciled",
        StartDue: "start_due",
        StrategyDue: "strategy_due",
        MarkDue: "mark_due",
        CloseOutDue: "close_out_due",
        InstrumentListed: "instrument_listed",
        PerpetualListed: "instrument_listed",
        QuoteChanged: "quote_changed",
        PricePublished: "price_published",
        ClaimChanged: "claim_changed",
        OrderAccepted: "order_accepted",
        OrderRejected: "order_rejected",
        OrderFilled: "order_filled",
        OrderCancelled: "order_cancelled",
        CancelRejected: "cancel_rejected",
        OrderReplaced: "order_changed",
        OrderRestated: "order_changed",
        ReplaceRejected: "order_changed",
        TradingPhaseChanged: "phase_changed",
        TradeBusted: "trade_busted",
        TradeCorrected: "trade_corrected",
        TradingStateChanged: "trading_state_changed",
        StartStrategy: "start_strategy",
        StopStrategy: "stop_strategy",
        ChangeStrategyParameters: "change_parameters",
    }
    says: ClassVar[tuple[type[Message], ...]] = (
        PlaceOrder,
        ReplaceOrder,
        CancelOrder,
        StrategyStarted,
        StrategyHalted,
        StrategyCommandRejected,
        StrategyParametersChanged,
        StrategyParametersRejected,
        OrderWithheld,
        PositionChanged,
        PositionCloseOutEnded,
        StrategyMarked,
    )
    answers: ClassVar[dict[type[Question], str]] = {PortfolioQuestion: "portfolio", StrategiesQuestion: "strategies"}
    kinds: ClassVar[Mapping[str, StrategyKind]] = KINDS
    state_version: ClassVar[int] = 2

    def __init__(
        self, name: str, parameters: TradingParameters, randomness: Randomness, accounts: frozenset[str] | None = None
    ) -> None:
        """Load every strategy. ``randomness`` is not drawn from: the built-in strategies follow from what they are told.

        Raises ``ValueError`` for settings that the edge should have refused.
        """
        super().__init__(name, frozenset({parameters.firm}) if accounts is None else accounts)
        self.parameters = parameters
        self.market = Market(parameters.venues, parameters.instruments)
        self.claims = Claims(shares_by_account(parameters.strategies))
        self.limits = OwnLimits(parameters, self.market, self.claims)
        self.desks: dict[str, Desk] = {}
        self.close_out = CloseOut()
        self.quote_watchers: dict[tuple[str, str], list[Desk]] = {}
        self.price_watchers: dict[str, list[Desk]] = {}
        for strategy in parameters.strategies:
            self._load(strategy)
        self._watch()
        self.trading_accounts = {desk.account: True for desk in self.desks.values()}

    def _load(self, parameters: StrategyParameters) -> None:
        settings = settings_of(parameters.kind, parameters.settings, self.kinds)
        strategy = self.kinds[parameters.kind].strategy(settings)
        self.desks[parameters.name] = Desk(parameters, settings, strategy, self.limits)

    def _watch(self) -> None:
        """Note who is told of which quotes and prices."""
        self.quote_watchers.clear()
        self.price_watchers.clear()
        for desk in self.desks.values():
            for pair in desk.watched("quotes_watched"):
                self.quote_watchers.setdefault(pair, []).append(desk)
            for instrument in desk.watched("prices_watched"):
                self.price_watchers.setdefault(instrument, []).append(desk)

    # Starting, stopping and time

    def begun(self, message: Begin, now: Nanos) -> Said:
        """Start what starts at once, and ask to be woken for the rest."""
        said: SaidList = []
        for desk in self.desks.values():
            after = desk.parameters.starts_after_ns
            if after:
                said.append(Later(StartDue(desk.name), now + after))
            elif after is not None:
                said += self._start(desk, now)
        said.append(Later(MarkDue(), now + self.parameters.mark_every_ns))
        return said

    def queries(self) -> tuple[Query, ...]:
        """What it asks the venues and the monitor after a start without memory."""
        return queries(self.parameters)

    def reconciled(self, message: Reconciled, now: Nanos) -> Said:
        """They say what they know."""
        return recover(self.limits, self.desks, message.answers, now)

    def _start(self, desk: Desk, now: Nanos) -> SaidList:
        return desk.start(self.kinds[desk.parameters.kind].strategy, now)

    def start_due(self, message: StartDue, now: Nanos) -> Said:
        """A planned start; nothing, if somebody has started it before."""
        desk = self.desks[message.strategy]
        return self._start(desk, now) if desk.run == 0 else NOTHING

    def strategy_due(self, message: StrategyDue, now: Nanos) -> Said:
        """A wake-up that a strategy asked for, if it is still in the same run."""
        desk = self.desks[message.strategy]
        return desk.ask("timer", (message.label,), now) if desk.run == message.run else NOTHING

    def mark_due(self, message: MarkDue, now: Nanos) -> Said:
        """Mark every strategy that ever ran, and chase unanswered requests."""
        said: SaidList = []
        for desk in self.desks.values():
            if desk.run:
                said += [desk.marked(), *desk.chase(now)]
        said.append(Later(message, now + self.parameters.mark_every_ns))
        return said

    def start_strategy(self, message: StartStrategy, now: Nanos) -> Said:
        """Start a strategy again, with a fresh memory and its old portfolio."""
        desk = self._desk_commanded(message)
        if desk is None:
            return self._refused(message, True, StrategyCommandRejectReason.UNKNOWN_STRATEGY)
        if desk.is_running:
            return self._refused(message, True, StrategyCommandRejectReason.ALREADY_RUNNING)
        return self._start(desk, now)

    def stop_strategy(self, message: StopStrategy, now: Nanos) -> Said:
        """Stop a strategy and cancel its orders."""
        desk = self._desk_commanded(message)
        if desk is None:
            return self._refused(message, False, StrategyCommandRejectReason.UNKNOWN_STRATEGY)
        if not desk.is_running:
            return self._refused(message, False, StrategyCommandRejectReason.NOT_RUNNING)
        return desk.stop(now)

    def change_parameters(self, message: ChangeStrategyParameters, now: Nanos) -> Said:
        """Give a strategy other parameters, all of them checked before anything changes."""
        desk = self._desk_commanded(message)
        if desk is None:
            return [unknown_strategy(message)]
        changed = changed_parameters(self.parameters, desk.parameters, message, self.kinds)
        if isinstance(changed, StrategyParametersRejected):
            return [changed]
        said: SaidList = [StrategyParametersChanged(desk.account, desk.name, parameters_of(changed))]
        was_running = desk.is_running
        if was_running:
            said += desk.stop(now)
        desk.parameters, desk.settings = changed, settings_of(changed.kind, changed.settings, self.kinds)
        desk.strategy = self.kinds[changed.kind].strategy(desk.settings)
        self._watch()
        return [*said, *self._start(desk, now)] if was_running else said

    def _desk_commanded(self, command: StartStrategy | StopStrategy | ChangeStrategyParameters) -> Desk | None:
        """The desk that a command means: its own account or the firm's master account may command it."""
        desk = self.desks.get(command.strategy)
        if desk is None or command.account not in (desk.account, master_of(desk.account)):
            return None
        return desk

    def _refused(self, command: StartStrategy | StopStrategy, start: bool, reason: StrategyCommandRejectReason) -> Said:
        return (StrategyCommandRejected(command.account, command.strategy, start, reason),)

    # The market

    def quote_changed(self, message: QuoteChanged, now: Nanos) -> Said:
        """Remember the quote and tell those who watch it. An older one, overtaken on its way, is dropped."""
        key = (message.venue, message.instrument)
        feed = self.market.feeds.get(key)
        if feed is None or (feed.quote is not None and message.update < feed.quote.update):
            return NOTHING
        feed.quote = message
        feed.heard_at = now
        watchers = self.quote_watchers.get(key)
        if watchers is None:
            return NOTHING
        said: SaidList = []
        for desk in watchers:
            if desk.is_running:
                said += desk.ask("quote_changed", (message,), now)
        return said

    def price_published(self, message: PricePublished, now: Nanos) -> Said:
        """Remember the price and tell those who watch it, however old its ``priced_at``; drop one that was overtaken."""
        instrument = message.instrument
        prices = self.market.prices
        known = prices.get(instrument)
        if known is not None and message.update < known.update:
            return NOTHING
        prices[instrument] = message
        watchers = self.price_watchers.get(instrument)
        if watchers is None:
            return NOTHING
        said: SaidList = []
        for desk in watchers:
            if desk.is_running:
                said += desk.ask("price_published", (message,), now)
        return said

    def instrument_listed(self, message: InstrumentListed | PerpetualListed, now: Nanos) -> Said:
        """Learn a venue's fees, or its margin terms."""
        feed = self.market.feeds.get((message.venue, message.instrument))
        if feed is not None:
            feed.list(message)
        return NOTHING

    # What venues answer

    def claim_changed(self, message: ClaimChanged, now: Nanos) -> Said:
        """Remember what is available to an account that a strategy trades on."""
        if message.account in self.trading_accounts:
            self.claims.changed(message)
        return NOTHING

    def order_accepted(self, message: OrderAccepted, now: Nanos) -> Said:
        """An order is live."""
        found = self._find(message)
        if found is not None:
            desk, order = found
            desk.accepted(order, message.order_id)
        return NOTHING

    def order_rejected(self, message: OrderRejected, now: Nanos) -> Said:
        """An order was refused. One that is known to be live stays so: then the refusal was of a copy."""
        found = self._find(message)
        if found is None:
            return NOTHING
        desk, order = found
        if order.state in ENDED or order.order_id:
            return NOTHING
        return desk.ended(order, OrderEvent.REJECTED, "order_rejected", (message.reason,), now)

    def order_filled(self, message: OrderFilled, now: Nanos) -> Said:
        """An order was filled, in part or whole; it may be the venue's own, to close the account's position."""
        found = self._find(message)
        if found is None:
            owners = [desk for desk in self.desks.values() if desk.account == message.account]
            is_liquidation = message.client_order_id.startswith(LIQUIDATION)
            return owners[0].liquidated(message) if owners and is_liquidation else NOTHING
        desk, order = found
        order.order_id = message.order_id
        return desk.filled(order, message, now)

    def order_cancelled(self, message: OrderCancelled, now: Nanos) -> Said:
        """What was left of an order is gone."""
        found = self._find(message)
        if found is None or found[1].state in ENDED:
            return NOTHING
        event = OrderEvent.EXPIRED if message.reason is CancelReason.EXPIRED else OrderEvent.CANCELLED
        return found[0].ended(found[1], event, "order_cancelled", (), now)

    def cancel_rejected(self, message: CancelRejected, now: Nanos) -> Said:
        """There was nothing to cancel: the order never arrived, or it is over and its last report was lost or is late.

        Where it was only too soon, the order works on, and is asked for again when its answer is overdue.
        """
        found = self._find(message)
        if (
            found is None
            or found[1].state is not OrderState.PENDING_CANCEL
            or message.reason is CancelRejectReason.RATE_LIMITED
        ):
            return NOTHING
        return found[0].ended(found[1], OrderEvent.CANCEL_REJECTED, "order_cancelled", (), now)

    def order_changed(self, message: OrderReplaced | OrderRestated | ReplaceRejected, now: Nanos) -> Said:
        """An order has another quantity, or price, or it was refused one."""
        found = self._find(message)
        if found is not None and found[1].state not in ENDED:
            found[0].changed(found[1], message)
        return NOTHING

    def phase_changed(self, message: TradingPhaseChanged, now: Nanos) -> Said:
        """An instrument is halted or closed, or trades again: strategies send nothing there meanwhile."""
        feed = self.market.feeds.get((message.venue, message.instrument))
        if feed is not None:
            feed.takes_orders = message.phase not in (TradingPhase.CLOSED, TradingPhase.HALTED)
        return NOTHING

    def trading_state_changed(self, message: TradingStateChanged, now: Nanos) -> Said:
        """The firm may trade as it likes, or not: then nothing stays in a book. Older news is overtaken."""
        if message.changed_at < self.limits.state_since:
            return NOTHING
        self.limits.state, self.limits.state_since = message.state, message.changed_at
        ended = [] if message.state is TradingState.ACTIVE else self.desks.values()
        said = [one for desk in ended for one in desk.cancel_everything(now)]
        return [*said, *self.close_out.state_changed(message, self.desks, now)]

    def close_out_due(self, message: CloseOutDue, now: Nanos) -> Said:
        """Positions may still be open."""
        return self.close_out.due(message, self.desks, now)

    def trade_busted(self, message: TradeBusted, now: Nanos) -> Said:
        """A trade of a strategy was undone."""
        found = self._find(message)
        if found is None or not found[1].undoes(message.busted_execution_id, message.execution_id):
            return NOTHING
        return found[0].busted(message)

    def trade_corrected(self, message: TradeCorrected, now: Nanos) -> Said:
        """A trade of a strategy has another price."""
        found = self._find(message)
        if found is None or not found[1].undoes(message.corrected_execution_id, message.execution_id):
            return NOTHING
        return found[0].corrected(message)

    def _find(self, message: Report) -> tuple[Desk, Order] | None:
        """The desk and order that a report is about; ``None`` for orders that the firm placed by other means."""
        desk = self.desks.get(message.client_order_id.rpartition("-")[0])
        if desk is None or desk.account != message.account:
            return None
        order = desk.orders.find(message.client_order_id)
        if order is None or order.venue != message.venue:
            return None
        return desk, order

    def portfolio(self, question: PortfolioQuestion) -> tuple[PositionChanged, ...]:
        """Every position that was ever opened, of one strategy or of all."""
        return standings.positions(self.desks.values(), question.strategy)

    def strategies(self, question: StrategiesQuestion) -> tuple[StrategyStanding, ...]:
        """Every loaded strategy as it stands."""
        return standings.strategies(self.desks.values())
