"""How many steps foreign code may take in one callback, so that a loop without end ends.

Steps are counted in the code and not in time, for the same run must end at the same step on every machine. Who loads a
strategy that is not part of the program has its loops and calls count (``adapters/own_strategies``); the strategies of this
package are not counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

MOST_STEPS: Final = 1_000_000
"""Turns of loops and calls of its own functions that one callback may take."""


class Looped(BaseException):
    """A callback took more steps than it may. No ``Exception``, so that code which catches those does not go on."""


class Allowance:
    """What is left of the steps of one callback."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MOST_STEPS

    def refill(self) -> None:
        """A callback begins."""
        self.left = MOST_STEPS

    def step(self) -> None:
        """One turn of a loop, or one call; raises :class:`Looped` where it is one too many, and again at every further one."""
        self.left -= 1
        if self.left < 0:
            raise Looped(f"more than {MOST_STEPS:,} steps in one callback")

    def counted(self, items: Iterable[Any]) -> Iterator[Any]:
        """The items, each of them a step."""
        for item in items:
            self.step()
            yield item
