"""What would bring a firm's risk down: the trade in one hedging asset that leaves the least variance, or no delta.

A recommendation, not an order: it says what a person may want to do, and by how much that would bring the risk down.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from trading_ecosystem.domains.risk.measures.portfolio import Matrix, deviation_of, dot
from trading_ecosystem.messages.units import MINOR_UNITS_PER_WHOLE, MinorUnits


class Hedge(msgspec.Struct, frozen=True):
    """A trade: ``amount_minor`` of the asset to buy (negative: to sell), worth ``value_usd_minor``.

    The deviations are those of the portfolio's profit in one period before and after, USD minor units, rounded.
    """

    asset: str
    amount_minor: MinorUnits
    value_usd_minor: MinorUnits
    deviation_before_usd_minor: MinorUnits
    deviation_after_usd_minor: MinorUnits


def least_variance_hedge(
    assets: Sequence[str], exposures: Sequence[float], matrix: Matrix, hedge: str, price: MinorUnits
) -> Hedge | None:
    """The trade in ``hedge`` that leaves the least variance; ``None`` where it has no price or no variance of its own."""
    place = assets.index(hedge)
    variance = matrix[place][place]
    if price <= 0 or not variance > 0.0:
        return None
    wanted = -dot(matrix[place], exposures) / variance
    return _hedge(assets, exposures, matrix, hedge, price, wanted)


def delta_hedge(
    assets: Sequence[str], exposures: Sequence[float], matrix: Matrix, hedge: str, price: MinorUnits, delta: MinorUnits
) -> Hedge | None:
    """The trade in ``hedge`` that takes away the whole delta (USD minor units); ``None`` where it has no price."""
    return None if price <= 0 else _hedge(assets, exposures, matrix, hedge, price, float(-delta))


def _hedge(
    assets: Sequence[str], exposures: Sequence[float], matrix: Matrix, hedge: str, price: MinorUnits, wanted: float
) -> Hedge | None:
    if not math.isfinite(wanted):
        return None
    value = round(wanted)
    after = [exposure + (value if asset == hedge else 0.0) for asset, exposure in zip(assets, exposures, strict=True)]
    return Hedge(
        asset=hedge,
        amount_minor=value * MINOR_UNITS_PER_WHOLE // price,
        value_usd_minor=value,
        deviation_before_usd_minor=round(deviation_of(exposures, matrix)),
        deviation_after_usd_minor=round(deviation_of(after, matrix)),
    )
