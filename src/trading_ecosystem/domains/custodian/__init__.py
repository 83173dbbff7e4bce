"""The custodian: the only place where assets are; double entry, and delivery versus payment of every trade.

It promises that assets are neither made nor lost: every amount it holds came in by a deposit, every transfer debits one
account and credits another, both legs and the fee of a trade are posted together or not at all, and no customer's
posted amount is ever negative.

It hears commands (open, deposit, withdraw, pledge), trades, variation, released claims and claim statements of venues, and
its own conditions. It says what became of transfers and settlement instructions, one message per side and private to its
account, tells venues of pledges, and says where a venue's statement differs from the ledger.

``ledger`` can be used alone; ``settlement``, ``transfers`` and ``reconciliation`` are built on it; ``component`` shows
who calls whom.
"""
