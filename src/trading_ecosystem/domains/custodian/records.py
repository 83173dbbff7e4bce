"""What the custodian keeps: accounts, holdings, postings, settlement instructions, transfers, breaks; projected from messages.

A posting is one account's part of one transfer or trade: pending when it was said that it will come, posted with the
balance after it. ``venue`` is empty for a free amount, as everywhere; ``reference`` is ``<kind>/<transfer id>`` for a
transfer and ``<venue>/<instrument>/<trade id>`` for a trade.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Final

from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.custodian import (
    ClearingPosted,
    CustodyAccountOpened,
    ReconciliationBreak,
    ReconciliationCompleted,
    SettlementCancelled,
    SettlementFailed,
    SettlementFailReason,
    SettlementInstructed,
    SettlementPartlySettled,
    SettlementSettled,
    TradeSettled,
    TransferKind,
    TransferPending,
    TransferPosted,
    TransferRejected,
    TransferRejectReason,
    VariationPosted,
)
from trading_ecosystem.messages.exchange import TradeMatched
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import MinorUnits, Nanos
from trading_ecosystem.ports.records import Change, Patch, Record, Upsert

NAMESPACE: Final = "custodian"


class PostingStatus(enum.StrEnum):
    """Whether a posting or transfer took effect."""

    PENDING = "pending"
    POSTED = "posted"


class InstructionStatus(enum.StrEnum):
    """Where a settlement instruction stands (ISO 20022 settlement status)."""

    PENDING = "pending"
    FAILING = "failing"
    SETTLED = "settled"
    CANCELLED = "cancelled"
    """Its trade was busted."""


class CustodyAccount(Record, frozen=True):
    """An account of the ledger."""

    table: ClassVar[str] = "accounts"
    key: ClassVar[tuple[str, ...]] = ("custodian", "account")
    custodian: str
    account: str


class Holding(Record, frozen=True):
    """What an account has of an asset, free (empty venue) or pledged to a venue."""

    table: ClassVar[str] = "holdings"
    key: ClassVar[tuple[str, ...]] = ("custodian", "account", "asset", "venue")
    checks: ClassVar[tuple[str, ...]] = ("amount_minor >= 0",)
    custodian: str
    account: str
    asset: str
    venue: str
    amount_minor: MinorUnits
    changed_at: Nanos


class Posting(Record, frozen=True):
    """One account's part of a transfer or trade: positive where it is credited, with the balance after it once posted."""

    table: ClassVar[str] = "postings"
    key: ClassVar[tuple[str, ...]] = ("custodian", "reference", "account", "asset", "venue")
    checks: ClassVar[tuple[str, ...]] = (
        "balance_after >= 0",
        "status <> 'posted' OR posted_at IS NOT NULL",
    )
    custodian: str
    reference: str
    account: str
    asset: str
    venue: str
    amount_minor: MinorUnits
    status: PostingStatus
    balance_after: MinorUnits | None = None
    posted_at: Nanos | None = None


class InstructionSide(Record, frozen=True):
    """One side of a settlement instruction."""

    table: ClassVar[str] = "settlement_instructions"
    key: ClassVar[tuple[str, ...]] = ("custodian", "venue", "instrument", "trade_id", "account")
    checks: ClassVar[tuple[str, ...]] = (
        "base_minor > 0",
        "quote_minor > 0",
        "fee_minor >= 0",
        "attempts >= 0",
    )
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("status", "settles_at"), ("account",))
    custodian: str
    venue: str
    instrument: str
    trade_id: int
    account: str
    side: Side
    base_asset: str
    base_minor: MinorUnits
    quote_asset: str
    quote_minor: MinorUnits
    fee_minor: MinorUnits
    instructed_at: Nanos
    settles_at: Nanos
    status: InstructionStatus
    reason: SettlementFailReason | None = None
    """Why the last attempt that was said failed; kept after settlement."""
    attempts: int = 0
    """Attempts that had failed when the last failure was said."""
    settled_at: Nanos | None = None


class ExternalOrPledgeTransfer(Record, frozen=True):
    """A deposit, withdrawal, pledge or release that was accepted. ``venue`` of a release is known once it has posted."""

    table: ClassVar[str] = "transfers"
    key: ClassVar[tuple[str, ...]] = ("custodian", "account", "kind", "transfer_id")
    checks: ClassVar[tuple[str, ...]] = ("amount_minor > 0",)
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("account", "status"),)
    custodian: str
    account: str
    kind: TransferKind
    transfer_id: str
    venue: str
    asset: str
    amount_minor: MinorUnits
    status: PostingStatus
    posts_at: Nanos
    """When it was posted, or is to be."""


class TransferRefusal(Record, frozen=True):
    """A refused request; the same id may have been accepted before or after."""

    table: ClassVar[str] = "transfer_refusals"
    key: ClassVar[tuple[str, ...]] = ("custodian", "account", "kind", "transfer_id", "refused_at")
    custodian: str
    account: str
    kind: TransferKind
    transfer_id: str
    refused_at: Nanos
    asset: str
    amount_minor: MinorUnits
    reason: TransferRejectReason


