"""What the kept bars say: the last day, volatility, correlations, gaps. Computed when asked for; nothing here has state.

**Volatility** is annual, over 365 days, of log returns between the closes of successive bars, taken against the time that
passed: the squares of the returns over their spans (zero mean). *Recent* weighs each with ``2 ** (-age / half life)``
(:data:`HALF_LIFE`; the idea of J.P. Morgan's RiskMetrics, 1996). *Range* is M. Parkinson's estimate from highs and lows ("The
extreme value method for estimating the variance of the rate of return", 1980): the mean of ``ln(high / low) ** 2 / (4 ln
2)``, here of hours. *Expected* carries the recent one to another time of the week: variance per time goes with activity (P.
K. Clark, "A subordinated stochastic process model", 1973), so volatility with its square root.

**Correlation** is Pearson's of the returns from minute to minute that both instruments have. Fisher's transformation
``atanh`` makes it nearly normal with variance ``1 / (n - 3)``; a window's correlation has *diverged* from the usual one where
the two differ by :data:`DIVERGED` standard errors or more, and by :data:`MATERIAL` at least. At least :data:`FEWEST` returns
are needed.

**Gaps** compare instruments with the same base, each converted into USD.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import combinations
from typing import Final

from trading_ecosystem.domains.market_data.fluctuations import CoinMoments
from trading_ecosystem.domains.market_data.price_bars import BarSeries, PriceHistory
from trading_ecosystem.messages.market_statistics import (
    CorrelationMatrix,
    CorrelationPair,
    DayStatistics,
    PriceGap,
    VolatilityEstimate,
)
from trading_ecosystem.messages.sessions import activity_ppm
from trading_ecosystem.messages.units import (
    DAY,
    HOUR,
    INSTRUMENTS,
    MINOR_UNITS_PER_WHOLE,
    MINUTE,
    PARTS_PER_MILLION,
    MinorUnits,
    Nanos,
    PartsPerMillion,
)

YEAR: Final[Nanos] = 365 * DAY
HALF_LIFE: Final[Nanos] = HOUR
FEWEST: Final = 20
"""Returns under which no correlation is given."""
DIVERGED: Final = 3.0
"""Standard errors."""
MATERIAL: Final = 0.1
"""Two pairs that move nearly as one can be apart by many standard errors and by nothing that matters."""
_STRONGEST: Final = 0.999_999
"""Fisher's transformation of one is infinite: a correlation is taken as at most this."""


def day_statistics(symbol: str, bars: BarSeries, until: Nanos) -> DayStatistics | None:
    """The last 1,440 minutes of one instrument whose newest price was observed at ``until``; ``None`` before the first."""
    from_at = bars.newest_at + MINUTE - DAY
    rows = [
        row
        for row in zip(bars.opened, bars.opens, bars.highs, bars.lows, bars.closes, bars.prices, strict=True)
        if row[0] >= from_at
    ]
    if not rows:
        return None
    opens, last = rows[0][1], rows[-1][4]
    return DayStatistics(
        instrument=symbol,
        from_at=rows[0][0],
        until=until,
        open_minor=opens,
        high_minor=max(row[2] for row in rows),
        low_minor=min(row[3] for row in rows),
        last_minor=last,
        change_ppm=ratio_ppm(last - opens, opens),
        prices=sum(row[5] for row in rows),
        volatility_ppm=realised_volatility(bars, from_at),
    )


def realised_volatility(bars: BarSeries, from_at: Nanos) -> PartsPerMillion | None:
    """Annual volatility of the bars that opened at or after ``from_at``; ``None`` with fewer than two of them."""
    squares, span = 0.0, 0
    for log_return, _, length in _log_returns(bars.closes_since(from_at).items()):
        squares += log_return * log_return
        span += length
    return _annual(squares / span) if span else None


def recent_volatility(bars: BarSeries) -> PartsPerMillion | None:
    """Annual volatility, exponentially weighted by the age of each return; ``None`` with fewer than two bars."""
    squares, span = 0.0, 0.0
    for log_return, opened_at, length in _log_returns(zip(bars.opened, bars.closes, strict=True)):
        weight = math.exp(-math.log(2.0) * (bars.newest_at - opened_at) / HALF_LIFE)
        squares += weight * log_return * log_return
        span += weight * length
    return _annual(squares / span) if span else None


