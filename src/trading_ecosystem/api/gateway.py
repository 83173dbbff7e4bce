"""The one door in. REST, streams and gRPC put every command, question and history read through here.

What a caller may do is decided here and nowhere else, from two tables: the scope that each command and question needs, and the
account that it is about. A message that stands in no table has no way in.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from trading_ecosystem.adapters.followers import Followers, Lag
from trading_ecosystem.api.caller import Caller, Scope
from trading_ecosystem.api.decimals import instrument_named
from trading_ecosystem.api.monitor_feed import MonitorFeed
from trading_ecosystem.api.positions import Positions
from trading_ecosystem.api.problems import FieldProblem, InvalidRequest, NoSuchThing
from trading_ecosystem.messages import (
    custodian,
    exchange,
    margin,
    market_data,
    market_statistics,
    monitors,
    order_handling,
    risk,
    risk_measures,
    risk_standing,
    trading,
    trading_state,
)
from trading_ecosystem.messages import test_coordination as coordination
from trading_ecosystem.messages.base import Message, Question
from trading_ecosystem.messages.orders import RejectReason
from trading_ecosystem.messages.supervision import RestartComponent, StartComponent, StopComponent
from trading_ecosystem.messages.trading_phases import (
    AskDemoFunds,
    BustTrade,
    CorrectTrade,
    HaltTrading,
    PhasesQuestion,
    ResumeTrading,
    SetAccountStatus,
)
from trading_ecosystem.messages.units import Instrument, Nanos
from trading_ecosystem.ports.errors import Forbidden, NotFound, Unavailable
from trading_ecosystem.ports.records import HistoryStore
from trading_ecosystem.runtime.live import LiveDriver, Receipt

DOOR: Final = "door"
"""The sender of every input that comes through the doors."""
WAIT_FOR_HISTORY: Final = 0.25
"""Seconds for which a history read waits for the caller's last write."""

SCOPE_OF: Final[dict[type[Message], Scope]] = {
    exchange.OpenAccount: Scope.TRADE,
    exchange.PlaceOrder: Scope.TRADE,
    exchange.CancelOrder: Scope.TRADE,
    order_handling.ReplaceOrder: Scope.TRADE,
    order_handling.PlaceOrderList: Scope.TRADE,
    order_handling.MassCancel: Scope.TRADE,
    order_handling.KeepSession: Scope.TRADE,
    order_handling.Disconnect: Scope.TRADE,
    exchange.ReleaseAssets: Scope.CUSTODY,
    AskDemoFunds: Scope.CUSTODY,
    custodian.OpenCustodyAccount: Scope.CUSTODY,
    custodian.DepositAssets: Scope.CUSTODY,
    custodian.WithdrawAssets: Scope.CUSTODY,
    custodian.PledgeAssets: Scope.CUSTODY,
    trading.StartStrategy: Scope.TRADE,
    trading.StopStrategy: Scope.TRADE,
    trading.ChangeStrategyParameters: Scope.TRADE,
    risk.ChangeLimit: Scope.RISK,
    risk.AcknowledgeAlert: Scope.RISK,
    risk.SilenceAlert: Scope.RISK,
    risk.EscalateAlert: Scope.RISK,
    trading_state.SetTradingState: Scope.RISK,
    trading_state.PullKillSwitch: Scope.RISK,
    monitors.RegisterMonitor: Scope.RISK,
    monitors.AlertReported: Scope.RISK,
    HaltTrading: Scope.CONTROL,
    ResumeTrading: Scope.CONTROL,
    SetAccountStatus: Scope.CONTROL,
    BustTrade: Scope.CONTROL,
    CorrectTrade: Scope.CONTROL,
    coordination.ConditionCleared: Scope.CONTROL,
    coordination.InjectFault: Scope.CONTROL,
    coordination.ClearFault: Scope.CONTROL,
    StopComponent: Scope.CONTROL,
    StartComponent: Scope.CONTROL,
    RestartComponent: Scope.CONTROL,
    coordination.InjectFault: Scope.CONTROL,
    coordination.ClearFault: Scope.CONTROL,
}
"""What a key needs to send each command."""

