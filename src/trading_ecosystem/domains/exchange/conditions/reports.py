"""What a venue says under conditions: answers that come late or not at all, fills said twice, quotes that are crossed.

Whatever a venue says passes here, in this order:

- *lost acknowledgement*: an answer to a command (accepted, rejected, cancelled, replaced, and their refusals) that strikes is
  not said. Claims, fills and trades are.
- *duplicate execution*: a fill that strikes is said twice.
- *latency*: an answer to a command of the operation is said ``delay_ns`` later; delays of several conditions add up. Whatever
  else the account is told of its orders while an answer is held back waits behind it, so that its order is kept. Claims and the
  custodian hear at once.
- *crossed book*: a quote with both sides is said with bid and ask on the wrong sides of their middle, ``magnitude_ppm`` of it
  apart and at least one tick; the book is as it was.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Final

from msgspec import structs

from trading_ecosystem.domains.exchange.conditions.standing import VenueCondition, VenueConditions
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.exchange import (
    CancelOrder,
    CancelRejected,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    PlaceOrder,
    QuoteChanged,
)
from trading_ecosystem.messages.order_handling import (
    MassCancel,
    MassCancelReported,
    OrderReplaced,
    OrderRestated,
    OrderTriggered,
    PlaceOrderList,
    ReplaceOrder,
    ReplaceRejected,
)
from trading_ecosystem.messages.units import PARTS_PER_MILLION, Nanos
from trading_ecosystem.messages.venue_conditions import CommandKind, VenueConditionKind
from trading_ecosystem.ports.component import Later, Said, WakeUp

_ANSWERS: Final = (OrderAccepted, OrderRejected, OrderCancelled, CancelRejected, OrderReplaced, ReplaceRejected)
_REPORTS: Final = (*_ANSWERS, OrderFilled, OrderTriggered, OrderRestated, MassCancelReported)
"""What an account is told of its orders, in one sequence."""
_COMMANDS: Final[dict[type[Any], CommandKind]] = {
    PlaceOrder: CommandKind.PLACE,
    PlaceOrderList: CommandKind.PLACE,
    CancelOrder: CommandKind.CANCEL,
    MassCancel: CommandKind.CANCEL,
    ReplaceOrder: CommandKind.ALL,
}


class ReportsDue(WakeUp, frozen=True, gc=False):
    """Reports that were held back may be said now."""


class HeldReport:
    """One report that waits, and the conditions that hold it."""

    __slots__ = ("conditions", "due_at", "report")

    def __init__(self, due_at: Nanos, report: Message, conditions: list[VenueCondition]) -> None:
        self.due_at = due_at
        self.report = report
        self.conditions = conditions


class Reports:
    """What one venue says, as its conditions let it."""

    __slots__ = ("_conditions", "_held", "crossed")

    def __init__(self, conditions: VenueConditions) -> None:
        self._conditions = conditions
        self._held: dict[str, deque[HeldReport]] = {}
        self.crossed: dict[str, str] = {}
        """Instruments whose last quote was crossed, with the condition that did it."""

    def pass_on(self, handled: object, said: Said, now: Nanos) -> list[Message | Later]:
        """What is said of what the handling of a message would say."""
        command = _COMMANDS.get(type(handled))
        account = handled.account if command is not None else ""  # type: ignore[attr-defined]
        found: list[Message | Later] = []
        for item in said:
            if isinstance(item, _REPORTS):
                answers = command if item.account == account and isinstance(item, (*_ANSWERS, MassCancelReported)) else None
                self._report(item, answers, now, found)
            elif isinstance(item, QuoteChanged):
                found.append(self._quote(item, now, found))
            else:
                found.append(item)
        return found

    def _report(self, report: Any, command: CommandKind | None, now: Nanos, said: list[Message | Later]) -> None:
        conditions, account = self._conditions, report.account
        if command is not None and isinstance(report, _ANSWERS):
            losing = conditions.striking(VenueConditionKind.VENUE_LOST_ACK, now, account)
            if losing is not None:
                conditions.take_effect(losing, account, said)
                return
        times = 1
        if type(report) is OrderFilled:
            repeating = conditions.striking(VenueConditionKind.VENUE_DUPLICATE_EXECUTION, now, account)
            if repeating is not None:
                conditions.take_effect(repeating, account, said)
                times = 2
        for _ in range(times):
            self._send(report, command, now, said)

    def _send(self, report: Any, command: CommandKind | None, now: Nanos, said: list[Message | Later]) -> None:
        """Say a report, or hold it back."""
        delaying: list[VenueCondition] = []
        if command is not None:
            for one in self._conditions.of(VenueConditionKind.VENUE_LATENCY, now):
                if one.concerns(report.account) and one.set.operation in (command, CommandKind.ALL):
                    self._conditions.take_effect(one, report.account, said)
                    delaying.append(one)
        queue = self._held.get(report.account)
        if not delaying and not queue:
            said.append(report)
            return
        due_at = now + sum(one.set.delay_ns for one in delaying)
        if queue:
            last = queue[-1]
            if last.due_at >= due_at:
                due_at, delaying = last.due_at, [*delaying, *(one for one in last.conditions if one not in delaying)]
        else:
            queue = self._held[report.account] = deque()
        for one in delaying:
            one.held += 1
        queue.append(HeldReport(due_at, report, delaying))
        said.append(Later(ReportsDue(), due_at))

    def _quote(self, quote: QuoteChanged, now: Nanos, said: list[Message | Later]) -> QuoteChanged:
        crossing = self._conditions.applying(VenueConditionKind.VENUE_CROSSED_BOOK, now, instrument=quote.instrument)
        if crossing is None or not quote.bid_ticks or not quote.ask_ticks:
            return quote
        self._conditions.take_effect(crossing, quote.instrument, said)
        self.crossed[quote.instrument] = crossing.condition_id
        twice = quote.bid_ticks + quote.ask_ticks
        half = max(1, twice * crossing.set.magnitude_ppm // (4 * PARTS_PER_MILLION))
        return structs.replace(quote, bid_ticks=-(-twice // 2) + half, ask_ticks=max(1, twice // 2 - half))

    def due(self, now: Nanos, said: list[Message | Later]) -> list[VenueCondition]:
        """Say what was held back until now, oldest first of each account; returns the conditions that held it."""
        letting_go: list[VenueCondition] = []
        for account, queue in list(self._held.items()):
            while queue and queue[0].due_at <= now:
                letting_go += self._say(queue.popleft(), said)
            if not queue:
                del self._held[account]
        return letting_go

    def let_go(self, condition: VenueCondition, said: list[Message | Later]) -> None:
        """Say at once whatever a condition holds back, and what would then be out of turn."""
        for account, queue in list(self._held.items()):
            last = max((place for place, held in enumerate(queue) if condition in held.conditions), default=-1)
            for _ in range(last + 1):
                self._say(queue.popleft(), said)
            if not queue:
                del self._held[account]

    def _say(self, held: HeldReport, said: list[Message | Later]) -> list[VenueCondition]:
        said.append(held.report)
        for one in held.conditions:
            one.held -= 1
        return held.conditions
