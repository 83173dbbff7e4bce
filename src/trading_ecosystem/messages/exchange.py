"""What a venue says and hears. Order words are FIX's, in whole Python words."""

from __future__ import annotations

import enum
from typing import ClassVar

from trading_ecosystem.messages.base import Audience, Command, Message, Question, Row
from trading_ecosystem.messages.book_words import Level as Level
from trading_ecosystem.messages.orders import (
    CancelReason,
    CancelRejectReason,
    Liquidity,
    OrderTerms,
    OrderType,
    RejectReason,
    Side,
    TimeInForce,
)
from trading_ecosystem.messages.units import Lots, MinorUnits, Nanos, PartsPerMillion, Ticks


class ClaimReason(enum.StrEnum):
    """Why an account's claim on a venue changed."""

    PLEDGED = "pledged"
    RELEASED = "released"
    HELD = "held"
    RETURNED = "returned"
    TRADED = "traded"
    FEE = "fee"
    BUSTED = "busted"
    """A trade was undone."""
    CORRECTED = "corrected"
    """A trade's price or fee was corrected."""
    MARGIN = "margin"
    """Held for positions in perpetuals, or no longer."""
    VARIATION = "variation"
    """Gains, losses and fees of perpetuals were paid."""


class ClaimLine(Row, frozen=True, gc=False):
    """One account's claim on a venue in one asset."""

    account: str
    asset: str
    available_minor: MinorUnits
    held_minor: MinorUnits


class OpenAccount(Command, frozen=True, gc=False):
    """Open an account on a venue; opening it again is answered in the same way."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    addressed_by: ClassVar[str | None] = "venue"
    venue: str
    account: str


class PlaceOrder(Command, frozen=True, gc=False):
    """FIX NewOrderSingle (D). ``price_ticks`` is 0 for a market order."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    addressed_by: ClassVar[str | None] = "venue"
    venue: str
    account: str
    client_order_id: str
    instrument: str
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    price_ticks: Ticks
    quantity_lots: Lots
    post_only: bool = False
    terms: OrderTerms | None = None
    """The rare ones; most orders have none."""


class CancelOrder(Command, frozen=True, gc=False):
    """FIX OrderCancelRequest (F), naming the order by its client order id."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    addressed_by: ClassVar[str | None] = "venue"
    venue: str
    account: str
    client_order_id: str


class ReleaseAssets(Command, frozen=True, gc=False):
    """Give back an available claim to the custodian, where it becomes free."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    addressed_by: ClassVar[str | None] = "venue"
    venue: str
    account: str
    transfer_id: str
    asset: str
    amount_minor: MinorUnits


class AccountOpened(Message, frozen=True, gc=False):
    """An account exists on a venue from now on."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    venue: str
    account: str


class InstrumentListed(Message, frozen=True, gc=False):
    """Reference data of an instrument on a venue: scales, fees, settlement cycle."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    venue: str
    instrument: str
    base: str
    quote: str
    tick_size: MinorUnits
    lot_size: MinorUnits
    maker_fee_ppm: PartsPerMillion
    taker_fee_ppm: PartsPerMillion
    settlement_cycle_ns: Nanos


class OrderAccepted(Message, frozen=True, gc=False):
    """FIX ExecutionReport (8), ExecType New: the order is live and its funds are held."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    venue: str
    account: str
    client_order_id: str
    order_id: int
    instrument: str
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    price_ticks: Ticks
    quantity_lots: Lots
    post_only: bool
    terms: OrderTerms | None = None


class OrderRejected(Message, frozen=True, gc=False):
    """FIX ExecutionReport (8), ExecType Rejected. ``retry_at`` is 0 unless the account is rate-limited."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    venue: str
    account: str
    client_order_id: str
    instrument: str
    reason: RejectReason
    retry_at: Nanos = 0


class OrderFilled(Message, frozen=True, gc=False):
    """FIX ExecutionReport (8), ExecType Trade: one side's view of a trade, without the counterparty.

    The fee is charged in ``fee_asset`` and settles together with both legs, due at ``settles_at``.
    """

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    venue: str
    account: str
    client_order_id: str
    order_id: int
    execution_id: int
    trade_id: int
    instrument: str
    side: Side
    price_ticks: Ticks
    quantity_lots: Lots
    cumulative_lots: Lots
    leaves_lots: Lots
    liquidity: Liquidity
    fee_asset: str
    fee_minor: MinorUnits
    settles_at: Nanos


