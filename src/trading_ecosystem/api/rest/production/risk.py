"""The firm's risk: exposures, limits, alerts, compliance, reports. All of it belongs to whoever owns the firm."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, get, post, put

from trading_ecosystem.adapters.data.risk import RiskHistory
from trading_ecosystem.api.caller import Caller, Scope
from trading_ecosystem.api.decimals import amount_text, instant_text, parse_instant, ratio_text
from trading_ecosystem.api.gateway import Gateway
from trading_ecosystem.api.problems import Conflicting, FieldProblem, InvalidRequest, NoSuchThing, Problem, Refused
from trading_ecosystem.api.rest.bodies import PAGE, CursorText, InstantText, Page, PageSize
from trading_ecosystem.api.rest.listing import page_by, span
from trading_ecosystem.api.rest.production.risk_bodies import (
    Alert,
    AlertCount,
    AlertStep,
    ByWhom,
    ComplianceStatus,
    Exposure,
    Limit,
    LimitChange,
    Limits,
    LimitUse,
    RiskReport,
    Silence,
    Utilisation,
    alert_of,
    compliance_of,
    exposure_of,
    limit_of,
    limit_value,
    parse_limit,
    seconds_text,
    step_of,
)
from trading_ecosystem.api.rest.routing import caller_of, needs, position_of
from trading_ecosystem.domains.risk.records import (
    AlertRecord,
    AlertStepRecord,
    ComplianceState,
    ExposureRecord,
    LimitRecord,
)
from trading_ecosystem.domains.risk.subjects import scope_of
from trading_ecosystem.messages.risk import (
    SEVERITY_RANK,
    AcknowledgeAlert,
    AlertKind,
    AlertState,
    ChangeLimit,
    EscalateAlert,
    ExposureQuestion,
    LimitKind,
    LimitSet,
    RiskCommandRejected,
    Severity,
    SilenceAlert,
)
from trading_ecosystem.messages.risk_standing import LimitsQuestion, LimitStanding
from trading_ecosystem.messages.units import DAY, Nanos
from trading_ecosystem.ports.records import HistoryStore
from trading_ecosystem.runtime.live import Receipt

AlertId = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
Subject = Annotated[
    str,
    msgspec.Meta(
        min_length=1, max_length=255, pattern=r"^[A-Za-z0-9._-]+(~[A-Za-z0-9._-]+)?(:[A-Za-z0-9]+)?$(?!\n)", examples=["BTC"]
    ),
]
"""A limit's subject in a path, where the slash of an account is written as a tilde: `fund~maker:BTC`."""
ScopeText = Annotated[str, msgspec.Meta(min_length=1, max_length=127, pattern=r"^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)?$(?!\n)")]
LONGEST_REPORT = 31 * DAY
_WORST = (ComplianceState.COMPLIANT, ComplianceState.WARNING, ComplianceState.HIGH, ComplianceState.BREACHED)


@get("/risk/exposure", **needs(Scope.READ))
async def get_exposure(request: Request[Any, Any, Any], gateway: Gateway) -> Exposure:
    """The firm's exposures now."""
    said = await gateway.ask(caller_of(request), gateway.places.risk, ExposureQuestion())
    return exposure_of(said, gateway.now())


@get("/risk/exposures", **needs(Scope.READ))
async def list_exposures(
    request: Request[Any, Any, Any],
    gateway: Gateway,
    since: InstantText | None = None,
    until: InstantText | None = None,
    cursor: CursorText | None = None,
    limit: PageSize = PAGE,
) -> Page[Exposure]:
    """The firm's exposures as they were reported, the newest first."""
    return await page_by(
        await _history(request, gateway),
        ExposureRecord,
        {"account": gateway.places.firm},
        "reported_at",
        lambda one: exposure_of(one, one.reported_at),
        within=span(since, until),
        cursor=cursor,
        limit=limit,
    )


@get("/risk/limits", **needs(Scope.READ))
async def list_limits(
    request: Request[Any, Any, Any], gateway: Gateway, at: InstantText | None = None, about: ScopeText | None = None
) -> Limits:
    """The limits in force, now or at an instant; those about the firm, an account, a venue or an asset where it is named."""
    history, firm = RiskHistory(await _history(request, gateway)), gateway.places.firm
    found = await history.limits(firm, None if at is None else parse_instant(at, "at"))
    return Limits(tuple(limit_of(one) for one in found if about is None or about in _scopes(firm, one)))


