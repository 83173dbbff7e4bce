"""The calls of ``services/custody.proto``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final, TypeVar

from google.protobuf.message import Message as ProtoMessage

from trading_ecosystem.adapters.data.custodian import CustodianHistory
from trading_ecosystem.api.grpc.conversion import fill, fill_all, member_reader
from trading_ecosystem.api.grpc.door import Door, first_said, said
from trading_ecosystem.api.grpc.fields import needed, optional
from trading_ecosystem.api.grpc.paging import fill_page, within
from trading_ecosystem.api.grpc.streaming import Streams, Wanted
from trading_ecosystem.api.grpc.stubs import custodian_pb2
from trading_ecosystem.api.grpc.stubs.services import custody_pb2 as pb
from trading_ecosystem.api.grpc.stubs.services import custody_pb2_grpc as rpc
from trading_ecosystem.api.problems import NoSuchThing
from trading_ecosystem.api.streams.channels import Channel
from trading_ecosystem.domains.custodian.records import (
    ExternalOrPledgeTransfer,
    InstructionSide,
    InstructionStatus,
    Posting,
)
from trading_ecosystem.messages.custodian import (
    CustodyAccountOpened,
    DepositAssets,
    HoldingsQuestion,
    OpenCustodyAccount,
    PledgeAssets,
    TransferKind,
    TransferPending,
    TransferPosted,
    TransferRejected,
    UnsettledQuestion,
    WithdrawAssets,
)
from trading_ecosystem.messages.exchange import ClaimChanged, ClaimReason, ReleaseAssets, ReleaseRejected
from trading_ecosystem.runtime.live import Receipt

R = TypeVar("R", bound=ProtoMessage)
_status = member_reader(InstructionStatus, pb.InstructionStatus.DESCRIPTOR)
_kind = member_reader(TransferKind, custodian_pb2.TransferKind.DESCRIPTOR)


class Custody(rpc.CustodyServiceServicer):
    """Accounts of the ledger, and pledging what they hold to venues."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def OpenCustodyAccount(self, request: pb.OpenCustodyAccountRequest, context: Any) -> pb.OpenCustodyAccountResponse:
        """Command the custodian."""
        receipt = await self._door.command(self._door.read_command(request, "open", OpenCustodyAccount), context)
        response = pb.OpenCustodyAccountResponse()
        fill(response.opened, first_said(receipt, CustodyAccountOpened))
        return response

    async def ListHoldings(self, request: pb.ListHoldingsRequest, context: Any) -> pb.ListHoldingsResponse:
        """Ask the custodian."""
        account, custodian = self._door.own(request), self._door.custodian(request.custodian)
        response = pb.ListHoldingsResponse()
        fill_all(response.holdings, await self._door.ask(custodian, HoldingsQuestion(account)))
        return response

    async def PledgeAssets(self, request: pb.PledgeAssetsRequest, context: Any) -> pb.PledgeAssetsResponse:
        """Command the custodian."""
        receipt = await self._door.command(self._door.read_command(request, "pledge", PledgeAssets), context)
        return _transferred(pb.PledgeAssetsResponse(), receipt)

    async def ReleaseAssets(self, request: pb.ReleaseAssetsRequest, context: Any) -> pb.ReleaseAssetsResponse:
        """Command the venue."""
        command = self._door.read_command(request, "release", ReleaseAssets)
        receipt = await self._door.command(command, context)
        response = pb.ReleaseAssetsResponse()
        answer = first_said(
            receipt,
            ClaimChanged,
            ReleaseRejected,
            where=lambda one: isinstance(one, ReleaseRejected) or one.reason is ClaimReason.RELEASED,
        )
        fill(response.claim if isinstance(answer, ClaimChanged) else response.rejected, answer)
        return response


_HEARD: Final = (Channel.SETTLEMENTS, Channel.TRANSFERS)


