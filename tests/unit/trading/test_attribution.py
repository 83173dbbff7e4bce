"""First in, first out against a plain queue of single lots, and profit and loss that adds up whichever way it is cut."""

from __future__ import annotations

from collections import deque
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading_ecosystem.domains.trading.attribution import DIMENSIONS, Dimension, Results
from trading_ecosystem.domains.trading.lots import ClosedLot, CostMethod, FirstInFirstOut, OpenLot
from trading_ecosystem.domains.trading.portfolio import Position
from trading_ecosystem.domains.trading.rounding import apportioned, half_even
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import INSTRUMENTS, MINOR_UNITS_PER_WHOLE

BUY, SELL = Side.BUY, Side.SELL
BTC, PERP = "BTC/USD", "BTC-PERP"
WHOLE = MINOR_UNITS_PER_WHOLE
FILLS = st.lists(st.tuples(st.sampled_from(Side), st.integers(1, 500), st.integers(1, 12), st.integers(0, 50)), max_size=40)


def test_the_oldest_lots_are_closed_first() -> None:
    # One tick times one lot is one minor unit of USD here.
    position = FirstInFirstOut("v", BTC)
    assert position.match(BUY, 100, 10, 1, 1) == ()
    assert position.match(BUY, 130, 5, 1, 2) == ()
    assert position.match(SELL, 120, 12, 1, 3) == (ClosedLot(10, 100, 120, 1, 3, 200), ClosedLot(2, 130, 120, 2, 3, -20))
    assert (position.lots, position.cost_minor, position.realised_minor) == (3, 390, 180)
    assert position.average_price_minor == 130 * 10**6
    # Turned around: what closes makes 3 x -10, the rest is a short lot.
    assert position.match(SELL, 120, 7, 1, 4) == (ClosedLot(3, 130, 120, 2, 4, -30),)
    assert list(position.open) == [OpenLot(-4, 120, 4)]
    assert position.match(BUY, 110, 4, 1, 5) == (ClosedLot(-4, 120, 110, 4, 5, 40),)
    assert (position.lots, position.cost_minor, position.realised_minor, position.fees_minor) == (0, 0, 190, 5)
    assert position.average_price_minor == 0


@settings(derandomize=True, max_examples=80, deadline=None)
@given(FILLS)
def test_it_is_a_queue_of_single_lots_and_ends_as_average_cost_does(fills: list[tuple[Side, int, int, int]]) -> None:
    position, average = FirstInFirstOut("v", BTC), Position("v", BTC)
    queue: deque[tuple[int, int]] = deque()
    realised = cash = 0
    for side, price, lots, fee in fills:
        position.fill(side, price, lots, fee)
        average.fill(side, price, lots, fee)
        sign = 1 if side is BUY else -1
        cash -= sign * price * lots
        for _ in range(lots):
            if queue and queue[0][0] != sign:
                held, opened = queue.popleft()
                realised += held * (price - opened)
            else:
                queue.append((sign, price))
        assert position.lots == sum(sign for sign, _ in queue) == average.lots
        assert position.cost_minor == sum(sign * opened for sign, opened in queue)
        assert position.realised_minor == realised == position.cost_minor + cash
        assert (position.fees_minor, position.turnover_minor) == (average.fees_minor, average.turnover_minor)
        if not position.lots:
            assert position.realised_minor == average.realised_minor


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.lists(st.integers(-(10**20), 10**20), max_size=9), st.integers(1, 10**9))
def test_parts_add_up_to_the_whole_and_none_is_a_unit_away(numerators: list[int], denominator: int) -> None:
    parts = apportioned(numerators, denominator)
    assert sum(parts) == half_even(sum(numerators), denominator)
    assert all(abs(part - Fraction(one, denominator)) <= 1 for part, one in zip(parts, numerators, strict=True))
    assert apportioned([one * denominator for one in numerators], denominator) == numerators


def test_a_third_each_goes_to_the_first() -> None:
    assert apportioned([1, 1, 1], 3) == [1, 0, 0]
    assert apportioned([-1, -1, -1], 3) == [0, 0, -1]
    assert apportioned([], 7) == []


LINES = st.lists(
    st.tuples(
        st.sampled_from(("maker", "trend", "gap")),
        st.sampled_from(("alpha", "beta")),
        st.sampled_from(sorted(INSTRUMENTS)),
        st.sampled_from(Side),
        st.integers(1, 10**6),
        st.integers(1, 1_000),
        st.integers(0, 10**7),
    ),
    max_size=30,
)


