"""What a client says over a WebSocket, and what it is answered. Every text frame of the server is a JSON array."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from trading_ecosystem.api.caller import Scope
from trading_ecosystem.api.problems import ProblemDetails
from trading_ecosystem.api.rest.bodies import AccountName, Name, Symbol
from trading_ecosystem.api.streams.channels import Channel

Reference = Annotated[str, msgspec.Meta(max_length=64)]
Short = Annotated[str, msgspec.Meta(max_length=256)]


class Operation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="op", tag=str.lower):
    """Base of what a client says; ``id`` is the client's own, and comes back with the answer."""

    id: Reference | None = None


class Login(Operation, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who calls: a bearer token, or the four values of a signed request for ``GET`` of the stream's path."""

    token: Short | None = None
    key: Short | None = None
    timestamp: Short | None = None
    nonce: Short | None = None
    signature: Short | None = None


class Subscribe(Operation, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hear a channel from now on. What is left out is not filtered."""

    channel: Channel
    venue: Name | None = None
    instrument: Symbol | None = None
    account: AccountName | None = None
    conflate: bool = False
    """When the connection is slow: the newest quote or price; a whole book instead of differences."""


class Unsubscribe(Operation, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """End a subscription."""

    subscription: Annotated[int, msgspec.Meta(ge=1)]


class Ping(Operation, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ask for a sign of life."""


class Done(msgspec.Struct, frozen=True, omit_defaults=True):
    """An operation was carried out."""

    op: str
    id: str | None = None
    subscription: int | None = None
    channels: tuple[Channel, ...] = ()
    """After a login: what there is to hear, what the key may do, its accounts, and the firm of this ecosystem."""
    scopes: tuple[Scope, ...] = ()
    accounts: tuple[str, ...] = ()
    firm: str = ""


class Failed(msgspec.Struct, frozen=True):
    """An operation was refused, and nothing changed."""

    op: str | None
    id: str | None
    problem: ProblemDetails


AnyOperation = Login | Subscribe | Unsubscribe | Ping
decode_operation: Final = msgspec.json.Decoder(AnyOperation).decode
encode_answer: Final = msgspec.json.Encoder().encode
