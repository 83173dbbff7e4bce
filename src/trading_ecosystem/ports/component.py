"""The port every domain implements: a pure, synchronous state machine.

A component owns no clock, no randomness but the streams it was given, and does no input or output.  It gets a message and the
ecosystem instant, runs to completion, and returns what it says: messages, and :class:`Later` for wake-ups of its own.

The class attribute ``hears`` is the dispatch table ``{message type: method name}``; it is the truth about what the component
listens to (``map`` prints it).  Commands in ``copies`` are heard whoever they are addressed to, if they are of the component's
own accounts: as drop copies.  ``says`` lists every message type it may say; the kernel asserts it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeAlias

import msgspec

from trading_ecosystem.messages.base import Command, Message, Question
from trading_ecosystem.messages.units import Nanos


class WakeUp(msgspec.Struct, frozen=True, gc=False):
    """A timer message of a component to itself; it takes a sequence but is never journaled."""


class Begin(WakeUp, frozen=True, gc=False):
    """The first thing every component handles: it was started, and may say what holds from the start."""


class Reconcile(WakeUp, frozen=True, gc=False):
    """A component started without memory, or asks again: the kernel puts its queries and wakes it with :class:`Reconciled`."""


class Query(msgspec.Struct, frozen=True):
    """A read-only question for another component, as a client could put it at a door."""

    component: str
    question: Question


class Answered(msgspec.Struct, frozen=True):
    """The answer to a query."""

    component: str
    question: Question
    answer: Any


class Reconciled(WakeUp, frozen=True):
    """The answers to a component's queries, in their order; those to components that are down are missing."""

    answers: tuple[Answered, ...]


class Later(msgspec.Struct, frozen=True, gc=False):
    """A wish to be woken with ``message`` at ``due_at`` (not before now)."""

    message: WakeUp
    due_at: Nanos


Said: TypeAlias = Sequence[Message | Later]
"""What a handler returns, in the order in which it is said."""


class Component:
    """Base of every domain's state machine.

    ``accounts`` is the set of master accounts whose private messages it may hear; ``None`` for simulators, which hear
    every account's.  All other attributes are state and go into snapshots: keep them to numbers, strings, tuples,
    lists, dicts, sets, deques, Structs and plain classes of this package; no lambdas, generators or open files.
    """

    context: ClassVar[str]
    hears: ClassVar[dict[type[Any], str]]
    copies: ClassVar[tuple[type[Command], ...]] = ()
    says: ClassVar[tuple[type[Message], ...]]
    answers: ClassVar[dict[type[Question], str]] = {}
    state_version: ClassVar[int] = 1

    def __init__(self, name: str, accounts: frozenset[str] | None = None) -> None:
        self.name = name
        self.accounts = accounts

    def handle(self, message: Message | WakeUp, now: Nanos) -> Said:
        """Handle one message at ``now`` and return what is said; raises ``KeyError`` for a type it does not hear."""
        said: Said = getattr(self, self.hears[type(message)])(message, now)
        return said

    def handler_of(self, message_type: type[Any]) -> Callable[[Any, Nanos], Said]:
        """The bound method for a message type, for dispatch without a look-up."""
        handler: Callable[[Any, Nanos], Said] = getattr(self, self.hears[message_type])
        return handler

    def queries(self) -> Sequence[Query]:
        """What it asks others after a start without memory."""
        return ()

    def answer(self, question: Question) -> Any:
        """Answer a read-only question; changes nothing. Raises ``KeyError`` for a type it does not answer."""
        return getattr(self, self.answers[type(question)])(question)
