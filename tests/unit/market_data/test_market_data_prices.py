"""The random paths: consistency of crosses, determinism, steps of any length, statistics, quiet markets."""

from __future__ import annotations

import itertools
import math
from collections import deque
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading_ecosystem.domains.market_data.parameters import MarketDataParameters
from trading_ecosystem.domains.market_data.price_paths import JUMP_SIZE, PEG_HALF_LIFE, YEAR, PricePaths
from trading_ecosystem.messages.market_data import CandleClosed, FundamentalPriceChanged, PricePublished, PriceQuestion
from trading_ecosystem.messages.test_coordination import Resumed
from trading_ecosystem.messages.units import DAY, HOUR, INSTRUMENTS, MINUTE, SECOND, SPOT_PAIRS
from trading_ecosystem.ports.component import Begin, Later
from trading_ecosystem.ports.errors import NotFound
from trading_ecosystem.runtime.randomness import SeededRandomness

WHOLE = 10**8


def paths(seed: int = 1, **changes: Any) -> PricePaths:
    values: dict[str, Any] = {
        "instruments": ("BTC/USD", "ETH/USD", "USDT/USD"),
        "tick_ns": 10 * SECOND,
        "usd_prices_minor": {"BTC": 60_000 * WHOLE, "ETH": 3_000 * WHOLE, "USDT": WHOLE},
        "annual_volatility": {"BTC": "0.55", "ETH": "0.70", "USDT": "0.03"},
        "jumps": False,
    }
    return PricePaths("market-data", MarketDataParameters(**(values | changes)), SeededRandomness(seed))


def log_series(source: PricePaths, steps: int, step_ns: int) -> tuple[list[float], list[float], list[float]]:
    series: tuple[list[float], list[float], list[float]] = ([], [], [])
    for step in range(steps + 1):
        for line, value in zip(series, source.values(step * step_ns), strict=True):
            assert value is not None
            line.append(math.log(value))
    return series


def changes_of(line: list[float]) -> list[float]:
    return [after - before for before, after in itertools.pairwise(line)]


def mean_product(left: list[float], right: list[float]) -> float:
    return math.fsum(a * b for a, b in zip(left, right, strict=True)) / len(left)


def test_first_tick_says_the_initial_prices_in_full(bench):
    run = bench(instruments=("BTC/USD", "ETH/BTC", "USDT/USD")).run(0)
    start = run.start
    assert run.said == [
        (start, FundamentalPriceChanged("BTC/USD", 60_000 * WHOLE)),
        (start, PricePublished("BTC/USD", 60_000 * WHOLE, start, 1)),
        (start, FundamentalPriceChanged("ETH/BTC", 5_000_000)),
        (start, PricePublished("ETH/BTC", 5_000_000, start, 1)),
        (start, FundamentalPriceChanged("USDT/USD", WHOLE)),
        (start, PricePublished("USDT/USD", WHOLE, start, 1)),
    ]


def test_every_tick_publishes_every_instrument_with_the_next_update(bench):
    run = bench().run(5 * MINUTE)
    for symbol in SPOT_PAIRS:
        published = run.of(PricePublished, symbol)
        assert [at for at, _ in published] == [10 * SECOND * tick for tick in range(31)]
        assert [message.update for _, message in published] == list(range(1, 32))
        assert [message.priced_at - run.start for _, message in published] == [at for at, _ in published]
        fundamental = [message.price_minor for _, message in run.of(FundamentalPriceChanged, symbol)]
        assert [message.price_minor for _, message in published] == fundamental


def test_crosses_leave_no_free_triangle_beyond_rounding(bench):
    run = bench(jumps=True).run(6 * HOUR)
    at_tick: dict[int, dict[str, int]] = {}
    for at, message in run.of(FundamentalPriceChanged):
        at_tick.setdefault(at, {})[message.instrument] = message.price_minor
    assert len(at_tick) == 6 * 360 + 1
    for prices in at_tick.values():
        for symbol, price in prices.items():
            instrument = INSTRUMENTS[symbol]
            if instrument.quote == "USD":
                continue
            base, quote = prices[f"{instrument.base}/USD"], prices[f"{instrument.quote}/USD"]
            # each of the three prices is off by at most half a minor unit of its own
            tolerance = 0.5 + 0.5 * WHOLE / quote + 0.5 * base / quote / quote * WHOLE
            assert abs(price - base * WHOLE / quote) <= tolerance * 1.001


