"""The audit correlator: a pure fold over the journal. ``folds`` is its table of what it reads and where.

It is no component of the kernel: it takes no sequence, says nothing, and alone sees envelopes. Market data that it only
needs as leaves of the Merkle log is in neither table and costs nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final

from trading_ecosystem.domains.audit.alerts import Alert, Alerts
from trading_ecosystem.domains.audit.attribution import Attribution
from trading_ecosystem.domains.audit.chains import chain
from trading_ecosystem.domains.audit.checkpointed_log import CHECKPOINT_EVERY, CheckpointedLog
from trading_ecosystem.domains.audit.conditions import RECOMPUTED, Conditions
from trading_ecosystem.domains.audit.conservation import ConservationCheck
from trading_ecosystem.domains.audit.deliveries import Deliveries, Interruption, LatencyOf
from trading_ecosystem.domains.audit.detection import score
from trading_ecosystem.domains.audit.faults import Faults
from trading_ecosystem.domains.audit.impact import impacts_of
from trading_ecosystem.domains.audit.lifecycles import Lifecycles
from trading_ecosystem.messages.audit import AuditReport, ConservationFinding, MonitorFindings
from trading_ecosystem.messages.base import Message, master_of
from trading_ecosystem.messages.custodian import (
    HoldingsStated,
    SettlementCancelled,
    SettlementInstructed,
    SettlementPartlySettled,
    SettlementSettled,
    TransferPending,
    TransferPosted,
    TransferRejected,
    VariationPosted,
)
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.exchange import (
    CancelOrder,
    CancelRejected,
    DepthChanged,
    InstrumentListed,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    PlaceOrder,
    QuoteChanged,
    TradesPublished,
)
from trading_ecosystem.messages.margin import MarginChanged, VariationSettled
from trading_ecosystem.messages.market_data import CandleClosed, FundamentalPriceChanged, PricePublished
from trading_ecosystem.messages.monitors import AlertReportAccepted, MonitorRegistered
from trading_ecosystem.messages.order_handling import OrderReplaced, OrderRestated, PlaceOrderList
from trading_ecosystem.messages.risk import AlertRaised, AlertResolved, AlertUpdated, LimitSet
from trading_ecosystem.messages.supervision import (
    ComponentConditionSet,
    ComponentPaused,
    ComponentResumed,
    ComponentStarted,
    ComponentStopped,
    RestartComponent,
    StopComponent,
)
from trading_ecosystem.messages.test_coordination import (
    ConditionTookEffect,
    FaultInjected,
    GroundTruthClosed,
    GroundTruthLabelled,
    LinkConditionApplied,
    RunStarted,
)
from trading_ecosystem.messages.trading_phases import TradeBusted, TradeCorrected, TradingPhaseChanged
from trading_ecosystem.messages.units import SECOND, SPOT_PAIRS, Nanos

TOLERANCE: Final[Nanos] = SECOND
"""An alert is true if its condition held at some instant of this time before it."""

_PUBLIC_MARKET: Final[frozenset[type[Message]]] = frozenset(
    {FundamentalPriceChanged, PricePublished, QuoteChanged, DepthChanged, TradesPublished, CandleClosed}
)
"""What moves no amount, so that conservation need not look at it."""
_NOTHING_FOUND: Final[tuple[ConservationFinding, ...]] = ()


class Audit:
    """Folds one record and says what it found.

    ``firm`` is the master account whose alerts are judged, ``monitor`` the component that says them; ``tolerance_ns``
    covers what the record cannot tell about delivery; ``instruments`` are those the monitor was given. ``latency_of`` says
    what latencies the links to the monitor have without a fault; without it they have none.
    """

    folds: ClassVar[dict[type[Message], str]] = {
        PricePublished: "public_said",
        OrderFilled: "order_filled",
        SettlementSettled: "settlement_settled",
        VariationSettled: "variation_said",
        VariationPosted: "variation_said",
        TransferPending: "private_said",
        TransferPosted: "private_said",
        InstrumentListed: "instrument_listed",
        QuoteChanged: "public_said",
        DepthChanged: "public_said",
        TradesPublished: "public_said",
        TradingPhaseChanged: "public_said",
        CancelOrder: "private_said",
        CancelRejected: "private_said",
        TransferRejected: "private_said",
        SettlementInstructed: "private_said",
        SettlementPartlySettled: "private_said",
        SettlementCancelled: "private_said",
        HoldingsStated: "private_said",
        MarginChanged: "private_said",
        PlaceOrder: "order_placed",
        OrderAccepted: "order_accepted",
        OrderRejected: "order_rejected",
        OrderCancelled: "order_cancelled",
        OrderReplaced: "order_changed",
        OrderRestated: "order_changed",
        PlaceOrderList: "order_list_placed",
        TradeBusted: "trade_busted",
        TradeCorrected: "private_said",
        LimitSet: "limit_set",
        AlertRaised: "alert_raised",
        AlertUpdated: "alert_updated",
        AlertResolved: "alert_resolved",
        MonitorRegistered: "monitor_registered",
        AlertReportAccepted: "alert_reported",
        LinkConditionApplied: "link_condition_applied",
        FaultInjected: "fault_injected",
        ConditionTookEffect: "condition_took_effect",
        GroundTruthLabelled: "ground_truth_labelled",
        GroundTruthClosed: "ground_truth_closed",
        RunStarted: "run_started",
        StopComponent: "component_commanded",
        RestartComponent: "component_commanded",
        ComponentConditionSet: "component_commanded",
        ComponentStopped: "component_interrupted",
        ComponentStarted: "component_interrupted",
        ComponentPaused: "component_interrupted",
        ComponentResumed: "component_interrupted",
    }

    def __init__(
        self,
        firm: str,
        *,
        monitor: str = "risk",
        tolerance_ns: Nanos = TOLERANCE,
        checkpoint_every: int = CHECKPOINT_EVERY,
        instruments: Sequence[str] = SPOT_PAIRS,
        latency_of: LatencyOf | None = None,
    ) -> None:
        self.firm = firm
        self._monitor = monitor
        self._tolerance = tolerance_ns
        self._log = CheckpointedLog(checkpoint_every)
        self._run = ""
        self._conditions = Conditions(instruments)
        self._deliveries = Deliveries(monitor, self._conditions, latency_of)
        self._delayed = latency_of is not None
        self._faults = Faults(self._conditions.tracks)
        self._alerts = Alerts()
        self._reported: dict[str, Alerts] = {}
        self._lifecycles = Lifecycles()
        self._conservation = ConservationCheck()
        self._conservation_findings: list[ConservationFinding] = []
        self._handlers: dict[type[Message], Callable[[Any, Entry], None]] = {
            heard: getattr(self, name) for heard, name in self.folds.items()
        }

    def ingest(self, entry: Entry, line: bytes) -> Sequence[ConservationFinding]:
        """Read the next entry and its exact journal bytes; returns where the record now contradicts conservation.

        What is found about alerts and faults depends on what follows, and is in :meth:`report`.
        """
        self._log.append(entry, line)
        return self._read(entry)

    def follow(self, entries: Sequence[Entry], lines: Sequence[bytes]) -> None:
        """Read a batch of entries and their lines, as a recorder commits them; the same as one after another, and faster."""
        self._log.extend(entries, lines)
        for entry in entries:
            self._read(entry)

    def _read(self, entry: Entry) -> Sequence[ConservationFinding]:
        kind = type(entry.message)
        handler = self._handlers.get(kind)
        if handler is not None:
            handler(entry.message, entry)
        if self._delayed:
            self._deliveries.passed(entry)
        if self._faults.awaiting:
            self._faults.follow(entry)
        if kind in _PUBLIC_MARKET:
            return _NOTHING_FOUND
        found = self._conservation.ingest(entry)
        if found:
            self._conservation_findings += found
        return found

    def finish(self) -> Sequence[ConservationFinding]:
        """The record ends here: what is still held back is taken in. Finishing twice is harmless."""
        if self._log.entries:
            self._deliveries.settle(self._log.until)
            self._conditions.advance(self._log.until)
        found = self._conservation.finish()
        self._conservation_findings += found
        return found

    def report(self) -> AuditReport:
        """Everything derived from the record so far, finished first; it may be asked for between any two handlings.

        The last checkpoint is that of everything so far.
        """
        self.finish()
        until = self._log.until
        tracks = self._conditions.tracks
        faults = self._faults.labelled
        attribution = Attribution(self.firm, self._monitor, self._tolerance, tracks, faults, until)
        own = self._findings(self._monitor, self._alerts, attribution)
        return AuditReport(
            entries=self._log.entries,
            merkle_root=self._log.root,
            detections=own.detections,
            alerts=own.alerts,
            chains=own.chains,
            lifecycles=tuple(self._lifecycles),
            conservation=tuple(self._conservation_findings),
            run=self._run,
            firm=self.firm,
            conditions=tracks.held(),
            checkpoints=self._log.checkpoints(),
            monitors=tuple(self._findings(name, alerts, attribution) for name, alerts in self._reported.items()),
            conformance=self._lifecycles.conformance(),
            impacts=impacts_of(self._faults.labelled, tuple(self._lifecycles), tracks, self._log.until),
        )

    def _findings(self, monitor: str, alerts: Alerts, attribution: Attribution) -> MonitorFindings:
        """What one monitor was worth; one outside hears what the built-in one hears, and is judged by that."""
        tracks, until = self._conditions.tracks, self._log.until
        raised = sorted((alert for alert in alerts.raised if alert.raised.kind in RECOMPUTED), key=_raised_at)
        judged = [attribution.judge(alert) for alert in raised]
        return MonitorFindings(
            monitor=monitor,
            detections=tuple(score(fault, judged, tracks, until) for fault in self._faults.labelled),
            alerts=tuple(one.finding() for one in judged),
            chains=tuple(found for one in judged if (found := chain(one)) is not None),
        )

    def _concerns(self, account: str) -> bool:
        return master_of(account) == self.firm

    # What the monitor hears.

    def public_said(self, message: Message, entry: Entry) -> None:
        """Something public, of the vendor feed or a venue."""
        self._deliveries.hold(entry)

    def private_said(self, message: Any, entry: Entry) -> None:
        """Something that concerns one account, and nothing but the conditions looks at."""
        if self._concerns(message.account):
            self._deliveries.hold(entry)

    def order_filled(self, message: OrderFilled, entry: Entry) -> None:
        """A fill: part of an order's life, and of the positions if it is the firm's."""
        self._lifecycles.order_filled(message, entry)
        if self._concerns(message.account):
            self._deliveries.hold(entry)

    def settlement_settled(self, message: SettlementSettled, entry: Entry) -> None:
        """A settlement: the end of a fill, and a change of what is pledged if it is the firm's."""
        self._lifecycles.settled(message, entry)
        if self._concerns(message.account):
            self._deliveries.hold(entry)

    def variation_said(self, message: VariationSettled | VariationPosted, entry: Entry) -> None:
        """Variation was settled by a venue, or posted by a custodian."""
        if isinstance(message, VariationSettled):
            self._lifecycles.variation_settled(message, entry)
        if self._concerns(message.account):
            self._deliveries.hold(entry)

    def instrument_listed(self, message: InstrumentListed, entry: Entry) -> None:
        """Reference data of an instrument on a venue."""
        self._conditions.listed(message)

    def link_condition_applied(self, message: LinkConditionApplied, entry: Entry) -> None:
        """A link did something to a delivery."""
        self._deliveries.link_applied(message, entry.at)

    def component_commanded(self, message: StopComponent | RestartComponent | ComponentConditionSet, entry: Entry) -> None:
        """A component is to be stopped, to crash or to pause."""
        target = message.target if isinstance(message, ComponentConditionSet) else message.component
        if target == self._monitor:
            self._deliveries.told(entry)

    def component_interrupted(self, message: Interruption, entry: Entry) -> None:
        """A component is down, paused, or goes on: what that means for what reaches the monitor."""
        if message.component == self._monitor:
            self._deliveries.interrupted(message, entry)

    # What the monitor says.

    def limit_set(self, message: LimitSet, entry: Entry) -> None:
        """A limit of the firm is in force."""
        if message.account == self.firm:
            self._deliveries.settle(entry.at)
            self._conditions.limit_set(message, entry)

    def alert_raised(self, message: AlertRaised, entry: Entry) -> None:
        """An alert of the firm fires."""
        if self._concerns(message.account):
            self._alerts.alert_raised(message, entry)

    def alert_updated(self, message: AlertUpdated, entry: Entry) -> None:
        """An alert of the firm became more severe."""
        if self._concerns(message.account):
            self._alerts.alert_updated(message, entry)

    def alert_resolved(self, message: AlertResolved, entry: Entry) -> None:
        """An alert of the firm is over."""
        if self._concerns(message.account):
            self._alerts.alert_resolved(message, entry)

    def monitor_registered(self, message: MonitorRegistered, entry: Entry) -> None:
        """A monitor outside watches the firm: it is scored, whether it says anything or not."""
        if message.account == self.firm:
            self._reported.setdefault(message.monitor, Alerts())

    def alert_reported(self, message: AlertReportAccepted, entry: Entry) -> None:
        """A monitor outside reports an alert."""
        if message.account == self.firm:
            self._reported.setdefault(message.monitor, Alerts()).alert_reported(message, entry)

    # The life of orders.

    def order_placed(self, message: PlaceOrder, entry: Entry) -> None:
        """An order is requested."""
        self._lifecycles.place_order(message, entry)
        self.private_said(message, entry)

    def order_list_placed(self, message: PlaceOrderList, entry: Entry) -> None:
        """Orders that depend on each other are requested."""
        self._lifecycles.place_list(message, entry)

    def order_changed(self, message: OrderReplaced | OrderRestated, entry: Entry) -> None:
        """An order has another quantity or price."""
        self._lifecycles.order_changed(message)

    def trade_busted(self, message: TradeBusted, entry: Entry) -> None:
        """A fill is undone."""
        self._lifecycles.trade_busted(message)
        if self._concerns(message.account):
            self._deliveries.hold(entry)

    def order_accepted(self, message: OrderAccepted, entry: Entry) -> None:
        """An order is live."""
        self._lifecycles.order_accepted(message, entry)
        self.private_said(message, entry)

    def order_rejected(self, message: OrderRejected, entry: Entry) -> None:
        """An order is refused."""
        self._lifecycles.order_rejected(message, entry)
        self.private_said(message, entry)

    def order_cancelled(self, message: OrderCancelled, entry: Entry) -> None:
        """The rest of an order left the book."""
        self._lifecycles.order_cancelled(message, entry)
        self.private_said(message, entry)

    # The truth.

    def run_started(self, message: RunStarted, entry: Entry) -> None:
        """The record is of this run."""
        self._run = message.run

    def fault_injected(self, message: FaultInjected, entry: Entry) -> None:
        """The coordinator set the condition of a fault."""
        self._faults.fault_injected(message, entry)

    def condition_took_effect(self, message: ConditionTookEffect, entry: Entry) -> None:
        """A condition changes its first message."""
        self._faults.condition_took_effect(message, entry)

    def ground_truth_labelled(self, message: GroundTruthLabelled, entry: Entry) -> None:
        """A fault took effect: its measure is followed from here."""
        self._deliveries.settle(entry.at)
        self._conditions.advance(entry.at)
        self._faults.labelled_with(message, entry)

    def ground_truth_closed(self, message: GroundTruthClosed, entry: Entry) -> None:
        """A fault ended: its measure is followed no longer."""
        self._deliveries.settle(entry.at)
        self._conditions.advance(entry.at)
        self._faults.closed(message)


def _raised_at(alert: Alert) -> Nanos:
    return alert.raised_at
