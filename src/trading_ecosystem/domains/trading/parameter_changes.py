"""Other parameters for a strategy: checked as those of a scenario are, all of them, before anything changes."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from trading_ecosystem.domains.trading.kinds import StrategyKind, check_strategy
from trading_ecosystem.domains.trading.parameters import StrategyParameters, TradingParameters
from trading_ecosystem.domains.trading.settings import SettingsError
from trading_ecosystem.messages.trading import (
    ChangeStrategyParameters,
    StrategyCommandRejectReason,
    StrategyParameter,
    StrategyParametersRejected,
)


def changed_parameters(
    engine: TradingParameters,
    strategy: StrategyParameters,
    command: ChangeStrategyParameters,
    kinds: Mapping[str, StrategyKind],
) -> StrategyParameters | StrategyParametersRejected:
    """The strategy with the new values beside what it had, or why it cannot have them."""
    given = {one.name: one.value for one in command.parameters}
    changed = msgspec.structs.replace(strategy, settings={**strategy.settings, **given})
    try:
        check_strategy(engine, changed, kinds)
    except ValueError as error:
        setting = error.setting if isinstance(error, SettingsError) else ""
        return _rejected(command, StrategyCommandRejectReason.INVALID_PARAMETERS, setting, str(error))
    return changed


def unknown_strategy(command: ChangeStrategyParameters) -> StrategyParametersRejected:
    """No strategy of that name trades for that account."""
    detail = f"no strategy {command.strategy} trades for {command.account}"
    return _rejected(command, StrategyCommandRejectReason.UNKNOWN_STRATEGY, "", detail)


def parameters_of(strategy: StrategyParameters) -> tuple[StrategyParameter, ...]:
    """What a strategy was given, by name."""
    return tuple(StrategyParameter(name, value) for name, value in sorted(strategy.settings.items()))


def _rejected(
    command: ChangeStrategyParameters, reason: StrategyCommandRejectReason, parameter: str, detail: str
) -> StrategyParametersRejected:
    return StrategyParametersRejected(command.account, command.strategy, reason, parameter, detail)
