"""What may enter a live ecosystem at all: what every store can keep.

A domain refuses with an event what makes no sense to it. This is about what would be journaled before any domain sees it, and
could then not be projected by a store: integers beyond 64 bits, and NUL characters, which PostgreSQL's texts cannot hold.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from trading_ecosystem.messages.base import Message
from trading_ecosystem.ports.errors import BadInput

LARGEST: Final = 2**63 - 1


def check_keepable(message: Message) -> None:
    """Raise :class:`BadInput`, naming the field, where a store could not keep what a message says."""
    for name, value in zip(message.__struct_fields__, msgspec.structs.astuple(message), strict=True):
        problem = _problem(msgspec.to_builtins(value))
        if problem:
            raise BadInput(f"{type(message).__name__}.{name}", problem)


def _problem(value: Any) -> str:
    if isinstance(value, bool):
        return ""
    if isinstance(value, int):
        return "" if -LARGEST <= value <= LARGEST else f"{str(value)[:40]} is too large; expected an integer of 64 bits"
    if isinstance(value, str):
        return "holds a NUL character; expected text without one" if "\0" in value else ""
    if isinstance(value, dict):
        return next(filter(None, map(_problem, (*value, *value.values()))), "")
    if isinstance(value, list | tuple):
        return next(filter(None, map(_problem, value)), "")
    return ""
