"""The generated market against the recorded Apple hour: fitted to the first half, scored on the second, beside a baseline.

The recording lies outside the project; without it these tests skip. ``test_flow_impact`` tests the shipped set without it.
"""

from __future__ import annotations

import math

import pytest
from tests.campaign import CAMPAIGN, recorded_market, seeds

from trading_ecosystem.adapters.calibration.flow_calibration import calibrate
from trading_ecosystem.adapters.calibration.parameter_files import read_calibrated_flow
from trading_ecosystem.adapters.recordings.event_tape import EventTape
from trading_ecosystem.adapters.recordings.tape_reading import read_tape
from trading_ecosystem.messages.units import MINUTE, SECOND
from trading_ecosystem.reports.realism.comparison import compare, halves_of
from trading_ecosystem.reports.realism.samples import Sample, added
from trading_ecosystem.reports.realism.scorecard_text import BOUND
from trading_ecosystem.reports.realism.table import STATISTICS

APPLE_HOUR = "lobster/AAPL_2012-06-21_34200000_37800000_message_50.csv.gz"
WITHIN, NEARER = 7, 8
"""Of ten statistics: so many within three times the noise, so many nearer than the baseline."""


@pytest.fixture(scope="module")
def hour() -> EventTape:
    return read_tape(recorded_market(APPLE_HOUR))


@pytest.mark.parametrize("seed", seeds(1, 5))
def test_the_fitted_market_is_near_the_second_half(hour: EventTape, seed: int) -> None:
    card = compare(hour, seed=seed, resamples=400 if CAMPAIGN else 100)
    told = {row.statistic.key: (round(row.score, 2), row.is_nearer, row.score_interval) for row in card.scored()}
    assert len(told) == 10
    assert card.within(BOUND) >= WITHIN, told
    assert card.nearer() >= NEARER, told
    for row in card.scored():
        low, high = row.score_interval
        assert 0.0 < low <= high < math.inf, row.statistic.key
        assert 0.0 < row.noise < math.inf, row.statistic.key


def test_the_halves_are_the_two_half_hours(hour: EventTape) -> None:
    halves = halves_of(hour)
    assert (halves.start, halves.middle, halves.end) == (34_200 * SECOND, 36_000 * SECOND, 37_800 * SECOND)
    assert halves.block == MINUTE


def test_the_shipped_set_is_what_the_first_half_gives(hour: EventTape) -> None:
    halves = halves_of(hour)
    assert calibrate(hour, halves.start, halves.middle, "apple") == read_calibrated_flow("apple").parameters


def test_the_recorded_signs_are_like_the_published_ones(hour: EventTape) -> None:
    """Apple is not Amazon, and nothing is fitted to Amazon; the order of magnitude tells that they are measured alike."""
    halves = halves_of(hour)
    sample = Sample(hour, halves.start, halves.end)
    by_key = {statistic.key: statistic for statistic in STATISTICS}
    signs = by_key["row_signs"].values(added(by_key["row_signs"].collect(sample)))
    assert signs[0] == pytest.approx(0.72, abs=0.1)
    assert signs[1] == pytest.approx(0.205, abs=0.1)
    variation = by_key["variation"].values(added(by_key["variation"].collect(sample)))
    assert variation[0] == pytest.approx(3.2, rel=0.15)
