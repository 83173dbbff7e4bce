"""How the rules of a venue are written in a scenario, what the venue is told of them, and every mistake in them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from trading_ecosystem.adapters.scenario_files import parse_scenario
from trading_ecosystem.adapters.scenario_parameters import exchange_parameters
from trading_ecosystem.domains.exchange.accounts.rate_limits import RateLimit
from trading_ecosystem.domains.exchange.matching.matching_parameters import BandAction, MatchingParameters
from trading_ecosystem.domains.exchange.parameters import ExchangeParameters, Faucet
from trading_ecosystem.domains.exchange.rules.trading_calendar import next_change, phase_at
from trading_ecosystem.domains.exchange.rules.trading_rules import TickBand, TradingRules
from trading_ecosystem.domains.exchange.trades.fee_schedule import FeePayment, FeeTerms, FeeTier
from trading_ecosystem.domains.test_coordination.venue_section import VenueRules
from trading_ecosystem.messages.orders import SelfTradePrevention, TradingPhase
from trading_ecosystem.messages.units import HOUR, MILLISECOND, MINUTE, SECOND, Nanos
from trading_ecosystem.ports.errors import BadInput

WHOLE = 100_000_000


def document(rules: str, instruments: str = "[BTC/USD, USDT/USD]", starts_at: str = "2026-03-02T00:00:00Z") -> str:
    return (
        f"title: T\nduration: 2h\nstarts_at: {starts_at}\necosystem:\n  market_data: {{instruments: {instruments}}}\n"
        f"  venues:\n    - {{name: north, {rules}}}\n    - name: south\n"
    )


def told(rules: str, starts_at: str = "2026-03-02T00:00:00Z") -> ExchangeParameters:
    """What the venue with these rules is made with; its neighbour is as if nobody had said anything."""
    scenario = parse_scenario(document(rules, starts_at=starts_at), "s.yaml")
    north, south = scenario.ecosystem.venues
    assert south.rules == VenueRules()
    return exchange_parameters(scenario, north)


def test_a_venue_that_states_no_rules_is_as_before() -> None:
    scenario = parse_scenario("title: T\nduration: 2h\n", "s.yaml")
    for venue in scenario.ecosystem.venues:
        assert exchange_parameters(scenario, venue) == ExchangeParameters(
            custodian="custodian",
            instruments=scenario.ecosystem.market_data.instruments,
            publish_every_ns=10 * SECOND,
            maker_fee_ppm=200,
            taker_fee_ppm=500,
            settlement_cycle_ns=10 * MINUTE,
        )


@pytest.mark.parametrize("mode", SelfTradePrevention)
def test_self_trade_prevention(mode: SelfTradePrevention) -> None:
    assert told(f"self_trade_prevention: {mode.value}").self_trade is mode


def test_rate_limit_and_faucet() -> None:
    assert told("rate_limit: {burst: 100, refill: 50ms}").rate_limit == RateLimit(100, 50 * MILLISECOND)
    weighed = told("rate_limit: {burst: 9, refill: 1s, place_weight: 2, replace_weight: 3, cancel_weight: 1}")
    assert weighed.rate_limit == RateLimit(9, SECOND, 2, 3, 1)
    assert told("faucet: {amounts: {USD: 1000, BTC: 0.5}}").faucet == Faucet({"USD": 1_000 * WHOLE, "BTC": WHOLE // 2})
    assert told("faucet: {amounts: {USD: 1}, every: 1h}").faucet == Faucet({"USD": WHOLE}, HOUR)


def test_fees() -> None:
    tiers = (
        "tiers: [{from_volume: 1e6, maker_fee: 0.0001, taker_fee: 0.0005}, {from_volume: 5e6, maker_fee: 0, taker_fee: 3e-4}]"
    )
    ladder = (FeeTier(10**6 * WHOLE, 100, 500), FeeTier(5 * 10**6 * WHOLE, 0, 300))
    assert told(f"fees: {{{tiers}}}").fees == FeeTerms(ladder)
    assert told("fees: {paid_in: base}").fees == FeeTerms(payment=FeePayment.BASE)
    third = told("fees: {paid_in: third, asset: ETH, conversion: {USD: 0.000333}}").fees
    assert third == FeeTerms(payment=FeePayment.THIRD, third_asset="ETH", conversion_ppm={"USD": 333})


def test_the_rules_of_an_instrument_are_in_its_ticks_and_lots() -> None:
    given = (
        "stop_collar: 0.02, markets: {BTC/USD: {tick_table: [{from: 0, step: 0.05}, {from: 10000, step: 1}], "
        "round_quantity: 0.0001, minimum_quantity: 0.001, maximum_quantity: 5, minimum_notional: 10, maximum_notional: 1e6, "
        "maximum_spread: 0.01, collar: 0.03, static_band: 0.1, dynamic_band: 0.04, band_action: interrupt, "
        "volatility_auction: 2m, extensions: 3}, USDT/USD: {}}"
    )
    venue = told(given)
    assert venue.stop_collar_ppm == 20_000
    assert venue.rules == {
        "BTC/USD": TradingRules(
            (TickBand(0, 5), TickBand(1_000_000, 100)), 100, 1_000, 5_000_000, 10 * WHOLE, 10**6 * WHOLE, 10_000
        ),
        "USDT/USD": TradingRules(),
    }
    assert venue.matching == {
        "BTC/USD": MatchingParameters(
            30_000, 100_000, 40_000, BandAction.INTERRUPT, volatility_auction_ns=2 * MINUTE, extensions=3
        ),
        "USDT/USD": MatchingParameters(),
    }


def at(text: str) -> Nanos:
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp()) * SECOND


NEW_YORK = (
    "calendar: {time_zone: America/New_York, pre_open: 09:00, opening_auction: 09:25, continuous: 09:30, "
    "closing_auction: 16:00, close: 16:05, holidays: [2026-03-10]}"
)


def test_a_calendar_follows_the_clocks_of_its_zone() -> None:
    calendar = told(NEW_YORK, starts_at="2026-03-06T00:00:00Z").calendar
    assert calendar is not None
    phases = [
        ("2026-03-06T13:59:59Z", TradingPhase.CLOSED),
        ("2026-03-06T14:00:00Z", TradingPhase.PRE_OPEN),
        ("2026-03-06T14:25:00Z", TradingPhase.OPENING_AUCTION),
        ("2026-03-06T14:30:00Z", TradingPhase.CONTINUOUS),
        ("2026-03-06T21:00:00Z", TradingPhase.CLOSING_AUCTION),
        ("2026-03-06T21:05:00Z", TradingPhase.CLOSED),
        ("2026-03-07T16:00:00Z", TradingPhase.CLOSED),  # a Saturday
        # On Sunday clocks went forward: an hour earlier in UTC.
        ("2026-03-09T13:29:59Z", TradingPhase.OPENING_AUCTION),
        ("2026-03-09T13:30:00Z", TradingPhase.CONTINUOUS),
        ("2026-03-10T16:00:00Z", TradingPhase.CLOSED),  # the holiday
    ]
    assert [(text, phase_at(calendar, at(text))) for text, _ in phases] == phases
    assert next_change(calendar, at("2026-03-09T21:00:00Z")) == (at("2026-03-11T13:00:00Z"), TradingPhase.PRE_OPEN)


def test_a_calendar_without_auctions_in_utc_up_to_midnight() -> None:
    calendar = told("calendar: {continuous: 08:00:30, close: 24:00, weekdays: [sunday, monday]}").calendar
    assert calendar is not None
    assert (calendar.offsets, calendar.weekdays) == ((), (0, 6))
    assert phase_at(calendar, at("2026-03-02T08:00:29Z")) is TradingPhase.CLOSED
    assert phase_at(calendar, at("2026-03-02T23:59:59Z")) is TradingPhase.CONTINUOUS
    assert phase_at(calendar, at("2026-03-03T00:00:00Z")) is TradingPhase.CLOSED


TIER = "maker_fee: 0.0001, taker_fee: 0.0001"
MISTAKES = [
    (
        "self_trade_prevention: cancel_old",
        "44",
        "unknown self_trade_prevention 'cancel_old'; did you mean 'cancel_both'? expected",
    ),
    ("rate_limit: 7", "33", "rate_limit cannot be '7'; expected a mapping of burst, refill,"),
    ("rate_limit: {burst: 5}", "33", "rate_limit has no 'refill'; expected this field"),
    ("rate_limit: {burst: 0, refill: 1s}", "41", "burst cannot be 0; expected a whole number from 1"),
    ("rate_limit: {burst: 5, refill: 1ns}", "52", "refill '1ns' is too short; expected at least 1us"),
    (
        "rate_limit: {burst: 5, refill: 1s, place_weight: 6}",
        "70",
        "more than the bucket holds; expected at most the burst of 5",
    ),
    ("fees: {tiers: []}", "35", "there are 0 tiers; expected 1 to 20"),
    (f"fees: {{tiers: [{{from_volume: 0, {TIER}}}]}}", "50", "from_volume cannot be '0'; expected a positive amount"),
    (
        "fees: {tiers: [{from_volume: 1, maker_fee: 0.0003, taker_fee: 0}]}",
        "64",
        "maker_fee cannot be '0.0003'; expected a ratio",
    ),
    (f"fees: {{tiers: [{{from_volume: 2, {TIER}}}, {{from_volume: 2, {TIER}}}]}}", "106", "from_volume does not rise"),
    ("fees: {paid_in: gold}", "37", "unknown paid_in 'gold'; expected one of: quote, base, third"),
    ("fees: {paid_in: base, asset: ETH}", "43", "'asset' is for fees in a third asset; expected paid_in: third"),
    ("fees: {paid_in: third, asset: ETH}", "28", "fees in a third asset have no 'conversion'; expected this field"),
    ("fees: {paid_in: third, asset: ETH, conversion: {}}", "68", "conversion cannot be empty; expected one of: USD"),
    ("fees: {paid_in: third, asset: EUR, conversion: {USD: 1}}", "51", "unknown fee asset 'EUR'"),
    (
        "fees: {paid_in: third, asset: ETH, conversion: {BTC: 1}}",
        "69",
        "unknown asset 'BTC' in conversion; expected one of: USD",
    ),
    ("stop_collar: 0", "34", "stop_collar cannot be '0'; expected a ratio from 0.000001 to 1"),
    ("markets: {ETH/USD: {}}", "31", "unknown instrument 'ETH/USD' in markets; expected one of: BTC/USD, USDT/USD"),
    ("markets: {BTC/USD: {colour: red}}", "41", "unknown field 'colour' in the rules of BTC/USD; did you mean 'collar'?"),
    ("markets: {BTC/USD: {tick_table: []}}", "53", "there are 0 bands in tick_table; expected 1 to 50"),
    (
        "markets: {BTC/USD: {tick_table: [{from: 0, step: 0.015}]}}",
        "70",
        "step cannot be '0.015'; expected a multiple of the tick, 0.01",
    ),
    (
        "markets: {BTC/USD: {tick_table: [{from: 5, step: 1}, {from: 5, step: 2}]}}",
        "81",
        "'from' does not rise; expected a higher price",
    ),
    ("markets: {BTC/USD: {minimum_quantity: 1e-7}}", "59", "expected a multiple of the lot, 0.000001"),
    (
        "markets: {BTC/USD: {round_quantity: 0.01, minimum_quantity: 0.015}}",
        "81",
        "minimum_quantity cannot be '0.015'; expected a multiple of round_quantity",
    ),
    (
        "markets: {BTC/USD: {minimum_quantity: 2, maximum_quantity: 1}}",
        "62",
        "maximum_quantity is below the smallest quantity",
    ),
    ("markets: {BTC/USD: {minimum_notional: 2, maximum_notional: 1}}", "62", "maximum_notional is below minimum_notional"),
    ("markets: {BTC/USD: {collar: 1.5}}", "49", "collar cannot be '1.5'; expected a ratio from 0.000001 to 1"),
    ("markets: {BTC/USD: {band_action: reject}}", "41", "there is no band to act on; expected 'static_band' or 'dynamic_band'"),
    (
        "markets: {BTC/USD: {static_band: 0.1, band_action: interrupt}}",
        "59",
        "an interruption is a volatility auction; expected 'volatility_auction'",
    ),
    ("markets: {BTC/USD: {volatility_auction: 1m, extensions: 1}}", "65", "expected 'volatility_auction' and 'static_band'"),
    ("calendar: {continuous: 09:00}", "31", "calendar has no 'close'; expected this field"),
    ("calendar: {continuous: 9am, close: 17:00}", "44", "continuous '9am' is not a time of day; expected a time of day from"),
    ("calendar: {continuous: 09:60, close: 17:00}", "44", "continuous '09:60' is not a time of day"),
    ("calendar: {continuous: 09:00, close: 24:01}", "58", "close '24:01' is not a time of day"),
    ("calendar: {continuous: 09:00, close: 09:00}", "51", "'close' does not follow 'continuous' within one day"),
    ("calendar: {continuous: 09:00, close: 08:00}", "51", "'close' does not follow 'continuous'"),
    (
        "calendar: {opening_auction: 09:30, continuous: 09:00, close: 17:00}",
        "56",
        "'continuous' does not follow 'opening_auction'",
    ),
    ("calendar: {pre_open: 08:00, continuous: 09:00, close: 17:00}", "32", "a pre-open leads into an opening auction"),
    (
        "calendar: {continuous: 09:00, close: 17:00, weekdays: [monday, moonday]}",
        "84",
        "unknown weekday 'moonday'; did you mean",
    ),
    ("calendar: {continuous: 09:00, close: 17:00, weekdays: []}", "75", "weekdays must be distinct, and there has to be one"),
    ("calendar: {continuous: 09:00, close: 17:00, holidays: [2026-02-30]}", "76", "a holiday '2026-02-30' is not a date"),
    (
        "calendar: {continuous: 09:00, close: 17:00, time_zone: Mars/Base}",
        "76",
        "unknown time zone 'Mars/Base'; expected a name",
    ),
    ("calendar: {continuous: 09:00, close: 17:00, time_zone: ../UTC}", "76", "unknown time zone '../UTC'; expected a name"),
    ("faucet: {every: 1h}", "29", "faucet has no 'amounts'; expected this field"),
    ("faucet: {amounts: {}}", "39", "the amounts of the faucet cannot be empty"),
    ("faucet: {amounts: {EUR: 1}}", "40", "unknown asset 'EUR' in faucet"),
]


@pytest.mark.parametrize(("rules", "column", "said"), MISTAKES)
def test_a_mistake_is_one_line_with_its_place(rules: str, column: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_scenario(document(rules), "s.yaml")
    assert (caught.value.place, said in caught.value.problem) == (f"s.yaml:7:{column}", True), str(caught.value)
    assert "\n" not in str(caught.value)
    assert "expected" in str(caught.value)
