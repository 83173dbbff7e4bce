"""Inputs that wait to be admitted, the receipts that answer them, and what a receipt may tell."""

from __future__ import annotations

import asyncio

import msgspec

from trading_ecosystem.messages.base import Audience, Message, master_of
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.errors import Unavailable


class Receipt(msgspec.Struct, frozen=True):
    """The answer to an input: its sequence, and what was said in its unbroken chain of causes, all committed.

    Whoever sends a production message learns only what production may know: no control message of a broken link, and nothing
    that is private to another firm.
    """

    sequence: int
    at: Nanos
    said: tuple[Entry, ...]


class Waiting:
    """An input that waits to be admitted, and whoever waits for its answer."""

    def __init__(self, sender: str, message: Message, answer: asyncio.Future[Receipt]) -> None:
        self.sender = sender
        self.message = message
        self.answer = answer


def may_know(asked: Message, said: Message) -> bool:
    """Whether the sender of ``asked`` may be told of ``said``."""
    if asked.audience is not Audience.PRODUCTION:
        return True
    if said.audience is not Audience.PRODUCTION:
        return False
    return not said.private or master_of(getattr(said, "account", "")) == master_of(getattr(asked, "account", ""))


def fail(one: Waiting, error: BaseException) -> None:
    """Tell whoever still waits that there is no answer."""
    if not one.answer.done():
        one.answer.set_exception(error if isinstance(error, Exception) else Unavailable("the ecosystem has stopped"))
