"""What a venue does with the firm's commands: EXECUTION_LATENCY, ORDER_UNANSWERED and REJECT_RATE.

The monitor hears a copy of each command when the venue is sent it, and waits for the answer. The oldest that waits is on top,
because commands arrive in order; one wake-up per venue is under way, for the next instant at which that one has waited for too
long, or twice as long, or is given up. Where the link that brings the copies is the slower one, answers come first: they are
kept for a while, so that their commands do not wait for what has come already.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, TypeAlias

from trading_ecosystem.domains.risk.parameters import RiskParameters
from trading_ecosystem.domains.risk.part import Monitor, Part
from trading_ecosystem.domains.risk.timers import SaidList
from trading_ecosystem.domains.risk.watches.numbers import is_fill
from trading_ecosystem.domains.risk.watches.on_off import OnOff, Recent
from trading_ecosystem.domains.risk.watches.wake_ups import Alarm, CommandsDue
from trading_ecosystem.messages.alert_conditions import (
    EARLY_ANSWER_KEPT,
    GIVEN_UP_AFTER,
    LATENCY_FROM,
    REJECT_ANSWERS,
    REJECT_WINDOW,
    REJECTS_PPM,
    UNANSWERED_AFTER,
)
from trading_ecosystem.messages.exchange import (
    CancelOrder,
    CancelRejected,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    PlaceOrder,
)
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.units import PARTS_PER_MILLION, Nanos

Waiting: TypeAlias = tuple[str, str, bool]
"""A command that waits: account, client order id, and whether it is a cancel."""


class VenueCommands:
    """The commands of the firm to one venue."""

    __slots__ = ("alarm", "answered", "early", "latency", "name", "rejected", "rejects", "unanswered", "waiting")

    def __init__(self, name: str) -> None:
        self.name = name
        self.waiting: dict[Waiting, Nanos] = {}
        """When each was sent, oldest first."""
        self.early: dict[Waiting, tuple[Nanos, bool]] = {}
        """When the latest answer to a command that does not wait arrived, and whether it is a rejection; oldest first."""
        self.alarm = Alarm()
        self.answered = Recent(REJECT_WINDOW)
        self.rejected = Recent(REJECT_WINDOW)
        self.latency = OnOff(AlertKind.EXECUTION_LATENCY, name, LATENCY_FROM)
        self.unanswered = OnOff(AlertKind.ORDER_UNANSWERED, name, UNANSWERED_AFTER)
        self.rejects = OnOff(AlertKind.REJECT_RATE, name, REJECTS_PPM)

    def commanded(self, command: Waiting, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A command was sent."""
        self._give_up(now)
        if command not in self.waiting:
            early = self.early.pop(command, None)
            if early is not None and now - early[0] < EARLY_ANSWER_KEPT:
                self._decide((command,), 0, early[1], now, monitor, said)
            else:
                self.waiting[command] = now
        self.look(now, monitor, said)

    def answered_by(self, answers: tuple[Waiting, ...], rejection: bool, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """An answer to whichever of these commands wait."""
        self._give_up(now)
        waiting = self.waiting
        answered = [command for command in answers if command in waiting]
        if len(answered) < len(answers):
            self._remember([command for command in answers if command not in waiting], rejection, now)
            if not answered:
                return
        longest = now - min(waiting.pop(command) for command in answered)
        self._decide(answered, longest, rejection, now, monitor, said)
        if self.unanswered.holds:
            self.look(now, monitor, said)

    def look(self, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """See how long the oldest has waited, and ask to be woken when that will matter."""
        self._give_up(now)
        if not self.waiting:
            self.unanswered.cease(now, monitor, said)
            return
        sent_at = next(iter(self.waiting.values()))
        waited = now - sent_at
        self.unanswered.decide(waited, now, monitor, said)
        if waited < UNANSWERED_AFTER:
            due_at = sent_at + UNANSWERED_AFTER
        elif waited < 2 * UNANSWERED_AFTER:
            due_at = sent_at + 2 * UNANSWERED_AFTER
        else:
            due_at = sent_at + GIVEN_UP_AFTER + 1
        self.alarm.set(CommandsDue(self.name), due_at, said)

    def _remember(self, commands: Sequence[Waiting], rejection: bool, now: Nanos) -> None:
        """Keep an answer for commands whose copies may be on their way, and forget those kept for too long."""
        early = self.early
        for command in commands:
            early.pop(command, None)
            early[command] = (now, rejection)
        while now - early[oldest := next(iter(early))][0] >= EARLY_ANSWER_KEPT:
            del early[oldest]

    def _decide(
        self, commands: Sequence[Waiting], longest: Nanos, rejection: bool, now: Nanos, monitor: Monitor, said: SaidList
    ) -> None:
        """These commands were answered, after waiting for so long at most."""
        if longest >= LATENCY_FROM or self.latency.holds:
            self.latency.decide(longest, now, monitor, said)
        if any(not cancel for _, _, cancel in commands):
            self._decide_rejects(rejection, now, monitor, said)

    def _decide_rejects(self, rejection: bool, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        self.answered.add(now)
        if rejection:
            self.rejected.add(now)
        answered = self.answered.at(now)
        share = self.rejected.at(now) * PARTS_PER_MILLION // answered if answered >= REJECT_ANSWERS else 0
        if share >= REJECTS_PPM or self.rejects.holds:
            self.rejects.decide(share, now, monitor, said)

    def _give_up(self, now: Nanos) -> None:
        waiting = self.waiting
        while waiting:
            command, sent_at = next(iter(waiting.items()))
            if now - sent_at <= GIVEN_UP_AFTER:
                return
            del waiting[command]


class CommandWatch(Part):
    """The firm's commands to every venue."""

    hears: ClassVar[dict[type[Any], str]] = {
        PlaceOrder: "place_order",
        CancelOrder: "cancel_order",
        OrderAccepted: "order_accepted",
        OrderRejected: "order_rejected",
        OrderCancelled: "order_cancelled",
        CancelRejected: "cancel_rejected",
        OrderFilled: "order_filled",
        CommandsDue: "commands_due",
    }

    def __init__(self, parameters: RiskParameters) -> None:
        self.venues: dict[str, VenueCommands] = {}

    def place_order(self, message: PlaceOrder, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A copy of an order."""
        self._venue(message.venue).commanded((message.account, message.client_order_id, False), now, monitor, said)

    def cancel_order(self, message: CancelOrder, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A copy of a cancel."""
        self._venue(message.venue).commanded((message.account, message.client_order_id, True), now, monitor, said)

    def order_accepted(self, message: OrderAccepted, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """An order is live."""
        placed = (message.account, message.client_order_id, False)
        self._venue(message.venue).answered_by((placed,), False, now, monitor, said)

    def order_rejected(self, message: OrderRejected, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """An order is refused."""
        placed = (message.account, message.client_order_id, False)
        self._venue(message.venue).answered_by((placed,), True, now, monitor, said)

    def order_cancelled(self, message: OrderCancelled, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """An order is gone."""
        cancelled = (message.account, message.client_order_id, True)
        self._venue(message.venue).answered_by((cancelled,), False, now, monitor, said)

    def cancel_rejected(self, message: CancelRejected, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A cancel is refused."""
        cancelled = (message.account, message.client_order_id, True)
        self._venue(message.venue).answered_by((cancelled,), False, now, monitor, said)

    def order_filled(self, message: OrderFilled, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A fill answers the order, and one that leaves nothing its cancel too."""
        if is_fill(message):
            placed = (message.account, message.client_order_id, False)
            cancelled = (message.account, message.client_order_id, True)
            answers = (placed,) if message.leaves_lots > 0 else (placed, cancelled)
            self._venue(message.venue).answered_by(answers, False, now, monitor, said)

    def commands_due(self, message: CommandsDue, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A command may have waited for too long."""
        venue = self._venue(message.venue)
        venue.alarm.rang(now)
        venue.look(now, monitor, said)

    def _venue(self, name: str) -> VenueCommands:
        venue = self.venues.get(name)
        if venue is None:
            venue = self.venues[name] = VenueCommands(name)
        return venue
