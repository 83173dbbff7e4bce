"""A venue that may misbehave: what it hears and says passes the conditions that stand on it.

**Outage.** The venue is as a process that was stopped: commands are lost, and everything else that comes (its own wake-ups,
pledges, the contributions of other venues, conditions of other kinds) waits and is handled in its order when the venue is back,
before it says that the condition ended; fundamental prices alone go through, and say nothing. The background flow stands still,
and goes on as after a halt. Named orders rest, or are all cancelled when the venue is back, before anything else happens.

**Halt.** Every instrument that is not closed or halted already is halted as by the operator, and resumed at the end. A person
may resume it before.

A condition ends when its time is over and it holds nothing back any more; cleared, it lets everything go at once. Late answers:
:mod:`.reports`; wide and thin quotes: :mod:`.restraint`; cancels overtaken by fills: :mod:`.late_fills`; orders refused:
:mod:`..orders.order_entry`; matches in pieces: :mod:`..trades.trade_capture`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trading_ecosystem.domains.exchange.conditions.reports import Reports, ReportsDue
from trading_ecosystem.domains.exchange.conditions.restraint import Restraint
from trading_ecosystem.domains.exchange.conditions.standing import ConditionDue, VenueCondition, VenueConditions
from trading_ecosystem.domains.exchange.orders.order_entry import OrderEntry
from trading_ecosystem.domains.exchange.rules.trading_day import TradingDay
from trading_ecosystem.domains.exchange.venue_answers import VenueAnswers
from trading_ecosystem.messages.base import Command, Message
from trading_ecosystem.messages.market_data import FundamentalPriceChanged
from trading_ecosystem.messages.orders import CancelReason, TradingPhase
from trading_ecosystem.messages.test_coordination import ConditionCleared, Resumed
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.messages.venue_conditions import OutageOrders, VenueConditionKind, VenueConditionSet
from trading_ecosystem.ports.component import Later, Said, WakeUp
from trading_ecosystem.ports.randomness import Randomness

Kind = VenueConditionKind
_RESTRAINING = (Kind.VENUE_SPREAD, Kind.VENUE_LIQUIDITY)
_OF_CONDITIONS = (VenueConditionSet, ConditionCleared, ConditionDue, ReportsDue)
"""What is said in handling these has passed the conditions already."""


class ConditionedVenue(VenueAnswers):
    """The part of a venue that conditions act on; the venue itself builds on this."""

    entry: OrderEntry
    day: TradingDay

    def __init__(self, name: str, randomness: Randomness, accounts: frozenset[str] | None) -> None:
        super().__init__(name, accounts)
        self.conditions = VenueConditions(name, randomness)
        self.reports = Reports(self.conditions)
        self._waiting: list[Message | WakeUp] = []
        """What came during an outage, in its order."""

    # ---------------------------------------------------------------- everything that comes

    def handle(self, message: Message | WakeUp, now: Nanos) -> Said:
        """Handle one message, as the conditions let it be heard, and say what they let be said."""
        if not self.conditions:
            return super().handle(message, now)
        outage = self.conditions.applying(Kind.VENUE_OUTAGE, now)
        if outage is not None and not self._heard_in_outage(message):
            lost: list[Message | Later] = []
            self.conditions.take_effect(outage, self.name, lost)
            if not isinstance(message, Command):
                self._waiting.append(message)
            return lost
        said = super().handle(message, now)
        return said if isinstance(message, _OF_CONDITIONS) else self.reports.pass_on(message, said, now)

    def handler_of(self, message_type: type[Any]) -> Callable[[Any, Nanos], Said]:
        """Every message passes :meth:`handle`."""
        assert message_type in self.hears, message_type
        return self.handle

    def _heard_in_outage(self, message: Message | WakeUp) -> bool:
        """Prices, which say nothing, and what is about outages themselves."""
        if isinstance(message, VenueConditionSet):
            return message.kind is Kind.VENUE_OUTAGE
        if isinstance(message, (ConditionCleared, ConditionDue)):
            condition = self.conditions.find(message.condition_id)
            return condition is not None and condition.set.kind is Kind.VENUE_OUTAGE
        return isinstance(message, (FundamentalPriceChanged, Resumed))

    # ---------------------------------------------------------------- conditions come and go

    def condition_set(self, message: VenueConditionSet, now: Nanos) -> Said:
        """Let a condition stand; one whose time is over already, or whose id stands, changes nothing."""
        assert all(symbol in self.markets for symbol in message.instruments), message
        if message.until <= now:
            return ()
        condition = self.conditions.add(message)
        if condition is None:
            return ()
        said: list[Message | Later] = []
        if message.kind is Kind.VENUE_HALT:
            self._halt(condition, now, said)
        elif message.kind is Kind.VENUE_OUTAGE:
            for market in self.markets.values():
                market.flow.paused = True
        elif message.kind in _RESTRAINING:
            self._restrain(message.instruments, now)
        said.append(Later(ConditionDue(message.condition_id), message.until))
        return said

    def condition_cleared(self, message: ConditionCleared, now: Nanos) -> Said:
        """End a condition now; an unknown one has ended already, which is no error."""
        condition = self.conditions.find(message.condition_id)
        said: list[Message | Later] = []
        if condition is not None:
            condition.until = min(condition.until, now)
            self.reports.let_go(condition, said)
            self._over(condition, now, said)
        return said

    def condition_due(self, message: ConditionDue, now: Nanos) -> Said:
        """The time of a condition is over."""
        condition = self.conditions.find(message.condition_id)
        said: list[Message | Later] = []
        if condition is not None and condition.until <= now:
            self._over(condition, now, said)
        return said

    def reports_due(self, _: ReportsDue, now: Nanos) -> Said:
        """Say what was held back until now, and of conditions that held back the last of it that they ended."""
        said: list[Message | Later] = []
        for condition in self.reports.due(now, said):
            if condition.until <= now and self.conditions.find(condition.condition_id) is condition:
                self._over(condition, now, said)
        return said

    def _over(self, condition: VenueCondition, now: Nanos, said: list[Message | Later]) -> None:
        """A condition stands no more: undo what it does, and say that it ended, unless it holds something back still."""
        kind = condition.set.kind
        if condition.held:
            return
        if kind is Kind.VENUE_OUTAGE:
            self._come_back(condition, now, said)
        elif kind is Kind.VENUE_HALT:
            self._resume(condition, now, said)
        elif kind is Kind.VENUE_CROSSED_BOOK:
            self._uncross(condition)
        self.conditions.end(condition, said)
        if kind in _RESTRAINING:
            self._restrain(condition.set.instruments, now)

    # ---------------------------------------------------------------- what single kinds do

    def _halt(self, condition: VenueCondition, now: Nanos, said: list[Message | Later]) -> None:
        for symbol in condition.set.instruments or tuple(self.markets):
            market = self.markets[symbol]
            if market.matching.phase in (TradingPhase.HALTED, TradingPhase.CLOSED):
                continue
            before: list[Message | Later] = []
            self.entry.events.advance(market, now, before)
            self.conditions.take_effect(condition, symbol, before)
            self.day.halt(market, now, before)
            said += self.reports.pass_on(None, before, now)
            condition.halted.append(symbol)

    def _resume(self, condition: VenueCondition, now: Nanos, said: list[Message | Later]) -> None:
        for symbol in condition.halted:
            others = [one for one in self.conditions.of(Kind.VENUE_HALT, now) if one.concerns(instrument=symbol)]
            if others:
                others[0].halted.append(symbol)
                continue
            resumed: list[Message | Later] = []
            self.day.resume(self.markets[symbol], now, resumed)
            self.day.wake(self.markets[symbol], resumed, now)
            said += self.reports.pass_on(None, resumed, now)

    def _uncross(self, condition: VenueCondition) -> None:
        """The next publication says the quotes again as they are."""
        for symbol, condition_id in list(self.reports.crossed.items()):
            if condition_id == condition.condition_id:
                del self.reports.crossed[symbol]
                self.markets[symbol].publication.forget_quote()

    def _restrain(self, instruments: tuple[str, ...], now: Nanos) -> None:
        for symbol in instruments or tuple(self.markets):
            market = self.markets[symbol]
            if market.restraint is None:
                market.restraint = Restraint(self.conditions)
            market.restraint.choose(symbol, now)

    def _come_back(self, condition: VenueCondition, now: Nanos, said: list[Message | Later]) -> None:
        """The venue is back: cancel what is to be cancelled, let the flow go on, and handle what waited."""
        if condition.set.orders is OutageOrders.CANCEL:
            cancelled: list[Message | Later] = []
            for order in list(self.orders.open.values()):
                # An order of a list may have left with another one.
                if order.order_id in self.orders.open:
                    self.entry.cancel(self.markets[order.command.instrument], order, now, cancelled, CancelReason.DISCONNECTED)
            said += self.reports.pass_on(None, cancelled, now)
        if self.conditions.applying(Kind.VENUE_OUTAGE, now) is not None:
            return
        for market in self.markets.values():
            if market.matching.phase is TradingPhase.CONTINUOUS:
                market.flow.resume(now)
            self.day.wake(market, said, now)
        waiting, self._waiting = self._waiting, []
        for message in waiting:
            said += self.handle(message, now)
