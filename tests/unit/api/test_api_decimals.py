"""Integers at the edge: exact both ways, refused where they are not."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading_ecosystem.api.decimals import (
    amount_text,
    instant_text,
    instrument_named,
    parse_amount,
    parse_instant,
    parse_price,
    parse_quantity,
    price_text,
    quantity_text,
)
from trading_ecosystem.api.problems import InvalidRequest, NoSuchThing, Refused
from trading_ecosystem.messages.units import INSTRUMENTS

amounts = st.integers(-(2**63) + 1, 2**63 - 1)


@given(amounts)
def test_amounts_are_exact_both_ways(minor):
    assert Decimal(amount_text(minor)) == Decimal(minor).scaleb(-8)
    assert parse_amount(amount_text(minor), "amount") == minor


@given(st.sampled_from(sorted(INSTRUMENTS)), st.integers(0, 10**9))
def test_prices_and_quantities_are_exact_both_ways(symbol, number):
    instrument = INSTRUMENTS[symbol]
    assert parse_price(instrument, price_text(instrument, number)) == number
    assert parse_quantity(instrument, quantity_text(instrument, number)) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nan",
        "NaN",
        "inf",
        "1e3",
        "+1",
        "1.",
        ".5",
        "0x1",
        "1_000",
        "1" * 19,
        "1.123456789",
        "١",
        "1\n",
        "99999999999999999",
    ],
)
def test_what_is_no_decimal_number_is_refused(text):
    with pytest.raises(InvalidRequest, match="amount"):
        parse_amount(text, "amount")


def test_prices_between_ticks_are_refused_with_the_venue_s_reason():
    bitcoin = INSTRUMENTS["BTC/USD"]
    with pytest.raises(Refused) as price:
        parse_price(bitcoin, "60000.005")
    assert price.value.reason == "INVALID_PRICE"
    assert "tick size 0.01" in price.value.detail
    with pytest.raises(Refused) as quantity:
        parse_quantity(bitcoin, "0.0000001")
    assert quantity.value.reason == "INVALID_QUANTITY"


@given(st.integers(0, 2**62))
def test_instants_are_exact_both_ways(at):
    assert parse_instant(instant_text(at), "from") == at


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.5Z", 500_000_000),
        ("1970-01-01T01:00:00.000000001+01:00", 1),
    ],
)
def test_instants_may_be_shorter_or_in_another_zone(text, at):
    assert parse_instant(text, "from") == at


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-13-01T00:00:00Z",
        "2026-01-01",
        "2026-01-01T00:00:00",
        "1960-01-01T00:00:00Z",
        "2026-01-01T00:00:00.1234567890Z",
    ],
)
def test_what_is_no_instant_is_refused(text):
    with pytest.raises(InvalidRequest, match="from"):
        parse_instant(text, "from")


def test_instruments_are_named_as_in_a_path_too():
    assert instrument_named("BTC-USD") is instrument_named("BTC/USD")
    assert instrument_named("BTC-PERP").symbol == "BTC-PERP"
    with pytest.raises(NoSuchThing, match="DOGE"):
        instrument_named("DOGE-USD")
