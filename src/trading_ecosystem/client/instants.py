"""Instants between nanoseconds since the epoch and RFC 3339 with nanoseconds."""

from __future__ import annotations

from datetime import UTC, datetime

from trading_ecosystem.messages.units import SECOND, Nanos


def instant_text(at: Nanos) -> str:
    """An instant as the doors write it."""
    seconds, nanos = divmod(at, SECOND)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{nanos:09d}Z"


def instant_of(text: str) -> Nanos:
    """An instant that the doors wrote; raises ``ValueError`` for anything else."""
    whole, _, rest = text.partition(".")
    if not rest.endswith("Z") or not rest[:-1].isdigit():
        raise ValueError(f"{text!r} is no instant")
    seconds = datetime.fromisoformat(f"{whole}+00:00").timestamp()
    return int(seconds) * SECOND + int(rest[:-1].ljust(9, "0"))
