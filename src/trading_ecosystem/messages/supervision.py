"""Components under control: commands to stop, start and restart them, what became of those, and conditions of components.

The supervisor hears them; conditions of stores are heard by the links.
"""

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
    """A component runs again from now on; it was down since ``stopped_at``, and has its memory unless ``memory`` is false."""

    audience: ClassVar[Audience] = Audience.CONTROL
    component: str
    stopped_at: Nanos
    memory: bool = True


class ComponentCommandRejected(Message, frozen=True, gc=False):
    """A component was not stopped, started or restarted, and nothing changed."""

    audience: ClassVar[Audience] = Audience.CONTROL
    component: str
    reason: ComponentCommandRejectReason


class ComponentConditionKind(enum.StrEnum):
    """A way in which a component is broken."""

    COMPONENT_PAUSE = "component_pause"
    """It does nothing. What is delivered meanwhile waits, and is handled at the end."""
    COMPONENT_CRASH = "component_crash"
    """It is down, and what is delivered meanwhile is lost."""


class ComponentConditionSet(Message, frozen=True, gc=False):
    """Break the component ``target`` until ``until``. Heard by the supervisor.

    After a crash it starts with the memory that it had, or, without ``memory``, with none.
    """

    audience: ClassVar[Audience] = Audience.CONTROL
    addressed_by: ClassVar[str | None] = "component"
    component: str
    condition_id: str
    kind: ComponentConditionKind
    target: str
    until: Nanos
    memory: bool = True


class ComponentPaused(Message, frozen=True, gc=False):
    """A component does nothing from now on, until ``until``."""

    audience: ClassVar[Audience] = Audience.CONTROL
    component: str
    until: Nanos


class ComponentResumed(Message, frozen=True, gc=False):
    """A component goes on, with what waited for it since ``paused_at``."""

    audience: ClassVar[Audience] = Audience.CONTROL
    component: str
    paused_at: Nanos


class StoreConditionKind(enum.StrEnum):
    """A way in which the store of a component is broken."""

    STORE_SLOW = "store_slow"
    """What the component says is acknowledged, and so delivered, ``delay_ns`` late; order is kept."""
    STORE_UNAVAILABLE = "store_unavailable"
    """What the component says is held until the store is back."""


class StoreConditionSet(Message, frozen=True, gc=False):
    """What ``target`` says to ``receivers`` waits for its store, until ``until``. Heard by the links."""

    audience: ClassVar[Audience] = Audience.CONTROL
    addressed_by: ClassVar[str | None] = "component"
    component: str
    condition_id: str
    kind: StoreConditionKind
    target: str
    receivers: tuple[str, ...]
    until: Nanos
    delay_ns: Nanos = 0
