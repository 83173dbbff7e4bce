"""A condition that is on or off: high from its threshold on, critical from twice the threshold on."""

from __future__ import annotations

from trading_ecosystem.domains.risk.part import Monitor
from trading_ecosystem.domains.risk.soundness import LARGEST_NUMBER
from trading_ecosystem.domains.risk.timers import SaidList
from trading_ecosystem.messages.risk import AlertKind, Severity
from trading_ecosystem.messages.units import Nanos


def is_number(number: int) -> bool:
    """Whether a number is above zero and not absurd; false for NaN."""
    return 0 < number <= LARGEST_NUMBER


class OnOff:
    """One condition of one subject, and whether it holds."""

    __slots__ = ("holds", "kind", "subject", "threshold")

    def __init__(self, kind: AlertKind, subject: str, threshold: int) -> None:
        self.kind = kind
        self.subject = subject
        self.threshold = threshold
        self.holds = False

    def decide(self, measure: int, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """Hold the alert at this measure, or cease."""
        threshold = self.threshold
        if measure >= threshold:
            self.holds = True
            severity = Severity.CRITICAL if measure >= 2 * threshold else Severity.HIGH
            monitor.alerts.hold(self.kind, self.subject, severity, int(measure), threshold, now, said)
        elif self.holds:
            self.cease(now, monitor, said)

    def cease(self, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """The condition does not hold, whether or not it did."""
        if self.holds:
            self.holds = False
            monitor.alerts.cease(self.kind, self.subject, now, said)


class Recent:
    """How many things happened within the last ``length`` nanoseconds: of an instant ``t`` while ``now - t < length``."""

    __slots__ = ("count", "happened", "length")

    def __init__(self, length: Nanos) -> None:
        self.length = length
        self.happened: list[tuple[Nanos, int]] = []
        self.count = 0

    def add(self, now: Nanos, count: int = 1) -> None:
        """So many happened now."""
        self.happened.append((now, count))
        self.count += count

    def at(self, now: Nanos) -> int:
        """How many there are now; what is too long ago is forgotten."""
        happened = self.happened
        if happened and now - happened[0][0] >= self.length:
            gone = 0
            while gone < len(happened) and now - happened[gone][0] >= self.length:
                self.count -= happened[gone][1]
                gone += 1
            del happened[:gone]
        return self.count
