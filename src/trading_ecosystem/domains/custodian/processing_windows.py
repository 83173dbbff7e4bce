"""By which cycle assets come from and go to the outside where a settlement calendar is known: cut-offs and windows.

A request until the cut-off of a business day counts as that day's, a later one as the next business day's; a bank's cut-off
is never after the end of a day that ends early. Its intended settlement date is the method's cycle of business days after; on
that date it is worked on from ``begins_ns`` and is complete at ``done_ns``, local time. T+0 is worked on at once and takes
between ``fastest_ns`` and ``slowest_ns``; where approvals are gathered, so much longer. Whether a method works on weekends,
too, is the custodian's choice, for assets on chains alone: banks never do. The times are this ecosystem's defaults, and
whoever calls may give others.
"""

from __future__ import annotations

import enum
from typing import Final

import msgspec
from msgspec import structs

from trading_ecosystem.domains.custodian.settlement_calendar import SettlementCalendar
from trading_ecosystem.messages.custodian import TransferMethod
from trading_ecosystem.messages.units import HOUR, MINUTE, PARTS_PER_MILLION, Nanos, PartsPerMillion


class Rail(enum.StrEnum):
    """What a method runs on."""

    CHAIN = "chain"
    BANK = "bank"


class Window(msgspec.Struct, frozen=True):
    """The working hours of one method, in local time of day, and its cycle in business days."""

    rail: Rail
    business_days: int
    cut_off_ns: Nanos
    begins_ns: Nanos
    done_ns: Nanos
    fastest_ns: Nanos = 0
    slowest_ns: Nanos = 0


WINDOWS: Final[dict[TransferMethod, Window]] = {
    TransferMethod.CRYPTO_INTERNAL: Window(Rail.CHAIN, 0, 24 * HOUR, 0, 24 * HOUR, 5 * MINUTE, 15 * MINUTE),
    TransferMethod.CRYPTO_EXTERNAL: Window(Rail.CHAIN, 1, 16 * HOUR, 9 * HOUR, 17 * HOUR),
    TransferMethod.WIRE: Window(Rail.BANK, 2, 14 * HOUR, 9 * HOUR, 15 * HOUR),
    TransferMethod.ACH: Window(Rail.BANK, 2, 15 * HOUR, 9 * HOUR, 15 * HOUR),
    TransferMethod.INTERNATIONAL: Window(Rail.BANK, 3, 12 * HOUR, 9 * HOUR, 14 * HOUR),
}
"""Each method's window."""
APPROVALS_FASTEST: Final[Nanos] = 2 * MINUTE
APPROVALS_SLOWEST: Final[Nanos] = 5 * MINUTE
"""How long several approvals take at T+0, beside the transfer itself."""


class Schedule(msgspec.Struct, frozen=True):
    """When a request is worked on and complete. Days are local; ``counted_day`` is the one that the request counts as."""

    counted_day: int
    intended_day: int
    begins_at: Nanos
    completes_at: Nanos


def schedule(
    calendar: SettlementCalendar,
    method: TransferMethod,
    now: Nanos,
    *,
    weekends: bool = False,
    drawn_ppm: PartsPerMillion = 0,
    approvals: bool = False,
    windows: dict[TransferMethod, Window] = WINDOWS,
) -> Schedule:
    """When a transfer asked for now is complete.

    ``drawn_ppm``, from 0 to a million, says where between the fastest and the slowest a T+0 transfer is. ``ValueError`` where
    the calendar's span does not reach so far.
    """
    window = windows[method]
    if weekends and window.rail is Rail.CHAIN and not calendar.weekends:
        calendar = structs.replace(calendar, weekends=True)
    today, time_ns = calendar.local(now)
    cut_off_ns = calendar.cut_off(today, window.cut_off_ns) if window.rail is Rail.BANK else window.cut_off_ns
    counted = calendar.following(today if time_ns <= cut_off_ns else today + 1)
    intended = calendar.after(counted, window.business_days)
    if window.business_days:
        return Schedule(
            counted, intended, calendar.instant(intended, window.begins_ns), calendar.instant(intended, window.done_ns)
        )
    fastest, slowest = window.fastest_ns, window.slowest_ns
    if approvals:
        fastest, slowest = fastest + APPROVALS_FASTEST, slowest + APPROVALS_SLOWEST
    begins_at = now if counted == today else calendar.instant(counted, window.begins_ns)
    return Schedule(counted, intended, begins_at, begins_at + fastest + (slowest - fastest) * drawn_ppm // PARTS_PER_MILLION)
