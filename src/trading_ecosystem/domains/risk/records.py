"""What the risk domain keeps: limits by version, exposures, alerts with lifecycles, compliance by limit, positions by source.

A position is what a venue or a custodian said that an account has, once a minute: the last that it said in that minute.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Final, TypeAlias

from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.custodian import SettlementPartlySettled, SettlementSettled, TransferPending, TransferPosted
from trading_ecosystem.messages.exchange import ClaimChanged
from trading_ecosystem.messages.risk import (
    ALERT_OF_LIMIT,
    AlertAcknowledged,
    AlertEscalated,
    AlertKind,
    AlertRaised,
    AlertResolved,
    AlertSilenced,
    AlertSilenceEnded,
    AlertState,
    AlertUpdated,
    ExposureReported,
    LimitKind,
    LimitSet,
    Severity,
)
from trading_ecosystem.messages.trading_state import TradingState, TradingStateChanged, TradingStateOrigin
from trading_ecosystem.messages.units import MINUTE, MinorUnits, Nanos, PartsPerMillion
from trading_ecosystem.ports.records import Change, Patch, Record, Upsert

NAMESPACE: Final = "risk"

LIMIT_ALERTS: Final = frozenset(ALERT_OF_LIMIT.values())


class ComplianceState(enum.StrEnum):
    """Where a firm stands against a limit."""

    COMPLIANT = "compliant"
    """No alert of this limit is active."""
    WARNING = "warning"
    HIGH = "high"
    BREACHED = "breached"
    """At 100 % or above, or was within the keep-firing time."""


_STATE_OF_SEVERITY: Final = {
    Severity.WARNING: ComplianceState.WARNING,
    Severity.HIGH: ComplianceState.HIGH,
    Severity.CRITICAL: ComplianceState.BREACHED,
}


class LimitRecord(Record, frozen=True):
    """One version of a limit, in force from ``set_at`` until the next version."""

    table: ClassVar[str] = "limits"
    key: ClassVar[tuple[str, ...]] = ("account", "kind", "subject", "version")
    checks: ClassVar[tuple[str, ...]] = ("version > 0",)
    account: str
    kind: LimitKind
    subject: str
    version: int
    value: int
    set_at: Nanos
    set_by: str = ""
    """Who, and why; empty at the start."""
    reason: str = ""


class ExposureRecord(Record, frozen=True):
    """The firm's exposures at one instant, in USD minor units unless named otherwise."""

    table: ClassVar[str] = "exposures"
    key: ClassVar[tuple[str, ...]] = ("account", "reported_at")
    checks: ClassVar[tuple[str, ...]] = (
        "gross_notional_usd_minor >= 0",
        "drawdown_ppm >= 0",
    )
    account: str
    reported_at: Nanos
    equity_usd_minor: MinorUnits
    gross_notional_usd_minor: MinorUnits
    net_delta_usd_minor: MinorUnits
    daily_pnl_usd_minor: MinorUnits
    drawdown_ppm: PartsPerMillion
    unsettled_usd_minor: MinorUnits
    btc_minor: MinorUnits
    eth_minor: MinorUnits
    usd_minor: MinorUnits
    usdt_minor: MinorUnits


class AlertRecord(Record, frozen=True):
    """One alert from raised to resolved. ``severity`` is the highest it reached, ``observed`` the value last said.

    An instant is ``None`` for a step that did not happen (yet).
    """

    table: ClassVar[str] = "alerts"
    key: ClassVar[tuple[str, ...]] = ("account", "alert_id")
    checks: ClassVar[tuple[str, ...]] = ("resolved_at >= raised_at",)
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("state",),)
    account: str
    alert_id: int
    kind: AlertKind
    subject: str
    severity: Severity
    observed: int
    threshold: int
    state: AlertState
    raised_at: Nanos
    updated_at: Nanos
    """When the severity last rose (or the alert was raised)."""
    acknowledged_at: Nanos | None = None
    acknowledged_by: str | None = None
    escalated_at: Nanos | None = None
    cleared_at: Nanos | None = None
    resolved_at: Nanos | None = None


class AlertStepKind(enum.StrEnum):
    """What happened to an alert."""

    RAISED = "raised"
    UPDATED = "updated"
    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"
    SILENCE_ENDED = "silence_ended"
    ESCALATED = "escalated"
    RESOLVED = "resolved"


class AlertStepRecord(Record, frozen=True):
    """One thing that happened to an alert: who did what, and why. ``done_by`` is empty where time or the monitor did it."""

    table: ClassVar[str] = "alert_history"
    key: ClassVar[tuple[str, ...]] = ("account", "alert_id", "happened_at", "step")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("account", "happened_at"),)
    account: str
    alert_id: int
    happened_at: Nanos
    step: AlertStepKind
    severity: Severity | None = None
    done_by: str = ""
    reason: str = ""
    until: Nanos | None = None


