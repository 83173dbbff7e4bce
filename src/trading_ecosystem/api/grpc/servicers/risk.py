"""The calls of ``services/risk.proto``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

from trading_ecosystem.adapters.data.risk import RiskHistory
from trading_ecosystem.api.grpc.conversion import fill, fill_all, member_reader
from trading_ecosystem.api.grpc.door import Door, first_said
from trading_ecosystem.api.grpc.fields import optional
from trading_ecosystem.api.grpc.paging import fill_page, within
from trading_ecosystem.api.grpc.streaming import Streams, Wanted
from trading_ecosystem.api.grpc.stubs import risk_pb2
from trading_ecosystem.api.grpc.stubs.services import risk_pb2 as pb
from trading_ecosystem.api.grpc.stubs.services import risk_pb2_grpc as rpc
from trading_ecosystem.api.streams.channels import Channel
from trading_ecosystem.domains.risk.records import AlertStepKind, AlertStepRecord
from trading_ecosystem.messages.risk import (
    AcknowledgeAlert,
    AlertAcknowledged,
    AlertEscalated,
    AlertKind,
    AlertSilenced,
    AlertSilenceEnded,
    AlertsQuestion,
    AlertState,
    ChangeLimit,
    EscalateAlert,
    ExposureQuestion,
    LimitKind,
    LimitSet,
    RiskCommandRejected,
    SilenceAlert,
)
from trading_ecosystem.messages.risk_standing import LimitsQuestion

_alert_kind = member_reader(AlertKind, risk_pb2.AlertKind.DESCRIPTOR)
_limit_kind = member_reader(LimitKind, risk_pb2.LimitKind.DESCRIPTOR)

_STEPS: Final = tuple(AlertStepKind)

_HEARD: Final = (Channel.ALERTS, Channel.RISK)


def _place(step: AlertStepRecord) -> tuple[int, int, int]:
    """Where a step stands among all: by time, alert, and the order in which things happen to one."""
    return step.happened_at, step.alert_id, _STEPS.index(step.step)


class RiskMonitor(rpc.RiskMonitorServiceServicer):
    """Exposures, alerts and compliance."""

    def __init__(self, door: Door, streams: Streams) -> None:
        self._door = door
        self._streams = streams

    async def GetExposure(self, request: pb.GetExposureRequest, context: Any) -> pb.GetExposureResponse:
        """Ask the monitor."""
        self._door.firm(request)
        response = pb.GetExposureResponse()
        fill(response.exposure, await self._door.ask(self._door.places.risk, ExposureQuestion()))
        return response

    async def ListExposures(self, request: pb.ListExposuresRequest, context: Any) -> pb.ListExposuresResponse:
        """Read the history of risk."""
        account, asked = self._door.own(request), within(request.range)
        history = RiskHistory(await self._door.history("risk"))
        rows = await history.exposures(account, asked.first, asked.below)
        return fill_page(pb.ListExposuresResponse(), "exposures", rows, lambda one: (one.reported_at,), request.page, (0,))

    async def ListActiveAlerts(self, request: pb.ListActiveAlertsRequest, context: Any) -> pb.ListActiveAlertsResponse:
        """Ask the monitor."""
        self._door.firm(request)
        response = pb.ListActiveAlertsResponse()
        fill_all(response.alerts, await self._door.ask(self._door.places.risk, AlertsQuestion()))
        return response

    async def ListAlerts(self, request: pb.ListAlertsRequest, context: Any) -> pb.ListAlertsResponse:
        """Read the history of risk."""
        account, asked, number = self._door.own(request), within(request.range), optional(request, "kind")
        kind: Any = None if number is None else _alert_kind(number, "kind")
        history = RiskHistory(await self._door.history("risk"))
        rows = await history.alerts(account, kind=kind, since=asked.first, until=asked.below)
        shown = [one for one in rows if not request.open_only or one.state is not AlertState.RESOLVED]
        shown.sort(key=lambda one: (one.raised_at, one.alert_id))
        return fill_page(
            pb.ListAlertsResponse(),
            "alerts",
            shown,
            lambda one: (one.raised_at, one.alert_id),
            request.page,
            (0, 0),
        )

    async def AcknowledgeAlert(self, request: pb.AcknowledgeAlertRequest, context: Any) -> pb.AcknowledgeAlertResponse:
        """Command the monitor."""
        receipt = await self._door.command(self._door.read_command(request, "acknowledge", AcknowledgeAlert), context)
        answer = first_said(receipt, AlertAcknowledged, RiskCommandRejected)
        response = pb.AcknowledgeAlertResponse()
        fill(response.acknowledged if isinstance(answer, AlertAcknowledged) else response.rejected, answer)
        return response

    async def SilenceAlert(self, request: pb.SilenceAlertRequest, context: Any) -> pb.SilenceAlertResponse:
        """Command the monitor."""
        receipt = await self._door.command(self._door.read_command(request, "silence", SilenceAlert), context)
        answer = first_said(receipt, AlertSilenced, AlertSilenceEnded, RiskCommandRejected)
        response = pb.SilenceAlertResponse()
        parts = {"AlertSilenced": "silenced", "AlertSilenceEnded": "ended", "RiskCommandRejected": "rejected"}
        fill(getattr(response, parts[type(answer).__name__]), answer)
        return response

    async def EscalateAlert(self, request: pb.EscalateAlertRequest, context: Any) -> pb.EscalateAlertResponse:
        """Command the monitor."""
        receipt = await self._door.command(self._door.read_command(request, "escalate", EscalateAlert), context)
        answer = first_said(receipt, AlertEscalated, RiskCommandRejected)
        response = pb.EscalateAlertResponse()
        fill(response.escalated if isinstance(answer, AlertEscalated) else response.rejected, answer)
        return response

    async def ListAlertHistory(self, request: pb.ListAlertHistoryRequest, context: Any) -> pb.ListAlertHistoryResponse:
        """Read the history of risk."""
        account, asked = self._door.own(request), within(request.range)
        history = RiskHistory(await self._door.history("risk"))
        alert_id = optional(request, "alert_id")
        rows = await history.alert_history(account, alert_id=alert_id, since=asked.first, until=asked.below)
        return fill_page(
            pb.ListAlertHistoryResponse(),
            "steps",
            sorted(rows, key=_place),
            _place,
            request.page,
            (0, 0, 0),
        )

    async def ListCompliance(self, request: pb.ListComplianceRequest, context: Any) -> pb.ListComplianceResponse:
        """Read the history of risk."""
        history = RiskHistory(await self._door.history("risk"))
        response = pb.ListComplianceResponse()
        fill_all(response.statuses, await history.compliance(self._door.own(request)))
        return response

    def StreamAlerts(self, request: pb.StreamAlertsRequest, context: Any) -> AsyncIterator[pb.StreamAlertsResponse]:
        """Listen to the account's channels."""
        account = self._door.own(request)
        return self._streams.follow(pb.StreamAlertsResponse, [Wanted(one, account=account) for one in _HEARD])


