"""Scenario files: what is read, every mistake at its place, overrides, and the library."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading_ecosystem.adapters.scenario_files import LARGEST_FILE, parse_scenario, read_scenario, resolved_text
from trading_ecosystem.domains.test_coordination.estimate import LARGEST_LIBRARY_RUN, estimate_entries
from trading_ecosystem.domains.test_coordination.market_data_section import Recording, RecordingFormat
from trading_ecosystem.domains.test_coordination.scenario import (
    CleanPeriod,
    CustodianFault,
    Expectation,
    FeedFault,
    FirmLimits,
    LatencyDistribution,
    LinkFault,
    LinkSection,
    PlannedFault,
    PriceFault,
    RiskLimit,
    Workload,
)
from trading_ecosystem.messages.risk import AlertKind, LimitKind
from trading_ecosystem.messages.test_coordination import FaultKind
from trading_ecosystem.messages.units import HOUR, MILLISECOND, MINUTE, SECOND
from trading_ecosystem.ports.errors import BadInput

WHOLE = 100_000_000
LIBRARY = sorted((Path(__file__).parents[2] / "scenarios").glob("*.yaml"))
NAMES = [
    "bad_tick",
    "bank_holiday",
    "basis_divergence",
    "busy_market",
    "ether_disruption",
    "exchange_downtime",
    "feed_disruption",
    "living_market",
    "march_2020",
    "market_crash",
    "overlapping_faults",
    "partial_settlement",
    "perp_squeeze",
    "phased_disruption",
    "plausible_prices",
    "quiet_day",
    "runaway_algorithm",
    "settlement_delay",
    "settlement_failure",
    "slow_leak",
    "stablecoin_collapse",
    "stablecoin_depeg",
    "stale_feed",
    "strategy_malfunction",
    "trading_halt",
    "unnoticed_depeg",
    "volatile_market",
    "wide_spreads",
]

CONTROLS = ("busy_market", "volatile_market")
"""Clean, but markets in which an alert may have a reason."""
WHOLE_FIRM = ("market_crash", "quiet_day", "settlement_delay", "stablecoin_depeg", "stale_feed", "unnoticed_depeg")
"""In these the firm has all its strategies and holds the stablecoin."""

FULL = """\
title: Everything
description: All of it
seed: 11
starts_at: 2026-03-02T01:00:00+01:00
duration: 1d12h
ecosystem:
  market_data:
    instruments: [BTC/USD, USDT/USD, BTC/USDT]
    tick: 5s
    prices: {BTC: 61000.5, USDT: 0.9999}
    volatility: {BTC: 0.6}
    correlation: -0.25
    jumps: false
    candles: [1m, 1h]
  venues:
    - {name: north, publish_every: 5s, maker_fee: 0.0002, taker_fee: 0.0005, settlement_cycle: 24h, depth_levels: 5}
    - {name: south-1, house: {BTC: 10, USD: 100000, USDT: 0.00000001}}
  custodian: {name: vault, retry_every: 30s, reconcile_every: 10m}
  firm: {name: acme, mark_every: 1m, limits: {max_order_notional: 100000, max_open_orders: 12, max_position: 2.5}}
  risk:
    report_every: 2m
    limits: {position_long: {BTC: 7.5}, drawdown: 0.2, daily_loss: 1000, stablecoin_exposure: 50}
  links:
    - {from: market-data, to: risk, latency: {distribution: lognormal, mean: 2ms, minimum: 1ms, sigma: 0.75}}
    - {from: v*, to: [no*, trading], latency: {distribution: fixed, mean: 500us}}
workloads:
  - strategy: momentum
    name: trend
    account: acme/trend
    start: 1h
    capital: {north: {USD: 1000.5}}
    settings: {venue: north, instrument: BTC/USD, size_usd: 1000, max_position_usd: 5000}
faults:
  - {id: crash, kind: market_crash, at: 1h, magnitude: -0.1, ramp: 5m, residual: -0.02, recovery: 1h}
  - {id: shock, kind: price_shock, at: 1h, asset: BTC, magnitude: {low: -0.2, high: 0.1}, ramp: {low: 0s, high: 10s}, hold: 1m}
  - {id: frozen, kind: feed_stale, at: 2h, duration: 1m, instruments: [USDT/USD]}
  - {id: late, kind: settlement_delay, at: 3h, duration: 1h, delay: 30m}
  - {id: cut, kind: link_partition, at: 4h, duration: 1m, from: [market-data, no*], to: risk}
expectations:
  - {fault: crash, alert: price_crash, within: 90s}
  - {fault: frozen, alert: price_stale}
  - {fault: cut, missed: true}
clean_periods:
  - {until: 1h}
  - {from: 10h, until: 1d}
"""

SMALL = """\
title: Small
duration: 2h
faults:
  - {id: depeg, kind: stablecoin_depeg, at: 30m, magnitude: -0.05, hold: 10m}
expectations:
  - {fault: depeg, alert: stablecoin_depeg, within: 1m}
