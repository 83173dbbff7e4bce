"""Mean reversion of one price: buy far below its moving average, sell far above, leave at the average.

Bollinger's bands (2001, *Bollinger on Bollinger Bands*): a simple moving average of ``window`` samples and bands at a
number of population standard deviations of the same samples, the newest included; that prices in part come back is the
finding of Poterba and Summers (1988, *Journal of Financial Economics* 22(1)). With ``z`` the distance from the average in
standard deviations, it enters long at ``z <= -entry`` and short (where allowed: spot never sells what it has not) at ``z >=
entry``, and is flat again once ``z`` has come back within ``exit`` of the average, or beyond it. The sums are of integers,
and the comparisons therefore exact.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import msgspec

from trading_ecosystem.domains.trading.intentions import Intention
from trading_ecosystem.domains.trading.library.targets import towards
from trading_ecosystem.domains.trading.settings import BasisPoints, Dollars, Duration, Flag, Multiple, Name, Periods
from trading_ecosystem.domains.trading.strategy import Strategy
from trading_ecosystem.domains.trading.view import View
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.units import MINUTE, Lots, Nanos

_MILLION = 10**6


class MeanReversionSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One venue and one instrument; ``entry`` and ``exit`` count standard deviations."""

    venue: Name
    instrument: Name
    size_usd: Dollars
    window: Periods = 20
    interval_ns: Duration = msgspec.field(name="interval", default=MINUTE)
    entry: Multiple = 2_000_000
    exit: Multiple = 0
    slippage_ppm: BasisPoints = msgspec.field(name="slippage_bps", default=500)
    """How far beyond the best price an order may trade."""
    allow_short: Flag = False

    def __post_init__(self) -> None:
        """Check what no single setting can."""
        if self.window < 2:
            raise ValueError("window must be at least 2")
        if self.exit >= self.entry:
            raise ValueError("exit must be below entry")


class MovingWindow:
    """The last samples, with their exact sum and sum of squares."""

    __slots__ = ("_samples", "_size", "squares", "sum")

    def __init__(self, size: int) -> None:
        self._size = size
        self._samples: deque[int] = deque()
        self.sum = 0
        self.squares = 0

    def take(self, sample: int) -> None:
        """One more sample; the oldest leaves a full window."""
        self._samples.append(sample)
        self.sum += sample
        self.squares += sample * sample
        if len(self._samples) > self._size:
            left = self._samples.popleft()
            self.sum -= left
            self.squares -= left * left

    @property
    def is_full(self) -> bool:
        """Whether it holds as many samples as it should."""
        return len(self._samples) == self._size

    def deviation(self) -> tuple[int, int]:
        """The newest sample's z-score as ``(numerator, square of denominator)``: both are exact, the second may be 0."""
        count = len(self._samples)
        return count * self._samples[-1] - self.sum, count * self.squares - self.sum * self.sum

    def is_beyond(self, multiple: int) -> int:
        """1 where the newest sample lies ``multiple`` millionths of a deviation or more above the mean, -1 below, else 0.

        Samples that are all equal have no deviation, and nothing is beyond them.
        """
        distance, variance = self.deviation()
        if not variance or distance * distance * _MILLION * _MILLION < multiple * multiple * variance:
            return 0
        return 1 if distance > 0 else -1


class MeanReversion(Strategy):
    """See the module."""

    def __init__(self, settings: MeanReversionSettings) -> None:
        self.settings = settings
        self.window = MovingWindow(settings.window)
        self.next_sample_at: Nanos = 0
        self.last_priced_at: Nanos = -1
        self.target: Lots = 0

    def prices_watched(self) -> Iterable[str]:
        """The one instrument."""
        return (self.settings.instrument,)

    def pairs_traded(self) -> Iterable[tuple[str, str]]:
        """The one venue and instrument."""
        return ((self.settings.venue, self.settings.instrument),)

    def price_published(self, view: View, price: PricePublished) -> Iterable[Intention]:
        """Sample the price once per interval, decide the target, and trade towards it."""
        settings = self.settings
        # A price that is not newer is no information.
        if view.now < self.next_sample_at or price.priced_at <= self.last_priced_at:
            return ()
        self.next_sample_at = (view.now // settings.interval_ns + 1) * settings.interval_ns
        self.last_priced_at = price.priced_at
        self.window.take(price.price_minor)
        if not self.window.is_full:
            return ()
        self._decide(view.lots_worth(settings.instrument, settings.size_usd))
        return towards(view, settings.venue, settings.instrument, self.target, settings.slippage_ppm)

    def _decide(self, size: Lots) -> None:
        distance, _ = self.window.deviation()
        if self.target:
            direction = 1 if self.target > 0 else -1
            # Back at the average or beyond it, or within the exit band.
            if distance * direction >= 0 or not self.window.is_beyond(max(1, self.settings.exit)):
                self.target = 0
        if not self.target:
            beyond = self.window.is_beyond(self.settings.entry)
            if beyond < 0:
                self.target = size
            elif beyond > 0 and self.settings.allow_short:
                self.target = -size
