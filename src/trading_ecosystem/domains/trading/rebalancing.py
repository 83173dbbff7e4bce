"""Rebalancing: hold several instruments at one venue in the shares that a published rule gives them.

Every ``interval`` it takes a sample of the published prices. Once it has ``window`` returns, and then every
``rebalance_every``, it forms an insight about each instrument, divides ``capital_usd`` by ``weighting``
(:mod:`.allocation.weights` names the sources) and fixes how many lots of each are to be held. Equal weights, inverse volatility
and risk parity hold every instrument; mean-variance and Kelly expect of each the mean of the window, and hold none that is
expected to lose. What is less than ``band_bps`` of the capital away from its target is left alone, as the no-trade region of
G. Constantinides (1986, *Journal of Political Economy* 94(4)) has it.

Between rebalancings it works towards the targets with one resting order per instrument at the best price of its own side, kept,
amended and cancelled by the difference to what is wanted (:mod:`.order_diff`) at every sample; an order within ``chase_bps`` of
that price stays where it is. A sample without a price newer than the last of each instrument is none.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import msgspec

from trading_ecosystem.domains.trading.allocation.covariance import average_returns
from trading_ecosystem.domains.trading.allocation.targets import Insight, Rule, Weighting, standing, weights_ppm
from trading_ecosystem.domains.trading.intentions import Intention, Place, WakeMe
from trading_ecosystem.domains.trading.order_diff import Tolerance, difference
from trading_ecosystem.domains.trading.settings import BasisPoints, Dollars, Duration, Name, Names, Periods, Text
from trading_ecosystem.domains.trading.strategy import Strategy
from trading_ecosystem.domains.trading.view import View
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import HOUR, PARTS_PER_MILLION, SECOND, Lots, MinorUnits, Nanos

SAMPLE = "sample"


class RebalancingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One venue, its instruments, and the rule; ``window`` counts intervals."""

    venue: Name
    instruments: Names
    capital_usd: Dollars
    weighting: Text = "risk_parity"
    interval_ns: Duration = msgspec.field(name="interval", default=60 * SECOND)
    window: Periods = 60
    rebalance_every_ns: Duration = msgspec.field(name="rebalance_every", default=HOUR)
    budget_ppm: BasisPoints = msgspec.field(name="budget_bps", default=PARTS_PER_MILLION)
    """The share of the capital that may be invested."""
    band_ppm: BasisPoints = msgspec.field(name="band_bps", default=10_000)
    chase_ppm: BasisPoints = msgspec.field(name="chase_bps", default=100)
    risk_aversion: Periods = 3
    kelly_ppm: BasisPoints = msgspec.field(name="kelly_bps", default=PARTS_PER_MILLION // 2)
    """The fraction of Kelly's weights."""

    def __post_init__(self) -> None:
        """Check what no single setting can."""
        if self.weighting not in tuple(Weighting):
            raise ValueError(f"weighting {self.weighting!r}; expected one of {', '.join(Weighting)}")
        if self.window < 2:
            raise ValueError(f"window ({self.window}) must be at least 2: one return has no covariance")
        if not self.kelly_ppm:
            raise ValueError("kelly_bps must be positive")

    @property
    def rule(self) -> Rule:
        """The rule that divides the capital."""
        return Rule(Weighting(self.weighting), self.budget_ppm, self.risk_aversion, self.kelly_ppm)


class Rebalancing(Strategy):
    """See the module."""

    def __init__(self, settings: RebalancingSettings) -> None:
        self.settings = settings
        self.sampled: dict[str, tuple[Nanos, MinorUnits]] = {}
        """When the price in the last sample was made, and what it was."""
        self.rows: deque[tuple[float, ...]] = deque(maxlen=settings.window)
        self.rebalances_at: Nanos = 0
        self.targets: dict[str, Lots] = {}

    def prices_watched(self) -> Iterable[str]:
        """Its instruments."""
        return self.settings.instruments

    def pairs_traded(self) -> Iterable[tuple[str, str]]:
        """Its instruments at its venue."""
        return tuple((self.settings.venue, symbol) for symbol in self.settings.instruments)

    def started(self, view: View) -> Iterable[Intention]:
        """Wake at the next whole interval."""
        return (self._next(view),)

    def timer(self, view: View, label: str) -> Iterable[Intention]:
        """Sample, rebalance when it is time, and bring the orders to the targets."""
        if self._sample(view) and len(self.rows) == self.settings.window and view.now >= self.rebalances_at:
            self._rebalance(view)
        return (*self._work(view), self._next(view))

    def _next(self, view: View) -> WakeMe:
        interval = self.settings.interval_ns
        return WakeMe((view.now // interval + 1) * interval, SAMPLE)

    def _sample(self, view: View) -> bool:
        """Take in the prices, where every one is newer than in the last sample."""
        fresh: dict[str, tuple[Nanos, MinorUnits]] = {}
        for symbol in self.settings.instruments:
            price = view.price(symbol)
            if price is None or price.priced_at <= self.sampled.get(symbol, (-1, 0))[0]:
                return False
            fresh[symbol] = (price.priced_at, price.price_minor)
        if self.sampled:
            self.rows.append(tuple(fresh[symbol][1] / before - 1.0 for symbol, (_, before) in self.sampled.items()))
        self.sampled = fresh
        return True

    def insights(self, now: Nanos) -> tuple[Insight, ...]:
        """What it thinks of each instrument, until the next rebalancing."""
        until = now + self.settings.rebalance_every_ns
        follows = self.settings.rule.weighting in (Weighting.MEAN_VARIANCE, Weighting.KELLY)
        return tuple(
            Insight(symbol, 1 if expected > 0.0 or not follows else 0, until, expected)
            for symbol, expected in zip(self.settings.instruments, average_returns(self.rows), strict=True)
        )

    def _rebalance(self, view: View) -> None:
        settings = self.settings
        self.rebalances_at = view.now + settings.rebalance_every_ns
        opinions = standing(self.insights(view.now), view.now)
        held = [settings.instruments.index(opinion.instrument) for opinion in opinions]
        weights = weights_ppm(opinions, [tuple(row[i] for i in held) for row in self.rows], settings.rule)
        for symbol in settings.instruments:
            worth = settings.capital_usd * weights.get(symbol, 0) // PARTS_PER_MILLION
            target = view.lots_worth(symbol, worth)
            gap = abs(target - view.position_lots(settings.venue, symbol))
            band = view.lots_worth(symbol, settings.capital_usd * settings.band_ppm // PARTS_PER_MILLION)
            self.targets[symbol] = target if gap >= band else view.position_lots(settings.venue, symbol)

    def _work(self, view: View) -> tuple[Intention, ...]:
        """What brings the working orders to the one that each gap to a target wants."""
        asked: list[Intention] = []
        venue = self.settings.venue
        for symbol, target in self.targets.items():
            quote = view.quote(venue, symbol)
            gap = target - view.position_lots(venue, symbol)
            price = 0 if quote is None else quote.bid_ticks if gap > 0 else quote.ask_ticks
            wanted = [Place(venue, symbol, Side.BUY if gap > 0 else Side.SELL, price, abs(gap))] if gap and price else []
            tolerance = Tolerance(price_ticks=price * self.settings.chase_ppm // PARTS_PER_MILLION)
            asked += difference(wanted, view.working_orders(venue, symbol), tolerance).intentions()
        return tuple(asked)
