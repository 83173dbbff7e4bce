"""What folds the record of a scenario: audit, told what the record cannot say about the links to the monitor."""

from __future__ import annotations

from fnmatch import fnmatchcase

from trading_ecosystem.adapters.scenario_parameters import firm_of, latency_rules, risk_parameters
from trading_ecosystem.domains.audit.correlator import Audit
from trading_ecosystem.domains.risk.component import Risk
from trading_ecosystem.domains.test_coordination.scenario import RISK, Scenario
from trading_ecosystem.runtime.links import LatenciesAgain
from trading_ecosystem.runtime.randomness import SeededRandomness


def audit_of(scenario: Scenario, seed: int) -> Audit:
    """Audit of a record that this scenario made with this seed; it has read nothing yet."""
    firm, rules = firm_of(scenario), latency_rules(scenario)
    latency_of = None
    if any(fnmatchcase(RISK, rule.receivers) for rule in rules):
        randomness = SeededRandomness(seed)
        monitor = Risk(RISK, risk_parameters(scenario), randomness, frozenset({firm}))
        latency_of = LatenciesAgain(monitor, rules, randomness)
    instruments = scenario.ecosystem.market_data.instruments
    return Audit(firm, monitor=RISK, instruments=instruments, latency_of=latency_of)
