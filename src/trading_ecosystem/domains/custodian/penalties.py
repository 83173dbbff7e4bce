"""Cash penalties for settlement fails, as the Central Securities Depositories Regulation has them.

Commission Delegated Regulation (EU) 2017/389, annex: for each business day on which an instruction has not settled, from its
intended settlement date on, who fails pays the failed-to side a rate on what did not settle, at that day's reference price.
Late matching is charged in the same way to the side that instructed last, for the business days from the intended settlement
date to the day of matching (Delegated Regulation (EU) 2018/1229, article 16). What one side pays the other receives, so that
penalties add up to zero. Values are minor units, rates parts per million, days local ones since 1970-01-01.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import Final

import msgspec

from trading_ecosystem.messages.units import PARTS_PER_MILLION, MinorUnits, PartsPerMillion


class PenaltyClass(enum.StrEnum):
    """What did not settle, as the annex divides it."""

    LIQUID_SHARES = "liquid_shares"
    """Shares with a liquid market (Regulation (EU) 600/2014, article 2(1)(17)(b))."""
    ILLIQUID_SHARES = "illiquid_shares"
    GROWTH_MARKET = "growth_market"
    """Traded on a growth market for small and medium-sized enterprises, and no debt."""
    SOVEREIGN_DEBT = "sovereign_debt"
    OTHER_DEBT = "other_debt"
    GROWTH_MARKET_DEBT = "growth_market_debt"
    OTHER = "other"
    """Any other financial instrument."""


RATES_PPM: Final[dict[PenaltyClass, PartsPerMillion]] = {
    PenaltyClass.LIQUID_SHARES: 100,
    PenaltyClass.ILLIQUID_SHARES: 50,
    PenaltyClass.GROWTH_MARKET: 25,
    PenaltyClass.SOVEREIGN_DEBT: 10,
    PenaltyClass.OTHER_DEBT: 20,
    PenaltyClass.GROWTH_MARKET_DEBT: 15,
    PenaltyClass.OTHER: 50,
}
"""Rate per business day for lack of the instrument; 100 parts per million are one basis point."""
MONEY_MARKET_YEAR: Final = 360
"""Days by which a yearly overnight rate is divided; 365 for sterling."""


class PenaltyKind(enum.StrEnum):
    """For what a penalty is charged."""

    SETTLEMENT_FAIL = "settlement_fail"
    LATE_MATCHING = "late_matching"


class FailedDay(msgspec.Struct, frozen=True):
    """One business day on which one side failed another.

    ``value_minor`` is what did not settle at the day's reference price, or the cash that did not. ``instrument_class`` is
    nothing where cash was lacking; then ``overnight_ppm`` is the central bank's rate for overnight credit, per year.
    """

    day: int
    reference: str
    payer: str
    receiver: str
    asset: str
    """What the penalty is paid in."""
    value_minor: MinorUnits
    instrument_class: PenaltyClass | None
    overnight_ppm: PartsPerMillion = 0
    kind: PenaltyKind = PenaltyKind.SETTLEMENT_FAIL


class Penalty(msgspec.Struct, frozen=True):
    """What one side pays another for one day."""

    failed: FailedDay
    amount_minor: MinorUnits


def penalty_of(failed: FailedDay, year_days: int = MONEY_MARKET_YEAR) -> Penalty:
    """The penalty for one day, rounded half up to a minor unit; a negative overnight rate counts as zero."""
    if failed.value_minor < 0:
        raise ValueError(f"{failed.reference}: a value of {failed.value_minor} cannot have failed to settle")
    if failed.instrument_class is None:
        rate, divisor = max(0, failed.overnight_ppm), PARTS_PER_MILLION * year_days
    else:
        rate, divisor = RATES_PPM[failed.instrument_class], PARTS_PER_MILLION
    return Penalty(failed, (2 * failed.value_minor * rate + divisor) // (2 * divisor))


def failing_days(business_days: Iterable[int], intended_day: int, settled_day: int | None, matched_day: int) -> tuple[int, ...]:
    """Days for which a matched instruction is charged for failing: those at whose end it was matched and had not settled.

    ``settled_day`` is nothing while it has not. The day on which it settles is not charged.
    """
    from_day = max(intended_day, matched_day)
    return tuple(day for day in business_days if day >= from_day and (settled_day is None or day < settled_day))


def late_days(business_days: Iterable[int], intended_day: int, matched_day: int) -> tuple[int, ...]:
    """Days for which late matching is charged: from the intended settlement date until the day before matching."""
    return tuple(day for day in business_days if intended_day <= day < matched_day)


def net_amounts(penalties: Iterable[Penalty]) -> dict[tuple[str, str], MinorUnits]:
    """What each participant is credited with (negative: debited) in each asset, ordered; per asset it adds up to zero."""
    net: dict[tuple[str, str], MinorUnits] = {}
    for penalty in penalties:
        failed = penalty.failed
        for participant, amount in ((failed.payer, -penalty.amount_minor), (failed.receiver, penalty.amount_minor)):
            net[participant, failed.asset] = net.get((participant, failed.asset), 0) + amount
    return {key: net[key] for key in sorted(net)}
