"""Which message goes to which channel, on which face, and what a key needs to hear it.

A message type stands in at most one channel of its face. Production channels carry production messages and nothing else;
commands are on no production channel, because they are answered by events.
"""

from __future__ import annotations

import enum
from typing import Final

from trading_ecosystem.api.caller import Scope
from trading_ecosystem.api.face import Face
from trading_ecosystem.messages import (
    custodian,
    exchange,
    margin,
    market_data,
    monitors,
    order_handling,
    risk,
    trading,
    trading_phases,
    trading_state,
    venue_conditions,
)
from trading_ecosystem.messages import test_coordination as coordination
from trading_ecosystem.messages.base import Audience, Command, Message
from trading_ecosystem.messages.envelope import MESSAGE_TYPES

SCOPE_OF_FACE: Final = {Face.PRODUCTION: Scope.READ, Face.CONTROL: Scope.CONTROL, Face.AUDIT: Scope.AUDIT}
"""What a key needs to open a stream of each face."""


class Channel(enum.StrEnum):
    """What a client subscribes to."""

    HEARTBEATS = "heartbeats"
    """Ecosystem time, once a second of it; on every face."""
    QUOTES = "quotes"
    """Best bid and offer."""
    DEPTH = "depth"
    """A snapshot of the published book, then differences."""
    TRADES = "trades"
    """Summaries of trades."""
    PRICES = "prices"
    """The vendor's reference prices."""
    CANDLES = "candles"
    """Candles as they close."""
    MARKETS = "markets"
    """Reference data, trading phases, auctions, mark prices."""
    ORDERS = "orders"
    """What became of the account's own orders."""
    FILLS = "fills"
    """The account's own fills, and what was undone of them."""
    BALANCES = "balances"
    """The account's claims on venues."""
    POSITIONS = "positions"
    """Positions of strategies and in perpetuals, margin."""
    SETTLEMENTS = "settlements"
    """The account's settlement instructions and variation margin."""
    TRANSFERS = "transfers"
    """Deposits, withdrawals, pledges and releases."""
    STRATEGIES = "strategies"
    """The account's own strategies."""
    ALERTS = "alerts"
    """Alerts of the account's risk monitor."""
    RISK = "risk"
    """Limits and exposures."""
    MONITORS = "monitors"
    """Monitors outside: registrations, and which of their reports count."""
    LIFECYCLE = "lifecycle"
    """Starts, stops, clock."""
    RUNS = "runs"
    """Scenario runs."""
    FAULTS = "faults"
    """Faults that were injected."""
    CONDITIONS = "conditions"
    """Conditions that were set, took effect and ended."""
    COMPONENTS = "components"
    """What became of components."""
    OPERATIONS = "operations"
    """What an operator did to venues and accounts."""
    ENTRIES = "entries"
    """The whole record."""


