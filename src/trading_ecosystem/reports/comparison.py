"""Two records side by side: the first entry that differs, alerts that only one has, and what accounts and firm end with.

Of a run and its clean twin the differences are what the faults did: their measured impact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import Final

import msgspec

from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.risk import AlertRaised, ExposureReported
from trading_ecosystem.messages.trading import StrategyMarked
from trading_ecosystem.messages.units import MINOR_UNITS_PER_WHOLE, MINUTE, SECOND, MinorUnits, Nanos
from trading_ecosystem.runtime.replay import decode_line

SAME_ALERT: Final = MINUTE
"""Alerts of one kind and subject are the same if they are raised this close to each other in both records."""
_LONGEST_SHOWN: Final = 300


class Difference(msgspec.Struct, frozen=True):
    """The first entry, counted from 1, that is not the same; ``None`` where that record has ended."""

    number: int
    at: Nanos
    first: str | None
    second: str | None


class ComparedAlert(msgspec.Struct, frozen=True):
    """An alert that one of the records has."""

    at_ns: Nanos
    """Since the start of its run."""
    kind: str
    subject: str
    severity: str


class ComparedAmount(msgspec.Struct, frozen=True):
    """A figure of both records in USD minor units; ``None`` where a record does not have it."""

    name: str
    first: MinorUnits | None
    second: MinorUnits | None

    @property
    def impact(self) -> MinorUnits | None:
        """The first less the second."""
        return None if self.first is None or self.second is None else self.first - self.second


class Comparison(msgspec.Struct, frozen=True):
    """Everything that was compared."""

    entries: tuple[int, int]
    difference: Difference | None
    alerts_in_both: int
    only_first: tuple[ComparedAlert, ...]
    only_second: tuple[ComparedAlert, ...]
    amounts: tuple[ComparedAmount, ...]

    @property
    def same(self) -> bool:
        """Whether the records are the same, byte for byte."""
        return self.difference is None


class _Record:
    """What is gathered of one record while it is read."""

    def __init__(self, starts_at: Nanos) -> None:
        self._starts_at = starts_at
        self.entries = 0
        self.alerts: list[ComparedAlert] = []
        self.amounts: dict[str, MinorUnits] = {}

    def take(self, entry: Entry) -> None:
        message = entry.message
        if isinstance(message, AlertRaised):
            at = message.raised_at - self._starts_at
            self.alerts.append(ComparedAlert(at, message.kind.value, message.subject, message.severity.value))
        elif isinstance(message, ExposureReported):
            self.amounts[f"equity of {message.account}"] = message.equity_usd_minor
        elif isinstance(message, StrategyMarked):
            self.amounts[f"profit and loss of {message.account}"] = message.realised_usd_minor + message.unrealised_usd_minor


def compare_records(first: Iterable[bytes], second: Iterable[bytes], starts: tuple[Nanos, Nanos]) -> Comparison:
    """Compare the lines of two journals; ``starts`` are the instants at which the runs began."""
    records = (_Record(starts[0]), _Record(starts[1]))
    difference = None
    for number, pair in enumerate(zip_longest(first, second), 1):
        entries = [_taken(record, line, number) for record, line in zip(records, pair, strict=True)]
        if difference is None and pair[0] != pair[1]:
            at = next(entry.at for entry in entries if entry is not None)
            difference = Difference(number, at, _shown(pair[0]), _shown(pair[1]))
    only_first, only_second = (tuple(_only(one.alerts, other.alerts)) for one, other in (records, records[::-1]))
    names = sorted({*records[0].amounts, *records[1].amounts})
    return Comparison(
        entries=(records[0].entries, records[1].entries),
        difference=difference,
        alerts_in_both=len(records[0].alerts) - len(only_first),
        only_first=only_first,
        only_second=only_second,
        amounts=tuple(ComparedAmount(name, records[0].amounts.get(name), records[1].amounts.get(name)) for name in names),
    )


def _taken(record: _Record, line: bytes | None, number: int) -> Entry | None:
    if line is None:
        return None
    entry = decode_line(line, number)
    record.entries += 1
    record.take(entry)
    return entry


def _only(alerts: list[ComparedAlert], others: list[ComparedAlert]) -> Iterator[ComparedAlert]:
    """The alerts that have no partner; each of the others is the partner of one alone."""
    left = list(others)
    for alert in alerts:
        named = (alert.kind, alert.subject)
        near = [one for one in left if (one.kind, one.subject) == named and abs(one.at_ns - alert.at_ns) <= SAME_ALERT]
        if near:
            left.remove(min(near, key=lambda one: abs(one.at_ns - alert.at_ns)))
        else:
            yield alert


def _shown(line: bytes | None) -> str | None:
    return None if line is None else line.decode(errors="replace")[:_LONGEST_SHOWN]


def comparison_text(compared: Comparison) -> str:
    """The comparison in lines of plain text."""
    lines = [f"{compared.entries[0]:,} and {compared.entries[1]:,} entries"]
    if compared.difference is None:
        lines.append("the records are the same")
    else:
        lines += [f"first difference at entry {compared.difference.number:,}:"]
        lines += [
            f"  first   {compared.difference.first or 'has ended'}",
            f"  second  {compared.difference.second or 'has ended'}",
        ]
    lines.append(f"{compared.alerts_in_both} alerts in both")
    for which, alerts in (("first", compared.only_first), ("second", compared.only_second)):
        lines += [
            f"only in the {which}: {one.kind} {one.subject} {one.severity} after {one.at_ns // SECOND} s" for one in alerts
        ]
    lines += [
        f"{one.name}: {usd_text(one.first)} and {usd_text(one.second)} USD, impact {usd_text(one.impact)}"
        for one in compared.amounts
    ]
    return "\n".join(lines) + "\n"


def usd_text(amount: MinorUnits | None) -> str:
    """An amount in USD to the cent, or a dash where there is none."""
    return "-" if amount is None else f"{amount / MINOR_UNITS_PER_WHOLE:,.2f}"
