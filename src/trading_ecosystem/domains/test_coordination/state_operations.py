"""Changes of the firm's trading state that a scenario has a person make at given times, the kill switch among them."""

from __future__ import annotations

from typing import Final

import msgspec

from trading_ecosystem.domains.test_coordination.document import Fields
from trading_ecosystem.domains.test_coordination.quantities import named
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.trading_state import PullKillSwitch, SetTradingState, TradingState
from trading_ecosystem.messages.units import Nanos

OPERATOR: Final = "operator"
"""Who does it."""
REASON: Final = "as planned"
KILL_SWITCH: Final = "kill_switch"
FIELD: Final = "trading_state"
"""What such an operation has, beside ``at``: a state, or :data:`KILL_SWITCH`."""


class StateOperation(msgspec.Struct, frozen=True):
    """The state that is set; ``None`` where the kill switch is pulled."""

    at_ns: Nanos
    state: TradingState | None

    def command(self, monitor: str, firm: str) -> Message:
        """What the risk monitor is asked."""
        if self.state is None:
            return PullKillSwitch(monitor, firm, OPERATOR, REASON)
        return SetTradingState(monitor, firm, self.state, OPERATOR, REASON)


def read_state(fields: Fields, at_ns: Nanos) -> StateOperation:
    """One operation."""
    wanted = named(fields.need(FIELD), FIELD, (*(state.value for state in TradingState), KILL_SWITCH))
    return StateOperation(at_ns, None if wanted == KILL_SWITCH else TradingState(wanted))