def range_volatility(hours: BarSeries, from_at: Nanos) -> PartsPerMillion | None:
    """Annual volatility from the highs and lows of whole hours that opened at or after ``from_at``, the newest aside."""
    squares, count = 0.0, 0
    for opened_at, high, low in zip(hours.opened, hours.highs, hours.lows, strict=True):
        if from_at <= opened_at < hours.newest_at:
            squares += math.log(high / low) ** 2 / (4.0 * math.log(2.0))
            count += 1
    return _annual(squares / (count * HOUR)) if count else None


def volatility_estimate(symbol: str, history: PriceHistory, at: Nanos) -> VolatilityEstimate:
    """Every measure of one instrument's volatility as of ``at``, the instant of its newest price."""
    minutes, hours = history.minutes[symbol], history.hours[symbol]
    recent = recent_volatility(minutes)
    return VolatilityEstimate(
        instrument=symbol,
        at=at,
        recent_ppm=recent,
        hour_ppm=realised_volatility(minutes, minutes.newest_at - HOUR),
        day_ppm=realised_volatility(minutes, minutes.newest_at - DAY),
        range_ppm=range_volatility(hours, hours.newest_at - DAY),
        expected_ppm=None if recent is None else round(recent * math.sqrt(activity_ppm(at) / _usual_activity(minutes))),
    )


def correlation_matrix(history: PriceHistory, at: Nanos, window_ns: Nanos) -> CorrelationMatrix:
    """Correlations of the last ``window_ns`` up to ``at``, and of what is kept of the day before."""
    from_at = at - window_ns
    returns = {symbol: _minute_returns(bars, from_at - DAY) for symbol, bars in history.minutes.items()}
    pairs = []
    for left, right in combinations(returns, 2):
        shared = [opened_at for opened_at in returns[left] if opened_at in returns[right]]
        points = [(opened_at, returns[left][opened_at], returns[right][opened_at]) for opened_at in shared]
        now = [(own, other) for opened_at, own, other in points if opened_at > from_at]
        before = [(own, other) for opened_at, own, other in points if opened_at <= from_at]
        pairs.append(_pair(left, right, now, before))
    return CorrelationMatrix(at, window_ns, tuple(pairs))


def price_gaps(history: PriceHistory, window_ns: Nanos) -> tuple[PriceGap, ...]:
    """Every pair of instruments of one underlying that is priced in USD or, through USDT/USD, in USDT."""
    newest_at = max((bars.newest_at for bars in history.minutes.values()), default=0)
    closes = {symbol: bars.closes_since(newest_at - window_ns) for symbol, bars in history.minutes.items()}
    gaps = []
    for left, right in combinations(history.minutes, 2):
        base = INSTRUMENTS[left].base
        if INSTRUMENTS[right].base != base:
            continue
        series = [
            (own, other)
            for opened_at in closes[left]
            if (own := _in_usd(left, opened_at, closes)) is not None
            and (other := _in_usd(right, opened_at, closes)) is not None
        ]
        if series:
            widths = [round((own / other - 1.0) * PARTS_PER_MILLION) for own, other in series]
            gaps.append(PriceGap(base, left, right, widths[-1], max(widths, key=abs)))
    return tuple(gaps)


def coin_moments(history: PriceHistory, asset: str, against: str) -> CoinMoments | None:
    """How two coins' returns relate over the last day, from the pairs they are priced in; ``None`` with too few of them."""
    for quote in ("USD", "USDT"):
        own, other = history.minutes.get(f"{asset}/{quote}"), history.minutes.get(f"{against}/{quote}")
        if own is None or other is None:
            continue
        left, right = _minute_returns(own, own.newest_at - DAY), _minute_returns(other, other.newest_at - DAY)
        points = [(left[opened_at], right[opened_at]) for opened_at in left if opened_at in right]
        squares, other_squares, shared = _moments(points)
        if len(points) >= FEWEST and squares > 0.0 and other_squares > 0.0:
            return CoinMoments(math.sqrt(squares / other_squares), shared / math.sqrt(squares * other_squares))
    return None


