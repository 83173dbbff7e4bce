"""Bodies about risk: exposures, limits, alerts, compliance, reports. Amounts are in USD unless an asset is named."""

from __future__ import annotations

import enum
from typing import Annotated, Final

import msgspec

from trading_ecosystem.api.decimals import amount_text, instant_or_none, instant_text, parse_amount, ratio_text
from trading_ecosystem.api.problems import FieldProblem, InvalidRequest
from trading_ecosystem.api.rest.bodies import Answer, DecimalText, InstantText, Request
from trading_ecosystem.domains.risk.records import (
    AlertRecord,
    AlertStepKind,
    AlertStepRecord,
    ComplianceRecord,
    ComplianceState,
    ExposureRecord,
    LimitRecord,
)
from trading_ecosystem.messages.risk import AlertKind, AlertState, ExposureReported, LimitKind, Severity
from trading_ecosystem.messages.units import MINOR_UNITS_PER_WHOLE, PARTS_PER_MILLION, SECOND, Nanos

By = Annotated[
    str, msgspec.Meta(min_length=1, max_length=63, pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._@-]*$(?!\n)", examples=["alice"])
]
Why = Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)", examples=["planned maintenance"])]
_IN_NANOSECONDS: Final = frozenset(
    {
        AlertKind.PRICE_STALE,
        AlertKind.SETTLEMENT_OVERDUE,
        AlertKind.PRICE_FROZEN,
        AlertKind.CLOCK_SKEW,
        AlertKind.VENUE_DOWN,
        AlertKind.EXECUTION_LATENCY,
        AlertKind.ORDER_UNANSWERED,
        AlertKind.TRANSFER_OVERDUE,
    }
)
_COUNTED: Final = frozenset(
    {
        AlertKind.FEED_GAP,
        AlertKind.FEED_DUPLICATE,
        AlertKind.FEED_OUT_OF_ORDER,
        AlertKind.TRADING_HALTED,
        AlertKind.BOOK_CROSSED,
        AlertKind.EXECUTION_STORM,
        AlertKind.DUPLICATE_EXECUTION,
        AlertKind.FILL_AFTER_CANCEL,
        AlertKind.TRANSFER_REFUSED,
        AlertKind.INSTRUCTION_MISMATCH,
        AlertKind.HOLDINGS_BREAK,
    }
)
_RATIOS: Final = frozenset({LimitKind.DRAWDOWN, LimitKind.LEVERAGE, LimitKind.CONCENTRATION, LimitKind.MARGIN_USAGE})
"""Limits that are written as ratios."""


class AlertUnit(enum.StrEnum):
    """What a figure of an alert is in."""

    SECONDS = "seconds"
    RATIO = "ratio"
    """Of the price, or of the limit."""
    COUNT = "count"


class Exposure(Answer, frozen=True, forbid_unknown_fields=True):
    """The firm's exposures at one instant."""

    account: str
    at: InstantText
    equity: str
    gross_notional: str
    net_delta: str
    """Signed value of the positions in coins other than USD and stablecoins."""
    daily_profit: str
    drawdown: str
    """Below the highest equity so far, as a ratio of it."""
    unsettled: str
    """Value of everything unsettled, whichever its side."""
    btc: str
    eth: str
    usd: str
    usdt: str


class Limit(Answer, frozen=True, forbid_unknown_fields=True):
    """One version of a limit, who set it and why (empty at the start).

    `value` is in the asset for positions, a ratio for drawdown, leverage, concentration and margin usage, a number of orders
    for order rates, USD for everything else.
    """

    kind: LimitKind
    subject: str
    version: int
    value: str
    set_at: InstantText
    set_by: str
    reason: str


class Limits(Answer, frozen=True, forbid_unknown_fields=True):
    """The limits in force, or every version of one."""

    limits: tuple[Limit, ...]


class LimitChange(Request, frozen=True, forbid_unknown_fields=True):
    """A new value for a limit, in the limit's own unit; who sets it, and why."""

    value: DecimalText
    by: By | None = None
    reason: Why = ""


class Alert(Answer, frozen=True, forbid_unknown_fields=True):
    """One alert from raised to resolved; an instant is `null` for a step that did not happen (yet)."""

    alert_id: int
    account: str
    kind: AlertKind
    subject: str
    severity: Severity
    """The highest that it reached."""
    state: AlertState
    observed: str
    threshold: str
    unit: AlertUnit
    raised_at: InstantText
    updated_at: InstantText
    acknowledged_at: InstantText | None
    acknowledged_by: str | None
    escalated_at: InstantText | None
    cleared_at: InstantText | None
    resolved_at: InstantText | None


class AlertStep(Answer, frozen=True, forbid_unknown_fields=True):
    """One thing that happened to an alert; `by` is empty where time or the monitor did it."""

    alert_id: int
    at: InstantText
    step: AlertStepKind
    severity: Severity | None
    by: str
    reason: str
    until: InstantText | None


class ByWhom(Request, frozen=True, forbid_unknown_fields=True):
    """Who takes the alert on, or escalates it, and why."""

    by: By
    reason: Why = ""


class Silence(Request, frozen=True, forbid_unknown_fields=True):
    """Who wants the alert not to be escalated before an instant, at most seven days ahead."""

    by: By
    until: InstantText
    reason: Why = ""


class LimitUse(Answer, frozen=True, forbid_unknown_fields=True):
    """A limit in force, and where the firm stands against it; both figures are in the limit's own unit."""

    kind: LimitKind
    subject: str
    version: int
    value: str
    observed: str
    utilisation: str
    severity: Severity | None
    """`null` below 75 %."""
    alert_id: int | None


