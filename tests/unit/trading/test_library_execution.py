"""Execution algorithms on hand-made quotes: what is sent when, what a limit forbids, and what becomes of the rest."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.trading.trading_floor import ALPHA, BTC, START, Floor, cancelled, placed, rejected

from trading_ecosystem.domains.trading.attentive import AttentiveTrading, engine_for
from trading_ecosystem.domains.trading.component import Trading
from trading_ecosystem.domains.trading.kinds import settings_of
from trading_ecosystem.domains.trading.parameters import StrategyParameters, TradingParameters
from trading_ecosystem.domains.trading.settings import SettingsError
from trading_ecosystem.domains.trading.strategy import Strategy
from trading_ecosystem.domains.trading.timers import StartDue, StrategyDue
from trading_ecosystem.messages.exchange import PlaceOrder, TradesPublished
from trading_ecosystem.messages.orders import OrderTerms, RejectReason, Side, TimeInForce
from trading_ecosystem.messages.risk import AlertKind, AlertRaised, Severity
from trading_ecosystem.messages.units import SECOND, SPOT_PAIRS
from trading_ecosystem.ports.component import Later
from trading_ecosystem.runtime.randomness import SeededRandomness

IOC = TimeInForce.IMMEDIATE_OR_CANCEL
PARENT = {"venue": ALPHA, "instrument": BTC, "side": "buy", "quantity": "1", "slippage_bps": "0"}
TWAP = {**PARENT, "over": "100s", "slices": "4"}
VWAP = {**PARENT, "over": "100s", "profile": "4,1,1,4"}
POV = {**PARENT, "rate_bps": "1000", "least": "0.01"}
ICEBERG = {"venue": ALPHA, "instrument": BTC, "side": "sell", "quantity": "1", "limit": "60100", "peak": "0.4"}


class TapeFloor(Floor):
    """A floor with the engine that hears the tape."""

    def __init__(self, strategy: StrategyParameters) -> None:
        super().__init__(strategy)
        self.parameters = TradingParameters("fund", (ALPHA,), SPOT_PAIRS, (strategy,))
        self.trading = AttentiveTrading("trading", self.parameters, SeededRandomness(7))  # type: ignore[assignment]
        self.trades = 0

    def tape(self, lots: int, instrument: str = BTC) -> list[Any]:
        """So many lots traded."""
        self.trades += 1
        return self.hear(
            TradesPublished(ALPHA, instrument, self.trades, self.trades, lots, lots, 6_000_000, 6_000_000, 6_000_000)
        )


def floor(kind: str, settings: dict[str, str], made: type[Floor] = Floor) -> Floor:
    """A floor on which the strategy is to start at a minute past; there is a market before."""
    floor = made(StrategyParameters("work", kind, "fund/work", settings, 60 * SECOND))
    floor.begin()
    floor.fund("fund/work", USD=1_000_000, BTC=20)
    floor.price(BTC, 60_000)
    floor.quote(ALPHA, BTC, 59_990, 60_010)
    return floor


def start(made: Floor) -> list[Any]:
    return made.after(60).hear(StartDue("work"))


def orders(said: list[Any]) -> list[PlaceOrder]:
    return [one for one in said if isinstance(one, PlaceOrder)]


def wakes(said: list[Any]) -> list[tuple[float, str]]:
    """When it is woken, in seconds after its start, with which label."""
    start_at = START + 60 * SECOND
    return [
        ((one.due_at - start_at) / SECOND, one.message.label)
        for one in said
        if isinstance(one, Later) and isinstance(one.message, StrategyDue)
    ]


def traded(made: Floor, order: PlaceOrder, lots: int | None = None) -> list[Any]:
    """The venue accepts an order and fills it, whole or as far as it goes."""
    made.accept(order)
    fill = made.fill(order, lots)
    said = list(made.hear(fill))
    if fill.leaves_lots and order.time_in_force is IOC:
        said += made.hear(cancelled(order, fill.cumulative_lots))
    return said


def worked(made: Floor, every: float, fills: tuple[int | None, ...]) -> list[int]:
    """Let a schedule work to its end, with these fills; the lots of its orders."""
    sent = []
    said = start(made)
    for number, lots in enumerate(fills):
        (order,) = orders(said)
        sent.append(order.quantity_lots)
        traded(made, order, lots)
        due = wakes(said)
        if not due:
            break
        made.now = START + 60 * SECOND + int(due[0][0] * SECOND)
        assert number + 1 == len(fills) or due[0][0] == pytest.approx(every * (number + 1))
        said = made.hear(StrategyDue("work", made.trading.desks["work"].run, due[0][1]))
    assert orders(said) == []
    return sent


def test_twap_trades_equal_slices_at_equal_times() -> None:
    assert worked(floor("twap", TWAP), 25, (None,) * 4) == [250_000] * 4
    made = floor("twap", TWAP)
    assert orders(start(made)) == [placed("work", 1, ALPHA, BTC, Side.BUY, 6_001_000, 250_000, IOC)]


def test_twap_makes_up_for_what_a_slice_did_not_get_and_goes_on_until_it_is_done() -> None:
    assert worked(floor("twap", TWAP), 25, (100_000, None, 50_000, 300_000, None)) == [
        250_000,
        400_000,
        250_000,
        450_000,
        150_000,
    ]


def test_vwap_trades_along_its_profile() -> None:
    assert worked(floor("vwap", VWAP), 25, (None,) * 4) == [400_000, 100_000, 100_000, 400_000]


def test_implementation_shortfall_trades_sooner_the_more_urgent() -> None:
    urgent = worked(floor("implementation_shortfall", {**TWAP, "urgency": "2"}), 25, (None,) * 4)
    # What is left: sinh(1.5), sinh(1) and sinh(0.5) over sinh(2), which is 0.58708624, 0.32402718 and 0.14367669.
    assert urgent == [412_914, 263_059, 180_350, 143_677]


def test_a_limit_is_never_crossed() -> None:
    made = floor("twap", {**TWAP, "slippage_bps": "10", "limit": "60020"})
    (order,) = orders(start(made))
    assert order.price_ticks == 6_002_000  # ten basis points would be 60,070.01
    made = floor("twap", {**TWAP, "side": "sell", "slippage_bps": "10", "limit": "59980.001"})
    (order,) = orders(start(made))
    assert order.price_ticks == 5_998_001


def test_nothing_is_sent_without_a_market_and_made_up_for_later() -> None:
    made = floor("twap", TWAP)
    made.quote(ALPHA, BTC, 59_990, 0)
    said = start(made)
    assert orders(said) == []
    assert wakes(said) == [(25.0, "1")]
    made.after(25).quote(ALPHA, BTC, 59_990, 60_010)
    (order,) = orders(made.hear(StrategyDue("work", 1, "1")))
    assert order.quantity_lots == 500_000


def test_pov_is_its_share_of_the_whole_volume() -> None:
    made = floor("pov", POV, TapeFloor)
    assert isinstance(made, TapeFloor)
    assert orders(made.tape(500_000)) == []  # before its start
    start(made)
    assert orders(made.tape(89_999)) == []  # a tenth would be less than 0.01
    (order,) = orders(made.tape(1))
    assert (order.side, order.quantity_lots, order.time_in_force) == (Side.BUY, 10_000, IOC)
    assert orders(made.tape(900_000)) == []  # unanswered
    traded(made, order)
    (order,) = orders(made.tape(10_000 + 90_000))  # its own 0.01 are on the tape now
    assert order.quantity_lots == (90_000 + 900_000 + 90_000) // 9 - 10_000
    traded(made, order)
    assert orders(made.tape(10**6, "ETH/USD")) == []


def test_pov_ends_with_its_quantity() -> None:
    made = floor("pov", POV, TapeFloor)
    assert isinstance(made, TapeFloor)
    start(made)
    (order,) = orders(made.tape(10**9))
    assert order.quantity_lots == 10**6
    traded(made, order)
    assert orders(made.tape(10**9)) == []


def test_an_iceberg_shows_one_peak_after_the_other() -> None:
    made = floor("iceberg", ICEBERG)
    (peak,) = orders(start(made))
    assert peak == placed("work", 1, ALPHA, BTC, Side.SELL, 6_010_000, 400_000)
    made.accept(peak)
    assert orders(made.hear(made.fill(peak, 100_000))) == []
    (second,) = orders(made.hear(made.fill(peak, before=100_000)))
    assert second.quantity_lots == 400_000
    (last,) = orders(traded(made, second))
    assert last.quantity_lots == 200_000
    assert orders(traded(made, last)) == []


def test_an_iceberg_may_leave_the_hiding_to_the_venue() -> None:
    (order,) = orders(start(floor("iceberg", {**ICEBERG, "native": "true"})))
    assert (order.quantity_lots, order.terms) == (1_000_000, OrderTerms(display_lots=400_000))


def test_a_peak_that_is_not_in_the_market_is_shown_again() -> None:
    made = floor("iceberg", ICEBERG)
    made.claim(ALPHA, "fund/work", "BTC", 0)
    said = start(made)
    assert orders(said) == []  # withheld
    assert wakes(said) == [(10.0, "")]
    made.claim(ALPHA, "fund/work", "BTC", 1)
    (peak,) = orders(made.after(10).hear(StrategyDue("work", 1, "")))
    made.hear(rejected(peak, RejectReason.RATE_LIMITED))
    (again,) = orders(made.after(10).hear(StrategyDue("work", 1, "")))
    made.accept(again)
    made.hear(made.fill(again, 150_000))
    assert orders(made.after(10).hear(StrategyDue("work", 1, ""))) == []
    made.hear(cancelled(again, 150_000))
    (rest,) = orders(made.after(10).hear(StrategyDue("work", 1, "")))
    assert rest.quantity_lots == 400_000


@pytest.mark.parametrize(
    ("kind", "settings", "problem"),
    [
        ("twap", {**TWAP, "side": "both"}, "side is 'both'; expected buy or sell"),
        ("twap", {**TWAP, "quantity": "0.0000001"}, "quantity is below one lot of BTC/USD"),
        ("vwap", {**VWAP, "profile": "0,0"}, "at most 1000 whole numbers from 0 separated by commas, not all 0"),
        ("vwap", {**VWAP, "profile": "1,-1"}, "out of range"),
        ("vwap", {**VWAP, "profile": "1,0.5"}, "out of range"),
        ("implementation_shortfall", {**TWAP, "urgency": "0"}, "expected a positive number"),
        ("implementation_shortfall", {**TWAP, "urgency": "Infinity"}, "expected a positive number"),
        ("pov", {**POV, "rate_bps": "10000"}, "rate_bps must be above 0 and below 10000"),
        ("iceberg", {**ICEBERG, "peak": "2"}, "peak must be at least one lot and at most the quantity"),
    ],
)
def test_settings_that_make_no_sense_are_refused(kind: str, settings: dict[str, str], problem: str) -> None:
    with pytest.raises(SettingsError, match=problem):
        settings_of(kind, settings)


def test_only_an_engine_that_was_asked_to_hears_the_tape_and_the_alerts() -> None:
    def parameters(kind: str, settings: dict[str, str]) -> TradingParameters:
        return TradingParameters("fund", (ALPHA,), SPOT_PAIRS, (StrategyParameters("work", kind, "fund/work", settings),))

    assert engine_for(parameters("twap", TWAP)) is Trading
    assert engine_for(parameters("pov", POV)) is AttentiveTrading
    assert not {TradesPublished, AlertRaised} & set(Trading.hears)


def test_alerts_reach_those_who_watch_them() -> None:
    heard: list[AlertRaised] = []

    class Wary(Strategy):
        def alerts_watched(self) -> bool:
            return True

        def alert_raised(self, view: Any, alert: AlertRaised) -> tuple[()]:
            heard.append(alert)
            return ()

    made = floor("pov", POV, TapeFloor)
    made.trading.desks["work"].strategy = Wary(None)
    made.trading._watch()
    alert = AlertRaised("fund", 1, AlertKind.DAILY_LOSS_LIMIT, "", Severity.HIGH, 1, 1, made.now)
    made.hear(alert)
    assert heard == []  # it does not run yet
    made.trading.desks["work"].is_running = True
    made.hear(alert)
    assert heard == [alert]
