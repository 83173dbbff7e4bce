"""The estimators find what was planted: in numbers, in synthetic sightings, and in a market that the flow itself played."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
import pytest
from tests.unit.reports.synthetic_tapes import stream

from trading_ecosystem.adapters.calibration.arithmetic import least_squares, quantile_table
from trading_ecosystem.adapters.calibration.behaviour import fit_memory, fit_sizes
from trading_ecosystem.adapters.calibration.flow_calibration import RECORDED, calibrate
from trading_ecosystem.adapters.calibration.parameter_files import (
    CalibratedFlow,
    read_calibrated_flow,
    shipped_sets,
    write_calibrated_flow,
)
from trading_ecosystem.adapters.calibration.sightings import Sightings
from trading_ecosystem.adapters.recordings.lobster_tape import stock
from trading_ecosystem.adapters.recordings.tape_series import Trade
from trading_ecosystem.domains.exchange.flow.flow_parameters import KINDS, FlowParameters
from trading_ecosystem.messages.units import MINUTE, SECOND
from trading_ecosystem.ports.errors import BadInput
from trading_ecosystem.reports.realism.generated import WARM_UP, generated_tape
from trading_ecosystem.runtime.randomness import SeededRandomness

APPLE = stock("AAPL")
PRICE = 58_563 * APPLE.tick_size


def test_quantile_tables_hold_the_distribution() -> None:
    table = quantile_table([float(value) for value in range(1, 10_001)], 11)
    assert table[0] == pytest.approx(250, rel=0.3)
    assert table[5] == pytest.approx(5_000, rel=0.01)
    assert table[-1] == pytest.approx(9_750, rel=0.01)
    assert list(table) == sorted(table)
    assert quantile_table([], 11) == ()


def test_least_squares_finds_coefficients_and_leaves_negative_ones_out() -> None:
    draws = stream("regression")
    rows = [[1.0, draws.normal(), draws.normal()] for _ in range(3_000)]
    targets = [2.0 * row[0] + 0.5 * row[1] + 0.1 * draws.normal() for row in rows]
    assert least_squares(rows, targets) == pytest.approx([2.0, 0.5, 0.0], abs=0.02)
    against = [2.0 * row[0] - 0.5 * row[1] for row in rows]
    assert least_squares(rows, against)[1] == 0.0


def test_the_memory_of_signs_is_found() -> None:
    draws, trades = stream("memory"), []
    weights, times = (0.5, 0.0, 0.3, 0.0), RECORDED.memory.sign_trades
    means = [0.0] * 4
    for number in range(8_000):
        expected = math.fsum(weight * mean for weight, mean in zip(weights, means, strict=True))
        sign = 1 if draws.uniform() < 0.5 + 0.5 * expected else -1
        means = [math.exp(-1 / time) * mean + (1 - math.exp(-1 / time)) * sign for time, mean in zip(times, means, strict=True)]
        trades.append(Trade(number, sign, 10, 100, 100, 10))
    base = msgspec.structs.replace(RECORDED.memory, share_ppm=1_000_000)
    fitted = fit_memory(Sightings(0, 1, [], trades), base).sign_ppm
    assert fitted[0] == pytest.approx(500_000, abs=100_000)
    assert sum(fitted[1:]) == pytest.approx(300_000, abs=120_000)


def test_what_takers_take_is_counted() -> None:
    trades = [Trade(number, 1, 10, 200, 200, 10) for number in range(60)]
    trades += [Trade(number, 1, 4, 200, 200, 10) for number in range(30)]
    trades += [Trade(number, -1, 15, 20_000, 19_998, 10) for number in range(10)]
    fitted = fit_sizes(Sightings(0, 1, [], trades), APPLE, RECORDED.sizes)
    assert (fitted.whole_ppm, fitted.beyond_ppm) == (600_000, 100_000)
    # The mid moved by one tick of 10,000, so the best price moved by two.
    assert fitted.take_reach_ppm == 200


@pytest.fixture(scope="module")
def played() -> tuple[FlowParameters, FlowParameters]:
    """What a market was played from, and what is fitted to it."""
    truth = read_calibrated_flow("apple").parameters
    tape = generated_tape(truth, APPLE, PRICE, 15 * MINUTE, SeededRandomness(3))
    return truth, calibrate(tape, WARM_UP, WARM_UP + 15 * MINUTE, "again")


def test_a_played_market_is_fitted_to_what_it_was_played_from(played: tuple[FlowParameters, FlowParameters]) -> None:
    truth, fitted = played
    assert fitted.timing.mean_interval_ns == pytest.approx(truth.timing.mean_interval_ns, rel=0.35)
    # Who wants a size of his own and finds just less takes all of it too, and is counted with the others.
    assert fitted.sizes.whole_ppm == pytest.approx(truth.sizes.whole_ppm, rel=0.35)
    assert dict(fitted.sizes.order_notional)["USD"] == pytest.approx(dict(truth.sizes.order_notional)["USD"], rel=0.1)
    middle = len(truth.placement.behind_ppm) // 2
    assert fitted.placement.behind_ppm[middle] == pytest.approx(truth.placement.behind_ppm[middle], rel=0.25)
    assert fitted.placement.cancel_power == pytest.approx(truth.placement.cancel_power, abs=2)
    assert fitted.placement.orders == pytest.approx(truth.placement.orders, rel=0.35)
    first, again = (memory.sign_ppm[0] * memory.share_ppm for memory in (truth.memory, fitted.memory))
    assert again == pytest.approx(first, rel=0.5)


def test_a_fit_has_everything_a_flow_needs(played: tuple[FlowParameters, FlowParameters]) -> None:
    _, fitted = played
    assert len(fitted.reaction.weights) == len(fitted.reaction.spread_edges_ppm) + 1
    for row in fitted.reaction.weights:
        assert len(row) == len(fitted.reaction.imbalance_edges_ppm) + 1
        assert all(len(kinds) == KINDS and min(kinds) >= 0 and sum(kinds) > 0 for kinds in row)
    for table in (fitted.timing.interval_ppm, fitted.placement.behind_ppm, fitted.placement.narrow_ppm, fitted.sizes.limit_ppm):
        assert list(table) == sorted(table)
        assert table[0] >= 1
    assert list(fitted.reaction.spread_edges_ppm) == sorted(set(fitted.reaction.spread_edges_ppm))
    assert all(after > 0 for after in fitted.timing.after_ppm)
    assert len(generated_tape(fitted, APPLE, PRICE, MINUTE, SeededRandomness(1), warm_up=10 * SECOND)) > 100


@pytest.mark.parametrize("name", ["set.json", "set.yaml"])
def test_a_file_is_read_as_it_was_written(tmp_path: Path, name: str) -> None:
    flow = CalibratedFlow("a test", 1_800, 40_000, RECORDED)
    write_calibrated_flow(tmp_path / name, flow)
    assert read_calibrated_flow(str(tmp_path / name)) == flow


def test_what_is_wrong_with_a_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"expected a file or one of: .*apple"):
        read_calibrated_flow("nowhere")
    for text in ("{", '{"about": 1}', '{"about": "", "seconds": 1, "events": 1, "parameters": {}, "more": 1}'):
        (tmp_path / "bad.json").write_text(text)
        with pytest.raises(BadInput, match="does not hold flow parameters"):
            read_calibrated_flow(str(tmp_path / "bad.json"))


def test_shipped_sets_say_what_they_are() -> None:
    assert "apple" in shipped_sets()
    for name in shipped_sets():
        flow = read_calibrated_flow(name)
        assert flow.about
        assert flow.events > 1_000
        assert flow.seconds > 60