class Utilisation(Answer, frozen=True, forbid_unknown_fields=True):
    """Every limit in force as of the last thing that the monitor heard."""

    account: str
    limits: tuple[LimitUse, ...]


class Compliance(Answer, frozen=True, forbid_unknown_fields=True):
    """Where the firm stands against the limits behind one alert."""

    kind: AlertKind
    subject: str
    state: ComplianceState
    utilisation: str | None
    """As an alert last said it; `null` while compliant."""
    alert_id: int | None
    since: InstantText


class ComplianceStatus(Answer, frozen=True, forbid_unknown_fields=True):
    """Where the firm stands against each of its limits, and the worst of it."""

    account: str
    state: ComplianceState
    limits: tuple[Compliance, ...]


class AlertCount(Answer, frozen=True, forbid_unknown_fields=True):
    """How many alerts of a kind were raised."""

    kind: AlertKind
    severity: Severity
    raised: int
    escalated: int
    resolved: int


class RiskReport(Answer, frozen=True, forbid_unknown_fields=True):
    """What a firm's risk was over a period, from what its monitor said; figures are `null` where nothing was reported."""

    account: str
    since: InstantText
    until: InstantText
    exposures_reported: int
    first: Exposure | None
    last: Exposure | None
    highest_equity: str | None
    lowest_equity: str | None
    highest_gross_notional: str | None
    largest_drawdown: str | None
    worst_daily_profit: str | None
    alerts: tuple[AlertCount, ...]
    mean_seconds_to_acknowledge: str | None
    """Of the alerts that somebody acknowledged."""
    limits_changed: tuple[Limit, ...]
    compliance: ComplianceStatus


def exposure_of(one: ExposureRecord | ExposureReported, at: Nanos) -> Exposure:
    """Exposures as they were said."""
    return Exposure(
        account=one.account,
        at=instant_text(at),
        equity=amount_text(one.equity_usd_minor),
        gross_notional=amount_text(one.gross_notional_usd_minor),
        net_delta=amount_text(one.net_delta_usd_minor),
        daily_profit=amount_text(one.daily_pnl_usd_minor),
        drawdown=ratio_text(one.drawdown_ppm),
        unsettled=amount_text(one.unsettled_usd_minor),
        btc=amount_text(one.btc_minor),
        eth=amount_text(one.eth_minor),
        usd=amount_text(one.usd_minor),
        usdt=amount_text(one.usdt_minor),
    )


def limit_value(kind: LimitKind, value: int) -> str:
    """A limit's value as people write it."""
    if kind in _RATIOS:
        return ratio_text(value)
    return str(value) if kind is LimitKind.ORDER_RATE else amount_text(value)


def parse_limit(kind: LimitKind, text: str) -> int:
    """A limit's value in its own unit; raises :class:`InvalidRequest`."""
    minor = parse_amount(text, "value")
    if kind in _RATIOS:
        unit, name = MINOR_UNITS_PER_WHOLE // PARTS_PER_MILLION, "millionths"
    elif kind is LimitKind.ORDER_RATE:
        unit, name = MINOR_UNITS_PER_WHOLE, "orders"
    else:
        return minor
    value, rest = divmod(minor, unit)
    if rest:
        problem = f"{text} is no whole number of {name}"
        raise InvalidRequest(f"value: {problem}", errors=(FieldProblem("value", problem),))
    return value


def limit_of(one: LimitRecord) -> Limit:
    """One version of a limit."""
    value, set_at = limit_value(one.kind, one.value), instant_text(one.set_at)
    return Limit(one.kind, one.subject, one.version, value, set_at, one.set_by, one.reason)


def alert_of(one: AlertRecord) -> Alert:
    """One alert as the history has it."""
    in_time, counted = one.kind in _IN_NANOSECONDS, one.kind in _COUNTED

    def figure(value: int) -> str:
        return seconds_text(value) if in_time else str(value) if counted else ratio_text(value)

    return Alert(
        alert_id=one.alert_id,
        account=one.account,
        kind=one.kind,
        subject=one.subject,
        severity=one.severity,
        state=one.state,
        observed=figure(one.observed),
        threshold=figure(one.threshold),
        unit=AlertUnit.SECONDS if in_time else AlertUnit.COUNT if counted else AlertUnit.RATIO,
        raised_at=instant_text(one.raised_at),
        updated_at=instant_text(one.updated_at),
        acknowledged_at=instant_or_none(one.acknowledged_at),
        acknowledged_by=one.acknowledged_by,
        escalated_at=instant_or_none(one.escalated_at),
        cleared_at=instant_or_none(one.cleared_at),
        resolved_at=instant_or_none(one.resolved_at),
    )


def step_of(one: AlertStepRecord) -> AlertStep:
    """One thing that happened to an alert."""
    at, until = instant_text(one.happened_at), instant_or_none(one.until)
    return AlertStep(one.alert_id, at, one.step, one.severity, one.done_by, one.reason, until)


def compliance_of(one: ComplianceRecord) -> Compliance:
    """Where the firm stands against one limit."""
    return Compliance(
        one.kind,
        one.subject,
        one.state,
        None if one.utilisation_ppm is None else ratio_text(one.utilisation_ppm),
        one.alert_id,
        instant_text(one.since),
    )


def seconds_text(duration: Nanos) -> str:
    """A duration in seconds, exactly."""
    whole, rest = divmod(abs(duration), SECOND)
    text = f"{whole}.{rest:09d}".rstrip("0").rstrip(".") if rest else str(whole)
    return f"-{text}" if duration < 0 else text