class OrderCancelled(Message, frozen=True, gc=False):
    """FIX ExecutionReport (8), ExecType Canceled: ``leaves_lots`` left the book."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    venue: str
    account: str
    client_order_id: str
    order_id: int
    instrument: str
    cumulative_lots: Lots
    leaves_lots: Lots
    reason: CancelReason


class CancelRejected(Message, frozen=True, gc=False):
    """FIX OrderCancelReject (9)."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    venue: str
    account: str
    client_order_id: str
    reason: CancelRejectReason
    retry_at: Nanos = 0
    """When to try again, where the account is rate-limited."""


class ClaimChanged(Message, frozen=True, gc=False):
    """An account's claim on a venue, after one change. The sum of both is what the venue owes the account.

    ``line`` numbers the changes of all claims on one venue, from 1 on: its ledger.
    """

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    venue: str
    account: str
    asset: str
    available_after: MinorUnits
    held_after: MinorUnits
    reason: ClaimReason
    line: int = 0


class ReleaseRejected(Message, frozen=True, gc=False):
    """A release was refused: the available claim is smaller, the account unknown, or the amount not positive."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    venue: str
    account: str
    transfer_id: str
    asset: str
    amount_minor: MinorUnits


class QuoteChanged(Message, frozen=True, gc=False):
    """Best bid and offer at a publication; 0 lots at 0 ticks where a side is empty."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    venue: str
    instrument: str
    update: int
    bid_ticks: Ticks
    bid_lots: Lots
    ask_ticks: Ticks
    ask_lots: Lots


class DepthChanged(Message, frozen=True, gc=False):
    """The best levels of both sides at a publication, nearest first. Book updates first…last are contained in it."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    venue: str
    instrument: str
    first_update: int
    last_update: int
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


class TradesPublished(Message, frozen=True, gc=False):
    """Summary of all trades since the last publication; trade ids rise by one per instrument."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    venue: str
    instrument: str
    first_trade_id: int
    last_trade_id: int
    volume_lots: Lots
    buyer_initiated_lots: Lots
    high_ticks: Ticks
    low_ticks: Ticks
    last_ticks: Ticks


class TradeMatched(Message, frozen=True, gc=False):
    """A match in which at least one side is a named account, with both parties; heard by the custodian."""

    audience: ClassVar[Audience] = Audience.WORLD
    addressed_by: ClassVar[str | None] = "custodian"
    custodian: str
    venue: str
    trade_id: int
    instrument: str
    price_ticks: Ticks
    quantity_lots: Lots
    aggressor: Side
    buyer: str
    seller: str
    buyer_order_id: int
    seller_order_id: int
    base_asset: str
    base_minor: MinorUnits
    quote_asset: str
    quote_minor: MinorUnits
    buyer_fee_minor: MinorUnits
    seller_fee_minor: MinorUnits
    fee_account: str
    matched_at: Nanos
    settles_at: Nanos
    fee_asset: str = ""
    """What both fees are charged in; the quote asset where it is not named."""


class ClaimReleased(Message, frozen=True, gc=False):
    """A venue gave up a claim; the custodian is to turn the pledge into free assets. ``number`` rises per venue."""

    audience: ClassVar[Audience] = Audience.WORLD
    addressed_by: ClassVar[str | None] = "custodian"
    custodian: str
    venue: str
    number: int
    account: str
    transfer_id: str
    asset: str
    amount_minor: MinorUnits


class ClaimsReported(Message, frozen=True, gc=False):
    """A venue's statement of every claim, for reconciliation; ``pledges_applied`` counts pledges of this custodian."""

    audience: ClassVar[Audience] = Audience.WORLD
    addressed_by: ClassVar[str | None] = "custodian"
    custodian: str
    venue: str
    pledges_applied: int
    claims: tuple[ClaimLine, ...]


class ListingsQuestion(Question, frozen=True, gc=False):
    """What is listed; answered by a tuple of InstrumentListed, and a PerpetualListed for each perpetual."""


class DepthQuestion(Question, frozen=True, gc=False):
    """The book of one instrument, ``levels`` deep; answered by a DepthChanged."""

    instrument: str
    levels: int = 10


class ClaimsQuestion(Question, frozen=True, gc=False):
    """Claims of one account, or of all (``None``); answered by a tuple of ClaimLine."""

    account: str | None = None


class ClaimLedgerQuestion(Question, frozen=True, gc=False):
    """The latest changes of one account's claims, in one asset or in all; answered by a tuple of ClaimChanged, oldest first."""

    account: str
    asset: str | None = None


class OpenOrdersQuestion(Question, frozen=True, gc=False):
    """Live orders of one account; answered by a tuple of OrderAccepted with ``quantity_lots`` = leaves."""

    account: str
