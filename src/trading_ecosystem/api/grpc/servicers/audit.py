"""The calls of ``services/audit.proto``: the audit face."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec

from trading_ecosystem.adapters.data.audit import DEEPEST, AuditHistory
from trading_ecosystem.api.face import Face
from trading_ecosystem.api.grpc.conversion import fill, fill_all, invalid
from trading_ecosystem.api.grpc.door import Door
from trading_ecosystem.api.grpc.fields import needed, optional
from trading_ecosystem.api.grpc.paging import place_of, size_of, within
from trading_ecosystem.api.grpc.streaming import Streams, Wanted
from trading_ecosystem.api.grpc.stubs.services import audit_pb2 as pb
from trading_ecosystem.api.grpc.stubs.services import audit_pb2_grpc as rpc
from trading_ecosystem.api.rest.app import Workings
from trading_ecosystem.api.rest.bodies import cursor_text
from trading_ecosystem.api.streams.channels import Channel
from trading_ecosystem.domains.audit.event_records import EventRecord
from trading_ecosystem.messages.envelope import MESSAGE_TYPES
from trading_ecosystem.messages.units import MINUTE
from trading_ecosystem.ports.records import OneOf, Within

SIMILAR: Final = 20
MOST_SIMILAR: Final = 1_000
MOST_INTERVALS: Final = 1_000
LONGEST_TRACE: Final = 10_000
"""Events of one answer at most."""


class Correlation(rpc.CorrelationServiceServicer):
    """What followed from what."""

    def __init__(self, door: Door, streams: Streams) -> None:
        self._door = door
        self._streams = streams

    async def ListEvents(self, request: pb.ListEventsRequest, context: Any) -> pb.ListEventsResponse:
        """Read the history of audit, a page at a time."""
        size, place = size_of(request.page), place_of(request.page, (0,))
        where: dict[str, Any] = {"at": within(request.range)}
        where |= {name: value for name in ("sender", "account", "subject") if (value := getattr(request, name))}
        if request.types:
            where["type"] = OneOf(tuple(request.types))
        if place is not None:
            where["sequence"] = Within(int(place[0]) + 1)
        history = await self._door.history("audit")
        rows = await history.rows(EventRecord, where, order=["sequence"], limit=size + 1)
        response = pb.ListEventsResponse()
        fill_all(response.events, rows[:size])
        if len(rows) > size:
            response.page.next_page_token = cursor_text((rows[size - 1].sequence,))
        return response

    async def ListCauses(self, request: pb.ListCausesRequest, context: Any) -> pb.ListCausesResponse:
        """Read the history of audit."""
        history = AuditHistory(await self._door.history("audit"))
        response = pb.ListCausesResponse()
        fill_all(response.events, await history.causes(request.sequence, _depth(request)))
        return response

    async def ListConsequences(self, request: pb.ListConsequencesRequest, context: Any) -> pb.ListConsequencesResponse:
        """Read the history of audit."""
        history = AuditHistory(await self._door.history("audit"))
        await history.event(request.sequence)
        response = pb.ListConsequencesResponse()
        for step in await history.consequences(request.sequence, _depth(request)):
            fill_all(response.steps.add().events, step)
        return response

    async def ListTrace(self, request: pb.ListTraceRequest, context: Any) -> pb.ListTraceResponse:
        """Read the history of audit."""
        history = await self._door.history("audit")
        rows = await history.rows(EventRecord, {"trace": request.trace}, order=["sequence"], limit=LONGEST_TRACE)
        response = pb.ListTraceResponse()
        fill_all(response.events, rows)
        return response

    async def ListSimilarEvents(self, request: pb.ListSimilarEventsRequest, context: Any) -> pb.ListSimilarEventsResponse:
        """Read the history of audit."""
        if not 0 <= request.limit <= MOST_SIMILAR:
            raise invalid("limit", f"{request.limit} is out of range; expected 0 to {MOST_SIMILAR}")
        history = AuditHistory(await self._door.history("audit"))
        limit, span = request.limit or SIMILAR, optional(request, "within_ns")
        response = pb.ListSimilarEventsResponse()
        fill_all(response.events, await history.similar(request.sequence, within=span, limit=limit))
        return response

    def StreamAuditEvents(
        self, request: pb.StreamAuditEventsRequest, context: Any
    ) -> AsyncIterator[pb.StreamAuditEventsResponse]:
        """Listen to the whole record."""
        types = frozenset(request.types)
        unknown = sorted(types - MESSAGE_TYPES.keys())
        if unknown:
            raise invalid("types", f"there is no message type {unknown[0]}")
        return self._streams.follow(
            pb.StreamAuditEventsResponse,
            [Wanted(Channel.ENTRIES)],
            Face.AUDIT,
            keep=lambda entry: not types or type(entry.message).__name__ in types,
        )


class Analytics(rpc.AnalyticsServiceServicer):
    """What was found."""

    def __init__(self, door: Door, workings: Workings) -> None:
        self._door = door
        self._audit = workings.live_audit

    async def GetReport(self, request: pb.GetReportRequest, context: Any) -> pb.GetReportResponse:
        """Fold what was committed since the last time."""
        report = msgspec.structs.replace(await self._audit.report(), lifecycles=())
        response = pb.GetReportResponse()
        fill(response.report, report)
        return response

    async def GetRoot(self, request: pb.GetRootRequest, context: Any) -> pb.GetRootResponse:
        """Look at the Merkle log."""
        log = await self._audit.log()
        size = _size(log.size, optional(request, "entries"), "entries")
        return pb.GetRootResponse(entries=size, merkle_root=log.root(size).hex())

    async def GetInclusionProof(self, request: pb.GetInclusionProofRequest, context: Any) -> pb.GetInclusionProofResponse:
        """Look at the Merkle log."""
        log = await self._audit.log()
        size = _size(log.size, optional(request, "entries"), "entries")
        if not 0 <= request.index < size:
            raise invalid("index", f"{request.index} is not among the first {size} lines, which are numbered from 0")
        return pb.GetInclusionProofResponse(
            index=request.index,
            entries=size,
            line=(await self._audit.line(request.index)).decode(),
            proof=[one.hex() for one in log.inclusion_proof(request.index, size)],
            merkle_root=log.root(size).hex(),
        )

    async def GetConsistencyProof(self, request: pb.GetConsistencyProofRequest, context: Any) -> pb.GetConsistencyProofResponse:
        """Look at the Merkle log."""
        log = await self._audit.log()
        second = _size(log.size, optional(request, "second"), "second")
        first = _size(second, request.first, "first")
        return pb.GetConsistencyProofResponse(
            first=first,
            second=second,
            first_root=log.root(first).hex(),
            second_root=log.root(second).hex(),
            proof=[one.hex() for one in log.consistency_proof(first, second)],
        )

    async def GetEventCounts(self, request: pb.GetEventCountsRequest, context: Any) -> pb.GetEventCountsResponse:
        """Read the history of audit."""
        asked, history = within(request.range), await self._history()
        return pb.GetEventCountsResponse(counts=await history.counts(asked.first, asked.below))

    async def ListActivity(self, request: pb.ListActivityRequest, context: Any) -> pb.ListActivityResponse:
        """Read the history of audit."""
        asked, every = within(request.range), request.every_ns or MINUTE
        if asked.first is None or asked.below is None:
            raise invalid("range", "needs both ends")
        if every < 0 or asked.below - asked.first > MOST_INTERVALS * every:
            raise invalid("every_ns", f"expected at most {MOST_INTERVALS} intervals in the range")
        history = await self._history()
        response = pb.ListActivityResponse()
        fill_all(response.activity, await history.activity(asked.first, asked.below, every))
        return response

    async def ListScores(self, request: pb.ListScoresRequest, context: Any) -> pb.ListScoresResponse:
        """Read the history of audit."""
        needed(request, "run")
        response = pb.ListScoresResponse()
        fill_all(response.scores, await (await self._history()).scores(request.run))
        return response

    async def GetFindings(self, request: pb.GetFindingsRequest, context: Any) -> pb.GetFindingsResponse:
        """Read the history of audit."""
        needed(request, "run")
        return fill(pb.GetFindingsResponse(), await (await self._history()).findings(request.run))

    async def ListLifecycles(self, request: pb.ListLifecyclesRequest, context: Any) -> pb.ListLifecyclesResponse:
        """Read the history of audit."""
        needed(request, "account")
        response = pb.ListLifecyclesResponse()
        fill_all(response.lifecycles, await (await self._history()).lifecycles(request.account, request.run or None))
        return response

    async def ListChainSteps(self, request: pb.ListChainStepsRequest, context: Any) -> pb.ListChainStepsResponse:
        """Read the history of audit."""
        needed(request, "run", "fault_id")
        response = pb.ListChainStepsResponse()
        fill_all(response.steps, await (await self._history()).chain_of(request.run, request.fault_id))
        return response

    async def ListCheckpoints(self, request: pb.ListCheckpointsRequest, context: Any) -> pb.ListCheckpointsResponse:
        """Read the history of audit."""
        needed(request, "run")
        response = pb.ListCheckpointsResponse()
        fill_all(response.checkpoints, await (await self._history()).checkpoints(request.run))
        return response

    async def _history(self) -> AuditHistory:
        return AuditHistory(await self._door.history("audit"))


def _size(most: int, asked: int | None, field: str) -> int:
    """How many entries are meant; raises :class:`InvalidRequest` where there are not so many."""
    size = most if asked is None else asked
    if not 1 <= size <= most:
        raise invalid(field, f"{size} is out of range; expected 1 to {most}")
    return size


def _depth(request: Any) -> int:
    if not 0 <= request.max_depth <= DEEPEST:
        raise invalid("max_depth", f"{request.max_depth} is out of range; expected 0 to {DEEPEST}")
    return request.max_depth or DEEPEST