class RiskLimits(rpc.RiskLimitServiceServicer):
    """Limits and the positions that they are about."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def ListLimitStandings(self, request: pb.ListLimitStandingsRequest, context: Any) -> pb.ListLimitStandingsResponse:
        """Ask the monitor."""
        self._door.firm(request)
        response = pb.ListLimitStandingsResponse()
        fill_all(response.limits, await self._door.ask(self._door.places.risk, LimitsQuestion()))
        return response

    async def ListLimits(self, request: pb.ListLimitsRequest, context: Any) -> pb.ListLimitsResponse:
        """Read the history of risk."""
        account = self._door.own(request)
        history = RiskHistory(await self._door.history("risk"))
        response = pb.ListLimitsResponse()
        fill_all(response.limits, await history.limits(account, optional(request, "at")))
        return response

    async def ChangeLimit(self, request: pb.ChangeLimitRequest, context: Any) -> pb.ChangeLimitResponse:
        """Command the monitor."""
        receipt = await self._door.command(self._door.read_command(request, "change", ChangeLimit), context)
        answer = first_said(receipt, LimitSet, RiskCommandRejected)
        response = pb.ChangeLimitResponse()
        fill(response.limit if isinstance(answer, LimitSet) else response.rejected, answer)
        return response

    async def ListLimitVersions(self, request: pb.ListLimitVersionsRequest, context: Any) -> pb.ListLimitVersionsResponse:
        """Read the history of risk."""
        account = self._door.own(request)
        kind: Any = _limit_kind(request.kind, "kind")
        history = RiskHistory(await self._door.history("risk"))
        response = pb.ListLimitVersionsResponse()
        fill_all(response.versions, await history.limit_versions(account, kind, request.subject))
        return response

    async def ListPositionSnapshots(
        self, request: pb.ListPositionSnapshotsRequest, context: Any
    ) -> pb.ListPositionSnapshotsResponse:
        """Read the history of risk."""
        account = self._door.own(request)
        history = RiskHistory(await self._door.history("risk"))
        response = pb.ListPositionSnapshotsResponse()
        fill_all(response.positions, await history.positions(account, optional(request, "at")))
        return response
