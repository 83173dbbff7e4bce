"""From a scenario to what every component is made with, and to the inputs that open and fund the accounts."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

import msgspec

from trading_ecosystem.adapters.settlement_calendars import run_calendar
from trading_ecosystem.adapters.venue_parameters import rule_parameters
from trading_ecosystem.domains.custodian.parameters import CustodianParameters
from trading_ecosystem.domains.exchange.parameters import ExchangeParameters
from trading_ecosystem.domains.market_data.parameters import MarketDataParameters
from trading_ecosystem.domains.market_data.path_shapes import PathKind, PathParameters
from trading_ecosystem.domains.market_data.sources import ConsensusMethod, ConsensusParameters, SourceParameters
from trading_ecosystem.domains.market_data.spreads import SpreadKind, SpreadParameters
from trading_ecosystem.domains.risk.parameters import BreakerParameters, LimitParameters, RiskParameters, default_limits
from trading_ecosystem.domains.test_coordination.market_data_section import PathSection, QuotesSection, SourcesSection
from trading_ecosystem.domains.test_coordination.parameters import TestCoordinationParameters
from trading_ecosystem.domains.test_coordination.scenario import BreakerSection, RiskLimit, Scenario, VenueSection
from trading_ecosystem.domains.trading.lots import CostMethod
from trading_ecosystem.domains.trading.parameters import StrategyParameters, TradingParameters
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.custodian import DepositAssets, OpenCustodyAccount, PledgeAssets
from trading_ecosystem.messages.exchange import OpenAccount
from trading_ecosystem.messages.test_coordination import RunStarted
from trading_ecosystem.messages.units import DAY, PARTS_PER_MILLION, MinorUnits, Nanos
from trading_ecosystem.runtime.links import LatencyDistribution, LatencyRule
from trading_ecosystem.runtime.simulation import ScheduledInput

DOOR = "scenario"
"""The sender of the inputs that a scenario makes."""
_OPEN_HORIZON: Final[Nanos] = 3_650 * DAY
"""For so long an open run's calendars know the daylight saving times of their zones."""


def firm_of(scenario: Scenario) -> str:
    """The firm whose strategies trade and whose risk is watched."""
    return scenario.ecosystem.firm.name


def market_data_parameters(scenario: Scenario) -> MarketDataParameters:
    """Reference prices: generated, or recorded where the scenario names a recording."""
    section = scenario.ecosystem.market_data
    return MarketDataParameters(
        instruments=section.instruments,
        tick_ns=section.tick_ns,
        usd_prices_minor=section.prices_minor,
        annual_volatility=section.volatility,
        correlation=section.correlation,
        jumps=section.jumps,
        candle_intervals_ns=section.candles_ns,
        time_of_day=section.time_of_day,
        path=_path(section.path),
        sources=_sources(section.sources),
        spreads=_spreads(section.quotes),
        recorded=section.recording is not None,
    )


def _path(section: PathSection) -> PathParameters:
    given = {name: value for name, value in msgspec.structs.asdict(section).items() if name != "kind" and value is not None}
    return PathParameters(kind=PathKind(section.kind.value), **given)


def _sources(section: SourcesSection | None) -> ConsensusParameters | None:
    if section is None:
        return None
    sources = []
    for source in section.sources:
        values = msgspec.structs.asdict(source)
        del values["recording"]
        sources.append(SourceParameters(recorded=source.recording is not None, **values))
    return ConsensusParameters(
        sources=tuple(sources),
        method=ConsensusMethod(section.method.value),
        smoothing_ns=section.smoothing_ns,
        stale_after_ns=section.stale_after_ns,
        tolerance_ppm=section.tolerance_ppm,
    )


def _spreads(quotes: QuotesSection | None) -> SpreadParameters:
    if quotes is None:
        return SpreadParameters()
    return SpreadParameters(
        kind=SpreadKind(quotes.spread.value),
        width_ppm=quotes.width_ppm,
        liquidity_ppm=quotes.liquidity_ppm,
        published=True,
    )


def exchange_parameters(scenario: Scenario, venue: VenueSection) -> ExchangeParameters:
    """One venue."""
    ends_at = scenario.starts_at + (scenario.duration_ns or _OPEN_HORIZON)
    rules = rule_parameters(venue.rules, scenario.starts_at, ends_at)
    return ExchangeParameters(
        custodian=scenario.ecosystem.custodian.name,
        instruments=scenario.ecosystem.market_data.instruments,
        publish_every_ns=venue.publish_every_ns,
        maker_fee_ppm=venue.maker_fee_ppm,
        taker_fee_ppm=venue.taker_fee_ppm,
        depth_levels=venue.depth_levels,
        claims_report_every_ns=scenario.ecosystem.custodian.reconcile_every_ns,
        **{"settlement_cycle_ns": venue.settlement_cycle_ns, **rules},
    )


def custodian_parameters(scenario: Scenario) -> CustodianParameters:
    """The custodian of every venue."""
    venues = tuple(venue.name for venue in scenario.ecosystem.venues)
    calendar = scenario.ecosystem.custodian.settlement_calendar
    return CustodianParameters(
        venues=venues,
        retry_every_ns=scenario.ecosystem.custodian.retry_every_ns,
        state_every_ns=scenario.ecosystem.custodian.reconcile_every_ns,
        calendar=run_calendar(scenario, calendar) if calendar else None,
        weekends=scenario.ecosystem.custodian.weekend_processing,
    )


