"""The routers of each face."""

from __future__ import annotations

from typing import Final

from trading_ecosystem.api.rest.audit import events, evidence, findings
from trading_ecosystem.api.rest.control import clock, components, faults, key_routes, operations, scenarios, state
from trading_ecosystem.api.rest.production import (
    accounts,
    custody,
    market,
    market_statistics,
    monitors,
    orders,
    risk,
    risk_measures,
    strategies,
    trading_state,
)

PRODUCTION: Final = tuple(
    one.router
    for one in (market, market_statistics, orders, accounts, custody, strategies, risk, risk_measures, trading_state, monitors)
)
"""Under ``/api/v1``."""

CONTROL: Final = tuple(one.router for one in (clock, components, faults, scenarios, operations, state, key_routes))
"""Under ``/control/v1``."""
AUDIT: Final = tuple(one.router for one in (events, findings, evidence))
"""Under ``/audit/v1``."""
