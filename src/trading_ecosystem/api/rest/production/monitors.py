"""Monitors outside: register one, report its alerts, acknowledge heartbeats. What it is sent goes over its own stream."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, get, post

from trading_ecosystem.api.caller import Scope
from trading_ecosystem.api.decimals import instant_text, parse_instant, ratio_text
from trading_ecosystem.api.gateway import Gateway
from trading_ecosystem.api.problems import FieldProblem, InvalidRequest, NoSuchThing, refusal
from trading_ecosystem.api.rest.bodies import Answer, ClientId, InstantText
from trading_ecosystem.api.rest.bodies import Request as Body
from trading_ecosystem.api.rest.production.risk_bodies import seconds_text
from trading_ecosystem.api.rest.routing import caller_of, needs
from trading_ecosystem.messages.monitors import (
    LONGEST_SUBJECT,
    MONITORS,
    AlertReportAccepted,
    AlertReported,
    AlertReportRefused,
    MonitorRefused,
    MonitorRegistered,
    MonitorsQuestion,
    RegisterMonitor,
    ReportedAlertsQuestion,
    ReportState,
)
from trading_ecosystem.messages.risk import AlertKind, Severity

MonitorName = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=36,
        pattern=r"^[a-z][a-z0-9-]*$(?!\n)",
        description="Names a monitor once and for all.",
        examples=["outside"],
    ),
]
Heartbeat = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Subject = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_SUBJECT, pattern=r"^[A-Za-z0-9./_-]+$(?!\n)")]
Measure = Annotated[str, msgspec.Meta(max_length=24, pattern=r"^-?[0-9]{1,12}(\.[0-9]{1,9})?$(?!\n)", examples=["0.0612"])]
AlertNumber = Annotated[int, msgspec.Meta(ge=1, le=2**53, description="Rises from alert to alert.")]
_IN_NANOSECONDS = frozenset({AlertKind.PRICE_STALE, AlertKind.SETTLEMENT_OVERDUE})


class NewMonitor(Body, frozen=True, forbid_unknown_fields=True):
    """A monitor of the firm. In `lock_step` the clock waits for its acknowledgement of every heartbeat."""

    name: MonitorName
    lock_step: bool = False


class Monitor(Answer, frozen=True, forbid_unknown_fields=True):
    """A registered monitor. What it is sent follows number `after` on `stream`."""

    name: str
    account: str
    lock_step: bool
    registered_at: InstantText
    first_heartbeat: int
    instruments: tuple[str, ...]
    """Whose prices the firm's own monitor watches."""
    stream: str
    after: int


class Monitors(Answer, frozen=True, forbid_unknown_fields=True):
    """Every registered monitor, in order of registration."""

    monitors: tuple[Monitor, ...]


class AlertReport(Body, frozen=True, forbid_unknown_fields=True):
    """What became of an alert. `report_id` names the report once: the same again has the same answer.

    `raised_at` is when it was raised, became more severe or was resolved, on the monitor's clock; it has to lie after the
    heartbeat before the last one. `observed` is the alert's measure: seconds for stale prices and overdue settlements, a ratio
    for everything else.
    """

    report_id: ClientId
    alert_id: AlertNumber
    state: ReportState
    kind: AlertKind
    subject: Subject
    severity: Severity
    raised_at: InstantText
    observed: Measure | None = None


class ReportedAlert(Answer, frozen=True, forbid_unknown_fields=True):
    """A report that counts, or an active alert as it was last reported."""

    monitor: str
    report_id: str
    alert_id: int
    state: ReportState
    kind: AlertKind
    subject: str
    severity: Severity
    raised_at: InstantText
    observed: str | None


class ReportedAlerts(Answer, frozen=True, forbid_unknown_fields=True):
    """A monitor's active alerts, oldest first."""

    alerts: tuple[ReportedAlert, ...]


class Acknowledgement(Body, frozen=True, forbid_unknown_fields=True):
    """Everything up to this heartbeat was handled, and what there was to report is reported."""

    heartbeat: Heartbeat


@post("/risk/monitors", **needs(Scope.RISK))
async def register_monitor(request: Request[Any, Any, Any], data: NewMonitor, gateway: Gateway) -> Response[Monitor]:
    """Register a monitor of the firm; the same registration again has the same answer."""
    caller, firm = caller_of(request), gateway.places.firm
    known = await gateway.registered_monitor(caller, data.name)
    if known is not None and known.lock_step == data.lock_step:
        return Response(_monitor(gateway, known))
    receipt = await gateway.command(caller, RegisterMonitor(MONITORS, firm, data.name, data.lock_step))
    for entry in receipt.said:
        if isinstance(entry.message, MonitorRegistered):
            headers = {"x-position": gateway.position_of(receipt)}
            return Response(_monitor(gateway, entry.message), headers=headers)
        if isinstance(entry.message, MonitorRefused):
            reason = entry.message.reason
            raise refusal(reason, f"the monitor is not registered: {reason.value}")
    raise AssertionError("a registration has an answer")


