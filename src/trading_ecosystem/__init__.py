"""Trading Ecosystem: a wind tunnel for trading systems, in one process.

``run`` executes a scenario (market, venues, custodian, strategies, risk monitor, injected faults) and returns the
recorded result: the journal, the verdict and the tables that can be opened in pandas.  It comes from
:mod:`trading_ecosystem.container`, the one composition root, and is imported on first use so that a single domain
(an order book, a ledger) can be used alone without paying for the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trading_ecosystem.container import run as run

__version__ = "0.1.0"
__all__ = ["__version__", "run"]


def __getattr__(name: str) -> Any:
    if name == "run":
        from trading_ecosystem.container import run

        return run
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
