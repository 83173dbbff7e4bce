"""Everything that a venue may say."""

from __future__ import annotations

from typing import Final

from trading_ecosystem.messages import exchange, margin, order_handling, trading_phases
from trading_ecosystem.messages.base import Message

SAYS: Final[tuple[type[Message], ...]] = (
    exchange.InstrumentListed,
    exchange.AccountOpened,
    exchange.OrderAccepted,
    exchange.OrderRejected,
    exchange.OrderFilled,
    exchange.OrderCancelled,
    exchange.CancelRejected,
    exchange.ClaimChanged,
    exchange.ReleaseRejected,
    exchange.QuoteChanged,
    exchange.DepthChanged,
    exchange.TradesPublished,
    exchange.TradeMatched,
    exchange.ClaimReleased,
    exchange.ClaimsReported,
    margin.PerpetualListed,
    margin.MarkContributed,
    margin.MarkPriceChanged,
    margin.PerpetualMatched,
    margin.PositionReported,
    margin.VariationSettled,
    margin.VariationInstructed,
    margin.MarginChanged,
    margin.MarginCalled,
    margin.LiquidationStarted,
    margin.LiquidationOrdered,
    margin.LiquidationEnded,
    margin.DeficitCovered,
    margin.LossMutualised,
    order_handling.OrderReplaced,
    order_handling.ReplaceRejected,
    order_handling.MassCancelReported,
    order_handling.OrderTriggered,
    order_handling.OrderRestated,
    order_handling.SessionKept,
    order_handling.SessionEnded,
    trading_phases.TradingPhaseChanged,
    trading_phases.AuctionIndicated,
    trading_phases.AuctionUncrossed,
    trading_phases.TradeBusted,
    trading_phases.TradeCorrected,
    trading_phases.TradeCommandRejected,
    trading_phases.MatchCancelled,
    trading_phases.MatchCorrected,
    trading_phases.AccountStatusChanged,
    trading_phases.AccountOpeningRefused,
    trading_phases.DemoFundsRefused,
    trading_phases.DemoFundsGranted,
)
