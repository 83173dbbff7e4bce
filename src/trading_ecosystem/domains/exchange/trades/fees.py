"""The arithmetic of fees: a share in parts per million, **rounded up to a whole minor unit: in the venue's favour**.

Each fill is rounded by itself, so a fee can be recomputed from one ``OrderFilled`` and the fee schedule (:mod:`.fee_schedule`).

Since every fill of at least one lot rounds up by less than one minor unit, the most that an order of n lots can be charged is
the exact fee at the highest rate plus n minor units; that is what is held (:mod:`..orders.holds`). Any part of the order needs
no more than the hold shrinks by, so a hold never falls short.
"""

from __future__ import annotations

from trading_ecosystem.messages.units import PARTS_PER_MILLION, Lots, MinorUnits, PartsPerMillion


def fee_of(amount: MinorUnits, rate: PartsPerMillion, per: int = PARTS_PER_MILLION) -> MinorUnits:
    """The fee on one fill, rounded up to a minor unit; ``per`` stands for one whole."""
    return -(-amount * rate // per)


def maximum_fee(amount: MinorUnits, lots: Lots, rate: PartsPerMillion, per: int = PARTS_PER_MILLION) -> MinorUnits:
    """The most that an order can be charged, over however many fills; nothing where the rate is nothing."""
    return amount * rate // per + lots if rate else 0
