"""What a custodian says and hears. Settlement words are ISO 20022's, ledger words double entry's."""

from __future__ import annotations

import enum
from typing import ClassVar

from trading_ecosystem.messages.base import Audience, Command, Message, Question, Row
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import MinorUnits, Nanos, PartsPerMillion


class TransferKind(enum.StrEnum):
    """What a transfer does to an account's free and pledged amounts."""

    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    PLEDGE = "pledge"
    RELEASE = "release"


class TransferMethod(enum.StrEnum):
    """How assets come from or go to the outside; each settles by its own cycle."""

    CRYPTO_INTERNAL = "crypto_internal"
    """T+0: at once."""
    CRYPTO_EXTERNAL = "crypto_external"
    """T+1."""
    WIRE = "wire"
    """T+2."""
    ACH = "ach"
    """T+2."""
    INTERNATIONAL = "international"
    """T+3."""


class TransferRejectReason(enum.StrEnum):
    """Why a transfer is refused; checked in this order."""

    OFFLINE = "offline"
    UNKNOWN_ACCOUNT = "unknown_account"
    UNKNOWN_ASSET = "unknown_asset"
    UNKNOWN_VENUE = "unknown_venue"
    INVALID_AMOUNT = "invalid_amount"
    TRANSFER_ID_CONFLICT = "transfer_id_conflict"
    INSUFFICIENT_FREE = "insufficient_free"
    REFUSED = "refused"
    """Refused by a condition set on the custodian."""


class SettlementFailReason(enum.StrEnum):
    """Why an attempt to settle failed; the instruction is retried."""

    LACK_OF_SECURITIES = "lack_of_securities"
    """The deliverer's pledged amount of the base asset is too small (ISO 20022 LACK)."""
    LACK_OF_CASH = "lack_of_cash"
    """The payer's pledged amount of the quote asset is too small (ISO 20022 MONY)."""
    DELAYED = "delayed"
    REJECTED = "rejected"
    OFFLINE = "offline"
    BANK_HOLIDAY = "bank_holiday"
    MISMATCHED = "mismatched"
    PARTIAL = "partial"


class CustodianConditionKind(enum.StrEnum):
    """A way in which a custodian misbehaves while the condition lasts."""

    SETTLEMENT_DELAY = "settlement_delay"
    """Instructions are not posted before ``settles_at + delay_ns``; earlier attempts fail with ``delayed``."""
    SETTLEMENT_REJECT = "settlement_reject"
    """Each attempt fails with probability ``probability_ppm``, with ``rejected``."""
    CUSTODIAN_OFFLINE = "custodian_offline"
    """Every attempt and every transfer fails, with ``offline``."""
    TRANSFER_REJECT = "transfer_reject"
    """Each deposit, withdrawal and pledge is refused with probability ``probability_ppm``, with ``refused``."""
    TRANSFER_SLOW = "transfer_slow"
    """Deposits and withdrawals that are asked for post ``delay_ns`` after the ``posts_at`` that is said."""
    PARTIAL_SETTLEMENT = "partial_settlement"
    """Of each instruction that is due, a share ``share_ppm`` of both legs settles; the rest and the fees wait for the end."""
    BANK_HOLIDAY = "bank_holiday"
    """Instructions and transfers with dollars wait until it is over; all others go on."""
    INSTRUCTION_MISMATCH = "instruction_mismatch"
    """Each new instruction is, with probability ``probability_ppm``, off by ``magnitude_ppm``, and fails until the end."""
    STALE_BALANCE = "stale_balance"
    """Statements of holdings repeat what was stated last before it."""


class HoldingLine(Row, frozen=True, gc=False):
    """One account's posted amounts of one asset: ``venue`` is empty for the free amount."""

    account: str
    asset: str
    venue: str
    amount_minor: MinorUnits


class PledgedAfter(Row, frozen=True, gc=False):
    """The posted pledged amount of one asset at one venue, after a settlement."""

    asset: str
    pledged_after: MinorUnits


class OpenCustodyAccount(Command, frozen=True, gc=False):
    """Open an account in the ledger; opening it again is answered in the same way."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    addressed_by: ClassVar[str | None] = "custodian"
    custodian: str
    account: str


class DepositAssets(Command, frozen=True, gc=False):
    """Assets come in from outside and become free after the method's cycle."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    addressed_by: ClassVar[str | None] = "custodian"
    custodian: str
    account: str
    transfer_id: str
    asset: str
    amount_minor: MinorUnits
    method: TransferMethod = TransferMethod.CRYPTO_INTERNAL


class WithdrawAssets(Command, frozen=True, gc=False):
    """Free assets leave: reserved (pending) at once, posted after the method's cycle."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    addressed_by: ClassVar[str | None] = "custodian"
    custodian: str
    account: str
    transfer_id: str
    asset: str
    amount_minor: MinorUnits
    method: TransferMethod = TransferMethod.CRYPTO_INTERNAL


class PledgeAssets(Command, frozen=True, gc=False):
    """Free assets become pledged to a venue, which then owes the account a claim."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    addressed_by: ClassVar[str | None] = "custodian"
    custodian: str
    account: str
    transfer_id: str
    venue: str
    asset: str
    amount_minor: MinorUnits


class CustodyAccountOpened(Message, frozen=True, gc=False):
    """An account exists in the ledger from now on."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    custodian: str
    account: str


class TransferPending(Message, frozen=True, gc=False):
    """A transfer was accepted and will post at ``posts_at``; a withdrawal's amount left ``free`` already."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    custodian: str
    account: str
    transfer_id: str
    kind: TransferKind
    asset: str
    amount_minor: MinorUnits
    posts_at: Nanos
    free_after: MinorUnits


