"""Every statistic finds what was planted in a tape."""

from __future__ import annotations

import math

import pytest
from tests.unit.reports.synthetic_tapes import (
    MID,
    stream,
    tape_of_gaps,
    tape_of_returns,
    tape_of_states,
    tape_of_trades,
)

from trading_ecosystem.adapters.recordings.event_tape import ASK, BID, EventKind, EventTape
from trading_ecosystem.messages.units import MINUTE, SECOND, Nanos
from trading_ecosystem.reports.realism.flow_statistics import slope
from trading_ecosystem.reports.realism.samples import Sample, added, quantiles
from trading_ecosystem.reports.realism.statistic import Statistic
from trading_ecosystem.reports.realism.table import SCORED, STATISTICS

BY_KEY = {statistic.key: statistic for statistic in STATISTICS}


def values(key: str, tape: EventTape, seconds: int) -> dict[str, float]:
    """A statistic's numbers on the first seconds of a tape, by the words of its grid."""
    statistic: Statistic = BY_KEY[key]
    sample = Sample(tape, 0, seconds * SECOND)
    found = statistic.values(added(statistic.collect(sample)))
    assert len(found) == len(statistic.grid)
    return dict(zip(statistic.grid, found, strict=True))


def test_ten_are_scored_and_come_first() -> None:
    assert SCORED == 10
    assert [statistic.scored for statistic in STATISTICS] == [True] * 10 + [False] * (len(STATISTICS) - 10)
    assert len(BY_KEY) == len(STATISTICS)
    assert all(statistic.definition and statistic.source and statistic.unit for statistic in STATISTICS)


def test_kurtosis_of_normal_and_of_laplace_returns() -> None:
    draws = stream("normal")
    normal = tape_of_returns([100 * draws.normal() for _ in range(12_000)])
    found = values("kurtosis", normal, 12_000)
    assert found["1 s"] == pytest.approx(0.0, abs=0.2)
    assert found["10 s"] == pytest.approx(0.0, abs=0.4)
    laplace = tape_of_returns([draws.exponential(100) * draws.choice((-1, 1)) for _ in range(12_000)])
    found = values("kurtosis", laplace, 12_000)
    assert found["1 s"] == pytest.approx(3.0, abs=0.6)
    assert found["10 s"] == pytest.approx(0.3, abs=0.4)


@pytest.mark.parametrize("index", [2.0, 3.0, 5.0])
def test_hill_finds_the_index_of_pareto_returns(index: float) -> None:
    draws = stream(f"pareto {index}")
    tape = tape_of_returns([20 * (1 - draws.uniform()) ** (-1 / index) * draws.choice((-1, 1)) for _ in range(12_000)])
    assert values("tail", tape, 12_000)["index"] == pytest.approx(index, rel=0.12)


def test_autocorrelation_of_an_autoregression() -> None:
    draws, move, moves = stream("autoregression"), 0.0, []
    for _ in range(12_000):
        move = -0.4 * move + 100 * draws.normal()
        moves.append(move)
    found = values("return_memory", tape_of_returns(moves), 12_000)
    assert found["lag 1 s"] == pytest.approx(-0.4, abs=0.03)
    assert found["lag 2 s"] == pytest.approx(0.16, abs=0.03)
    assert found["lag 10 s"] == pytest.approx(0.0, abs=0.03)


