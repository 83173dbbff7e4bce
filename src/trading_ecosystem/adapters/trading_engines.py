"""The trading engine that a scenario needs: with its own strategies, and hearing what they ask for."""

from __future__ import annotations

from trading_ecosystem.adapters.own_strategies.loading import kinds_with
from trading_ecosystem.adapters.scenario_parameters import firm_of, trading_parameters
from trading_ecosystem.domains.test_coordination.scenario import Scenario
from trading_ecosystem.domains.trading.attentive import engine_for
from trading_ecosystem.domains.trading.component import Trading
from trading_ecosystem.ports.randomness import Randomness


def trading_engine(name: str, scenario: Scenario, randomness: Randomness) -> Trading:
    """The firm's trading engine, under the name of its component."""
    parameters = trading_parameters(scenario)
    engine = engine_for(parameters, kinds_with(scenario.strategies))
    return engine(name, parameters, randomness, frozenset({firm_of(scenario)}))
