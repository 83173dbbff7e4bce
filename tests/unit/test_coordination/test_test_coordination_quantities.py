"""Single values: exact decimals, durations, instants."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading_ecosystem.domains.test_coordination.document import Scalar, suggestion
from trading_ecosystem.domains.test_coordination.estimate import estimate_entries
from trading_ecosystem.domains.test_coordination.quantities import amount, duration, instant, ratio, spoken
from trading_ecosystem.domains.test_coordination.scenario import Scenario
from trading_ecosystem.messages.units import DAY, HOUR, MICROSECOND, MILLISECOND, MINUTE, SECOND
from trading_ecosystem.ports.errors import BadInput


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0s", 0),
        ("1ns", 1),
        ("2us", 2 * MICROSECOND),
        ("3ms", 3 * MILLISECOND),
        ("90s", 90 * SECOND),
        ("1.5h", 90 * MINUTE),
        ("1h30m", 90 * MINUTE),
        ("2d1h", 2 * DAY + HOUR),
    ],
)
def test_duration(text: str, value: int) -> None:
    assert duration(Scalar(text, "p"), "it") == value


@pytest.mark.parametrize(
    "text", ["", "5", "h", "1 h", "1.h", ".5h", "1.2.3h", "1x", "1h-2m", "1e3s", "٣s", "0.1ns", "9" * 40 + "s"]
)
def test_no_duration(text: str) -> None:
    with pytest.raises(BadInput, match="expected a duration"):
        duration(Scalar(text, "p"), "it")


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.integers(0, 2**62))
def test_a_duration_reads_back_as_it_is_spoken(value: int) -> None:
    assert duration(Scalar(spoken(value), "p"), "it") == value


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.integers(1, 10**18))
def test_an_amount_is_exact(minor: int) -> None:
    assert amount(Scalar(f"{Decimal(minor).scaleb(-8):f}", "p"), "it") == minor


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.integers(-1_000_000, 1_000_000))
def test_a_ratio_is_exact(parts: int) -> None:
    assert ratio(Scalar(f"{Decimal(parts).scaleb(-6):f}", "p"), "it", -1_000_000, 1_000_000) == parts


def test_an_instant_counts_from_the_epoch() -> None:
    assert instant(Scalar("1970-01-02T00:00:01Z", "p"), "it") == DAY + SECOND
    assert instant(Scalar("1970-01-02T02:00:01+02:00", "p"), "it") == DAY + SECOND


def test_a_suggestion_is_close_or_none() -> None:
    names = ("magnitude", "ramp", "hold")
    assert suggestion("magnitud", names) == "did you mean 'magnitude'? "
    assert suggestion("Ramp", names) == "did you mean 'ramp'? "
    assert suggestion("recovery", names) == ""
    assert suggestion("x" * 100_000, names) == ""


def test_the_estimate_follows_the_rhythms(small_scenario: Scenario) -> None:
    ticks = publications = 720
    prices, candles = ticks * 6 * 2, 120 * 6
    venues = 2 * (publications * 6 * 3 + 24 * 2 + 4 * 5)
    reports = 24
    assert estimate_entries(small_scenario) == prices + candles + venues + reports