_PRODUCTION: Final[dict[Channel, tuple[type[Message], ...]]] = {
    Channel.QUOTES: (exchange.QuoteChanged,),
    Channel.DEPTH: (exchange.DepthChanged,),
    Channel.TRADES: (exchange.TradesPublished,),
    Channel.PRICES: (
        market_data.PricePublished,
        market_data.ReferenceQuotePublished,
        market_data.ConsensusReached,
        market_data.SourceSwitched,
        market_data.FeedHalted,
        market_data.FeedResumed,
    ),
    Channel.CANDLES: (market_data.CandleClosed,),
    Channel.MARKETS: (
        exchange.InstrumentListed,
        margin.PerpetualListed,
        margin.MarkPriceChanged,
        margin.LossMutualised,
        trading_phases.TradingPhaseChanged,
        trading_phases.AuctionIndicated,
        trading_phases.AuctionUncrossed,
    ),
    Channel.ORDERS: (
        exchange.OrderAccepted,
        exchange.OrderRejected,
        exchange.OrderCancelled,
        exchange.CancelRejected,
        order_handling.OrderReplaced,
        order_handling.ReplaceRejected,
        order_handling.OrderTriggered,
        order_handling.OrderRestated,
        order_handling.MassCancelReported,
        order_handling.SessionKept,
        order_handling.SessionEnded,
    ),
    Channel.FILLS: (exchange.OrderFilled, trading_phases.TradeBusted, trading_phases.TradeCorrected),
    Channel.BALANCES: (
        exchange.AccountOpened,
        exchange.ClaimChanged,
        exchange.ReleaseRejected,
        trading_phases.AccountStatusChanged,
        trading_phases.AccountOpeningRefused,
        trading_phases.DemoFundsRefused,
    ),
    Channel.POSITIONS: (
        trading.PositionChanged,
        margin.PositionReported,
        margin.MarginChanged,
        margin.MarginCalled,
        margin.LiquidationStarted,
        margin.LiquidationOrdered,
        margin.LiquidationEnded,
        margin.DeficitCovered,
    ),
    Channel.SETTLEMENTS: (
        custodian.SettlementInstructed,
        custodian.SettlementCancelled,
        custodian.SettlementPartlySettled,
        custodian.SettlementSettled,
        custodian.SettlementFailed,
        margin.VariationSettled,
        custodian.VariationPosted,
    ),
    Channel.TRANSFERS: (
        custodian.CustodyAccountOpened,
        custodian.TransferPending,
        custodian.TransferPosted,
        custodian.TransferRejected,
        custodian.HoldingsStated,
    ),
    Channel.STRATEGIES: (
        trading.StrategyStarted,
        trading.StrategyHalted,
        trading.StrategyCommandRejected,
        trading.StrategyParametersChanged,
        trading.StrategyParametersRejected,
        trading.OrderWithheld,
        trading.PositionCloseOutEnded,
        trading.StrategyMarked,
    ),
    Channel.ALERTS: (
        risk.AlertPending,
        risk.AlertPendingEnded,
        risk.AlertRaised,
        risk.AlertUpdated,
        risk.AlertAcknowledged,
        risk.AlertSilenced,
        risk.AlertSilenceEnded,
        risk.AlertEscalated,
        risk.AlertResolved,
        risk.RiskCommandRejected,
        trading_state.TradingStateChanged,
    ),
    Channel.RISK: (risk.LimitSet, risk.ExposureReported),
    Channel.MONITORS: (
        monitors.MonitorRegistered,
        monitors.MonitorRefused,
        monitors.AlertReportAccepted,
        monitors.AlertReportRefused,
    ),
}
_CONTROL: Final[dict[Channel, tuple[type[Message], ...]]] = {
    Channel.RUNS: (coordination.RunStarted, coordination.RunEnded),
    Channel.FAULTS: (
        coordination.FaultInjected,
        coordination.FaultPlanned,
        coordination.FaultRefused,
        coordination.FaultCleared,
    ),
    Channel.LIFECYCLE: (coordination.Resumed,),
    Channel.CONDITIONS: (
        market_data.PriceConditionSet,
        market_data.FeedConditionSet,
        market_data.VolatilityConditionSet,
        market_data.CorrelationConditionSet,
        market_data.DivergenceConditionSet,
        market_data.FeedCorruptionSet,
        custodian.CustodianConditionSet,
        venue_conditions.VenueConditionSet,
        coordination.LinkConditionSet,
        coordination.LinkConditionApplied,
        coordination.ConditionTookEffect,
        coordination.ConditionEnded,
        coordination.ConditionCleared,
    ),
}


def _in_control(kind: type[Message]) -> Channel:
    """The channel of a control message: as it stands above, by a word of its name, or with what operators do."""
    for channel, kinds in _CONTROL.items():
        if kind in kinds:
            return channel
    for word, channel in (("Fault", Channel.FAULTS), ("Component", Channel.COMPONENTS)):
        if word in kind.__name__:
            return channel
    return Channel.OPERATIONS


CHANNEL_OF: Final[dict[type[Message], Channel]] = {
    **{kind: channel for channel, kinds in _PRODUCTION.items() for kind in kinds},
    **{kind: _in_control(kind) for kind in MESSAGE_TYPES.values() if kind.audience is Audience.CONTROL},
}
"""Where each message type is heard, production or control; the audit face has the entries themselves."""

PRIVATE: Final = frozenset(
    channel
    for channel, kinds in _PRODUCTION.items()
    if all(kind.private and "account" in kind.__struct_fields__ for kind in kinds)
)
"""Channels about accounts; only the owner of an account hears them."""

CHANNELS: Final[dict[Face, frozenset[Channel]]] = {
    Face.PRODUCTION: frozenset({*_PRODUCTION, Channel.HEARTBEATS}),
    Face.CONTROL: frozenset({*_CONTROL, Channel.COMPONENTS, Channel.OPERATIONS, Channel.HEARTBEATS}),
    Face.AUDIT: frozenset({Channel.ENTRIES, Channel.HEARTBEATS}),
}
"""What each face offers."""


def unheard() -> list[str]:
    """Production events that stand on no channel; a test holds this empty."""
    return [
        name
        for name, kind in MESSAGE_TYPES.items()
        if kind.audience is Audience.PRODUCTION and not issubclass(kind, Command) and kind not in CHANNEL_OF
    ]
