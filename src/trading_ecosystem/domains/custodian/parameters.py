"""What a custodian is configured with."""

from __future__ import annotations

import msgspec

from trading_ecosystem.messages.units import ASSETS, MINUTE, Nanos


class CustodianParameters(msgspec.Struct, frozen=True):
    """Parameters of one custodian, validated before they come here.

    ``venues`` are the venues to which assets can be pledged, ``retry_every_ns`` is the time between two attempts to settle an
    instruction or to post a transfer that failed (positive), ``assets`` are the assets it accepts,
    ``state_every_ns`` is the time between two statements of holdings.
    """

    venues: tuple[str, ...]
    retry_every_ns: Nanos = MINUTE
    assets: tuple[str, ...] = ASSETS
    state_every_ns: Nanos = 5 * MINUTE
