"""Bodies about custody: accounts, holdings, transfers, settlements, statements and reconciliation."""

from __future__ import annotations

from trading_ecosystem.api.decimals import amount_text, instant_or_none, instant_text
from trading_ecosystem.api.rest.bodies import (
    AccountName,
    Answer,
    Asset,
    ClientId,
    DecimalText,
    InstantText,
    Name,
    Request,
)
from trading_ecosystem.domains.custodian.records import (
    ExternalOrPledgeTransfer,
    InstructionSide,
    InstructionStatus,
    Posting,
    PostingStatus,
    TransferRefusal,
)
from trading_ecosystem.messages.custodian import (
    SettlementFailReason,
    TransferKind,
    TransferMethod,
    TransferPending,
    TransferPosted,
    TransferRejectReason,
)
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import Nanos


class NewCustodyAccount(Request, frozen=True, forbid_unknown_fields=True):
    """A custody account to open."""

    account: AccountName


class CustodyAccountAnswer(Answer, frozen=True, forbid_unknown_fields=True):
    """An account of the custodian."""

    custodian: str
    account: str


class ExternalTransfer(Request, frozen=True, forbid_unknown_fields=True):
    """A deposit from outside, or a withdrawal to it."""

    account: AccountName
    asset: Asset
    amount: DecimalText
    method: TransferMethod = TransferMethod.CRYPTO_INTERNAL
    """Says when it takes effect: T+0 for `crypto_internal`, up to T+3 for `international`."""
    transfer_id: ClientId | None = None
    """Names the transfer once; without it the header `Idempotency-Key` does, or a name is made."""


class VenueTransfer(Request, frozen=True, forbid_unknown_fields=True):
    """A pledge to a venue, or a release of what it owes."""

    account: AccountName
    venue: Name
    asset: Asset
    amount: DecimalText
    transfer_id: ClientId | None = None
    """Names the transfer once; without it the header `Idempotency-Key` does, or a name is made."""


class Transfer(Answer, frozen=True, forbid_unknown_fields=True):
    """A transfer as it stands."""

    custodian: str
    account: str
    transfer_id: str
    kind: TransferKind
    venue: str | None
    """Of a pledge, and of a release once it has posted."""
    asset: str
    amount: str
    status: PostingStatus
    posts_at: InstantText | None
    """When it was posted, or is to be; `null` for a release that waits for what is not settled yet."""


class RefusedTransfer(Answer, frozen=True, forbid_unknown_fields=True):
    """A request that was refused."""

    account: str
    transfer_id: str
    kind: TransferKind
    asset: str
    amount: str
    reason: TransferRejectReason
    refused_at: InstantText


class PledgedTo(Answer, frozen=True, forbid_unknown_fields=True):
    """What is pledged to one venue."""

    venue: str
    amount: str


class CustodyHolding(Answer, frozen=True, forbid_unknown_fields=True):
    """What an account has of one asset, as posted."""

    asset: str
    free: str
    pledged: tuple[PledgedTo, ...]
    total: str


class Holdings(Answer, frozen=True, forbid_unknown_fields=True):
    """What the custodian holds for an account."""

    custodian: str
    account: str
    holdings: tuple[CustodyHolding, ...]


class Settlement(Answer, frozen=True, forbid_unknown_fields=True):
    """An account's side of the settlement of one trade: delivery versus payment, both legs and the fee together."""

    custodian: str
    venue: str
    instrument: str
    trade_id: int
    account: str
    side: Side
    base_asset: str
    base_amount: str
    quote_asset: str
    quote_amount: str
    fee_amount: str
    status: InstructionStatus
    instructed_at: InstantText
    settles_at: InstantText
    """When it is due; of one that fails it stays what it was."""
    settled_at: InstantText | None
    failed_attempts: int
    last_failure: SettlementFailReason | None


class StatementLine(Answer, frozen=True, forbid_unknown_fields=True):
    """One posting to an account: positive where it was credited."""

    reference: str
    """`kind/transfer id` of a transfer, `venue/instrument/trade id` of a trade."""
    asset: str
    venue: str | None
    """Where it is pledged; `null` for what is free."""
    amount: str
    balance_after: str
    posted_at: InstantText


class ReconciledBalance(Answer, frozen=True, forbid_unknown_fields=True):
    """What a venue owes in one asset beside what the ledger says it does."""

    venue: str
    asset: str
    claim: str
    """What the venue owes by its own books."""
    pledged: str
    unsettled: str
    """What trades not settled yet will bring (positive) or take."""
    difference: str
    """Claim less pledged and unsettled; not zero only while something is under way between the two, or wrong."""


class ReconciliationReport(Answer, frozen=True, forbid_unknown_fields=True):
    """An account's claims on venues against the ledger, now."""

    account: str
    at: InstantText
    balances: tuple[ReconciledBalance, ...]
    differences: int
    """How many of them do not agree."""


def transfer_of_said(said: TransferPending | TransferPosted, at: Nanos) -> Transfer:
    """A transfer as the custodian just said it."""
    is_posted = isinstance(said, TransferPosted)
    return Transfer(
        custodian=said.custodian,
        account=said.account,
        transfer_id=said.transfer_id,
        kind=said.kind,
        venue=(said.venue or None) if isinstance(said, TransferPosted) else None,
        asset=said.asset,
        amount=amount_text(said.amount_minor),
        status=PostingStatus.POSTED if is_posted else PostingStatus.PENDING,
        posts_at=instant_text(at if isinstance(said, TransferPosted) else said.posts_at),
    )


def transfer_of_record(kept: ExternalOrPledgeTransfer) -> Transfer:
    """A transfer as the history has it."""
    return Transfer(
        custodian=kept.custodian,
        account=kept.account,
        transfer_id=kept.transfer_id,
        kind=kept.kind,
        venue=kept.venue or None,
        asset=kept.asset,
        amount=amount_text(kept.amount_minor),
        status=kept.status,
        posts_at=instant_or_none(kept.posts_at),
    )


def refused_transfer(kept: TransferRefusal) -> RefusedTransfer:
    """A refusal as the history has it."""
    return RefusedTransfer(
        kept.account,
        kept.transfer_id,
        kept.kind,
        kept.asset,
        amount_text(kept.amount_minor),
        kept.reason,
        instant_text(kept.refused_at),
    )


def settlement_of(side: InstructionSide) -> Settlement:
    """One side of a settlement instruction."""
    return Settlement(
        custodian=side.custodian,
        venue=side.venue,
        instrument=side.instrument,
        trade_id=side.trade_id,
        account=side.account,
        side=side.side,
        base_asset=side.base_asset,
        base_amount=amount_text(side.base_minor),
        quote_asset=side.quote_asset,
        quote_amount=amount_text(side.quote_minor),
        fee_amount=amount_text(side.fee_minor),
        status=side.status,
        instructed_at=instant_text(side.instructed_at),
        settles_at=instant_text(side.settles_at),
        settled_at=instant_or_none(side.settled_at),
        failed_attempts=side.attempts,
        last_failure=side.reason,
    )


def statement_line(posting: Posting) -> StatementLine:
    """One posting that took effect."""
    assert posting.posted_at is not None
    assert posting.balance_after is not None
    return StatementLine(
        posting.reference,
        posting.asset,
        posting.venue or None,
        amount_text(posting.amount_minor),
        amount_text(posting.balance_after),
        instant_text(posting.posted_at),
    )
