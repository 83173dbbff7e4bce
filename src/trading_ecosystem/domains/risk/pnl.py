"""Profit and loss of the day, and the fall from the high-water mark.

Both compare the equity with an earlier one: the *reference* is the equity at the last UTC midnight (or the start), the
*mark* the highest so far.  What comes in or goes out is no profit or loss, so it moves both; the same holds for the
value of a position when its asset gets its first price.
"""

from __future__ import annotations

from trading_ecosystem.messages.units import DAY, PARTS_PER_MILLION, MinorUnits, Nanos, PartsPerMillion


class ProfitAndLoss:
    """Reference and high-water mark of one firm, in USD minor units; the firm starts with nothing."""

    __slots__ = ("mark", "next_midnight", "reference")

    def __init__(self) -> None:
        self.reference: MinorUnits = 0
        self.mark: MinorUnits = 0
        self.next_midnight: Nanos = 0

    def begin(self, now: Nanos) -> None:
        """The first day begins."""
        self.next_midnight = (now // DAY + 1) * DAY

    def begin_day(self, now: Nanos, equity: MinorUnits) -> None:
        """A new day begins with the equity as it was before anything arrived at or after midnight."""
        assert now >= self.next_midnight, "the day is not over"
        self.reference = equity
        self.begin(now)

    def flow(self, value: MinorUnits) -> None:
        """Assets of this value came in (negative: went out); that is no profit."""
        self.reference += value
        self.mark += value

    def equity_changed(self, equity: MinorUnits) -> None:
        """Raise the high-water mark if the equity is above it."""
        if equity > self.mark:
            self.mark = equity

    def daily(self, equity: MinorUnits) -> MinorUnits:
        """Profit (negative: loss) since the reference."""
        return equity - self.reference

    def drawdown(self, equity: MinorUnits) -> PartsPerMillion:
        """Fall below the mark in parts per million of it, floored; 0 while the mark is not positive."""
        if self.mark <= 0:
            return 0
        return (self.mark - equity) * PARTS_PER_MILLION // self.mark
