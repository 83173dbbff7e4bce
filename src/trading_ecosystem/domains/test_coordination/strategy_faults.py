"""Strategies that misbehave from an instant on.

The strategy is a workload on standby (``start: standby``) of the kind that the fault names: it has an account and capital like
any other, and a clean twin has it too. The fault gives it its ``interval`` and starts it, and stops it when its time is over.
It takes effect with the first answer to an order of its account, and ends when the strategy has halted.

Its size is the expected utilisation of the limit that the scenario states for it, parts per million: what the strategy does
within the limit's window, or while the fault lasts, if each order is filled, over the limit. The monitor warns from 75 % on.
"""

from __future__ import annotations

import enum
from typing import Final, Self

import msgspec

from trading_ecosystem.domains.test_coordination.catalogue_entry import CatalogueEntry, Target
from trading_ecosystem.domains.test_coordination.document import shown
from trading_ecosystem.domains.test_coordination.parameters import TestCoordinationParameters
from trading_ecosystem.domains.test_coordination.quantities import named, spoken
from trading_ecosystem.domains.test_coordination.scenario import Ecosystem, RiskLimit, Workload
from trading_ecosystem.domains.test_coordination.targeted_fault import FaultReading, TargetedFault
from trading_ecosystem.messages.alert_conditions import ORDER_RATE_WINDOW, TURNOVER_WINDOW
from trading_ecosystem.messages.base import Message, master_of
from trading_ecosystem.messages.risk import CRITICAL_PPM, WARNING_PPM, AlertKind, LimitKind
from trading_ecosystem.messages.test_coordination import FaultKind
from trading_ecosystem.messages.trading import (
    ChangeStrategyParameters,
    StartStrategy,
    StopStrategy,
    StrategyParameter,
)
from trading_ecosystem.messages.units import (
    HOUR,
    INSTRUMENTS,
    MILLISECOND,
    PARTS_PER_MILLION,
    SECOND,
    MinorUnits,
    Nanos,
    PartsPerMillion,
    minor_units,
)
from trading_ecosystem.ports.errors import BadInput

SHORTEST_INTERVAL: Final[Nanos] = 10 * MILLISECOND
LONGEST_INTERVAL: Final[Nanos] = HOUR


class Measure(enum.Enum):
    """What a limit measures of a strategy that acts at regular times."""

    ORDERS = "orders"
    POSITION = "position"
    TURNOVER = "turnover"
    FEES = "fees"


class Misbehaviour(msgspec.Struct, frozen=True):
    """One kind: the strategy's word in scenarios, the limit that it comes up against, and what one action of it amounts to."""

    strategy: str
    limit: LimitKind
    measure: Measure
    orders: int = 1
    """Orders of one action."""


MISBEHAVIOURS: Final[dict[FaultKind, Misbehaviour]] = {
    FaultKind.STRATEGY_RUNAWAY: Misbehaviour("runaway", LimitKind.ORDER_RATE, Measure.ORDERS),
    FaultKind.STRATEGY_RISK_IGNORANT: Misbehaviour("risk_ignorant", LimitKind.POSITION_LONG, Measure.POSITION),
    FaultKind.STRATEGY_VOLATILITY_AMPLIFIER: Misbehaviour("volatility_amplifier", LimitKind.TURNOVER, Measure.TURNOVER),
    FaultKind.STRATEGY_CORRELATION_BREAKER: Misbehaviour("correlation_breaker", LimitKind.TURNOVER, Measure.TURNOVER, 2),
    FaultKind.STRATEGY_SLOW_LEAK: Misbehaviour("slow_leak", LimitKind.DAILY_LOSS, Measure.FEES, 2),
}
"""How each kind of fault misbehaves."""