class TransferPosted(Message, frozen=True, gc=False):
    """A transfer took effect. ``venue`` is empty for deposits and withdrawals; ``pledged_after`` is at that venue."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    custodian: str
    account: str
    transfer_id: str
    kind: TransferKind
    venue: str
    asset: str
    amount_minor: MinorUnits
    free_after: MinorUnits
    pledged_after: MinorUnits


class TransferRejected(Message, frozen=True, gc=False):
    """A transfer was refused and nothing changed."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    custodian: str
    account: str
    transfer_id: str
    kind: TransferKind
    asset: str
    amount_minor: MinorUnits
    reason: TransferRejectReason


class HoldingsStated(Message, frozen=True, gc=False):
    """A custodian's periodic statement of what an account holds (ISO 20022 semt.002); free amounts as in ``free_after``."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    custodian: str
    account: str
    stated_at: Nanos
    lines: tuple[HoldingLine, ...]


class AssetsPledged(Message, frozen=True, gc=False):
    """A pledge was posted; the venue is to credit the account's claim. ``number`` rises by one per venue."""

    audience: ClassVar[Audience] = Audience.WORLD
    addressed_by: ClassVar[str | None] = "venue"
    venue: str
    custodian: str
    number: int
    account: str
    asset: str
    amount_minor: MinorUnits


class SettlementInstructed(Message, frozen=True, gc=False):
    """One side of a delivery-versus-payment instruction, matched and pending until ``settles_at``."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    custodian: str
    venue: str
    account: str
    trade_id: int
    instrument: str
    side: Side
    base_asset: str
    base_minor: MinorUnits
    quote_asset: str
    quote_minor: MinorUnits
    fee_minor: MinorUnits
    settles_at: Nanos
    fee_asset: str = ""
    """What the fee is charged in; the quote asset where it is not named."""


class SettlementCancelled(Message, frozen=True, gc=False):
    """One side of an instruction that will not be settled, because its trade was busted; ISO 20022 cancelled by system."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    custodian: str
    venue: str
    account: str
    trade_id: int
    instrument: str


class SettlementSettled(Message, frozen=True, gc=False):
    """Both legs and the fee were posted together.

    ``pledged_after`` has the base asset, then the quote asset, then a third one in which the fee was charged.
    """

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    custodian: str
    venue: str
    account: str
    trade_id: int
    instrument: str
    pledged_after: tuple[PledgedAfter, ...]


class SettlementPartlySettled(Message, frozen=True, gc=False):
    """A part of both legs of an instruction was posted together, for one side; the rest and the fee are still to come.

    The amounts are positive, as those of the instruction are; ``pledged_after`` has the base asset, then the quote asset.
    """

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    custodian: str
    venue: str
    account: str
    trade_id: int
    instrument: str
    side: Side
    base_minor: MinorUnits
    quote_minor: MinorUnits
    pledged_after: tuple[PledgedAfter, ...]


class SettlementFailed(Message, frozen=True, gc=False):
    """An attempt failed; the instruction stays unsettled and is retried at ``retry_at``."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    custodian: str
    venue: str
    account: str
    trade_id: int
    instrument: str
    reason: SettlementFailReason
    attempts: int
    retry_at: Nanos


class TradeSettled(Message, frozen=True, gc=False):
    """Both sides of a settled instruction, and what the fee account holds after it; heard by no client."""

    audience: ClassVar[Audience] = Audience.WORLD
    custodian: str
    venue: str
    trade_id: int
    instrument: str
    buyer: str
    seller: str
    fee_account: str
    fee_asset: str
    fee_pledged_after: MinorUnits


class VariationPosted(Message, frozen=True, gc=False):
    """One cash flow of a venue's margin tick was posted between the account's pledged amount and the clearing account's."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    custodian: str
    venue: str
    account: str
    number: int
    asset: str
    amount_minor: MinorUnits
    pledged_after: MinorUnits


class ClearingPosted(Message, frozen=True, gc=False):
    """What a venue's clearing account has pledged after cash flows were posted; heard by no client."""

    audience: ClassVar[Audience] = Audience.WORLD
    custodian: str
    venue: str
    clearing_account: str
    asset: str
    pledged_after: MinorUnits


class ReconciliationBreak(Message, frozen=True, gc=False):
    """A venue's claim differs from what the ledger says it owes: ``claim_minor - expected_minor`` is the break."""

    audience: ClassVar[Audience] = Audience.WORLD
    custodian: str
    venue: str
    account: str
    asset: str
    claim_minor: MinorUnits
    expected_minor: MinorUnits


class ReconciliationCompleted(Message, frozen=True, gc=False):
    """A venue's whole statement was compared with the ledger: so many claims, so many breaks."""

    audience: ClassVar[Audience] = Audience.WORLD
    custodian: str
    venue: str
    claims: int
    breaks: int


class CustodianConditionSet(Message, frozen=True, gc=False):
    """Make a custodian misbehave until ``until``."""

    audience: ClassVar[Audience] = Audience.CONTROL
    addressed_by: ClassVar[str | None] = "component"
    component: str
    condition_id: str
    kind: CustodianConditionKind
    until: Nanos
    delay_ns: Nanos = 0
    probability_ppm: PartsPerMillion = 0
    share_ppm: PartsPerMillion = 0
    magnitude_ppm: PartsPerMillion = 0


class HoldingsQuestion(Question, frozen=True, gc=False):
    """Posted amounts of one account, or of all (``None``); answered by a tuple of HoldingLine."""

    account: str | None = None


class UnsettledQuestion(Question, frozen=True, gc=False):
    """Unsettled instructions of one account, or of all (``None``); answered by a tuple of SettlementInstructed."""

    account: str | None = None
