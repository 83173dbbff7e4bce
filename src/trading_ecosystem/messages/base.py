"""What every message has: a type name, an audience, and how it is addressed.

A message is an immutable msgspec Struct.  Its class says three things about it, as class variables:

``audience``
    who may ever hear it (see :class:`Audience`); start-up refuses a wiring that crosses it;
``addressed_by``
    the name of the field that holds the name of the one component instance it is meant for, or ``None`` for a
    message that goes to everyone who listens;
``private``
    true when it concerns one account, named in its field ``account``: only the firm that owns that account, the
    simulators and the test coordinator may hear it.

Field values are integers, strings, booleans, ``None``, enums, and tuples of these or of :class:`Row` Structs.
Real-valued parameters travel as decimal strings.  Nothing here validates: validation happens once, at the edge.
"""

from __future__ import annotations

import enum
from typing import ClassVar

import msgspec


class Audience(enum.StrEnum):
    """Who may hear a message type: the blindness rule of the whole ecosystem."""

    PRODUCTION = "production"
    """What a production system would see: public, or private to one account."""
    WORLD = "world"
    """Between simulators; heard by no client (fundamental prices, matches with both parties, settlement feeds)."""
    CONTROL = "control"
    """Faults, scenarios, lifecycle."""
    AUDIT = "audit"
    """The truth and what was found about it."""


class Row(msgspec.Struct, frozen=True, gc=False):
    """A part of a message that repeats, such as one price level."""


class Message(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag=True):
    """Base of everything that is said; ``type`` in the record is the class name."""

    audience: ClassVar[Audience]
    addressed_by: ClassVar[str | None] = None
    private: ClassVar[bool] = False


class Command(Message, frozen=True, gc=False):
    """A message that asks one named component to do something; its answer is an event."""


class Question(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag=True):
    """A read-only question put to one component through ``answer``; it is never journaled."""


def master_of(account: str) -> str:
    """The firm (master account) that an account belongs to: ``"fund/maker"`` and ``"fund"`` both give ``"fund"``."""
    return account.partition("/")[0]
