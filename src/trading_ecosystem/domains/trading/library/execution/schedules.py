"""How much of a parent order should have traded by the end of each slice: plain arithmetic of integers.

Every schedule is a tuple of cumulative lots that never falls and ends in the whole quantity, so that nothing is lost to
rounding.
"""

from __future__ import annotations

import math

from trading_ecosystem.domains.trading.rounding import half_even
from trading_ecosystem.messages.units import Lots


def time_weighted(quantity: Lots, slices: int) -> tuple[Lots, ...]:
    """Equal parts in equal times.

    With no risk aversion this constant rate is the trajectory of least expected cost in the model of Almgren and Chriss (2001,
    "Optimal execution of portfolio transactions", *Journal of Risk* 3(2), equation 10).
    """
    return tuple(quantity * done // slices for done in range(1, slices + 1))


def volume_weighted(quantity: Lots, profile: tuple[int, ...]) -> tuple[Lots, ...]:
    """In proportion to the volume that is expected in each slice.

    The static strategy that comes nearest to the volume-weighted average price of Berkowitz, Logue and Noser (1988, *Journal of
    Finance* 43(1)) trades along the relative volume expected (Konishi 2002, *Journal of Financial Markets* 5(2)).
    """
    whole, done, schedule = 0, 0, []
    for expected in profile:
        whole += expected
    for expected in profile:
        done += expected
        schedule.append(quantity * done // whole)
    return tuple(schedule)


def front_loaded(quantity: Lots, slices: int, urgency: float) -> tuple[Lots, ...]:
    """The trajectory of Almgren and Chriss (2001, equation 17): what is left after slice ``j`` of ``n`` is
    ``X sinh(kappa (T - t_j)) / sinh(kappa T)``.

    ``urgency`` is their ``kappa T``: the square root of risk aversion times variance over temporary impact, times the horizon;
    near 0 the schedule is the time-weighted one. What is left is rounded half to even.
    """
    schedule = []
    for done in range(1, slices + 1):
        # sinh(b)/sinh(a) = exp(b - a) (1 - exp(-2b)) / (1 - exp(-2a)), which no urgency lets overflow.
        after = urgency * (slices - done) / slices
        left = math.exp(after - urgency) * math.expm1(-2.0 * after) / math.expm1(-2.0 * urgency)
        schedule.append(quantity - half_even(quantity * int(left * 2**52), 2**52))
    return tuple(schedule)


def participating(others: Lots, rate_ppm: int) -> Lots:
    """What to have traded where others have traded ``others``, to be ``rate_ppm`` millionths of the whole volume.

    The own part counts to the volume: ``own / (own + others) = rate`` (Kissell and Glantz 2003, *Optimal Trading Strategies*,
    percentage of volume).
    """
    return others * rate_ppm // (10**6 - rate_ppm)
