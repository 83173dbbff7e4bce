"""Numbers in words."""

from __future__ import annotations

import pytest

from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.units import DAY, HOUR, MILLISECOND, MINUTE, SECOND
from trading_ecosystem.reports.wording import clock_text, date_text, duration_text, measure_text, usd_text, words


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (None, "–"),
        (0, "0 s"),
        (7, "7 ns"),
        (250 * MILLISECOND, "250 ms"),
        (90 * SECOND, "1 min 30 s"),
        (2 * HOUR, "2 h"),
        (2 * HOUR + 5 * SECOND, "2 h"),
        (DAY + 12 * HOUR, "1 d 12 h"),
        (38 * MINUTE + 20 * SECOND, "38 min 20 s"),
        (-90 * SECOND, "−1 min 30 s"),
    ],
)
def test_durations(duration, text):
    assert duration_text(duration) == text


def test_other_wordings():
    assert clock_text(10 * HOUR + 61 * SECOND, 0) == "+10:01:01"
    assert clock_text(None, 0) == "–"
    assert date_text(1772409600 * SECOND) == "2026-03-02 00:00:00 UTC"
    assert usd_text(-123_456_789_012) == "−1,235 USD"
    assert measure_text(AlertKind.PRICE_STALE, 30 * SECOND) == "30 s"
    assert measure_text(AlertKind.PRICE_CRASH, 51_234) == "5.12 %"
    assert words("stablecoin_depeg") == "stablecoin depeg"
