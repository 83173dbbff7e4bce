"""The kinds of strategies there are, and what a person may ask of each: the edge of this domain."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

import msgspec

from trading_ecosystem.domains.trading.arbitrage import Arbitrage, ArbitrageSettings
from trading_ecosystem.domains.trading.capital_shares import shares_by_account
from trading_ecosystem.domains.trading.containment import attempted, told
from trading_ecosystem.domains.trading.library.avellaneda_stoikov import AvellanedaStoikov, AvellanedaStoikovSettings
from trading_ecosystem.domains.trading.library.carry import Carry, CarrySettings
from trading_ecosystem.domains.trading.library.execution.iceberg import Iceberg, IcebergSettings
from trading_ecosystem.domains.trading.library.execution.participation import Pov, PovSettings
from trading_ecosystem.domains.trading.library.execution.scheduled import (
    ImplementationShortfall,
    ImplementationShortfallSettings,
    Twap,
    TwapSettings,
    Vwap,
    VwapSettings,
)
from trading_ecosystem.domains.trading.library.grid import Grid, GridSettings
from trading_ecosystem.domains.trading.library.inventory_skew import InventorySkew, InventorySkewSettings
from trading_ecosystem.domains.trading.library.mean_reversion import MeanReversion, MeanReversionSettings
from trading_ecosystem.domains.trading.library.pairs import Pairs, PairsSettings
from trading_ecosystem.domains.trading.library.triangular import Triangular, TriangularSettings
from trading_ecosystem.domains.trading.market_making import MarketMaking, MarketMakingSettings
from trading_ecosystem.domains.trading.misbehaving import (
    CorrelationBreaker,
    CorrelationBreakerSettings,
    RiskIgnorant,
    RiskIgnorantSettings,
    Runaway,
    RunawaySettings,
    SlowLeak,
    SlowLeakSettings,
    VolatilityAmplifier,
    VolatilityAmplifierSettings,
)
from trading_ecosystem.domains.trading.momentum import Momentum, MomentumSettings
from trading_ecosystem.domains.trading.parameters import StrategyParameters, TradingParameters
from trading_ecosystem.domains.trading.rebalancing import Rebalancing, RebalancingSettings
from trading_ecosystem.domains.trading.scripted import Scripted, ScriptedSettings
from trading_ecosystem.domains.trading.settings import SettingsError, expectations, read_settings
from trading_ecosystem.domains.trading.strategy import Strategy
from trading_ecosystem.messages.base import master_of
from trading_ecosystem.messages.units import INSTRUMENTS

LONGEST_STRATEGY_NAME: Final = 24
"""Characters of a strategy's name: with ``-`` and a counter it must fit a client order id of 36."""

_MOST_PAIRS: Final = 10_000
"""Of what a strategy may say that it watches."""


class StrategyKind(msgspec.Struct, frozen=True):
    """A class of strategies and the Struct of its settings (field types from :mod:`.settings`)."""

    settings: type[msgspec.Struct]
    strategy: type[Strategy]


KINDS: Final[Mapping[str, StrategyKind]] = {
    "market_making": StrategyKind(MarketMakingSettings, MarketMaking),
    "momentum": StrategyKind(MomentumSettings, Momentum),
    "arbitrage": StrategyKind(ArbitrageSettings, Arbitrage),
    "avellaneda_stoikov": StrategyKind(AvellanedaStoikovSettings, AvellanedaStoikov),
    "inventory_skew": StrategyKind(InventorySkewSettings, InventorySkew),
    "grid": StrategyKind(GridSettings, Grid),
    "mean_reversion": StrategyKind(MeanReversionSettings, MeanReversion),
    "pairs": StrategyKind(PairsSettings, Pairs),
    "triangular": StrategyKind(TriangularSettings, Triangular),
    "carry": StrategyKind(CarrySettings, Carry),
    "twap": StrategyKind(TwapSettings, Twap),
    "vwap": StrategyKind(VwapSettings, Vwap),
    "implementation_shortfall": StrategyKind(ImplementationShortfallSettings, ImplementationShortfall),
    "pov": StrategyKind(PovSettings, Pov),
    "iceberg": StrategyKind(IcebergSettings, Iceberg),
    "rebalancing": StrategyKind(RebalancingSettings, Rebalancing),
    "scripted": StrategyKind(ScriptedSettings, Scripted),
    "runaway": StrategyKind(RunawaySettings, Runaway),
    "risk_ignorant": StrategyKind(RiskIgnorantSettings, RiskIgnorant),
    "volatility_amplifier": StrategyKind(VolatilityAmplifierSettings, VolatilityAmplifier),
    "correlation_breaker": StrategyKind(CorrelationBreakerSettings, CorrelationBreaker),
    "slow_leak": StrategyKind(SlowLeakSettings, SlowLeak),
}
"""The built-in kinds, by the word used in scenarios."""


