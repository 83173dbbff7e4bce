"""Market making with inventory risk over a horizon, in closed form: Avellaneda and Stoikov (2008).

"High-frequency trading in a limit order book", *Quantitative Finance* 8(3), 217-224. The mid price is a Brownian motion of
volatility ``sigma``, orders arrive at a distance ``delta`` from it at the rate ``A exp(-kappa delta)``, and utility is
exponential with risk aversion ``gamma``. Then, with inventory ``q`` and ``time_left = T - t`` (their equations 29 and 30):

- the reservation price is ``r = s - q gamma sigma² time_left``, and
- the quotes lie around it with ``spread = gamma sigma² time_left + (2 / gamma) ln(1 + gamma / kappa)``.

Here the inventory counts orders of ``size``, as theirs counts unit orders; the price unit is one whole quote asset, so
``gamma`` and ``kappa`` are per unit of price; ``T`` is 1 at the beginning of every ``horizon`` and ``sigma`` is scaled to
it. Their horizon ends once; here the next one follows, as a trading day follows another. ``sigma`` is estimated from the
venue's own mid. New against the paper are a bound on inventory, and a pause of ``refresh`` between two looks, for messages
are not free.
"""

from __future__ import annotations

import math

import msgspec

from trading_ecosystem.domains.trading.library.quoting import FormulaQuoting
from trading_ecosystem.domains.trading.settings import Duration, Name, Periods, Positive, Quantity
from trading_ecosystem.messages.units import HOUR, MINUTE, SECOND, Nanos


def reservation_price(mid: float, inventory: float, gamma: float, sigma: float, time_left: float) -> float:
    """Where the maker is indifferent to one more unit (equation 29)."""
    return mid - inventory * gamma * sigma * sigma * time_left


def optimal_spread(gamma: float, kappa: float, sigma: float, time_left: float) -> float:
    """From bid to offer (equation 30)."""
    return gamma * sigma * sigma * time_left + 2.0 / gamma * math.log1p(gamma / kappa)


class AvellanedaStoikovSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One venue and one instrument; the model's letters stand in the module."""

    venue: Name
    instrument: Name
    size: Quantity
    gamma: Positive
    """Risk aversion, per unit of price and order of inventory."""
    kappa: Positive
    """How fast the arrival of orders decays with the distance from the mid, per unit of price."""
    horizon_ns: Duration = msgspec.field(name="horizon", default=HOUR)
    half_life_ns: Duration = msgspec.field(name="half_life", default=10 * MINUTE)
    """Of the volatility estimate; the first quotes follow after a quarter of it."""
    max_inventory_orders: Periods = 10
    refresh_ns: Duration = msgspec.field(name="refresh", default=30 * SECOND)


class AvellanedaStoikov(FormulaQuoting):
    """See the module."""

    def __init__(self, settings: AvellanedaStoikovSettings) -> None:
        super().__init__(settings)
        self.settings = settings
        self.began_at: Nanos = -1

    def bid_and_ask(self, mid: float, sigma: float, inventory: float, now: Nanos) -> tuple[float, float]:
        """Around the reservation price; the horizon begins with the first quotes."""
        settings = self.settings
        if self.began_at < 0:
            self.began_at = now
        time_left = 1.0 - (now - self.began_at) % settings.horizon_ns / settings.horizon_ns
        over_horizon = sigma * math.sqrt(settings.horizon_ns / SECOND)
        reservation = reservation_price(mid, inventory, settings.gamma, over_horizon, time_left)
        half = optimal_spread(settings.gamma, settings.kappa, over_horizon, time_left) / 2.0
        return reservation - half, reservation + half