def test_clustering_of_a_volatility_that_changes_every_minute() -> None:
    draws = stream("clustering")
    moves = [draws.normal() * (300 if second // 60 % 2 else 100) for second in range(12_000)]
    found = values("clustering", tape_of_returns(moves), 12_000)
    # Var E|x| over Var |x|, with E|x| = s sqrt(2/pi) and E x^2 = s^2; at lag 30 half of the pairs are in different minutes.
    between = (2 / math.pi) * 100.0**2
    total = (100.0**2 + 300.0**2) / 2 - ((100 + 300) / 2 * math.sqrt(2 / math.pi)) ** 2
    assert found["lag 1 s"] == pytest.approx(between / total, abs=0.04)
    assert found["lag 30 s"] == pytest.approx(0.0, abs=0.04)
    assert found["lag 60 s"] == pytest.approx(-between / total, abs=0.04)


def test_leverage_has_the_sign_that_was_planted() -> None:
    draws, moves, calm = stream("leverage"), [], True
    for _ in range(12_000):
        moves.append(draws.normal() * (50 if calm else 200))
        calm = moves[-1] > 0
    assert values("leverage", tape_of_returns(moves), 12_000)["mean"] < -0.02
    assert values("leverage", tape_of_returns([-move for move in moves]), 12_000)["mean"] > 0.02


def test_shares_of_zero_returns() -> None:
    tape = tape_of_returns([200.0 if second % 4 == 0 else 0.0 for second in range(600)])
    found = values("zeros", tape, 600)
    assert found["1 s"] == pytest.approx(0.75)
    assert found["10 s"] == 0.0


def test_spread_and_depth_are_weighted_by_time() -> None:
    tape = tape_of_states([(90, 1_000, 40), (30, 8_000, 400)] * 20)
    spread = values("spread", tape, 2_400)
    assert spread["5 %"] == pytest.approx(1e6 * 1_000 / MID, rel=0.04)
    assert spread["65 %"] == pytest.approx(1e6 * 1_000 / MID, rel=0.04)
    assert spread["85 %"] == pytest.approx(1e6 * 8_000 / MID, rel=0.04)
    depth = values("depth", tape, 2_400)
    assert depth["best, 45 %"] == pytest.approx(40, rel=0.04)
    assert depth["best, 95 %"] == pytest.approx(400, rel=0.04)
    assert depth["5 levels, 45 %"] == pytest.approx(80, rel=0.04)
    assert depth["5 levels, 95 %"] == pytest.approx(800, rel=0.04)


def test_event_mix_counts_a_sweep_once_and_leaves_hidden_executions_out() -> None:
    tape = EventTape(tape_of_gaps([]).instrument)
    best = (100, 10, 110, 10)
    rows = [
        (EventKind.ADD, BID, 90),
        (EventKind.ADD, BID, 105),
        (EventKind.ADD, ASK, 110),
        (EventKind.ADD, ASK, 120),
        (EventKind.DELETE, BID, 100),
        (EventKind.REDUCE, ASK, 130),
        (EventKind.EXECUTE_HIDDEN, BID, 101),
    ]
    for second, (kind, side, price) in enumerate(rows):
        tape.append(second * SECOND, kind, side, price, 5, best)
    for price in (110, 111, 112):
        tape.append(20 * SECOND, EventKind.EXECUTE, ASK, price, 5, best)
    mix = values("mix", tape, 60)
    assert mix == pytest.approx(dict(zip(mix, (1 / 6, 1 / 6, 1 / 6, 1 / 6, 1 / 6, 1 / 6), strict=True)))
    shares = values("shares", tape, 60)
    assert shares["executions"] == pytest.approx(4 / 10)
    assert shares["deletes to adds"] == pytest.approx(1 / 4)
    assert shares["hidden"] == pytest.approx(1 / 4)


def test_exponential_arrivals() -> None:
    draws = stream("arrivals")
    tape = tape_of_gaps([int(draws.exponential(0.1 * SECOND)) for _ in range(11_900)])
    seconds = tape.times[-1] // MINUTE * 60
    assert values("variation", tape, seconds)["variation"] == pytest.approx(1.0, abs=0.04)
    found = values("arrivals", tape, seconds)
    for share in (0.05, 0.25, 0.45, 0.75, 0.95):
        assert found[f"{round(100 * share)} %"] == pytest.approx(-0.1 * math.log(1 - share), rel=0.08)


def test_arrivals_faster_than_a_microsecond_are_one_decision() -> None:
    tape = tape_of_gaps([1, 999, SECOND // 2] * 200)
    assert values("arrivals", tape, 60)["5 %"] == pytest.approx(0.5, rel=0.1)


def test_sign_memory_of_a_chain() -> None:
    draws, sign, signs = stream("signs"), 1, []
    for _ in range(12_000):
        sign = sign if draws.uniform() < 0.8 else -sign
        signs.append(sign)
    tape = tape_of_trades(signs, [10] * len(signs), [0] * len(signs))
    for key, unit in (("sign_memory", "trades"), ("row_signs", "rows")):
        found = values(key, tape, 12_000)
        assert found[f"lag 1 {unit}"] == pytest.approx(0.6, abs=0.03)
        assert found[f"lag 10 {unit}"] == pytest.approx(0.6**10, abs=0.03)


def test_exponent_of_a_power_law() -> None:
    lags = (1, 2, 3, 5, 7, 10)
    assert slope(lags, [0.7 * lag**-0.6 for lag in lags]) == pytest.approx(-0.6)
    assert math.isnan(slope(lags[:2], [1.0, 0.5]))


def test_impact_by_size_and_its_lags() -> None:
    draws, signs, lots, moves = stream("impact"), [], [], []
    for _ in range(12_000):
        signs.append(draws.choice((-1, 1)))
        lots.append(draws.choice((25, 100, 400)))
        moves.append(signs[-1] * round(1_000 * math.sqrt(lots[-1] / 100)))
    found = values("impact", tape_of_trades(signs, lots, moves), 12_000)
    mean = 175.0
    assert found["size < 0.25 x mean"] == pytest.approx(1e6 * 500 / MID, rel=0.15)
    assert found["size < 0.75 x mean"] == pytest.approx(1e6 * 1_000 / MID, rel=0.1)
    assert found["size < 3.0 x mean"] == pytest.approx(1e6 * 2_000 / MID, rel=0.1)
    assert 400 / mean < 3.0
    # Signs are independent, so the mean move of one trade stays and those of others cancel.
    assert found["lag 1 trades"] == pytest.approx(1e6 * (500 + 1_000 + 2_000) / 3 / MID, rel=0.05)
    assert found["lag 20 trades"] == pytest.approx(found["lag 1 trades"], rel=0.5)


def test_a_size_that_nobody_trades_counts_as_the_mean() -> None:
    found = values("impact", tape_of_trades([1, -1] * 300, [10] * 600, [100, -100] * 300), 600)
    assert found["size < 0.25 x mean"] == found["lag 1 trades"] == found["size < 1.5 x mean"]


def test_too_little_to_measure_is_not_a_number() -> None:
    tape = tape_of_returns([0.0] * 60)
    for key in ("tail", "sign_memory", "impact", "variation"):
        assert BY_KEY[key].distance([math.nan] * len(BY_KEY[key].grid), [1.0] * len(BY_KEY[key].grid)) == math.inf
    assert math.isnan(values("tail", tape, 60)["index"])
    assert math.isnan(values("sign_memory", tape, 60)["lag 1 trades"])


def test_quantiles_lie_within_their_bins() -> None:
    assert quantiles({0: 1.0, 10: 1.0}, (0.25, 0.75), float) == [0.0, 10.0]
    assert math.isnan(quantiles({}, (0.5,), float)[0])


def test_blocks_add_up_to_the_whole() -> None:
    draws = stream("blocks")
    tape = tape_of_returns([100 * draws.normal() for _ in range(600)])
    coarse: Nanos = 10 * MINUTE
    for statistic in STATISTICS:
        whole = added(statistic.collect(Sample(tape, 0, 600 * SECOND, coarse)))
        parts = added(statistic.collect(Sample(tape, 0, 600 * SECOND)))
        assert whole.keys() == parts.keys()
        assert all(whole[key] == pytest.approx(parts[key], rel=1e-9, abs=1e-6) for key in whole), statistic.key
