"""What people do to limits, and what they ask about them."""

from __future__ import annotations

from typing import Any, ClassVar

from trading_ecosystem.domains.risk.limits import MOST_LIMITS, limit_problem
from trading_ecosystem.domains.risk.part import Monitor, Part, rejected
from trading_ecosystem.domains.risk.standing import compliance_of, limit_standings
from trading_ecosystem.domains.risk.subjects import scope_of, subject_problem
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
        """Put a new value of a limit in force, or a new limit, and look at it at once; or say why not."""
        limit = monitor.limits.find(message.kind, message.subject)
        problem = monitor.problem_of_account(message.account) or limit_problem(message.kind, message.value)
        if problem is None and limit is None:
            problem = _problem_of_new(message, monitor)
        if problem is not None:
            said.append(rejected(message.account, "ChangeLimit", problem))
            return
        if now >= monitor.pnl.next_midnight:
            monitor.pnl.begin_day(now, monitor.exposure.equity)
        if limit is None:
            limit = monitor.limits.add(message.kind, message.subject, message.value)
            monitor.limit_watch.added(limit, now)
        else:
            limit.change(message.value)
        said.append(monitor.limits.in_force(limit, message.by, message.reason))
        monitor.limit_watch.changed(limit, now, monitor.alerts, said)

    def answer_limits(self, question: LimitsQuestion, monitor: Monitor) -> tuple[LimitStanding, ...]:
        """Every limit in force, held against what it limits."""
        return limit_standings(monitor.firm, monitor.limits, monitor.limit_watch, monitor.alerts)

    def answer_compliance(self, question: ComplianceQuestion, monitor: Monitor) -> ComplianceReported:
        """The firm against all of its limits."""
        standings = self.answer_limits(LimitsQuestion(), monitor)
        return compliance_of(monitor.firm, standings, len(monitor.alerts.active))


def _problem_of_new(message: ChangeLimit, monitor: Monitor) -> str | None:
    """Why there can be no such limit beside those that are there, or ``None``. What nothing is known of is a slip of the
    pen."""
    problem = subject_problem(monitor.firm, message.kind, message.subject)
    if problem is not None:
        return problem
    scope, _ = scope_of(monitor.firm, message.kind, message.subject)
    if scope and scope not in monitor.positions.of_account and scope not in monitor.positions.at_venue:
        return f"the firm never had anything at {scope}"
    return f"there are {MOST_LIMITS} limits already" if len(monitor.limits.limits) >= MOST_LIMITS else None
