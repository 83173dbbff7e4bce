"""A large order's impact on the market of the shipped Apple set: it grows with a power of its size, and comes back in part."""

from __future__ import annotations

from tests.campaign import CAMPAIGN

from trading_ecosystem.adapters.calibration.parameter_files import read_calibrated_flow
from trading_ecosystem.adapters.recordings.lobster_tape import stock
from trading_ecosystem.domains.exchange.flow import flows
from trading_ecosystem.messages.units import MINOR_UNITS_PER_WHOLE
from trading_ecosystem.reports.realism.metaorder import impact_of_whole

PRICE = 585 * MINOR_UNITS_PER_WHOLE
# The plain flow is a hundred times slower; it does the same, which is what other tests are for.
RUNS = 400 if CAMPAIGN and flows.COMPILED else 120 if flows.COMPILED else 10
SLACK = 0.0 if CAMPAIGN and flows.COMPILED else 0.1 if flows.COMPILED else 0.3


def test_impact_is_concave_and_comes_back_in_part() -> None:
    """An order sent at once; the displacement is read a second later by size, and two minutes later of the largest."""
    impact = impact_of_whole(read_calibrated_flow("apple").parameters, stock("AAPL"), PRICE, RUNS, (2, 8, 32))
    assert impact.reached == sorted(impact.reached)
    assert 0.4 - SLACK < impact.exponent < 0.7 + SLACK, impact
    assert 0.3 - SLACK < impact.kept < 0.9 + SLACK, impact
