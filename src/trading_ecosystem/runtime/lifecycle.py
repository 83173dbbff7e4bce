"""The life of a component: the states that it may be in, and what each command makes of them. The table is the truth."""

from __future__ import annotations

import enum
from typing import Final

import msgspec

from trading_ecosystem.messages.base import Command
from trading_ecosystem.messages.supervision import RestartComponent, StartComponent, StopComponent
from trading_ecosystem.messages.units import Nanos


class ComponentState(enum.StrEnum):
    """What a component is doing."""

    RUNNING = "running"
    RESTARTING = "restarting"
    """It is down, and its start is planned."""
    STOPPED = "stopped"
    """It is down until it is started."""
    PAUSED = "paused"
    """It does nothing, and what is delivered to it waits."""
    FAULTED = "faulted"
    """It broke an assertion of its own. The ecosystem is broken with it, and goes on from its record in another process."""


TRANSITIONS: Final[dict[tuple[ComponentState, type[Command]], ComponentState]] = {
    (ComponentState.RUNNING, StopComponent): ComponentState.STOPPED,
    (ComponentState.RUNNING, RestartComponent): ComponentState.RESTARTING,
    (ComponentState.RESTARTING, StopComponent): ComponentState.STOPPED,
    (ComponentState.RESTARTING, StartComponent): ComponentState.RUNNING,
    (ComponentState.STOPPED, StartComponent): ComponentState.RUNNING,
}
"""State and command to the next state; what is not here is refused. A planned start is a start."""
DOWN: Final = frozenset({ComponentState.RESTARTING, ComponentState.STOPPED})
"""In these nothing is delivered."""
ALWAYS_RUNNING: Final = frozenset({"links", "monitors", "supervisor", "test_coordination"})
"""Contexts whose components are never stopped."""


class ComponentStatus(msgspec.Struct, frozen=True):
    """One component as it stands, and since when."""

    name: str
    context: str
    state: ComponentState
    since: Nanos
