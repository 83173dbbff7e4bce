"""What a recorded venue is built from."""

from __future__ import annotations

import msgspec

from trading_ecosystem.domains.exchange.recorded.queue_position import QueueEstimate
from trading_ecosystem.messages.units import PARTS_PER_MILLION, MinorUnits, Nanos, PartsPerMillion


class RecordedVenueParameters(msgspec.Struct, frozen=True):
    """A venue whose market is a recording of ``instruments``; of those in ``priced`` it says the reference price too.

    ``claims`` are what accounts have there from the start, as (account, asset, amount in minor units). Fees are charged in the
    quote asset; a negative maker fee is a rebate. A reference price is said at most once per ``price_every_ns``.
    """

    instruments: tuple[str, ...]
    priced: tuple[str, ...]
    claims: tuple[tuple[str, str, MinorUnits], ...]
    maker_fee_ppm: PartsPerMillion = 0
    taker_fee_ppm: PartsPerMillion = 0
    queue: QueueEstimate = QueueEstimate.CONSERVATIVE
    bar_share_ppm: PartsPerMillion = PARTS_PER_MILLION // 10
    """The share of a bar's volume that resting orders may have of it."""
    price_every_ns: Nanos = 0
