"""Settings at the edge: what is read, in which unit it is kept, and the one line about what cannot be."""

from __future__ import annotations

import pytest
from tests.unit.trading.trading_floor import ALPHA, BETA, BTC, START, Floor, placed

from trading_ecosystem.domains.trading.arbitrage import ArbitrageSettings
from trading_ecosystem.domains.trading.kinds import KINDS, check_parameters, settings_expected, settings_of
from trading_ecosystem.domains.trading.market_making import MarketMakingSettings
from trading_ecosystem.domains.trading.momentum import MomentumSettings
from trading_ecosystem.domains.trading.parameters import StrategyParameters, TradingParameters
from trading_ecosystem.domains.trading.settings import SettingsError, duration_ns
from trading_ecosystem.domains.trading.timers import StrategyDue
from trading_ecosystem.messages.orders import OrderType, Side, TimeInForce
from trading_ecosystem.messages.units import DAY, HOUR, MINUTE, SECOND
from trading_ecosystem.ports.component import Later

USD = 100_000_000
MAKER = {"venues": ALPHA, "instruments": BTC, "size_usd": "3000"}
TREND = {"venue": ALPHA, "instrument": BTC, "size_usd": "3000", "max_position_usd": "9000.50"}


def test_settings_are_read_into_their_units() -> None:
    given = {
        "venues": f"{ALPHA}, {BETA}",
        "instruments": BTC,
        "size_usd": "0.00000001",
        "spread_bps": "0.01",
        "min_refresh": "1m30s",
    }
    assert settings_of("market_making", given) == MarketMakingSettings(
        venues=(ALPHA, BETA), instruments=(BTC,), size_usd=1, spread_ppm=1, min_refresh_ns=90 * SECOND
    )
    assert settings_of(
        "momentum", {**TREND, "allow_short": "true", "fast": "5", "interval": "60000000000"}
    ) == MomentumSettings(
        venue=ALPHA,
        instrument=BTC,
        size_usd=3_000 * USD,
        max_position_usd=900_050 * USD // 100,
        allow_short=True,
        fast=5,
        interval_ns=MINUTE,
    )
    assert settings_of("arbitrage", {**MAKER, "venues": f"{ALPHA},{BETA}"}) == ArbitrageSettings(
        venues=(ALPHA, BETA), instruments=(BTC,), size_usd=3_000 * USD
    )


MAKING = "accepted: " + ", ".join(settings_expected("market_making"))
TRENDING = "accepted: " + ", ".join(settings_expected("momentum"))


@pytest.mark.parametrize(
    ("kind", "settings", "at_fault", "line"),
    [
        ("markets", {}, "", f"unknown strategy kind 'markets'; expected one of: {', '.join(KINDS)}"),
        (
            "market_making",
            {**MAKER, "spred_bps": "2"},
            "spred_bps",
            f"strategy kind market_making has no setting 'spred_bps'; {MAKING}",
        ),
        (
            "market_making",
            {"venues": ALPHA, "instruments": BTC},
            "",
            f"strategy kind market_making needs the setting 'size_usd' (a positive amount of USD); {MAKING}",
        ),
        (
            "market_making",
            {**MAKER, "size_usd": "NaN"},
            "size_usd",
            "size_usd='NaN' of strategy kind market_making: not a number of ordinary size; "
            f"expected a positive amount of USD; {MAKING}",
        ),
        (
            "market_making",
            {**MAKER, "reference": "last"},
            "",
            f"settings of strategy kind market_making: reference is 'last'; expected published or mid; {MAKING}",
        ),
        (
            "momentum",
            {**TREND, "fast": "40"},
            "",
            f"settings of strategy kind momentum: fast (40) must be below slow (40); {TRENDING}",
        ),
    ],
)
def test_what_is_wrong_is_one_line(kind: str, settings: dict[str, str], at_fault: str, line: str) -> None:
    with pytest.raises(SettingsError) as raised:
        settings_of(kind, settings)
    assert str(raised.value) == line
    assert raised.value.setting == at_fault
    assert isinstance(raised.value, ValueError)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("venues", ""),
        ("venues", f"{ALPHA},{ALPHA}"),
        ("venues", f"{ALPHA},"),
        ("size_usd", "0"),
        ("size_usd", "-1"),
        ("size_usd", "Infinity"),
        ("size_usd", "1e20"),
        ("size_usd", "1e999999999"),
        ("size_usd", "0.000000001"),
        ("size_usd", "three"),
        ("spread_bps", "-1"),
        ("spread_bps", "0.001"),
        ("spread_bps", "10001"),
        ("spread_bps", "0"),
        ("min_refresh", "0s"),
        ("min_refresh", "-5s"),
        ("min_refresh", "5 parsecs"),
        ("min_refresh", "s"),
        ("min_refresh", ""),
        ("min_refresh", "1.s.5m"),
        ("min_refresh", "3651d"),
        ("min_refresh", "9" * 5_000),
        ("min_refresh", "9" * 29),
        ("reference", ""),
    ],
)
def test_text_that_cannot_be_read_is_refused(name: str, text: str) -> None:
    with pytest.raises(SettingsError):
        settings_of("market_making", {**MAKER, name: text})


@pytest.mark.parametrize(("name", "text"), [("fast", "0"), ("fast", "1.5"), ("slow", "100001"), ("allow_short", "yes")])
def test_counts_and_flags_are_checked(name: str, text: str) -> None:
    with pytest.raises(SettingsError):
        settings_of("momentum", {**TREND, name: text})


