"""A trading engine that hears more: the tape of trades and the firm's alerts, for strategies that ask for either.

It is an engine of its own and not the ordinary one, because what nobody asked for should not travel: over a link with latency
or a fault every delivery counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from trading_ecosystem.domains.trading.component import Trading
from trading_ecosystem.domains.trading.containment import attempted
from trading_ecosystem.domains.trading.desk import Desk, SaidList
from trading_ecosystem.domains.trading.kinds import KINDS, StrategyKind, settings_of
from trading_ecosystem.domains.trading.parameters import TradingParameters
from trading_ecosystem.messages.exchange import TradesPublished
from trading_ecosystem.messages.risk import AlertRaised
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.component import Said


class AttentiveTrading(Trading):
    """The engine, with published trades and the firm's alerts among what it hears."""

    hears: ClassVar[dict[type[Any], str]] = {
        **Trading.hears,
        TradesPublished: "trades_published",
        AlertRaised: "alert_raised",
    }

    def _watch(self) -> None:
        super()._watch()
        self.trade_watchers: dict[tuple[str, str], list[Desk]] = {}
        self.alert_watchers: list[Desk] = []
        for desk in self.desks.values():
            for pair in desk.watched("trades_watched"):
                self.trade_watchers.setdefault(pair, []).append(desk)
            if attempted(desk.strategy.alerts_watched)[0]:
                self.alert_watchers.append(desk)

    def trades_published(self, message: TradesPublished, now: Nanos) -> Said:
        """Tell those who watch what traded."""
        return self._told(self.trade_watchers.get((message.venue, message.instrument), ()), "trades_published", message, now)

    def alert_raised(self, message: AlertRaised, now: Nanos) -> Said:
        """Tell those who watch alerts."""
        return self._told(self.alert_watchers, "alert_raised", message, now)

    def _told(self, watchers: tuple[()] | list[Desk], callback: str, message: Any, now: Nanos) -> Said:
        said: SaidList = []
        for desk in watchers:
            if desk.is_running:
                said += desk.ask(callback, (message,), now)
        return said


def engine_for(parameters: TradingParameters, kinds: Mapping[str, StrategyKind] = KINDS) -> type[Trading]:
    """The ordinary engine, or the attentive one where a strategy watches trades or alerts; with these kinds of strategies."""
    engine: type[Trading] = Trading
    for strategy in parameters.strategies:
        built = kinds[strategy.kind].strategy(settings_of(strategy.kind, strategy.settings, kinds))
        if built.alerts_watched() or tuple(built.trades_watched()):
            engine = AttentiveTrading
    return engine if kinds is KINDS else type(engine.__name__, (engine,), {"kinds": kinds})
