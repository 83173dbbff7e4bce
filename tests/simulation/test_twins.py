"""A clean twin and a faulted run of one seed say the same production and world messages until the fault's onset."""

from __future__ import annotations

import msgspec
import pytest
from tests.campaign import CAMPAIGN, seeds

import trading_ecosystem
from trading_ecosystem.messages.base import Audience
from trading_ecosystem.messages.test_coordination import GroundTruthLabelled

HEARD_BY_CLIENTS_AND_SIMULATORS = {Audience.PRODUCTION, Audience.WORLD}
LIBRARY = {
    "market_crash": ("duration=2h",),
    "settlement_delay": (),
    "stale_feed": (),
    "stablecoin_depeg": ("duration=9h", "faults.depeg.hold=10m", "faults.depeg.recovery=10m"),
}
"""Scenarios of the library, shortened; every kind of fault has its twin in the test of blindness."""


def said(result, until):
    """Production and world messages before an instant, as bytes, without sequence and envelope."""
    return [
        (entry.at, entry.sender, msgspec.json.encode(entry.message))
        for entry in result.entries()
        if entry.at < until and entry.message.audience in HEARD_BY_CLIENTS_AND_SIMULATORS
    ]


@pytest.mark.parametrize("seed", seeds(1, 20))
@pytest.mark.parametrize(("name", "overrides"), list(LIBRARY.items())[: None if CAMPAIGN else 1])
def test_twins_agree_until_onset_and_not_after(name, overrides, seed):
    faulted = trading_ecosystem.run(name, seed=seed, overrides=overrides)
    clean = trading_ecosystem.run(name, seed=seed, overrides=overrides, faults=False)
    assert faulted.audit is not None
    assert clean.audit is not None
    assert faulted.audit.conservation == clean.audit.conservation == ()
    labels = [entry for entry in faulted.entries() if isinstance(entry.message, GroundTruthLabelled)]
    onset = labels[0].message.onset_at
    assert onset > faulted.scenario.starts_at
    before = said(faulted, onset)
    assert len(before) > 1000
    assert before == said(clean, onset)
    end = faulted.scenario.starts_at + faulted.scenario.duration_ns
    assert said(faulted, end) != said(clean, end)
