"""What the monitor was sent: said entries, corrected by what the links said they did to their deliveries.

The links say what they did to a delivery right after the entry, so that each entry waits here until something follows
that is not about it. A link is first in, first out: after a delayed message later ones of the same sender arrive no
earlier, although nothing is said about them, except where a link reordered. Latency without a fault leaves no trace in
the record; whoever knows what it was says so (``latency_of``), else such a delivery counts at the instant it was said.

What would have arrived while the monitor was down, because somebody had stopped it, never did. What would have arrived while
it was paused arrives when it goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Final, TypeAlias

from trading_ecosystem.domains.audit.conditions import Conditions
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.supervision import ComponentPaused, ComponentResumed, ComponentStarted, ComponentStopped
from trading_ecosystem.messages.test_coordination import LinkConditionApplied, LinkEffect
from trading_ecosystem.messages.units import Nanos

Interruption: TypeAlias = ComponentStopped | ComponentStarted | ComponentPaused | ComponentResumed
"""What is said where a component is down or paused, and where it goes on."""
LatencyOf: TypeAlias = Callable[[str, Message], Nanos | None]
"""The latency of a message's delivery to the monitor, fault or not, by its sender; ``None`` where it is not delivered to it.

Asked once about every entry, in the order of the record.
"""
_FOR_GOOD: Final = (2**63, 0)


class Deliveries:
    """The monitor's side of the links: holds each entry until its fate is known, then hands it on when it arrives."""

    def __init__(self, monitor: str, conditions: Conditions, latency_of: LatencyOf | None = None) -> None:
        self._monitor = monitor
        self._conditions = conditions
        self._latency_of = latency_of
        self._held: Entry | None = None
        # The delivery under way: that of the held entry, or of one of a type that no condition reads.
        self._sequence = 0
        self._latency: Nanos = 0
        self._sender = ""
        self._changed = False
        self._dropped = False
        self._reordered = False
        self._due: Nanos = 0
        self._copy_due: Nanos | None = None
        self._last_due: dict[str, Nanos] = {}
        self._late: list[tuple[Nanos, int, int, Entry]] = []
        self._down: list[tuple[tuple[Nanos, int], tuple[Nanos, int]]] = []
        """From and until when the monitor was down, each an instant and a place among what was said then."""
        self._stopped_by = 0
        """The sequence of the entry that says that it was stopped last."""
        self._paused_from: tuple[Nanos, int] | None = None
        self._told: list[tuple[Nanos, int]] = []
        """The commands of this instant to stop or to pause it that may not have had their effect yet, in their order."""
        self._undecided: list[Entry] = []
        """What was said at the instant of these commands, after the first of them."""
        self._lost: list[tuple[Nanos, Entry]] = []
        """What was lost at the last instant: it is not, if it turns out that the monitor was started before it came."""
        self._waiting: list[Entry] = []
        """What waits for the monitor while it is paused."""

    def hold(self, entry: Entry) -> None:
        """An entry was said that the monitor hears."""
        if self._held is not None or self._changed:
            self._release()
        self._held = entry
        self._sequence = entry.sequence
        if self._latency_of is not None:
            self._latency = self._latency_of(entry.sender, entry.message) or 0

    def passed(self, entry: Entry) -> None:
        """An entry was said, and is held by now if a condition reads it; one that none reads may delay those behind it."""
        if self._latency_of is None or entry.sequence == self._sequence:
            return
        latency = self._latency_of(entry.sender, entry.message)
        if latency is not None:
            self._release()
            self._held, self._sequence, self._latency = entry, entry.sequence, latency

    def link_applied(self, message: LinkConditionApplied, at: Nanos) -> None:
        """A link says what it did to a delivery."""
        if message.receiver != self._monitor:
            return
        if message.sequence != self._sequence:
            self._release()
            self._sequence, self._latency = message.sequence, 0
        if not self._changed:
            self._changed = True
            self._sender = message.sender
            self._due = max(at + self._latency, self._last_due.get(message.sender, at))
        if message.effect is LinkEffect.DROPPED:
            self._dropped = True
        elif message.effect is LinkEffect.DUPLICATED:
            self._copy_due = message.delivered_at
        else:
            self._due = message.delivered_at
            self._reordered = message.effect is LinkEffect.REORDERED

    def interrupted(self, message: Interruption, entry: Entry) -> None:
        """The monitor is down or paused, or goes on."""
        match message:
            case ComponentStopped():
                self.stopped(entry)
            case ComponentStarted():
                self.started(entry)
            case ComponentPaused():
                self.paused(entry)
            case ComponentResumed():
                self.resumed(entry)

    def told(self, entry: Entry) -> None:
        """The monitor is to be stopped or paused: what is said after this command and before its effect waits for that."""
        if self._told and self._told[0][0] < entry.at:
            self._decide_all()
        self._told.append((entry.at, entry.sequence))

    def stopped(self, entry: Entry) -> None:
        """The monitor is down from here on, that is from when the command to stop it was heard."""
        self._stopped_by = entry.sequence
        said = entry.sequence if entry.cause is None else entry.cause
        if not self._down or self._down[-1][1] != _FOR_GOOD:
            self._down.append(((entry.at, said), _FOR_GOOD))
        self._took_effect(said)

    def started(self, entry: Entry) -> None:
        """The monitor runs again: from when the command to start it was heard, or from the beginning of the planned instant."""
        if self._down:
            cause = entry.cause or 0
            self._down[-1] = (self._down[-1][0], (entry.at, cause if cause > self._stopped_by else 0))
            lost, self._lost = self._lost, []
            for due, one in lost:
                if due == entry.at:
                    self._receive(one, due)

    def paused(self, entry: Entry) -> None:
        """The monitor handles nothing from here on, that is from when it was told so."""
        said = entry.sequence if entry.cause is None else entry.cause
        self._paused_from = (entry.at, said)
        self._took_effect(said)

    def resumed(self, entry: Entry) -> None:
        """The monitor goes on, with what waited for it, in the order in which it was said."""
        self.settle(entry.at)
        self._paused_from = None
        waiting, self._waiting = self._waiting, []
        for waited in sorted(waiting, key=_sequence_of):
            self._conditions.receive(waited, entry.at)

    def _receive(self, entry: Entry, due: Nanos) -> None:
        place = (due, entry.sequence)
        if self._told and place > self._told[0]:
            if due == self._told[0][0]:
                self._undecided.append(entry)
                return
            self._decide_all()
        if self._paused_from is not None and place > self._paused_from:
            self._waiting.append(entry)
            return
        if not self._down or not any(since < place < until for since, until in self._down):
            self._conditions.receive(entry, due)
        elif self._down[-1][1] == _FOR_GOOD:
            if self._lost and self._lost[-1][0] < due:
                self._lost.clear()
            self._lost.append((due, entry))

    def _took_effect(self, said: int) -> None:
        """The command ``said`` had its effect, and those before it have theirs or none; later ones may still have theirs."""
        if self._told:
            at = self._told[0][0]
            self._told = [told for told in self._told if told[1] > said]
            self._decide(at)

    def _decide_all(self) -> None:
        """Nothing is under way any more that could stop the monitor at this instant."""
        if self._told:
            at = self._told[0][0]
            self._told.clear()
            self._decide(at)

    def _decide(self, at: Nanos) -> None:
        undecided, self._undecided = self._undecided, []
        for entry in undecided:
            self._receive(entry, at)

    def settle(self, now: Nanos) -> None:
        """Everything said up to ``now`` has its fate: hand on what has arrived by then."""
        if self._told and self._told[0][0] < now:
            self._decide_all()
        self._release()
        self._arrive(now)

    def _release(self) -> None:
        entry = self._held
        self._held = None
        if self._changed:
            self._release_changed(entry)
        elif entry is not None:
            if self._late:
                self._arrive(entry.at)
            due = self._last_due.get(entry.sender, 0) if self._last_due else 0
            if self._latency:
                due = self._last_due[entry.sender] = max(due, entry.at + self._latency)
            if due > entry.at:
                heappush(self._late, (due, entry.sequence, 0, entry))
            else:
                self._receive(entry, entry.at)

    def _release_changed(self, entry: Entry | None) -> None:
        self._changed = False
        if not self._dropped:
            if not self._reordered:
                self._last_due[self._sender] = self._due
            if entry is not None:
                heappush(self._late, (self._due, entry.sequence, 0, entry))
                if self._copy_due is not None:
                    heappush(self._late, (self._copy_due, entry.sequence, 1, entry))
                self._arrive(entry.at)
        self._dropped = self._reordered = False
        self._copy_due = None

    def _arrive(self, now: Nanos) -> None:
        late = self._late
        while late and late[0][0] <= now:
            due, _, _, entry = heappop(late)
            self._receive(entry, due)


def _sequence_of(entry: Entry) -> int:
    return entry.sequence
