import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading_ecosystem.domains.custodian.penalties import (
    FailedDay,
    PenaltyClass,
    failing_days,
    late_days,
    net_amounts,
    penalty_of,
)
from trading_ecosystem.messages.units import minor_units


def failed(value, instrument_class, overnight_ppm=0, payer="seller", receiver="buyer", asset="EUR"):
    return FailedDay(1, "i", payer, receiver, asset, value, instrument_class, overnight_ppm)


@pytest.mark.parametrize(
    ("instrument_class", "amount"),
    [
        (PenaltyClass.LIQUID_SHARES, "50.00"),
        (PenaltyClass.ILLIQUID_SHARES, "25.00"),
        (PenaltyClass.GROWTH_MARKET, "12.50"),
        (PenaltyClass.SOVEREIGN_DEBT, "5.00"),
        (PenaltyClass.OTHER_DEBT, "10.00"),
        (PenaltyClass.GROWTH_MARKET_DEBT, "7.50"),
        (PenaltyClass.OTHER, "25.00"),
    ],
)
def test_ten_thousand_at_fifty_failing_one_day(instrument_class, amount):
    value = 10_000 * minor_units("50.00")
    assert penalty_of(failed(value, instrument_class)).amount_minor == minor_units(amount)


def test_lack_of_cash_at_the_overnight_rate_with_a_floor_of_zero():
    value = minor_units("500000")
    assert penalty_of(failed(value, None, 40_000)).amount_minor == 5_555_555_556  # 4 % a year, 55.55555556 a day of 360
    assert penalty_of(failed(value, None, 40_000), 365).amount_minor == 5_479_452_055
    assert penalty_of(failed(value, None, -5_000)).amount_minor == 0


def test_it_rounds_half_up_and_refuses_a_negative_value():
    assert [penalty_of(failed(value, PenaltyClass.LIQUID_SHARES)).amount_minor for value in (4_999, 5_000, 14_999)] == [0, 1, 1]
    with pytest.raises(ValueError, match="i: a value of -1"):
        penalty_of(failed(-1, PenaltyClass.OTHER))


def test_which_days_are_charged():
    business = (10, 11, 14, 15, 16)
    assert failing_days(business, 11, 15, matched_day=9) == (11, 14)
    assert failing_days(business, 11, 11, matched_day=9) == ()
    assert failing_days(business, 11, None, matched_day=15) == (15, 16)
    assert late_days(business, 11, matched_day=15) == (11, 14)
    assert late_days(business, 11, matched_day=10) == ()


SIDES = st.sampled_from(["a", "b", "c", "d"])
ROWS = st.builds(
    failed,
    st.integers(0, 10**18),
    st.sampled_from([None, *PenaltyClass]),
    st.integers(-10_000, 100_000),
    SIDES,
    SIDES,
    st.sampled_from(["EUR", "USD"]),
)


@given(st.lists(ROWS, max_size=30))
def test_penalties_add_up_to_zero_in_each_asset(rows):
    net = net_amounts(penalty_of(row) for row in rows)
    for asset in ("EUR", "USD"):
        assert sum(amount for (_, one), amount in net.items() if one == asset) == 0
    assert list(net) == sorted(net)
    assert all(penalty_of(row).amount_minor >= 0 for row in rows)
