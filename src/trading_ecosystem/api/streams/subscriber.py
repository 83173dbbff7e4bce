"""One listener: what it subscribed to, and what waits for it, which is bounded.

What waits is a list of references to messages that all listeners share. Where a listener is too slow, messages of subscriptions
that allow it are conflated: the newest takes the place of the one that waits. Whoever still lets too much gather is cut.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from trading_ecosystem.api.caller import Caller
from trading_ecosystem.api.face import Face
from trading_ecosystem.api.streams.channels import Channel
from trading_ecosystem.api.streams.published import Published


class StreamLimits(msgspec.Struct, frozen=True):
    """What one listener, and one key, may take up."""

    waiting_messages: int = 10_000
    """Messages that may wait for one listener; one more and it is cut."""
    waiting_bytes: int = 4 * 1024 * 1024
    """Characters of them; the messages themselves are shared by all listeners."""
    frame_messages: int = 1_000
    """Messages in one frame at most."""
    subscriptions: int = 200
    """Of one listener."""
    connections_per_key: int = 100


class Cut(msgspec.Struct, frozen=True):
    """Why a listener is not served any longer: a WebSocket close code, and a line for people."""

    code: int
    reason: str


GOING_AWAY: Final = Cut(1001, "the server is stopping")
KEY_REVOKED: Final = Cut(4401, "the key was revoked")


class CutOff(Exception):
    """Raised to a listener that was cut."""

    def __init__(self, cut: Cut) -> None:
        super().__init__(cut.reason)
        self.cut = cut


class Subscription(msgspec.Struct, eq=False):
    """One subscription of a listener. Empty filters let everything through that the listener may hear."""

    id: int
    channel: Channel
    venue: str
    instrument: str
    accounts: tuple[str, ...]
    conflate: bool
    numbered: int = 0
    """The number of the last message; they rise by one."""


class Waiting(msgspec.Struct, eq=False, gc=False):
    """A message that waits for a listener, under its number in a subscription; or a line of the server's own."""

    subscription: Subscription | None
    number: int
    published: Published | None
    text: str = ""


class Subscriber:
    """See the module. ``counts_text`` is false for listeners that do not send the words of a message."""

    def __init__(self, caller: Caller, face: Face, limits: StreamLimits, *, counts_text: bool = True) -> None:
        self.caller = caller
        self.face = face
        self.subscriptions: dict[int, Subscription] = {}
        self.begun = 0
        """Subscriptions that were ever begun: the id of the last."""
        self._most_in_frame = limits.frame_messages
        self._most_messages = limits.waiting_messages
        self._most_bytes = limits.waiting_bytes
        self._counts_text = counts_text
        self._waiting: list[Waiting] = []
        self._bytes = 0
        self._slots: dict[tuple[int, str, str, str], Waiting] = {}
        self._something = asyncio.Event()
        self._cut: Cut | None = None
        self._when_cut: Callable[[], object] | None = None

    @property
    def cut(self) -> Cut | None:
        """Why it is not served any longer; ``None`` while it is."""
        return self._cut

    @property
    def waiting(self) -> int:
        """Messages that wait."""
        return len(self._waiting)

    def offer(self, subscription: Subscription, published: Published) -> bool:
        """Let a message wait for the listener; true where it was cut because of it."""
        if self._cut is not None or (subscription.conflate and self._replaced(subscription, published)):
            return False
        number = subscription.numbered + 1
        subscription.numbered = number
        waiting = Waiting(subscription, number, published)
        if subscription.conflate:
            self._slots[(subscription.id, *published.place)] = waiting
        self._add(waiting, published.size if self._counts_text else 0)
        return self._cut is not None

    def _replaced(self, subscription: Subscription, published: Published) -> bool:
        """Whether a message took the place of one that waits."""
        earlier = self._slots.get((subscription.id, *published.place))
        if earlier is None:
            return False
        assert earlier.published is not None
        newest = published.conflated
        if self._counts_text:
            self._bytes += newest.size - earlier.published.size
        earlier.published = newest
        return True

    def tell(self, text: str) -> None:
        """Let a line of the server's own wait, such as the answer to a request."""
        if self._cut is None:
            self._add(Waiting(None, 0, None, text), len(text))

    def end(self, cut: Cut) -> None:
        """Serve it no longer, for this reason; what waits is given up."""
        if self._cut is None:
            self._cut = cut
            self._waiting, self._slots, self._bytes = [], {}, 0
            self._something.set()
            if self._when_cut is not None:
                self._when_cut()

    def when_cut(self, told: Callable[[], object]) -> None:
        """Call ``told`` when it is cut; at once where it is already."""
        self._when_cut = told
        if self._cut is not None:
            told()

    async def take(self) -> Sequence[Waiting]:
        """What waits, once there is something; raises :class:`CutOff`."""
        await self._something.wait()
        if self._cut is not None:
            raise CutOff(self._cut)
        most = self._most_in_frame
        taken, self._waiting = self._waiting[:most], self._waiting[most:]
        if self._waiting:
            left = {id(one) for one in self._waiting} if self._slots else set()
            self._slots = {slot: one for slot, one in self._slots.items() if id(one) in left}
            self._bytes -= sum(map(self._size, taken))
        else:
            self._slots, self._bytes = {}, 0
            self._something.clear()
        return taken

    def _add(self, waiting: Waiting, size: int) -> None:
        queue = self._waiting
        queue.append(waiting)
        self._bytes += size
        count = len(queue)
        if count == 1:
            self._something.set()
        if count > self._most_messages:
            self.end(Cut(4408, f"too slow: more than {self._most_messages:,} messages wait"))
        elif self._bytes > self._most_bytes:
            self.end(Cut(4408, f"too slow: more than {self._most_bytes:,} bytes wait"))

    def _size(self, waiting: Waiting) -> int:
        if waiting.published is None:
            return len(waiting.text)
        return waiting.published.size if self._counts_text else 0