def settings_of(kind: str, settings: dict[str, str], kinds: Mapping[str, StrategyKind] = KINDS) -> Any:
    """The typed settings of a kind.

    Raises :class:`SettingsError`, a ``ValueError`` of one line that names the unknown kind, or the unknown, missing or
    unreadable setting and the accepted ones.
    """
    if kind not in kinds:
        raise SettingsError("", f"unknown strategy kind {kind!r}; expected one of: {', '.join(kinds)}")
    return read_settings(kind, kinds[kind].settings, settings)


def pairs_of(kind: StrategyKind, settings: Any) -> tuple[tuple[str, str], ...]:
    """Every (venue, instrument) that a strategy of these settings trades, or watches quotes or trades of; the venue is empty
    for a price that it watches.

    Raises :class:`SettingsError`, a ``ValueError`` of one line, where the strategy cannot be made, or says something else: its
    code may be anybody's.
    """
    pairs, error = attempted(_pairs, kind.strategy, settings)
    if error is not None:
        raise SettingsError("", f"strategy {kind.strategy.__name__} cannot be made of its settings: {told(error)}")
    found: tuple[tuple[str, str], ...] = pairs
    return found


def _pairs(strategy_class: type[Strategy], settings: Any) -> tuple[tuple[str, str], ...]:
    if strategy_class.allowance is not None:
        strategy_class.allowance.refill()
    strategy = strategy_class(settings)
    pairs = [("", symbol) for symbol in strategy.prices_watched()]
    for watched in (strategy.quotes_watched(), strategy.trades_watched(), strategy.pairs_traded()):
        pairs += [(venue, symbol) for venue, symbol in islice(watched, _MOST_PAIRS)]
    for pair in pairs:
        if type(pair[0]) is not str or type(pair[1]) is not str:
            raise TypeError(f"it watches {pair!r}, which is no venue and instrument")
    return tuple(pairs)


def settings_expected(kind: str, kinds: Mapping[str, StrategyKind] = KINDS) -> dict[str, str]:
    """What each setting of a kind is expected to be, by name; raises ``KeyError`` for an unknown kind."""
    return expectations(kinds[kind].settings)


def check_parameters(parameters: TradingParameters, kinds: Mapping[str, StrategyKind] = KINDS) -> TradingParameters:
    """Return the parameters, or raise ``ValueError`` in one line about the first thing that cannot be used."""
    for symbol in parameters.instruments:
        if symbol not in INSTRUMENTS:
            raise ValueError(f"unknown instrument {symbol}; expected one of: {', '.join(INSTRUMENTS)}")
    for further in (parameters.price_collar_ppm, parameters.max_messages_per_second):
        if further is not None and further <= 0:
            raise ValueError("the price collar and the message rate of trading must be positive where they are given")
    limits = (parameters.max_order_notional_usd_minor, parameters.max_open_orders, parameters.max_position_usd_minor)
    if parameters.mark_every_ns <= 0 or min(limits) <= 0:
        raise ValueError("the marking interval and the own limits of trading must be positive")
    names: list[str] = []
    for strategy in parameters.strategies:
        check_strategy(parameters, strategy, kinds)
        if strategy.name in names:
            raise ValueError(f"two strategies are named {strategy.name}")
        names.append(strategy.name)
    shares_by_account(parameters.strategies)
    return parameters


def check_strategy(parameters: TradingParameters, strategy: StrategyParameters, kinds: Mapping[str, StrategyKind]) -> Any:
    """The typed settings of one strategy; raises ``ValueError`` in one line about the first thing that cannot be used."""
    if not 1 <= len(strategy.name) <= LONGEST_STRATEGY_NAME:
        raise ValueError(f"strategy name {strategy.name!r}: expected 1 to {LONGEST_STRATEGY_NAME} characters")
    if master_of(strategy.account) != parameters.firm:
        raise ValueError(f"strategy {strategy.name}: account {strategy.account} does not belong to {parameters.firm}")
    if strategy.starts_after_ns is not None and strategy.starts_after_ns < 0:
        raise ValueError(f"strategy {strategy.name}: it cannot start before the ecosystem does")
    settings = settings_of(strategy.kind, strategy.settings, kinds)
    for venue, symbol in pairs_of(kinds[strategy.kind], settings):
        if (venue and venue not in parameters.venues) or symbol not in parameters.instruments:
            raise ValueError(f"strategy {strategy.name}: {symbol} at {venue} is not traded in this ecosystem")
    return settings
