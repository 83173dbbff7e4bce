"""What a side instructs, and what may be answered."""

from __future__ import annotations

import enum

import msgspec

from trading_ecosystem.messages.units import MinorUnits


class Movement(enum.StrEnum):
    """What a side does with the securities, and whether cash goes the other way."""

    DELIVER_VERSUS_PAYMENT = "deliver_versus_payment"
    RECEIVE_VERSUS_PAYMENT = "receive_versus_payment"
    DELIVER_FREE = "deliver_free"
    RECEIVE_FREE = "receive_free"

    @property
    def delivers(self) -> bool:
        """Whether this side gives the securities."""
        return self in (Movement.DELIVER_VERSUS_PAYMENT, Movement.DELIVER_FREE)

    @property
    def paid(self) -> bool:
        """Whether cash goes the other way."""
        return self in (Movement.DELIVER_VERSUS_PAYMENT, Movement.RECEIVE_VERSUS_PAYMENT)


class Instruction(msgspec.Struct, frozen=True):
    """One side of a settlement. ``reference`` is the side's own and names it for good.

    ``common_reference`` is compared where both sides give one. ``partial`` allows settlement in parts where securities are
    lacking and the other side allows it, too. Of what is due, a higher ``priority`` goes first. ``held`` is instructed on hold.
    """

    reference: str
    participant: str
    counterparty: str
    movement: Movement
    security: str
    quantity_minor: MinorUnits
    traded_day: int
    intended_day: int
    cash_asset: str = ""
    cash_minor: MinorUnits = 0
    common_reference: str = ""
    partial: bool = False
    priority: int = 0
    held: bool = False


class InstructionResult(enum.StrEnum):
    """What became of an instruction that was sent; from ``EXISTS`` on they are checked in this order and changed nothing."""

    MATCHED = "matched"
    UNMATCHED = "unmatched"
    EXISTS = "exists"
    EXISTS_WITH_DIFFERENT_CONTENT = "exists_with_different_content"
    REFERENCE_MISSING = "reference_missing"
    QUANTITY_NOT_POSITIVE = "quantity_not_positive"
    CASH_MISSING = "cash_missing"
    """It is against payment, and says of no positive amount."""
    CASH_UNEXPECTED = "cash_unexpected"
    """It is free of payment, and says an amount."""
    SAME_PARTICIPANT = "same_participant"
    SAME_ASSET = "same_asset"
    """Cash of the very asset that is delivered."""
    INTENDED_BEFORE_TRADED = "intended_before_traded"
    ACCOUNT_UNKNOWN = "account_unknown"
    """The participant has no account in the security or the cash."""


class UnmatchedReason(enum.StrEnum):
    """In what two sides differ; ISO 20022's code in brackets where there is one. Named in this order."""

    NO_COUNTERPART = "no_counterpart"
    """The other side has instructed nothing that could be meant (CMIS)."""
    MOVEMENT = "movement"
    """One side is free of payment and the other is not."""
    SECURITY = "security"
    """(DSEC)"""
    QUANTITY = "quantity"
    """(DQUA)"""
    TRADED_DAY = "traded_day"
    """(DTRD)"""
    INTENDED_DAY = "intended_day"
    """(DDAT)"""
    CASH_ASSET = "cash_asset"
    CASH_AMOUNT = "cash_amount"
    """They differ by more than the tolerance (DMON)."""
    COMMON_REFERENCE = "common_reference"


class Status(enum.StrEnum):
    """Where a matched pair stands."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    """A part has settled."""
    FAILING = "failing"
    """Nothing has settled, and the end of the intended settlement day has passed."""
    SETTLED = "settled"
    CANCELLED = "cancelled"


class PendingReason(enum.StrEnum):
    """Why a matched pair has not settled; ISO 20022's code in brackets."""

    AWAITING_DAY = "awaiting_day"
    """(FUTU)"""
    ON_HOLD = "on_hold"
    """By one side, or both (PREA, PRCY)."""
    LACK_OF_SECURITIES = "lack_of_securities"
    """(LACK)"""
    LACK_OF_CASH = "lack_of_cash"
    """(MONY)"""


class CommandResult(enum.StrEnum):
    """What became of a hold, release or cancellation."""

    DONE = "done"
    AWAITING_COUNTERPART = "awaiting_counterpart"
    """A matched instruction is cancelled when both sides have asked for it."""
    UNKNOWN_REFERENCE = "unknown_reference"
    ALREADY_SO = "already_so"
    ALREADY_SETTLED = "already_settled"
    ALREADY_CANCELLED = "already_cancelled"
    PARTLY_SETTLED = "partly_settled"
    """What has settled in part can be held, and no longer cancelled."""


def instruction_refusal(one: Instruction) -> InstructionResult | None:
    """Why an instruction is refused for what it says, whatever was instructed before."""
    if not one.reference:
        return InstructionResult.REFERENCE_MISSING
    if one.quantity_minor <= 0:
        return InstructionResult.QUANTITY_NOT_POSITIVE
    if one.movement.paid and (one.cash_minor <= 0 or not one.cash_asset):
        return InstructionResult.CASH_MISSING
    if not one.movement.paid and (one.cash_minor or one.cash_asset):
        return InstructionResult.CASH_UNEXPECTED
    if one.participant == one.counterparty:
        return InstructionResult.SAME_PARTICIPANT
    if one.security == one.cash_asset:
        return InstructionResult.SAME_ASSET
    if one.intended_day < one.traded_day:
        return InstructionResult.INTENDED_BEFORE_TRADED
    return None