class Settlements(rpc.SettlementServiceServicer):
    """Delivery versus payment: one side's view of each settlement instruction."""

    def __init__(self, door: Door, streams: Streams) -> None:
        self._door = door
        self._streams = streams

    async def ListUnsettled(self, request: pb.ListUnsettledRequest, context: Any) -> pb.ListUnsettledResponse:
        """Ask the custodian."""
        account, custodian = self._door.own(request), self._door.custodian(request.custodian)
        response = pb.ListUnsettledResponse()
        fill_all(response.instructions, await self._door.ask(custodian, UnsettledQuestion(account)))
        return response

    async def ListSettlements(self, request: pb.ListSettlementsRequest, context: Any) -> pb.ListSettlementsResponse:
        """Read the history of the custodian."""
        account, number = self._door.own(request), optional(request, "status")
        where: dict[str, Any] = {"account": account, "settles_at": within(request.range)}
        if number is not None:
            where["status"] = _status(number, "status")
        history = await self._door.history("custodian")
        rows = sorted(await history.rows(InstructionSide, where), key=_place_of)
        return fill_page(pb.ListSettlementsResponse(), "settlements", rows, _place_of, request.page, (0, "", "", 0))

    async def GetSettlement(self, request: pb.GetSettlementRequest, context: Any) -> pb.GetSettlementResponse:
        """Read the history of the custodian."""
        account = self._door.own(request)
        needed(request, "instrument")
        venue = self._door.venue(request.venue)
        history = CustodianHistory(await self._door.history("custodian"))
        sides = await history.settlement(venue, request.instrument, request.trade_id)
        own = [side for side in sides if side.account == account]
        if not own:
            raise NoSuchThing(f"{account} has no trade {request.trade_id} in {request.instrument} on {venue} to settle")
        response = pb.GetSettlementResponse()
        fill(response.settlement, own[0])
        return response

    def StreamSettlements(
        self, request: pb.StreamSettlementsRequest, context: Any
    ) -> AsyncIterator[pb.StreamSettlementsResponse]:
        """Listen to the account's channels."""
        account = self._door.own(request)
        return self._streams.follow(pb.StreamSettlementsResponse, [Wanted(one, account=account) for one in _HEARD])


class Transfers(rpc.TransferServiceServicer):
    """Transfers into and out of the custodian."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def DepositAssets(self, request: pb.DepositAssetsRequest, context: Any) -> pb.DepositAssetsResponse:
        """Command the custodian."""
        receipt = await self._door.command(self._door.read_command(request, "deposit", DepositAssets), context)
        return _transferred(pb.DepositAssetsResponse(), receipt)

    async def WithdrawAssets(self, request: pb.WithdrawAssetsRequest, context: Any) -> pb.WithdrawAssetsResponse:
        """Command the custodian."""
        receipt = await self._door.command(self._door.read_command(request, "withdrawal", WithdrawAssets), context)
        return _transferred(pb.WithdrawAssetsResponse(), receipt)

    async def ListTransfers(self, request: pb.ListTransfersRequest, context: Any) -> pb.ListTransfersResponse:
        """Read the history of the custodian."""
        account, number = self._door.own(request), optional(request, "kind")
        kind = None if number is None else _kind(number, "kind")
        history = CustodianHistory(await self._door.history("custodian"))
        rows = await history.transfers(account, kind=kind)
        named = [one for one in rows if request.transfer_id in ("", one.transfer_id)]
        named.sort(key=_place_of_transfer)
        return fill_page(pb.ListTransfersResponse(), "transfers", named, _place_of_transfer, request.page, (0, "", ""))


class CustodyReporting(rpc.CustodyReportingServiceServicer):
    """Statements of an account."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def ListPostings(self, request: pb.ListPostingsRequest, context: Any) -> pb.ListPostingsResponse:
        """Read the history of the custodian."""
        account, asked = self._door.own(request), within(request.range)
        needed(request, "asset")
        history = CustodianHistory(await self._door.history("custodian"))
        rows = await history.statement(account, request.asset, asked.first, asked.below)
        posted = sorted((one for one in rows if one.posted_at is not None), key=_place_of_posting)
        return fill_page(pb.ListPostingsResponse(), "postings", posted, _place_of_posting, request.page, (0, "", ""))

    async def GetHoldingsReport(self, request: pb.GetHoldingsReportRequest, context: Any) -> pb.GetHoldingsReportResponse:
        """Read the history of the custodian."""
        account = self._door.own(request)
        history = CustodianHistory(await self._door.history("custodian"))
        response = pb.GetHoldingsReportResponse(account=account)
        fill_all(response.holdings, await history.holdings(account))
        return response


def _transferred(response: R, receipt: Receipt) -> R:
    """What became of a transfer at once: a deposit that is posted at once is first accepted, then posted."""
    posted = said(receipt, TransferPosted)
    answer = posted[0] if posted else first_said(receipt, TransferPending, TransferRejected)
    fill(getattr(response, _PARTS[type(answer).__name__]), answer)
    return response


_PARTS: Final = {"TransferPosted": "posted", "TransferPending": "pending", "TransferRejected": "rejected"}


def _place_of(side: InstructionSide) -> tuple[int, str, str, int]:
    return side.settles_at, side.venue, side.instrument, side.trade_id


def _place_of_transfer(transfer: ExternalOrPledgeTransfer) -> tuple[int, str, str]:
    return transfer.posts_at, transfer.kind, transfer.transfer_id


def _place_of_posting(posting: Posting) -> tuple[int, str, str]:
    return posting.posted_at or 0, posting.reference, posting.venue
