"""The kernel: one total order for everything that happens.

What is due is ordered by ``(due_at, wake-ups first, sequence, receiver name)`` and by nothing else. Handling one thing runs to
completion and returns what is said; each message said gets the next sequence, is recorded, and is sent over the links to
whoever hears it. A wake-up takes a sequence too and is not recorded; it passes on the cause of the handling that asked for it.

Two queues hold what is due. ``_future`` is a heap in the order above. ``_immediate`` is a plain queue for deliveries due at
the very instant they are said, which is nearly all of them: their sequences only rise, so appending keeps the order, and
everything in the heap that is due now was said earlier and goes first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from heapq import heapify, heappop, heappush
from typing import Any, Final

import msgspec

from trading_ecosystem.messages.base import Message, Question
from trading_ecosystem.messages.envelope import Entry, EntryKind
from trading_ecosystem.messages.supervision import ComponentResumed, ComponentStarted
from trading_ecosystem.messages.test_coordination import RunEnded
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.component import Answered, Begin, Component, Later, Reconcile, Reconciled, Said, WakeUp
from trading_ecosystem.ports.errors import ComponentFault, EcosystemError, NotFound, Storm
from trading_ecosystem.runtime.lifecycle import ComponentState, ComponentStatus
from trading_ecosystem.runtime.links import LINKS, Links
from trading_ecosystem.runtime.monitors import Monitors
from trading_ecosystem.runtime.routing import Receiver, RoutingTable
from trading_ecosystem.runtime.supervisor import Supervisor

Due = tuple[Nanos, int, int, str, int, Any, Message | WakeUp, "int | None", int]
"""(due_at, 0 for a wake-up or 1, sequence, receiver name, copy, receivers, message, cause, trace)."""

KeptWakeUp = tuple[WakeUp, "int | None"]
"""A wake-up that came due while its component was down, and its cause."""

HeldDelivery = tuple[Message | WakeUp, int, int]
"""A message that came due while its component was paused, its sequence and its trace."""

MOST_HELD: Final = 100_000
"""Deliveries that wait for a paused component; those that come after are lost."""
_HEEDED: Final = frozenset({RunEnded, ComponentStarted, ComponentResumed})
_WAKE_UP: Final = 0
_DELIVERY: Final = 1
_COPIES_OF_LINKS: Final = 2
"""Copies of one delivery that links may make; those that waited are numbered from here on."""
_TRACED_STEPS: Final = 64
"""How many steps of a storm are watched to name its loop."""


class Kernel:
    """Orders, dispatches and records; holds the components and the links of one ecosystem.

    ``record`` is called once for each entry, in sequence order. ``storm_limit`` bounds the steps at one instant and
    ``budget`` the entries of a whole run, if it is to have an end; crossing either raises :class:`Storm`.
    """

    def __init__(
        self,
        components: Sequence[Component],
        links: Links,
        record: Callable[[Entry], None],
        *,
        seed: int,
        storm_limit: int = 200_000,
        budget: int | None = 20_000_000,
        monitors: Monitors | None = None,
        fresh: Mapping[str, Callable[[], Component]] | None = None,
    ) -> None:
        """``fresh`` makes those components anew that may start without memory."""
        self.links = links
        self.monitors = monitors
        wired = [*components, links] if monitors is None else [*components, links, monitors]
        self.supervisor = Supervisor({component.name: component.context for component in wired})
        everything = sorted([*wired, self.supervisor], key=lambda component: component.name)
        self.components = {component.name: component for component in everything}
        self.seed = seed
        self.now: Nanos = 0
        self.sequence = 0
        self.entries = 0
        self.deliveries = 0
        self.ended = False
        self.broken = False
        """True once a component failed in the middle of a handling: this kernel must not go on, nor be saved."""
        self._faulted = ""
        self._record = record
        self._storm_limit = storm_limit
        self._budget = budget
        self._steps_at_instant = 0
        self._storm_steps: list[str] = []
        self._routing = RoutingTable(list(self.components.values()))
        self._may_say = {(c.name, said) for c in self.components.values() for said in c.says}
        self._immediate: deque[tuple[tuple[Receiver, ...], Message, int, int]] = deque()
        self._future: list[Due] = []
        self._down = self.supervisor.down
        self._fresh = fresh or {}
        self._kept: dict[str, list[KeptWakeUp]] = {}
        self._held: dict[str, list[HeldDelivery]] = {}

    # ---------------------------------------------------------------- from outside

    def begin(self, at: Nanos) -> None:
        """Start every component at ``at``: its first wake-up is :class:`Begin`, in name order, if it hears it."""
        self.now = at
        self.supervisor.begin(at)
        for name, component in self.components.items():
            if Begin in component.hears:
                self._ask_for(name, Later(Begin(), at), None)

    def admit(self, sender: str, message: Message, at: Nanos) -> int:
        """Take in an input that arrived at ``at`` (not before the clock); returns its sequence.

        The driver has run everything due before ``at``. The input is recorded with the next sequence and delivered.
        """
        assert at >= self.now, f"an input at {at} is before the clock {self.now}"
        self._advance(at)
        self.sequence += 1
        sequence = self.sequence
        self._note(Entry(sequence, at, EntryKind.INPUT, sender, None, sequence, message))
        self._send(sender, message, sequence, sequence)
        return sequence

    @property
    def queued(self) -> int:
        """Deliveries and wake-ups that are not done yet."""
        return len(self._immediate) + len(self._future)

    def next_due(self) -> Nanos | None:
        """When the next thing happens; ``None`` if nothing is due ever."""
        if self._immediate:
            return self.now
        return self._future[0][0] if self._future else None

    def run_before(self, instant: Nanos) -> None:
        """Run everything due before ``instant``, or until the run has ended."""
        while not self.ended:
            # As `next_due`, without asking it at every step.
            if self._immediate:
                if self.now >= instant:
                    return
            elif not self._future or self._future[0][0] >= instant:
                return
            self.step()

    def answer(self, component: str, question: Question) -> Any:
        """Put a read-only question to a component; raises :class:`NotFound` for an unknown name."""
        if component not in self.components:
            raise NotFound(f"no component is named {component!r}; there are {', '.join(self.components)}")
        return self.components[component].answer(question)

    def is_down(self, component: str) -> bool:
        """Whether a component was stopped and is not started yet, or is paused."""
        return component in self._down

    def states(self) -> tuple[ComponentStatus, ...]:
        """Every component as it stands, by name."""
        return tuple(
            msgspec.structs.replace(one, state=ComponentState.FAULTED, since=self.now) if one.name == self._faulted else one
            for one in self.supervisor.statuses()
        )

    def state(self) -> dict[str, Any]:
        """What is due and what was counted, for a snapshot; receivers are kept by name."""
        immediate = [([name for name, _ in receivers], *rest) for receivers, *rest in self._immediate]
        future = [
            (*due[:5], None if due[5] is None else [name for name, _ in due[5]], *due[6:]) for due in sorted(self._future)
        ]
        counts = (self.ended, self.deliveries, self._steps_at_instant)
        return {"immediate": immediate, "future": future, "counts": counts, "kept": self._kept, "held": self._held}

    def restore_state(self, state: dict[str, Any]) -> None:
        """Take over what :meth:`state` gave; the components are restored already."""
        self.ended, self.deliveries, self._steps_at_instant = state["counts"]
        self._kept, self._held = state.get("kept", {}), state.get("held", {})
        self._down = self.supervisor.down
        self._immediate = deque(
            (self._receivers_named(names, message), message, sequence, trace)
            for names, message, sequence, trace in state["immediate"]
        )
        # Sorted, and so a heap.
        self._future = [
            (*due[:5], None if due[5] is None else self._receivers_named(due[5], due[6]), *due[6:]) for due in state["future"]
        ]

    def _receivers_named(self, names: list[str], message: Message) -> tuple[Receiver, ...]:
        return tuple((name, self.components[name].handler_of(type(message))) for name in names)

    # ---------------------------------------------------------------- one step

    def step(self) -> None:
        """Do the next thing that is due: one wake-up, or one message's deliveries at one instant."""
        future = self._future
        immediate = self._immediate
        message: Message | WakeUp
        # What waits in the heap for this very instant is a wake-up or was said earlier: either goes first.
        if immediate and not (future and future[0][0] <= self.now):
            receivers, message, sequence, trace = immediate.popleft()
            self._deliver(receivers, message, sequence, trace)
        else:
            due_at, kind, sequence, name, _, receivers, message, cause, trace = heappop(future)
            if due_at > self.now:
                self._advance(due_at)
            if kind == _WAKE_UP:
                self._wake(name, message, sequence, cause)
            else:
                self._deliver(receivers, message, sequence, trace)
        self._steps_at_instant += 1
        if self._steps_at_instant >= self._storm_limit:
            self._name_storm(message)

    def _advance(self, to: Nanos) -> None:
        if to != self.now:
            self.now = to
            self._steps_at_instant = 0
            self._storm_steps.clear()

    def _wake(self, name: str, message: Any, sequence: int, cause: int | None) -> None:
        if self._down and name in self._down:
            self._kept.setdefault(name, []).append((message, cause))
            return
        self.deliveries += 1
        try:
            if type(message) is Reconcile:
                message = self._answers_to(name)
            said = self.components[name].handle(message, self.now)
            if said:
                self._say(name, said, cause, sequence)
        except EcosystemError:
            raise
        except Exception as error:
            raise self._fault(name, sequence, error) from error

    def _deliver(self, receivers: tuple[Receiver, ...], message: Message | WakeUp, sequence: int, trace: int) -> None:
        position = 0
        name = ""
        monitors = self.monitors
        overheard = "" if monitors is None else monitors.overhears
        down = self._down
        try:
            for name, handler in receivers:
                position += 1
                if name == overheard and monitors is not None:
                    # Monitors outside are told whether or not the one here runs.
                    monitors.overhear(message, self.now)  # type: ignore[arg-type]
                if down and name in down:
                    if not down[name]:
                        self._hold(name, message, sequence, trace)
                    continue
                self.deliveries += 1
                said = handler(message, self.now)
                if said and self._say(name, said, sequence, trace) and position < len(receivers):
                    # A wake-up is due at this very instant and goes before the remaining deliveries.
                    self._immediate.appendleft((receivers[position:], message, sequence, trace))  # type: ignore[arg-type]
                    return
        except EcosystemError:
            raise
        except Exception as error:
            raise self._fault(name, sequence, error) from error

    def _say(self, sender: str, said: Said, cause: int | None, trace: int) -> bool:
        """Number, record and send what was said; true if a wake-up is due at once."""
        urgent = False
        for item in said:
            if type(item) is Later:
                urgent = self._ask_for(sender, item, cause) or urgent
                continue
            message: Message = item  # type: ignore[assignment]
            assert (sender, type(message)) in self._may_say, f"{type(message).__name__} is not in its table of what it says"
            self.sequence += 1
            sequence = self.sequence
            self._note(Entry(sequence, self.now, EntryKind.SAID, sender, cause, trace, message))
            if type(message) in _HEEDED:
                urgent = self._heed(message) or urgent
            self._send(sender, message, sequence, trace)
        return urgent

    def _heed(self, message: Message) -> bool:
        """Do what a message means for the kernel itself; true if a wake-up is due at once."""
        if not isinstance(message, ComponentStarted | ComponentResumed):
            self.ended = True
            return False
        name = message.component
        if isinstance(message, ComponentStarted) and not message.memory:
            self._forget(name)
            return True
        kept, held = self._kept.pop(name, []), self._held.pop(name, [])
        for wake_up, cause in kept:
            self._ask_for(name, Later(wake_up, self.now), cause)
        for copy, (waited, sequence, trace) in enumerate(held, _COPIES_OF_LINKS):
            receivers = ((name, self.components[name].handler_of(type(waited))),)
            heappush(self._future, (self.now, _DELIVERY, sequence, name, copy, receivers, waited, None, trace))
        return bool(kept or held)

    def _forget(self, name: str) -> None:
        """Let a component begin anew: its wake-ups are void, and what it may ask of the others it is told first.

        It stays the same object, since deliveries under way hold its handlers.
        """
        anew = self._fresh[name]()
        state = vars(self.components[name])
        state.clear()
        state.update(vars(anew))
        self._kept.pop(name, None)
        self._future = [due for due in self._future if due[1] != _WAKE_UP or due[3] != name]
        heapify(self._future)
        self._ask_for(name, Later(Reconcile(), self.now), None)
        self._ask_for(name, Later(Begin(), self.now), None)

    def _answers_to(self, name: str) -> Reconciled:
        """Put a component's queries to those that run."""
        asked = [query for query in self.components[name].queries() if query.component not in self._down]
        answers = ((one.component, one.question, self.components[one.component].answer(one.question)) for one in asked)
        return Reconciled(tuple(Answered(*answer) for answer in answers))

    def _hold(self, name: str, message: Message | WakeUp, sequence: int, trace: int) -> None:
        """Let a delivery wait for a paused component; what waits is handled in the order in which it was said."""
        held = self._held.setdefault(name, [])
        if len(held) < MOST_HELD:
            held.append((message, sequence, trace))

    def _note(self, entry: Entry) -> None:
        self.entries += 1
        if self._budget is not None and self.entries > self._budget:
            raise Storm(f"the run said more than its budget of {self._budget} entries, last {_said_by(entry)}")
        self._record(entry)

    def _ask_for(self, sender: str, later: Later, cause: int | None) -> bool:
        assert later.due_at >= self.now, f"{type(later.message).__name__} is asked for {self.now - later.due_at} ns in the past"
        self.sequence += 1
        heappush(self._future, (later.due_at, _WAKE_UP, self.sequence, sender, 0, None, later.message, cause, 0))
        return later.due_at == self.now

    def _send(self, sender: str, message: Message, sequence: int, trace: int) -> None:
        receivers = self._routing.receivers(message)
        if not receivers:
            return
        if self.links.perfect or self.links.pass_at_once(sender, self.now):
            self._immediate.append((receivers, message, sequence, trace))
            return
        effects: list[Message] = []
        for receiver in receivers:
            dues, said = self.links.transit(sender, receiver[0], sequence, self.now)
            effects += said
            for copy, due_at in enumerate(dues):
                if due_at == self.now:
                    self._immediate.append(((receiver,), message, sequence, trace))
                else:
                    due: Due = (due_at, _DELIVERY, sequence, receiver[0], copy, (receiver,), message, None, trace)
                    heappush(self._future, due)
        if effects:
            # Said once every delivery of the message itself has its place, so that none of them comes after what is said here.
            self._say(LINKS, effects, sequence, trace)

    # ---------------------------------------------------------------- failures

    def _fault(self, name: str, sequence: int, error: Exception) -> ComponentFault:
        self.broken = True
        self._faulted = name
        detail = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return ComponentFault(name, sequence, self.seed, detail)

    def _name_storm(self, message: Message | WakeUp) -> None:
        """Watch some more steps, then stop the run with the cycle that keeps it busy."""
        self._storm_steps.append(type(message).__name__)
        if len(self._storm_steps) < _TRACED_STEPS:
            return
        steps = self._storm_steps
        length = next((n for n in range(1, _TRACED_STEPS // 2) if steps[n:] == steps[:-n]), len(steps))
        loop = " > ".join(steps[-length:])
        raise Storm(f"more than {self._storm_limit} steps at the instant {self.now}; the loop is {loop}")


def _said_by(entry: Entry) -> str:
    return f"{type(entry.message).__name__} by {entry.sender}"
