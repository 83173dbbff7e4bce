"""Components under control: commands to stop, start and restart them, and what became of those. The supervisor hears them."""

from __future__ import annotations

import enum
from typing import ClassVar

from trading_ecosystem.messages.base import Audience, Command, Message
from trading_ecosystem.messages.units import SECOND, Nanos


class ComponentCommandRejectReason(enum.StrEnum):
    """Why a component was not stopped, started or restarted; checked in this order."""

    UNKNOWN_COMPONENT = "unknown_component"
    ALWAYS_RUNS = "always_runs"
    """It is none of those under test but holds them together: links, supervisor, test coordinator, monitors outside."""
    NOT_IN_THIS_STATE = "not_in_this_state"
    """What runs is not started, and what is stopped is neither stopped nor restarted."""
    INVALID_TIME = "invalid_time"
    """It would be down for less than no time, or for more than a year."""


class StopComponent(Command, frozen=True, gc=False):
    """Stop a component until it is started."""

    audience: ClassVar[Audience] = Audience.CONTROL
    addressed_by: ClassVar[str | None] = "supervisor"
    component: str
    supervisor: str = "supervisor"


class StartComponent(Command, frozen=True, gc=False):
    """Start a stopped component: it has the memory that it had when it stopped."""

    audience: ClassVar[Audience] = Audience.CONTROL
    addressed_by: ClassVar[str | None] = "supervisor"
    component: str
    supervisor: str = "supervisor"


class RestartComponent(Command, frozen=True, gc=False):
    """Stop a component and start it after ``down_ns``, with the memory that it had when it stopped."""

    audience: ClassVar[Audience] = Audience.CONTROL
    addressed_by: ClassVar[str | None] = "supervisor"
    component: str
    down_ns: Nanos = SECOND
    supervisor: str = "supervisor"


class ComponentStopped(Message, frozen=True, gc=False):
    """A component is down from now on, until ``starts_at``, or until it is started (``None``)."""

    audience: ClassVar[Audience] = Audience.CONTROL
    component: str
    starts_at: Nanos | None


class ComponentStarted(Message, frozen=True, gc=False):
    """A component runs again from now on; it was down since ``stopped_at``."""

    audience: ClassVar[Audience] = Audience.CONTROL
    component: str
    stopped_at: Nanos


class ComponentCommandRejected(Message, frozen=True, gc=False):
    """A component was not stopped, started or restarted, and nothing changed."""

    audience: ClassVar[Audience] = Audience.CONTROL
    component: str
    reason: ComponentCommandRejectReason
