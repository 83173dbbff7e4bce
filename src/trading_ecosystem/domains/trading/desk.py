"""A desk: one strategy at work, with its orders, its portfolio, and what happens when it fails.

The desk asks the strategy, turns its intentions into commands that pass the own limits, and follows what the venues answer.
Nothing of one desk is reachable from another but the market, and the claims of an account that two strategies share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from msgspec import structs

from trading_ecosystem.domains.trading.containment import CLOSE_OUT as CLOSE_OUT
from trading_ecosystem.domains.trading.containment import Flooded, Pace, attempted, checked, reason_of, told
from trading_ecosystem.domains.trading.intentions import Cancel, CancelAll, Intention, Place, PlaceTogether, Replace, WakeMe
from trading_ecosystem.domains.trading.limits import OwnLimits
from trading_ecosystem.domains.trading.lots import KEPT_BY
from trading_ecosystem.domains.trading.order_life import OrderEvent, OrderState
from trading_ecosystem.domains.trading.orders import Order, Orders
from trading_ecosystem.domains.trading.parameters import StrategyParameters
from trading_ecosystem.domains.trading.portfolio import Portfolio, Position
from trading_ecosystem.domains.trading.pre_trade import MessageRate
from trading_ecosystem.domains.trading.reports import REPLACE_ANSWERS
from trading_ecosystem.domains.trading.strategy import Strategy
from trading_ecosystem.domains.trading.timers import StrategyDue
from trading_ecosystem.domains.trading.valuation import mark
from trading_ecosystem.domains.trading.view import View
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.exchange import CancelOrder, OrderFilled, PlaceOrder
from trading_ecosystem.messages.order_handling import OrderReplaced, OrderRestated, ReplaceOrder, ReplaceRejected
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.trading import (
    HaltReason,
    OrderWithheld,
    PositionChanged,
    StrategyHalted,
    StrategyMarked,
    StrategyStarted,
    WithheldReason,
)
from trading_ecosystem.messages.trading_phases import TradeBusted, TradeCorrected
from trading_ecosystem.messages.units import MinorUnits, Nanos
from trading_ecosystem.ports.component import Later

SaidList = list[Message | Later]


class Desk:
    """One strategy at work. Methods return what is said; ``now`` is the instant of the message being handled."""

    def __init__(self, parameters: StrategyParameters, settings: Any, strategy: Strategy, limits: OwnLimits) -> None:
        self.parameters = parameters
        self.name = parameters.name
        self.account = parameters.account
        self.settings = settings
        self.strategy = strategy
        self.limits = limits
        self.orders = Orders(parameters.name)
        self.portfolio = Portfolio(KEPT_BY[limits.parameters.cost_method])
        self.rate = MessageRate(limits.parameters.max_messages_per_second)
        self.view = View(self.name, self.account, limits.market, limits.claims, self.orders, self.portfolio)
        self.is_running = False
        self.run = 0
        """Rises with every start and halt; wake-ups of an earlier run are void."""
        self.pace = Pace()
        self.broken: str = ""
        """Why it cannot say what it watches, if it cannot."""
        self.fills = 0
        self.liquidations: dict[tuple[str, int], bool] = {}
        """Fills of the venues' liquidation orders, by venue and execution, so that each counts once."""
        self.high_usd_minor: MinorUnits = 0
        self.max_drawdown_usd_minor: MinorUnits = 0
        self.withheld: dict[tuple[str, WithheldReason], tuple[str, Side]] = {}
        """What was said to be withheld per instrument and reason, with the venue and side of the order it was about."""

    # The life of the strategy

    def start(self, strategy_class: type[Strategy], now: Nanos) -> SaidList:
        """Start with a fresh strategy; the portfolio goes on."""
        assert not self.is_running
        self.is_running = True
        self.run += 1
        said: SaidList = [StrategyStarted(self.account, self.name, self.parameters.kind)]
        self.view.now = now
        if self.broken:
            return [*said, *self._halt(HaltReason.FAILED, self.broken, now)]
        said += self._contained(self._load, (strategy_class,), now)
        return said

    def _load(self, strategy_class: type[Strategy]) -> Iterable[Intention]:
        self.strategy = strategy_class(self.settings)
        return self.strategy.started(self.view)

    def stop(self, now: Nanos) -> SaidList:
        """Halt because somebody asked for it, and let the strategy know."""
        said = self._halt(HaltReason.REQUESTED, "", now)
        said += self.ask("stopped", (), now)
        return said

    def _halt(self, reason: HaltReason, detail: str, now: Nanos) -> SaidList:
        self.is_running = False
        self.run += 1
        said: SaidList = [StrategyHalted(self.account, self.name, reason, detail)]
        self._cancel_all("", "", said, now)
        return said

    def cancel_everything(self, now: Nanos) -> SaidList:
        """Cancel every order, because the firm may not trade as it likes; the strategy goes on and sees its orders leave."""
        said: SaidList = []
        self._cancel_all("", "", said, now)
        return said

    def ask(self, callback: str, arguments: tuple[Any, ...], now: Nanos) -> SaidList:
        """Put one callback to the strategy and carry out what it wants."""
        self.view.now = now
        return self._contained(getattr(self.strategy, callback), (self.view, *arguments), now)

    def _contained(self, callback: Callable[..., Iterable[Intention]], arguments: tuple[Any, ...], now: Nanos) -> SaidList:
        """Run foreign code; if it raises, loops, or answers with something else than intentions, halt this strategy alone.

        This is the one place of the house that catches whatever comes. A strategy is code that we did not write: whatever
        leaves it is its own failure, said as such, and no reason to stop the other strategies, let alone the ecosystem.
        The engine's own work, ``_carry_out``, stands outside the ``try``: its assertions are bugs of ours and must not be
        contained.
        """
        allowance = type(self.strategy).allowance
        if allowance is not None:
            allowance.refill()
        try:
            wanted = callback(*arguments)
            # Nearly every answer is nothing, or a callback without a return.
            if not wanted:
                return []
            intentions = checked(wanted)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            return self._failed(error, now)
        return self._carry_out(intentions, now)

    def _failed(self, error: BaseException, now: Nanos) -> SaidList:
        """Halt because of what came out of the strategy; one that is halted already stays so."""
        return self._halt(reason_of(error), told(error), now) if self.is_running else []

    def watched(self, what: str) -> tuple[Any, ...]:
        """What a strategy says that it watches; nothing where that fails, and then it is halted as soon as it is started."""
        pairs, error = attempted(lambda: tuple(getattr(self.strategy, what)()))
        if error is not None:
            self.broken = told(error)
            return ()
        return tuple(pairs)

    # What the strategy wants

    def _carry_out(self, intentions: tuple[Intention, ...], now: Nanos) -> SaidList:
        said: SaidList = []
        try:
            self._do(intentions, said, now)
        except Flooded as flood:
            said += self._failed(flood, now)
        return said

    def _do(self, intentions: tuple[Intention, ...], said: SaidList, now: Nanos) -> None:
        for intention in intentions:
            self.pace.requested(now, len(intention.orders) if type(intention) is PlaceTogether else 1)
            match intention:
                case Place():
                    self._place((intention,), said, now)
                case PlaceTogether(orders=orders):
                    self._place(orders, said, now)
                case Replace(client_order_id=client_order_id):
                    order = self.orders.working.get(client_order_id)
                    if order is not None and not order.is_pending:
                        self._replace(order, intention, said, now)
                case Cancel(client_order_id=client_order_id):
                    order = self.orders.working.get(client_order_id)
                    if order is not None:
                        self._cancel(order, said, now)
                case CancelAll(venue=venue, instrument=instrument):
                    self._cancel_all(venue, instrument, said, now)
                case WakeMe(due_at=due_at, label=label):
                    if self.is_running:
                        if due_at <= now:
                            self.pace.woken(now)
                        said.append(Later(StrategyDue(self.name, self.run, label), max(due_at, now)))

    def _place(self, places: tuple[Place, ...], said: SaidList, now: Nanos) -> None:
        """Send all of these, or say why the first that may not be sent is withheld."""
        for beside, place in enumerate(places):
            reason = self._reason_against(places[: beside + 1], now)
            if reason is not None:
                self._withhold(place, reason, said)
                return
        for place in places:
            self.send(place, said, now)

    def _reason_against(self, places: tuple[Place, ...], now: Nanos, instead_of: Order | None = None) -> WithheldReason | None:
        """Why the last of these orders may not go out together with the others, or ``None``."""
        about, beside = (self.orders, self.portfolio), len(places) - 1
        reason = self.limits.withholds(places[-1], self.account, *about, self.is_running, beside, instead_of=instead_of)
        if reason is None and self.limits.exceeds_share(places, self.name, self.account, *about, instead_of):
            return WithheldReason.CAPITAL_SHARE
        if reason is None and not self.rate.allows(now, beside):
            return WithheldReason.MESSAGE_RATE
        return reason

    def send(self, place: Place, said: SaidList, now: Nanos) -> None:
        """Send an order that passed the limits: one that the strategy wants, or one of the engine's own."""
        requirement = self.limits.requirement(place, self.portfolio)
        assert requirement is not None, "an order that passed the limits has a known requirement"
        order = self.orders.open(place, requirement.asset, requirement.amount_minor, now)
        self.limits.claims.reserve(self.account, place.venue, requirement.asset, requirement.amount_minor)
        self.rate.count(now)
        if self.withheld:
            self._forget_withheld(place)
        said.append(
            PlaceOrder(
                venue=place.venue,
                account=self.account,
                client_order_id=order.client_order_id,
                instrument=place.instrument,
                side=place.side,
                order_type=place.order_type,
                time_in_force=place.time_in_force,
                price_ticks=place.price_ticks,
                quantity_lots=place.quantity_lots,
                post_only=place.post_only,
                terms=place.terms,
            )
        )

    def _replace(self, order: Order, wanted: Replace, said: SaidList, now: Nanos) -> None:
        """Ask the venue for another price or quantity, where the order that it makes is one that may be sent."""
        leaves = wanted.quantity_lots - order.cumulative_lots
        place = Place(order.venue, order.instrument, order.side, wanted.price_ticks, leaves, label=order.label)
        reason = self._reason_against((place,), now, order)
        if reason is not None:
            self._withhold(place, reason, said)
            return
        requirement = self.limits.requirement(place, self.portfolio)
        assert requirement is not None, "an order that passed the limits has a known requirement"
        # The venue holds what the order takes as it is; only what it is to take beyond that is set aside.
        order.reserved_asset = requirement.asset
        order.reserved_minor = max(0, requirement.amount_minor - self.limits.held_by(order, self.portfolio))
        self.limits.claims.reserve(self.account, order.venue, order.reserved_asset, order.reserved_minor)
        self.rate.count(now)
        self.orders.ask(order, OrderEvent.REPLACE_ASKED, now)
        said.append(ReplaceOrder(order.venue, self.account, order.client_order_id, wanted.price_ticks, wanted.quantity_lots))

    def _withhold(self, place: Place, reason: WithheldReason, said: SaidList) -> None:
        key = (place.instrument, reason)
        if key in self.withheld:
            return
        self.withheld[key] = (place.venue, place.side)
        said.append(
            OrderWithheld(
                account=self.account,
                strategy=self.name,
                venue=place.venue,
                instrument=place.instrument,
                side=place.side,
                price_ticks=place.price_ticks,
                quantity_lots=place.quantity_lots,
                reason=reason,
            )
        )

    def _forget_withheld(self, place: Place) -> None:
        """An order like one that was withheld went out: the next time is news again."""
        for key in [
            key for key, about in self.withheld.items() if key[0] == place.instrument and about == (place.venue, place.side)
        ]:
            del self.withheld[key]

    def _cancel_all(self, venue: str, instrument: str, said: SaidList, now: Nanos) -> None:
        for order in self.orders.working.values():
            if venue in ("", order.venue) and instrument in ("", order.instrument):
                self._cancel(order, said, now)

    def _cancel(self, order: Order, said: SaidList, now: Nanos) -> None:
        if order.state is not OrderState.PENDING_CANCEL:
            self.rate.count(now)
            self.orders.ask(order, OrderEvent.CANCEL_ASKED, now)
            said.append(CancelOrder(order.venue, self.account, order.client_order_id))

    # What the venues answer

    def accepted(self, order: Order, order_id: int) -> None:
        """The venue has the order and holds its claim."""
        self._answered(order)
        self.orders.accept(order, order_id)

    def filled(self, order: Order, fill: OrderFilled, now: Nanos) -> SaidList:
        """Count a fill once, say the position, and tell the strategy."""
        self._answered(order)
        if not self.orders.fill(order, fill.execution_id, fill.cumulative_lots, fill.leaves_lots):
            return []
        self.fills += 1
        position = self.portfolio.position(order.venue, order.instrument)
        position.fill(fill.side, fill.price_ticks, fill.quantity_lots, position.fee(fill))
        self.limits.claims.traded(self.account, self.name, fill)
        said: SaidList = [self.position_changed(position)]
        if self.is_running and order.label != CLOSE_OUT:
            said += self.ask("order_filled", (order, fill), now)
        return said

    def liquidated(self, fill: OrderFilled) -> SaidList:
        """Count a fill of an order that the venue sent to close the account's position; the strategy is not asked."""
        execution = (fill.venue, fill.execution_id)
        if execution in self.liquidations:
            return []
        self.liquidations[execution] = True
        self.fills += 1
        position = self.portfolio.position(fill.venue, fill.instrument)
        position.fill(fill.side, fill.price_ticks, fill.quantity_lots, fill.fee_minor)
        return [self.position_changed(position)]

    def busted(self, bust: TradeBusted) -> SaidList:
        """A trade was undone: the position is as if the opposite had been filled, without fee; told to nobody else."""
        position = self.portfolio.position(bust.venue, bust.instrument)
        position.undo(bust.side, bust.price_ticks, bust.quantity_lots, position.fee(bust))
        self.limits.claims.traded(self.account, self.name, bust, undone=True)
        return [self.position_changed(position)]

    def corrected(self, correction: TradeCorrected) -> SaidList:
        """A trade has another price and fee."""
        position = self.portfolio.position(correction.venue, correction.instrument)
        before = structs.replace(correction, price_ticks=correction.price_before_ticks, fee_minor=correction.fee_before_minor)
        position.undo(before.side, before.price_ticks, before.quantity_lots, position.fee(before))
        position.fill(correction.side, correction.price_ticks, correction.quantity_lots, position.fee(correction))
        self.limits.claims.traded(self.account, self.name, before, undone=True)
        self.limits.claims.traded(self.account, self.name, correction)
        return [self.position_changed(position)]

    def changed(self, order: Order, message: OrderReplaced | OrderRestated | ReplaceRejected) -> None:
        """An open order has another quantity or price, or its replacement was refused; the strategy is not told."""
        if order.state is OrderState.PENDING_REPLACE and not isinstance(message, OrderRestated):
            self._answered(order)
            self.orders.happened(order, REPLACE_ANSWERS[type(message)])
        if not isinstance(message, ReplaceRejected):
            order.quantity_lots = message.quantity_lots
            if isinstance(message, OrderReplaced):
                order.price_ticks = message.price_ticks

    def ended(self, order: Order, event: OrderEvent, callback: str, arguments: tuple[Any, ...], now: Nanos) -> SaidList:
        """The order left the market unfilled, in part or whole."""
        self._answered(order)
        self.orders.happened(order, event)
        return self.ask(callback, (order, *arguments), now) if self.is_running and order.label != CLOSE_OUT else []

    def _answered(self, order: Order) -> None:
        """The venue has answered: from now on its claims speak for the order."""
        if order.reserved_minor:
            self.limits.claims.reserve(self.account, order.venue, order.reserved_asset, -order.reserved_minor)
            order.reserved_minor = 0

    def chase(self, now: Nanos) -> SaidList:
        """Cancel (again) whatever got no answer in time; a lost message must not block a claim for ever."""
        said: SaidList = []
        for order in self.orders.unanswered(now):
            self.rate.count(now)
            self.orders.ask(order, OrderEvent.TIMED_OUT, now)
            said.append(CancelOrder(order.venue, self.account, order.client_order_id))
        return said

    # What it has come to

    def position_changed(self, position: Position) -> PositionChanged:
        """A position as it is said."""
        return PositionChanged(
            account=self.account,
            strategy=self.name,
            venue=position.venue,
            instrument=position.instrument,
            position_lots=position.lots,
            average_price_minor=position.average_price_minor,
            realised_minor=position.realised_minor,
            fees_minor=position.fees_minor,
        )

    def marked(self) -> StrategyMarked:
        """Profit and loss at the latest published prices."""
        marked = mark(self.portfolio, self.limits.market.prices)
        net = marked.realised_usd_minor + marked.unrealised_usd_minor
        self.high_usd_minor = max(self.high_usd_minor, net)
        self.max_drawdown_usd_minor = max(self.max_drawdown_usd_minor, self.high_usd_minor - net)
        return StrategyMarked(
            account=self.account,
            strategy=self.name,
            realised_usd_minor=marked.realised_usd_minor,
            unrealised_usd_minor=marked.unrealised_usd_minor,
            fees_usd_minor=marked.fees_usd_minor,
            orders=self.orders.sent,
            fills=self.fills,
            turnover_usd_minor=marked.turnover_usd_minor,
            max_drawdown_usd_minor=self.max_drawdown_usd_minor,
        )
