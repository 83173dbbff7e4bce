"""Figures of a backtest against amounts worked out by hand."""

from __future__ import annotations

import pytest

from trading_ecosystem.messages.envelope import Entry, EntryKind
from trading_ecosystem.messages.exchange import OrderAccepted, OrderCancelled, OrderFilled, PlaceOrder, QuoteChanged
from trading_ecosystem.messages.orders import CancelReason, Liquidity, OrderType, Side, TimeInForce
from trading_ecosystem.messages.trading import StrategyMarked
from trading_ecosystem.messages.units import HOUR, MINOR_UNITS_PER_WHOLE
from trading_ecosystem.reports.backtest.damage import damage_of
from trading_ecosystem.reports.backtest.observed import Observed
from trading_ecosystem.reports.backtest.performance import performance_of
from trading_ecosystem.reports.backtest.round_trips import RoundTrips

ALPHA, BTC, ACCOUNT = "exchange-alpha", "BTC/USD", "fund/one"
USD = MINOR_UNITS_PER_WHOLE
LOTS = 1_000_000
"""One bitcoin."""


def fill(side: Side, price: int, lots: int, number: int, name: str = "one-1", leaves: int = 0, fee: int = 0) -> OrderFilled:
    return OrderFilled(
        ALPHA, ACCOUNT, name, 1, number, number, BTC, side, price, lots, lots, leaves, Liquidity.TAKER, "USD", fee, 0
    )


def mark(net: int, turnover: int = 0) -> StrategyMarked:
    return StrategyMarked(ACCOUNT, "one", 0, net * USD, 0, 0, 0, turnover * USD)


class Told:
    def __init__(self) -> None:
        self.observed = Observed()
        self.sequence = 0

    def __call__(self, at: int, message: object) -> None:
        self.sequence += 1
        self.observed.record(Entry(self.sequence, at, EntryKind.SAID, "x", None, self.sequence, message))  # type: ignore[arg-type]


def order(name: str, side: Side, lots: int) -> PlaceOrder:
    return PlaceOrder(ALPHA, ACCOUNT, name, BTC, side, OrderType.LIMIT, TimeInForce.GOOD_TILL_CANCEL, 1, lots)


def accepted(name: str, side: Side, lots: int) -> OrderAccepted:
    terms = (side, OrderType.LIMIT, TimeInForce.GOOD_TILL_CANCEL)
    return OrderAccepted(ALPHA, ACCOUNT, name, 1, BTC, *terms, 1, lots, False)


def quote(update: int, bid: int, ask: int) -> QuoteChanged:
    return QuoteChanged(ALPHA, BTC, update, bid, 1, ask, 1)


