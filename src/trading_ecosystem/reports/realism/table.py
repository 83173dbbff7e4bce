"""The table of statistics: ten that are scored, and some more that are shown beside them.

It is fixed: which ones are scored, on what grid, and with what distance does not depend on any market that was measured.

Sources by name: *Cont*: Cont 2001, "Empirical properties of asset returns: stylized facts and statistical issues". *Hill*: Hill
1975, "A simple general approach to inference about the tail of a distribution". *Bouchaud*: Bouchaud, Farmer and Lillo 2009,
"How markets slowly digest changes in supply and demand". *Lillo*: Lillo and Farmer 2004, "The long memory of the efficient
market". *Response*: Bouchaud, Gefen, Potters and Wyart 2004, "Fluctuations and response in financial markets". *Huang*: Huang,
Lehalle and Rosenbaum 2015, "Simulating and analyzing order book data: the queue-reactive model". *Noble*: Noble, Rosenbaum
and Souilmi 2026, arXiv 2603.24137. *Biais*: Biais, Hillion and Spatt 1995, "An empirical analysis of the limit order book".
"""

from __future__ import annotations

import math
from typing import Final

from trading_ecosystem.reports.realism import book_statistics as book
from trading_ecosystem.reports.realism import flow_statistics as flow
from trading_ecosystem.reports.realism import return_statistics as returns
from trading_ecosystem.reports.realism.statistic import Statistic, logarithm

_AMAZON: Final = "Amazon 21 June 2012"
_QUANTILES: Final = tuple(f"{round(100 * probability)} %" for probability in book.PROBABILITIES)
_SIZES: Final = (
    f"size < {flow.SIZE_EDGES[0]} x mean",
    *(f"size < {edge} x mean" for edge in flow.SIZE_EDGES[1:]),
    f"size >= {flow.SIZE_EDGES[-1]} x mean",
)


def _lags(lags: tuple[int, ...], unit: str) -> tuple[str, ...]:
    return tuple(f"lag {lag} {unit}" for lag in lags)


_SCORED: Final = (
    Statistic(
        "kurtosis",
        "return kurtosis",
        "1",
        "excess kurtosis of logarithmic mid-price returns over 1 s and 10 s; compared by the logarithm of kurtosis",
        "Cont",
        ("1 s", "10 s"),
        returns.kurtosis_contents(returns.KURTOSIS_STEPS),
        returns.kurtosis_values(len(returns.KURTOSIS_STEPS)),
        scale=lambda value: logarithm(value + 3.0),
        scored=True,
        published=((f"{_AMAZON}, 10 s", 5.6),),
    ),
    Statistic(
        "tail",
        "return tail index",
        "1",
        "Hill's index of the largest 5 % of absolute 1 s returns; compared by its logarithm",
        "Hill; Cont",
        ("index",),
        returns.tail_contents,
        returns.tail_values,
        scale=logarithm,
        scored=True,
        published=((_AMAZON, 3.39),),
    ),
    Statistic(
        "return_memory",
        "return autocorrelation",
        "1",
        "autocorrelation of 1 s returns",
        "Cont",
        _lags(returns.RETURN_LAGS, "s"),
        returns.return_contents,
        returns.lag_values(returns.RETURN_LAGS),
        scored=True,
    ),
    Statistic(
        "clustering",
        "volatility clustering",
        "1",
        "autocorrelation of absolute 1 s returns",
        "Cont",
        _lags(returns.CLUSTER_LAGS, "s"),
        returns.cluster_contents,
        returns.lag_values(returns.CLUSTER_LAGS),
        scored=True,
    ),
    Statistic(
        "spread",
        "spread",
        "ppm of the mid price",
        "quantiles of the spread over time; compared by their logarithm",
        "Biais",
        _QUANTILES,
        book.spread_contents,
        book.spread_values,
        scale=logarithm,
        scored=True,
    ),
    Statistic(
        "depth",
        "depth",
        "lots",
        f"quantiles over time of the lots at a best price, and over the best {book.NEAR_LEVELS} levels; compared by logarithm",
        "Biais; Huang",
        (*(f"best, {name}" for name in _QUANTILES), *(f"{book.NEAR_LEVELS} levels, {name}" for name in _QUANTILES)),
        book.depth_contents,
        book.depth_values,
        scale=logarithm,
        scored=True,
    ),
    Statistic(
        "mix",
        "event mix",
        "share of events",
        "limit orders inside the spread, at and behind the best price; cancellations at and behind it; takers",
        "Biais; Huang",
        ("narrow", "join", "behind", "cancel at best", "cancel behind", "take"),
        flow.mix_contents,
        flow.mix_values,
        scored=True,
    ),
    Statistic(
        "sign_memory",
        "trade-sign memory",
        "1",
        "autocorrelation of the signs of takers, one sign per taker",
        "Lillo",
        _lags(flow.SIGN_LAGS, "trades"),
        flow.sign_contents,
        flow.sign_values,
        scored=True,
    ),
    Statistic(
        "arrivals",
        "inter-arrival times",
        "s",
        "quantiles of the time between events of the displayed book, from a microsecond on; compared by their logarithm",
        "Noble",
        _QUANTILES,
        flow.arrival_contents,
        flow.arrival_values,
        scale=logarithm,
        scored=True,
    ),
    Statistic(
        "impact",
        "impact curve",
        "ppm of the mid price",
        "mean signed move of the mid from before a taker to before the next one, by size; and to before later ones, by lag",
        "Response; Bouchaud",
        (*_SIZES, *_lags(flow.RESPONSE_LAGS, "trades")),
        flow.impact_contents,
        flow.impact_values,
        scored=True,
    ),
)

