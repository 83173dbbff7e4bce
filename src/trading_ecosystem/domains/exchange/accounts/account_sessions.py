"""Cancel on disconnect: an account that asks for it is watched, and loses its open orders when it falls silent.

A heartbeat (``KeepSession``) says after how long a silence; each begins a new period, and one of 0 ends the watch.
``Disconnect`` is what a gateway says of a connection that broke; it ends the session at once. An account that never asked
keeps its orders whatever happens to its connection. Any account may ask for itself alone.
"""

from __future__ import annotations

from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.component import WakeUp


class SessionDue(WakeUp, frozen=True, gc=False):
    """A session may have been silent for too long."""

    account: str


class AccountSessions:
    """When the sessions of one venue end unless they are kept."""

    __slots__ = ("_ends_at",)

    def __init__(self) -> None:
        self._ends_at: dict[str, Nanos] = {}

    def keep(self, account: str, cancel_after_ns: Nanos, now: Nanos) -> Nanos:
        """Begin a new period, and return when it ends; 0 where the watch is over."""
        if cancel_after_ns <= 0:
            self._ends_at.pop(account, None)
            return 0
        self._ends_at[account] = now + cancel_after_ns
        return self._ends_at[account]

    def is_over(self, account: str, now: Nanos) -> bool:
        """Whether a session has been silent for too long; it is watched no longer then."""
        ends_at = self._ends_at.get(account)
        if ends_at is None or ends_at > now:
            return False
        del self._ends_at[account]
        return True

    def end(self, account: str) -> bool:
        """A connection broke: end its session; false where it was not watched."""
        return self._ends_at.pop(account, None) is not None
