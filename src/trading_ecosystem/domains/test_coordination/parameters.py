"""What a test coordinator is made with."""

from __future__ import annotations

import msgspec

from trading_ecosystem.domains.test_coordination.scenario import (
    LINKS,
    MARKET_DATA,
    RISK,
    SUPERVISOR,
    TRADING,
    Operation,
    PlannedFault,
    RiskLimit,
)
from trading_ecosystem.messages.units import MINUTE, Nanos, PartsPerMillion


class TestCoordinationParameters(msgspec.Struct, frozen=True, kw_only=True):
    """Faults and operations of a scenario, names and rhythms of the ecosystem that they act on; validated where it was read."""

    __test__ = False

    faults: tuple[PlannedFault, ...]
    instruments: tuple[str, ...]
    """Every instrument of the vendor feed."""
    venues: tuple[str, ...]
    """Every venue whose trades the custodian settles."""
    tick_ns: Nanos
    """How often the vendor feed publishes."""
    retry_every_ns: Nanos
    """How often the custodian tries again to settle."""
    state_every_ns: Nanos = 5 * MINUTE
    """How often the custodian states what accounts hold."""
    annual_volatility_ppm: dict[str, PartsPerMillion] = {}
    """By asset, as the scenario states it."""
    market_data: str = MARKET_DATA
    custodian: str = "custodian"
    risk: str = RISK
    links: str = LINKS
    operations: tuple[Operation, ...] = ()
    """What the operators of the venues do, by time."""
    trading: str = TRADING
    limits: tuple[RiskLimit, ...] = ()
    """Every limit of the risk monitor at the start of the run."""
    firm: str = "fund"
    """Whose strategies trade and whose risk is watched."""
    supervisor: str = SUPERVISOR
    link_ends: tuple[str, ...] = ()
    """Every component under test."""
