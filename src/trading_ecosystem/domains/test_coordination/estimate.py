"""How many journal entries a scenario makes, before it is run.

The rhythms of the ecosystem give most of it: two prices per tick and instrument, a candle per interval and instrument, at most
three messages per publication, venue and instrument, reports and marks. The rest is trading, ``ENTRIES_PER_TRADING_HOUR`` per
workload and hour, as measured on the scenario library, where the whole is right to within a quarter.
"""

from __future__ import annotations

from typing import Final

from trading_ecosystem.domains.test_coordination.scenario import Scenario
from trading_ecosystem.messages.units import HOUR

LARGEST_LIBRARY_RUN: Final = 2_000_000
"""A scenario of the library stays under this many entries."""
PER_PRICE: Final = 2
"""``FundamentalPriceChanged`` and ``PricePublished``."""
PER_PUBLICATION: Final = 3
"""``QuoteChanged``, ``DepthChanged`` and ``TradesPublished``."""
ENTRIES_PER_TRADING_HOUR: Final = 1_000
OPENING_ENTRIES: Final = 5
"""A deposit and a pledge, what the custodian says about them, and the venue's claim, per account, venue and asset."""


def estimate_entries(scenario: Scenario) -> int:
    """Journal entries that a run of the scenario is expected to make; of an open one, its first hour."""
    ecosystem, duration_ns = scenario.ecosystem, scenario.duration_ns or HOUR
    market_data = ecosystem.market_data
    instruments = len(market_data.instruments)
    total = duration_ns // market_data.tick_ns * instruments * PER_PRICE
    if market_data.quotes is not None:
        total += duration_ns // market_data.tick_ns * instruments
    if market_data.sources is not None:
        total += duration_ns // market_data.tick_ns * instruments
    for interval_ns in market_data.candles_ns:
        total += duration_ns // interval_ns * instruments
    for venue in ecosystem.venues:
        total += duration_ns // venue.publish_every_ns * instruments * PER_PUBLICATION
        total += duration_ns // ecosystem.custodian.reconcile_every_ns * 2
        total += len(venue.house) * OPENING_ENTRIES
    total += duration_ns // ecosystem.risk.report_every_ns
    for workload in scenario.workloads:
        running_ns = 0 if workload.start_ns is None else max(0, duration_ns - workload.start_ns)
        total += running_ns // ecosystem.firm.mark_every_ns
        total += running_ns * ENTRIES_PER_TRADING_HOUR // HOUR
        for capital in workload.capital.values():
            total += len(capital) * OPENING_ENTRIES
    return total