class Break(Record, frozen=True):
    """A difference that a reconciliation found."""

    table: ClassVar[str] = "breaks"
    key: ClassVar[tuple[str, ...]] = ("custodian", "venue", "account", "asset", "found_at")
    custodian: str
    venue: str
    account: str
    asset: str
    found_at: Nanos
    claim_minor: MinorUnits
    expected_minor: MinorUnits


class Reconciliation(Record, frozen=True):
    """A statement that was compared."""

    table: ClassVar[str] = "reconciliations"
    key: ClassVar[tuple[str, ...]] = ("custodian", "venue", "completed_at")
    checks: ClassVar[tuple[str, ...]] = (
        "claims >= 0",
        "breaks >= 0",
    )
    custodian: str
    venue: str
    completed_at: Nanos
    claims: int
    breaks: int


RECORDS: Final = (
    CustodyAccount,
    Holding,
    Posting,
    InstructionSide,
    ExternalOrPledgeTransfer,
    TransferRefusal,
    Break,
    Reconciliation,
)


def project(message: Message, now: Nanos) -> Iterable[Change]:
    """The changes that one journal entry makes; none for messages that the custodian does not keep."""
    projection = _PROJECTIONS.get(type(message))
    return projection(message, now) if projection is not None else ()


def _account_opened(message: CustodyAccountOpened, now: Nanos) -> Iterable[Change]:
    return (Upsert(CustodyAccount(message.custodian, message.account)),)


def _transfer_pending(message: TransferPending, now: Nanos) -> Iterable[Change]:
    custodian, account, asset, amount = message.custodian, message.account, message.asset, message.amount_minor
    kept = ExternalOrPledgeTransfer(
        custodian, account, message.kind, message.transfer_id, "", asset, amount, PostingStatus.PENDING, message.posts_at
    )
    changes: list[Change] = [Upsert(kept), Upsert(Holding(custodian, account, asset, "", message.free_after, now))]
    reference = f"{message.kind}/{message.transfer_id}"
    signed = -amount if message.kind is TransferKind.WITHDRAWAL else amount
    changes.append(Upsert(Posting(custodian, reference, account, asset, "", signed, PostingStatus.PENDING)))
    return changes


def _transfer_posted(message: TransferPosted, now: Nanos) -> Iterable[Change]:
    custodian, account, asset, amount = message.custodian, message.account, message.asset, message.amount_minor
    kept = ExternalOrPledgeTransfer(
        custodian, account, message.kind, message.transfer_id, message.venue, asset, amount, PostingStatus.POSTED, now
    )
    free, pledged = message.free_after, message.pledged_after
    signed = amount if message.kind in (TransferKind.DEPOSIT, TransferKind.RELEASE) else -amount
    reference = f"{message.kind}/{message.transfer_id}"
    posted = PostingStatus.POSTED
    changes: list[Change] = [Upsert(kept), Upsert(Holding(custodian, account, asset, "", free, now))]
    changes.append(Upsert(Posting(custodian, reference, account, asset, "", signed, posted, free, now)))
    venue = message.venue
    if venue:
        changes.append(Upsert(Holding(custodian, account, asset, venue, pledged, now)))
        changes.append(Upsert(Posting(custodian, reference, account, asset, venue, -signed, posted, pledged, now)))
    return changes


def _transfer_rejected(message: TransferRejected, now: Nanos) -> Iterable[Change]:
    refusal = TransferRefusal(
        message.custodian,
        message.account,
        message.kind,
        message.transfer_id,
        now,
        message.asset,
        message.amount_minor,
        message.reason,
    )
    return (Upsert(refusal),)


def _trade_matched(message: TradeMatched, now: Nanos) -> Iterable[Change]:
    """The fee account's part; the sides' parts come with their instructions."""
    fees = message.buyer_fee_minor + message.seller_fee_minor
    if not fees:
        return ()
    reference = f"{message.venue}/{message.instrument}/{message.trade_id}"
    asset, venue = message.fee_asset or message.quote_asset, message.venue
    return (Upsert(Posting(message.custodian, reference, message.fee_account, asset, venue, fees, PostingStatus.PENDING)),)


def _instructed(message: SettlementInstructed, now: Nanos) -> Iterable[Change]:
    custodian, venue, account = message.custodian, message.venue, message.account
    side = InstructionSide(
        custodian,
        venue,
        message.instrument,
        message.trade_id,
        account,
        message.side,
        message.base_asset,
        message.base_minor,
        message.quote_asset,
        message.quote_minor,
        message.fee_minor,
        now,
        message.settles_at,
        InstructionStatus.PENDING,
    )
    sign = 1 if message.side is Side.BUY else -1
    amounts = {message.base_asset: sign * message.base_minor, message.quote_asset: -sign * message.quote_minor}
    fee_asset = message.fee_asset or message.quote_asset
    if message.fee_minor or fee_asset in amounts:
        amounts[fee_asset] = amounts.get(fee_asset, 0) - message.fee_minor
    reference = f"{venue}/{message.instrument}/{message.trade_id}"
    pending = PostingStatus.PENDING
    postings = [
        Upsert(Posting(custodian, reference, account, asset, venue, amount, pending)) for asset, amount in amounts.items()
    ]
    return (Upsert(side), *postings)