PUBLIC_QUESTIONS: Final[frozenset[type[Question]]] = frozenset(
    {
        exchange.DepthQuestion,
        PhasesQuestion,
        market_data.PriceQuestion,
        market_statistics.CandlesQuestion,
        market_statistics.DayStatisticsQuestion,
        market_statistics.VolatilityQuestion,
        market_statistics.CorrelationQuestion,
        market_statistics.PriceGapsQuestion,
        market_statistics.ReferenceQuoteQuestion,
        market_statistics.ReferenceInstrumentQuestion,
        market_statistics.SessionsQuestion,
    }
)
"""Questions about the market: scope ``read``, no account."""
ACCOUNT_QUESTIONS: Final[frozenset[type[Question]]] = frozenset(
    {
        exchange.ClaimsQuestion,
        exchange.ClaimLedgerQuestion,
        exchange.OpenOrdersQuestion,
        margin.PositionsQuestion,
        custodian.HoldingsQuestion,
        custodian.UnsettledQuestion,
    }
)
"""Questions about the account that they name: scope ``read``, for its owner; about all accounts for whoever owns all."""
FIRM_QUESTIONS: Final[frozenset[type[Question]]] = frozenset(
    {
        risk.AlertsQuestion,
        risk.ExposureQuestion,
        risk_standing.ActiveAlertsQuestion,
        risk_standing.LimitsQuestion,
        risk_standing.ComplianceQuestion,
        risk_measures.TailsQuestion,
        risk_measures.StressQuestion,
        risk_measures.HedgesQuestion,
        risk_measures.AttributionQuestion,
        trading_state.TradingStateQuestion,
        trading.PortfolioQuestion,
        trading.StrategiesQuestion,
    }
)
"""Questions to the firm's own trading engine and risk monitor: scope ``read``, for the owner of the firm."""
MONITOR_QUESTIONS: Final[frozenset[type[Question]]] = frozenset({monitors.MonitorsQuestion, monitors.ReportedAlertsQuestion})
"""Questions about the firm's monitors outside: scope ``risk``, for the owner of the firm."""
CONTROL_QUESTIONS: Final[frozenset[type[Question]]] = frozenset(
    {
        market_statistics.SourcesQuestion,
        market_statistics.FeedStateQuestion,
        market_statistics.MarketConditionsQuestion,
        coordination.FaultsQuestion,
    }
)
"""Questions whose answers speak of faults: scope ``control``."""


class Places(msgspec.Struct, frozen=True):
    """The components of an ecosystem by what they are, and what is traded where."""

    firm: str
    venues: Mapping[str, tuple[Instrument, ...]]
    """What each venue trades, by its name."""
    custodian: str
    market_data: str = "market_data"
    trading: str = "trading"
    risk: str = "risk"
    coordination: str = "test_coordination"


