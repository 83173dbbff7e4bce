"""Fanning out what was said: each public event goes to a stream of the domain whose language it belongs to.

A stream is named by its message type. Commands, what is private to an account, and whatever production may not see go to no
stream. Entries come committed, as followers get them; publishing never waits for a reader or a server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from trading_ecosystem.messages import custodian, market_data, risk, trading
from trading_ecosystem.messages.base import Audience, Command, Message
from trading_ecosystem.messages.envelope import MESSAGE_TYPES, Entry
from trading_ecosystem.ports.streams import Streams

_MODULES: Final = {module.__name__: module.__name__.rpartition(".")[2] for module in (market_data, custodian, trading, risk)}
"""Modules whose messages are their own domain's; those of a venue are spread over several."""


def stream_of(message: type[Message]) -> tuple[str, str] | None:
    """Domain and stream of a message type, or ``None`` for one that is no public event."""
    if message.audience is not Audience.PRODUCTION or message.private or issubclass(message, Command):
        return None
    return _MODULES.get(message.__module__, "exchange"), message.__name__


STREAMS_OF: Final = {kind: place for kind in MESSAGE_TYPES.values() if (place := stream_of(kind)) is not None}
"""Where each public message type goes."""


class FanOut:
    """Publishes committed entries on the streams of their domains."""

    def __init__(self, streams: Mapping[str, Streams]) -> None:
        self._streams = streams
        self._encoder = msgspec.json.Encoder()

    def tell(self, entries: Sequence[Entry]) -> None:
        """Publish what is public among them, in their order."""
        for entry in entries:
            place = STREAMS_OF.get(type(entry.message))
            if place is not None:
                domain, stream = place
                self._streams[domain].publish(stream, self._encoder.encode(entry.message))
