"""What a venue charges for a trade, and what it holds for an order that may trade.

A fee is a share of a fill's notional in parts per million, charged in the quote asset, **rounded up to a whole minor unit:
in the venue's favour**. Each fill is rounded by itself, so a fee can be recomputed from one ``OrderFilled`` and the fee
schedule.

A buyer pays notional plus fee, a seller receives notional less fee. Since every fill of at least one lot rounds up by less
than one minor unit, the most that an order of n lots can be charged is the exact fee at the higher of the two rates plus n
minor units; that is what is held. Any part of the order needs no more than the hold shrinks by, so a hold never falls
short.
"""

from __future__ import annotations

from trading_ecosystem.messages.units import PARTS_PER_MILLION, Lots, MinorUnits, PartsPerMillion, Ticks


def fee_of(notional: MinorUnits, rate: PartsPerMillion) -> MinorUnits:
    """The fee on one fill, rounded up to a minor unit."""
    return -(-notional * rate // PARTS_PER_MILLION)


def maximum_fee(notional: MinorUnits, lots: Lots, rate: PartsPerMillion) -> MinorUnits:
    """The most that an order can be charged, over however many fills; nothing where the rate is nothing."""
    return notional * rate // PARTS_PER_MILLION + lots if rate else 0


def buy_hold(price_ticks: Ticks, lots: Lots, tick_value: MinorUnits, rate: PartsPerMillion) -> MinorUnits:
    """What a buy order of ``lots`` at most at ``price_ticks`` keeps held, in minor units of the quote asset."""
    notional = price_ticks * lots * tick_value
    return notional + maximum_fee(notional, lots, rate)
