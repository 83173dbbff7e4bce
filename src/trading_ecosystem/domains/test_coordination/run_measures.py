"""What the criteria of a scenario ask of a record, gathered entry by entry and measured over windows at the end.

Only what some criterion needs is kept. All instants are the record's. What was already so when a window begins (an open
alert, a quote, a pending instruction) counts in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

import msgspec

from trading_ecosystem.domains.test_coordination.criteria import Checks, Criterion, Measure
from trading_ecosystem.messages.base import Message, master_of
from trading_ecosystem.messages.custodian import SettlementCancelled, SettlementInstructed, SettlementSettled
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.exchange import OrderFilled, OrderRejected, PlaceOrder, QuoteChanged
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.monitors import AlertReportAccepted, ReportState
from trading_ecosystem.messages.risk import AlertRaised, AlertResolved, ExposureReported
from trading_ecosystem.messages.test_coordination import ConditionEnded, FaultInjected, GroundTruthClosed, GroundTruthLabelled
from trading_ecosystem.messages.units import PARTS_PER_MILLION, Nanos, PartsPerMillion

FRESH: Final = 3
"""Publications after which a quote no longer counts."""
Book: TypeAlias = tuple[str, str]
"""Venue and instrument."""
_Handler: TypeAlias = Callable[[Any, Nanos], None]


class InjectedFault(msgspec.Struct):
    """When a fault was injected, when it was to be over, and when it was; whether it changed anything."""

    injected_at: Nanos
    planned_until: Nanos
    ended_at: Nanos | None = None
    took_effect: bool = False


class RunMeasures:
    """Follows a record for the criteria of one scenario.

    ``publish_every`` is how often each venue publishes; ``instruments`` are those in play. Alerts are those of the ``acting``
    monitor: an outside one's where that is named, else the built-in one's.
    """

    def __init__(
        self,
        checks: Checks,
        firm: str,
        publish_every: Mapping[str, Nanos],
        instruments: tuple[str, ...],
        acting: str = "",
    ) -> None:
        self._firm = firm
        self._acting = acting
        self._publish_every = publish_every
        self._instruments = instruments
        self.injected: dict[str, InjectedFault] = {}
        self._raised: list[Nanos] = []
        self._open: list[tuple[Nanos, int]] = []
        self._priced: dict[str, list[Nanos]] = defaultdict(list)
        self._quotes: dict[Book, list[tuple[Nanos, PartsPerMillion | None]]] = defaultdict(list)
        self._orders: list[tuple[Nanos, str]] = []
        self._rejections: list[tuple[Nanos, str]] = []
        self._fills: dict[tuple[str, str, str, int], Nanos] = {}
        self._instructed: dict[tuple[str, str, int], tuple[Nanos, Nanos | None]] = {}
        self._equity: list[tuple[Nanos, int]] = []
        self._handlers = self._handlers_for(checks)

    def _handlers_for(self, checks: Checks) -> dict[type[Message], _Handler]:
        measured = checks.measured
        handlers: dict[type[Message], _Handler] = {}
        if checks.any:
            handlers |= {FaultInjected: self._fault_injected, GroundTruthLabelled: self._labelled}
            handlers |= {ConditionEnded: self._ended, GroundTruthClosed: self._closed}
        wanted: tuple[tuple[set[Measure], dict[type[Message], _Handler]], ...] = (
            (
                {Measure.ALERTS, Measure.OPEN_ALERTS},
                {AlertReportAccepted: self._alert_reported}
                if self._acting
                else {AlertRaised: self._alert_raised, AlertResolved: self._alert_resolved},
            ),
            ({Measure.SILENCE}, {PricePublished: self._price}),
            ({Measure.QUOTED, Measure.SPREAD}, {QuoteChanged: self._quote}),
            ({Measure.ORDERS, Measure.REJECTED}, {PlaceOrder: self._order, OrderRejected: self._rejection}),
            ({Measure.FILLS}, {OrderFilled: self._fill}),
            (
                {Measure.UNSETTLED_FOR},
                {
                    SettlementInstructed: self._instruction,
                    SettlementSettled: self._settled,
                    SettlementCancelled: self._settled,
                },
            ),
            ({Measure.EQUITY_CHANGE}, {ExposureReported: self._exposure}),
        )
        for measures, found in wanted:
            if measures & measured:
                handlers |= found
        return handlers

    def follow(self, entries: Iterable[Entry]) -> None:
        """Take the next entries of the record."""
        handlers = self._handlers
        if not handlers:
            return
        for entry in entries:
            handler = handlers.get(type(entry.message))
            if handler is not None:
                handler(entry.message, entry.at)

    # ---------------------------------------------------------------- what is kept

    def _fault_injected(self, message: FaultInjected, at: Nanos) -> None:
        self.injected[message.fault_id] = InjectedFault(at, message.planned_until)

    def _labelled(self, message: GroundTruthLabelled, at: Nanos) -> None:
        fault = self.injected.get(message.fault_id)
        if fault is not None:
            fault.took_effect = True

    def _ended(self, message: ConditionEnded, at: Nanos) -> None:
        self._end(message.condition_id, at)

    def _closed(self, message: GroundTruthClosed, at: Nanos) -> None:
        self._end(message.fault_id, at)

    def _end(self, fault_id: str, at: Nanos) -> None:
        fault = self.injected.get(fault_id)
        if fault is not None:
            fault.ended_at = at

    def _alert_raised(self, message: AlertRaised, at: Nanos) -> None:
        if message.account == self._firm:
            self._raised.append(at)
            self._open.append((at, 1))

    def _alert_resolved(self, message: AlertResolved, at: Nanos) -> None:
        if message.account == self._firm:
            self._open.append((at, -1))

    def _alert_reported(self, message: AlertReportAccepted, at: Nanos) -> None:
        if message.monitor != self._acting or message.account != self._firm:
            return
        if message.state is ReportState.RAISED:
            self._raised.append(at)
            self._open.append((at, 1))
        elif message.state is ReportState.RESOLVED:
            self._open.append((at, -1))

    def _price(self, message: PricePublished, at: Nanos) -> None:
        self._priced[message.instrument].append(at)

    def _quote(self, message: QuoteChanged, at: Nanos) -> None:
        spread = None
        if message.bid_lots and message.ask_lots:
            spread = (message.ask_ticks - message.bid_ticks) * 2 * PARTS_PER_MILLION // (message.ask_ticks + message.bid_ticks)
        self._quotes[message.venue, message.instrument].append((at, spread))

    def _order(self, message: PlaceOrder, at: Nanos) -> None:
        if master_of(message.account) == self._firm:
            self._orders.append((at, message.venue))

    def _rejection(self, message: OrderRejected, at: Nanos) -> None:
        if master_of(message.account) == self._firm:
            self._rejections.append((at, message.venue))

    def _fill(self, message: OrderFilled, at: Nanos) -> None:
        if master_of(message.account) == self._firm:
            # An execution that is reported again is no other fill.
            self._fills.setdefault((message.venue, message.instrument, message.account, message.execution_id), at)

    def _instruction(self, message: SettlementInstructed, at: Nanos) -> None:
        if master_of(message.account) == self._firm:
            # A corrected instruction is the same one: it has been pending since it first was instructed.
            self._instructed.setdefault((message.venue, message.account, message.trade_id), (at, None))

    def _settled(self, message: SettlementSettled | SettlementCancelled, at: Nanos) -> None:
        key = (message.venue, message.account, message.trade_id)
        if key in self._instructed:
            self._instructed[key] = (self._instructed[key][0], at)

    def _exposure(self, message: ExposureReported, at: Nanos) -> None:
        if message.account == self._firm:
            self._equity.append((at, message.equity_usd_minor))

    # ---------------------------------------------------------------- what is measured

    def value(self, criterion: Criterion, from_at: Nanos, until_at: Nanos) -> int | None:
        """The measure from one instant up to, but not including, another; ``None`` where there is nothing to measure."""
        measure = criterion.measure
        if measure is Measure.ALERTS:
            return sum(1 for at in self._raised if from_at <= at < until_at)
        if measure is Measure.OPEN_ALERTS:
            return _most_open(self._open, from_at, until_at)
        if measure is Measure.SILENCE:
            return self._silence(criterion, from_at, until_at)
        if measure is Measure.QUOTED:
            return self._quoted(criterion, from_at, until_at)
        if measure is Measure.SPREAD:
            return self._spread(criterion, from_at, until_at)
        if measure is Measure.UNSETTLED_FOR:
            return self._unsettled_for(from_at, until_at)
        if measure is Measure.EQUITY_CHANGE:
            return self._equity_change(from_at, until_at)
        filled = [(at, execution[0]) for execution, at in self._fills.items()]
        orders, rejections, fills = (
            sum(1 for at, venue in events if from_at <= at < until_at and criterion.venue in ("", venue))
            for events in (self._orders, self._rejections, filled)
        )
        if measure is Measure.ORDERS:
            return orders
        if measure is Measure.FILLS:
            return fills
        assert measure is Measure.REJECTED, measure
        return rejections * PARTS_PER_MILLION // orders if orders else None

    def _silence(self, criterion: Criterion, from_at: Nanos, until_at: Nanos) -> Nanos:
        longest: Nanos = 0
        for instrument in (criterion.instrument,) if criterion.instrument else self._instruments:
            last = from_at
            for at in self._priced[instrument]:
                if from_at <= at < until_at:
                    longest, last = max(longest, at - last), at
            longest = max(longest, until_at - last)
        return longest

    def _books(self, criterion: Criterion) -> list[Book]:
        venues = (criterion.venue,) if criterion.venue else tuple(self._publish_every)
        instruments = (criterion.instrument,) if criterion.instrument else self._instruments
        return [(venue, instrument) for venue in venues for instrument in instruments]

    def _quoted(self, criterion: Criterion, from_at: Nanos, until_at: Nanos) -> PartsPerMillion:
        least = until_at - from_at
        for book in self._books(criterion):
            fresh_ns = FRESH * self._publish_every[book[0]]
            quoted, quotes = 0, self._quotes[book]
            for number, (at, spread) in enumerate(quotes):
                ends = quotes[number + 1][0] if number + 1 < len(quotes) else until_at
                if spread is not None and spread > 0:
                    quoted += max(0, min(ends, at + fresh_ns, until_at) - max(at, from_at))
            least = min(least, quoted)
        return least * PARTS_PER_MILLION // (until_at - from_at)

    def _spread(self, criterion: Criterion, from_at: Nanos, until_at: Nanos) -> PartsPerMillion | None:
        spreads = [
            spread
            for book in self._books(criterion)
            for at, spread in self._quotes[book]
            if from_at <= at < until_at and spread is not None
        ]
        return max(spreads, default=None)

    def _unsettled_for(self, from_at: Nanos, until_at: Nanos) -> Nanos:
        ages = [
            min(until_at, settled_at if settled_at is not None else until_at) - instructed_at
            for instructed_at, settled_at in self._instructed.values()
            if instructed_at < until_at and (settled_at is None or settled_at >= from_at)
        ]
        return max(ages, default=0)

    def _equity_change(self, from_at: Nanos, until_at: Nanos) -> int | None:
        inside = [value for at, value in self._equity if from_at <= at < until_at]
        before = [value for at, value in self._equity if at < from_at]
        # One report alone says nothing of a change.
        known = before[-1:] + inside
        return known[-1] - known[0] if inside and len(known) > 1 else None


def _most_open(changes: Iterable[tuple[Nanos, int]], from_at: Nanos, until_at: Nanos) -> int:
    count = most = 0
    for at, change in changes:
        if at >= until_at:
            break
        count += change
        # What was opened and resolved before the window is of no account; what is still open then is.
        most = max(most, count) if at >= from_at else count
    return most
