"""Whether a firm may trade: its trading state, the kill switch, and the circuit breaker.

**States.** ``active``: nothing is held back. ``reducing``: the trading engine sends only orders that bring a position nearer to
flat. ``halted``: it sends none. ``liquidating``: it sends
none of its strategies', and closes out their positions by itself, in a bounded number of attempts, saying of each how that
ended (``PositionCloseOutEnded``). On leaving ``active``, and at every pull of the kill switch, the engine cancels every order
of its strategies, and the monitor asks every venue to cancel all orders of every account of the firm that may trade there.
While the state is ``halted`` because of the kill switch, the monitor cancels whatever else of the firm a venue accepts.

**Who changes it.** A person, at any time. The kill switch halts until a person sets another state. The circuit breaker, where a
scenario asks for one, leaves ``active`` when so many alerts became critical within its window, and goes back to ``active`` by
itself after its time, unless somebody changed the state in the meantime.
"""

from __future__ import annotations

import enum
from typing import ClassVar

from trading_ecosystem.messages.base import Audience, Command, Message, Question, Row
from trading_ecosystem.messages.units import Nanos


class TradingState(enum.StrEnum):
    """What a firm's trading engine may send."""

    ACTIVE = "active"
    REDUCING = "reducing"
    HALTED = "halted"
    LIQUIDATING = "liquidating"
    """It closes out every position of its strategies."""


class TradingStateOrigin(enum.StrEnum):
    """Why a trading state is as it is."""

    PERSON = "person"
    """Somebody set it."""
    KILL_SWITCH = "kill_switch"
    CIRCUIT_BREAKER = "circuit_breaker"
    BREAKER_RESET = "breaker_reset"
    """The circuit breaker's time was over."""


class SetTradingState(Command, frozen=True, gc=False):
    """A person sets the firm's trading state."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    addressed_by: ClassVar[str | None] = "component"
    component: str
    account: str
    state: TradingState
    by: str
    reason: str


class PullKillSwitch(Command, frozen=True, gc=False):
    """Halt the firm, and cancel everything; pulled again, it cancels again."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    addressed_by: ClassVar[str | None] = "component"
    component: str
    account: str
    by: str
    reason: str


class TradingStateChanged(Message, frozen=True, gc=False):
    """The firm's trading state from now on; ``version`` rises by one per change. ``resets_at`` is 0 where only a person
    does."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    account: str
    state: TradingState
    origin: TradingStateOrigin
    by: str
    """Who; empty where nobody did."""
    reason: str
    version: int
    changed_at: Nanos
    resets_at: Nanos


class TradingStateStanding(Row, frozen=True, gc=False):
    """The trading state as it stands; ``version`` is 0 and ``since`` the beginning while nobody changed it."""

    account: str
    state: TradingState
    origin: TradingStateOrigin | None
    by: str
    reason: str
    version: int
    since: Nanos
    resets_at: Nanos


class TradingStateQuestion(Question, frozen=True, gc=False):
    """May the firm trade? Answered by a TradingStateStanding."""
