"""The routers of each face."""

from __future__ import annotations

from typing import Final

from trading_ecosystem.api.rest.production import accounts, custody, market, market_statistics, orders

PRODUCTION: Final = (market.router, market_statistics.router, orders.router, accounts.router, custody.router)
"""Under ``/api/v1``."""
