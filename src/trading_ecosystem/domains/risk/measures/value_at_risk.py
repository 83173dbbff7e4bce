"""Value at risk and expected shortfall of one series of returns, in four ways, each named for its convention.

========================  =======================================================================================
``historical_interpolated``  percentile of the losses, interpolated linearly between the two nearest (Hyndman and Fan's
                             type 7, what spreadsheets do); shortfall: mean of the losses not below it
``historical_ordered``       the least loss that at most the tail's share of the losses exceeds; shortfall: mean of the
                             worst losses, the last one with the weight that completes the share (Acerbi and Tasche 2002)
``parametric_normal``        mean and sample deviation (n - 1) of the returns, normal quantile
``ewma_normal``              variance about zero, exponentially weighted (RiskMetrics 1996), normal quantile, mean zero
``monte_carlo_normal``       as parametric, but from draws: the ordered convention on so many simulated returns
========================  =======================================================================================
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import msgspec

from trading_ecosystem.domains.risk.measures.distributions import normal_quantile, normal_shortfall
from trading_ecosystem.messages.alert_conditions import EWMA_DECAY
from trading_ecosystem.messages.units import PARTS_PER_MILLION, PartsPerMillion
from trading_ecosystem.ports.randomness import RandomStream

LEAST_CONFIDENCE: Final[PartsPerMillion] = 500_000
MOST_DRAWS: Final = 1_000_000


LossDraw: TypeAlias = Callable[[], float]
"""Draws one loss."""


class TailMeasure(msgspec.Struct, frozen=True):
    """What may be lost: as fractions of what is held (or in its unit, where a portfolio was measured)."""

    convention: str
    confidence_ppm: PartsPerMillion
    value_at_risk: float
    expected_shortfall: float
    observations: int
    """Returns, or draws, that it rests on."""


def historical_interpolated(returns: Sequence[float], confidence_ppm: PartsPerMillion) -> TailMeasure:
    """The linearly interpolated percentile of the losses, and the mean of those not below it."""
    losses = _losses(returns, confidence_ppm, 2)
    var = interpolated_loss(losses, confidence_ppm)
    total, count = 0.0, 0
    for loss in reversed(losses):
        if loss < var:
            break
        total += loss
        count += 1
    return TailMeasure("historical_interpolated", confidence_ppm, var, total / count, len(losses))


def historical_ordered(returns: Sequence[float], confidence_ppm: PartsPerMillion) -> TailMeasure:
    """The order statistic of the losses, and the mean of the tail beyond it."""
    losses = _losses(returns, confidence_ppm, 2)
    return _ordered("historical_ordered", losses, confidence_ppm)


def parametric_normal(returns: Sequence[float], confidence_ppm: PartsPerMillion) -> TailMeasure:
    """A normal fitted with the mean and the sample deviation of the returns."""
    losses = _losses(returns, confidence_ppm, 2)
    mean, deviation = mean_and_deviation(returns)
    var = normal_quantile(confidence_ppm) * deviation - mean
    shortfall = normal_shortfall(confidence_ppm) * deviation - mean
    return TailMeasure("parametric_normal", confidence_ppm, var, shortfall, len(losses))


def ewma_normal(returns: Sequence[float], confidence_ppm: PartsPerMillion, decay: float = EWMA_DECAY) -> TailMeasure:
    """A normal with mean zero and the exponentially weighted variance about zero, from the first return's square on."""
    losses = _losses(returns, confidence_ppm, 1)
    if not 0.0 < decay < 1.0:
        raise ValueError(f"a decay of {decay} does not lie between 0 and 1")
    variance = returns[0] * returns[0]
    for change in returns[1:]:
        variance = decay * variance + (1.0 - decay) * change * change
    deviation = math.sqrt(variance)
    var = normal_quantile(confidence_ppm) * deviation
    return TailMeasure("ewma_normal", confidence_ppm, var, normal_shortfall(confidence_ppm) * deviation, len(losses))


def monte_carlo_normal(
    returns: Sequence[float], confidence_ppm: PartsPerMillion, stream: RandomStream, draws: int = 10_000
) -> TailMeasure:
    """Draws from the fitted normal, measured by the ordered convention: for a check of the closed form, and of draws."""
    _losses(returns, confidence_ppm, 2)
    mean, deviation = mean_and_deviation(returns)
    return simulated_tail("monte_carlo_normal", lambda: -(mean + deviation * stream.normal()), confidence_ppm, draws)


def simulated_tail(convention: str, loss: LossDraw, confidence_ppm: PartsPerMillion, draws: int) -> TailMeasure:
    """Measure as many drawn losses by the ordered convention."""
    if not 100 <= draws <= MOST_DRAWS:
        raise ValueError(f"{draws} draws: between 100 and {MOST_DRAWS} are")
    return _ordered(convention, sorted(loss() for _ in range(draws)), confidence_ppm)


def interpolated_loss(losses: Sequence[float], confidence_ppm: PartsPerMillion) -> float:
    """The percentile of ascending losses, interpolated linearly between the two nearest."""
    place = (len(losses) - 1) * confidence_ppm
    below, part = divmod(place, PARTS_PER_MILLION)
    if not part:
        return losses[below]
    return losses[below] + (losses[below + 1] - losses[below]) * (part / PARTS_PER_MILLION)


def mean_and_deviation(returns: Sequence[float]) -> tuple[float, float]:
    """Mean and sample standard deviation (n - 1)."""
    total = 0.0
    for change in returns:
        total += change
    mean = total / len(returns)
    squares = 0.0
    for change in returns:
        squares += (change - mean) * (change - mean)
    return mean, math.sqrt(squares / (len(returns) - 1))


def _ordered(convention: str, losses: Sequence[float], confidence_ppm: PartsPerMillion) -> TailMeasure:
    """Measure ascending losses: the order statistic, and the weighted mean of the tail's share."""
    beyond, part = divmod(len(losses) * (PARTS_PER_MILLION - confidence_ppm), PARTS_PER_MILLION)
    var = losses[len(losses) - 1 - beyond]
    total = 0.0
    for loss in losses[len(losses) - beyond :]:
        total += loss
    weight = part / PARTS_PER_MILLION
    return TailMeasure(convention, confidence_ppm, var, (total + weight * var) / (beyond + weight), len(losses))


def _losses(returns: Sequence[float], confidence_ppm: PartsPerMillion, least: int) -> list[float]:
    """The losses in ascending order; refuses what cannot be measured."""
    if not LEAST_CONFIDENCE <= confidence_ppm < PARTS_PER_MILLION:
        raise ValueError(f"a confidence of {confidence_ppm} parts per million does not lie between 50 % and 100 %")
    if len(returns) < least:
        raise ValueError(f"{len(returns)} returns: at least {least} are needed")
    if not all(math.isfinite(change) for change in returns):
        raise ValueError("a return is no finite number")
    return sorted(-change for change in returns)