@get("/risk/limits/{kind:str}/{subject:str}", **needs(Scope.READ))
async def list_limit_versions(request: Request[Any, Any, Any], gateway: Gateway, kind: LimitKind, subject: Subject) -> Limits:
    """Every version of one limit, the first one first."""
    history = RiskHistory(await _history(request, gateway))
    found = await history.limit_versions(gateway.places.firm, kind, subject.replace("~", "/"))
    if not found:
        raise NoSuchThing(f"there is no limit of {kind.value} on {subject}")
    return Limits(tuple(limit_of(one) for one in found))


@put("/risk/limits/{kind:str}/{subject:str}", **needs(Scope.RISK))
async def change_limit(
    request: Request[Any, Any, Any], data: LimitChange, gateway: Gateway, kind: LimitKind, subject: Subject
) -> Response[Limit]:
    """Put a new value of a limit in force; it is looked at at once."""
    places, subject = gateway.places, subject.replace("~", "/")
    value = parse_limit(kind, data.value)
    command = ChangeLimit(places.risk, places.firm, kind, subject, value, data.by or "", data.reason)
    receipt = await gateway.command(caller_of(request), command)
    for entry in receipt.said:
        said = entry.message
        if isinstance(said, LimitSet) and (said.kind, said.subject) == (kind, subject):
            value_text, at = limit_value(kind, said.value), instant_text(entry.at)
            shown = Limit(kind, subject, said.version, value_text, at, said.by, said.reason)
            return Response(shown, headers={"x-position": gateway.position_of(receipt)})
    raise Refused(f"the limit stays as it is: {_why(receipt)}", reason="LIMIT_NOT_CHANGED")


@get("/risk/alerts", **needs(Scope.READ))
async def list_alerts(
    request: Request[Any, Any, Any],
    gateway: Gateway,
    status: AlertState | None = None,
    kind: AlertKind | None = None,
    since: InstantText | None = None,
    until: InstantText | None = None,
    cursor: CursorText | None = None,
    limit: PageSize = PAGE,
) -> Page[Alert]:
    """The firm's alerts, those that were raised last first."""
    where = {"account": gateway.places.firm, "state": status, "kind": kind}
    return await page_by(
        await _history(request, gateway),
        AlertRecord,
        {name: value for name, value in where.items() if value is not None},
        "raised_at",
        alert_of,
        within=span(since, until),
        cursor=cursor,
        limit=limit,
    )


@get("/risk/alerts/{alert_id:int}", **needs(Scope.READ))
async def get_alert(request: Request[Any, Any, Any], gateway: Gateway, alert_id: AlertId) -> Alert:
    """One alert."""
    return alert_of(await _alert(await _history(request, gateway), gateway.places.firm, alert_id))


@get("/risk/alerts/{alert_id:int}/history", **needs(Scope.READ))
async def list_alert_steps(
    request: Request[Any, Any, Any],
    gateway: Gateway,
    alert_id: AlertId,
    cursor: CursorText | None = None,
    limit: PageSize = PAGE,
) -> Page[AlertStep]:
    """What happened to one alert: who did what, and why; the newest step first."""
    store = await _history(request, gateway)
    await _alert(store, gateway.places.firm, alert_id)
    where = {"account": gateway.places.firm, "alert_id": alert_id}
    return await page_by(store, AlertStepRecord, where, "happened_at", step_of, cursor=cursor, limit=limit)


@get("/risk/alert-history", **needs(Scope.READ))
async def list_alert_history(
    request: Request[Any, Any, Any],
    gateway: Gateway,
    since: InstantText | None = None,
    until: InstantText | None = None,
    cursor: CursorText | None = None,
    limit: PageSize = PAGE,
) -> Page[AlertStep]:
    """What happened to all alerts; the newest step first."""
    return await page_by(
        await _history(request, gateway),
        AlertStepRecord,
        {"account": gateway.places.firm},
        "happened_at",
        step_of,
        within=span(since, until),
        cursor=cursor,
        limit=limit,
    )


