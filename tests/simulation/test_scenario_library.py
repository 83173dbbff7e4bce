"""Every scenario of the library holds on many seeds; conservation is asserted in each; a miss is reported as a miss."""

from __future__ import annotations

import pytest
from tests.campaign import CAMPAIGN, seeds

import trading_ecosystem
from trading_ecosystem.adapters.scenario_library import library
from trading_ecosystem.messages.audit import DetectionOutcome

# In `make test` long scenarios run shortened, where shortening leaves their faults and expectations inside.
SHORTER = {} if CAMPAIGN else {"quiet_day": ("duration=2h", "clean_periods.0.until=2h")}
FAULTED = ("market_crash", "settlement_delay", "stale_feed", "unnoticed_depeg", "stablecoin_depeg", "perp_squeeze")


def test_the_library_is_what_is_tested_here():
    assert sorted(library()) == sorted((*FAULTED, "quiet_day"))


@pytest.mark.parametrize("seed", seeds(1, 20))
@pytest.mark.parametrize("name", FAULTED)
def test_a_faulted_scenario_passes_its_own_expectations(name, seed):
    result = trading_ecosystem.run(name, seed=seed)
    assert result.verdict.unexpected == ()
    assert result.passed, result.verdict
    assert result.audit is not None
    assert result.audit.conservation == ()
    (score,) = result.audit.detections
    if name == "unnoticed_depeg":
        assert score.outcome is DetectionOutcome.MISSED
        assert score.alert_at is None
        assert 0 < score.peak < score.threshold
    else:
        assert score.outcome is DetectionOutcome.DETECTED
        assert 0 <= score.time_to_detect_ns <= score.sla_ns


@pytest.mark.parametrize("seed", seeds(3, 100))
def test_a_quiet_day_raises_no_alert(seed):
    result = trading_ecosystem.run("quiet_day", seed=seed, overrides=SHORTER.get("quiet_day", ()))
    assert result.audit is not None
    assert result.audit.alerts == ()
    assert result.audit.conservation == ()
    assert result.passed
