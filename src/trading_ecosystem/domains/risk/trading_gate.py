"""Whether the firm may trade: the trading state, the kill switch and the circuit breaker (``messages/trading_state.py``).

The monitor says the state, the firm's trading engine obeys. What the engine does not know of, orders that came through another
door, the monitor has cancelled at the venues itself: all at once when the state leaves ``active``, and one by one as a venue
accepts them while the kill switch is pulled.
"""

from __future__ import annotations

from collections import deque
from typing import Any, ClassVar

from trading_ecosystem.domains.risk.parameters import RiskParameters
from trading_ecosystem.domains.risk.part import Monitor, Part, rejected
from trading_ecosystem.domains.risk.timers import BreakerResetDue, CriticalReached, SaidList
from trading_ecosystem.messages.base import Message, Question
from trading_ecosystem.messages.exchange import CancelOrder, OrderAccepted
from trading_ecosystem.messages.order_handling import MassCancel
from trading_ecosystem.messages.risk import RiskCommandRejected
from trading_ecosystem.messages.trading_state import (
    PullKillSwitch,
    SetTradingState,
    TradingState,
    TradingStateChanged,
    TradingStateOrigin,
    TradingStateQuestion,
    TradingStateStanding,
)
from trading_ecosystem.messages.units import MINUTE, Nanos
from trading_ecosystem.ports.component import Begin, Later


class TradingGate(Part):
    """The trading state of the firm."""

    hears: ClassVar[dict[type[Any], str]] = {
        Begin: "begun",
        SetTradingState: "set_trading_state",
        PullKillSwitch: "pull_kill_switch",
        OrderAccepted: "order_accepted",
        CriticalReached: "critical_reached",
        BreakerResetDue: "breaker_reset_due",
    }
    says: ClassVar[tuple[type[Message], ...]] = (TradingStateChanged, MassCancel, CancelOrder, RiskCommandRejected)
    answers: ClassVar[dict[type[Question], str]] = {TradingStateQuestion: "answer_trading_state"}

    def __init__(self, parameters: RiskParameters) -> None:
        super().__init__(parameters)
        self.breaker = parameters.breaker
        self.standing = TradingStateStanding(
            account=parameters.firm,
            state=TradingState.ACTIVE,
            origin=None,
            by="",
            reason="",
            version=0,
            since=0,
            resets_at=0,
        )
        self.criticals: deque[Nanos] = deque()
        """When alerts became critical, since the breaker last broke."""

    def begun(self, message: Begin, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """Have critical alerts told, if there is a breaker."""
        monitor.alerts.tells_critical = self.breaker is not None
        self.standing = TradingStateStanding(monitor.firm, TradingState.ACTIVE, None, "", "", 0, now, 0)

    def set_trading_state(self, message: SetTradingState, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A person sets the state; the same again is said again."""
        problem = monitor.problem_of_account(message.account) or _problem_of_person(message.by)
        if problem is not None:
            said.append(rejected(message.account, "SetTradingState", problem))
            return
        self._change(message.state, TradingStateOrigin.PERSON, message.by, message.reason, 0, now, monitor, said)

    def pull_kill_switch(self, message: PullKillSwitch, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """Halt, and cancel everything, again if it was pulled before."""
        problem = monitor.problem_of_account(message.account) or _problem_of_person(message.by)
        if problem is not None:
            said.append(rejected(message.account, "PullKillSwitch", problem))
            return
        origin = TradingStateOrigin.KILL_SWITCH
        self._change(TradingState.HALTED, origin, message.by, message.reason, 0, now, monitor, said)

    def order_accepted(self, message: OrderAccepted, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """While the kill switch is pulled, nothing of the firm stays in a book."""
        if self.standing.origin is TradingStateOrigin.KILL_SWITCH:
            said.append(CancelOrder(message.venue, message.account, message.client_order_id))

    def critical_reached(self, message: CriticalReached, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """One more critical alert; enough of them within the window break the circuit, if the state is active."""
        breaker = self.breaker
        assert breaker is not None, "critical alerts are told to a breaker alone"
        self.criticals.append(now)
        while self.criticals[0] <= now - breaker.within_ns:
            self.criticals.popleft()
        if len(self.criticals) < breaker.triggers or self.standing.state is not TradingState.ACTIVE:
            return
        self.criticals.clear()
        reason = f"{breaker.triggers} alerts became critical within {breaker.within_ns // MINUTE} min"
        resets_at = now + breaker.resets_after_ns
        self._change(breaker.to, TradingStateOrigin.CIRCUIT_BREAKER, "", reason, resets_at, now, monitor, said)
        said.append(Later(BreakerResetDue(self.standing.version), resets_at))

    def breaker_reset_due(self, message: BreakerResetDue, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """The breaker's time is over; nothing, if somebody changed the state in the meantime."""
        if message.version == self.standing.version:
            origin = TradingStateOrigin.BREAKER_RESET
            self._change(TradingState.ACTIVE, origin, "", "the breaker's time is over", 0, now, monitor, said)

    def answer_trading_state(self, question: TradingStateQuestion, monitor: Monitor) -> TradingStateStanding:
        """The state as it stands."""
        return self.standing

    def _change(
        self,
        state: TradingState,
        origin: TradingStateOrigin,
        by: str,
        reason: str,
        resets_at: Nanos,
        now: Nanos,
        monitor: Monitor,
        said: SaidList,
    ) -> None:
        version = self.standing.version + 1
        self.standing = TradingStateStanding(monitor.firm, state, origin, by, reason, version, now, resets_at)
        said.append(TradingStateChanged(monitor.firm, state, origin, by, reason, version, now, resets_at))
        if state is not TradingState.ACTIVE:
            said += [MassCancel(venue, account) for venue, account in monitor.positions.may_trade()]


def _problem_of_person(by: str) -> str | None:
    return None if by else "a person changes the trading state, and has a name"
