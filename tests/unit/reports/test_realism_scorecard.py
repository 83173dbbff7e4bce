"""The scorecard: distances over noise, intervals, the baseline, and the zero-intelligence market behind it."""

from __future__ import annotations

import math

import pytest
from msgspec.structs import replace
from tests.unit.reports.synthetic_tapes import stream, tape_of_returns

from trading_ecosystem.adapters.calibration.sightings import sightings
from trading_ecosystem.adapters.recordings.event_tape import EventTape
from trading_ecosystem.adapters.recordings.lobster_tape import stock
from trading_ecosystem.adapters.recordings.tape_series import Action, actions
from trading_ecosystem.messages.units import MINUTE, SECOND
from trading_ecosystem.ports.errors import BadInput
from trading_ecosystem.reports.realism.samples import Sample
from trading_ecosystem.reports.realism.scorecard import Measured, Scorecard, measure, scorecard
from trading_ecosystem.reports.realism.zero_intelligence import (
    ZeroIntelligence,
    ZeroIntelligenceMarket,
    fit_zero_intelligence,
)

NUMBERS = ZeroIntelligence(limits_per_tick=0.05, takers=0.4, cancels_per_order=0.2, lots=100, reach_ticks=60, mid_ticks=10_000)
LENGTH = 20 * MINUTE


def zero_intelligence_tape(numbers: ZeroIntelligence, purpose: str) -> EventTape:
    return ZeroIntelligenceMarket(numbers, stock("TEST"), stream(purpose)).run(0, LENGTH)


def measured(name: str, tape: EventTape, start: int = 0, end: int = LENGTH) -> Measured:
    return measure(name, Sample(tape, start, end))


@pytest.fixture(scope="module")
def card() -> Scorecard:
    quiet = replace(NUMBERS, limits_per_tick=0.03, takers=0.8)
    real = zero_intelligence_tape(NUMBERS, "real")
    halves = measured("first", real, 0, LENGTH // 2), measured("second", real, LENGTH // 2, LENGTH)
    generated = measured("generated", zero_intelligence_tape(NUMBERS, "generated"))
    baseline = measured("baseline", zero_intelligence_tape(quiet, "baseline"))
    return scorecard(generated, baseline, *halves, stream("bootstrap"), resamples=40)


def test_a_market_of_the_same_law_scores_about_one(card: Scorecard) -> None:
    scores = {row.statistic.key: row.score for row in card.scored()}
    assert card.within(3.0) == 10, scores
    assert 0.5 < math.exp(math.fsum(math.log(score) for score in scores.values()) / 10) < 1.5, scores


def test_a_market_of_another_law_is_farther_where_it_differs(card: Scorecard) -> None:
    rows = {row.statistic.key: row for row in card.rows}
    for key in ("spread", "depth", "mix", "arrivals"):
        assert rows[key].is_nearer, key
        assert rows[key].baseline_score > 3.0, key
        assert rows[key].nearer > 0.95, key


def test_intervals_surround_what_they_are_about(card: Scorecard) -> None:
    for row in card.scored():
        low, high = row.score_interval
        assert low <= row.score <= high, row.statistic.key
        for value, (below, above) in zip(row.real, row.real_interval, strict=True):
            assert below <= above
            assert below - 0.5 * (above - below) - 1e-9 <= value <= above + 0.5 * (above - below) + 1e-9, row.statistic.key


def test_the_same_seed_gives_the_same_card() -> None:
    draws = stream("repeat")
    sample = measured("sample", tape_of_returns([100 * draws.normal() for _ in range(600)]), 0, 600 * SECOND)
    first, second = (scorecard(sample, sample, sample, sample, stream("bootstrap"), resamples=5) for _ in range(2))
    assert repr(first.rows) == repr(second.rows)


def test_a_sample_has_no_distance_from_itself() -> None:
    real = measured("real", zero_intelligence_tape(NUMBERS, "self"))
    card = scorecard(real, real, real, real, stream("bootstrap"), resamples=10)
    for row in card.scored():
        assert row.distance == row.halves == row.baseline_distance == 0.0
        assert row.noise > 0.0
        assert not row.is_nearer


def test_the_fit_of_zero_intelligence_finds_its_own_numbers() -> None:
    fitted = fit_zero_intelligence(zero_intelligence_tape(NUMBERS, "fit"), MINUTE, LENGTH)
    assert fitted.lots == NUMBERS.lots
    assert fitted.takers == pytest.approx(NUMBERS.takers, rel=0.15)
    # What crosses at once never rests, so a few limit orders of the band are takers on the tape.
    assert fitted.limits_per_tick == pytest.approx(NUMBERS.limits_per_tick, rel=0.15)
    # The mean life of those that are cancelled is shorter than that of all, some of which trade.
    assert NUMBERS.cancels_per_order * 0.9 < fitted.cancels_per_order < NUMBERS.cancels_per_order * 1.6
    assert fitted.reach_ticks == pytest.approx(0.9 * NUMBERS.reach_ticks, abs=4)


def test_zero_intelligence_books_are_never_crossed() -> None:
    tape = zero_intelligence_tape(NUMBERS, "crossed")
    assert all(bid < ask for bid, ask in zip(tape.bids, tape.asks, strict=True) if bid and ask)
    assert len(tape) > 5_000


def test_every_row_is_an_action_or_the_rest_of_one() -> None:
    tape = zero_intelligence_tape(NUMBERS, "actions")
    found = actions(tape)
    assert len(found) == len(tape)
    seen = sightings(tape, 0, LENGTH)
    takers = sum(action == Action.TAKE for action in found)
    assert len(seen.trades) in range(takers - 3, takers + 1)


def test_too_small_a_sample_is_refused() -> None:
    empty = EventTape(stock("TEST"))
    with pytest.raises(BadInput, match="expected at least"):
        fit_zero_intelligence(empty, 0, LENGTH)
    with pytest.raises(BadInput, match="expected at least"):
        sightings(empty, 0, LENGTH)
