"""What a transfer says, and what a ledger may answer."""

from __future__ import annotations

import enum
from typing import Final

import msgspec

from trading_ecosystem.messages.units import MinorUnits, Nanos

LARGEST_AMOUNT: Final[MinorUnits] = 2**63 - 1
"""No amount and no sum of an account leaves what a signed 64-bit integer holds."""


class Phase(enum.StrEnum):
    """What a transfer does to the amounts of its two accounts."""

    SINGLE = "single"
    """Posts its amount at once."""
    PENDING = "pending"
    """Holds its amount back, until another posts or voids it, or until it expires."""
    POST = "post"
    """Posts a pending transfer, whole or in part; what is not posted is given back."""
    VOID = "void"
    """Gives a pending transfer up, whole."""


class AccountRule(enum.StrEnum):
    """What an account may not do."""

    DEBITS_WITHIN_CREDITS = "debits_within_credits"
    """Posted and pending debits never exceed posted credits: a customer's holding, which is owed to the customer."""
    CREDITS_WITHIN_DEBITS = "credits_within_debits"
    """Posted and pending credits never exceed posted debits: an asset of the house, or a loan."""
    UNBOUNDED = "unbounded"
    """The world outside, fees and penalties in transit."""


class Transfer(msgspec.Struct, frozen=True, gc=False):
    """An amount to move from the debit account to the credit account, under a number of the caller's.

    For ``POST`` and ``VOID`` a ``debit``, ``credit`` or ``amount_minor`` of zero means that of the pending transfer.
    ``expires_after_ns`` is for ``PENDING``, and zero means never. ``linked`` binds it to the next of the same batch.
    ``reverses`` names a posted transfer that is corrected by this one, which moves some or all of its amount back.
    ``effective_at`` is when it counts from, at most the present; zero means the present. ``purpose`` is the caller's and
    means nothing to the ledger.
    """

    number: int
    debit: int
    credit: int
    amount_minor: MinorUnits
    phase: Phase = Phase.SINGLE
    pending: int = 0
    expires_after_ns: Nanos = 0
    linked: bool = False
    reverses: int = 0
    effective_at: Nanos = 0
    purpose: str = ""


class AccountResult(enum.StrEnum):
    """What became of a request to open an account. Checked in this order."""

    DONE = "done"
    NUMBER_NOT_POSITIVE = "number_not_positive"
    ASSET_MISSING = "asset_missing"
    EXISTS_WITH_DIFFERENT_ASSET = "exists_with_different_asset"
    EXISTS_WITH_DIFFERENT_RULE = "exists_with_different_rule"
    EXISTS_WITH_DIFFERENT_OWNER = "exists_with_different_owner"
    EXISTS_WITH_DIFFERENT_PLACE = "exists_with_different_place"
    EXISTS = "exists"


