"""The market data component: its dispatch table, and one tick."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from trading_ecosystem.domains.market_data.answers import MarketDataAnswers
from trading_ecosystem.domains.market_data.candles import Candles
from trading_ecosystem.domains.market_data.displacements import rounded_price
from trading_ecosystem.domains.market_data.fluctuations import USUAL_MOMENTS, CoinMoments
from trading_ecosystem.domains.market_data.generated_paths import GeneratedPaths
from trading_ecosystem.domains.market_data.parameters import MarketDataParameters
from trading_ecosystem.domains.market_data.path_shapes import PathKind
from trading_ecosystem.domains.market_data.price_paths import PricePaths
from trading_ecosystem.domains.market_data.recorded_prices import RecordedPrices
from trading_ecosystem.domains.market_data.source_desk import SourceDesk
from trading_ecosystem.domains.market_data.statistics import coin_moments
from trading_ecosystem.domains.market_data.vendor_feed import ODD_KINDS, HeldPublicationsDue, VendorFeed
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.market_data import (
    CandleClosed,
    ConsensusReached,
    CorrelationConditionSet,
    DivergenceConditionSet,
    FeedConditionSet,
    FeedCorruptionSet,
    FeedHalted,
    FeedResumed,
    FundamentalPriceChanged,
    PriceConditionSet,
    PricePublished,
    PriceRecorded,
    ReferenceQuotePublished,
    SourcePriceRecorded,
    SourceSwitched,
    VolatilityConditionSet,
)
from trading_ecosystem.messages.test_coordination import ConditionCleared, ConditionEnded, ConditionTookEffect, Resumed
from trading_ecosystem.messages.units import INSTRUMENTS, Nanos
from trading_ecosystem.ports.component import Begin, Later, Said, WakeUp
from trading_ecosystem.ports.randomness import Randomness


class PriceTickDue(WakeUp, frozen=True, gc=False):
    """It is time to move prices and publish them."""


class MarketData(MarketDataAnswers):
    """Fundamental prices and the vendor feed of every instrument; see the package's docstring for what it promises."""

    context: ClassVar[str] = "market_data"
    hears: ClassVar[dict[type[Any], str]] = {
        Begin: "begun",
        PriceTickDue: "price_tick_due",
        HeldPublicationsDue: "held_publications_due",
        PriceConditionSet: "price_condition_set",
        VolatilityConditionSet: "volatility_condition_set",
        CorrelationConditionSet: "correlation_condition_set",
        DivergenceConditionSet: "divergence_condition_set",
        FeedConditionSet: "feed_condition_set",
        FeedCorruptionSet: "feed_corruption_set",
        ConditionCleared: "condition_cleared",
        PriceRecorded: "price_recorded",
        SourcePriceRecorded: "source_price_recorded",
        Resumed: "resumed",
    }
    says: ClassVar[tuple[type[Message], ...]] = (
        FundamentalPriceChanged,
        PricePublished,
        ReferenceQuotePublished,
        ConsensusReached,
        SourceSwitched,
        FeedHalted,
        FeedResumed,
        CandleClosed,
        ConditionTookEffect,
        ConditionEnded,
    )

    def __init__(
        self,
        name: str,
        parameters: MarketDataParameters,
        randomness: Randomness,
        accounts: frozenset[str] | None = None,
    ) -> None:
        streams = (randomness.stream(name, "feed"), randomness.stream(name, "feed corruption"))
        odd = {kind: randomness.stream(name, kind.value) for kind in ODD_KINDS}
        feed = VendorFeed(name, parameters.instruments, *streams, odd)
        super().__init__(name, parameters, feed, accounts)
        assert parameters.tick_ns > 0, parameters
        assert all(symbol in INSTRUMENTS for symbol in parameters.instruments), parameters
        self._recorded = RecordedPrices(parameters.instruments) if parameters.recorded else None
        self._paths = None if parameters.recorded else _paths(name, parameters, randomness)
        if parameters.sources is not None:
            self._desk = SourceDesk(name, parameters.instruments, parameters.sources, randomness)
        self._candles = Candles(parameters.instruments, parameters.candle_intervals_ns)
        self._catching_up_until: Nanos = 0
        self._catching_up_tick_ns: Nanos = 0

    def begun(self, message: Begin, now: Nanos) -> Said:
        """The first tick: initial prices hold from the start."""
        return self._tick(now)

    def price_tick_due(self, message: PriceTickDue, now: Nanos) -> Said:
        """Move prices up to now and publish them."""
        return self._tick(now)

    def held_publications_due(self, message: HeldPublicationsDue, now: Nanos) -> Said:
        """Say what a delayed feed has held back until now."""
        said: list[Message | Later] = []
        self._open(now, said)
        return said

    def price_condition_set(self, message: PriceConditionSet, now: Nanos) -> Said:
        """Displace prices from now on; the next tick is the first to show it."""
        self._displacements.begin(message, now)
        return ()

    def volatility_condition_set(self, message: VolatilityConditionSet, now: Nanos) -> Said:
        """Let prices fluctuate more from now on; the next tick is what it measures from."""
        self._displacements.begin_volatility(message, now)
        return ()

    def correlation_condition_set(self, message: CorrelationConditionSet, now: Nanos) -> Said:
        """Let one coin part from another from now on; the next tick is what it measures from."""
        self._displacements.begin_correlation(message, self._moments(message.asset, message.against), now)
        return ()

    def divergence_condition_set(self, message: DivergenceConditionSet, now: Nanos) -> Said:
        """Move one instrument away from its peers from now on; the next tick is the first to show it."""
        self._displacements.begin_divergence(message, now)
        return ()

    def feed_condition_set(self, message: FeedConditionSet, now: Nanos) -> Said:
        """Break the feed from now on; the next tick is the first to show it."""
        self._feed.begin(message)
        return ()

    def feed_corruption_set(self, message: FeedCorruptionSet, now: Nanos) -> Said:
        """Publish wrong prices from now on; the next tick is the first to show it."""
        self._feed.begin(message)
        return ()

    def condition_cleared(self, message: ConditionCleared, now: Nanos) -> Said:
        """Roll a condition back; one that has lapsed already is no error."""
        if self._displacements.clear(message.condition_id):
            return (ConditionEnded(self.name, message.condition_id),)
        said: list[Message | Later] = []
        self._feed.clear(message.condition_id, now)
        self._feed.end_lapsed(now, said)
        return said

    def price_recorded(self, message: PriceRecorded, now: Nanos) -> Said:
        """Take one row of a recorded market; the next tick is the first to show it."""
        assert self._recorded is not None, "a recorded price needs a market data component in recorded mode"
        self._recorded.record(message.instrument, message.price_minor)
        return ()

    def source_price_recorded(self, message: SourcePriceRecorded, now: Nanos) -> Said:
        """Take one row of a recorded source; the next tick is the first to show it."""
        assert self._desk is not None, "a recorded source needs sources"
        self._desk.record(message.source, message.instrument, message.price_minor, now)
        return ()

    def resumed(self, message: Resumed, now: Nanos) -> Said:
        """Tick more coarsely while a live ecosystem catches up; the tick that is due already stays where it is."""
        self._catching_up_until = message.until
        self._catching_up_tick_ns = message.tick_ns
        return ()

    def _moments(self, asset: str, against: str) -> CoinMoments:
        """How two coins' returns relate: what generated paths are made with, or what a recording showed until now."""
        if self._paths is not None:
            return self._paths.coin_moments(asset, against)
        return coin_moments(self._history, asset, against) or USUAL_MOMENTS

    def _open(self, now: Nanos, said: list[Message | Later]) -> None:
        """What every wake-up does first: candles that end, held publications that are due, conditions that lapsed."""
        self._candles.close(now, said)
        for published in self._feed.release(now, said):
            self._keep(published, said)

    def _keep(self, published: PricePublished, said: list[Message | Later]) -> None:
        """Take one publication into candles and history, and say the reference quote that goes with it."""
        self._candles.add(published)
        self._history.add(published)
        if self.parameters.spreads.published:
            said.append(self._quotes.publish(published, self._history.minutes[published.instrument]))

    def _tick(self, now: Nanos) -> Said:
        said: list[Message | Later] = []
        self._open(now, said)
        displacements = self._displacements
        for condition_id in displacements.retire(now, with_residual=False):
            said.append(ConditionEnded(self.name, condition_id))
        source = self._paths if self._recorded is None else self._recorded
        assert source is not None
        values = source.values(now)
        if displacements:
            displacements.observe(self.parameters.instruments, values, now)
        publish, desk = self._feed.publish, self._desk
        self._ticked_at = now
        keep = self._keep
        for symbol, value in zip(self.parameters.instruments, values, strict=True):
            if value is None:
                continue
            if displacements:
                price_minor = rounded_price(value * math.exp(displacements.log_of(symbol, now)))
                for condition_id in displacements.newly_in_effect(symbol, value, price_minor, now):
                    said.append(ConditionTookEffect(self.name, condition_id, symbol))
            else:
                price_minor = rounded_price(value)
            said.append(FundamentalPriceChanged(symbol, price_minor))
            observed_at = now
            if desk is not None:
                agreed = desk.agree(symbol, price_minor, now, said)
                if agreed is None:
                    continue
                price_minor, observed_at = agreed
            published = publish(symbol, price_minor, observed_at, now, said)
            if published is not None:
                keep(published, said)
        for condition_id in displacements.retire(now, with_residual=True):
            said.append(ConditionEnded(self.name, condition_id))
        said.append(Later(PriceTickDue(), self._next_tick(now)))
        return said

    def _next_tick(self, now: Nanos) -> Nanos:
        """The next tick, on the grid of normal ticks; the last one while catching up is the first at or after its end."""
        tick_ns = self.parameters.tick_ns
        coarse_ns = self._catching_up_tick_ns
        if coarse_ns == 0 or now >= self._catching_up_until:
            return now + tick_ns
        if now + coarse_ns <= self._catching_up_until:
            return now + coarse_ns
        return now + -(-(self._catching_up_until - now) // tick_ns) * tick_ns


def _paths(name: str, parameters: MarketDataParameters, randomness: Randomness) -> PricePaths | GeneratedPaths:
    if parameters.path.kind is PathKind.STOCHASTIC_VOLATILITY:
        return PricePaths(name, parameters, randomness)
    return GeneratedPaths(name, parameters, randomness)