class TradingStateRecord(Record, frozen=True):
    """One trading state of the firm, in force from ``changed_at`` until the next one."""

    table: ClassVar[str] = "trading_states"
    key: ClassVar[tuple[str, ...]] = ("account", "changed_at", "version")
    checks: ClassVar[tuple[str, ...]] = ("version > 0",)
    account: str
    changed_at: Nanos
    version: int
    state: TradingState
    origin: TradingStateOrigin
    done_by: str
    reason: str
    resets_at: Nanos


class ComplianceRecord(Record, frozen=True):
    """Where the firm stands against the limits behind one alert (the long and the short position limit share one)."""

    table: ClassVar[str] = "compliance"
    key: ClassVar[tuple[str, ...]] = ("account", "kind", "subject")
    account: str
    kind: AlertKind
    subject: str
    state: ComplianceState
    utilisation_ppm: PartsPerMillion | None
    """As last said by an alert; ``None`` while compliant, because only utilisation from 75 % is said."""
    alert_id: int | None
    """The active alert, or the last one; ``None`` before the first."""
    since: Nanos


class PositionSnapshot(Record, frozen=True):
    """What a source last said in one minute that an account has of an asset.

    ``source`` is a venue, which speaks of its claims, or a custodian, which speaks of what it holds: free where ``venue`` is
    empty, pledged to the venue where not.
    """

    table: ClassVar[str] = "position_snapshots"
    key: ClassVar[tuple[str, ...]] = ("account", "source", "venue", "asset", "minute_at")
    account: str
    source: str
    venue: str
    asset: str
    minute_at: Nanos
    amount_minor: MinorUnits
    said_at: Nanos


RECORDS: Final[tuple[type[Record], ...]] = (
    LimitRecord,
    ExposureRecord,
    AlertRecord,
    AlertStepRecord,
    ComplianceRecord,
    PositionSnapshot,
    TradingStateRecord,
)


def project(message: Message, now: Nanos) -> Iterable[Change]:
    """The changes that one message makes to the records; none for messages that are not kept."""
    change = _CHANGES.get(type(message))
    return () if change is None else change(message, now)


def _snapshot(account: str, source: str, venue: str, asset: str, amount: MinorUnits, now: Nanos) -> Upsert:
    return Upsert(PositionSnapshot(account, source, venue, asset, now - now % MINUTE, amount, now))


def _claim_changed(said: ClaimChanged, now: Nanos) -> Iterable[Change]:
    yield _snapshot(said.account, said.venue, said.venue, said.asset, said.available_after + said.held_after, now)


def _transfer_pending(said: TransferPending, now: Nanos) -> Iterable[Change]:
    yield _snapshot(said.account, said.custodian, "", said.asset, said.free_after, now)


def _transfer_posted(said: TransferPosted, now: Nanos) -> Iterable[Change]:
    yield _snapshot(said.account, said.custodian, "", said.asset, said.free_after, now)
    if said.venue:
        yield _snapshot(said.account, said.custodian, said.venue, said.asset, said.pledged_after, now)


def _settled(said: SettlementSettled | SettlementPartlySettled, now: Nanos) -> Iterable[Change]:
    for after in said.pledged_after:
        yield _snapshot(said.account, said.custodian, said.venue, after.asset, after.pledged_after, now)


def _limit_set(said: LimitSet, now: Nanos) -> Iterable[Change]:
    yield Upsert(LimitRecord(said.account, said.kind, said.subject, said.version, said.value, now, said.by, said.reason))
    if said.version == 1:
        alert_kind = ALERT_OF_LIMIT[said.kind]
        yield Upsert(ComplianceRecord(said.account, alert_kind, said.subject, ComplianceState.COMPLIANT, None, None, now))


def _exposure_reported(said: ExposureReported, now: Nanos) -> Iterable[Change]:
    yield Upsert(
        ExposureRecord(
            account=said.account,
            reported_at=now,
            equity_usd_minor=said.equity_usd_minor,
            gross_notional_usd_minor=said.gross_notional_usd_minor,
            net_delta_usd_minor=said.net_delta_usd_minor,
            daily_pnl_usd_minor=said.daily_pnl_usd_minor,
            drawdown_ppm=said.drawdown_ppm,
            unsettled_usd_minor=said.unsettled_usd_minor,
            btc_minor=said.btc_minor,
            eth_minor=said.eth_minor,
            usd_minor=said.usd_minor,
            usdt_minor=said.usdt_minor,
        )
    )


