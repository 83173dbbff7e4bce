"""What a venue says of a perpetual: mark prices, positions, margin, variation and liquidation.

A perpetual is linear and settles in cash. An account's *position* is a signed number of lots; its *carried value* is what
these lots were bought for, less what they were sold for, since the last variation, when it was position times mark. Every
margin tick the venue pays *variation* through its clearing account: position times the new mark less the carried value, so
that each trade is settled from its price to the mark and each standing position from mark to mark. Fees of the fills since
the last tick are paid with it. The sums over all accounts, the venue's own included, are zero: of positions, of carried
values, and of every variation.

*Equity* is the account's claim in the quote asset at the venue, without what its orders in other instruments hold, plus
variation not yet paid. *Initial margin* is asked of whoever opens or enlarges a position, *maintenance margin* of whoever
keeps one; both are shares of position times mark. The words are those of CPMI-IOSCO's Principles for Financial Market
Infrastructures and of FIX (PositionReport AP).
"""

from __future__ import annotations

import enum
from typing import ClassVar

from trading_ecosystem.messages.base import Audience, Message, Question, Row
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import Lots, MinorUnits, Nanos, PartsPerMillion, Ticks


class LiquidationOutcome(enum.StrEnum):
    """How a liquidation ended."""

    MARGIN_RESTORED = "margin_restored"
    """The equity covers the maintenance margin of what is left."""
    FLAT = "flat"
    """Nothing is left."""


class VariationLine(Row, frozen=True, gc=False):
    """What one position is paid for one margin tick, before anything that could not be paid.

    ``variation_minor`` is position times mark less the carried value, ``fee_minor`` what its fills since the last tick cost;
    from now on the position is carried at position times mark.
    """

    instrument: str
    mark_ticks: Ticks
    position_lots: Lots
    variation_minor: MinorUnits
    fee_minor: MinorUnits


class CashFlow(Row, frozen=True, gc=False):
    """What an account receives (positive) or pays (negative) through a venue's clearing account."""

    account: str
    amount_minor: MinorUnits


class PerpetualListed(Message, frozen=True, gc=False):
    """The margin terms of a perpetual on a venue, beside its ``InstrumentListed``."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    venue: str
    instrument: str
    initial_margin_ppm: PartsPerMillion
    maintenance_margin_ppm: PartsPerMillion
    margin_every_ns: Nanos


class MarkContributed(Message, frozen=True, gc=False):
    """The middle of a venue's own book just before a margin tick, for the mark prices of the other venues."""

    audience: ClassVar[Audience] = Audience.WORLD
    venue: str
    instrument: str
    mid_ticks: Ticks


class MarkPriceChanged(Message, frozen=True, gc=False):
    """The price at which a venue values positions from now on: the median of so many ``sources``."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    venue: str
    instrument: str
    mark_ticks: Ticks
    sources: int


class PerpetualMatched(Message, frozen=True, gc=False):
    """A match in a perpetual in which at least one side is a named account, with both parties; nothing is delivered."""

    audience: ClassVar[Audience] = Audience.WORLD
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
    quote_asset: str
    buyer_fee_minor: MinorUnits
    seller_fee_minor: MinorUnits
    matched_at: Nanos
    settles_at: Nanos


class PositionReported(Message, frozen=True, gc=False):
    """FIX PositionReport (AP): an account's position after a trade, what it is carried at, and fees not yet paid."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    venue: str
    account: str
    instrument: str
    position_lots: Lots
    carried_minor: MinorUnits
    fees_due_minor: MinorUnits


class VariationSettled(Message, frozen=True, gc=False):
    """An account's claim was changed by variation and fees. ``number`` rises by one per venue and margin tick.

    ``due_minor`` is what its lines come to, ``settled_minor`` what its claim changed by: more than is due where others covered
    a deficit of its, less where it covered one or shared a loss. The custodian follows with ``VariationPosted``.
    """

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    venue: str
    account: str
    number: int
    asset: str
    lines: tuple[VariationLine, ...]
    due_minor: MinorUnits
    settled_minor: MinorUnits


class VariationInstructed(Message, frozen=True, gc=False):
    """Every cash flow of one margin tick, summing to zero; the custodian posts each through the clearing account."""

    audience: ClassVar[Audience] = Audience.WORLD
    addressed_by: ClassVar[str | None] = "custodian"
    custodian: str
    venue: str
    number: int
    asset: str
    clearing_account: str
    flows: tuple[CashFlow, ...]


class MarginChanged(Message, frozen=True, gc=False):
    """Where an account with a position stands after a margin tick; ``held_minor`` is the margin held of its claim."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    venue: str
    account: str
    asset: str
    equity_minor: MinorUnits
    initial_minor: MinorUnits
    maintenance_minor: MinorUnits
    held_minor: MinorUnits


class MarginCalled(Message, frozen=True, gc=False):
    """The equity fell below the initial margin: it may not open more, and is liquidated below the maintenance margin.

    Said once, until the equity has covered the initial margin again.
    """

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    venue: str
    account: str
    asset: str
    shortfall_minor: MinorUnits


class LiquidationStarted(Message, frozen=True, gc=False):
    """The equity is below the maintenance margin: every order of the account is cancelled, and its positions are closed."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    venue: str
    account: str
    number: int
    equity_minor: MinorUnits
    maintenance_minor: MinorUnits


class LiquidationOrdered(Message, frozen=True, gc=False):
    """The venue sends an order to close some of a position, immediate or cancel, not beyond ``limit_ticks``."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    venue: str
    account: str
    number: int
    order_id: int
    instrument: str
    side: Side
    quantity_lots: Lots
    limit_ticks: Ticks


class LiquidationEnded(Message, frozen=True, gc=False):
    """The account is no longer liquidated."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    venue: str
    account: str
    number: int
    outcome: LiquidationOutcome


class DeficitCovered(Message, frozen=True, gc=False):
    """An account could not pay its variation, and one of the venue's own accounts paid this much of it."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    venue: str
    account: str
    number: int
    asset: str
    covered_by: str
    amount_minor: MinorUnits


class LossMutualised(Message, frozen=True, gc=False):
    """The venue's own accounts could not cover every deficit of a margin tick: those who gained were paid this much less."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    venue: str
    number: int
    asset: str
    amount_minor: MinorUnits


class PositionsQuestion(Question, frozen=True, gc=False):
    """Positions in perpetuals of one account, or of all (``None``); answered by a tuple of PositionReported."""

    account: str | None = None
