"""By which cycle assets come from and go to the outside.

T+n is the same time of day n business days later. Every day but Saturday and Sunday (UTC) is a business day here;
cut-off times and the holidays of a calendar are not known yet.
"""

from __future__ import annotations

from typing import Final

from trading_ecosystem.messages.custodian import TransferMethod
from trading_ecosystem.messages.units import DAY, Nanos

BUSINESS_DAYS: Final = {
    TransferMethod.CRYPTO_INTERNAL: 0,
    TransferMethod.CRYPTO_EXTERNAL: 1,
    TransferMethod.WIRE: 2,
    TransferMethod.ACH: 2,
    TransferMethod.INTERNATIONAL: 3,
}
"""Business days between the request and the posting of an external transfer."""

_EPOCH_WEEKDAY: Final = 3
"""1970-01-01 was a Thursday; Monday is 0."""
_SATURDAY: Final = 5


def posts_at(method: TransferMethod, now: Nanos) -> Nanos:
    """When a transfer requested now is posted; now itself where the cycle is T+0, weekend or not."""
    remaining = BUSINESS_DAYS[method]
    at = now
    while remaining:
        at += DAY
        if (at // DAY + _EPOCH_WEEKDAY) % 7 < _SATURDAY:
            remaining -= 1
    return at
