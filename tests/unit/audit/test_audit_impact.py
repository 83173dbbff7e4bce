"""What a fault did to trading, counted from the lives of orders; and how long after its end its condition still held."""

from __future__ import annotations

import trading_ecosystem
from trading_ecosystem.messages.units import MINUTE, PARTS_PER_MILLION

OUTAGE = """\
title: A venue is gone for five minutes
duration: 25m
ecosystem: {market_data: {jumps: false}}
workloads:
  - strategy: market_making
    name: maker
    capital:
      exchange-alpha: {BTC: 1, ETH: 12, USD: 120000}
      exchange-beta: {BTC: 1, ETH: 12, USD: 120000}
    settings:
      {venues: [exchange-alpha, exchange-beta], instruments: [BTC/USD, ETH/USD], size_usd: 3000, max_inventory_usd: 20000}
faults:
  - {id: gone, kind: venue_outage, venue: exchange-alpha, at: 10m, duration: 5m}
"""


def test_an_outage_answers_nothing_while_it_lasts_and_is_over_when_the_venue_speaks_again(tmp_path):
    path = tmp_path / "outage.yaml"
    path.write_text(OUTAGE)
    result = trading_ecosystem.run(path, seed=3)
    (impact,) = result.audit.impacts
    assert impact.fault_id == "gone"
    assert 4 * MINUTE < impact.lasted_ns <= 5 * MINUTE
    assert impact.orders_before > 0
    during = [one for one in result.audit.lifecycles if one.requested_at >= result.audit.detections[0].onset_at]
    lost = [one for one in during if one.accepted_at is None and one.requested_at < result.audit.detections[0].ended_at]
    assert impact.unanswered == len([one for one in lost if one.venue == "exchange-alpha"])
    served = impact.orders - impact.rejected - impact.unanswered
    assert impact.availability_ppm == (served * PARTS_PER_MILLION // impact.orders if impact.orders else None)
    assert impact.first_fills == 0 < impact.first_fills_before
    assert impact.recovery_ns is not None
    assert 0 <= impact.recovery_ns < MINUTE
    # The other venue goes on, and is not counted.
    elsewhere = [
        one for one in during if one.venue == "exchange-beta" and one.requested_at < result.audit.detections[0].ended_at
    ]
    assert elsewhere != []
    assert impact.orders + len(elsewhere) == len(
        [one for one in during if one.requested_at < result.audit.detections[0].ended_at]
    )
