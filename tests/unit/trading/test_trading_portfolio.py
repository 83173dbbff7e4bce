"""Average cost and profit against a plain model in fractions."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading_ecosystem.domains.trading.portfolio import Portfolio, Position
from trading_ecosystem.domains.trading.rounding import half_even, upwards
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import INSTRUMENTS, MINOR_UNITS_PER_WHOLE, SPOT_PAIRS

FILLS = st.lists(
    st.tuples(st.sampled_from(Side), st.integers(1, 9_000_000), st.integers(1, 40), st.integers(0, 1_000)), max_size=60
)


class PlainModel:
    """The textbook: lots at an average price, as fractions; ``rounded`` releases cost as the engine says it does."""

    def __init__(self, tick_value: int, rounded: bool) -> None:
        self.tick_value = tick_value
        self.rounded = rounded
        self.lots = 0
        self.cost = Fraction(0)
        self.realised = Fraction(0)
        self.cash = 0

    def fill(self, side: Side, price: int, lots: int) -> None:
        sign = 1 if side is Side.BUY else -1
        value = price * self.tick_value
        self.cash -= sign * value * lots
        closing = min(lots, abs(self.lots)) if self.lots * sign < 0 else 0
        if closing:
            released = self.cost * closing / abs(self.lots)
            released = Fraction(round(released)) if self.rounded else released
            self.realised += -sign * value * closing - released
            self.cost -= released
        opening = lots - closing
        self.lots += sign * lots
        self.cost += sign * value * opening


@settings(derandomize=True, max_examples=150, deadline=None)
@given(st.sampled_from(sorted(SPOT_PAIRS)), FILLS)
def test_a_position_equals_the_model(symbol: str, fills: list[tuple[Side, int, int, int]]) -> None:
    instrument = INSTRUMENTS[symbol]
    position = Position("exchange-alpha", symbol)
    exact, ideal = PlainModel(instrument.tick_value, True), PlainModel(instrument.tick_value, False)
    fees = turnover = 0
    for count, (side, price, lots, fee) in enumerate(fills, 1):
        position.fill(side, price, lots, fee)
        exact.fill(side, price, lots)
        ideal.fill(side, price, lots)
        fees += fee
        turnover += instrument.notional(price, lots)
        assert (position.lots, position.cost_minor, position.realised_minor) == (exact.lots, exact.cost, exact.realised)
        assert (position.fees_minor, position.turnover_minor) == (fees, turnover)
        assert position.realised_minor == position.cost_minor + exact.cash
        # Rounding what is released moves at most half a minor unit a fill between realised and cost.
        assert abs(position.realised_minor - ideal.realised) <= Fraction(count, 2)
        if position.lots == 0:
            assert position.cost_minor == 0
            assert position.realised_minor == exact.cash
            assert position.average_price_minor == 0
        else:
            base = Fraction(abs(exact.lots) * instrument.lot_size, MINOR_UNITS_PER_WHOLE)
            assert position.average_price_minor == round(abs(exact.cost) / base)


def test_a_position_that_turns_around() -> None:
    position = Position("exchange-alpha", "BTC/USD")
    seen = []
    for side, price, lots in ((Side.BUY, 100, 10), (Side.BUY, 130, 5), (Side.SELL, 120, 20), (Side.BUY, 110, 5)):
        position.fill(side, price, lots, 7)
        seen.append((position.lots, position.cost_minor, position.realised_minor, position.fees_minor))
    # One tick times one lot is one minor unit here.
    assert seen == [(10, 1000, 0, 7), (15, 1650, 0, 14), (-5, -600, 150, 21), (0, 0, 200, 28)]


def test_the_average_is_per_whole_base_and_rounds_half_to_even() -> None:
    position = Position("exchange-alpha", "BTC/USD")
    position.fill(Side.BUY, 6_000_000, 3, 0)
    position.fill(Side.BUY, 6_000_100, 1, 0)
    assert position.average_price_minor == 60_000_25 * 10**6  # 60000.25
    odd = Position("exchange-alpha", "USDT/USD")
    odd.fill(Side.BUY, 1, 2, 0)
    odd.fill(Side.BUY, 2, 1, 0)
    assert odd.average_price_minor == round(Fraction(4 * 10_000, 3))


def test_positions_are_kept_apart_and_added_over_venues() -> None:
    portfolio = Portfolio()
    portfolio.position("exchange-alpha", "BTC/USD").fill(Side.BUY, 100, 10, 0)
    portfolio.position("exchange-beta", "BTC/USD").fill(Side.SELL, 110, 4, 0)
    portfolio.position("exchange-alpha", "ETH/USD").fill(Side.BUY, 100, 1, 0)
    assert portfolio.lots("exchange-alpha", "BTC/USD") == 10
    assert portfolio.lots("exchange-beta", "BTC/USD") == -4
    assert portfolio.lots_over_venues("BTC/USD") == 6
    assert portfolio.lots("exchange-beta", "ETH/USD") == 0


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.integers(-(10**30), 10**30), st.integers(1, 10**12))
def test_rounding_is_what_fractions_say(numerator: int, denominator: int) -> None:
    assert half_even(numerator, denominator) == round(Fraction(numerator, denominator))
    assert upwards(numerator, denominator) == -(-numerator // denominator)
    assert 0 <= upwards(numerator, denominator) - Fraction(numerator, denominator) < 1


@pytest.mark.parametrize(("numerator", "expected"), [(1, 0), (3, 2), (5, 2), (-1, 0), (-3, -2), (-5, -2), (4, 2)])
def test_ties_go_to_the_even_one(numerator: int, expected: int) -> None:
    assert half_even(numerator, 2) == expected
