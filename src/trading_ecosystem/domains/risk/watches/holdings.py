"""Statements of holdings that are not what was said: HOLDINGS_BREAK.

What was said is what the positions are made of, so that a copy that came late is no break.
"""

from __future__ import annotations

from typing import Any, ClassVar

from trading_ecosystem.domains.risk.parameters import RiskParameters
from trading_ecosystem.domains.risk.part import Monitor, Part
from trading_ecosystem.domains.risk.timers import SaidList
from trading_ecosystem.domains.risk.watches.on_off import OnOff
from trading_ecosystem.messages.alert_conditions import BROKEN_LINES
from trading_ecosystem.messages.custodian import HoldingsStated
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.units import Nanos


class HoldingsWatch(Part):
    """The statements of every custodian."""

    hears: ClassVar[dict[type[Any], str]] = {HoldingsStated: "holdings_stated"}

    def __init__(self, parameters: RiskParameters) -> None:
        self.breaks: dict[str, OnOff] = {}

    def holdings_stated(self, message: HoldingsStated, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """Compare a statement, line by line, with the amounts last said; a line of which nothing was said counts as right."""
        custodian = message.custodian
        broken = 0
        for line in message.lines:
            known = monitor.positions.amount_said(custodian, line.account, line.asset, line.venue)
            if known is not None and known != line.amount_minor:
                broken += 1
        condition = self.breaks.get(custodian)
        if condition is None:
            condition = self.breaks[custodian] = OnOff(AlertKind.HOLDINGS_BREAK, custodian, BROKEN_LINES)
        condition.decide(broken, now, monitor, said)
