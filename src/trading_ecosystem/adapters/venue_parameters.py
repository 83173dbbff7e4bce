"""From the rules that a scenario states of a venue to the venue's own parameters; what it does not state keeps its default."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from trading_ecosystem.adapters.settlement_calendars import date_of, settlement_calendar
from trading_ecosystem.adapters.time_zones import utc_offsets
from trading_ecosystem.domains.exchange.accounts.rate_limits import RateLimit
from trading_ecosystem.domains.exchange.matching.matching_parameters import BandAction, MatchingParameters
from trading_ecosystem.domains.exchange.parameters import Faucet
from trading_ecosystem.domains.exchange.rules.trading_calendar import TradingCalendar, calendar_problem
from trading_ecosystem.domains.exchange.rules.trading_rules import TickBand, TradingRules
from trading_ecosystem.domains.exchange.trades.fee_schedule import FeePayment, FeeTerms, FeeTier
from trading_ecosystem.domains.exchange.trades.settlement_dates import SettlementDate
from trading_ecosystem.domains.test_coordination.venue_section import (
    CalendarSection,
    FeesSection,
    MarketSection,
    SettlementSection,
    VenueRules,
)
from trading_ecosystem.messages.units import DAY, Nanos

_BEFORE: Final[Nanos] = 3 * DAY
"""A local day may have begun, and the day before it, when the run starts."""
_AFTER: Final[Nanos] = 370 * DAY
"""A calendar is looked through for a year after the last instant."""


def rule_parameters(rules: VenueRules, starts_at: Nanos, ends_at: Nanos) -> dict[str, Any]:
    """Fields of ``ExchangeParameters``, those alone that the scenario states."""
    stated: dict[str, Any] = {"self_trade": rules.self_trade, "kyc_required": rules.kyc_required}
    if rules.rate_limit is not None:
        stated["rate_limit"] = RateLimit(**msgspec.structs.asdict(rules.rate_limit))
    if rules.stop_collar_ppm is not None:
        stated["stop_collar_ppm"] = rules.stop_collar_ppm
    if rules.faucet is not None:
        stated["faucet"] = Faucet(amounts=rules.faucet.amounts, every_ns=rules.faucet.every_ns)
    if rules.calendar is not None:
        stated["calendar"] = _calendar(rules.calendar, starts_at, ends_at)
    if rules.settlement is not None:
        stated |= _settlement(rules.settlement, starts_at, ends_at)
    stated["fees"] = _fees(rules.fees)
    stated["rules"] = {symbol: _trading_rules(market) for symbol, market in rules.markets.items()}
    stated["matching"] = {symbol: _matching(market) for symbol, market in rules.markets.items()}
    return stated


def _fees(fees: FeesSection) -> FeeTerms:
    return FeeTerms(
        tiers=tuple(FeeTier(tier.from_volume_minor, tier.maker_ppm, tier.taker_ppm) for tier in fees.tiers),
        payment=FeePayment(fees.payment.value),
        third_asset=fees.third_asset,
        conversion_ppm=fees.conversion_ppm,
    )


def _trading_rules(market: MarketSection) -> TradingRules:
    usual = TradingRules()
    return TradingRules(
        tick_table=tuple(TickBand(step.from_ticks, step.step_ticks) for step in market.tick_table),
        round_lots=market.round_lots,
        minimum_lots=market.minimum_lots,
        maximum_lots=usual.maximum_lots if market.maximum_lots is None else market.maximum_lots,
        minimum_notional_minor=market.minimum_notional_minor,
        maximum_notional_minor=market.maximum_notional_minor,
        maximum_spread_ppm=market.maximum_spread_ppm,
    )


def _matching(market: MarketSection) -> MatchingParameters:
    return MatchingParameters(
        collar_ppm=market.collar_ppm,
        static_band_ppm=market.static_band_ppm,
        dynamic_band_ppm=market.dynamic_band_ppm,
        band_action=BandAction(market.band_action.value),
        volatility_auction_ns=market.volatility_auction_ns,
        extensions=market.extensions,
    )


def _calendar(section: CalendarSection, starts_at: Nanos, ends_at: Nanos) -> TradingCalendar:
    values = msgspec.structs.asdict(section)
    zone = values.pop("time_zone")
    calendar = TradingCalendar(**values, offsets=utc_offsets(zone, starts_at - _BEFORE, ends_at + _AFTER))
    assert calendar_problem(calendar) is None
    return calendar


def _settlement(section: SettlementSection, starts_at: Nanos, ends_at: Nanos) -> dict[str, Any]:
    """The cycle, and a row per local day on which trades settle otherwise than the day before."""
    calendar = settlement_calendar(section.calendar, date_of(starts_at // DAY), date_of(ends_at // DAY))
    dates: list[SettlementDate] = []
    for day in range(starts_at // DAY - 1, ends_at // DAY + 2):
        settles_at = calendar.instant(calendar.intended_settlement_day(day, section.cycle), section.at_ns)
        if not dates or dates[-1].settles_at != settles_at:
            dates.append(SettlementDate(calendar.instant(day, 0), settles_at))
    cycle = calendar.cycle(starts_at // DAY) if section.cycle is None else section.cycle
    return {"settlement_cycle_ns": cycle * DAY, "settlement_dates": tuple(dates)}
