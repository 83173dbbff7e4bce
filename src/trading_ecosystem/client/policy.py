"""When a request is tried again, when nothing is sent at all, and what was counted. Pure: time is given.

**Again.** What may be done twice without harm (``idempotent``) is tried again where no answer came and where the server
answered 502, 503 or 504. 429 was not carried out, whatever it was, so it is always tried again. Between two tries the wait
doubles, with some of it left to chance so that many clients do not come back together; the server's ``Retry-After`` is waited
for in any case.

**Not at all.** After :attr:`Policy.failures_to_open` failures in a row the circuit opens: for :attr:`Policy.open_for` seconds
nothing is sent. Then one request is let through; if it fails, the circuit opens again.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from trading_ecosystem.client.errors import CircuitOpen

RETRIED: Final = frozenset({502, 503, 504})
"""Statuses after which an idempotent request is tried again; 429 always is."""
TOO_MANY: Final = 429
KEPT_DURATIONS: Final = 1_000


@dataclass(frozen=True)
class Policy:
    """How hard the client tries. Seconds, where nothing else is said."""

    tries: int = 4
    """How often a request is sent at most."""
    first_wait: float = 0.1
    longest_wait: float = 5.0
    timeout: float = 10.0
    """For connecting, and between two bytes of an answer."""
    connections: int = 20
    """Size of the pool."""
    failures_to_open: int = 10
    open_for: float = 5.0

    def wait(self, attempt: int, retry_after: float | None, chance: float) -> float:
        """Seconds before the try after number ``attempt`` (from 1); ``chance`` is drawn from [0, 1)."""
        doubled = min(self.longest_wait, self.first_wait * 2.0 ** (attempt - 1))
        return max(doubled * (0.5 + 0.5 * chance), retry_after or 0.0)

    def again(self, attempt: int, status: int | None, idempotent: bool) -> bool:
        """Whether a request is tried again after its try number ``attempt``; ``status`` is ``None`` where no answer came."""
        if attempt >= self.tries:
            return False
        return status == TOO_MANY or (idempotent and (status is None or status in RETRIED))


@dataclass
class Statistics:
    """What one client did so far."""

    requests: int = 0
    """Calls of the client."""
    tries: int = 0
    """Requests sent, retries included."""
    retries: int = 0
    unanswered: int = 0
    """Tries to which no answer came."""
    refused: int = 0
    """Calls that an open circuit turned away."""
    opened: int = 0
    """How often the circuit opened."""
    by_status: Counter[int] = field(default_factory=Counter)
    _durations: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT_DURATIONS))

    def note(self, status: int | None, seconds: float) -> None:
        """One try and what came of it."""
        self.tries += 1
        if status is None:
            self.unanswered += 1
        else:
            self.by_status[status] += 1
        self._durations.append(seconds)

    def percentile(self, share: float) -> float:
        """Seconds within which this share of the last 1,000 tries was over; 0 where there was none."""
        ordered: list[float] = []
        for seconds in self._durations:
            insort(ordered, seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


class Circuit:
    """See the module; ``now`` gives seconds that only rise."""

    def __init__(self, policy: Policy, statistics: Statistics, now: Callable[[], float]) -> None:
        self._policy = policy
        self._statistics = statistics
        self._now = now
        self._failures = 0
        self._opens_again_at: float | None = None
        self._probing = False

    def enter(self) -> None:
        """Before a request is sent; raises :class:`CircuitOpen`."""
        if self._opens_again_at is None:
            return
        left = self._opens_again_at - self._now()
        if left > 0 or self._probing:
            self._statistics.refused += 1
            raise CircuitOpen(max(left, 0.0))
        self._probing = True

    def leave(self, succeeded: bool) -> None:
        """After a request; an answer that says no is a success of the server."""
        self._probing = False
        if succeeded:
            self._failures, self._opens_again_at = 0, None
            return
        self._failures += 1
        if self._opens_again_at is not None or self._failures >= self._policy.failures_to_open:
            self._opens_again_at = self._now() + self._policy.open_for
            self._statistics.opened += 1
