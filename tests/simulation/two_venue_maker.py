"""A market maker on both venues, as scenarios of whole runs have it."""

from __future__ import annotations

MAKER = """\
workloads:
  - strategy: market_making
    name: maker
    capital:
      exchange-alpha: {{BTC: 1, ETH: 12, USD: 120000, USDT: 80000}}
      exchange-beta: {{BTC: 1, ETH: 12, USD: 120000, USDT: 80000}}
    settings:
      venues: [exchange-alpha, exchange-beta]
      instruments: [BTC/USD, ETH/USD, BTC/USDT, USDT/USD]
      size_usd: 3000
      max_inventory_usd: 20000
"""
"""The head of a scenario's ``workloads``, to be formatted; more may follow."""
