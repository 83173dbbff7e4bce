"""Who failed whom on a day, and for what value: what penalties are charged for.

A pair that a side holds is failed by that side, or each by the other where both hold; one that lacks securities by the giver,
one that lacks cash by the taker. Of what settled in part the rest is charged. A day on which no cycle was run is nobody's
fault, and nothing is charged for it. Prices are minor units of the currency per whole unit of a security.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from trading_ecosystem.domains.custodian.depository.instructions import PendingReason
from trading_ecosystem.domains.custodian.depository.netting import Pair
from trading_ecosystem.domains.custodian.penalties import FailedDay, PenaltyClass, PenaltyKind, late_days
from trading_ecosystem.messages.units import MINOR_UNITS_PER_WHOLE, MinorUnits, PartsPerMillion


class Reference(msgspec.Struct, frozen=True):
    """Reference data of a day. ``currency`` is what penalties for deliveries free of payment are paid in."""

    price_minor_of: dict[str, MinorUnits]
    class_of: dict[str, PenaltyClass]
    currency: str
    overnight_ppm: PartsPerMillion = 0


def failed_days(failing: Iterable[Pair], today: int, reference: Reference) -> tuple[FailedDay, ...]:
    """For what penalties are charged today, of the pairs that are due and have not settled at its end."""
    found: list[FailedDay] = []
    for pair in failing:
        for payer, receiver in _failing_sides(pair):
            if pair.reason is PendingReason.LACK_OF_CASH:
                value, instrument_class = pair.cash_of(pair.left_minor), None
            else:
                value, instrument_class = _value(pair, pair.left_minor, reference)
            asset = pair.deliver.cash_asset or reference.currency
            name = pair.deliver.reference
            found.append(FailedDay(today, name, payer, receiver, asset, value, instrument_class, reference.overnight_ppm))
    return tuple(found)


def late_matching(pair: Pair, business_days: Iterable[int], on: Callable[[int], Reference]) -> tuple[FailedDay, ...]:
    """For what the side that instructed last is charged, for each business day from the intended one until the two matched."""
    payer = pair.matched_last
    receiver = pair.receive.participant if payer == pair.deliver.participant else pair.deliver.participant
    found: list[FailedDay] = []
    for day in late_days(business_days, pair.deliver.intended_day, pair.matched_day):
        reference = on(day)
        value, instrument_class = _value(pair, pair.deliver.quantity_minor, reference)
        asset, name = pair.deliver.cash_asset or reference.currency, pair.deliver.reference
        found.append(FailedDay(day, name, payer, receiver, asset, value, instrument_class, 0, PenaltyKind.LATE_MATCHING))
    return tuple(found)


def _value(pair: Pair, quantity_minor: MinorUnits, reference: Reference) -> tuple[MinorUnits, PenaltyClass]:
    security = pair.deliver.security
    return quantity_minor * reference.price_minor_of[security] // MINOR_UNITS_PER_WHOLE, reference.class_of[security]


def _failing_sides(pair: Pair) -> list[tuple[str, str]]:
    """Who failed whom, by why a pair has not settled."""
    giver, taker = pair.deliver.participant, pair.receive.participant
    if pair.reason is PendingReason.ON_HOLD:
        return [(one, taker if one == giver else giver) for one in pair.held_by]
    if pair.reason is PendingReason.LACK_OF_SECURITIES:
        return [(giver, taker)]
    return [(taker, giver)] if pair.reason is PendingReason.LACK_OF_CASH else []