@post("/risk/alerts/{alert_id:int}/acknowledge", status_code=200, **needs(Scope.RISK))
async def acknowledge_alert(
    request: Request[Any, Any, Any], data: ByWhom, gateway: Gateway, alert_id: AlertId
) -> Response[Alert]:
    """Take an alert on; it is no longer escalated. Needs the scope `read` beside `risk`."""
    caller, places = caller_of(request), gateway.places
    caller.require(Scope.READ, places.firm)
    receipt = await gateway.command(caller, AcknowledgeAlert(places.risk, places.firm, alert_id, data.by, data.reason))
    return await _handled(gateway, caller, receipt, alert_id)


@post("/risk/alerts/{alert_id:int}/silence", status_code=200, **needs(Scope.RISK))
async def silence_alert(request: Request[Any, Any, Any], data: Silence, gateway: Gateway, alert_id: AlertId) -> Response[Alert]:
    """Have a firing alert not escalated before an instant. Needs the scope `read` beside `risk`."""
    caller, places = caller_of(request), gateway.places
    caller.require(Scope.READ, places.firm)
    command = SilenceAlert(places.risk, places.firm, alert_id, data.by, parse_instant(data.until, "until"), data.reason)
    return await _handled(gateway, caller, await gateway.command(caller, command), alert_id)


@post("/risk/alerts/{alert_id:int}/escalate", status_code=200, **needs(Scope.RISK))
async def escalate_alert(request: Request[Any, Any, Any], data: ByWhom, gateway: Gateway, alert_id: AlertId) -> Response[Alert]:
    """Escalate an alert, whether or not its time has come. Needs the scope `read` beside `risk`."""
    caller, places = caller_of(request), gateway.places
    caller.require(Scope.READ, places.firm)
    receipt = await gateway.command(caller, EscalateAlert(places.risk, places.firm, alert_id, data.by, data.reason))
    return await _handled(gateway, caller, receipt, alert_id)


@get("/risk/utilisation", **needs(Scope.READ))
async def get_utilisation(request: Request[Any, Any, Any], gateway: Gateway) -> Utilisation:
    """How much of each limit is used now."""
    found: tuple[LimitStanding, ...] = await gateway.ask(caller_of(request), gateway.places.risk, LimitsQuestion())
    return Utilisation(
        gateway.places.firm,
        tuple(
            LimitUse(
                kind=one.kind,
                subject=one.subject,
                version=one.version,
                value=limit_value(one.kind, one.value),
                observed=limit_value(one.kind, one.observed),
                utilisation=ratio_text(one.utilisation_ppm),
                severity=one.severity,
                alert_id=one.alert_id,
            )
            for one in found
        ),
    )


@get("/risk/compliance", **needs(Scope.READ))
async def get_compliance(request: Request[Any, Any, Any], gateway: Gateway) -> ComplianceStatus:
    """Where the firm stands against each of its limits."""
    return await _compliance(RiskHistory(await _history(request, gateway)), gateway.places.firm)


@get("/risk/reports", **needs(Scope.READ))
async def get_report(
    request: Request[Any, Any, Any], gateway: Gateway, since: InstantText, until: InstantText | None = None
) -> RiskReport:
    """What the firm's risk was over a period, computed from the history; up to now where no end is given."""
    now = gateway.now()
    period = span(since, until)
    assert period.first is not None
    ends = now if period.below is None else period.below
    if ends - period.first > LONGEST_REPORT:
        problem = f"is more than {LONGEST_REPORT // DAY} days after since"
        raise InvalidRequest(f"until: {problem}", errors=(FieldProblem("until", problem),))
    firm, store = gateway.places.firm, await _history(request, gateway)
    history = RiskHistory(store)
    exposures = await history.exposures(firm, period.first, ends)
    alerts = await history.alerts(firm, since=period.first, until=ends)
    changed = [
        one
        for one in await store.rows(LimitRecord, {"account": firm}, order=["set_at"])
        if one.version > 1 and period.first <= one.set_at < ends
    ]
    waits = [one.acknowledged_at - one.raised_at for one in alerts if one.acknowledged_at is not None]
    equities = [one.equity_usd_minor for one in exposures]
    return RiskReport(
        account=firm,
        since=instant_text(period.first),
        until=instant_text(ends),
        exposures_reported=len(exposures),
        first=exposure_of(exposures[0], exposures[0].reported_at) if exposures else None,
        last=exposure_of(exposures[-1], exposures[-1].reported_at) if exposures else None,
        highest_equity=amount_text(max(equities)) if equities else None,
        lowest_equity=amount_text(min(equities)) if equities else None,
        highest_gross_notional=_largest(one.gross_notional_usd_minor for one in exposures),
        largest_drawdown=ratio_text(max(one.drawdown_ppm for one in exposures)) if exposures else None,
        worst_daily_profit=amount_text(min(one.daily_pnl_usd_minor for one in exposures)) if exposures else None,
        alerts=_counted(alerts),
        mean_seconds_to_acknowledge=_mean_seconds(waits),
        limits_changed=tuple(limit_of(one) for one in changed),
        compliance=await _compliance(history, firm),
    )


