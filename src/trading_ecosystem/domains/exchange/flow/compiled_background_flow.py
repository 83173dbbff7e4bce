"""The compiled background flow, with the methods of the plain one: the door to :mod:`.compiled_flow`."""

from __future__ import annotations

from collections import deque
from typing import Any, Final

from trading_ecosystem.domains.exchange.book.book_events import BookEvent
from trading_ecosystem.domains.exchange.flow.compiled_flow import FlowCore
from trading_ecosystem.domains.exchange.flow.flow import FlowObserver, FlowWatcher, notable
from trading_ecosystem.domains.exchange.flow.flow_constants import FlowConstants
from trading_ecosystem.domains.exchange.flow.flow_parameters import FlowParameters
from trading_ecosystem.domains.exchange.flow.house import House
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import Instrument, MinorUnits, Nanos
from trading_ecosystem.ports.component import Later
from trading_ecosystem.ports.randomness import RandomStream

_NEVER: Final = 1 << 62


class CompiledBackgroundFlow:
    """The flow in one instrument, on a compiled book; see :class:`.flow.BackgroundFlow`."""

    __slots__ = (
        "_book",
        "_constants",
        "_core",
        "_house",
        "_noticed",
        "_now",
        "_said",
        "_waiting",
        "observer",
        "paused",
        "watcher",
    )

    def __init__(
        self, parameters: FlowParameters, instrument: Instrument, book: Any, house: House, stream: RandomStream
    ) -> None:
        self._constants = FlowConstants(parameters, instrument)
        self._core = FlowCore(stream.integer(0, (1 << 64) - 1))
        self._book = book
        self._house = house
        self._waiting: deque[tuple[Nanos, MinorUnits]] = deque()
        self._noticed: list[BookEvent] = []
        self._now: Nanos = 0
        self._said: list[Message | Later] = []
        self.paused = False
        self.watcher: FlowWatcher | None = None
        self.observer: FlowObserver | None = None

    def fundamental_changed(self, price_minor: MinorUnits, now: Nanos) -> None:
        """The fundamental has a new price; makers follow it a moment later, and the first one opens the market."""
        assert price_minor > 0
        self._waiting.append((now + self._constants.maker_reaction_ns, price_minor))

    @property
    def events(self) -> int:
        """How many events there have been."""
        return self._core.events

    @property
    def next_at(self) -> Nanos:
        """When the next event comes, should no fundamental price come before."""
        return self._core.next_at

    def advance(self, now: Nanos, said: list[Message | Later]) -> None:
        """Let everyone act who comes up to and including now; what named accounts are to hear of it is added to ``said``."""
        if self.paused:
            return
        core, waiting, begun = self._core, self._waiting, False
        while True:
            follow_at = waiting[0][0] if waiting else _NEVER
            if min(follow_at, core.next_at) > now:
                break
            if not begun:
                begun = True
                self._now, self._said = now, said
                if not core.bound:
                    core.bind(self._constants, self._book, self._house, self)
                self._look_again()
            if follow_at <= core.next_at:
                at = follow_at
                core.follow_fundamental(at, waiting.popleft()[1])
            else:
                at = core.run(min(now, follow_at - 1))
            if self._noticed and self.watcher is not None:
                noticed, self._noticed = self._noticed, []
                self.watcher.attend(at, noticed, said)
                self._look_again()
        self._said = []

    def resume(self, now: Nanos) -> None:
        """Go on after a pause, in which nothing was missed: what would have come comes one nanosecond from now."""
        self.paused = False
        while len(self._waiting) > 1:
            self._waiting.popleft()
        self._core.resume(now)

    def _look_again(self) -> None:
        """Take in what others did to the house's orders, and how named takers pressed."""
        disturbed, self._house.disturbed = self._house.disturbed, False
        self._core.look_again(disturbed, self._house.signed_lots)

    def captured(self, sign: int, events: list[BookEvent]) -> None:
        """The core's call: an order of the house matched a named account."""
        self._house.capture_fills(events, Side.BUY if sign > 0 else Side.SELL, self._now, self._said)

    def seen(self, sign: int, events: list[BookEvent]) -> None:
        """The core's call: an order was sent or cancelled that somebody has to hear of."""
        if self.observer is not None:
            self.observer.record(self._core.at, events, Side.BUY if sign > 0 else Side.SELL)
        if self.watcher is not None and notable(events, self._book):
            self._noticed += events
