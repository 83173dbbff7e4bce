"""History in each domain's own words: one module per domain, on top of any history store.

A query reads what a store has applied; whoever needs its own last write in the answer waits for its position first
(:meth:`trading_ecosystem.ports.records.HistoryStore.wait_for`). Ranges of time are half-open: ``since <= at < until``.
"""
