"""What is kept of a venue's perpetuals: positions, margin, marks, variation, liquidations and covered deficits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final

from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.margin import (
    DeficitCovered,
    LiquidationEnded,
    LiquidationOutcome,
    LiquidationStarted,
    MarginChanged,
    MarkPriceChanged,
    PositionReported,
    VariationSettled,
)
from trading_ecosystem.messages.units import INSTRUMENTS, Lots, MinorUnits, Nanos, Ticks
from trading_ecosystem.ports.records import Change, Patch, Record, Upsert


class PositionRecord(Record, frozen=True):
    """An account's position in a perpetual, and what it is carried at since its last trade or variation."""

    table: ClassVar[str] = "positions"
    key: ClassVar[tuple[str, ...]] = ("venue", "account", "instrument")
    checks: ClassVar[tuple[str, ...]] = ("fees_due_minor >= 0",)
    venue: str
    account: str
    instrument: str
    position_lots: Lots
    carried_minor: MinorUnits
    fees_due_minor: MinorUnits
    changed_at: Nanos


class MarginRecord(Record, frozen=True):
    """Where an account stood after the last margin tick at which it had a position."""

    table: ClassVar[str] = "margins"
    key: ClassVar[tuple[str, ...]] = ("venue", "account", "asset")
    checks: ClassVar[tuple[str, ...]] = (
        "initial_minor >= 0",
        "maintenance_minor >= 0",
        "held_minor >= 0",
    )
    venue: str
    account: str
    asset: str
    equity_minor: MinorUnits
    initial_minor: MinorUnits
    maintenance_minor: MinorUnits
    held_minor: MinorUnits
    changed_at: Nanos


class MarkRecord(Record, frozen=True):
    """The mark price of a perpetual in force, and of how many prices it is the median."""

    table: ClassVar[str] = "marks"
    key: ClassVar[tuple[str, ...]] = ("venue", "instrument")
    checks: ClassVar[tuple[str, ...]] = (
        "mark_ticks > 0",
        "sources >= 0",
    )
    venue: str
    instrument: str
    mark_ticks: Ticks
    sources: int
    marked_at: Nanos


class VariationRecord(Record, frozen=True):
    """What an account was due, and by how much its claim changed, at one margin tick."""

    table: ClassVar[str] = "variations"
    key: ClassVar[tuple[str, ...]] = ("venue", "number", "account")
    venue: str
    number: int
    account: str
    asset: str
    due_minor: MinorUnits
    settled_minor: MinorUnits
    settled_at: Nanos


class LiquidationRecord(Record, frozen=True):
    """A liquidation of an account; without an outcome it is under way."""

    table: ClassVar[str] = "liquidations"
    key: ClassVar[tuple[str, ...]] = ("venue", "number")
    checks: ClassVar[tuple[str, ...]] = ("ended_at >= started_at",)
    venue: str
    number: int
    account: str
    equity_minor: MinorUnits
    maintenance_minor: MinorUnits
    started_at: Nanos
    ended_at: Nanos | None = None
    outcome: LiquidationOutcome | None = None


class DeficitRecord(Record, frozen=True):
    """What one of the venue's own accounts paid for an account at one margin tick."""

    table: ClassVar[str] = "deficits"
    key: ClassVar[tuple[str, ...]] = ("venue", "number", "account", "covered_by")
    checks: ClassVar[tuple[str, ...]] = ("amount_minor > 0",)
    venue: str
    number: int
    account: str
    covered_by: str
    asset: str
    amount_minor: MinorUnits
    covered_at: Nanos


MARGIN_RECORDS: Final[tuple[type[Record], ...]] = (
    PositionRecord,
    MarginRecord,
    MarkRecord,
    VariationRecord,
    LiquidationRecord,
    DeficitRecord,
)


def _position(said: PositionReported, now: Nanos) -> tuple[Change, ...]:
    lots, carried, fees = said.position_lots, said.carried_minor, said.fees_due_minor
    return (Upsert(PositionRecord(said.venue, said.account, said.instrument, lots, carried, fees, now)),)


def _margin(said: MarginChanged, now: Nanos) -> tuple[Change, ...]:
    asked = (said.initial_minor, said.maintenance_minor)
    return (Upsert(MarginRecord(said.venue, said.account, said.asset, said.equity_minor, *asked, said.held_minor, now)),)


def _mark(said: MarkPriceChanged, now: Nanos) -> tuple[Change, ...]:
    return (Upsert(MarkRecord(said.venue, said.instrument, said.mark_ticks, said.sources, now)),)


def _variation(said: VariationSettled, now: Nanos) -> tuple[Change, ...]:
    paid = (said.due_minor, said.settled_minor)
    changes: list[Change] = [Upsert(VariationRecord(said.venue, said.number, said.account, said.asset, *paid, now))]
    for line in said.lines:
        carried = INSTRUMENTS[line.instrument].notional(line.mark_ticks, line.position_lots)
        position = (said.venue, said.account, line.instrument, line.position_lots, carried, 0, now)
        changes.append(Upsert(PositionRecord(*position)))
    return tuple(changes)


def _started(said: LiquidationStarted, now: Nanos) -> tuple[Change, ...]:
    short = (said.equity_minor, said.maintenance_minor)
    return (Upsert(LiquidationRecord(said.venue, said.number, said.account, *short, now)),)


def _ended(said: LiquidationEnded, now: Nanos) -> tuple[Change, ...]:
    return (Patch(LiquidationRecord, (said.venue, said.number), {"ended_at": now, "outcome": said.outcome}),)


def _covered(said: DeficitCovered, now: Nanos) -> tuple[Change, ...]:
    about = (said.venue, said.number, said.account, said.covered_by, said.asset)
    return (Upsert(DeficitRecord(*about, said.amount_minor, now)),)


MARGIN_KEPT: Final[dict[type[Message], Callable[[Any, Nanos], tuple[Change, ...]]]] = {
    PositionReported: _position,
    MarginChanged: _margin,
    MarkPriceChanged: _mark,
    VariationSettled: _variation,
    LiquidationStarted: _started,
    LiquidationEnded: _ended,
    DeficitCovered: _covered,
}
