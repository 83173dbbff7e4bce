"""What people do to limits, and what they ask about them."""

from __future__ import annotations

from typing import Any, ClassVar

from trading_ecosystem.domains.risk.limits import limit_problem
from trading_ecosystem.domains.risk.part import Monitor, Part, rejected
from trading_ecosystem.domains.risk.standing import compliance_of, limit_standings
from trading_ecosystem.domains.risk.timers import SaidList
from trading_ecosystem.messages.base import Message, Question
from trading_ecosystem.messages.risk import ChangeLimit, LimitSet, RiskCommandRejected
from trading_ecosystem.messages.risk_standing import ComplianceQuestion, ComplianceReported, LimitsQuestion, LimitStanding
from trading_ecosystem.messages.units import Nanos


class LimitDesk(Part):
    """Puts new values of limits in force; the limits themselves are the monitor's."""

    hears: ClassVar[dict[type[Any], str]] = {ChangeLimit: "change_limit"}
    says: ClassVar[tuple[type[Message], ...]] = (LimitSet, RiskCommandRejected)
    answers: ClassVar[dict[type[Question], str]] = {
        LimitsQuestion: "answer_limits",
        ComplianceQuestion: "answer_compliance",
    }

    def change_limit(self, message: ChangeLimit, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """Put a new value of a limit in force and look at it at once, or say why not."""
        limit = monitor.limits.find(message.kind, message.subject)
        problem = monitor.problem_of_account(message.account)
        if problem is None and limit is None:
            problem = f"no limit of {message.kind.value} on {message.subject}"
        if problem is None:
            problem = limit_problem(message.kind, message.value)
        if problem is not None or limit is None:
            said.append(rejected(message.account, "ChangeLimit", problem or ""))
            return
        limit.change(message.value)
        said.append(monitor.limits.in_force(limit, message.by, message.reason))
        if now >= monitor.pnl.next_midnight:
            monitor.pnl.begin_day(now, monitor.exposure.equity)
        monitor.limit_watch.changed(limit, now, monitor.alerts, said)

    def answer_limits(self, question: LimitsQuestion, monitor: Monitor) -> tuple[LimitStanding, ...]:
        """Every limit in force, held against what it limits."""
        return limit_standings(monitor.firm, monitor.limits, monitor.limit_watch, monitor.alerts)

    def answer_compliance(self, question: ComplianceQuestion, monitor: Monitor) -> ComplianceReported:
        """The firm against all of its limits."""
        standings = self.answer_limits(LimitsQuestion(), monitor)
        return compliance_of(monitor.firm, standings, len(monitor.alerts.active))
