"""Many backtests: a grid of settings, and walk-forward over it, on several cores.

Walk-forward (Pardo 1992, *Design, Testing and Optimization of Trading Systems*): time is cut into equal parts; the best
settings of one part are those with which the next part is traded, which they have not seen.
"""

from __future__ import annotations

import gc
import math
import multiprocessing
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import product
from typing import Final

import msgspec

from trading_ecosystem.adapters.market_history.histories import read_history
from trading_ecosystem.backtesting import BacktestSettings, ScheduledCondition, run_backtest, span_of
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.errors import BadInput
from trading_ecosystem.reports.backtest.performance import Performance, returns_of

MOST_POINTS: Final = 10_000
"""Backtests of one sweep."""
OBJECTIVES: Final = (
    "sharpe_ratio",
    "sortino_ratio",
    "calmar_ratio",
    "total_return",
    "net_minor",
    "profit_factor",
    "max_drawdown",
)
"""Figures that a sweep may make as large as possible."""


class Point(msgspec.Struct, frozen=True):
    """One backtest of a sweep: the settings that vary, and its figures."""

    settings: dict[str, str]
    performance: Performance
    digest: str
    returns: tuple[float, ...]


class Fold(msgspec.Struct, frozen=True):
    """One step of walk-forward: what was best in the part before, and how it traded in the part after."""

    train_start: Nanos
    test_start: Nanos
    test_end: Nanos
    chosen: dict[str, str]
    trained: float | None
    """The objective of the chosen settings in the part before."""
    tested: Point


def grid_of(texts: Sequence[str]) -> list[dict[str, str]]:
    """``NAME=A,B,C``, several of them, as every combination in order; raises ``BadInput`` for what is none."""
    axes: dict[str, list[str]] = {}
    for text in texts:
        name, equals, values = text.partition("=")
        found = [value.strip() for value in values.split(",")]
        if not equals or not name.strip() or not all(found):
            raise BadInput(f"--sweep {text}", "expected a setting and its values, such as fast=5,10,20")
        if name.strip() in axes:
            raise BadInput(f"--sweep {text}", "names a setting twice; expected all of its values in one list")
        axes[name.strip()] = found
    if math.prod(map(len, axes.values())) > MOST_POINTS:
        raise BadInput("--sweep", f"has more than {MOST_POINTS:,} combinations; expected fewer values")
    return [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]


def objective_of(name: str, performance: Performance) -> float:
    """A figure to be made as large as possible; what cannot be told is worse than everything."""
    value = getattr(performance, name)
    return -math.inf if value is None else float(value)


def _run(settings: BacktestSettings, varied: dict[str, str], conditions: Sequence[ScheduledCondition]) -> Point:
    backtest = run_backtest(msgspec.structs.replace(settings, settings=settings.settings | varied), conditions)
    returns = tuple(returns_of(backtest.observed, backtest.capital_minor))
    return Point(varied, backtest.performance, backtest.observed.digest(), returns)


def _collect_rarely() -> None:
    """A process that makes many small objects and no cycles need not look for them often."""
    gc.set_threshold(100_000, 50, 100)


class Cores:
    """Runs backtests in so many processes; in this one where it is one."""

    def __init__(self, count: int) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._pool = None if count == 1 else ProcessPoolExecutor(count, spawn, _collect_rarely)

    def __enter__(self) -> Cores:
        return self

    def __exit__(self, *failure: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def run(
        self,
        settings: BacktestSettings,
        grid: Iterable[dict[str, str]],
        conditions: Sequence[ScheduledCondition] = (),
        told: Callable[[], None] | None = None,
    ) -> list[Point]:
        """Every point of a grid, in its order; ``told`` hears of each."""
        running: list[Callable[[], Point]]
        if self._pool is None:
            running = [partial(_run, settings, varied, conditions) for varied in grid]
        else:
            running = [self._pool.submit(_run, settings, varied, conditions).result for varied in grid]
        points = []
        for result in running:
            points.append(result())
            if told is not None:
                told()
        return points


def best_of(points: Sequence[Point], objective: str) -> Point:
    """The point with the largest objective; of equals the first."""
    return max(points, key=lambda point: objective_of(objective, point.performance))


def walk_forward(
    settings: BacktestSettings,
    grid: Sequence[dict[str, str]],
    folds: int,
    objective: str,
    cores: Cores,
    told: Callable[[], None] | None = None,
) -> list[Fold]:
    """Cut the time into ``folds + 1`` equal parts; trade each but the first with what was best in the one before."""
    start, end = span_of(settings, read_history(settings.sources, settings.assumptions))
    edges = [start + (end - start) * number // (folds + 1) for number in range(folds + 2)]
    found = []
    for train, test, until in zip(edges, edges[1:], edges[2:], strict=False):
        trained = best_of(cores.run(msgspec.structs.replace(settings, start=train, end=test), grid, told=told), objective)
        [tested] = cores.run(msgspec.structs.replace(settings, start=test, end=until), [trained.settings], told=told)
        value = objective_of(objective, trained.performance)
        found.append(Fold(train, test, until, trained.settings, None if value == -math.inf else value, tested))
    return found