def ratio_ppm(part: int, whole: int) -> PartsPerMillion:
    """``part / whole`` in parts per million, rounded to the nearest; exact for any size."""
    return (2 * part * PARTS_PER_MILLION + whole) // (2 * whole)


def _pair(left: str, right: str, now: list[tuple[float, float]], before: list[tuple[float, float]]) -> CorrelationPair:
    current, usual = _correlation(now), _correlation(before)
    deviation, diverged = None, False
    if current is not None and usual is not None:
        error = math.sqrt(1.0 / (len(now) - 3) + 1.0 / (len(before) - 3))
        deviation = (_fisher(current) - _fisher(usual)) / error
        diverged = abs(deviation) >= DIVERGED and abs(current - usual) >= MATERIAL
    return CorrelationPair(
        left=left,
        right=right,
        observations=len(now),
        correlation_ppm=None if current is None else round(current * PARTS_PER_MILLION),
        usual_ppm=None if usual is None else round(usual * PARTS_PER_MILLION),
        deviation_milli=None if deviation is None else round(deviation * 1_000),
        diverged=diverged,
    )


def _correlation(points: list[tuple[float, float]]) -> float | None:
    if len(points) < FEWEST:
        return None
    squares, other_squares, shared = _moments(points)
    if squares <= 0.0 or other_squares <= 0.0:
        return None
    return max(-1.0, min(1.0, shared / math.sqrt(squares * other_squares)))


def _moments(points: list[tuple[float, float]]) -> tuple[float, float, float]:
    """Sums of squares and of products about the means."""
    own_total = other_total = 0.0
    for own, other in points:
        own_total += own
        other_total += other
    own_mean, other_mean = own_total / max(1, len(points)), other_total / max(1, len(points))
    squares = other_squares = shared = 0.0
    for own, other in points:
        squares += (own - own_mean) ** 2
        other_squares += (other - other_mean) ** 2
        shared += (own - own_mean) * (other - other_mean)
    return squares, other_squares, shared


def _fisher(correlation: float) -> float:
    return math.atanh(max(-_STRONGEST, min(_STRONGEST, correlation)))


def _minute_returns(bars: BarSeries, from_at: Nanos) -> dict[Nanos, float]:
    """Log returns from one minute to the very next, by the opening of the second."""
    returns = _log_returns(bars.closes_since(from_at).items())
    return {opened_at: log_return for log_return, opened_at, length in returns if length == MINUTE}


def _log_returns(closes: Iterable[tuple[Nanos, MinorUnits]]) -> list[tuple[float, Nanos, Nanos]]:
    """Each return with the opening of its bar and the time since the bar before."""
    returns = []
    before_at, before = 0, 0
    for opened_at, close in closes:
        if before:
            returns.append((math.log(close / before), opened_at, opened_at - before_at))
        before_at, before = opened_at, close
    return returns


def _annual(variance_per_nanosecond: float) -> PartsPerMillion:
    return round(math.sqrt(variance_per_nanosecond * YEAR) * PARTS_PER_MILLION)


def _usual_activity(bars: BarSeries) -> float:
    """The activity of the bars, weighted as :func:`recent_volatility` weighs their returns."""
    total, weights = 0.0, 0.0
    for opened_at in bars.opened:
        weight = math.exp(-math.log(2.0) * (bars.newest_at - opened_at) / HALF_LIFE)
        total += weight * activity_ppm(opened_at)
        weights += weight
    return total / weights


def _in_usd(symbol: str, opened_at: Nanos, closes: dict[str, dict[Nanos, MinorUnits]]) -> float | None:
    close = closes[symbol].get(opened_at)
    quote = INSTRUMENTS[symbol].quote
    if close is None or quote == "USD":
        return None if close is None else float(close)
    rate = closes.get("USDT/USD", {}).get(opened_at) if quote == "USDT" else None
    return None if rate is None else close * (rate / MINOR_UNITS_PER_WHOLE)