class Gateway:
    """See the module. ``places`` says what there is; answers and receipts are the runtime's own, in integers."""

    def __init__(self, driver: LiveDriver, followers: Followers, places: Places, positions: Positions) -> None:
        self.driver = driver
        self.places = places
        self.positions = positions
        self._followers = followers
        self._written: dict[str, int] = {}

    def now(self) -> Nanos:
        """Ecosystem time."""
        return self.driver.now()

    async def command(self, caller: Caller, message: Message) -> Receipt:
        """Have a command carried out; the receipt holds what the caller may know of what came of it, all committed.

        Raises :class:`Forbidden` where the key does not allow it, :class:`NotFound` where no component has the name that the
        command is addressed to, :class:`Unavailable` where it is not taken now.
        """
        scope = SCOPE_OF.get(type(message))
        if scope is None:
            raise Forbidden(f"{type(message).__name__} is no command that comes through a door")
        caller.require(scope, getattr(message, "account", None))
        self._check_addressee(message)
        receipt = await self.driver.submit(DOOR, message)
        self._written[caller.key_id] = max(self._written.get(caller.key_id, 0), _last_of(receipt))
        return receipt

    async def ask(self, caller: Caller, component: str, question: Question) -> Any:
        """A component's answer about now; raises as :meth:`command` does."""
        kind = type(question)
        if kind in PUBLIC_QUESTIONS:
            caller.require(Scope.READ)
        elif kind in ACCOUNT_QUESTIONS:
            # Nobody's account in particular is everybody's.
            caller.require(Scope.READ, getattr(question, "account", None) or "")
        elif kind in FIRM_QUESTIONS:
            caller.require(Scope.READ, self.places.firm)
        elif kind in MONITOR_QUESTIONS:
            caller.require(Scope.RISK, self.places.firm)
        elif kind in CONTROL_QUESTIONS:
            caller.require(Scope.CONTROL)
        else:
            raise Forbidden(f"{kind.__name__} is no question that comes through a door")
        return await self.driver.ask(component, question)

    async def history(self, caller: Caller, namespace: str, position: str | None = None) -> HistoryStore:
        """A domain's history, once it has what the caller wrote last (``position``: what ``X-Position`` said).

        Without a position it waits as long for what this key wrote last here, and then goes on without. The caller's scope
        for the domain is checked here; whose rows are read is the reader's to check with :meth:`Caller.require`. Raises
        :class:`Unavailable` where the history is not that far within 250 ms.
        """
        caller.require(_SCOPE_OF_HISTORY[namespace])
        if position is None:
            with contextlib.suppress(Unavailable):
                return await self._followers.up_to(namespace, self._written.get(caller.key_id, 0), WAIT_FOR_HISTORY)
            return await self._history(namespace, 0)
        sequence = self.positions.sequence(position)
        if sequence > self.driver.committed_sequence:
            problem = "is no position of this server; send back what an answer's X-Position said"
            raise InvalidRequest(f"X-Position: {problem}", errors=(FieldProblem("X-Position", problem),))
        return await self._history(namespace, sequence)

    def control(self, caller: Caller) -> LiveDriver:
        """The driver, for whoever may control clock and components; raises :class:`Forbidden`."""
        caller.require(Scope.CONTROL)
        return self.driver

    def lags(self, caller: Caller) -> list[Lag]:
        """How far every history is behind the record; raises :class:`Forbidden`."""
        caller.require(Scope.CONTROL)
        return self._followers.lags()

    async def _history(self, namespace: str, sequence: int) -> HistoryStore:
        try:
            return await self._followers.up_to(namespace, sequence, WAIT_FOR_HISTORY)
        except Unavailable as error:
            # What the follower says names positions of the record and servers: neither is the caller's to know.
            raise Unavailable(f"the history of {namespace} is not that far yet; try again", error.retry_after) from error

    def venue(self, name: str) -> tuple[Instrument, ...]:
        """What a venue trades; raises :class:`NotFound`."""
        if name not in self.places.venues:
            raise NotFound(f"there is no venue {name[:63]!r}; there are {', '.join(self.places.venues)}")
        return self.places.venues[name]

    def instrument(self, venue: str, symbol: str) -> Instrument:
        """An instrument of a venue, by its symbol or with ``-`` for ``/``; raises :class:`NotFound`, :class:`NoSuchThing`."""
        wanted = instrument_named(symbol)
        if wanted not in self.venue(venue):
            reason = RejectReason.UNKNOWN_INSTRUMENT.name
            raise NoSuchThing(f"{venue} does not trade {wanted.symbol}", reason=reason)
        return wanted

    async def registered_monitor(self, caller: Caller, monitor: str) -> monitors.MonitorRegistered | None:
        """How a monitor of the firm is registered, if it is; raises :class:`Forbidden`."""
        said = await self.ask(caller, monitors.MONITORS, monitors.MonitorsQuestion())
        return next((one for one in said if one.monitor == monitor), None)

    def monitor_feed(self, caller: Caller, monitor: str) -> MonitorFeed:
        """What a registered monitor is sent; raises :class:`Forbidden`, :class:`NotFound`."""
        caller.require(Scope.RISK, self.places.firm)
        return MonitorFeed(self.driver, monitor, self.first_sent_to(monitor))

    def first_sent_to(self, monitor: str) -> int:
        """The number of the first thing that a monitor is sent; raises :class:`NotFound`."""
        registered = self.driver.registration(monitor)
        if registered is None:
            raise NotFound(f"no monitor is registered as {monitor!r}")
        return registered.first_number

    def position_of(self, receipt: Receipt) -> str:
        """What ``X-Position`` says after a command: reading with it sees everything that the receipt speaks of."""
        return self.positions.token(_last_of(receipt))

    def ready(self) -> bool:
        """Whether commands are taken, the journal is written, and every history can be read."""
        return self.driver.taking and not any(lag.problem for lag in self._followers.lags())

    def _check_addressee(self, message: Message) -> None:
        field = type(message).addressed_by
        if field is None:
            return
        name = getattr(message, field)
        if field == "venue":
            self.venue(name)
        elif field == "custodian" and name != self.places.custodian:
            raise NotFound(f"there is no custodian {name[:63]!r}; there is {self.places.custodian}")


def _last_of(receipt: Receipt) -> int:
    return receipt.said[-1].sequence if receipt.said else receipt.sequence


_SCOPE_OF_HISTORY: Final = {
    "market_data": Scope.READ,
    "exchange": Scope.READ,
    "custodian": Scope.READ,
    "trading": Scope.READ,
    "risk": Scope.READ,
    "test_coordination": Scope.CONTROL,
    "audit": Scope.AUDIT,
}
