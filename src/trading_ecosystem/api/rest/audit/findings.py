"""What audit found in the record so far: lives of orders, alerts judged, contradictions, chains, scores."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Request, Router, get

from trading_ecosystem.adapters.live_audit import LiveAudit
from trading_ecosystem.api.caller import Scope
from trading_ecosystem.api.decimals import instant_text
from trading_ecosystem.api.gateway import Gateway
from trading_ecosystem.api.problems import NoSuchThing
from trading_ecosystem.api.rest.audit.audit_bodies import (
    Contradiction,
    FindingsAnswer,
    Lifecycle,
    OrderInRecord,
    ScoresAnswer,
    alert_shown,
    chain_shown,
    condition_shown,
    event_shown,
    lifecycle_shown,
    score_shown,
)
from trading_ecosystem.api.rest.bodies import PAGE, AccountName, ClientId, CursorText, Name, Page, PageSize, page_of
from trading_ecosystem.api.rest.routing import caller_of, needs, position_of
from trading_ecosystem.domains.audit.event_records import EventRecord
from trading_ecosystem.messages.audit import AlertVerdict, AuditReport, DetectionOutcome, MonitorFindings, OrderLifecycle
from trading_ecosystem.ports.records import OneOf

read_object: Final = msgspec.json.Decoder(dict[str, Any]).decode
_ABOUT_ORDERS: Final = OneOf(
    (
        "PlaceOrder",
        "OrderAccepted",
        "OrderRejected",
        "OrderFilled",
        "OrderReplaced",
        "OrderRestated",
        "OrderTriggered",
        "OrderCancelled",
        "CancelOrder",
        "CancelRejected",
        "ReplaceOrder",
        "ReplaceRejected",
        "TradeBusted",
        "TradeCorrected",
        "SettlementInstructed",
        "SettlementSettled",
        "SettlementFailed",
        "SettlementCancelled",
    )
)


@get("/orders", **needs(Scope.AUDIT))
async def list_lifecycles(
    live_audit: LiveAudit,
    account: AccountName,
    venue: Name | None = None,
    cursor: CursorText | None = None,
    limit: PageSize = PAGE,
) -> Page[Lifecycle]:
    """The lives of an account's orders, in the order of the requests."""
    report = await live_audit.report()
    found = [one for one in report.lifecycles if one.account == account and venue in (None, one.venue)]
    found.sort(key=_place)
    return page_of(found, _place, lifecycle_shown, cursor=cursor, limit=limit)


@get("/orders/{venue:str}/{client_order_id:str}", **needs(Scope.AUDIT))
async def get_lifecycle(
    request: Request[Any, Any, Any],
    gateway: Gateway,
    live_audit: LiveAudit,
    venue: Name,
    client_order_id: ClientId,
    account: AccountName,
) -> OrderInRecord:
    """The life of one order, with every event that names it or the settlement of a trade of it."""
    report = await live_audit.report()
    named = (venue, account, client_order_id)
    found = [one for one in report.lifecycles if (one.venue, one.account, one.client_order_id) == named]
    if not found:
        raise NoSuchThing(f"{account} never sent an order {client_order_id} to {venue}")
    store = await gateway.history(caller_of(request), "audit", position_of(request))
    events = await store.rows(EventRecord, {"account": account, "type": _ABOUT_ORDERS}, order=["sequence"])
    messages = [(one, read_object(one.message)) for one in events]
    trades = {
        (said["venue"], said["instrument"], said["trade_id"])
        for one, said in messages
        if one.type == "OrderFilled" and (said["venue"], said["client_order_id"]) == (venue, client_order_id)
    }
    about = [
        one
        for one, said in messages
        if (said.get("venue"), said.get("client_order_id")) == (venue, client_order_id)
        or (said.get("venue"), said.get("instrument"), said.get("trade_id")) in trades
    ]
    return OrderInRecord(lifecycle_shown(found[-1]), tuple(event_shown(one) for one in about))


@get("/findings", **needs(Scope.AUDIT))
async def get_findings(live_audit: LiveAudit, monitor: Name | None = None) -> FindingsAnswer:
    """Alerts judged, contradictions, stretches in which conditions held, and chains from faults to alerts."""
    report = await live_audit.report()
    found = _of_monitor(report, monitor)
    return FindingsAnswer(
        run=report.run,
        monitor=monitor,
        entries=report.entries,
        alerts=tuple(alert_shown(one) for one in found.alerts),
        contradictions=tuple(
            Contradiction(one.sequence, instant_text(one.at), one.rule, one.detail) for one in report.conservation
        ),
        conditions=tuple(condition_shown(one) for one in report.conditions),
        chains=tuple(chain_shown(one) for one in found.chains),
    )


@get("/scores", **needs(Scope.AUDIT))
async def get_scores(live_audit: LiveAudit, monitor: Name | None = None) -> ScoresAnswer:
    """Every fault and whether a monitor noticed it: the one built in, or one outside by its name."""
    report = await live_audit.report()
    found = _of_monitor(report, monitor)
    outcomes = [one.outcome for one in found.detections]
    return ScoresAnswer(
        run=report.run,
        monitor=monitor,
        entries=report.entries,
        scores=tuple(score_shown(one) for one in found.detections),
        detected=outcomes.count(DetectionOutcome.DETECTED),
        detected_late=outcomes.count(DetectionOutcome.DETECTED_LATE),
        missed=outcomes.count(DetectionOutcome.MISSED),
        out_of_mandate=outcomes.count(DetectionOutcome.OUT_OF_MANDATE),
        alerts=len(found.alerts),
        false_alerts=sum(one.verdict is AlertVerdict.FALSE for one in found.alerts),
    )


def _of_monitor(report: AuditReport, monitor: str | None) -> AuditReport | MonitorFindings:
    if monitor is None:
        return report
    for one in report.monitors:
        if one.monitor == monitor:
            return one
    raise NoSuchThing(f"no monitor {monitor} took part")


def _place(one: OrderLifecycle) -> tuple[int, str, str, int]:
    return one.requested_at, one.venue, one.client_order_id, one.trace


router = Router("", route_handlers=[list_lifecycles, get_lifecycle, get_findings, get_scores], tags=["findings"])