def test_arbitrage_needs_two_venues() -> None:
    with pytest.raises(SettingsError, match="venues must name at least two"):
        settings_of("arbitrage", MAKER)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", 90 * SECOND),
        ("1h30m", 90 * MINUTE),
        ("1.5d", 36 * HOUR),
        ("250ms", SECOND // 4),
        ("7", 7),
        ("1d", DAY),
        ("3ns", 3),
    ],
)
def test_durations(text: str, expected: int) -> None:
    assert duration_ns(text) == expected


def test_every_kind_says_what_it_expects() -> None:
    for kind in KINDS:
        assert all(settings_expected(kind).values())


SCRIPT = f"1h buy 0.1 {BTC} {ALPHA}, 90s sell 0.1 {BTC} {BETA} 61000.00"


def test_a_script_sends_its_orders_at_their_times() -> None:
    made = Floor(StrategyParameters("script", "scripted", "fund/script", {"orders": SCRIPT}))
    said = made.begin()[1:3]
    assert said == [
        Later(StrategyDue("script", 1, "0"), START + HOUR),
        Later(StrategyDue("script", 1, "1"), START + 90 * SECOND),
    ]
    made.fund("fund/script", USD=100_000, BTC=1)
    made.price(BTC, 60_000)
    made.quote(ALPHA, BTC, 59_990, 60_010)
    made.after(90)
    assert made.hear(said[1].message) == [placed("script", 1, BETA, BTC, Side.SELL, 6_100_000, 100_000)]
    made.after(3_510)
    ioc = TimeInForce.IMMEDIATE_OR_CANCEL
    assert made.hear(said[0].message) == [
        placed("script", 2, ALPHA, BTC, Side.BUY, 0, 100_000, ioc, order_type=OrderType.MARKET)
    ]


@pytest.mark.parametrize(
    ("orders", "line"),
    [
        ("", "expected <after> <buy|sell> <quantity> <instrument> <venue> [<price>]"),
        (f"1h buy 0.1 {BTC}", "expected <after> <buy|sell> <quantity> <instrument> <venue> [<price>]"),
        (f"soon buy 0.1 {BTC} {ALPHA}", "soon is not a duration such as 90s or 1h30m"),
        (f"1h hold 0.1 {BTC} {ALPHA}", "side hold; expected buy or sell"),
        (f"1h buy 0.1 DOGE/USD {ALPHA}", "unknown instrument DOGE/USD; expected one of"),
        (f"1h buy 0.0000001 {BTC} {ALPHA}", "quantity 0.0000001 is not a positive multiple of 100 minor units"),
        (f"1h buy x {BTC} {ALPHA}", "quantity x is not a positive multiple"),
        (f"1h buy -1 {BTC} {ALPHA}", "quantity -1 is not a positive multiple"),
        (f"1h buy NaN {BTC} {ALPHA}", "quantity NaN is not a positive multiple"),
        (f"1h buy 1 {BTC} {ALPHA} 0.001", "price 0.001 is not a positive multiple of 1000000 minor units"),
    ],
)
def test_a_script_that_cannot_be_read_is_refused(orders: str, line: str) -> None:
    with pytest.raises(SettingsError) as raised:
        settings_of("scripted", {"orders": orders})
    assert line in str(raised.value)
    assert "\n" not in str(raised.value)


def trading(
    *strategies: StrategyParameters, instruments: tuple[str, ...] = (BTC,), mark_every_ns: int = 1
) -> TradingParameters:
    return TradingParameters("fund", (ALPHA,), instruments, strategies, mark_every_ns)


def test_parameters_that_hold_are_returned() -> None:
    parameters = trading(
        StrategyParameters("a", "market_making", "fund/a", MAKER), StrategyParameters("b", "momentum", "fund", TREND)
    )
    assert check_parameters(parameters) is parameters


@pytest.mark.parametrize(
    ("parameters", "line"),
    [
        (trading(instruments=("DOGE/USD",)), "unknown instrument DOGE/USD"),
        (trading(mark_every_ns=0), "must be positive"),
        (trading(StrategyParameters("", "momentum", "fund/a", TREND)), "expected 1 to 24 characters"),
        (trading(StrategyParameters("a" * 25, "momentum", "fund/a", TREND)), "expected 1 to 24 characters"),
        (trading(StrategyParameters("a", "momentum", "rival/a", TREND)), "account rival/a does not belong to fund"),
        (trading(StrategyParameters("a", "momentum", "fund/a", TREND, -1)), "cannot start before"),
        (trading(StrategyParameters("a", "magic", "fund/a", {})), "unknown strategy kind 'magic'"),
        (trading(StrategyParameters("a", "momentum", "fund/a", {**TREND, "venue": BETA})), f"{BTC} at {BETA} is not traded"),
        (trading(StrategyParameters("a", "scripted", "fund/a", {"orders": SCRIPT})), f"{BTC} at {BETA} is not traded"),
        (trading(*[StrategyParameters("a", "momentum", "fund/a", TREND)] * 2), "two strategies are named a"),
    ],
)
def test_parameters_that_do_not_hold_are_refused(parameters: TradingParameters, line: str) -> None:
    with pytest.raises(ValueError) as raised:
        check_parameters(parameters)
    assert line in str(raised.value)
