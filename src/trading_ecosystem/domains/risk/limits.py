"""Limits: what a number is checked against, alone or in a book of versions.

Alone, in three lines::

    limit = Limit(LimitKind.POSITION_LONG, "BTC", 10 * MINOR_UNITS_PER_WHOLE)
    check = limit.check(9 * MINOR_UNITS_PER_WHOLE)
    assert (check.utilisation_ppm, check.severity) == (900_000, Severity.HIGH)

A limit is a positive whole number below a bound, and what is checked is a whole number: anything else (NaN, infinity, zero, a
negative limit, a drawdown limit above 100 %) is refused, so that no number makes a limit that can never be breached.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from trading_ecosystem.domains.risk.parameters import LimitParameters
from trading_ecosystem.messages.risk import CRITICAL_PPM, HIGH_PPM, WARNING_PPM, LimitKind, LimitSet, Severity
from trading_ecosystem.messages.units import PARTS_PER_MILLION, Nanos, PartsPerMillion

MOST_LIMITS: Final = 1_000
"""How many limits a firm may have."""
LARGEST_LIMIT: Final = 10**18
"""Ten thousand million whole units: above it a limit would be none."""


SHARES: Final = frozenset({LimitKind.DRAWDOWN, LimitKind.CONCENTRATION})
"""Kinds that are a share of something, so that a limit above the whole would be none."""


class LimitCheck(msgspec.Struct, frozen=True, gc=False):
    """What a check found: utilisation is observed / limit, floored; ``severity`` is ``None`` below 75 %."""

    utilisation_ppm: PartsPerMillion
    severity: Severity | None


def limit_problem(kind: LimitKind, value: object) -> str | None:
    """Why ``value`` cannot be a limit of this kind, in one line, or ``None`` if it can."""
    if type(value) is not int:
        return "a limit is a whole number"
    if value <= 0:
        return "a limit is positive"
    largest = PARTS_PER_MILLION if kind in SHARES else LARGEST_LIMIT
    if value > largest:
        return f"a {kind.value} limit is at most {largest}"
    return None


class Limit:
    """One limit in force. ``sign`` is -1 for a limit on what lies below zero; ``for_ns`` is how long its alert is pending."""

    __slots__ = ("for_ns", "kind", "sign", "subject", "value", "version", "warning_at")

    def __init__(self, kind: LimitKind, subject: str, value: int, for_ns: Nanos = 0) -> None:
        self.kind = kind
        self.subject = subject
        self.for_ns = for_ns
        self.sign = -1 if kind is LimitKind.POSITION_SHORT else 1
        self.version = 0
        self.change(value)

    def change(self, value: int) -> None:
        """Put a new value in force, as the next version. Asserts that it is a limit (see :func:`limit_problem`)."""
        problem = limit_problem(self.kind, value)
        assert problem is None, f"{self.kind} {self.subject}: {problem}"
        self.value = value
        self.version += 1
        self.warning_at = -(-value * WARNING_PPM // PARTS_PER_MILLION)
        """The least observation that is a warning; comparing with it is the quick way to see that all is well."""

    def check(self, observed: int) -> LimitCheck:
        """Utilisation and severity of a measured value; for a short limit, of the signed position."""
        assert type(observed) is int, f"{self.kind} {self.subject}: {observed!r} cannot be checked"
        utilisation = max(0, observed * self.sign) * PARTS_PER_MILLION // self.value
        if utilisation >= CRITICAL_PPM:
            return LimitCheck(utilisation, Severity.CRITICAL)
        if utilisation >= HIGH_PPM:
            return LimitCheck(utilisation, Severity.HIGH)
        return LimitCheck(utilisation, Severity.WARNING if utilisation >= WARNING_PPM else None)


class LimitBook:
    """The limits of one firm, at most one per (kind, subject)."""

    def __init__(self, firm: str, limits: Sequence[LimitParameters]) -> None:
        self.firm = firm
        self.limits: dict[tuple[LimitKind, str], Limit] = {}
        for parameters in limits:
            key = (parameters.kind, parameters.subject)
            assert key not in self.limits, f"two limits of {parameters.kind} on {parameters.subject}"
            self.limits[key] = Limit(parameters.kind, parameters.subject, parameters.value, parameters.for_ns)

    def find(self, kind: LimitKind, subject: str) -> Limit | None:
        """The limit of this kind on this subject, if there is one."""
        return self.limits.get((kind, subject))

    def add(self, kind: LimitKind, subject: str, value: int) -> Limit:
        """A limit where there was none, in its first version."""
        assert (kind, subject) not in self.limits, f"two limits of {kind} on {subject}"
        limit = self.limits[kind, subject] = Limit(kind, subject, value)
        return limit

    def in_force(self, limit: Limit, by: str = "", reason: str = "") -> LimitSet:
        """What is said about a limit, and about who changed it and why."""
        return LimitSet(self.firm, limit.kind, limit.subject, limit.value, limit.version, by, reason)

    def all_in_force(self) -> list[LimitSet]:
        """What is said about every limit, in the order in which they were given."""
        return [self.in_force(limit) for limit in self.limits.values()]
