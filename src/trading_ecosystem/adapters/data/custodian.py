"""What the custodian holds, settles and transfers."""

from __future__ import annotations

import msgspec

from trading_ecosystem.domains.custodian.records import (
    Break,
    CustodyAccount,
    ExternalOrPledgeTransfer,
    Holding,
    InstructionSide,
    InstructionStatus,
    Posting,
    PostingStatus,
    Reconciliation,
    TransferRefusal,
)
from trading_ecosystem.messages.custodian import TransferKind
from trading_ecosystem.messages.units import MinorUnits, Nanos
from trading_ecosystem.ports.records import HistoryStore, OneOf, Within

UNSETTLED = OneOf((InstructionStatus.PENDING, InstructionStatus.FAILING))


class AssetHolding(msgspec.Struct, frozen=True):
    """What an account has of one asset: free, and locked by pledges to venues."""

    asset: str
    free_minor: MinorUnits
    pledged_minor: dict[str, MinorUnits]
    """By venue."""

    @property
    def total_minor(self) -> MinorUnits:
        """Free and pledged together."""
        return self.free_minor + sum(self.pledged_minor.values())


class CustodianHistory:
    """Queries over the records of ``custodian``."""

    def __init__(self, history: HistoryStore) -> None:
        self._history = history

    async def accounts(self) -> list[CustodyAccount]:
        """Every account of the ledger."""
        return await self._history.rows(CustodyAccount)

    async def holdings(self, account: str) -> list[AssetHolding]:
        """What an account has, asset by asset."""
        free: dict[str, MinorUnits] = {}
        pledged: dict[str, dict[str, MinorUnits]] = {}
        for one in await self._history.rows(Holding, {"account": account}, order=["asset"]):
            pledges = pledged.setdefault(one.asset, {})
            if one.venue:
                pledges[one.venue] = one.amount_minor
            else:
                free[one.asset] = one.amount_minor
        return [AssetHolding(asset, free.get(asset, 0), pledges) for asset, pledges in pledged.items()]

    async def settlement(self, venue: str, instrument: str, trade_id: int) -> list[InstructionSide]:
        """Both sides of the settlement of one trade, by account."""
        return await self._history.rows(
            InstructionSide, {"venue": venue, "instrument": instrument, "trade_id": trade_id}, order=["account"]
        )

    async def settlements(self, *, status: InstructionStatus, account: str | None = None) -> list[InstructionSide]:
        """Instructions in one status, the first due first."""
        where = {"status": status} if account is None else {"status": status, "account": account}
        return await self._history.rows(InstructionSide, where, order=["settles_at"])

    async def unsettled(self, account: str | None = None, *, due_before: Nanos | None = None) -> list[InstructionSide]:
        """Instructions that have neither settled nor been cancelled, the first due first."""
        where = {"status": UNSETTLED, "settles_at": Within(None, due_before)}
        about = where if account is None else {**where, "account": account}
        return await self._history.rows(InstructionSide, about, order=["settles_at"])

    async def transfers_named(self, account: str, transfer_id: str) -> list[ExternalOrPledgeTransfer]:
        """The transfers that an account asked for under this id, at most one of each kind."""
        return await self._history.rows(ExternalOrPledgeTransfer, {"account": account, "transfer_id": transfer_id})

    async def transfers(
        self, account: str, *, kind: TransferKind | None = None, status: PostingStatus | None = None
    ) -> list[ExternalOrPledgeTransfer]:
        """An account's accepted transfers in the order in which they are posted."""
        where = {"account": account, "kind": kind, "status": status}
        return await self._history.rows(
            ExternalOrPledgeTransfer, {name: value for name, value in where.items() if value is not None}, order=["posts_at"]
        )

    async def refusals(self, account: str) -> list[TransferRefusal]:
        """An account's refused requests in order of time."""
        return await self._history.rows(TransferRefusal, {"account": account}, order=["refused_at"])

    async def postings(self, reference: str) -> list[Posting]:
        """Every account's part of one transfer or trade."""
        return await self._history.rows(Posting, {"reference": reference}, order=["account", "asset", "venue"])

    async def statement(
        self, account: str, asset: str, since: Nanos | None = None, until: Nanos | None = None
    ) -> list[Posting]:
        """What was posted to an account in one asset, in order of time."""
        where = {"account": account, "asset": asset, "posted_at": Within(since, until)}
        return await self._history.rows(Posting, where, order=["posted_at"])

    async def reconciliations(self, venue: str | None = None, limit: int | None = None) -> list[Reconciliation]:
        """Statements that were compared, the newest first."""
        where = {} if venue is None else {"venue": venue}
        return await self._history.rows(Reconciliation, where, order=["-completed_at"], limit=limit)

    async def breaks(self, account: str | None = None) -> list[Break]:
        """Differences that reconciliations found, the newest first."""
        return await self._history.rows(Break, {} if account is None else {"account": account}, order=["-found_at"])
