"""One message of a stream, made once and shared by everyone who hears it."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec

from trading_ecosystem.api.decimals import instant_text
from trading_ecosystem.api.streams.channels import Channel
from trading_ecosystem.api.streams.wording import worded
from trading_ecosystem.messages.envelope import Entry, encode_entry
from trading_ecosystem.messages.units import Nanos

_encoder = msgspec.json.Encoder()
_instant_text = lru_cache(maxsize=256)(instant_text)
"""Many messages are said at one instant."""
Place = tuple[str, str, str]
"""Venue, instrument and account of a message; empty where it has none."""


class Heartbeat(msgspec.Struct, frozen=True, tag=True):
    """Ecosystem time has reached ``time_at``: what was said before it has been sent before this."""

    time_at: Nanos


class Published:
    """A message with its channel and place. It is put into words when somebody wants them, and once."""

    __slots__ = ("_size", "_text", "_whole", "at", "channel", "message", "place")

    def __init__(
        self,
        channel: Channel,
        at: Nanos,
        message: msgspec.Struct,
        place: Place = ("", "", ""),
        whole: Callable[[], Published] | None = None,
    ) -> None:
        self.channel = channel
        self.at = at
        self.message = message
        self.place = place
        self._whole = whole
        self._text: str | None = None
        self._size = 0

    @property
    def text(self) -> str:
        """The JSON object without its opening brace, so that a subscription's own fields can stand before it."""
        if self._text is None:
            self._text = _encoder.encode(self.shown()).decode()[1:]
        return self._text

    @property
    def size(self) -> int:
        """How long the text is."""
        return self._size or self._measured()

    @property
    def conflated(self) -> Published:
        """What stands for this and for everything before it of the same place: a whole book for a difference."""
        return self if self._whole is None else self._whole()

    def _measured(self) -> int:
        self._size = len(self.text)
        return self._size

    def shown(self) -> dict[str, Any]:
        """The message as a client gets it."""
        if isinstance(self.message, Entry):
            return {"channel": self.channel.value, "type": "Entry", "entry": msgspec.Raw(encode_entry(self.message))}
        shown = {"channel": self.channel.value, "type": type(self.message).__name__, "at": _instant_text(self.at)}
        shown.update(worded(self.message))
        return shown
