"""A small scenario."""

from __future__ import annotations

import pytest

from trading_ecosystem.adapters.scenario_files import parse_scenario
from trading_ecosystem.domains.test_coordination.scenario import Scenario

SMALL = """\
title: Small
duration: 2h
faults:
  - {id: depeg, kind: stablecoin_depeg, at: 30m, magnitude: -0.05, hold: 10m}
expectations:
  - {fault: depeg, alert: stablecoin_depeg, within: 1m}
"""


@pytest.fixture
def small_scenario() -> Scenario:
    return parse_scenario(SMALL, "small.yaml")
