"""The hub: told of committed entries, it hands every listener what it subscribed to and may hear.

Each message is made once, and put into words once, however many hear it. Nothing here waits; a listener that is slow fills
its own backlog and nobody else's. What a listener may hear is decided when it subscribes, by its key alone: its scopes and
its accounts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import msgspec

from trading_ecosystem.api.caller import EVERY_ACCOUNT, Caller
from trading_ecosystem.api.face import Face
from trading_ecosystem.api.problems import Conflicting, FieldProblem, InvalidRequest, NoSuchThing, TooManyRequests
from trading_ecosystem.api.streams.channels import CHANNEL_OF, CHANNELS, PRIVATE, SCOPE_OF_FACE, Channel
from trading_ecosystem.api.streams.depth import PublishedBook
from trading_ecosystem.api.streams.published import Heartbeat, Place, Published
from trading_ecosystem.api.streams.subscriber import GOING_AWAY, Cut, StreamLimits, Subscriber, Subscription
from trading_ecosystem.messages.base import Audience
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.exchange import DepthChanged
from trading_ecosystem.messages.units import SECOND, Nanos

NEWEST_KEPT: Final = frozenset({Channel.QUOTES, Channel.PRICES, Channel.CANDLES, Channel.MARKETS})
"""Channels whose newest message of each type and place is what a new subscription begins with."""
MOST_BEATS: Final = 60
"""Heartbeats that are made up for at once; after a longer gap only the newest is said."""


class StreamCounts(msgspec.Struct, frozen=True):
    """Figures for the metrics; all but the first two only rise."""

    subscribers: int
    subscriptions: int
    connections: int
    messages: int
    """Handed to listeners, each counted for each listener."""
    frames: int
    """Sent over WebSockets."""
    cut: int
    """Listeners that were cut because they were too slow."""


class Hub:
    """See the module. Give :meth:`tell` to the live driver."""

    def __init__(self, limits: StreamLimits | None = None) -> None:
        self.limits = limits or StreamLimits()
        self._subscribers: set[Subscriber] = set()
        self._of_key: Counter[str] = Counter()
        self._hearing: dict[Face, dict[tuple[Channel, str, str, str], dict[Subscription, Subscriber]]] = {
            face: defaultdict(dict) for face in Face
        }
        self._books: dict[tuple[str, str], PublishedBook] = {}
        self._snapshots: dict[tuple[str, str], Published] = {}
        self._newest: dict[tuple[Channel, str, str, str], Published] = {}
        self._second = 0
        self._beat: Published | None = None
        self.beats = 0
        """Heartbeats that were said."""
        self._closed = False
        self._connections = 0
        self._messages = 0
        self.frames = 0
        self._cut = 0

    @property
    def counts(self) -> StreamCounts:
        """The figures now."""
        subscriptions = sum(len(one.subscriptions) for one in self._subscribers)
        return StreamCounts(len(self._subscribers), subscriptions, self._connections, self._messages, self.frames, self._cut)

    @contextmanager
    def joined(self, caller: Caller, face: Face = Face.PRODUCTION, *, counts_text: bool = True) -> Iterator[Subscriber]:
        """A new listener, for as long as the block runs; raises :class:`Forbidden`, :class:`TooManyRequests`."""
        caller.require(SCOPE_OF_FACE[face])
        if self._of_key[caller.key_id] >= self.limits.connections_per_key:
            raise TooManyRequests(f"this key has {self.limits.connections_per_key} streams open already", retry_after=5.0)
        subscriber = Subscriber(caller, face, self.limits, counts_text=counts_text)
        if self._closed:
            subscriber.end(GOING_AWAY)
        self._subscribers.add(subscriber)
        self._of_key[caller.key_id] += 1
        self._connections += 1
        try:
            yield subscriber
        finally:
            self._forget(subscriber)
            self._subscribers.discard(subscriber)
            self._of_key[caller.key_id] -= 1
            if not self._of_key[caller.key_id]:
                del self._of_key[caller.key_id]

    def subscribe(
        self,
        subscriber: Subscriber,
        channel: Channel,
        *,
        venue: str = "",
        instrument: str = "",
        account: str = "",
        conflate: bool = False,
        told: bool = True,
    ) -> Subscription:
        """Let a listener hear a channel from now on; ``told`` false leaves it to :meth:`begin` to say what is known already.

        Without an account a private channel is that of all the key's accounts. Raises :class:`Forbidden` for an account of
        others, :class:`NoSuchThing`, :class:`InvalidRequest`, :class:`Conflicting` and :class:`TooManyRequests`.
        """
        caller, face = subscriber.caller, subscriber.face
        if channel not in CHANNELS[face]:
            raise NoSuchThing(f"there is no channel {channel.value} here; there are {', '.join(sorted(CHANNELS[face]))}")
        accounts: tuple[str, ...] = ("",)
        if channel in PRIVATE:
            caller.require(SCOPE_OF_FACE[face], account or None)
            accounts = (account,) if account else _widest(caller.accounts)
        elif account:
            problem = f"the channel {channel.value} is about no account"
            raise InvalidRequest(f"account: {problem}", errors=(FieldProblem("account", problem),))
        if conflate and channel not in (Channel.QUOTES, Channel.DEPTH, Channel.PRICES):
            problem = "only quotes, depth and prices are conflated"
            raise InvalidRequest(f"conflate: {problem}", errors=(FieldProblem("conflate", problem),))
        wanted = (channel, venue, instrument, accounts)
        for one in subscriber.subscriptions.values():
            if (one.channel, one.venue, one.instrument, one.accounts) == wanted:
                raise Conflicting(f"subscribed already, as {one.id}")
        if len(subscriber.subscriptions) >= self.limits.subscriptions:
            raise TooManyRequests(f"{self.limits.subscriptions} subscriptions of one connection are the most")
        made = Subscription(subscriber.begun + 1, channel, venue, instrument, accounts, conflate)
        subscriber.begun += 1
        subscriber.subscriptions[made.id] = made
        for key in _keys_of(made):
            self._hearing[face][key][made] = subscriber
        if told:
            self.begin(subscriber, made)
        return made

    def begin(self, subscriber: Subscriber, subscription: Subscription) -> None:
        """Tell a new subscription what is known already: whole books, newest quotes, prices and phases, ecosystem time."""
        for published in self._known(subscription.channel):
            venue, instrument, _ = published.place
            if subscription.venue in ("", venue) and subscription.instrument in ("", instrument):
                self._offer(subscriber, subscription, published)

    def unsubscribe(self, subscriber: Subscriber, number: int) -> None:
        """End a subscription; raises :class:`NoSuchThing`."""
        ended = subscriber.subscriptions.pop(number, None)
        if ended is None:
            raise NoSuchThing(f"there is no subscription {number}")
        self._silence(subscriber.face, ended)

    def seed(self, at: Nanos, depth: Sequence[DepthChanged]) -> None:
        """Take down the venues' books as they stand, before the first entry: what a recovered ecosystem published is past."""
        self._second = at // SECOND
        for book in depth:
            self._books.setdefault((book.venue, book.instrument), PublishedBook(book))

    def tell(self, entries: Sequence[Entry]) -> None:
        """Hear of committed entries, in their order; never waits."""
        for entry in entries:
            self.beat(entry.at)
            self._take(entry)

    def publish(self, published: Published, face: Face = Face.PRODUCTION) -> None:
        """Hand a message to everyone who hears its channel and place."""
        hearing = self._hearing[face]
        venue, instrument, account = published.place
        for owner in _owners(account):
            for key in _places(published.channel, venue, instrument, owner):
                heard = hearing.get(key)
                if heard:
                    self._messages += len(heard)
                    # One that is cut is forgotten afterwards: nothing may change while this goes through them.
                    cut = [one for subscription, one in heard.items() if one.offer(subscription, published)]
                    for subscriber in cut:
                        self._cut_off(subscriber)

    def beat(self, reached: Nanos) -> None:
        """Say the heartbeats of every whole second up to ``reached``, once each."""
        second = reached // SECOND
        if second <= self._second:
            return
        first = self._second + 1
        if second - first >= MOST_BEATS:
            first = second
        self._second = second
        for one in range(first, second + 1):
            self._say_time(one * SECOND)

    def repeat_beat(self) -> None:
        """Say the last heartbeat again: a sign of life while no second of ecosystem time passes."""
        self._say_time(self._second * SECOND)

    def end_key(self, key_id: str, cut: Cut) -> None:
        """End every stream of a key."""
        for subscriber in [one for one in self._subscribers if one.caller.key_id == key_id]:
            self._end(subscriber, cut)

    def open_keys(self) -> list[str]:
        """Ids of keys with an open stream."""
        return list(self._of_key)

    def close(self) -> None:
        """End every stream: the server stops. Whoever joins later is turned away in the same way."""
        self._closed = True
        for subscriber in list(self._subscribers):
            self._end(subscriber, GOING_AWAY)

    @property
    def subscribers(self) -> int:
        """How many listen."""
        return len(self._subscribers)

    def _take(self, entry: Entry) -> None:
        message = entry.message
        if self._hearing[Face.AUDIT]:
            place = (getattr(message, "venue", ""), getattr(message, "instrument", ""), "")
            self.publish(Published(Channel.ENTRIES, entry.at, entry, place), Face.AUDIT)
        channel = CHANNEL_OF.get(type(message))
        if channel is None:
            return
        if message.audience is Audience.CONTROL:
            place = (getattr(message, "venue", ""), getattr(message, "instrument", ""), "")
            self.publish(Published(channel, entry.at, message, place), Face.CONTROL)
            return
        venue = getattr(message, "venue", "")
        instrument = getattr(message, "instrument", "")
        if isinstance(message, DepthChanged):
            self._take_book(entry.at, message)
            return
        account = getattr(message, "account", "") if channel in PRIVATE else ""
        published = Published(channel, entry.at, message, (venue, instrument, account))
        if channel in NEWEST_KEPT:
            self._newest[(channel, type(message).__name__, venue, instrument)] = published
        self.publish(published)

    def _take_book(self, at: Nanos, message: DepthChanged) -> None:
        key = (message.venue, message.instrument)
        place: Place = (*key, "")
        book = self._books.get(key)
        if book is None:
            self._books[key] = PublishedBook(message)
            self.publish(self._whole(at, key))
            return
        change = book.change(message)
        if change is not None:
            self._snapshots.pop(key, None)
            self.publish(Published(Channel.DEPTH, at, change, place, lambda: self._whole(at, key)))

    def _whole(self, at: Nanos, key: tuple[str, str]) -> Published:
        """The snapshot of a book as it stands, made once per publication."""
        found = self._snapshots.get(key)
        if found is None:
            place: Place = (*key, "")
            found = self._snapshots[key] = Published(Channel.DEPTH, at, self._books[key].snapshot(), place)
        return found

    def _known(self, channel: Channel) -> list[Published]:
        if channel is Channel.DEPTH:
            return [self._whole(self._second * SECOND, key) for key in self._books]
        if channel is Channel.HEARTBEATS:
            return [] if self._beat is None else [self._beat]
        return [published for key, published in self._newest.items() if key[0] is channel]

    def _say_time(self, at: Nanos) -> None:
        self.beats += 1
        self._beat = Published(Channel.HEARTBEATS, at, Heartbeat(at))
        for face in Face:
            self.publish(self._beat, face)

    def _offer(self, subscriber: Subscriber, subscription: Subscription, published: Published) -> None:
        self._messages += 1
        if subscriber.offer(subscription, published):
            self._cut_off(subscriber)

    def _cut_off(self, subscriber: Subscriber) -> None:
        self._cut += 1
        self._forget(subscriber)

    def _end(self, subscriber: Subscriber, cut: Cut) -> None:
        subscriber.end(cut)
        self._forget(subscriber)

    def _forget(self, subscriber: Subscriber) -> None:
        for subscription in subscriber.subscriptions.values():
            self._silence(subscriber.face, subscription)
        subscriber.subscriptions.clear()

    def _silence(self, face: Face, subscription: Subscription) -> None:
        hearing = self._hearing[face]
        for key in _keys_of(subscription):
            heard = hearing.get(key)
            if heard is not None:
                heard.pop(subscription, None)
                if not heard:
                    del hearing[key]


def _widest(accounts: Sequence[str]) -> tuple[str, ...]:
    """The accounts that are not contained in another one of them, so that nothing is heard twice."""
    if EVERY_ACCOUNT in accounts:
        return (EVERY_ACCOUNT,)
    return tuple(one for one in accounts if not any(one.startswith(f"{other}/") for other in accounts))


def _keys_of(subscription: Subscription) -> list[tuple[Channel, str, str, str]]:
    return [(subscription.channel, subscription.venue, subscription.instrument, one) for one in subscription.accounts]


def _owners(account: str) -> list[str]:
    """Under which accounts a message about one is heard: itself, those above it, and all."""
    if not account:
        return [""]
    parts = account.split("/")
    return [EVERY_ACCOUNT, *("/".join(parts[: count + 1]) for count in range(len(parts)))]


def _places(channel: Channel, venue: str, instrument: str, owner: str) -> list[tuple[Channel, str, str, str]]:
    """Under which filters a message is heard: its own, and those that leave venue or instrument open."""
    venues = (venue, "") if venue else ("",)
    instruments = (instrument, "") if instrument else ("",)
    return [(channel, one, other, owner) for one in venues for other in instruments]