"""


def exactly(fault: object) -> PlannedFault:
    return PlannedFault(fault, fault)  # type: ignore[arg-type]


def test_everything_is_read_into_integers() -> None:
    scenario = parse_scenario(FULL, "dir/everything.yaml")
    assert (scenario.name, scenario.title, scenario.description, scenario.seed) == ("everything", "Everything", "All of it", 11)
    assert scenario.starts_at == 1_772_409_600 * SECOND
    assert scenario.duration_ns == 36 * HOUR
    market_data = scenario.ecosystem.market_data
    assert market_data.instruments == ("BTC/USD", "USDT/USD", "BTC/USDT")
    assert market_data.tick_ns == 5 * SECOND
    assert market_data.prices_minor == {"BTC": 6_100_050_000_000, "ETH": 3_000 * WHOLE, "USDT": 99_990_000}
    assert market_data.volatility == {"BTC": "0.6", "ETH": "0.70", "USDT": "0.02"}
    assert (market_data.correlation, market_data.jumps) == ("-0.25", False)
    assert (market_data.candles_ns, market_data.recording) == ((MINUTE, HOUR), None)
    north, south = scenario.ecosystem.venues
    assert (north.name, north.house_account, north.fee_account) == ("north", "north-house", "north-fees")
    assert (north.publish_every_ns, north.maker_fee_ppm, north.taker_fee_ppm) == (5 * SECOND, 200, 500)
    assert (north.settlement_cycle_ns, north.depth_levels) == (24 * HOUR, 5)
    assert north.house == {"BTC": 1_000 * WHOLE, "USD": 60_000_000 * WHOLE, "USDT": 60_000_000 * WHOLE}
    assert south.house == {"BTC": 10 * WHOLE, "USD": 100_000 * WHOLE, "USDT": 1}
    custodian = scenario.ecosystem.custodian
    assert (custodian.name, custodian.retry_every_ns, custodian.reconcile_every_ns) == ("vault", 30 * SECOND, 10 * MINUTE)
    firm = scenario.ecosystem.firm
    assert (firm.name, firm.mark_every_ns) == ("acme", MINUTE)
    assert firm.limits == FirmLimits(100_000 * WHOLE, 12, 250_000_000)
    assert scenario.ecosystem.risk.report_every_ns == 2 * MINUTE
    assert scenario.ecosystem.risk.limits == (
        RiskLimit(LimitKind.POSITION_LONG, "BTC", 750_000_000),
        RiskLimit(LimitKind.DAILY_LOSS, "acme", 1_000 * WHOLE),
        RiskLimit(LimitKind.DRAWDOWN, "acme", 200_000),
        RiskLimit(LimitKind.STABLECOIN_EXPOSURE, "USDT", 50 * WHOLE),
    )
    assert scenario.ecosystem.links == (
        LinkSection("market-data", "risk", LatencyDistribution.LOGNORMAL, 2 * MILLISECOND, MILLISECOND, 750_000),
        LinkSection("vault", "north", LatencyDistribution.FIXED, 500_000, 0, 500_000),
        LinkSection("vault", "trading", LatencyDistribution.FIXED, 500_000, 0, 500_000),
    )


def test_timeline_is_read_into_typed_faults() -> None:
    scenario = parse_scenario(FULL, "everything.yaml")
    wanted = {"venue": "north", "instrument": "BTC/USD", "size_usd": "1000", "max_position_usd": "5000"}
    capital = {"north": {"USD": 100_050_000_000}}
    assert scenario.workloads == (Workload("momentum", "trend", "acme/trend", HOUR, capital, wanted),)
    crash, shock, frozen, late, cut = scenario.faults
    assert crash == exactly(PriceFault("crash", FaultKind.MARKET_CRASH, HOUR, ("BTC",), -100_000, 5 * MINUTE, 0, HOUR, -20_000))
    assert shock == PlannedFault(
        PriceFault("shock", FaultKind.PRICE_SHOCK, HOUR, ("BTC",), -200_000, 0, MINUTE, 0, 0),
        PriceFault("shock", FaultKind.PRICE_SHOCK, HOUR, ("BTC",), 100_000, 10 * SECOND, MINUTE, 0, 0),
    )
    assert frozen == exactly(FeedFault("frozen", FaultKind.FEED_STALE, 2 * HOUR, MINUTE, ("USDT/USD",), 0, 0))
    assert late == exactly(CustodianFault("late", FaultKind.SETTLEMENT_DELAY, 3 * HOUR, HOUR, 0, 30 * MINUTE))
    assert cut == exactly(
        LinkFault("cut", FaultKind.LINK_PARTITION, 4 * HOUR, MINUTE, ("market-data", "north"), ("risk",), 0, 0)
    )
    assert scenario.expectations == (
        Expectation("crash", AlertKind.PRICE_CRASH, 90 * SECOND),
        Expectation("frozen", AlertKind.PRICE_STALE, 5 * SECOND),
        Expectation("cut", None, 0),
    )
    assert scenario.clean_periods == (CleanPeriod(0, HOUR), CleanPeriod(10 * HOUR, 24 * HOUR))


def test_a_small_scenario_has_an_ecosystem() -> None:
    scenario = parse_scenario(SMALL, "small.yaml")
    assert [venue.name for venue in scenario.ecosystem.venues] == ["exchange-alpha", "exchange-beta"]
    ends = ("market-data", "exchange-alpha", "exchange-beta", "custodian", "trading", "risk")
    assert scenario.ecosystem.link_ends == ends
    assert scenario.ecosystem.assets == ("BTC", "USD", "ETH", "USDT")
    assert len(scenario.ecosystem.market_data.instruments) == 6


FAULT = "  - {id: depeg, kind: stablecoin_depeg, at: 30m, magnitude: -0.05, hold: 10m}"
STALE = "  - {id: depeg, kind: feed_stale, at: 30m, duration: 1m"
BAD = [
    # text to replace, replacement, place, what is said
    (
        "title: Small",
        "titel: Small",
        "1:1",
        "unknown field 'titel' in a scenario; did you mean 'title'? expected one of: title,",
    ),
    ("title: Small\n", "", "1:1", "a scenario has no 'title'; expected this field"),
    ("title: Small", "title: [Small]", "1:8", "title cannot be a list; expected text"),
    ("title: Small", "title:", "1:7", "title cannot be nothing; expected text"),
    ("title: Small", "title: Small\nseed: -1", "2:7", "seed cannot be -1; expected a whole number from 0"),
    ("title: Small", "title: Small\nseed: 1.5", "2:7", "seed '1.5' is finer than 1/1; expected a whole number"),
    ("title: Small", "title: Small\nseed: 9223372036854775808", "2:7", "seed '9223372036854775808' is out of range"),
    (
        "title: Small",
        "title: Small\nstarts_at: yesterday",
        "2:12",
        "starts_at 'yesterday' is not an instant; expected an RFC 3339",
    ),
    ("title: Small", "title: Small\nstarts_at: 2026-03-02T00:00:00", "2:12", "has no zone, no time or a fraction"),
    ("title: Small", "title: Small\nstarts_at: 1969-12-31T00:00:00Z", "2:12", "is out of range"),
    ("title: Small", "title: Small\ntitle: Again", "2:1", "the key 'title' is here twice, first at small.yaml:1:1"),
    ("duration: 2h", "duration: -2h", "2:11", "duration cannot be negative ('-2h'); expected a duration such as 90s, 10m, 36h"),
    ("duration: 2h", "duration: 2 hours", "2:11", "duration '2 hours' is not a duration; expected a duration such as"),
    ("duration: 2h", "duration: 0.5ns", "2:11", "duration '0.5ns' is not a duration"),
    ("duration: 2h", "duration: 1ms", "2:11", "duration '1ms' is too short; expected at least 1s"),
    ("duration: 2h", "duration: 32d", "2:11", "duration '32d' is too long; expected at most 31d"),
    ("duration: 2h", "duration: nan", "2:11", "duration 'nan' is not a duration"),
    ("duration: 2h", "duration: {h: 2}", "2:11", "duration cannot be a mapping; expected a duration"),
    ("kind: stablecoin_depeg", "kind: stablecoin_depg", "4:23", "unknown fault kind 'stablecoin_depg'; did you mean"),
    (
        "kind: stablecoin_depeg",
        "kind: rain",
        "4:23",
        "unknown fault kind 'rain'; expected one of: price_shock, stablecoin_depeg,",
    ),
    ("at: 30m", "at: 2h", "4:45", "the fault would begin 2h into a run of 2h; expected 'at' before the end of the run"),
    ("at: 30m", "at: -30m", "4:45", "at cannot be negative ('-30m')"),
    ("at: 30m, ", "", "4:5", "a fault of kind stablecoin_depeg has no 'at'; expected this field"),
    ("magnitude: -0.05", "magnitude: -0.21", "4:61", "magnitude cannot be '-0.21'; expected a ratio from -0.2 to 0.2"),
    ("magnitude: -0.05", "magnitude: .nan", "4:61", "magnitude '.nan' is not a number; expected a ratio"),
    ("magnitude: -0.05", "magnitude: NaN", "4:61", "magnitude cannot be 'NaN'; expected a ratio"),
    ("magnitude: -0.05", "magnitude: 0", "4:61", "magnitude cannot be 0; expected a move"),
    ("magnitude: -0.05", "magnitude: -5%", "4:61", "magnitude '-5%' is not a number"),
    ("magnitude: -0.05", "magnitude: 0.0500001", "4:61", "magnitude '0.0500001' is finer than 1/1000000"),
    ("magnitude: -0.05", "magnitude: {low: -0.05, high: -0.3}", "4:80", "magnitude cannot be '-0.3'; expected a ratio from"),
    ("magnitude: -0.05", "magnitude: {low: -0.05, high: -0.1}", "4:61", "the range of 'magnitude' ends below its beginning"),
    ("magnitude: -0.05", "magnitude: {low: -0.05}", "4:61", "the range of 'magnitude' has no 'high'; expected this field"),
    ("hold: 10m", "hold: 73h", "4:74", "hold '73h' is too long; expected at most 3d"),
    ("hold: 10m", "hold: 48h, recovery: 25h", "4:5", "the fault lasts 3d1h; expected at most 3d"),
    ("hold: 10m", "hold: 0s", "4:5", "the fault has no ramp, hold or recovery; expected it to last"),
    ("hold: 10m", "hold: 10m, delay: 1m", "4:79", "unknown field 'delay' in a fault of kind stablecoin_depeg"),
    ("id: depeg", "id: De.Peg", "4:10", "the fault's id 'De.Peg' is not a safe name; expected 1 to 63 of a-z, 0-9 and '-'"),
    (FAULT, FAULT + "\n" + FAULT, "5:10", "the fault id 'depeg' is used twice; expected distinct ids"),
    (FAULT, "  - {id: depeg, kind: stablecoin_depeg, at: 30m, asset: BTC, magnitude: 0.1}", "4:57", "unknown stablecoin 'BTC'"),
    (FAULT, "  - {id: depeg, kind: price_shock, at: 30m, asset: BTC, magnitude: 0.26}", "4:68", "from -0.25 to 0.25"),
    (FAULT, "  - {id: depeg, kind: price_shock, at: 30m, asset: USD, magnitude: 0.1}", "4:52", "unknown asset 'USD'"),
    (
        FAULT,
        "  - {id: depeg, kind: price_shock, at: 30m, asset: BTC, magnitude: 0.1, ramp: 1h, hold: 61m}",
        "4:5",
        "ramp and hold of the shock take 2h1m; expected at most 2h",
    ),
    (
        FAULT,
        "  - {id: depeg, kind: market_crash, at: 30m, magnitude: 0.1, ramp: 1m}",
        "4:57",
        "expected a ratio from -0.25 to -0.000001",
    ),
    (FAULT, "  - {id: depeg, kind: market_crash, at: 30m, magnitude: -0.1, assets: [USDT]}", "4:72", "unknown coin 'USDT'"),
    (FAULT, "  - {id: depeg, kind: market_crash, at: 30m, magnitude: -0.1, assets: []}", "4:71", "assets must be distinct"),
    (FAULT, STALE + ", instruments: [DOGE/USD]}", "4:72", "unknown instrument 'DOGE/USD'; expected one of: BTC/USD,"),
    (FAULT, STALE + ", instruments: []}", "4:71", "instruments cannot be empty"),
    (FAULT, STALE + ", instruments: [BTC/USD, BTC/USD]}", "4:81", "instrument 'BTC/USD' is listed twice"),
    (
        FAULT,
        "  - {id: depeg, kind: feed_stale, at: 30m, duration: 0s}",
        "4:54",
        "duration '0s' is too short; expected at least 1ns",
    ),
    (
        FAULT,
        "  - {id: depeg, kind: feed_drop, at: 1m, duration: 9m, probability: 1.1}",
        "4:69",
        "expected a ratio from 0.000001 to 1,",
    ),
    (
        FAULT,
        "  - {id: depeg, kind: feed_delay, at: 1m, duration: 9m, delay: 25h}",
        "4:64",
        "delay '25h' is too long; expected at most 1d",
    ),
    (
        FAULT,
        "  - {id: depeg, kind: link_partition, at: 1m, duration: 9m, from: alpha, to: risk}",
        "4:67",
        "unknown component 'alpha'",
    ),
    (
        FAULT,
        "  - {id: depeg, kind: link_partition, at: 1m, duration: 9m, from: [], to: risk}",
        "4:67",
        "'from' names no component",
    ),
    (
        FAULT,
        "  - {id: depeg, kind: link_partition, at: 1m, duration: 9m, from: risk, to: risk}",
        "4:73",
        "there is no link from 'risk' to itself; expected two components",
    ),
    (FAULT, "  - 7", "4:5", "a fault cannot be '7'; expected a mapping of id, kind, at,"),
    ("faults:\n" + FAULT, "faults: none", "3:9", "faults cannot be 'none'; expected a list"),
    ("- {fault: depeg,", "- {fault: dpeg,", "6:13", "unknown fault 'dpeg'; did you mean 'depeg'? expected one of: depeg"),
    ("alert: stablecoin_depeg", "alert: doom", "6:27", "unknown alert 'doom'; expected one of: price_stale, price_crash,"),
    (
        "alert: stablecoin_depeg",
        "alert: price_crash",
        "6:27",
        "price_crash is not what a fault of kind stablecoin_depeg raises; expected stablecoin_depeg, or missed: true",
    ),
    (
        FAULT,
        "  - {id: depeg, kind: link_duplicate, at: 1m, duration: 9m, probability: 1, delay: 1s, from: risk, to: trading}",
        "6:13",
        "a fault of kind link_duplicate is outside the monitor's mandate; expected no expectation of it",
    ),
    (", within: 1m", ", within: 1m, missed: true", "6:20", "a fault that is missed has no 'alert'; expected 'missed' alone"),
    (", within: 1m", ", within: 1m, missed: maybe", "6:65", "missed cannot be 'maybe'; expected true or false"),
    (", within: 1m}", "}\n  - {fault: depeg, missed: true}", "7:13", "fault 'depeg' has two expectations"),
    ("faults:\n" + FAULT + "\n", "", "4:13", "unknown fault 'depeg'; expected a scenario with faults"),
    (
        "title: Small",
        "title: Small\nclean_periods: [{from: 1h, until: 1h}]",
        "2:28",
        "the clean period from 1h until 1h is empty",
    ),
    ("title: Small", "title: Small\nclean_periods: [{until: 3h}]", "2:25", "until '3h' is too long; expected at most 2h"),
    ("title: Small", "title: 'Small", "7:1", "malformed YAML: while scanning a quoted scalar found unexpected end of stream"),
    ("title: Small", "title: Small\n\tseed: 1", "2:1", "malformed YAML: while scanning for the next token found character"),
    ("title: Small", "title: Small\nseed: &a 7", "2:7", "anchors and aliases are not used here; expected the value itself"),
    (
        "title: Small",
        "title: !!python/name:os.system x",
        "1:8",
        "the tag 'tag:yaml.org,2002:python/name:os.system' is not used",
    ),
    ("title: Small", "title: Sm\x07all", "1:10", "a character that YAML does not allow; expected printable text"),
    ("title: Small", "[a]: 1", "1:1", "a key cannot be a list or a mapping; expected a word"),
    ("title: Small", "title: " + "[" * 30 + "]" * 30, "1:27", "nested deeper than 20 levels; expected a scenario"),
    ("title: Small", "title: Small\n---\n", "2:1", "malformed YAML: expected a single document in the stream"),
]
ECOSYSTEM = [
    (
        "market_data: {instruments: [BTC/EUR]}",
        "2:31",
        "unknown instrument 'BTC/EUR'; did you mean 'BTC/USD'? expected one of: BTC/USD,",
    ),
    ("market_data: {tick: 11s}", "2:23", "tick '11s' is too long; expected at most 10s"),
    ("market_data: {tick: 1ms}", "2:23", "tick '1ms' is too short; expected at least 10ms"),
    ("market_data: {prices: {BTC: nan}}", "2:31", "the price of BTC cannot be 'nan'; expected a positive amount"),
    ("market_data: {prices: {BTC: Infinity}}", "2:31", "the price of BTC cannot be 'Infinity'"),
    ("market_data: {prices: {BTC: .inf}}", "2:31", "the price of BTC '.inf' is not a number"),
    ("market_data: {prices: {BTC: -1}}", "2:31", "the price of BTC cannot be '-1'; expected a positive amount"),
    ("market_data: {prices: {BTC: 0}}", "2:31", "the price of BTC cannot be '0'"),
    ("market_data: {prices: {BTC: 1e999999}}", "2:31", "the price of BTC '1e999999' is out of range"),
    ("market_data: {prices: {BTC: 1e11}}", "2:31", "the price of BTC '1e11' is out of range"),
    ("market_data: {prices: {DOGE: 1}}", "2:26", "unknown asset 'DOGE' in prices; expected one of: BTC, ETH, USDT"),
    ("market_data: {volatility: {BTC: high}}", "2:35", "the volatility of BTC 'high' is not a number"),
    ("market_data: {volatility: {BTC: 6}}", "2:35", "the volatility of BTC cannot be '6'; expected a number from 0 to 5"),
    ("market_data: {correlation: 1.5}", "2:30", "correlation cannot be '1.5'; expected a number from -1 to 1"),
    ("market_data: {jumps: yes}", "2:24", "jumps cannot be 'yes'; expected true or false"),
    ("market_data: {candles: [1s]}", "2:27", "a candle interval '1s' is too short; expected at least 10s"),
    ("market_data: {jumps: true, recording: {file: x.csv, format: csv}}", "2:17", "'jumps' shapes generated prices, and these"),
    (
        "market_data: {recording: {file: x.csv, format: parquet}}",
        "2:50",
        "unknown format 'parquet'; expected one of: csv, binance",
    ),
    ("market_data: {recording: {format: csv}}", "2:28", "recording has no 'file'; expected this field"),
    ("venues: []", "2:11", "there are 0 venues; expected 1 to 16"),
    ("venues: [{name: Alpha}]", "2:19", "the venue's name 'Alpha' is not a safe name"),
    ("venues: [{name: -a}]", "2:19", "the venue's name '-a' is not a safe name"),
    (f"venues: [{{name: {'a' * 64}}}]", "2:19", "is not a safe name"),
    ("venues: [{name: risk}]", "2:12", "the name 'risk' is already taken; expected one not among: market-data, trading, risk"),
    ("venues: [{name: a}, {name: a}]", "2:23", "the name 'a' is already taken"),
    ("venues: [{name: a, maker_fee: -0.1}]", "2:33", "maker_fee cannot be '-0.1'; expected a ratio from 0 to 0.1"),
    ("venues: [{name: a, house: {BTC: 1}}]", "2:29", "the house has no USD, which is traded here; expected an amount of USD"),
    ("venues: [{name: a, depth_levels: 0}]", "2:36", "depth_levels cannot be 0; expected a whole number from 1 to 100"),
    ("venues: [{name: a, colour: red}]", "2:22", "unknown field 'colour' in a venue; expected one of: name,"),
    ("venues: [a]", "2:12", "a venue cannot be 'a'; expected a mapping of name,"),
    ("custodian: {name: exchange-alpha}", "2:3", "the name 'exchange-alpha' is already taken"),
    ("firm: {name: exchange-alpha-house}", "2:3", "the name 'exchange-alpha-house' is already taken"),
    (
        "risk: {limits: {position_lang: {BTC: 1}}}",
        "2:19",
        "unknown field 'position_lang' in the risk limits; did you mean 'position_long'?",
    ),
    ("risk: {limits: {drawdown: 2}}", "2:29", "drawdown cannot be '2'; expected a ratio from 0.000001 to 1"),
    ("risk: {limits: {daily_loss: .nan}}", "2:31", "daily_loss '.nan' is not a number"),
    ("risk: {limits: {position_long: {BTC: -5}}}", "2:40", "position_long of BTC cannot be '-5'; expected a positive amount"),
    ("links: [{from: mars, to: risk, latency: {distribution: fixed, mean: 1s}}]", "2:18", "unknown component 'mars'"),
    ("links: [{from: risk, to: mars*, latency: {distribution: fixed, mean: 1s}}]", "2:28", "unknown component 'mars*'"),
    ("links: [{from: risk, to: risk, latency: {distribution: pareto, mean: 1s}}]", "2:58", "unknown distribution 'pareto'"),
    (
        "links: [{from: risk, to: risk, latency: {distribution: fixed, mean: 1s, minimum: 2s}}]",
        "2:84",
        "minimum '2s' is too long",
    ),
]
MOMENTUM = "settings: {venue: exchange-alpha, instrument: BTC/USD, size_usd: 1, max_position_usd: 2}"
WORKLOADS = [
    (
        f"{{strategy: astrology, capital: {{}}, {MOMENTUM}}}",
        "2:16",
        "unknown strategy 'astrology'; expected one of: market_making,",
    ),
    (
        f"{{strategy: momentum, account: fnd/x, capital: {{}}, {MOMENTUM}}}",
        "2:35",
        "unknown account 'fnd/x'; expected a sub-account",
    ),
    (
        f"{{strategy: momentum, account: fund, capital: {{}}, {MOMENTUM}}}",
        "2:35",
        "unknown account 'fund'; expected a sub-account",
    ),
    (f"{{strategy: momentum, account: fund/A, capital: {{}}, {MOMENTUM}}}", "2:35", "the sub-account 'A' is not a safe name"),
    (
        f"{{strategy: momentum, name: {'m' * 25}, capital: {{}}, {MOMENTUM}}}",
        "2:26",
        "is too long; expected at most 24 characters",
    ),
    (f"{{strategy: momentum, start: 3h, capital: {{}}, {MOMENTUM}}}", "2:33", "start '3h' is too long; expected at most 2h"),
    (f"{{strategy: momentum, {MOMENTUM}}}", "2:5", "a workload has no 'capital'; expected this field"),
    (f"{{strategy: momentum, capital: {{exchange-gamma: {{USD: 1}}}}, {MOMENTUM}}}", "2:36", "unknown venue 'exchange-gamma'"),
    (
        f"{{strategy: momentum, capital: {{exchange-alpha: {{EUR: 1}}}}, {MOMENTUM}}}",
        "2:53",
        "unknown asset 'EUR' in the capital at",
    ),
    (
        f"{{strategy: momentum, capital: {{exchange-alpha: {{USD: 0}}}}, {MOMENTUM}}}",
        "2:58",
        "the capital at exchange-alpha of USD cannot",
    ),
    ("{strategy: momentum, capital: {}}", "2:5", "strategy kind momentum needs the setting 'venue'"),
    ("{strategy: momentum, capital: {}, settings: {speed: 9}}", "2:57", "strategy kind momentum has no setting 'speed'"),
    (f"{{strategy: momentum, capital: {{}}, {MOMENTUM.replace('alpha', 'gamma')}}}", "2:57", "unknown venue 'exchange-gamma'"),
    (
        f"{{strategy: momentum, capital: {{}}, {MOMENTUM.replace('BTC/USD', 'BTC/EUR')}}}",
        "2:85",
        "unknown instrument 'BTC/EUR'",
    ),
]


def problem_of(text: str, *overrides: str) -> tuple[str, str]:
    with pytest.raises(BadInput) as caught:
        parse_scenario(text, "small.yaml", overrides)
    assert "\n" not in str(caught.value)
    assert "expected" in str(caught.value) or "accepted" in str(caught.value)
    return caught.value.place, caught.value.problem


@pytest.mark.parametrize(("old", "new", "place", "said"), BAD)
def test_a_mistake_is_one_line_with_its_place(old: str, new: str, place: str, said: str) -> None:
    assert old in SMALL
    found_place, problem = problem_of(SMALL.replace(old, new, 1))
    assert (found_place, said in problem) == (f"small.yaml:{place}", True), problem


@pytest.mark.parametrize(("line", "place", "said"), ECOSYSTEM)
def test_a_mistake_in_the_ecosystem(line: str, place: str, said: str) -> None:
    found_place, problem = problem_of(f"ecosystem:\n  {line}\ntitle: Small\nduration: 2h\n")
    assert (found_place, said in problem) == (f"small.yaml:{place}", True), problem


@pytest.mark.parametrize(("item", "place", "said"), WORKLOADS)
def test_a_mistake_in_a_workload(item: str, place: str, said: str) -> None:
    found_place, problem = problem_of(f"workloads:\n  - {item}\ntitle: Small\nduration: 2h\n")
    assert (found_place, said in problem) == (f"small.yaml:{place}", True), problem


def test_workload_names_and_accounts_are_distinct() -> None:
    one = f"  - {{strategy: momentum, name: a, account: fund/a, capital: {{}}, {MOMENTUM}}}\n"
    text = f"title: Small\nduration: 2h\nworkloads:\n{one}"
    same_name = problem_of(text + one.replace("fund/a", "fund/b"))
    assert same_name == ("small.yaml:5:5", "the workload name 'a' is used twice; expected distinct names")
    same_account = problem_of(text + one.replace("name: a", "name: b"))
    assert same_account == ("small.yaml:5:5", "the account 'fund/a' is used twice; expected an account for each workload")


def test_a_depeg_needs_its_pair() -> None:
    text = SMALL.replace("duration: 2h", "duration: 2h\necosystem: {market_data: {instruments: [BTC/USDT]}}")
    assert problem_of(text)[1].startswith("a depeg of USDT shows in USDT/USD; expected this pair")


@pytest.mark.parametrize(("text", "place"), [("", "1:1"), ("# nothing\n", "1:1"), ("---\n", "2:1")])
def test_an_empty_text(text: str, place: str) -> None:
    assert problem_of(text)[0] == f"small.yaml:{place}"


def test_a_long_list_is_refused() -> None:
    faults = "\n".join(FAULT.replace("id: depeg", f"id: depeg-{number}") for number in range(101))
    assert problem_of(SMALL.replace(FAULT, faults)) == ("small.yaml:4:3", "there are 101 faults; expected at most 100")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    missing = tmp_path / "missing.yaml"
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"title: x\nnote: \xff\n")
    large = tmp_path / "large.yaml"
    large.write_bytes(b"#" * (LARGEST_FILE + 1))
    expected = {
        missing: f"{missing}: there is no such file; expected a scenario file",
        tmp_path: f"{tmp_path}: this is a folder; expected a scenario file",
        binary: f"{binary}:2:7: this is not UTF-8 text; expected a scenario in YAML",
        large: f"{large}: the scenario is larger than 1048576 bytes; expected a smaller one",
    }
    for path, line in expected.items():
        with pytest.raises(BadInput) as caught:
            read_scenario(path)
        assert str(caught.value) == line


def test_a_recording_must_be_there(tmp_path: Path) -> None:
    text = "title: R\nduration: 1h\necosystem:\n  market_data:\n    recording: {file: prices.csv, format: csv, sample: 5s}\n"
    path = tmp_path / "recorded.yaml"
    path.write_text(text)
    with pytest.raises(BadInput) as caught:
        read_scenario(path)
    assert caught.value.place == f"{path}:5:23"
    (tmp_path / "prices.csv").write_text("time,instrument,price\n")
    section = read_scenario(path).ecosystem.market_data
    assert section.recording == Recording("prices.csv", RecordingFormat.CSV, 5 * SECOND)
    assert (section.prices_minor, section.volatility, section.jumps) == ({}, {}, False)
    assert parse_scenario(text, "elsewhere.yaml").ecosystem.market_data == section


@pytest.mark.parametrize(
    ("override", "changed"),
    [
        ("seed=12", "seed: 12"),
        ("faults.depeg.magnitude=-0.03", "magnitude: -0.03"),
        ("faults.0.magnitude=-0.03", "magnitude: -0.03"),
        ("expectations.depeg.within=5m", "within: 5m"),
        ("faults.depeg.magnitude={low: -0.05, high: -0.03}", "magnitude: {low: -0.05, high: -0.03}"),
        ("title=A title = with more", "title: A title = with more"),
    ],
)
def test_an_override_is_as_if_written(override: str, changed: str) -> None:
    key, _, value = changed.partition(": ")
    before = {"seed": "title: Small", "magnitude": "magnitude: -0.05", "within": "within: 1m", "title": "title: Small"}[key]
    after = f"title: Small\nseed: {value}" if key == "seed" else f"{key}: {value}"
    assert parse_scenario(SMALL, "small.yaml", [override]) == parse_scenario(SMALL.replace(before, after), "small.yaml")


def test_an_override_makes_the_mappings_on_its_way() -> None:
    scenario = parse_scenario(SMALL, "small.yaml", ["ecosystem.market_data.tick=5s", "ecosystem.custodian.name=vault"])
    assert scenario.ecosystem.market_data.tick_ns == 5 * SECOND
    assert scenario.ecosystem.custodian.name == "vault"


@pytest.mark.parametrize(
    ("override", "place", "said"),
    [
        ("faults.depeg.magnitude=-0.5", "--set faults.depeg.magnitude", "magnitude cannot be '-0.5'; expected a ratio from"),
        ("faults.depeg.magnitud=-0.1", "--set faults.depeg.magnitud", "unknown field 'magnitud' in a fault; did you mean"),
        (
            "faults.dpeg.magnitude=-0.1",
            "--set faults.dpeg.magnitude",
            "there is no item 'dpeg' to set; expected an index or one of: depeg",
        ),
        ("faults.1.magnitude=-0.1", "--set faults.1.magnitude", "there is no item '1' to set"),
        ("faults.²=1", "--set faults.²", "there is no item '²' to set"),
        ("title.x=1", "--set title.x", "'x' would lie inside of a single value; expected the path of a field"),
        ("title.x.y=1", "--set title.x.y", "'x' would lie inside of a single value; expected the path of a field"),
        ("duration=-1h", "--set duration", "duration cannot be negative"),
        ("duration=", "--set duration", "duration cannot be nothing"),
        ("duration=[1h", "--set duration", "malformed YAML"),
        ("duration=# x", "--set duration", "there is nothing here"),
        (
            "ecosytem.firm.name=x",
            "--set ecosytem.firm.name",
            "unknown field 'ecosytem' in a scenario; did you mean 'ecosystem'?",
        ),
        ("duration", "--set duration", "this has no key or no '='; expected key=value"),
        ("=5", "--set =5", "this has no key or no '='"),
        ("a..b=5", "--set a..b=5", "this has no key or no '='"),
    ],
)
def test_a_wrong_override_is_placed_at_its_key(override: str, place: str, said: str) -> None:
    found_place, problem = problem_of(SMALL, override)
    assert (found_place, said in problem) == (place, True), problem


def test_resolved_text_without_overrides_is_the_text(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text("# a comment\n" + SMALL)
    assert resolved_text(path) == "# a comment\n" + SMALL
    assert resolved_text(SMALL) == SMALL


@pytest.mark.parametrize("text", [SMALL, FULL])
def test_resolved_text_reads_back_as_the_same_scenario(text: str) -> None:
    overrides = ["seed=99", "clean_periods=[{from: 1h, until: 2h}]", "title='7'", "description=ünïcode"]
    resolved = resolved_text(text, overrides)
    assert parse_scenario(resolved, "a.yaml") == parse_scenario(text, "a.yaml", overrides)
    assert resolved_text(resolved, ["seed=99"]) == resolved


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_a_scenario_or_a_bad_input(text: str) -> None:
    with pytest.raises(BadInput):
        parse_scenario(text, "any.yaml")


@settings(derandomize=True, max_examples=150, deadline=None)
@given(st.integers(0, len(FULL)), st.integers(0, 12), st.text("[]{}:,-'\"#&*!|>%@`\n\t 0a.", max_size=4))
def test_a_damaged_scenario_is_read_or_refused_in_one_line(start: int, length: int, damage: str) -> None:
    refused = BadInput("any.yaml", "nothing")
    try:
        parse_scenario(FULL[:start] + damage + FULL[start + length :], "any.yaml")
    except BadInput as error:
        refused = error
    assert "\n" not in str(refused)
    assert refused.place.startswith("any.yaml")


def test_the_library_is_whole() -> None:
    assert [path.stem for path in LIBRARY] == NAMES


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.stem)
def test_library_scenario(path: Path) -> None:
    scenario = read_scenario(path)
    assert scenario.name == path.stem
    assert scenario.description
    assert estimate_entries(scenario) < LARGEST_LIBRARY_RUN
    assert scenario.ecosystem.market_data.tick_ns <= 10 * SECOND
    assert len(scenario.ecosystem.venues) == 2
    assert {plan.lowest.id for plan in scenario.faults} == {expectation.fault for expectation in scenario.expectations}
    assert all(plan.lowest == plan.highest for plan in scenario.faults)
    if path.stem in CONTROLS:
        assert scenario.faults == scenario.clean_periods == ()
        return
    assert bool(scenario.clean_periods) is not scenario.is_open
    if path.stem == "living_market":
        assert scenario.is_open
        assert {workload.strategy for workload in scenario.workloads} == {"market_making", "momentum"}
        assert all(venue.rules.faucet is not None for venue in scenario.ecosystem.venues)
        return
    if path.stem == "perp_squeeze":
        assert {workload.strategy for workload in scenario.workloads} == {"scripted"}
        return
    if path.stem not in WHOLE_FIRM:
        return
    assert {workload.strategy for workload in scenario.workloads} == {"market_making", "momentum", "arbitrage"}
    held = [capital.get("USDT", 0) for workload in scenario.workloads for capital in workload.capital.values()]
    assert sum(held) > 100_000 * WHOLE


OPEN_ONE = "title: Open\nduration: open\n"


def test_an_open_scenario_has_no_end_and_nothing_of_it_lies_behind_one() -> None:
    fault = "faults: [{id: late, kind: custodian_offline, at: 20000d, duration: 1m}]\n"
    scenario = parse_scenario(OPEN_ONE + fault, "open.yaml")
    assert scenario.is_open
    assert scenario.duration_ns == 0
    assert scenario.faults[0].lowest.at_ns == 20_000 * 24 * HOUR
    assert not parse_scenario("title: Short\nduration: 1h\n", "short.yaml").is_open


@pytest.mark.parametrize(
    ("judged", "word"),
    [
        ("clean_periods: [{from: 0s}]\n", "clean_periods"),
        (
            "faults: [{id: a, kind: custodian_offline, at: 1m, duration: 1m}]\nexpectations: [{fault: a, missed: true}]\n",
            "expectations",
        ),
    ],
)
def test_an_open_scenario_is_not_judged(judged: str, word: str) -> None:
    with pytest.raises(BadInput, match=rf"open.yaml:\d:\d+: an open scenario has no end .* expected no {word}, or a duration"):
        parse_scenario(OPEN_ONE + judged, "open.yaml")


def test_an_open_scenario_is_estimated_by_the_hour() -> None:
    hour = parse_scenario(OPEN_ONE, "open.yaml", ("duration=1h",))
    assert estimate_entries(parse_scenario(OPEN_ONE, "open.yaml")) == estimate_entries(hour) > 0


def test_quiet_day_is_clean_from_end_to_end_and_says_so() -> None:
    scenario = read_scenario(next(path for path in LIBRARY if path.stem == "quiet_day"))
    assert scenario.duration_ns == 24 * HOUR
    assert scenario.clean_periods == (CleanPeriod(0, 24 * HOUR),)
    assert (scenario.faults, scenario.ecosystem.market_data.jumps) == ((), False)
    assert "without jumps" in scenario.description


DOCUMENT = Path(__file__).parents[2] / "docs" / "scenarios.md"


def examples() -> list[str]:
    """The YAML blocks of the page about scenarios."""
    return [part.partition("```")[0] for part in DOCUMENT.read_text(encoding="utf-8").split("```yaml\n")[1:]]


def test_the_examples_of_the_page_can_be_read() -> None:
    first, ruled, operated, phased, templated, recorded, sourced = (
        parse_scenario(example, "slip.yaml") for example in examples()
    )
    assert set(ruled.ecosystem.venues[0].rules.markets) == {"BTC/USD"}
    assert [operation.at_ns for operation in operated.operations] == [10 * MINUTE, 20 * MINUTE, 30 * MINUTE]
    assert [phase.name for phase in phased.phases] == ["calm", "shock", "feed", "recovery"]
    assert phased.checks.any
    assert {plan.lowest.assets for plan in templated.faults if isinstance(plan.lowest, PriceFault)} == {("ETH",)}
    assert sourced.ecosystem.market_data.sources is not None
    assert [source.name for source in sourced.ecosystem.market_data.sources.sources] == ["primary", "backup", "odd"]
    assert first.expectations == (Expectation("depeg", AlertKind.STABLECOIN_DEPEG, 15 * MINUTE),)
    assert recorded.ecosystem.market_data.recording == Recording("captures/spot_btcusdt.gz", RecordingFormat.BINANCE, SECOND)


def test_the_error_on_the_page_is_the_error() -> None:
    misspelt = examples()[0].replace("kind: stablecoin_depeg", "kind: stablecoin_depg")
    with pytest.raises(BadInput) as caught:
        parse_scenario(misspelt, "slip.yaml")
    said = str(caught.value)
    shown = next(line for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if line.startswith("slip.yaml:"))
    assert said.startswith(shown.removesuffix(" …"))


def test_the_page_names_every_fault_and_every_library_scenario() -> None:
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    tables = {line: number for number, line in enumerate(lines) if line.startswith("| ")}
    after_kinds = tables["| kind | fields (optional ones in brackets) | expected alert | detectable if | SLA |"] + 2
    kinds = [line.split("`")[1] for line in lines[after_kinds : after_kinds + len(FaultKind)]]
    assert sorted(kinds) == sorted(kind.value for kind in FaultKind)
    after_library = tables["| scenario | what happens | what is expected |"] + 2
    assert sorted(line.split("`")[1] for line in lines[after_library : after_library + len(NAMES)]) == NAMES
