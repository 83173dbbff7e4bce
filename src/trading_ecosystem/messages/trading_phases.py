"""Phases of trading, auctions, and the venue's operator: what halts a market, busts or corrects a trade, restricts an account.

An operator's commands have the audience ``control``: no client sends or hears them. What follows from them is production.
"""

from __future__ import annotations

import enum
from typing import ClassVar

from trading_ecosystem.messages.base import Audience, Command, Message, Question, Row
from trading_ecosystem.messages.orders import Side, TradingPhase
from trading_ecosystem.messages.units import Lots, MinorUnits, Nanos, Ticks


class PhaseReason(enum.StrEnum):
    """Why the phase changed."""

    SCHEDULED = "scheduled"
    """By the trading calendar."""
    PRICE_MOVED = "price_moved"
    """A trade would have left the price band: a volatility interruption."""
    REQUESTED = "requested"
    """By the venue's operator."""
    EXTENDED = "extended"
    """The auction's price was too far from the reference; it goes on."""


class TradingPhaseChanged(Message, frozen=True, gc=False):
    """FIX SecurityStatus (f): a market is in another phase; ``until`` is when that is due to end, 0 where that is open."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    venue: str
    instrument: str
    phase: TradingPhase
    reason: PhaseReason
    until: Nanos


class AuctionIndicated(Message, frozen=True, gc=False):
    """What an auction would do if it ended now; 0 where nothing would trade. ``surplus_side`` has more than the other."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    venue: str
    instrument: str
    price_ticks: Ticks
    volume_lots: Lots
    surplus_lots: Lots
    surplus_side: Side | None


class AuctionUncrossed(Message, frozen=True, gc=False):
    """An auction ended at one price; 0 where nothing traded."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    venue: str
    instrument: str
    phase: TradingPhase
    price_ticks: Ticks
    volume_lots: Lots
    surplus_lots: Lots
    surplus_side: Side | None


class HaltTrading(Command, frozen=True, gc=False):
    """The operator halts an instrument until it is resumed; orders rest, and may only be cancelled."""

    audience: ClassVar[Audience] = Audience.CONTROL
    addressed_by: ClassVar[str | None] = "venue"
    venue: str
    instrument: str


class ResumeTrading(Command, frozen=True, gc=False):
    """The operator lets an instrument trade again, after an auction where the venue holds one."""

    audience: ClassVar[Audience] = Audience.CONTROL
    addressed_by: ClassVar[str | None] = "venue"
    venue: str
    instrument: str


class TradeCommandRejectReason(enum.StrEnum):
    """Why a trade is not busted or corrected; checked in this order."""

    UNKNOWN_TRADE = "unknown_trade"
    ALREADY_BUSTED = "already_busted"
    TOO_LATE = "too_late"
    """It is due to settle, or has settled."""
    INVALID_PRICE = "invalid_price"
    INSUFFICIENT_CLAIM = "insufficient_claim"
    """A party no longer has what it would have to give back."""


class BustTrade(Command, frozen=True, gc=False):
    """The operator declares a trade null and void, before it settles."""

    audience: ClassVar[Audience] = Audience.CONTROL
    addressed_by: ClassVar[str | None] = "venue"
    venue: str
    instrument: str
    trade_id: int


class CorrectTrade(Command, frozen=True, gc=False):
    """The operator gives a trade another price, before it settles."""

    audience: ClassVar[Audience] = Audience.CONTROL
    addressed_by: ClassVar[str | None] = "venue"
    venue: str
    instrument: str
    trade_id: int
    price_ticks: Ticks


class TradeCommandRejected(Message, frozen=True, gc=False):
    """A trade stays as it is."""

    audience: ClassVar[Audience] = Audience.CONTROL
    venue: str
    instrument: str
    trade_id: int
    reason: TradeCommandRejectReason


class TradeBusted(Message, frozen=True, gc=False):
    """FIX ExecutionReport (8), ExecType Trade Cancel, one side's view: this fill is undone, its fee included.

    The order does not come back: what the fill took from its quantity stays taken.
    """

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    venue: str
    account: str
    client_order_id: str
    order_id: int
    execution_id: int
    """A new one; ``busted_execution_id`` is the fill's."""
    busted_execution_id: int
    trade_id: int
    instrument: str
    side: Side
    price_ticks: Ticks
    quantity_lots: Lots
    fee_asset: str
    fee_minor: MinorUnits


