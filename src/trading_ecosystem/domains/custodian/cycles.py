"""By which cycle assets come from and go to the outside.

Without a settlement calendar, T+n is the same time of day n business days later, and every day but Saturday and Sunday (UTC)
is a business day. With one, a transfer is complete at the end of its method's window on its intended settlement date. T+0 moves
within the custodian's own books: at once, whatever the day.
"""

from __future__ import annotations

from typing import Final

from trading_ecosystem.domains.custodian.parameters import CustodianParameters
from trading_ecosystem.domains.custodian.processing_windows import schedule
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


def completes_at(method: TransferMethod, now: Nanos, parameters: CustodianParameters) -> Nanos:
    """When a transfer requested now is posted by a custodian with these parameters."""
    if parameters.calendar is None or not BUSINESS_DAYS[method]:
        return posts_at(method, now)
    return schedule(parameters.calendar, method, now, weekends=parameters.weekends).completes_at
