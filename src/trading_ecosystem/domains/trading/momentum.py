"""Momentum: follow the trend of the published price, shown by a fast average crossing a slow one.

The rule is the moving-average crossover with a band of Brock, Lakonishok and LeBaron (1992, *Journal of Finance* 47(5)),
with exponential averages (weight ``2 / (n + 1)`` on the newest of ``n`` periods): long when the fast average lies at
least ``entry_bps`` above the slow one, flat (or short against inventory, with ``allow_short``) when at least that far
below, and as before in between. It samples once per ``interval``, crosses the spread with immediate-or-cancel orders of
``size_usd`` and stops at ``max_position_usd``.  A price whose ``priced_at`` is not newer is no information and moves no
average.

The averages are floats; they only ever decide a comparison, and nothing of them is said.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from trading_ecosystem.domains.trading.crossing import cross
from trading_ecosystem.domains.trading.intentions import Intention
from trading_ecosystem.domains.trading.settings import BasisPoints, Dollars, Duration, Flag, Name, Periods
from trading_ecosystem.domains.trading.strategy import Strategy
from trading_ecosystem.domains.trading.view import View
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import PARTS_PER_MILLION, SECOND, Lots, Nanos


class MomentumSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One venue and one instrument; ``fast`` and ``slow`` count intervals."""

    venue: Name
    instrument: Name
    size_usd: Dollars
    max_position_usd: Dollars
    interval_ns: Duration = msgspec.field(name="interval", default=60 * SECOND)
    fast: Periods = 10
    slow: Periods = 40
    entry_ppm: BasisPoints = msgspec.field(name="entry_bps", default=500)
    slippage_ppm: BasisPoints = msgspec.field(name="slippage_bps", default=500)
    """How far beyond the best price an order may trade."""
    allow_short: Flag = False

    def __post_init__(self) -> None:
        """Check what no single setting can."""
        if self.fast >= self.slow:
            raise ValueError(f"fast ({self.fast}) must be below slow ({self.slow})")


class Momentum(Strategy):
    """See the module."""

    def __init__(self, settings: MomentumSettings) -> None:
        self.settings = settings
        self.fast = 0.0
        self.slow = 0.0
        self.samples = 0
        self.next_sample_at: Nanos = 0
        self.last_priced_at: Nanos = -1
        self.trend = 0
        """1 up, -1 down, 0 before the first signal."""

    def prices_watched(self) -> Iterable[str]:
        """The one instrument."""
        return (self.settings.instrument,)

    def pairs_traded(self) -> Iterable[tuple[str, str]]:
        """The one venue and instrument."""
        return ((self.settings.venue, self.settings.instrument),)

    def price_published(self, view: View, price: PricePublished) -> Iterable[Intention]:
        """Sample the price once per interval, and trade towards the target."""
        if view.now < self.next_sample_at or price.priced_at <= self.last_priced_at:
            return ()
        interval = self.settings.interval_ns
        self.next_sample_at = (view.now // interval + 1) * interval
        self.last_priced_at = price.priced_at
        self._sample(float(price.price_minor))
        if self.samples < self.settings.slow:
            return ()
        gap = (self.fast - self.slow) * PARTS_PER_MILLION
        band = self.slow * self.settings.entry_ppm
        if gap >= band and gap > 0.0:
            self.trend = 1
        elif -gap >= band and gap < 0.0:
            self.trend = -1
        return self._towards_target(view)

    def _sample(self, price: float) -> None:
        self.samples += 1
        if self.samples == 1:
            self.fast = self.slow = price
            return
        self.fast += (price - self.fast) * 2.0 / (self.settings.fast + 1)
        self.slow += (price - self.slow) * 2.0 / (self.settings.slow + 1)

    def _towards_target(self, view: View) -> Iterable[Intention]:
        settings = self.settings
        if self.trend == 0 or view.working_orders(settings.venue, settings.instrument):
            return ()
        held: Lots = view.position_lots(settings.venue, settings.instrument)
        size: Lots = view.lots_worth(settings.instrument, settings.size_usd)
        bound: Lots = view.lots_worth(settings.instrument, settings.max_position_usd)
        target = bound if self.trend > 0 else -bound if settings.allow_short else 0
        gap = target - held
        # The bound moves with the price; half an order is the least that is worth a message, except to become flat.
        if not size or gap == 0 or (target and 2 * abs(gap) < size):
            return ()
        # A position beyond the bound, because the price rose, is left alone while the trend holds.
        if target and gap * self.trend < 0:
            return ()
        return self._cross(view, Side.BUY if gap > 0 else Side.SELL, min(size, abs(gap)))

    def _cross(self, view: View, side: Side, lots: Lots) -> Iterable[Intention]:
        settings = self.settings
        return cross(view, settings.venue, settings.instrument, side, lots, settings.slippage_ppm)