def _alert_raised(said: AlertRaised, now: Nanos) -> Iterable[Change]:
    yield Upsert(
        AlertRecord(
            account=said.account,
            alert_id=said.alert_id,
            kind=said.kind,
            subject=said.subject,
            severity=said.severity,
            observed=said.observed,
            threshold=said.threshold,
            state=AlertState.FIRING,
            raised_at=said.raised_at,
            updated_at=said.raised_at,
        )
    )
    yield _step(said, AlertStepKind.RAISED, now, severity=said.severity)
    yield from _compliance(said, now)


def _alert_updated(said: AlertUpdated, now: Nanos) -> Iterable[Change]:
    yield _alert(said, {"severity": said.severity, "observed": said.observed, "updated_at": now})
    yield _step(said, AlertStepKind.UPDATED, now, severity=said.severity)
    yield from _compliance(said, now)


def _alert_acknowledged(said: AlertAcknowledged, now: Nanos) -> Iterable[Change]:
    yield _alert(said, {"state": AlertState.ACKNOWLEDGED, "acknowledged_at": now, "acknowledged_by": said.by})
    yield _step(said, AlertStepKind.ACKNOWLEDGED, now, done_by=said.by, reason=said.reason)


def _alert_silenced(said: AlertSilenced, now: Nanos) -> Iterable[Change]:
    yield _alert(said, {"state": AlertState.SILENCED})
    yield _step(said, AlertStepKind.SILENCED, now, done_by=said.by, reason=said.reason, until=said.until)


def _alert_silence_ended(said: AlertSilenceEnded, now: Nanos) -> Iterable[Change]:
    yield _alert(said, {"state": AlertState.FIRING})
    yield _step(said, AlertStepKind.SILENCE_ENDED, now)


def _alert_escalated(said: AlertEscalated, now: Nanos) -> Iterable[Change]:
    yield _alert(said, {"state": AlertState.ESCALATED, "escalated_at": now})
    yield _step(said, AlertStepKind.ESCALATED, now, severity=said.severity, done_by=said.by, reason=said.reason)


def _alert_resolved(said: AlertResolved, now: Nanos) -> Iterable[Change]:
    yield _alert(said, {"state": AlertState.RESOLVED, "cleared_at": said.cleared_at, "resolved_at": now})
    yield _step(said, AlertStepKind.RESOLVED, now)
    if said.kind in LIMIT_ALERTS:
        yield Upsert(
            ComplianceRecord(said.account, said.kind, said.subject, ComplianceState.COMPLIANT, None, said.alert_id, now)
        )


def _compliance(said: AlertRaised | AlertUpdated, now: Nanos) -> Iterable[Change]:
    if said.kind in LIMIT_ALERTS:
        state = _STATE_OF_SEVERITY[said.severity]
        yield Upsert(ComplianceRecord(said.account, said.kind, said.subject, state, said.observed, said.alert_id, now))


_LaterStep: TypeAlias = AlertUpdated | AlertAcknowledged | AlertSilenced | AlertSilenceEnded | AlertEscalated | AlertResolved


def _step(
    said: AlertRaised | _LaterStep,
    step: AlertStepKind,
    now: Nanos,
    *,
    severity: Severity | None = None,
    done_by: str = "",
    reason: str = "",
    until: Nanos | None = None,
) -> Upsert:
    return Upsert(AlertStepRecord(said.account, said.alert_id, now, step, severity, done_by, reason, until))


def _trading_state_changed(said: TradingStateChanged, now: Nanos) -> Iterable[Change]:
    yield Upsert(
        TradingStateRecord(
            account=said.account,
            changed_at=said.changed_at,
            version=said.version,
            state=said.state,
            origin=said.origin,
            done_by=said.by,
            reason=said.reason,
            resets_at=said.resets_at,
        )
    )


def _alert(said: _LaterStep, values: dict[str, Any]) -> Patch:
    return Patch(AlertRecord, (said.account, said.alert_id), values)


_CHANGES: Final[dict[type[Message], Callable[[Any, Nanos], Iterable[Change]]]] = {
    LimitSet: _limit_set,
    ExposureReported: _exposure_reported,
    AlertRaised: _alert_raised,
    AlertUpdated: _alert_updated,
    AlertAcknowledged: _alert_acknowledged,
    AlertSilenced: _alert_silenced,
    AlertSilenceEnded: _alert_silence_ended,
    AlertEscalated: _alert_escalated,
    AlertResolved: _alert_resolved,
    TradingStateChanged: _trading_state_changed,
    ClaimChanged: _claim_changed,
    TransferPending: _transfer_pending,
    TransferPosted: _transfer_posted,
    SettlementSettled: _settled,
    SettlementPartlySettled: _settled,
}