@get("/risk/monitors", **needs(Scope.RISK))
async def list_monitors(request: Request[Any, Any, Any], gateway: Gateway) -> Monitors:
    """Every registered monitor."""
    said = await gateway.ask(caller_of(request), MONITORS, MonitorsQuestion())
    return Monitors(tuple(_monitor(gateway, one) for one in said))


@post("/risk/monitors/{name:str}/alerts", **needs(Scope.RISK))
async def report_alert(
    request: Request[Any, Any, Any], name: MonitorName, data: AlertReport, gateway: Gateway
) -> Response[ReportedAlert]:
    """Report an alert of a monitor: it is scored as the built-in one's are."""
    command = AlertReported(
        component=MONITORS,
        account=gateway.places.firm,
        monitor=name,
        report_id=data.report_id,
        alert_id=data.alert_id,
        state=data.state,
        kind=data.kind,
        subject=data.subject,
        severity=data.severity,
        raised_at=parse_instant(data.raised_at, "raised_at"),
        observed=None if data.observed is None else _parse_observed(data.kind, data.observed),
    )
    receipt = await gateway.command(caller_of(request), command)
    for entry in receipt.said:
        if isinstance(entry.message, AlertReportAccepted):
            headers = {"x-position": gateway.position_of(receipt)}
            return Response(_alert(entry.message), headers=headers)
        if isinstance(entry.message, AlertReportRefused):
            reason = entry.message.reason
            raise refusal(reason, f"the report does not count: {reason.value}")
    raise AssertionError("a report has an answer")


@get("/risk/monitors/{name:str}/alerts", **needs(Scope.RISK))
async def list_reported_alerts(request: Request[Any, Any, Any], name: MonitorName, gateway: Gateway) -> ReportedAlerts:
    """Active alerts of a monitor."""
    caller = caller_of(request)
    if await gateway.registered_monitor(caller, name) is None:
        raise NoSuchThing(f"no monitor is registered as {name!r}")
    said = await gateway.ask(caller, MONITORS, ReportedAlertsQuestion(name))
    return ReportedAlerts(tuple(_alert(one) for one in said))


@post("/risk/monitors/{name:str}/acknowledgements", status_code=204, **needs(Scope.RISK))
async def acknowledge_heartbeat(
    request: Request[Any, Any, Any], name: MonitorName, data: Acknowledgement, gateway: Gateway
) -> None:
    """Acknowledge a heartbeat; the stream takes acknowledgements too, and faster."""
    gateway.monitor_feed(caller_of(request), name).acknowledge(data.heartbeat)


def _monitor(gateway: Gateway, one: MonitorRegistered) -> Monitor:
    instruments = dict.fromkeys(instrument.symbol for traded in gateway.places.venues.values() for instrument in traded)
    return Monitor(
        name=one.monitor,
        account=one.account,
        lock_step=one.lock_step,
        registered_at=instant_text(one.registered_at),
        first_heartbeat=one.first_heartbeat,
        instruments=tuple(instruments),
        stream=f"/api/v1/risk/monitors/{one.monitor}/stream",
        after=gateway.first_sent_to(one.monitor) - 1,
    )


def _alert(one: AlertReportAccepted) -> ReportedAlert:
    observed = None
    if one.observed is not None:
        observed = seconds_text(one.observed) if one.kind in _IN_NANOSECONDS else ratio_text(one.observed)
    return ReportedAlert(
        monitor=one.monitor,
        report_id=one.report_id,
        alert_id=one.alert_id,
        state=one.state,
        kind=one.kind,
        subject=one.subject,
        severity=one.severity,
        raised_at=instant_text(one.raised_at),
        observed=observed,
    )


def _parse_observed(kind: AlertKind, text: str) -> int:
    """A measure in the unit of its kind; raises :class:`InvalidRequest` for one that is finer, or too large."""
    places = 9 if kind in _IN_NANOSECONDS else 6
    value = Decimal(text).scaleb(places)
    if value != int(value) or abs(value) >= 2**63:
        problem = f"{text} cannot be used; expected at most {places} decimal places"
        raise InvalidRequest(f"observed: {problem}", errors=(FieldProblem("observed", problem),))
    return int(value)


router = Router(
    "/",
    route_handlers=[register_monitor, list_monitors, report_alert, list_reported_alerts, acknowledge_heartbeat],
    tags=["monitors"],
)
