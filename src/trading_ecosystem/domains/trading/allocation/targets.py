"""From insights to targets: who is to be held, by which rule capital is divided among them, and what share each has.

An insight is one opinion about one instrument, as a signal gives it: which way, how much, until when. Only instruments with an
insight that stands have a weight; of all others nothing is to be held.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence

import msgspec

from trading_ecosystem.domains.trading.allocation.covariance import shrunk_covariance
from trading_ecosystem.domains.trading.allocation.weights import (
    equal_weights,
    inverse_volatility_weights,
    kelly_weights,
    mean_variance_weights,
    risk_parity_weights,
    turned,
)
from trading_ecosystem.messages.units import PARTS_PER_MILLION, Nanos, PartsPerMillion


class Weighting(enum.StrEnum):
    """The rule that divides capital (:mod:`.weights` has them, with their sources)."""

    EQUAL = "equal"
    INVERSE_VOLATILITY = "inverse_volatility"
    RISK_PARITY = "risk_parity"
    MEAN_VARIANCE = "mean_variance"
    KELLY = "kelly"


class Insight(msgspec.Struct, frozen=True, gc=False):
    """An opinion: the instrument goes up (``direction`` 1), down (-1) or nowhere (0), and this is so until ``expires_at``.

    ``expected_return`` is of one period of the returns that it is weighed with, and positive where it goes the way it is said
    to; only mean-variance and Kelly ask for it.
    """

    instrument: str
    direction: int
    expires_at: Nanos
    expected_return: float = 0.0


class Rule(msgspec.Struct, frozen=True, gc=False):
    """A weighting with what it needs: ``risk_aversion`` of mean-variance, ``kelly_ppm`` of Kelly; ``budget_ppm`` of the
    capital is what all weights may add up to."""

    weighting: Weighting = Weighting.EQUAL
    budget_ppm: PartsPerMillion = PARTS_PER_MILLION
    risk_aversion: int = 1
    kelly_ppm: PartsPerMillion = PARTS_PER_MILLION // 2


def standing(insights: Iterable[Insight], now: Nanos) -> tuple[Insight, ...]:
    """The latest insight about each instrument, where it has a direction and is not over; in the order of first mention."""
    latest = {insight.instrument: insight for insight in insights}
    return tuple(insight for insight in latest.values() if insight.direction and now < insight.expires_at)


def weights_ppm(insights: Sequence[Insight], rows: Sequence[Sequence[float]], rule: Rule) -> dict[str, PartsPerMillion]:
    """The signed share of the capital for each instrument, towards 0 to one part per million.

    ``insights`` are those that stand, ``rows`` the returns of their instruments in the same order, one row a period.
    Raises ``ValueError`` where these returns cannot be weighed by the rule.
    """
    if not insights:
        return {}
    shares = _shares(insights, rows, rule)
    return {
        insight.instrument: insight.direction * int(share * PARTS_PER_MILLION)
        for insight, share in zip(insights, shares, strict=True)
    }


def _shares(insights: Sequence[Insight], rows: Sequence[Sequence[float]], rule: Rule) -> tuple[float, ...]:
    budget = rule.budget_ppm / PARTS_PER_MILLION
    if rule.weighting is Weighting.EQUAL:
        return tuple(budget * share for share in equal_weights(len(insights)))
    covariance, _ = shrunk_covariance(rows)
    # To be short in an instrument is to be long in what it is turned around.
    covariance = turned(covariance, [insight.direction for insight in insights])
    expected = [insight.expected_return for insight in insights]
    match rule.weighting:
        case Weighting.INVERSE_VOLATILITY:
            return tuple(budget * share for share in inverse_volatility_weights(covariance))
        case Weighting.RISK_PARITY:
            return tuple(budget * share for share in risk_parity_weights(covariance))
        case Weighting.MEAN_VARIANCE:
            return mean_variance_weights(expected, covariance, float(rule.risk_aversion), budget)
        case Weighting.KELLY:
            return kelly_weights(expected, covariance, rule.kelly_ppm / PARTS_PER_MILLION, budget)
