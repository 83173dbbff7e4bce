"""What a registered monitor is sent, and how that travels: one JSON document each, integers as in the published language."""

from __future__ import annotations

from typing import Final, TypeAlias, Union

import msgspec

from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.envelope import MESSAGE_TYPES
from trading_ecosystem.messages.units import Nanos


class Delivery(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="delivery"):
    """One message as a monitor is sent it. ``number`` rises by one with everything sent, heartbeats included."""

    number: int
    delivered_at: Nanos
    message: Message


class Heartbeat(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="heartbeat"):
    """Everything delivered up to and including ``at`` has been sent. ``heartbeat`` rises by one a second."""

    number: int
    heartbeat: int
    at: Nanos


Sent: TypeAlias = Delivery | Heartbeat
"""What a monitor is sent."""


class _TypedDelivery(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="delivery", forbid_unknown_fields=True):
    number: int
    delivered_at: Nanos
    message: Union[tuple(MESSAGE_TYPES.values())]  # type: ignore[valid-type]  # noqa: UP007 - a union made at run time


_Typed: TypeAlias = _TypedDelivery | Heartbeat
_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(_Typed)


def encode_sent(sent: Sent) -> bytes:
    """One delivery or heartbeat as JSON."""
    return _encoder.encode(sent)


def decode_sent(document: bytes | str) -> Sent:
    """Read one; raises ``msgspec.ValidationError`` or ``msgspec.DecodeError`` where it is neither."""
    typed = _decoder.decode(document)
    if isinstance(typed, Heartbeat):
        return typed
    return Delivery(typed.number, typed.delivered_at, typed.message)
