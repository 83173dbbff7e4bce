"""The dispatch table of a recorded venue: its orders are answered as a venue's, its market happens as it was recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Final

from trading_ecosystem.domains.exchange.recorded.happenings import Happening
from trading_ecosystem.domains.exchange.recorded.market import RecordedMarket, SaidList
from trading_ecosystem.domains.exchange.recorded.misbehaviour import Misbehaviour
from trading_ecosystem.domains.exchange.recorded.order_entry import RecordedOrderEntry
from trading_ecosystem.domains.exchange.recorded.parameters import RecordedVenueParameters
from trading_ecosystem.messages.base import Message
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
    TradesPublished,
)
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.order_handling import OrderReplaced, ReplaceOrder, ReplaceRejected
from trading_ecosystem.messages.orders import RejectReason, TradingPhase
from trading_ecosystem.messages.trading_phases import PhaseReason, TradingPhaseChanged
from trading_ecosystem.messages.units import INSTRUMENTS, Nanos
from trading_ecosystem.messages.venue_conditions import VenueConditionKind, VenueConditionSet
from trading_ecosystem.ports.component import Begin, Component, Later, Said, WakeUp
from trading_ecosystem.ports.randomness import Randomness

NOTHING: Final[tuple[Message, ...]] = ()


class RecordingDue(WakeUp, frozen=True, gc=False):
    """The next of what was recorded happens."""


class CommandDue(WakeUp, frozen=True, gc=False):
    """A command that was delayed by a condition is handled now."""

    command: PlaceOrder | CancelOrder | ReplaceOrder


class ConditionDue(WakeUp, frozen=True, gc=False):
    """A condition's time is over."""

    condition_id: str


class RecordedVenue(Component):
    """A venue whose market is a recording; it is made for one backtest and is not kept in snapshots.

    ``recording`` gives what happened in order of time. What lies before the run's start is shown at the start.
    """

    context: ClassVar[str] = "exchange"
    hears: ClassVar[dict[type[Any], str]] = {
        Begin: "begun",
        RecordingDue: "recording_due",
        CommandDue: "command_due",
        ConditionDue: "condition_due",
        PlaceOrder: "place_order",
        CancelOrder: "change_order",
        ReplaceOrder: "change_order",
        VenueConditionSet: "condition_set",
    }
    says: ClassVar[tuple[type[Message], ...]] = (
        InstrumentListed,
        ClaimChanged,
        OrderAccepted,
        OrderRejected,
        OrderFilled,
        OrderCancelled,
        CancelRejected,
        OrderReplaced,
        ReplaceRejected,
        QuoteChanged,
        TradesPublished,
        PricePublished,
        TradingPhaseChanged,
    )

    def __init__(
        self, name: str, parameters: RecordedVenueParameters, recording: Iterator[Happening], randomness: Randomness
    ) -> None:
        super().__init__(name)
        self.parameters = parameters
        self.recording = recording
        self.next: Happening | None = None
        self.misbehaviour = Misbehaviour()
        self.refusals = randomness.stream(name, "refusals")
        self.entry = RecordedOrderEntry(name, parameters)
        self.markets = {
            symbol: RecordedMarket(name, symbol, parameters, self.entry, symbol in parameters.priced)
            for symbol in parameters.instruments
        }

    def begun(self, message: Begin, now: Nanos) -> Said:
        """List the instruments, say what accounts have, and wait for the recording."""
        said: SaidList = [self._listed(symbol) for symbol in self.parameters.instruments]
        said += self.entry.holdings.opened(self.parameters)
        self.next = next(self.recording, None)
        return [*said, *self._await(now)]

    def _listed(self, symbol: str) -> InstrumentListed:
        instrument = INSTRUMENTS[symbol]
        fees = (self.parameters.maker_fee_ppm, self.parameters.taker_fee_ppm)
        scales = (instrument.tick_size, instrument.lot_size)
        return InstrumentListed(self.name, symbol, instrument.base, instrument.quote, *scales, *fees, 0)

    def _await(self, now: Nanos) -> list[Later]:
        return [] if self.next is None else [Later(RecordingDue(), max(now, self.next.at))]

    def recording_due(self, message: RecordingDue, now: Nanos) -> Said:
        """Everything that was recorded up to now happens, in its order; each market is published once."""
        said: SaidList = []
        touched: dict[str, bool] = {}
        matches = not (self.misbehaviour.is_out or self.misbehaviour.is_halted)
        while self.next is not None and self.next.at <= now:
            said += self.markets[self.next.instrument].happen(self.next, now, matches)
            touched[self.next.instrument] = True
            self.next = next(self.recording, None)
        if self.misbehaviour.is_out:
            return self._await(now)
        for symbol in touched:
            said += self.markets[symbol].publish(now)
        return [*said, *self._await(now)]

    def place_order(self, message: PlaceOrder, now: Nanos) -> Said:
        """Take an order in, unless a condition is in the way."""
        if self.misbehaviour.is_out:
            return NOTHING
        if delay := self.misbehaviour.delay_ns:
            return [Later(CommandDue(message), now + delay)]
        return self._place(message, now)

    def _place(self, message: PlaceOrder, now: Nanos) -> Said:
        if self.misbehaviour.is_halted:
            return [self.entry.rejected(message, RejectReason.WRONG_PHASE)]
        refusal = self.misbehaviour.refusal_ppm
        if refusal and self.refusals.chance(refusal):
            return [self.entry.rejected(message, RejectReason.EXCHANGE_OPTION)]
        return self.entry.place(message, self.markets.get(message.instrument), now)

    def change_order(self, message: CancelOrder | ReplaceOrder, now: Nanos) -> Said:
        """Cancel or replace an order, unless a condition is in the way."""
        if self.misbehaviour.is_out:
            return NOTHING
        if delay := self.misbehaviour.delay_ns:
            return [Later(CommandDue(message), now + delay)]
        return self._change(message, now)

    def _change(self, message: CancelOrder | ReplaceOrder, now: Nanos) -> Said:
        if isinstance(message, CancelOrder):
            return self.entry.cancel(message, self.markets)
        if self.misbehaviour.is_halted:
            return [self.entry.not_replaced(message, RejectReason.WRONG_PHASE)]
        return self.entry.replace(message, self.markets, now)

    def command_due(self, message: CommandDue, now: Nanos) -> Said:
        """A late command is handled, if the venue is not out by now."""
        if self.misbehaviour.is_out:
            return NOTHING
        if isinstance(message.command, PlaceOrder):
            return self._place(message.command, now)
        return self._change(message.command, now)

    def condition_set(self, message: VenueConditionSet, now: Nanos) -> Said:
        """Misbehave from now on."""
        self.misbehaviour.set(message)
        said: SaidList = [Later(ConditionDue(message.condition_id), max(now, message.until))]
        if message.kind is VenueConditionKind.VENUE_HALT:
            said += self._phases(TradingPhase.HALTED, message.until)
        return said

    def condition_due(self, message: ConditionDue, now: Nanos) -> Said:
        """Behave again; a venue that was out publishes where its market is now."""
        ended = self.misbehaviour.end(message.condition_id)
        if self.misbehaviour.is_out:
            return NOTHING
        said: SaidList = []
        if ended.kind is VenueConditionKind.VENUE_HALT:
            said += self._phases(TradingPhase.CONTINUOUS, 0)
        for market in self.markets.values():
            said += market.publish(now)
        return said

    def _phases(self, phase: TradingPhase, until: Nanos) -> list[Message]:
        reason = PhaseReason.REQUESTED
        return [TradingPhaseChanged(self.name, symbol, phase, reason, until) for symbol in self.parameters.instruments]
