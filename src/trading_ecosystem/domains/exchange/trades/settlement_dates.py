"""When a trade is due to settle: so long after it, or by a table of business days that an adapter wrote.

A row holds from one instant to that of the next. Where the table gives no later instant than the trade's, which is so beyond
its last row alone, the cycle counts from the trade.
"""

from __future__ import annotations

from bisect import bisect_right

import msgspec

from trading_ecosystem.messages.units import Nanos


class SettlementDate(msgspec.Struct, frozen=True):
    """Trades from ``from_at`` on settle at ``settles_at``."""

    from_at: Nanos
    settles_at: Nanos


def settlement_of(dates: tuple[SettlementDate, ...], cycle_ns: Nanos, now: Nanos) -> Nanos:
    """When a trade made now is due; ``dates`` are in rising order, or there are none."""
    place = bisect_right(dates, now, key=_from_at)
    if place and dates[place - 1].settles_at > now:
        return dates[place - 1].settles_at
    return now + cycle_ns


def _from_at(date: SettlementDate) -> Nanos:
    return date.from_at
