"""What a custodian is configured with."""

from __future__ import annotations

import msgspec

from trading_ecosystem.domains.custodian.settlement_calendar import SettlementCalendar
from trading_ecosystem.messages.units import ASSETS, MINUTE, Nanos


class CustodianParameters(msgspec.Struct, frozen=True):
    """Parameters of one custodian, validated before they come here.

    ``venues`` are the venues to which assets can be pledged, ``retry_every_ns`` is the time between two attempts to settle an
    instruction or to post a transfer that failed (positive), ``assets`` are the assets it accepts,
    ``state_every_ns`` is the time between two statements of holdings. With a ``calendar``, transfers from and to the outside
    settle by its business days, cut-offs and windows; those on chains at weekends, too, if ``weekends`` says so.
    """

    venues: tuple[str, ...]
    retry_every_ns: Nanos = MINUTE
    assets: tuple[str, ...] = ASSETS
    state_every_ns: Nanos = 5 * MINUTE
    calendar: SettlementCalendar | None = None
    weekends: bool = False
