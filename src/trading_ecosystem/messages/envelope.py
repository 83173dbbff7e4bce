"""The envelope of a journal entry, the one union of all messages, and their one encoding.

An entry is one line of UTF-8 JSON in declared field order. The same bytes are the journal, the leaf of the Merkle
tree and the evidence.
"""

from __future__ import annotations

import enum
from typing import Final, Union

import msgspec

from trading_ecosystem.messages import (
    custodian,
    exchange,
    margin,
    market_data,
    monitors,
    order_handling,
    risk,
    supervision,
    test_coordination,
    trading,
    trading_phases,
    trading_state,
    venue_conditions,
)
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.units import Nanos

_MODULES: Final = (
    market_data,
    exchange,
    order_handling,
    trading_phases,
    margin,
    custodian,
    trading,
    risk,
    trading_state,
    monitors,
    test_coordination,
    supervision,
    venue_conditions,
)

MESSAGE_TYPES: Final[dict[str, type[Message]]] = {
    name: value
    for module in _MODULES
    for name, value in vars(module).items()
    if isinstance(value, type) and issubclass(value, Message) and value.__module__ == module.__name__
}
"""Every message type of the published language, by name."""


class EntryKind(enum.StrEnum):
    """How an entry came to be."""

    INPUT = "input"
    """It came in through a door."""
    SAID = "said"
    """A component said it while handling something."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One journal entry.

    ``sequence`` is the message's number in the kernel's order; it has gaps, because wake-ups take numbers and are not
    journaled. ``cause`` is the sequence of the entry whose handling said this one; ``None`` for inputs and for what
    components say when they begin. ``trace`` is the sequence at the head of the unbroken chain of causes: an input, or the
    (unjournaled) wake-up that set things going.
    """

    sequence: int
    at: Nanos
    kind: EntryKind
    sender: str
    cause: int | None
    trace: int
    message: Message


class _TypedEntry(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    sequence: int
    at: Nanos
    kind: EntryKind
    sender: str
    cause: int | None
    trace: int
    message: Union[tuple(MESSAGE_TYPES.values())]  # type: ignore[valid-type]  # noqa: UP007 - a union made at run time


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_TypedEntry)


def encode_entry(entry: Entry) -> bytes:
    """The entry's line, without the newline."""
    return _encoder.encode(entry)


def decode_entry(line: bytes) -> Entry:
    """Read one line; raises ``msgspec.ValidationError`` or ``msgspec.DecodeError`` where it is no entry."""
    typed = _decoder.decode(line)
    return Entry(typed.sequence, typed.at, typed.kind, typed.sender, typed.cause, typed.trace, typed.message)


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``header.json`` of a run directory: everything needed to run it again."""

    format: int
    engine_version: str
    platform: str
    scenario_file: str
    scenario: str
    """The scenario's YAML text as it was run, with ``--set`` already applied."""
    seed: int
    started_at: Nanos
    audit: bool
    overrides: tuple[str, ...] = ()
    """What ``--set`` changed; already applied in ``scenario``."""
    faults: bool = True
    """False for the clean twin, in which nothing was injected."""
    live: bool = False
    """Whether inputs arrived while it ran; then they are in the journal and nowhere else."""
    monitors: tuple[str, ...] = ()
    """The monitors outside that took part in lock-step; what they reported is in the journal and nowhere else."""
    acting: str = "risk"
    """The monitor whose verdict is that of the run."""
