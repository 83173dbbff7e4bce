"""Monitors that took part in a run that is over: their names, and the record with what they reported."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec


class RecordedMonitors(msgspec.Struct, frozen=True):
    """What :func:`trading_ecosystem.container.run` runs a record again with, to judge it."""

    names: tuple[str, ...]
    read_lines: Callable[[], Iterator[bytes]]
