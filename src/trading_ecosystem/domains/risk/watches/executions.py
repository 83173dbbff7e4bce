"""Fills that should not be, or not so many: DUPLICATE_EXECUTION, EXECUTION_STORM and FILL_AFTER_CANCEL."""

from __future__ import annotations

from collections import deque
from typing import Any, ClassVar, TypeAlias

from trading_ecosystem.domains.risk.parameters import RiskParameters
from trading_ecosystem.domains.risk.part import Monitor, Part
from trading_ecosystem.domains.risk.timers import SaidList
from trading_ecosystem.domains.risk.watches.numbers import is_fill
from trading_ecosystem.domains.risk.watches.on_off import OnOff, Recent
from trading_ecosystem.messages.alert_conditions import EXECUTION_WINDOW, ODD_EXECUTIONS, STORM_FILLS, STORM_WINDOW
from trading_ecosystem.messages.exchange import OrderCancelled, OrderFilled
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.units import Nanos

Key: TypeAlias = tuple[str, str, int]
"""Instrument, account, and an execution id or an order id."""


class Arrivals:
    """How often each key arrived within the last ``length`` nanoseconds."""

    __slots__ = ("arrived", "counts", "length")

    def __init__(self, length: Nanos) -> None:
        self.length = length
        self.arrived: deque[tuple[Nanos, Key]] = deque()
        self.counts: dict[Key, int] = {}

    def add(self, key: Key, now: Nanos) -> int:
        """One arrives; returns how many of this key there are now."""
        self.arrived.append((now, key))
        count = self.counts.get(key, 0) + 1
        self.counts[key] = count
        return count

    def forget(self, now: Nanos) -> None:
        """Let go of what arrived too long ago."""
        arrived, counts = self.arrived, self.counts
        while arrived and now - arrived[0][0] >= self.length:
            _, key = arrived.popleft()
            if counts[key] == 1:
                del counts[key]
            else:
                counts[key] -= 1


class VenueExecutions:
    """The fills of the firm at one venue."""

    __slots__ = ("cancelled", "duplicate", "executions", "late", "late_fills", "orders", "repeats", "storm")

    def __init__(self, name: str) -> None:
        self.executions = Arrivals(EXECUTION_WINDOW)
        self.orders = Arrivals(STORM_WINDOW)
        self.cancelled = Arrivals(EXECUTION_WINDOW)
        self.repeats = Recent(EXECUTION_WINDOW)
        self.late_fills = Recent(EXECUTION_WINDOW)
        self.duplicate = OnOff(AlertKind.DUPLICATE_EXECUTION, name, ODD_EXECUTIONS)
        self.storm = OnOff(AlertKind.EXECUTION_STORM, name, STORM_FILLS)
        self.late = OnOff(AlertKind.FILL_AFTER_CANCEL, name, ODD_EXECUTIONS)

    def order_filled(self, fill: OrderFilled, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """Evaluate on a fill."""
        for arrivals in (self.executions, self.orders, self.cancelled):
            arrivals.forget(now)
        if self.executions.add((fill.instrument, fill.account, fill.execution_id), now) > 1:
            self.repeats.add(now)
            self.duplicate.decide(self.repeats.at(now), now, monitor, said)
            return
        self.duplicate.cease(now, monitor, said)
        order = (fill.instrument, fill.account, fill.order_id)
        self.storm.decide(self.orders.add(order, now), now, monitor, said)
        if order in self.cancelled.counts:
            self.late_fills.add(now)
            self.late.decide(self.late_fills.at(now), now, monitor, said)
        else:
            self.late.cease(now, monitor, said)

    def order_cancelled(self, cancelled: OrderCancelled, now: Nanos) -> None:
        """No fill of this order ought to come any more."""
        self.cancelled.forget(now)
        self.cancelled.add((cancelled.instrument, cancelled.account, cancelled.order_id), now)


class ExecutionWatch(Part):
    """The firm's fills at every venue."""

    hears: ClassVar[dict[type[Any], str]] = {OrderFilled: "order_filled", OrderCancelled: "order_cancelled"}

    def __init__(self, parameters: RiskParameters) -> None:
        self.venues: dict[str, VenueExecutions] = {}

    def order_filled(self, message: OrderFilled, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A fill arrived."""
        if is_fill(message):
            self._venue(message.venue).order_filled(message, now, monitor, said)

    def order_cancelled(self, message: OrderCancelled, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A cancel was answered, or an order left for another reason."""
        self._venue(message.venue).order_cancelled(message, now)

    def _venue(self, name: str) -> VenueExecutions:
        venue = self.venues.get(name)
        if venue is None:
            venue = self.venues[name] = VenueExecutions(name)
        return venue
