"""What the engine answers when it is asked: positions and strategies as they stand."""

from __future__ import annotations

from collections.abc import Iterable

from trading_ecosystem.domains.trading.desk import Desk
from trading_ecosystem.domains.trading.parameter_changes import parameters_of
from trading_ecosystem.messages.trading import PositionChanged, StrategyStanding


def positions(desks: Iterable[Desk], strategy: str | None) -> tuple[PositionChanged, ...]:
    """Every position that was ever opened, of one strategy or of all; empty for a strategy that is not loaded."""
    return tuple(
        desk.position_changed(position)
        for desk in desks
        if strategy in (None, desk.name)
        for position in desk.portfolio.positions.values()
    )


def strategies(desks: Iterable[Desk]) -> tuple[StrategyStanding, ...]:
    """Every loaded strategy as it stands."""
    return tuple(
        StrategyStanding(desk.account, desk.name, desk.parameters.kind, desk.is_running, parameters_of(desk.parameters))
        for desk in desks
    )