async def _history(request: Request[Any, Any, Any], gateway: Gateway) -> HistoryStore:
    caller = caller_of(request)
    caller.require(Scope.READ, gateway.places.firm)
    return await gateway.history(caller, "risk", position_of(request))


def _scopes(firm: str, limit: LimitRecord) -> tuple[str, str]:
    """What a limit is about: an account, a venue or the firm, and an asset if it has one."""
    scope, asset = scope_of(firm, limit.kind, limit.subject)
    return scope or firm, asset


async def _alert(store: HistoryStore, firm: str, alert_id: int) -> AlertRecord:
    found = await store.rows(AlertRecord, {"account": firm, "alert_id": alert_id})
    if not found:
        raise NoSuchThing(f"there is no alert {alert_id}")
    return found[0]


async def _handled(gateway: Gateway, caller: Caller, receipt: Receipt, alert_id: int) -> Response[Alert]:
    """The alert after a command about it; raises what the monitor's refusal comes to."""
    position = gateway.position_of(receipt)
    found = await _alert(await gateway.history(caller, "risk", position), gateway.places.firm, alert_id)
    if any(isinstance(entry.message, RiskCommandRejected) for entry in receipt.said):
        raise Conflicting(_why(receipt), reason="ALERT_NOT_CHANGED")
    return Response(alert_of(found), headers={"x-position": position})


async def _compliance(history: RiskHistory, firm: str) -> ComplianceStatus:
    found = await history.compliance(firm)
    worst = max((_WORST.index(one.state) for one in found), default=0)
    return ComplianceStatus(firm, _WORST[worst], tuple(compliance_of(one) for one in found))


def _why(receipt: Receipt) -> str:
    for entry in receipt.said:
        if isinstance(entry.message, RiskCommandRejected):
            return entry.message.reason
    raise Problem("the risk monitor gave no answer")


def _counted(alerts: Iterable[AlertRecord]) -> tuple[AlertCount, ...]:
    counts: dict[tuple[AlertKind, Severity], list[int]] = {}
    for one in alerts:
        count = counts.setdefault((one.kind, one.severity), [0, 0, 0])
        count[0] += 1
        count[1] += one.escalated_at is not None
        count[2] += one.resolved_at is not None
    ordered = sorted(counts, key=lambda about: (about[0].value, SEVERITY_RANK[about[1]]))
    return tuple(AlertCount(kind, severity, *counts[kind, severity]) for kind, severity in ordered)


def _mean_seconds(waits: list[Nanos]) -> str | None:
    return seconds_text(sum(waits) // len(waits)) if waits else None


def _largest(amounts: Iterable[int]) -> str | None:
    found = max(amounts, default=None)
    return None if found is None else amount_text(found)


router = Router(
    "",
    route_handlers=[
        get_exposure,
        list_exposures,
        list_limits,
        list_limit_versions,
        change_limit,
        list_alerts,
        get_alert,
        list_alert_steps,
        list_alert_history,
        acknowledge_alert,
        silence_alert,
        escalate_alert,
        get_utilisation,
        get_compliance,
        get_report,
    ],
    tags=["risk"],
)