def test_same_seed_says_the_same_and_another_seed_does_not(bench):
    assert bench(seed=5, jumps=True).run(HOUR).said == bench(seed=5, jumps=True).run(HOUR).said
    assert bench(seed=5).run(HOUR).of(PricePublished) != bench(seed=6).run(HOUR).of(PricePublished)


def test_which_instruments_are_listed_does_not_change_the_paths(bench):
    everything = bench().run(HOUR).of(PricePublished, "ETH/USDT")
    assert bench(instruments=("ETH/USDT",)).run(HOUR).of(PricePublished) == everything


def test_annual_volatility_and_correlation_are_the_ones_asked_for():
    btc, eth, _ = (changes_of(line) for line in log_series(paths(seed=3), 60_000, 10 * MINUTE))
    steps_a_year = YEAR / (10 * MINUTE)
    assert math.sqrt(mean_product(btc, btc) * steps_a_year) == pytest.approx(0.55, rel=0.03)
    assert math.sqrt(mean_product(eth, eth) * steps_a_year) == pytest.approx(0.70, rel=0.03)
    correlation = mean_product(btc, eth) / math.sqrt(mean_product(btc, btc) * mean_product(eth, eth))
    assert correlation == pytest.approx(0.8, abs=0.01)


def test_volatility_is_stochastic_squared_returns_cluster():
    btc, _, _ = (changes_of(line) for line in log_series(paths(seed=3), 60_000, 10 * MINUTE))
    squares = [change * change for change in btc]
    mean = math.fsum(squares) / len(squares)
    apart = [square - mean for square in squares]
    lagged = mean_product(apart[:-6], apart[6:]) / mean_product(apart, apart)
    assert lagged > 0.04  # independent returns would give 0 with a standard error of 0.004


def test_usdt_reverts_to_one_with_the_stated_spread_and_half_life():
    _, _, usdt = log_series(paths(seed=4, usd_prices_minor={"BTC": WHOLE, "ETH": WHOLE, "USDT": 99_900_000}), 50_000, HOUR)
    logs = [value - math.log(WHOLE) for value in usdt]
    assert logs[0] == pytest.approx(math.log(0.999))
    spread = 0.03 / math.sqrt(2 * math.log(2) * YEAR / PEG_HALF_LIFE)
    assert spread == pytest.approx(5.4e-4, rel=0.01)
    assert math.sqrt(mean_product(logs, logs)) == pytest.approx(spread, rel=0.03)
    assert mean_product(logs[:-4], logs[4:]) / mean_product(logs, logs) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize(("step_ns", "steps"), [(HOUR, 8), (8 * HOUR, 1)])
def test_variance_grows_with_time_however_it_is_cut_into_steps(step_ns, steps):
    total = 0.0
    for seed in range(1500):
        source = paths(seed=seed)
        source.values(0)
        for step in range(1, steps + 1):
            value = source.values(step * step_ns)[0]
        assert value is not None
        total += math.log(value / (60_000 * WHOLE)) ** 2
    # the standard error of a variance over 1,500 paths is 3.7 %
    assert total / 1500 == pytest.approx(0.55**2 * 8 * HOUR / YEAR, rel=0.12)


def test_jumps_only_where_asked_for_and_the_rest_of_the_path_is_the_same():
    plain = [changes_of(line) for line in log_series(paths(seed=8), 20 * 1440, MINUTE)]
    jumpy = [changes_of(line) for line in log_series(paths(seed=8, jumps=True), 20 * 1440, MINUTE)]
    # one standard deviation over a minute is at most 2 * 0.55 * sqrt(1 min / year) = 0.15 %
    assert max(abs(change) for change in plain[0]) < 0.008
    differences = [after - before for before, after in zip(plain[0], jumpy[0], strict=True)]
    jumps = [difference for difference in differences if abs(difference) > 1e-6]
    assert 3 <= len(jumps) <= 20
    assert max(abs(jump) for jump in jumps) < 5 * JUMP_SIZE
    assert plain[2] == jumpy[2]


