"""Market making that leans against inventory for ever: the asymptotics of Guéant, Lehalle and Fernandez-Tapia (2013).

"Dealing with the inventory risk: a solution to the market making problem", *Mathematics and Financial Economics* 7(4),
477-507. In the model of Avellaneda and Stoikov with a bound on inventory, the optimal distances from the mid become
constant far from the horizon, and nearly linear in the inventory ``q`` (their closed-form approximation in section 4)::

    bid distance = (1/gamma) ln(1 + gamma/kappa) + (2q + 1)/2 · slope
    ask distance = (1/gamma) ln(1 + gamma/kappa) - (2q - 1)/2 · slope
    slope        = sqrt( sigma² gamma / (2 kappa A) · (1 + gamma/kappa)^(1 + kappa/gamma) )

Quotes widen with volatility and shift against the position: it is the skew of an inventory and a volatility market maker in
one. ``arrival`` (``A``) is orders per second at the mid, ``kappa`` and ``gamma`` are per unit of price (one whole quote
asset), the inventory counts orders of ``size``, and ``sigma`` is estimated from the venue's own mid per root second. A side
that would add to a full inventory is not quoted, as in the paper.
"""

from __future__ import annotations

import math

import msgspec

from trading_ecosystem.domains.trading.library.quoting import FormulaQuoting
from trading_ecosystem.domains.trading.settings import Duration, Name, Periods, Positive, Quantity
from trading_ecosystem.messages.units import MINUTE, SECOND, Nanos


def half_spread(gamma: float, kappa: float) -> float:
    """The distance from the mid that does not depend on inventory or volatility."""
    return math.log1p(gamma / kappa) / gamma


def inventory_slope(gamma: float, kappa: float, sigma: float, arrival: float) -> float:
    """How far both quotes shift for one unit of inventory."""
    stretch = math.exp((1.0 + kappa / gamma) * math.log1p(gamma / kappa))
    return math.sqrt(sigma * sigma * gamma / (2.0 * kappa * arrival) * stretch)


class InventorySkewSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One venue and one instrument; the model's letters stand in the module."""

    venue: Name
    instrument: Name
    size: Quantity
    gamma: Positive
    kappa: Positive
    arrival: Positive = 1.0
    half_life_ns: Duration = msgspec.field(name="half_life", default=10 * MINUTE)
    """Of the volatility estimate; the first quotes follow after a quarter of it."""
    max_inventory_orders: Periods = 10
    refresh_ns: Duration = msgspec.field(name="refresh", default=30 * SECOND)


class InventorySkew(FormulaQuoting):
    """See the module."""

    def __init__(self, settings: InventorySkewSettings) -> None:
        super().__init__(settings)
        self.settings = settings

    def bid_and_ask(self, mid: float, sigma: float, inventory: float, now: Nanos) -> tuple[float, float]:
        """The asymptotic distances on both sides of the mid."""
        settings = self.settings
        half = half_spread(settings.gamma, settings.kappa)
        slope = inventory_slope(settings.gamma, settings.kappa, sigma, settings.arrival)
        return (
            mid - half - (2.0 * inventory + 1.0) / 2.0 * slope,
            mid + half - (2.0 * inventory - 1.0) / 2.0 * slope,
        )