def trading_parameters(scenario: Scenario) -> TradingParameters:
    """The firm's trading engine; its own limits where the scenario states them."""
    firm = scenario.ecosystem.firm
    stated: dict[str, Any] = {
        "max_order_notional_usd_minor": firm.limits.max_order_notional_usd_minor,
        "max_open_orders": firm.limits.max_open_orders,
        "max_position_usd_minor": firm.limits.max_position_usd_minor,
        "price_collar_ppm": firm.limits.price_collar_ppm,
        "max_messages_per_second": firm.limits.max_messages_per_second,
        "cost_method": CostMethod(firm.cost_method) if firm.cost_method else None,
    }
    return TradingParameters(
        firm=firm.name,
        venues=tuple(venue.name for venue in scenario.ecosystem.venues),
        instruments=scenario.ecosystem.market_data.instruments,
        strategies=tuple(
            StrategyParameters(
                name=workload.name,
                kind=workload.strategy,
                account=workload.account,
                settings=workload.settings,
                starts_after_ns=workload.start_ns,
                capital_share_ppm=workload.capital_share_ppm,
            )
            for workload in scenario.workloads
        ),
        mark_every_ns=firm.mark_every_ns,
        **{name: value for name, value in stated.items() if value is not None},
    )


def risk_parameters(scenario: Scenario) -> RiskParameters:
    """The risk monitor: the house's limits, each replaced where the scenario states it."""
    firm = scenario.ecosystem.firm.name
    limits = {(limit.kind, limit.subject): limit for limit in default_limits(firm)}
    for stated in scenario.ecosystem.risk.limits:
        limits[stated.kind, stated.subject] = LimitParameters(stated.kind, stated.subject, stated.value)
    waits = dict(scenario.ecosystem.risk.waits)
    return RiskParameters(
        firm=firm,
        instruments=scenario.ecosystem.market_data.instruments,
        limits=tuple(LimitParameters(one.kind, one.subject, one.value, waits.get(one.kind, 0)) for one in limits.values()),
        report_every_ns=scenario.ecosystem.risk.report_every_ns,
        breaker=_breaker_parameters(scenario.ecosystem.risk.breaker),
    )


def _breaker_parameters(stated: BreakerSection | None) -> BreakerParameters | None:
    """The circuit breaker, if the scenario states one: the house's, but for what it states."""
    if stated is None:
        return None
    given = {name: value for name, value in msgspec.structs.asdict(stated).items() if value is not None}
    return BreakerParameters(**given)


def coordination_parameters(scenario: Scenario, *, faults: bool = True) -> TestCoordinationParameters:
    """The coordinator; without ``faults`` it runs the clean twin of the scenario."""
    ecosystem = scenario.ecosystem
    return TestCoordinationParameters(
        faults=scenario.faults if faults else (),
        instruments=ecosystem.market_data.instruments,
        venues=tuple(venue.name for venue in ecosystem.venues),
        tick_ns=ecosystem.market_data.tick_ns,
        retry_every_ns=ecosystem.custodian.retry_every_ns,
        state_every_ns=ecosystem.custodian.reconcile_every_ns,
        annual_volatility_ppm={
            asset: int(Decimal(text) * PARTS_PER_MILLION) for asset, text in ecosystem.market_data.volatility.items()
        },
        custodian=ecosystem.custodian.name,
        operations=scenario.operations,
        firm=firm_of(scenario),
        link_ends=ecosystem.link_ends,
        limits=tuple(RiskLimit(limit.kind, limit.subject, limit.value) for limit in risk_parameters(scenario).limits),
    )


def latency_rules(scenario: Scenario) -> tuple[LatencyRule, ...]:
    """The latencies of the links."""
    return tuple(
        LatencyRule(
            senders=link.senders,
            receivers=link.receivers,
            distribution=LatencyDistribution(link.distribution.value),
            mean_ns=link.mean_ns,
            minimum_ns=link.minimum_ns,
            sigma_ppm=link.sigma_ppm,
        )
        for link in scenario.ecosystem.links
    )


def opening_inputs(scenario: Scenario, seed: int) -> Iterator[ScheduledInput]:
    """The run's start, and every account opened, funded and pledged: the venues' own first, then the strategies'."""
    run = f"{scenario.name}-{seed}"
    yield _input(scenario, RunStarted(run=run, scenario=scenario.name, seed=seed, duration_ns=scenario.duration_ns))
    custodian = scenario.ecosystem.custodian.name
    for venue in scenario.ecosystem.venues:
        own = [(venue.house_account, venue.house), (venue.fee_account, {})]
        if venue.insurance:
            own.append((venue.clearing_account, venue.insurance))
        for account, capital in own:
            yield _input(scenario, OpenCustodyAccount(custodian=custodian, account=account))
            yield from _fund(scenario, account, venue.name, capital)
    opened: list[str] = []
    for workload in scenario.workloads:
        if workload.account not in opened:
            opened.append(workload.account)
            yield _input(scenario, OpenCustodyAccount(custodian=custodian, account=workload.account))
        for venue_name, capital in workload.capital.items():
            yield from _fund(scenario, workload.account, venue_name, capital)


def _fund(scenario: Scenario, account: str, venue: str, capital: dict[str, MinorUnits]) -> Iterator[ScheduledInput]:
    custodian = scenario.ecosystem.custodian.name
    yield _input(scenario, OpenAccount(venue=venue, account=account))
    for asset, amount in capital.items():
        for command, purpose in ((DepositAssets, "deposit"), (PledgeAssets, "pledge")):
            values: dict[str, Any] = {
                "custodian": custodian,
                "account": account,
                "transfer_id": f"{purpose}-{venue}-{asset}",
                "asset": asset,
                "amount_minor": amount,
            }
            if command is PledgeAssets:
                values["venue"] = venue
            yield _input(scenario, command(**values))


def _input(scenario: Scenario, message: Message) -> ScheduledInput:
    return ScheduledInput(scenario.starts_at, DOOR, message)