def test_a_hundred_quiet_days_stay_clear_of_the_price_alarms():
    """No move of 3 % within 60 s and no fall of 5 % within 15 min, at 55 % and 70 % a year, on a hundred days."""
    for seed in range(10):
        source = paths(seed=1000 + seed)
        before = source.values(0)
        quarter: tuple[deque[float], deque[float]] = (deque(maxlen=15), deque(maxlen=15))
        for step in range(1, 10 * 1440 + 1):
            values = source.values(step * MINUTE)
            for coin in (0, 1):
                value, last = values[coin], before[coin]
                assert value is not None
                assert last is not None
                quarter[coin].append(value)
                assert abs(value / last - 1) < 0.02
                assert value / max(quarter[coin]) > 0.96
            before = values


def test_paths_have_no_drift():
    total = 0.0
    for seed in range(400):
        source = paths(seed=seed)
        source.values(0)
        value = source.values(30 * DAY)[0]
        assert value is not None
        total += value / (60_000 * WHOLE)
    # a month's standard deviation is 0.158, so the mean of 400 has a standard error of 0.008
    assert total / 400 == pytest.approx(1.0, abs=0.03)


def test_resumed_ticks_coarsely_until_the_end_and_then_on_the_old_grid(bench):
    resumed = Resumed(stopped_at=0, until=bench().start + 95 * SECOND + 1, tick_ns=30 * SECOND)
    run = bench(tick_ns=SECOND, inputs=((3 * SECOND, resumed),)).run(99 * SECOND)
    ticks = [at // SECOND for at, _ in run.of(PricePublished, "BTC/USD")]
    assert ticks == [0, 1, 2, 3, 4, 34, 64, 94, 96, 97, 98, 99]


def test_resumed_without_a_tick_keeps_the_normal_one(bench):
    resumed = Resumed(stopped_at=0, until=bench().start + HOUR, tick_ns=0)
    run = bench(inputs=((10 * SECOND, resumed),)).run(50 * SECOND)
    assert [at // SECOND for at, _ in run.of(PricePublished, "BTC/USD")] == [0, 10, 20, 30, 40, 50]
    assert run.said == bench().run(50 * SECOND).said


def test_latest_prices_are_answered_and_an_unknown_instrument_is_refused(bench):
    run = bench(instruments=("BTC/USD", "USDT/USD"))
    assert run.component.answer(PriceQuestion()) == ()
    assert run.component.answer(PriceQuestion("BTC/USD")) == ()
    run.run(MINUTE)
    latest = tuple(run.of(PricePublished, symbol)[-1][1] for symbol in ("BTC/USD", "USDT/USD"))
    assert run.component.answer(PriceQuestion()) == latest
    assert run.component.answer(PriceQuestion("USDT/USD")) == (latest[1],)
    with pytest.raises(NotFound, match="instrument ETH/USD"):
        run.component.answer(PriceQuestion("ETH/USD"))


@settings(derandomize=True, max_examples=25, deadline=None)
@given(st.lists(st.integers(min_value=1, max_value=3 * DAY), min_size=1, max_size=30), st.integers(0, 2**32))
def test_prices_stay_positive_over_steps_of_any_length(steps, seed):
    source = paths(seed=seed, jumps=True)
    now = 0
    for step in steps:
        now += step
        assert all(value is not None and 0 < value < 1e15 for value in source.values(now))


def test_begin_asks_for_exactly_one_wake_up(bench):
    said = bench().component.handle(Begin(), 0)
    assert [item.due_at for item in said if isinstance(item, Later)] == [10 * SECOND]
    assert not any(isinstance(item, CandleClosed) for item in said)
