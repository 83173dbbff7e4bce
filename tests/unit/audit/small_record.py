"""A record made by hand, entry by entry, and the audit that reads it."""

from __future__ import annotations

from collections.abc import Sequence

from trading_ecosystem.domains.audit.correlator import Audit
from trading_ecosystem.messages.audit import AuditReport
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.custodian import (
    PledgedAfter,
    SettlementSettled,
    TransferKind,
    TransferPosted,
)
from trading_ecosystem.messages.envelope import Entry, EntryKind, encode_entry
from trading_ecosystem.messages.exchange import OrderFilled
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.orders import Liquidity, Side
from trading_ecosystem.messages.risk import AlertKind, AlertRaised, AlertResolved, AlertUpdated, Severity
from trading_ecosystem.messages.test_coordination import (
    ConditionTookEffect,
    FaultInjected,
    FaultKind,
    GroundTruthClosed,
    GroundTruthLabelled,
    LinkConditionApplied,
    LinkEffect,
)
from trading_ecosystem.messages.units import MINUTE, SECOND, Nanos, minor_units

FIRM = "fund"
START: Nanos = 1_772_409_600 * SECOND
"""2026-03-02T00:00:00Z."""


class SmallRecord:
    """Says messages at instants in seconds after the start; keeps the entries, and feeds the audit at once."""

    def __init__(self, **options: object) -> None:
        self.audit = Audit(FIRM, **options)  # type: ignore[arg-type]
        self.entries: list[Entry] = []
        self.updates = 0

    def say(self, after: float, sender: str, message: Message, cause: int | None = None, trace: int | None = None) -> int:
        sequence = len(self.entries) * 2 + 1  # Gaps, as wake-ups leave them.
        at = START + round(after * SECOND)
        assert not self.entries or at >= self.entries[-1].at
        head = trace if trace is not None else (sequence if cause is None else self.trace_of(cause))
        entry = Entry(sequence, at, EntryKind.SAID, sender, cause, head, message)
        self.entries.append(entry)
        self.audit.ingest(entry, encode_entry(entry))
        return sequence

    def trace_of(self, sequence: int) -> int:
        return self.entries[sequence // 2].trace

    def report(self) -> AuditReport:
        return self.audit.report()

    # Short words for the messages that the tests need most.

    def price(self, after: float, instrument: str, price: str, age: float = 0, trace: int | None = None) -> int:
        self.updates += 1
        priced_at = START + round((after - age) * SECOND)
        message = PricePublished(
            instrument=instrument, price_minor=minor_units(price), priced_at=priced_at, update=self.updates
        )
        return self.say(after, "market-data", message, trace=trace)

    def prices(self, first: int, last: int, instrument: str, price: str, every: int = 10) -> None:
        """The same price again and again."""
        for after in range(first, last, every):
            self.price(after, instrument, price)

    def fill(
        self,
        after: float,
        trade_id: int,
        settles_after: float,
        *,
        venue: str = "exchange-alpha",
        side: Side = Side.BUY,
        lots: int = 1000,
        price_ticks: int = 6_000_000,
        account: str = "fund/maker",
        instrument: str = "BTC/USD",
        fee_minor: int = 0,
        order_id: int = 1,
        client_order_id: str = "one",
        cumulative_lots: int | None = None,
        leaves_lots: int = 0,
    ) -> int:
        message = OrderFilled(
            venue=venue,
            account=account,
            client_order_id=client_order_id,
            order_id=order_id,
            execution_id=trade_id,
            trade_id=trade_id,
            instrument=instrument,
            side=side,
            price_ticks=price_ticks,
            quantity_lots=lots,
            cumulative_lots=lots if cumulative_lots is None else cumulative_lots,
            leaves_lots=leaves_lots,
            liquidity=Liquidity.TAKER,
            fee_asset=instrument.partition("/")[2],
            fee_minor=fee_minor,
            settles_at=START + round(settles_after * SECOND),
        )
        return self.say(after, venue, message)

    def settle(
        self,
        after: float,
        trade_id: int,
        pledged_after: Sequence[tuple[str, int]] = (),
        *,
        venue: str = "exchange-alpha",
        account: str = "fund/maker",
        instrument: str = "BTC/USD",
    ) -> int:
        message = SettlementSettled(
            custodian="custodian",
            venue=venue,
            account=account,
            trade_id=trade_id,
            instrument=instrument,
            pledged_after=tuple(PledgedAfter(asset, amount) for asset, amount in pledged_after),
        )
        return self.say(after, "custodian", message)

    def deposit(self, after: float, asset: str, amount: str, free_after: str | None = None, account: str = FIRM) -> int:
        message = TransferPosted(
            custodian="custodian",
            account=account,
            transfer_id=f"deposit-{asset}-{len(self.entries)}",
            kind=TransferKind.DEPOSIT,
            venue="",
            asset=asset,
            amount_minor=minor_units(amount),
            free_after=minor_units(amount if free_after is None else free_after),
            pledged_after=0,
        )
        return self.say(after, "custodian", message)

    def alert(
        self,
        after: float,
        alert_id: int,
        kind: AlertKind,
        subject: str,
        cause: int | None = None,
        severity: Severity = Severity.HIGH,
    ) -> int:
        message = AlertRaised(
            account=FIRM,
            alert_id=alert_id,
            kind=kind,
            subject=subject,
            severity=severity,
            observed=0,
            threshold=0,
            raised_at=START + round(after * SECOND),
        )
        return self.say(after, "risk", message, cause)

    def worsen(self, after: float, alert_id: int, kind: AlertKind, subject: str, severity: Severity) -> int:
        message = AlertUpdated(account=FIRM, alert_id=alert_id, kind=kind, subject=subject, severity=severity, observed=0)
        return self.say(after, "risk", message)

    def resolve(self, after: float, alert_id: int, kind: AlertKind, subject: str) -> int:
        message = AlertResolved(
            account=FIRM, alert_id=alert_id, kind=kind, subject=subject, cleared_at=START + round(after * SECOND)
        )
        return self.say(after, "risk", message)

    def inject(self, after: float, fault_id: str, kind: FaultKind, component: str, *subjects: str) -> int:
        message = FaultInjected(
            run="a run", fault_id=fault_id, kind=kind, component=component, subjects=subjects, planned_until=START
        )
        return self.say(after, "test-coordination", message)

    def take_effect(self, after: float, component: str, condition_id: str, subject: str, trace: int | None = None) -> int:
        message = ConditionTookEffect(component=component, condition_id=condition_id, subject=subject)
        return self.say(after, component, message, trace=trace)

    def label(
        self,
        after: float,
        fault_id: str,
        kind: FaultKind,
        expected_alert: AlertKind | None,
        *expected_subjects: str,
        component: str = "market-data",
        first_subject: str = "",
        sla: float = 120,
        threshold: int = 0,
        cause: int | None = None,
        detectable: bool = True,
    ) -> int:
        message = GroundTruthLabelled(
            run="a run",
            fault_id=fault_id,
            kind=kind,
            component=component,
            first_subject=first_subject,
            onset_at=START + round(after * SECOND),
            expected_alert=expected_alert,
            expected_subjects=expected_subjects,
            detectable=detectable,
            threshold=threshold,
            sla_ns=round(sla * SECOND),
            severity=0,
        )
        return self.say(after, "test-coordination", message, cause)

    def close(self, after: float, fault_id: str) -> int:
        message = GroundTruthClosed(run="a run", fault_id=fault_id, ended_at=START + round(after * SECOND))
        return self.say(after, "test-coordination", message)

    def link(
        self, after: float, effect: LinkEffect, sender: str, sequence: int, delivered_after: float | None, to: str = "risk"
    ) -> int:
        message = LinkConditionApplied(
            condition_id="broken",
            effect=effect,
            sender=sender,
            receiver=to,
            sequence=sequence,
            delivered_at=0 if delivered_after is None else START + round(delivered_after * SECOND),
        )
        return self.say(after, "links", message)


def seconds(instant: Nanos | None) -> float | None:
    """An instant of a report in seconds after the start."""
    return None if instant is None else (instant - START) / SECOND


def minutes(count: float) -> float:
    """So many minutes in seconds."""
    return count * MINUTE / SECOND
