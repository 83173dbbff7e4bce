"""Who says what to whom, read from the dispatch tables and from nothing else."""

from __future__ import annotations

from itertools import groupby
from typing import Final

from trading_ecosystem.domains.custodian.component import Custodian
from trading_ecosystem.domains.exchange.component import Exchange
from trading_ecosystem.domains.market_data.component import MarketData
from trading_ecosystem.domains.risk.component import Risk
from trading_ecosystem.domains.test_coordination.component import TestCoordination
from trading_ecosystem.domains.trading.component import Trading
from trading_ecosystem.messages.base import Command, Message
from trading_ecosystem.messages.envelope import MESSAGE_TYPES
from trading_ecosystem.ports.component import Component
from trading_ecosystem.runtime.links import Links
from trading_ecosystem.runtime.monitors import Monitors
from trading_ecosystem.runtime.supervisor import Supervisor

COMPONENTS: Final[tuple[type[Component], ...]] = (
    MarketData,
    Exchange,
    Custodian,
    Trading,
    Risk,
    Monitors,
    TestCoordination,
    Links,
    Supervisor,
)
"""Every component class that is wired into an ecosystem."""

_NOBODY: Final = "-"


def message_map() -> str:
    """A table of all messages: audience, who says each, who hears it. ``door`` is an input from outside.

    Whoever hears copies of a command stands in brackets.
    """
    rows = [_row(message_type) for message_type in MESSAGE_TYPES.values()]
    heading = ("message", "audience", "said by", "heard by")
    widths = [max(len(row[column]) for row in [heading, *(row[1:] for row in rows)]) for column in range(3)]
    lines = [_line(heading, widths), _line(tuple("-" * width for width in (*widths, 8)), widths)]
    for module, group in groupby(rows, key=lambda row: row[0]):
        lines.append(f"[{module}]")
        lines.extend(_line(row[1:], widths) for row in group)
    return "\n".join(lines) + "\n"


def _row(message_type: type[Message]) -> tuple[str, str, str, str, str]:
    said_by = [component.context for component in COMPONENTS if message_type in component.says]
    if issubclass(message_type, Command) or not said_by:
        said_by.append("door")
    heard_by = [
        f"({component.context})" if message_type in component.copies else component.context
        for component in COMPONENTS
        if message_type in component.hears
    ]
    audience = message_type.audience.value + (", private" if message_type.private else "")
    module = message_type.__module__.rpartition(".")[2]
    return module, message_type.__name__, audience, ", ".join(said_by), ", ".join(heard_by) or _NOBODY


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    padded = [cell.ljust(width) for cell, width in zip(cells, widths, strict=False)]
    return "  ".join([*padded, cells[-1]]).rstrip()
