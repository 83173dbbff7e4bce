"""The routers of each face."""

from __future__ import annotations

from typing import Final

from trading_ecosystem.api.rest.production import (
    accounts,
    custody,
    market,
    market_statistics,
    orders,
    risk,
    strategies,
)

PRODUCTION: Final = tuple(one.router for one in (market, market_statistics, orders, accounts, custody, strategies, risk))
"""Under ``/api/v1``."""
