"""Limits, exposures, alerts and positions of a firm as the risk monitor said them."""

from __future__ import annotations

from typing import Any

from trading_ecosystem.domains.risk.records import (
    AlertRecord,
    AlertStepRecord,
    ComplianceRecord,
    ExposureRecord,
    LimitRecord,
    PositionSnapshot,
    TradingStateRecord,
)
from trading_ecosystem.messages.risk import AlertKind, AlertState, LimitKind
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.records import HistoryStore, OneOf, Within

OPEN = OneOf(tuple(state for state in AlertState if state is not AlertState.RESOLVED))


class RiskHistory:
    """Queries over the records of ``risk``."""

    def __init__(self, history: HistoryStore) -> None:
        self._history = history

    async def exposures(self, firm: str, since: Nanos | None = None, until: Nanos | None = None) -> list[ExposureRecord]:
        """The series of a firm's exposures, in order of time."""
        where = {"account": firm, "reported_at": Within(since, until)}
        return await self._history.rows(ExposureRecord, where, order=["reported_at"])

    async def latest_exposure(self, firm: str) -> ExposureRecord | None:
        """What was reported last."""
        found = await self._history.rows(ExposureRecord, {"account": firm}, order=["-reported_at"], limit=1)
        return found[0] if found else None

    async def open_alerts(self, firm: str) -> list[AlertRecord]:
        """Alerts that are not resolved, in the order in which they were raised."""
        return await self._history.rows(AlertRecord, {"account": firm, "state": OPEN}, order=["raised_at"])

    async def alerts(
        self, firm: str, *, kind: AlertKind | None = None, since: Nanos | None = None, until: Nanos | None = None
    ) -> list[AlertRecord]:
        """Alerts raised in a range with the instants of their lifecycle, in order of time."""
        where = {"account": firm, "raised_at": Within(since, until)}
        about = where if kind is None else {**where, "kind": kind}
        return await self._history.rows(AlertRecord, about, order=["raised_at"])

    async def alert(self, firm: str, alert_id: int) -> AlertRecord:
        """One alert; raises :class:`trading_ecosystem.ports.errors.NotFound`."""
        return await self._history.get(AlertRecord, (firm, alert_id))

    async def alert_history(
        self, firm: str, *, alert_id: int | None = None, since: Nanos | None = None, until: Nanos | None = None
    ) -> list[AlertStepRecord]:
        """What happened to alerts, or to one of them, in order of time."""
        where: dict[str, Any] = {"account": firm, "happened_at": Within(since, until)}
        if alert_id is not None:
            where["alert_id"] = alert_id
        return await self._history.rows(AlertStepRecord, where, order=["happened_at"])

    async def trading_states(
        self, firm: str, since: Nanos | None = None, until: Nanos | None = None
    ) -> list[TradingStateRecord]:
        """The trading states of a firm, in order of time."""
        where = {"account": firm, "changed_at": Within(since, until)}
        return await self._history.rows(TradingStateRecord, where, order=["changed_at"])

    async def limit_versions(self, firm: str, kind: LimitKind, subject: str) -> list[LimitRecord]:
        """Every version of one limit, the first one first."""
        return await self._history.rows(LimitRecord, {"account": firm, "kind": kind, "subject": subject}, order=["version"])

    async def limits(self, firm: str, at: Nanos | None = None) -> list[LimitRecord]:
        """The limits in force at an instant, or now: of each the newest version."""
        where = {"account": firm} if at is None else {"account": firm, "set_at": Within(None, at + 1)}
        newest: dict[tuple[LimitKind, str], LimitRecord] = {}
        for one in await self._history.rows(LimitRecord, where, order=["version"]):
            newest[one.kind, one.subject] = one
        return [newest[about] for about in sorted(newest)]

    async def compliance(self, firm: str) -> list[ComplianceRecord]:
        """Where a firm stands against each of its limits."""
        return await self._history.rows(ComplianceRecord, {"account": firm})

    async def position_series(
        self, account: str, source: str, asset: str, *, venue: str, since: Nanos | None = None, until: Nanos | None = None
    ) -> list[PositionSnapshot]:
        """What a source said minute by minute of an account's asset: free at a custodian where ``venue`` is empty."""
        where = {"account": account, "source": source, "venue": venue, "asset": asset, "minute_at": Within(since, until)}
        return await self._history.rows(PositionSnapshot, where, order=["minute_at"])

    async def positions(self, account: str, at: Nanos | None = None) -> list[PositionSnapshot]:
        """What each source last said of an account's assets up to an instant, or now."""
        where = {"account": account} if at is None else {"account": account, "said_at": Within(None, at + 1)}
        last: dict[tuple[str, str, str], PositionSnapshot] = {}
        for one in await self._history.rows(PositionSnapshot, where, order=["minute_at"]):
            last[one.source, one.venue, one.asset] = one
        return [last[about] for about in sorted(last)]