_SHOWN: Final = (
    Statistic(
        "minute_kurtosis",
        "return kurtosis, 1 min",
        "1",
        "excess kurtosis of mid-price returns over a minute",
        "Cont",
        ("1 min",),
        returns.kurtosis_contents(returns.MINUTE_STEPS),
        returns.kurtosis_values(1),
        scale=lambda value: logarithm(value + 3.0),
        published=((_AMAZON, 3.4),),
    ),
    Statistic(
        "zeros",
        "zero returns",
        "share",
        "share of mid-price returns that are zero",
        "Cont",
        ("1 s", "10 s"),
        returns.zero_contents,
        returns.zero_values,
        published=((f"{_AMAZON}, 10 s", 0.15),),
    ),
    Statistic(
        "leverage",
        "leverage",
        "1",
        "mean correlation of a 1 s return with the absolute ones 1 to 10 s later",
        "Cont",
        ("mean",),
        returns.leverage_contents,
        returns.leverage_values,
    ),
    Statistic(
        "shares",
        "shares of rows",
        "share",
        "executions to all rows; deletions to additions; hidden executions to all executions",
        "Biais",
        ("executions", "deletes to adds", "hidden"),
        flow.share_contents,
        flow.share_values,
        published=((f"{_AMAZON}, executions, low", 0.16), ("executions, high", 0.20), ("deletes to adds", 0.65)),
    ),
    Statistic(
        "row_signs",
        "sign memory by row",
        "1",
        "autocorrelation of trade signs, one sign per execution",
        "Lillo",
        _lags(flow.ROW_LAGS, "rows"),
        flow.row_sign_contents,
        flow.row_sign_values,
        published=((f"{_AMAZON}, lag 1", 0.72), ("lag 10", 0.205), ("lag 50", 0.086)),
    ),
    Statistic(
        "sign_decay",
        "sign memory exponent",
        "1",
        "minus the slope of the logarithm of the takers' sign autocorrelation on that of the lag, lags 1 to 20",
        "Lillo",
        ("exponent",),
        flow.decay_contents,
        flow.decay_values,
    ),
    Statistic(
        "variation",
        "inter-arrival variation",
        "1",
        "coefficient of variation of the time between rows; 1 for a Poisson process",
        "Noble",
        ("variation",),
        flow.variation_contents,
        flow.variation_values,
        scale=logarithm,
        published=((_AMAZON, 3.2),),
    ),
)

STATISTICS: Final[tuple[Statistic, ...]] = (*_SCORED, *_SHOWN)
"""All statistics, the ten that are scored first."""
SCORED: Final = len(_SCORED)

assert all(math.isfinite(value) for statistic in STATISTICS for _, value in statistic.published)
