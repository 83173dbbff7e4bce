"""Limits on what goes on: how fast orders are sent, how much is traded, how much margin is used.

Each is decided by what arrives and holds until the next such message. Only accounts and venues with a limit are counted.
"""

from __future__ import annotations

from collections import deque
from typing import Any, ClassVar

from trading_ecosystem.domains.risk.exposure import LARGEST_PRICE, is_price, value_of
from trading_ecosystem.domains.risk.gauges import ratio_of
from trading_ecosystem.domains.risk.parameters import RiskParameters
from trading_ecosystem.domains.risk.part import Monitor, Part
from trading_ecosystem.domains.risk.positions import REMEMBERED, Memory
from trading_ecosystem.domains.risk.timers import SaidList
from trading_ecosystem.messages.alert_conditions import ORDER_RATE_WINDOW, TURNOVER_WINDOW
from trading_ecosystem.messages.exchange import CancelOrder, OrderFilled, PlaceOrder
from trading_ecosystem.messages.margin import MarginChanged
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.risk import AlertKind, ChangeLimit, LimitKind
from trading_ecosystem.messages.units import INSTRUMENTS, MinorUnits, Nanos, PartsPerMillion


class WindowedSum:
    """What arrived within the last ``length`` nanoseconds, added up."""

    __slots__ = ("entries", "length", "total")

    def __init__(self, length: Nanos) -> None:
        self.length = length
        self.entries: deque[tuple[Nanos, int]] = deque()
        self.total = 0

    def add(self, amount: int, now: Nanos) -> int:
        """One more; returns the sum, this one included."""
        self.entries.append((now, amount))
        self.total += amount
        return self.at(now)

    def at(self, now: Nanos) -> int:
        """The sum now."""
        gone = now - self.length
        while self.entries and self.entries[0][0] <= gone:
            self.total -= self.entries.popleft()[1]
        return self.total


class ActivityLimits(Part):
    """Order rates and turnovers of accounts, and the margin used at venues, where a limit asks for them."""

    hears: ClassVar[dict[type[Any], str]] = {
        PlaceOrder: "commanded",
        CancelOrder: "commanded",
        OrderFilled: "order_filled",
        PricePublished: "price_published",
        MarginChanged: "margin_changed",
        ChangeLimit: "change_limit",
    }

    def __init__(self, parameters: RiskParameters) -> None:
        super().__init__(parameters)
        self.firm = parameters.firm
        self.rates: dict[str, WindowedSum] = {}
        self.turnovers: dict[str, WindowedSum] = {}
        for limit in parameters.limits:
            self._count(limit.kind, limit.subject)
        self.instruments = dict.fromkeys(parameters.instruments, True)
        self.usage: dict[tuple[str, str], PartsPerMillion] = {}
        """Maintenance margin over equity, by venue and account, as last reported."""
        self.executions = Memory(REMEMBERED)

    def _count(self, kind: LimitKind, subject: str) -> None:
        """Count from now on, unless that is done already."""
        if kind is LimitKind.ORDER_RATE:
            self.rates.setdefault(subject, WindowedSum(ORDER_RATE_WINDOW))
        elif kind is LimitKind.TURNOVER:
            self.turnovers.setdefault(subject, WindowedSum(TURNOVER_WINDOW))

    def change_limit(self, message: ChangeLimit, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """There may be a limit where none was; what it is held against counts from now on, but margin is used already."""
        if monitor.limits.find(message.kind, message.subject) is None:
            return
        self._count(message.kind, message.subject)
        if message.kind is LimitKind.MARGIN_USAGE:
            used = self._most_used(message.subject)
            monitor.limit_watch.arrived(AlertKind.MARGIN_USAGE_LIMIT, message.subject, used, now, monitor.alerts, said)

    def commanded(self, message: PlaceOrder | CancelOrder, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """One more order, or cancel, of an account and of the firm."""
        for subject in self._subjects(self.rates, message.account):
            rate = self.rates[subject].add(1, now)
            monitor.limit_watch.arrived(AlertKind.ORDER_RATE_LIMIT, subject, rate, now, monitor.alerts, said)

    def order_filled(self, message: OrderFilled, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """More was traded; a fill that arrives again was not."""
        execution = (message.venue, message.instrument, message.trade_id, message.account, message.execution_id)
        is_new = self.executions.add(execution)
        subjects = self._subjects(self.turnovers, message.account)
        if not subjects:
            return
        amount = _traded(message, monitor) if is_new else 0
        for subject in subjects:
            turnover = self.turnovers[subject].add(amount, now) if amount else self.turnovers[subject].at(now)
            monitor.limit_watch.arrived(AlertKind.TURNOVER_LIMIT, subject, turnover, now, monitor.alerts, said)

    def price_published(self, message: PricePublished, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """Time has passed: some of what was traded is forgotten."""
        if self.turnovers and message.instrument in self.instruments and is_price(message.price_minor):
            for subject, turnover in self.turnovers.items():
                if turnover.entries and turnover.entries[0][0] <= now - turnover.length:
                    figure = turnover.at(now)
                    monitor.limit_watch.arrived(AlertKind.TURNOVER_LIMIT, subject, figure, now, monitor.alerts, said)

    def margin_changed(self, message: MarginChanged, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A venue said where an account stands; the account that uses most of its margin counts."""
        if not (0 <= message.maintenance_minor <= LARGEST_PRICE and -LARGEST_PRICE <= message.equity_minor <= LARGEST_PRICE):
            return
        self.usage[message.venue, message.account] = ratio_of(message.maintenance_minor, message.equity_minor)
        most = self._most_used(message.venue)
        monitor.limit_watch.arrived(AlertKind.MARGIN_USAGE_LIMIT, message.venue, most, now, monitor.alerts, said)

    def _most_used(self, name: str) -> PartsPerMillion:
        return max((usage for (venue, _), usage in self.usage.items() if venue == name), default=0)

    def _subjects(self, counted: dict[str, WindowedSum], account: str) -> list[str]:
        """The account and the firm, those of them that are counted, each once."""
        return [subject for subject in dict.fromkeys((account, self.firm)) if subject in counted]


def _traded(message: OrderFilled, monitor: Monitor) -> MinorUnits:
    """The notional of a fill in USD minor units; 0 where the quote asset has no price, or it is no number that can be."""
    instrument = INSTRUMENTS[message.instrument]
    price = monitor.exposure.assets[instrument.quote].price
    notional = instrument.notional(message.price_ticks, message.quantity_lots)
    return value_of(notional, price) if 0 < notional <= LARGEST_PRICE else 0
