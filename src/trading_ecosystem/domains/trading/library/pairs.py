"""Pairs trading by the distance rule of Gatev, Goetzmann and Rouwenhorst (2006).

"Pairs trading: performance of a relative-value arbitrage rule", *Review of Financial Studies* 19(3), 797-827. Over a formation
period both prices are normalised to 1 at its start, and the standard deviation of their difference is taken. In the trading
period that follows, normalised anew, the pair is opened when the difference exceeds ``entry`` (two, in the paper) of these
deviations: the dearer is sold and the cheaper is bought, for the same number of dollars. It is closed when the prices cross, or
at the end of the trading period; then the next formation begins. Both legs go out together or not at all.

Against the paper: the pair is given and not chosen by least distance, the legs are immediate-or-cancel at ``slippage``, and
a leg that did not trade in full is tried again at every sample. Where the market is spot, the sold leg must be held
beforehand.

Normalised prices are kept in 10⁻¹², so that every comparison is one of integers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from trading_ecosystem.domains.trading.intentions import Intention
from trading_ecosystem.domains.trading.library.targets import together, towards
from trading_ecosystem.domains.trading.settings import BasisPoints, Dollars, Duration, Multiple, Name, Periods
from trading_ecosystem.domains.trading.strategy import Strategy
from trading_ecosystem.domains.trading.view import View
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.units import MINUTE, Lots, MinorUnits, Nanos

ONE: Final = 10**12
"""A normalised price of 1."""
_MILLION: Final = 10**6


class PairsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Two instruments at one venue; ``formation`` and ``trading`` count samples, one each ``interval``."""

    venue: Name
    first: Name
    second: Name
    size_usd: Dollars
    """Of each leg."""
    formation: Periods = 60
    trading: Periods = 30
    interval_ns: Duration = msgspec.field(name="interval", default=MINUTE)
    entry: Multiple = 2_000_000
    """Standard deviations of the formation period."""
    slippage_ppm: BasisPoints = msgspec.field(name="slippage_bps", default=500)

    def __post_init__(self) -> None:
        """Check what no single setting can."""
        if self.first == self.second:
            raise ValueError("first and second must be two instruments")
        if self.formation < 2:
            raise ValueError("formation must be at least 2")


class Distance:
    """The difference of two prices normalised to 1 at the first sample, with the exact sums of a period."""

    __slots__ = ("_first", "_second", "count", "squares", "sum", "value")

    def __init__(self) -> None:
        self._first: MinorUnits = 0
        self._second: MinorUnits = 0
        self.count = self.sum = self.squares = self.value = 0

    def take(self, first: MinorUnits, second: MinorUnits) -> None:
        """One more sample of both prices."""
        if not self.count:
            self._first, self._second = first, second
        self.value = first * ONE // self._first - second * ONE // self._second
        self.count += 1
        self.sum += self.value
        self.squares += self.value * self.value

    @property
    def variance_times_count_squared(self) -> int:
        """The population variance of the differences, times the square of their number; exact."""
        return self.count * self.squares - self.sum * self.sum


class Pairs(Strategy):
    """See the module."""

    def __init__(self, settings: PairsSettings) -> None:
        self.settings = settings
        self.distance = Distance()
        self.variance = 0
        """Of the last formation period, times the square of its number of samples; 0 while one is under way."""
        self.next_sample_at: Nanos = 0
        self.direction = 0
        """1 where the first is held long and the second short, -1 the other way round, 0 where the pair is closed."""
        self.first_target: Lots = 0
        self.second_target: Lots = 0

    def prices_watched(self) -> Iterable[str]:
        """Both instruments."""
        return (self.settings.first, self.settings.second)

    def pairs_traded(self) -> Iterable[tuple[str, str]]:
        """Both instruments at the one venue."""
        return ((self.settings.venue, self.settings.first), (self.settings.venue, self.settings.second))

    def price_published(self, view: View, price: PricePublished) -> Iterable[Intention]:
        """Sample both prices once per interval."""
        settings = self.settings
        first, second = view.price(settings.first), view.price(settings.second)
        if view.now < self.next_sample_at or first is None or second is None:
            return ()
        # Two prices of one instant are compared, or the difference is the feed's and not the market's.
        if first.priced_at != second.priced_at:
            return ()
        self.next_sample_at = (view.now // settings.interval_ns + 1) * settings.interval_ns
        self.distance.take(first.price_minor, second.price_minor)
        if not self.variance:
            if self.distance.count == settings.formation:
                self.variance, self.distance = self.distance.variance_times_count_squared, Distance()
        else:
            self._decide(view)
        venue, slippage = settings.venue, settings.slippage_ppm
        return together(
            towards(view, venue, settings.first, self.first_target, slippage),
            towards(view, venue, settings.second, self.second_target, slippage),
        )

    def _decide(self, view: View) -> None:
        settings, value = self.settings, self.distance.value
        if self.direction * value >= 0:
            self.direction = 0  # crossed: it was opened on the other side of zero
        threshold = settings.entry * settings.entry * self.variance
        if not self.direction and (value * settings.formation * _MILLION) ** 2 > threshold:
            self.direction = -1 if value > 0 else 1
            self.first_target = self.direction * view.lots_worth(settings.first, settings.size_usd)
            self.second_target = -self.direction * view.lots_worth(settings.second, settings.size_usd)
        if self.distance.count == settings.trading:
            self.direction, self.variance, self.distance = 0, 0, Distance()
        if not self.direction:
            self.first_target = self.second_target = 0