def _cancelled(message: SettlementCancelled, now: Nanos) -> Iterable[Change]:
    """The instruction is cancelled; its postings stay as the pending ones that they were and are never posted."""
    identity = (message.custodian, message.venue, message.instrument, message.trade_id, message.account)
    return (Patch(InstructionSide, identity, {"status": InstructionStatus.CANCELLED}),)


def _failed(message: SettlementFailed, now: Nanos) -> Iterable[Change]:
    identity = (message.custodian, message.venue, message.instrument, message.trade_id, message.account)
    values = {"status": InstructionStatus.FAILING, "reason": message.reason, "attempts": message.attempts}
    return (Patch(InstructionSide, identity, values),)


def _settled(message: SettlementSettled, now: Nanos) -> Iterable[Change]:
    custodian, venue, account = message.custodian, message.venue, message.account
    identity = (custodian, venue, message.instrument, message.trade_id, account)
    changes: list[Change] = [Patch(InstructionSide, identity, {"status": InstructionStatus.SETTLED, "settled_at": now})]
    reference = f"{venue}/{message.instrument}/{message.trade_id}"
    for after in message.pledged_after:
        changes.extend(_posted_part(custodian, reference, account, after.asset, venue, after.pledged_after, now))
    return changes


def _partly_settled(message: SettlementPartlySettled, now: Nanos) -> Iterable[Change]:
    """What is held changes; the trade's postings are those of the whole, and posted with the rest."""
    custodian, venue, account = message.custodian, message.venue, message.account
    return [Upsert(Holding(custodian, account, one.asset, venue, one.pledged_after, now)) for one in message.pledged_after]


def _trade_settled(message: TradeSettled, now: Nanos) -> Iterable[Change]:
    reference = f"{message.venue}/{message.instrument}/{message.trade_id}"
    account, asset, after = message.fee_account, message.fee_asset, message.fee_pledged_after
    return _posted_part(message.custodian, reference, account, asset, message.venue, after, now)


def _variation_posted(message: VariationPosted, now: Nanos) -> Iterable[Change]:
    custodian, venue, account, asset = message.custodian, message.venue, message.account, message.asset
    reference, amount, after = f"{venue}/variation/{message.number}", message.amount_minor, message.pledged_after
    return (
        Upsert(Holding(custodian, account, asset, venue, after, now)),
        Upsert(Posting(custodian, reference, account, asset, venue, amount, PostingStatus.POSTED, after, now)),
    )


def _clearing_posted(message: ClearingPosted, now: Nanos) -> Iterable[Change]:
    """Its part of each flow is the other account's posting, with the opposite sign."""
    account, asset, after = message.clearing_account, message.asset, message.pledged_after
    return (Upsert(Holding(message.custodian, account, asset, message.venue, after, now)),)


def _posted_part(
    custodian: str, reference: str, account: str, asset: str, venue: str, after: MinorUnits, now: Nanos
) -> tuple[Change, Change]:
    values = {"status": PostingStatus.POSTED, "balance_after": after, "posted_at": now}
    return (
        Upsert(Holding(custodian, account, asset, venue, after, now)),
        Patch(Posting, (custodian, reference, account, asset, venue), values),
    )


def _break_found(message: ReconciliationBreak, now: Nanos) -> Iterable[Change]:
    custodian, venue, account, asset = message.custodian, message.venue, message.account, message.asset
    return (Upsert(Break(custodian, venue, account, asset, now, message.claim_minor, message.expected_minor)),)


def _reconciled(message: ReconciliationCompleted, now: Nanos) -> Iterable[Change]:
    return (Upsert(Reconciliation(message.custodian, message.venue, now, message.claims, message.breaks)),)


_PROJECTIONS: Final[dict[type[Message], Callable[[Any, Nanos], Iterable[Change]]]] = {
    CustodyAccountOpened: _account_opened,
    TransferPending: _transfer_pending,
    TransferPosted: _transfer_posted,
    TransferRejected: _transfer_rejected,
    TradeMatched: _trade_matched,
    SettlementInstructed: _instructed,
    SettlementFailed: _failed,
    SettlementCancelled: _cancelled,
    SettlementPartlySettled: _partly_settled,
    SettlementSettled: _settled,
    TradeSettled: _trade_settled,
    VariationPosted: _variation_posted,
    ClearingPosted: _clearing_posted,
    ReconciliationBreak: _break_found,
    ReconciliationCompleted: _reconciled,
}
