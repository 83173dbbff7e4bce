"""How much was traded when: 24 hours of volume, and the profile over the hours of the day and the sessions.

Market data hears no venue, so that this is no part of its component: it is a fold over what the venues published, as its
records keep it (``trade_summaries``). Volumes are minor units of the base asset. A summary counts at the instant of its
publication; one that was published while several sessions were open counts in each.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from trading_ecosystem.domains.market_data.records import TradeSummary
from trading_ecosystem.messages.sessions import Session, activity_ppm, sessions_at
from trading_ecosystem.messages.units import DAY, HOUR, INSTRUMENTS, MinorUnits, Nanos, PartsPerMillion

HOURS_OF_A_DAY: Final = 24


class DayVolume(msgspec.Struct, frozen=True):
    """What was traded of one instrument in the 24 hours up to an instant, on all venues or on one."""

    instrument: str
    until: Nanos
    volume_minor: MinorUnits
    buyer_initiated_minor: MinorUnits
    trades: int


class VolumeProfile(msgspec.Struct, frozen=True):
    """Volume of one instrument by hour of the day (UTC) and by session, beside the activity that is usual on a Monday."""

    instrument: str
    hours_minor: tuple[MinorUnits, ...]
    sessions_minor: dict[Session, MinorUnits]
    usual_activity_ppm: tuple[PartsPerMillion, ...]


def day_volume(rows: Iterable[TradeSummary], instrument: str, until: Nanos, venue: str | None = None) -> DayVolume:
    """Volume published in (until - 24 h, until]; on every venue where none is named."""
    lots = buyer_lots = trades = 0
    for row in rows:
        if row.instrument == instrument and venue in (None, row.venue) and until - DAY < row.published_at <= until:
            lots += row.volume_lots
            buyer_lots += row.buyer_initiated_lots
            trades += row.last_trade_id - row.first_trade_id + 1
    lot = INSTRUMENTS[instrument].lot_size
    return DayVolume(instrument, until, lots * lot, buyer_lots * lot, trades)


def volume_profile(rows: Iterable[TradeSummary], instrument: str) -> VolumeProfile:
    """The profile of all rows of one instrument."""
    lot = INSTRUMENTS[instrument].lot_size
    hours = [0] * HOURS_OF_A_DAY
    sessions = dict.fromkeys(Session, 0)
    for row in rows:
        if row.instrument == instrument:
            hours[row.published_at % DAY // HOUR] += row.volume_lots * lot
            for session in sessions_at(row.published_at):
                sessions[session] += row.volume_lots * lot
    monday = 4 * DAY
    usual = tuple(activity_ppm(monday + hour * HOUR) for hour in range(HOURS_OF_A_DAY))
    return VolumeProfile(instrument, tuple(hours), sessions, usual)