class StrategyFault(TargetedFault, frozen=True, kw_only=True, tag="strategy"):
    """A strategy on standby is started and misbehaves."""

    strategy: str
    account: str
    asset: str
    """The base asset of what it trades."""
    interval_ns: Nanos
    order_minor: MinorUnits
    """The size of one order: USD, or of the base asset where the strategy's settings state a quantity."""
    taker_fee_ppm: PartsPerMillion
    held_minor: MinorUnits
    """What its account holds of the asset from the start."""

    @classmethod
    def read(cls, reading: FaultReading) -> Self:
        """The fault from its fields; what the strategy trades stands in its workload."""
        workload = _workload(reading)
        settings = workload.settings
        asset = INSTRUMENTS[settings["instrument"]].base
        venue = next((venue for venue in reading.ecosystem.venues if venue.name == settings["venue"]), None)
        assert venue is not None, settings
        return cls(
            id=reading.fault_id(),
            kind=reading.kind,
            at_ns=reading.duration("at"),
            lasts_ns=reading.duration("duration", shortest=1),
            strategy=workload.name,
            account=workload.account,
            asset=asset,
            interval_ns=reading.duration("interval", shortest=SHORTEST_INTERVAL, longest=LONGEST_INTERVAL),
            order_minor=minor_units(settings.get("quantity") or settings["size_usd"]),
            taker_fee_ppm=venue.taker_fee_ppm,
            held_minor=sum(amounts.get(asset, 0) for amounts in workload.capital.values()),
        )

    def component(self, parameters: TestCoordinationParameters) -> str:
        """The trading engine."""
        return parameters.trading

    def preparations(self, parameters: TestCoordinationParameters) -> tuple[Message, ...]:
        """The strategy gets the interval of the fault."""
        interval = (StrategyParameter("interval", spoken(self.interval_ns)),)
        return (ChangeStrategyParameters(parameters.trading, self.account, self.strategy, interval),)

    def condition(self, parameters: TestCoordinationParameters, now: Nanos) -> Message:
        """The strategy is started."""
        return StartStrategy(parameters.trading, self.account, self.strategy)

    def rollback(self, parameters: TestCoordinationParameters) -> Message:
        """The strategy is stopped."""
        return StopStrategy(parameters.trading, self.account, self.strategy)

    def targets(self, parameters: TestCoordinationParameters) -> tuple[str, ...]:
        """The strategy's account."""
        return (self.account,)

    def severity(self, parameters: TestCoordinationParameters) -> int:
        """The highest expected utilisation of a limit that the scenario states, 0 where it states none."""
        return max((self._utilisation(limit) for limit in self._limits(parameters)), default=0)

    def expected_alert(self, parameters: TestCoordinationParameters) -> AlertKind | None:
        """By the catalogue."""
        return ENTRIES[self.kind].expected_alert

    def alert_subjects(self, parameters: TestCoordinationParameters) -> tuple[str, ...]:
        """The subjects of the limits that it reaches."""
        limits = self._limits(parameters)
        return tuple(dict.fromkeys(limit.subject for limit in limits if self._utilisation(limit) >= WARNING_PPM))

    def _limits(self, parameters: TestCoordinationParameters) -> list[RiskLimit]:
        """The limits that measure what it does: of its account, of the firm, and for a position of the asset in either."""
        scopes = (self.account, master_of(self.account))
        if MISBEHAVIOURS[self.kind].measure is Measure.POSITION:
            scopes = (f"{self.account}:{self.asset}", self.asset)
        kind = MISBEHAVIOURS[self.kind].limit
        return [limit for limit in parameters.limits if limit.kind is kind and limit.subject in scopes]

    def _utilisation(self, limit: RiskLimit) -> PartsPerMillion:
        return self._expected() * PARTS_PER_MILLION // limit.value

    def _expected(self) -> int:
        """What the limit's measure comes to, in its unit."""
        misbehaviour = MISBEHAVIOURS[self.kind]
        match misbehaviour.measure:
            case Measure.ORDERS:
                return self._actions(ORDER_RATE_WINDOW) * misbehaviour.orders
            case Measure.POSITION:
                return self.held_minor + self._actions(self.lasts_ns) * self.order_minor
            case Measure.TURNOVER:
                return self._actions(TURNOVER_WINDOW) * misbehaviour.orders * self.order_minor
            case Measure.FEES:
                fee = self.order_minor * self.taker_fee_ppm // PARTS_PER_MILLION
                return self._actions(self.lasts_ns) * misbehaviour.orders * fee

    def _actions(self, window_ns: Nanos) -> int:
        """How often it acts within a half-open window, the first time at its beginning."""
        return (min(window_ns, self.lasts_ns) - 1) // self.interval_ns + 1


def strategies_on_standby(kind: FaultKind, ecosystem: Ecosystem) -> tuple[str, ...]:
    """The names of the workloads that a fault of this kind may start."""
    strategy = MISBEHAVIOURS[kind].strategy
    return tuple(workload.name for workload in ecosystem.standby if workload.strategy == strategy)


def _workload(reading: FaultReading) -> Workload:
    node = reading.fields.need("workload")
    names = strategies_on_standby(reading.kind, reading.ecosystem)
    strategy = MISBEHAVIOURS[reading.kind].strategy
    if not names:
        problem = f"no workload of the strategy {shown(strategy)} is on standby"
        raise BadInput(node.place, f"{problem}; expected one with 'strategy: {strategy}' and 'start: standby'")
    name = named(node, f"workload of the strategy {shown(strategy)} on standby", names)
    return next(workload for workload in reading.ecosystem.standby if workload.name == name)


def _entry(alert: AlertKind, mandate: str) -> CatalogueEntry:
    return CatalogueEntry(
        target=Target.STRATEGY,
        required=("workload", "duration", "interval"),
        expected_alert=alert,
        threshold=WARNING_PPM,
        detectable_from=CRITICAL_PPM,
        sla_ns=30 * SECOND,
        mandate=f"size is the expected utilisation of the scenario's limit: {mandate}",
    )


ENTRIES: Final[dict[FaultKind, CatalogueEntry]] = {
    FaultKind.STRATEGY_RUNAWAY: _entry(AlertKind.ORDER_RATE_LIMIT, "orders of its account within a minute"),
    FaultKind.STRATEGY_RISK_IGNORANT: _entry(
        AlertKind.POSITION_LIMIT, "what it holds and buys while the fault lasts, if its capital suffices"
    ),
    FaultKind.STRATEGY_VOLATILITY_AMPLIFIER: _entry(
        AlertKind.TURNOVER_LIMIT, "turnover of its account within 15 min, at the least size of its orders"
    ),
    FaultKind.STRATEGY_CORRELATION_BREAKER: _entry(AlertKind.TURNOVER_LIMIT, "turnover of its account within 15 min"),
    FaultKind.STRATEGY_SLOW_LEAK: _entry(
        AlertKind.DAILY_LOSS_LIMIT, "fees that it pays while the fault lasts; the spread it loses comes on top"
    ),
}
"""What the catalogue states of each kind."""
FAMILIES: Final[dict[FaultKind, type[TargetedFault]]] = dict.fromkeys(ENTRIES, StrategyFault)
"""What reads each kind."""
