"""One backtest: a strategy in its trading engine, beside recorded venues, on the kernel of every other run.

The strategy's object, its desk, its limits and its links are those of a simulation and of the live ecosystem; only the venues
are recorded ones. There is no custodian and no risk monitor: trades settle at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from trading_ecosystem.adapters.market_history.histories import History, Source, read_history
from trading_ecosystem.adapters.market_history.reading import Assumptions
from trading_ecosystem.adapters.strategy_kinds import kind_named
from trading_ecosystem.domains.exchange.recorded.component import RecordedVenue
from trading_ecosystem.domains.exchange.recorded.parameters import RecordedVenueParameters
from trading_ecosystem.domains.exchange.recorded.queue_position import QueueEstimate
from trading_ecosystem.domains.trading.attentive import engine_for
from trading_ecosystem.domains.trading.component import Trading
from trading_ecosystem.domains.trading.kinds import StrategyKind, check_parameters
from trading_ecosystem.domains.trading.parameters import StrategyParameters, TradingParameters
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.units import (
    DAY,
    HOUR,
    MINOR_UNITS_PER_WHOLE,
    MINUTE,
    SECOND,
    MinorUnits,
    Nanos,
    PartsPerMillion,
)
from trading_ecosystem.ports.errors import BadInput
from trading_ecosystem.reports.backtest.observed import Observed
from trading_ecosystem.reports.backtest.performance import YEAR, Performance, performance_of
from trading_ecosystem.runtime.kernel import Kernel
from trading_ecosystem.runtime.links import LatencyDistribution, LatencyRule, Links
from trading_ecosystem.runtime.randomness import SeededRandomness

FIRM: Final = "fund"
ACCOUNT: Final = "fund/backtest"
STRATEGY: Final = "backtest"
ENGINE: Final = "trading"


class BacktestSettings(msgspec.Struct, frozen=True):
    """Everything a backtest depends on but the recording itself. Plain data: it may go to another process."""

    strategy: str
    sources: tuple[Source, ...]
    settings: dict[str, str] = {}
    start: Nanos = 0
    """0: from the first that was recorded."""
    end: Nanos = 0
    """0: until the last that was recorded."""
    capital: dict[str, MinorUnits] = msgspec.field(default_factory=lambda: {"USD": 100_000 * MINOR_UNITS_PER_WHOLE})
    """What the strategy has at each venue, by asset."""
    order_latency_ns: Nanos = 0
    """From the engine to a venue."""
    feed_latency_ns: Nanos = 0
    """From a venue to the engine: quotes, prices, and what becomes of orders."""
    maker_fee_ppm: PartsPerMillion = 0
    taker_fee_ppm: PartsPerMillion = 0
    queue: QueueEstimate = QueueEstimate.CONSERVATIVE
    assumptions: Assumptions = Assumptions()
    price_every_ns: Nanos = 0
    """A reference price is published at most so often."""
    sample_ns: Nanos = 0
    """How far marks are apart, of which returns are made; 0: by the length of the backtest."""
    periods_per_year: float = 0.0
    """0: as many as fit into 365 days."""
    max_order_usd_minor: MinorUnits = 250_000 * MINOR_UNITS_PER_WHOLE
    max_position_usd_minor: MinorUnits = 1_000_000 * MINOR_UNITS_PER_WHOLE
    seed: int = 1


class ScheduledCondition(msgspec.Struct, frozen=True):
    """A message that makes a venue or a link misbehave, and when."""

    at: Nanos
    message: Message


class Backtest(msgspec.Struct, frozen=True):
    """One backtest that was run."""

    settings: BacktestSettings
    start: Nanos
    end: Nanos
    sample_ns: Nanos
    periods_per_year: float
    capital_minor: MinorUnits
    observed: Observed
    performance: Performance
    read: tuple[str, ...]
    """What was read, a line for each table."""
    entries: int
    """What was said, all in all."""


def with_only_places(settings: BacktestSettings) -> BacktestSettings:
    """Name venue and instrument to a strategy that asks for them and was not told, where the recording has only one."""
    kind = kind_named(settings.strategy)
    history = read_history(settings.sources, settings.assumptions)
    venues = tuple(history.symbols)
    symbols = tuple(dict.fromkeys(symbol for those in history.symbols.values() for symbol in those))
    found = dict(settings.settings)
    for field in msgspec.structs.fields(kind.settings):
        name = field.encode_name
        if not field.required or name in found:
            continue
        if name in ("venue", "venues") and (len(venues) == 1 or name == "venues"):
            found[name] = ",".join(venues)
        elif name in ("instrument", "instruments") and (len(symbols) == 1 or name == "instruments"):
            found[name] = ",".join(symbols)
    return msgspec.structs.replace(settings, settings=found)


def span_of(settings: BacktestSettings, history: History) -> tuple[Nanos, Nanos]:
    """The start, and the end that is not reached any more; raises ``BadInput`` where nothing was recorded between."""
    start, end = settings.start or history.first_at, settings.end or history.last_at + 1
    if start >= end:
        raise BadInput("--from", "does not lie before --to, or lies behind the whole recording; expected a span of time")
    if not any(history.between(venue, start, end) for venue in history.happenings):
        raise BadInput("--from", "nothing was recorded between --from and --to; expected a span with at least one row")
    return start, end


def run_backtest(settings: BacktestSettings, conditions: Iterable[ScheduledCondition] = ()) -> Backtest:
    """Run it; raises ``BadInput`` for what cannot be used."""
    history = read_history(settings.sources, settings.assumptions)
    start, end = span_of(settings, history)
    sample = settings.sample_ns or _sample(end - start)
    parameters = _trading_parameters(settings, history, sample)
    kind = kind_named(settings.strategy)
    try:
        check_parameters(parameters, {settings.strategy: kind})
    except ValueError as error:
        raise BadInput(settings.strategy, str(error)) from None
    observed = Observed()
    kernel = _kernel(settings, history, parameters, kind, (start, end), observed)
    kernel.begin(start)
    for condition in sorted(conditions, key=lambda one: one.at):
        if condition.at < end:
            kernel.run_before(max(start, condition.at))
            kernel.admit("backtest", condition.message, max(kernel.now, start, condition.at))
    kernel.run_before(end + 1)
    engine = kernel.components[ENGINE]
    assert isinstance(engine, Trading)
    observed.finish(end, engine.desks[STRATEGY].marked())
    per_year = settings.periods_per_year or YEAR / sample
    capital = _capital_usd(settings, history, observed)
    figures = performance_of(observed, capital, per_year)
    return Backtest(settings, start, end, sample, per_year, capital, observed, figures, history.kinds, kernel.entries)


def _sample(duration: Nanos) -> Nanos:
    """Marks so far apart that there are tens to some thousands of them."""
    for longest, sample in ((HOUR, SECOND), (2 * DAY, MINUTE), (60 * DAY, HOUR)):
        if duration <= longest:
            return sample
    return DAY


def _trading_parameters(settings: BacktestSettings, history: History, sample: Nanos) -> TradingParameters:
    symbols = dict.fromkeys(symbol for those in history.symbols.values() for symbol in those)
    return TradingParameters(
        firm=FIRM,
        venues=tuple(history.happenings),
        instruments=tuple(symbols),
        strategies=(StrategyParameters(STRATEGY, settings.strategy, ACCOUNT, settings.settings),),
        mark_every_ns=sample,
        max_order_notional_usd_minor=settings.max_order_usd_minor,
        max_position_usd_minor=settings.max_position_usd_minor,
    )


def _kernel(
    settings: BacktestSettings,
    history: History,
    parameters: TradingParameters,
    kind: StrategyKind,
    span: tuple[Nanos, Nanos],
    observed: Observed,
) -> Kernel:
    kinds = {settings.strategy: kind}
    engine_class: type[Trading] = type("BacktestTrading", (engine_for(parameters, kinds),), {"kinds": kinds})
    randomness = SeededRandomness(settings.seed)
    venues = []
    priced: dict[str, bool] = {}
    for venue, symbols in history.symbols.items():
        first = tuple(symbol for symbol in symbols if symbol not in priced)
        priced.update(dict.fromkeys(first, True))
        claims = tuple((ACCOUNT, asset, amount) for asset, amount in settings.capital.items())
        fees = (settings.maker_fee_ppm, settings.taker_fee_ppm)
        share = settings.assumptions.bar_share_ppm
        recorded = RecordedVenueParameters(symbols, first, claims, *fees, settings.queue, share, settings.price_every_ns)
        venues.append(RecordedVenue(venue, recorded, iter(history.between(venue, *span)), randomness))
    engine = engine_class(ENGINE, parameters, randomness, frozenset({FIRM}))
    latencies = ((ENGINE, "*", settings.order_latency_ns), ("*", ENGINE, settings.feed_latency_ns))
    rules = tuple(
        LatencyRule(sender, receiver, LatencyDistribution.FIXED, mean) for sender, receiver, mean in latencies if mean
    )
    return Kernel([engine, *venues], Links(rules, randomness), observed.record, seed=settings.seed, budget=None)


def _capital_usd(settings: BacktestSettings, history: History, observed: Observed) -> MinorUnits:
    """The capital at every venue, at the first published prices of the backtest."""
    total = 0
    for asset, amount in settings.capital.items():
        price = MINOR_UNITS_PER_WHOLE if asset == "USD" else observed.first_prices.get(f"{asset}/USD", 0)
        if amount and not price:
            raise BadInput("--capital", f"{asset} has no price in USD; add --data {asset}/USD=FILE, or leave it out")
        total += amount * price // MINOR_UNITS_PER_WHOLE
    total *= len(history.happenings)
    if total <= 0:
        raise BadInput("--capital", "is nothing; expected an amount such as USD=100000")
    return total