@settings(derandomize=True, max_examples=40, deadline=None)
@given(
    LINES, st.lists(st.integers(1, 10**13), min_size=11, max_size=11), st.sampled_from(CostMethod), st.integers(-(10**9), 10**9)
)
def test_every_cut_adds_up_to_the_same_whole(
    fills: list[tuple[str, str, str, Side, int, int, int]], prices: list[int], method: CostMethod, funding: int
) -> None:
    results = Results(method)
    for strategy, venue, symbol, side, price, lots, fee in fills:
        results.position(strategy, venue, symbol).fill(side, price, lots, fee)
    for venue, symbol in dict.fromkeys((venue, symbol) for _, venue, symbol in results.positions):
        results.funded(venue, symbol, funding)
    units = dict(zip(sorted(INSTRUMENTS), prices, strict=False))
    quotes = dict(zip(("USD", "USDT", "BTC", "ETH"), prices[7:], strict=True))
    exact = Fraction(0)
    for key, position in results.positions.items():
        scale = INSTRUMENTS[position.instrument]
        in_quote = position.realised_minor - position.cost_minor - position.fees_minor + results.funding_minor[key]
        exact += Fraction(in_quote * quotes[scale.quote] + position.lots * scale.lot_size * units[position.instrument], WHOLE)

    cuts = [(), *((one,) for one in DIMENSIONS), (Dimension.STRATEGY, Dimension.VENUE), DIMENSIONS]
    wholes = set()
    for cut in cuts:
        lines = results.attributed(units, quotes, cut)
        assert len({(line.strategy, line.venue, line.instrument) for line in lines}) == len(lines)
        wholes.add(
            (
                sum(line.realised_usd_minor for line in lines),
                sum(line.unrealised_usd_minor for line in lines),
                sum(line.fees_usd_minor for line in lines),
                sum(line.funding_usd_minor for line in lines),
            )
        )
        assert abs(sum(line.net_usd_minor for line in lines) - exact) <= 2  # four columns, each rounded once
    assert len(wholes) == 1


def test_the_methods_differ_in_when_profit_is_realised_and_not_in_how_much_there_is() -> None:
    made = {}
    for method in CostMethod:
        results = Results(method)
        results.position("s", "v", BTC).fill(BUY, 100, 10, 0)
        results.position("s", "v", BTC).fill(BUY, 200, 10, 0)
        results.position("s", "v", BTC).fill(SELL, 300, 10, 4)
        # 0.000001 BTC a lot at 3 USD: 300 minor units of USD each.
        (line,) = results.attributed({BTC: 300 * 10**6}, {"USD": WHOLE})
        made[method] = (line.realised_usd_minor, line.unrealised_usd_minor, line.fees_usd_minor, line.net_usd_minor)
    assert made == {CostMethod.AVERAGE: (1_500, 1_500, 4, 2_996), CostMethod.FIRST_IN_FIRST_OUT: (2_000, 1_000, 4, 2_996)}


def test_funding_goes_to_those_who_hold_and_against_those_who_are_short() -> None:
    results = Results()
    results.position("carry", "v", PERP).fill(SELL, 600_000, 30, 0)
    results.position("trend", "v", PERP).fill(BUY, 600_000, 10, 0)
    results.position("other", "w", PERP).fill(BUY, 600_000, 10, 0)
    # The account is short 20: it receives 100, of which the short 30 earn 150 and the long 10 pay 50.
    results.funded("v", PERP, 100)
    assert results.funding_minor == {("carry", "v", PERP): 150, ("trend", "v", PERP): -50}
    by_strategy = results.attributed({PERP: 60_000 * WHOLE}, {"USD": WHOLE}, (Dimension.STRATEGY,))
    assert [(one.strategy, one.venue, one.net_usd_minor) for one in by_strategy] == [
        ("carry", "", 150),
        ("trend", "", -50),
        ("other", "", 0),
    ]


def test_funding_of_a_flat_account_and_of_nobody() -> None:
    results = Results()
    results.position("long", "v", PERP).fill(BUY, 600_000, 5, 0)
    results.position("short", "v", PERP).fill(SELL, 600_000, 5, 0)
    results.funded("v", PERP, 7)
    assert results.funding_minor == {("long", "v", PERP): 7, ("short", "v", PERP): 0}
    with pytest.raises(ValueError, match="nobody traded it there"):
        results.funded("w", PERP, 7)


def test_what_has_no_price_is_not_nothing() -> None:
    results = Results()
    results.position("s", "v", BTC).fill(BUY, 100, 10, 0)
    with pytest.raises(KeyError):
        results.attributed({}, {"USD": WHOLE})
