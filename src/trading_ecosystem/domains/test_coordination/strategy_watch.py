"""Which misbehaving strategies were started, and what production shows of them: their first order, and their halt.

Trading says production messages alone, and knows nothing of faults; so it is the coordinator who sees the effect.
"""

from __future__ import annotations

from trading_ecosystem.domains.test_coordination.strategy_faults import StrategyFault
from trading_ecosystem.messages.exchange import OrderAccepted, OrderRejected
from trading_ecosystem.messages.test_coordination import ConditionEnded, ConditionTookEffect
from trading_ecosystem.messages.trading import StrategyHalted


class StrategyWatch:
    """The strategy faults under way, at most one per account. ``component`` is the trading engine."""

    def __init__(self, component: str) -> None:
        self._component = component
        self._started: dict[str, StrategyFault] = {}
        self._in_effect: dict[str, bool] = {}

    def started(self, fault: StrategyFault) -> None:
        """A fault starts its strategy; what comes of another of the same account is this one's from now on."""
        self._started[fault.account] = fault
        self._in_effect.pop(fault.account, None)

    def order_answered(self, message: OrderAccepted | OrderRejected) -> ConditionTookEffect | None:
        """The first answer to an order of a started strategy is its fault's effect."""
        fault = self._started.get(message.account)
        if fault is None or message.account in self._in_effect:
            return None
        self._in_effect[message.account] = True
        return ConditionTookEffect(self._component, fault.id, message.account)

    def halted(self, message: StrategyHalted) -> ConditionEnded | None:
        """A strategy that has halted does nothing further."""
        fault = self._started.get(message.account)
        if fault is None or fault.strategy != message.strategy:
            return None
        del self._started[message.account]
        took_effect = self._in_effect.pop(message.account, False)
        return ConditionEnded(self._component, fault.id) if took_effect else None

    def is_under_way(self, fault: StrategyFault) -> bool:
        """Whether its strategy was started by it and has not halted since."""
        return self._started.get(fault.account) == fault
