"""What each domain keeps: its ``records`` module, by the name of its schema."""

from __future__ import annotations

from typing import Final

from trading_ecosystem.domains.audit import records as audit
from trading_ecosystem.domains.custodian import records as custodian
from trading_ecosystem.domains.exchange import records as exchange
from trading_ecosystem.domains.market_data import records as market_data
from trading_ecosystem.domains.risk import records as risk
from trading_ecosystem.domains.test_coordination import records as test_coordination
from trading_ecosystem.domains.trading import records as trading
from trading_ecosystem.ports.records import Projection

PROJECTIONS: Final[dict[str, Projection]] = {
    module.NAMESPACE: module for module in (market_data, exchange, custodian, trading, risk, test_coordination, audit)
}