class TradeCorrected(Message, frozen=True, gc=False):
    """FIX ExecutionReport (8), ExecType Trade Correct, one side's view: the fill has another price and fee from now on."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    venue: str
    account: str
    client_order_id: str
    order_id: int
    execution_id: int
    """A new one; ``corrected_execution_id`` is the fill's, or that of its last correction."""
    corrected_execution_id: int
    trade_id: int
    instrument: str
    side: Side
    price_before_ticks: Ticks
    fee_before_minor: MinorUnits
    price_ticks: Ticks
    quantity_lots: Lots
    fee_asset: str
    fee_minor: MinorUnits


class MatchCancelled(Message, frozen=True, gc=False):
    """A match is undone, said to the custodian: its instruction is cancelled."""

    audience: ClassVar[Audience] = Audience.WORLD
    addressed_by: ClassVar[str | None] = "custodian"
    custodian: str
    venue: str
    instrument: str
    trade_id: int


class MatchCorrected(Message, frozen=True, gc=False):
    """A match has another price and fees, said to the custodian: its instruction changes."""

    audience: ClassVar[Audience] = Audience.WORLD
    addressed_by: ClassVar[str | None] = "custodian"
    custodian: str
    venue: str
    instrument: str
    trade_id: int
    price_ticks: Ticks
    quote_minor: MinorUnits
    buyer_fee_minor: MinorUnits
    seller_fee_minor: MinorUnits


class AccountStatus(enum.StrEnum):
    """What an account of a venue may do."""

    ACTIVE = "active"
    """Everything."""
    SUSPENDED = "suspended"
    """Cancel orders, nothing else; its open orders were cancelled when it was suspended."""
    CLOSED = "closed"
    """Give back what is available, nothing else; for good."""


class KycStatus(enum.StrEnum):
    """How far a customer is known (KYC); a venue may ask for ``VERIFIED`` before it takes orders or releases assets."""

    NONE = "none"
    PENDING = "pending"
    VERIFIED = "verified"
    REFUSED = "refused"


class SetAccountStatus(Command, frozen=True, gc=False):
    """The operator gives an open account another status; a closed one stays closed."""

    audience: ClassVar[Audience] = Audience.CONTROL
    addressed_by: ClassVar[str | None] = "venue"
    venue: str
    account: str
    status: AccountStatus
    kyc: KycStatus


class AccountStatusChanged(Message, frozen=True, gc=False):
    """An account's status, as it is from now on."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    venue: str
    account: str
    status: AccountStatus
    kyc: KycStatus


class AccountOpeningRefused(Message, frozen=True, gc=False):
    """An account was not opened: its name is none, or its master has as many sub-accounts as it may."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    venue: str
    account: str


class AskDemoFunds(Command, frozen=True, gc=False):
    """The demo faucet: have the venue's stated amount of an asset deposited and pledged; only where the venue offers it.

    With ``reset`` the account's orders are cancelled first, and what it has beyond the stated amount is taken back.
    """

    audience: ClassVar[Audience] = Audience.PRODUCTION
    addressed_by: ClassVar[str | None] = "venue"
    venue: str
    account: str
    request_id: str
    asset: str
    reset: bool = False


class DemoFundsRefused(Message, frozen=True, gc=False):
    """The faucet gives nothing: the venue has none, not of this asset, the account is unknown, or asks again too early."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    venue: str
    account: str
    request_id: str
    asset: str
    retry_at: Nanos


class DemoFundsGranted(Message, frozen=True, gc=False):
    """Said to the custodian: deposit this from outside and pledge it to the venue, as two ordinary transfers."""

    audience: ClassVar[Audience] = Audience.WORLD
    addressed_by: ClassVar[str | None] = "custodian"
    custodian: str
    venue: str
    account: str
    request_id: str
    asset: str
    amount_minor: MinorUnits


class PhasesQuestion(Question, frozen=True, gc=False):
    """What the market of one instrument is doing, or each (``None``); answered by a tuple of MarketPhase."""

    instrument: str | None = None


class MarketPhase(Row, frozen=True, gc=False):
    """The phase that an instrument's market is in; ``until`` is when that is due to end, 0 where that is open."""

    instrument: str
    phase: TradingPhase
    until: Nanos