class TransferResult(enum.StrEnum):
    """What became of a transfer; everything but ``DONE`` changed nothing. Checked in this order."""

    DONE = "done"
    CHAIN_OPEN = "chain_open"
    """The last of a batch is linked to a next one that is not there."""
    CHAIN_FAILED = "chain_failed"
    """Another member of its chain was refused."""
    NUMBER_NOT_POSITIVE = "number_not_positive"
    EXISTS_WITH_DIFFERENT_PHASE = "exists_with_different_phase"
    EXISTS_WITH_DIFFERENT_DEBIT = "exists_with_different_debit"
    EXISTS_WITH_DIFFERENT_CREDIT = "exists_with_different_credit"
    EXISTS_WITH_DIFFERENT_AMOUNT = "exists_with_different_amount"
    EXISTS_WITH_DIFFERENT_PENDING = "exists_with_different_pending"
    EXISTS_WITH_DIFFERENT_EXPIRY = "exists_with_different_expiry"
    EXISTS_WITH_DIFFERENT_CHAIN = "exists_with_different_chain"
    EXISTS_WITH_DIFFERENT_REVERSED = "exists_with_different_reversed"
    EXISTS_WITH_DIFFERENT_EFFECT = "exists_with_different_effect"
    EXISTS_WITH_DIFFERENT_PURPOSE = "exists_with_different_purpose"
    EXISTS = "exists"
    """It was done already, as it is."""
    NUMBER_FORGOTTEN = "number_forgotten"
    """So old a number that the ledger no longer knows whether it was used."""
    AMOUNT_NOT_POSITIVE = "amount_not_positive"
    AMOUNT_TOO_LARGE = "amount_too_large"
    EXPIRY_NOT_PENDING = "expiry_not_pending"
    """An expiry that is negative, or of a transfer that is not pending."""
    PENDING_MISSING = "pending_missing"
    """It is to post or void, and does not say what."""
    PENDING_UNEXPECTED = "pending_unexpected"
    REVERSAL_NOT_SINGLE = "reversal_not_single"
    EFFECT_NOT_PAST = "effect_not_past"
    """Negative, in the future, or of a transfer that posts nothing."""
    PENDING_UNKNOWN = "pending_unknown"
    PENDING_NOT_PENDING = "pending_not_pending"
    """What it names was never pending."""
    PENDING_HAS_DIFFERENT_DEBIT = "pending_has_different_debit"
    PENDING_HAS_DIFFERENT_CREDIT = "pending_has_different_credit"
    PENDING_HAS_DIFFERENT_AMOUNT = "pending_has_different_amount"
    """A void of another amount than the whole."""
    PENDING_ALREADY_POSTED = "pending_already_posted"
    PENDING_ALREADY_VOIDED = "pending_already_voided"
    PENDING_EXPIRED = "pending_expired"
    EXCEEDS_PENDING = "exceeds_pending"
    """It is to post more than is pending."""
    DEBIT_UNKNOWN = "debit_unknown"
    CREDIT_UNKNOWN = "credit_unknown"
    SAME_ACCOUNT = "same_account"
    DIFFERENT_ASSETS = "different_assets"
    REVERSED_UNKNOWN = "reversed_unknown"
    REVERSED_NOT_POSTED = "reversed_not_posted"
    """What it names posted nothing."""
    REVERSED_NOT_OPPOSITE = "reversed_not_opposite"
    """It does not debit what was credited and credit what was debited."""
    EXCEEDS_REVERSED = "exceeds_reversed"
    """With earlier reversals it would move back more than was posted."""
    EXCEEDS_CREDITS = "exceeds_credits"
    """The debit account has too little."""
    EXCEEDS_DEBITS = "exceeds_debits"
    """The credit account would be owed more than it is debited with."""
    SUM_TOO_LARGE = "sum_too_large"
    """A sum of an account would leave 64 bits."""


_TERMS: Final = (
    ("phase", TransferResult.EXISTS_WITH_DIFFERENT_PHASE),
    ("debit", TransferResult.EXISTS_WITH_DIFFERENT_DEBIT),
    ("credit", TransferResult.EXISTS_WITH_DIFFERENT_CREDIT),
    ("amount_minor", TransferResult.EXISTS_WITH_DIFFERENT_AMOUNT),
    ("pending", TransferResult.EXISTS_WITH_DIFFERENT_PENDING),
    ("expires_after_ns", TransferResult.EXISTS_WITH_DIFFERENT_EXPIRY),
    ("linked", TransferResult.EXISTS_WITH_DIFFERENT_CHAIN),
    ("reverses", TransferResult.EXISTS_WITH_DIFFERENT_REVERSED),
    ("effective_at", TransferResult.EXISTS_WITH_DIFFERENT_EFFECT),
    ("purpose", TransferResult.EXISTS_WITH_DIFFERENT_PURPOSE),
)


def repetition(first: Transfer, again: Transfer) -> TransferResult:
    """What a transfer is that has the number of one done already: the same, or by what it differs first."""
    for name, result in _TERMS:
        if getattr(first, name) != getattr(again, name):
            return result
    return TransferResult.EXISTS


def shape_refusal(transfer: Transfer, now: Nanos) -> TransferResult | None:
    """Why a transfer is refused for what it says, whatever is in the ledger; nothing if it is well formed."""
    resolves = transfer.phase is Phase.POST or transfer.phase is Phase.VOID
    amount_minor = transfer.amount_minor
    if amount_minor <= 0 and not (resolves and amount_minor == 0):
        return TransferResult.AMOUNT_NOT_POSITIVE
    if amount_minor > LARGEST_AMOUNT:
        return TransferResult.AMOUNT_TOO_LARGE
    if transfer.expires_after_ns and (transfer.phase is not Phase.PENDING or transfer.expires_after_ns < 0):
        return TransferResult.EXPIRY_NOT_PENDING
    if resolves and not transfer.pending:
        return TransferResult.PENDING_MISSING
    if transfer.pending and not resolves:
        return TransferResult.PENDING_UNEXPECTED
    if transfer.reverses and transfer.phase is not Phase.SINGLE:
        return TransferResult.REVERSAL_NOT_SINGLE
    if transfer.effective_at:
        posts = transfer.phase is Phase.SINGLE or transfer.phase is Phase.POST
        if not posts or not 0 < transfer.effective_at <= now:
            return TransferResult.EFFECT_NOT_PAST
    return None
