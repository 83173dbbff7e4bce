"""A part of the monitor: a table of what it hears, state of its own, and nothing of the other parts.

What all parts share is the :class:`Monitor`, which every handler is given and no part keeps: so the component's state stays a
tree, and what a part was told when it was made is the parameters alone.
"""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

from trading_ecosystem.domains.risk.alerts import AlertBook
from trading_ecosystem.domains.risk.breaches import LimitWatch
from trading_ecosystem.domains.risk.covariance import MinuteReturns
from trading_ecosystem.domains.risk.exposure import Exposure
from trading_ecosystem.domains.risk.limits import LimitBook
from trading_ecosystem.domains.risk.parameters import RiskParameters
from trading_ecosystem.domains.risk.pnl import ProfitAndLoss
from trading_ecosystem.domains.risk.positions import Positions
from trading_ecosystem.messages.base import Message, Question
from trading_ecosystem.messages.risk import RiskCommandRejected
from trading_ecosystem.ports.randomness import RandomStream


class Monitor(Protocol):
    """What every part may read, and the alerts that it may hold and cease; :class:`Risk` is one."""

    firm: str
    parameters: RiskParameters
    alerts: AlertBook
    limits: LimitBook
    positions: Positions
    exposure: Exposure
    pnl: ProfitAndLoss
    limit_watch: LimitWatch
    minutes: MinuteReturns

    def draws(self) -> RandomStream:
        """Random draws for a measure that somebody asks for, from the start: the same every time."""

    def problem_of_account(self, account: str) -> str | None:
        """Why an account may not command this monitor, or ``None``."""


class Part:
    """Base of every part. Handlers are ``method(message, now, monitor, said)``, answers ``method(question, monitor)``.

    A message that several parts hear is handled by the component first and then by the parts, in the order in which they are
    listed. ``says`` and ``answers`` add to the component's.
    """

    hears: ClassVar[dict[type[Any], str]] = {}
    says: ClassVar[tuple[type[Message], ...]] = ()
    answers: ClassVar[dict[type[Question], str]] = {}

    def __init__(self, parameters: RiskParameters) -> None:
        """Nothing is known yet."""


def rejected(account: str, command: str, problem: str) -> RiskCommandRejected:
    """The answer to a command that changes nothing."""
    return RiskCommandRejected(account, command, problem)