def test_shortfall_is_execution_and_fees_and_what_was_missed() -> None:
    told = Told()
    told(1, quote(1, 10_000, 10_020))  # middle 100.10
    told(2, order("one-1", Side.BUY, 2 * LOTS))
    told(3, quote(2, 10_010, 10_030))  # middle 100.20 at arrival
    told(3, accepted("one-1", Side.BUY, 2 * LOTS))
    told(4, fill(Side.BUY, 10_030, LOTS, 1, leaves=LOTS, fee=USD // 10))
    told(5, quote(3, 10_100, 10_120))  # middle 101.10
    told(6, OrderCancelled(ALPHA, ACCOUNT, "one-1", 1, BTC, LOTS, LOTS, CancelReason.REQUESTED))
    told.observed.finish(7, mark(0))
    figures = performance_of(told.observed, 1_000 * USD, 365.0)
    assert figures.slippage_minor == USD // 10  # 100.30 against 100.20
    assert figures.opportunity_minor == USD  # 101.10 against 100.10 for one bitcoin
    assert figures.shortfall_minor == 2 * USD // 10 + USD // 10 + USD
    assert figures.fill_ratio == 0.5
    assert figures.slippage_ppm == round(0.1 / 100.3 * 1e6)


def test_an_order_that_sells_below_the_middle_costs() -> None:
    told = Told()
    told(1, quote(1, 10_000, 10_020))
    told(2, order("one-1", Side.SELL, LOTS))
    told(2, accepted("one-1", Side.SELL, LOTS))
    told(2, fill(Side.SELL, 10_000, LOTS, 1))
    told.observed.finish(7, mark(0))
    assert performance_of(told.observed, 1_000 * USD, 365.0).slippage_minor == USD // 10


def test_round_trips_turn_over_and_share_the_fee() -> None:
    trips = RoundTrips()
    assert trips.filled(1, fill(Side.BUY, 10_000, 2 * LOTS, 1, fee=2 * USD)) == []
    assert trips.filled(2, fill(Side.SELL, 10_100, LOTS, 2, fee=USD)) == []
    (closed,) = trips.filled(3, fill(Side.SELL, 10_200, 3 * LOTS, 3, fee=3 * USD))
    assert (closed.side, closed.opened_at, closed.closed_at, closed.most_lots) == (Side.BUY, 1, 3, 2 * LOTS)
    assert closed.net_minor == 1 * USD + 2 * USD - 2 * USD - USD - USD
    (short,) = trips.filled(4, fill(Side.BUY, 10_150, 2 * LOTS, 4))
    assert (short.side, short.net_minor) == (Side.SELL, 1 * USD - 2 * USD)


def test_returns_are_of_equity_from_mark_to_mark() -> None:
    told = Told()
    for hour, net in enumerate((100, -10, 200), 1):
        told(hour * HOUR, mark(net, turnover=500))
    told.observed.finish(3 * HOUR, mark(200, turnover=500))
    figures = performance_of(told.observed, 1_000 * USD, 8_760.0)
    assert figures.periods == 3
    assert figures.total_return == pytest.approx(0.2)
    assert figures.max_drawdown == pytest.approx(990 / 1_100 - 1)
    assert figures.longest_drawdown_ns == 2 * HOUR
    assert figures.turnover == pytest.approx(500 / ((1_100 + 990 + 1_200) / 3))
    assert figures.time_in_market == 0.0


def test_damage_is_the_difference_from_the_twin() -> None:
    clean, faulted = Told(), Told()
    for hour, nets in enumerate(((0, 0), (10, 10), (20, -5), (30, 5), (40, 12)), 1):
        clean(hour * HOUR, mark(nets[0]))
        faulted(hour * HOUR, mark(nets[1]))
    clean.observed.finish(5 * HOUR, mark(40))
    faulted.observed.finish(5 * HOUR, mark(12))
    damage = damage_of("f", (2 * HOUR, 3 * HOUR), clean.observed, faulted.observed)
    assert damage.agrees_until_onset
    assert (damage.damage_minor, damage.worst_minor) == (28 * USD, 28 * USD)
    assert damage.regained_after_ns == 3 * HOUR
    assert damage.realigned_after_ns == 0
    assert damage_of("f", (1 * HOUR, 3 * HOUR), clean.observed, faulted.observed).realigned_after_ns == 0
    early = damage_of("f", (3 * HOUR, 4 * HOUR), clean.observed, faulted.observed)
    assert not early.agrees_until_onset


def test_positions_are_realigned_when_they_are_the_twins_again() -> None:
    clean, faulted = Told(), Told()
    for told, bought_at, sold_at in ((clean, 1, 2), (faulted, 1, 4)):
        told(0, order("one-1", Side.BUY, LOTS))
        told(0, order("one-2", Side.SELL, LOTS))
        for hour in range(1, 7):
            if hour == bought_at:
                told(hour * HOUR, fill(Side.BUY, 10_000, LOTS, 1))
            if hour == sold_at:
                told(hour * HOUR, fill(Side.SELL, 10_000, LOTS, 2, name="one-2"))
            told(hour * HOUR, mark(0))
        told.observed.finish(6 * HOUR, mark(0))
    window = (2 * HOUR - 1, 3 * HOUR)
    assert damage_of("f", window, clean.observed, faulted.observed).realigned_after_ns == HOUR
    assert clean.observed.trips[0].net_minor == faulted.observed.trips[0].net_minor == 0
