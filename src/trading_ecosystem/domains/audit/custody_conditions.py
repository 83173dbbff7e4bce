"""What is wrong with custody, recomputed: refused and late transfers, mismatched instructions, statements that differ.

Definitions are those of :mod:`trading_ecosystem.messages.alert_conditions`.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TypeAlias

from trading_ecosystem.domains.audit.feed_conditions import Tally
from trading_ecosystem.domains.audit.intervals import ConditionTrack, Tracks
from trading_ecosystem.domains.audit.positions import Positions, TransferKey, transfer_key
from trading_ecosystem.messages.alert_conditions import (
    BROKEN_LINES,
    MISMATCHED_INSTRUCTIONS,
    REFUSAL_WINDOW,
    REFUSED_TRANSFERS,
)
from trading_ecosystem.messages.custodian import (
    HoldingsStated,
    SettlementCancelled,
    SettlementInstructed,
    SettlementSettled,
    TransferPending,
    TransferPosted,
    TransferRejected,
    TransferRejectReason,
)
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.exchange import OrderFilled
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.risk import OVERDUE_AFTER, AlertKind
from trading_ecosystem.messages.trading_phases import TradeBusted, TradeCorrected
from trading_ecosystem.messages.units import INSTRUMENTS, MinorUnits, Nanos

FillKey: TypeAlias = tuple[str, int, str]
"""Instrument, trade id, account."""
Terms: TypeAlias = tuple[Side, MinorUnits, MinorUnits, MinorUnits]
"""Side, base, quote and fee amount of one side of a trade."""


class Custodian:
    """TRANSFER_REFUSED, TRANSFER_OVERDUE and HOLDINGS_BREAK of one custodian."""

    def __init__(self, name: str, tracks: Tracks) -> None:
        self._refused = tracks.of(AlertKind.TRANSFER_REFUSED, name)
        self._overdue = tracks.of(AlertKind.TRANSFER_OVERDUE, name)
        self._broken = tracks.of(AlertKind.HOLDINGS_BREAK, name)
        self._refusals = Tally(REFUSAL_WINDOW)
        self._due: list[tuple[Nanos, int, Nanos, TransferKey, Entry]] = []  # posts_at, sequence, arrived_at, key, entry
        self._pending: set[TransferKey] = set()
        self._posted: set[TransferKey] = set()

    def rejected(self, message: TransferRejected, at: Nanos, entry: Entry) -> None:
        """A refusal reaches the monitor."""
        if message.reason in (TransferRejectReason.OFFLINE, TransferRejectReason.REFUSED):
            self._refusals.add(1, at)
            count = self._refusals.forget(at)
            self._refused.observe(count, count >= REFUSED_TRANSFERS, at, entry)

    def pending(self, message: TransferPending, at: Nanos, entry: Entry) -> None:
        """A pending transfer reaches the monitor."""
        key = transfer_key(message)
        if key in self._posted or key in self._pending:
            return
        self.grow_older(at)
        self._pending.add(key)
        heappush(self._due, (message.posts_at, entry.sequence, at, key, entry))
        self.grow_older(at)

    def posted(self, message: TransferPosted, at: Nanos, entry: Entry) -> None:
        """A posted transfer reaches the monitor."""
        key = transfer_key(message)
        self.grow_older(at)
        self._posted.add(key)
        if key in self._pending:
            self._pending.remove(key)
            self.grow_older(at)
        self._refused.observe(0, False, at, entry)

    def stated(self, message: HoldingsStated, positions: Positions, at: Nanos, entry: Entry) -> None:
        """A statement reaches the monitor, and is held against the amounts that count in positions."""
        said = [positions.said(message.custodian, line) for line in message.lines]
        broken = sum(
            amount is not None and amount != line.amount_minor for amount, line in zip(said, message.lines, strict=True)
        )
        self._broken.observe(broken, broken >= BROKEN_LINES, at, entry)

    def grow_older(self, at: Nanos) -> None:
        """Time has come to ``at``: the pending transfer that was due first may have become overdue."""
        due = self._due
        while due and due[0][3] not in self._pending:
            heappop(due)
        if due:
            posts_at, _, arrived_at, _, entry = due[0]
            late = at - posts_at
            begun_at = max(posts_at + OVERDUE_AFTER, arrived_at)
            self._overdue.observe(max(late, 0), late >= OVERDUE_AFTER, at, entry, begun_at)
        elif self._overdue.open is not None:
            self._overdue.observe(0, False, at, self._overdue.open.entry)
        else:
            self._overdue.measure = 0


class VenueInstructions:
    """INSTRUCTION_MISMATCH of one venue."""

    def __init__(self, track: ConditionTrack) -> None:
        self._track = track
        self._fills: dict[FillKey, dict[int, Terms]] = {}
        """Unsettled fills by execution id."""
        self._instructed: dict[FillKey, Terms] = {}
        """The newest instruction of each unsettled trade."""
        self._mismatched: set[FillKey] = set()

    def filled(self, message: OrderFilled, at: Nanos, entry: Entry) -> None:
        """A fill reaches the monitor."""
        key = (message.instrument, message.trade_id, message.account)
        instrument = INSTRUMENTS[message.instrument]
        self._fills.setdefault(key, {})[message.execution_id] = (
            message.side,
            instrument.base_amount(message.quantity_lots),
            instrument.notional(message.price_ticks, message.quantity_lots),
            message.fee_minor,
        )
        if key in self._instructed:
            self._compare(key, at, entry)

    def corrected(self, message: TradeCorrected) -> None:
        """A correction reaches the monitor: the next instruction is held against it."""
        fills = self._fills.get((message.instrument, message.trade_id, message.account), {})
        before = fills.pop(message.corrected_execution_id, None)
        if before is not None:
            notional = INSTRUMENTS[message.instrument].notional(message.price_ticks, message.quantity_lots)
            fills[message.execution_id] = (before[0], before[1], notional, message.fee_minor)

    def instructed(self, message: SettlementInstructed, at: Nanos, entry: Entry) -> None:
        """An instruction reaches the monitor."""
        key = (message.instrument, message.trade_id, message.account)
        self._instructed[key] = (message.side, message.base_minor, message.quote_minor, message.fee_minor)
        if key in self._fills:
            self._compare(key, at, entry)

    def over(self, message: SettlementSettled | SettlementCancelled | TradeBusted, at: Nanos, entry: Entry) -> None:
        """A trade is settled, or will never be."""
        key = (message.instrument, message.trade_id, message.account)
        if isinstance(message, TradeBusted):
            self._fills.pop(key, None)
            return
        self._fills.pop(key, None)
        self._instructed.pop(key, None)
        if key in self._mismatched:
            self._mismatched.remove(key)
            self._observe(at, entry)

    def _compare(self, key: FillKey, at: Nanos, entry: Entry) -> None:
        before = len(self._mismatched)
        if self._instructed[key] in self._fills[key].values():
            self._mismatched.discard(key)
        else:
            self._mismatched.add(key)
        if len(self._mismatched) != before:
            self._observe(at, entry)

    def _observe(self, at: Nanos, entry: Entry) -> None:
        count = len(self._mismatched)
        self._track.observe(count, count >= MISMATCHED_INSTRUCTIONS, at, entry)


class CustodyConditions:
    """The conditions on what custodians say to the firm."""

    def __init__(self, tracks: Tracks) -> None:
        self._tracks = tracks
        self._custodians: dict[str, Custodian] = {}
        self._venues: dict[str, VenueInstructions] = {}

    def custodian(self, name: str) -> Custodian:
        """One custodian, known from now on."""
        custodian = self._custodians.get(name)
        if custodian is None:
            custodian = self._custodians[name] = Custodian(name, self._tracks)
        return custodian

    def venue(self, name: str) -> VenueInstructions:
        """The instructions for trades at one venue."""
        venue = self._venues.get(name)
        if venue is None:
            venue = self._venues[name] = VenueInstructions(self._tracks.of(AlertKind.INSTRUCTION_MISMATCH, name))
        return venue

    def advance(self, at: Nanos) -> None:
        """Time has come to ``at`` without anything from a custodian."""
        for custodian in self._custodians.values():
            custodian.grow_older(at)
