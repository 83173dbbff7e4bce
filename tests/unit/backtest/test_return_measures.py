"""Measures of returns: against the values of the literature's libraries, and against the libraries where they are installed."""

from __future__ import annotations

import csv
import gzip
import itertools
import random
import warnings
from collections.abc import Callable
from types import ModuleType

import pytest
from tests.campaign import recorded_market, seeds

from trading_ecosystem.reports.backtest import return_measures as measures

TEN = [0.01, -0.02, 0.015, -0.03, 0.005, 0.02, -0.01, 0.0, 0.012, -0.025]


def test_ten_returns_have_the_published_values() -> None:
    assert measures.max_drawdown(TEN) == pytest.approx(-0.035141, abs=5e-7)
    assert measures.sharpe_ratio(TEN, 252) == pytest.approx(-2.045991, abs=5e-7)
    assert measures.sortino_ratio(TEN, 252) == pytest.approx(-2.565757, abs=5e-7)
    assert measures.total_return(TEN) == pytest.approx(-0.0241754, abs=5e-8)
    assert measures.annual_volatility(TEN, 252) == pytest.approx(0.283286, abs=5e-7)


def test_what_cannot_be_said_is_none() -> None:
    assert measures.annual_return([], 252) is None
    assert measures.sharpe_ratio([0.01], 252) is None
    assert measures.sharpe_ratio([0.0, 0.0, 0.0], 252) is None
    assert measures.sortino_ratio([0.01, 0.02], 252) is None
    assert measures.calmar_ratio([0.01, 0.02], 252) is None
    assert measures.omega_ratio([0.01]) is None
    assert measures.profit_factor([1.0]) is None
    assert measures.win_rate([0.0]) is None
    assert measures.payoff_ratio([1.0]) is None
    assert measures.annual_return([0.5, -1.0], 252) == -1.0


def test_drawdowns_are_found_with_peak_valley_and_recovery() -> None:
    found = measures.drawdown_periods([-0.1, -0.1, 0.5, 0.1, -0.2, 0.1])
    assert [(one.peak, one.valley, one.recovered) for one in found] == [(-1, 1, 2), (3, 4, None)]
    assert [one.depth for one in found] == pytest.approx([-0.19, -0.2])
    assert measures.drawdown_periods([0.1, 0.0, 0.1]) == []


def test_counting_of_gains_and_losses() -> None:
    amounts = [10.0, -5.0, 0.0, 20.0, -10.0]
    assert measures.profit_factor(amounts) == 2.0
    assert measures.win_rate(amounts) == 0.5
    assert measures.payoff_ratio(amounts) == 2.0


def _empyrical() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("empyrical")


def _series() -> list[list[float]]:
    drawn = [TEN]
    for seed in seeds(20, 1_000):
        stream = random.Random(seed)
        drawn.append([stream.gauss(0.0005, 0.02) for _ in range(stream.randint(3, 400))])
    return drawn


def test_they_agree_with_empyrical() -> None:
    library = _empyrical()
    import numpy

    pairs: list[tuple[Callable[..., object], Callable[..., object]]] = [
        (measures.total_return, library.cum_returns_final),
        (lambda r: measures.annual_return(r, 252), library.annual_return),
        (lambda r: measures.annual_volatility(r, 252), library.annual_volatility),
        (lambda r: measures.sharpe_ratio(r, 252), library.sharpe_ratio),
        (lambda r: measures.sharpe_ratio(r, 252, 0.0001), lambda r: library.sharpe_ratio(r, risk_free=0.0001)),
        (lambda r: measures.downside_risk(r, 252), library.downside_risk),
        (lambda r: measures.sortino_ratio(r, 252), library.sortino_ratio),
        (lambda r: measures.sortino_ratio(r, 252, 0.0002), lambda r: library.sortino_ratio(r, required_return=0.0002)),
        (measures.max_drawdown, library.max_drawdown),
        (lambda r: measures.calmar_ratio(r, 252), library.calmar_ratio),
        (measures.omega_ratio, library.omega_ratio),
    ]
    for series in _series():
        for own, theirs in pairs:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                expected = theirs(numpy.array(series))
            assert own(series) == pytest.approx(expected, rel=1e-9, abs=1e-12), (own, theirs)


def test_they_agree_with_empyrical_on_twenty_years_of_an_index() -> None:
    library = _empyrical()
    import numpy

    with gzip.open(recorded_market("daily/sp500.csv.gz"), "rt") as file:
        rows = list(csv.reader(file))
    closes = [float(row[1]) for row in rows[1:]]
    returns = [after / before - 1.0 for before, after in itertools.pairwise(closes)]
    series = numpy.array(returns)
    assert measures.sharpe_ratio(returns, 252) == pytest.approx(library.sharpe_ratio(series), rel=1e-9)
    assert measures.sortino_ratio(returns, 252) == pytest.approx(library.sortino_ratio(series), rel=1e-9)
    assert measures.max_drawdown(returns) == pytest.approx(library.max_drawdown(series), rel=1e-9)
    assert measures.calmar_ratio(returns, 252) == pytest.approx(library.calmar_ratio(series), rel=1e-9)
    assert measures.annual_return(returns, 252) == pytest.approx(library.annual_return(series), rel=1e-9)


def test_they_agree_with_quantstats() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        library = pytest.importorskip("quantstats.stats", exc_type=ImportError)
        import pandas

    pairs: list[tuple[Callable[..., float | None], Callable[..., float]]] = [
        (lambda r: measures.sharpe_ratio(r, 252), library.sharpe),
        (lambda r: measures.sortino_ratio(r, 252), library.sortino),
        (lambda r: measures.annual_volatility(r, 252), library.volatility),
        (lambda r: measures.annual_return(r, 252), library.cagr),
        (lambda r: measures.calmar_ratio(r, 252), library.calmar),
        (measures.max_drawdown, library.max_drawdown),
        (measures.profit_factor, library.profit_factor),
        (measures.win_rate, library.win_rate),
        (measures.payoff_ratio, library.payoff_ratio),
    ]
    for returns in _series()[1:]:
        series = pandas.Series(returns, index=pandas.date_range("2020-01-01", periods=len(returns)))
        for own, theirs in pairs:
            found = own(returns)
            if found is not None:
                assert found == pytest.approx(theirs(series), rel=1e-9, abs=1e-12), (own, theirs)
