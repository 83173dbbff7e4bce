"""The price of an auction, and what would trade at it: pure arithmetic on what stands on both sides.

**Candidates** are the limits of all orders, those that cannot trade too. At a price ``p`` the buyers are all market orders
and all bids at ``p`` or above, the sellers all market orders and all asks at ``p`` or below, with everything they have,
displayed or not (icebergs and hidden orders take part in full). The rules, each among what the earlier ones have left:

1. *Maximum executable volume*: the prices at which the lesser of buyers and sellers is largest.
2. *Minimum surplus*: of these, the prices at which buyers and sellers differ least.
3. *Market pressure*: if at all of these there are more buyers, the highest; if at all there are more sellers, the lowest.
4. *Reference price*: else there is a lower and an upper end: the highest price with more buyers and the lowest with more
   sellers, or, where they balance, the lowest and the highest price at which they do. The reference price if it lies between
   the two, else the one that is nearer to it. Without a reference price: their middle, rounded down.

Rule 4 always leaves one price. It need not be a limit; between the two ends the executable volume is the same everywhere,
since with the price the buyers only fall and the sellers only rise.

If there are no limits at all, only market orders, they trade at the reference price; without one there is no auction. If
nothing can trade there is no price (0).

Rules 1 to 3 are those of Xetra and ASX. On rule 4 venues differ: ours is that of BNB Beacon Chain (the
reference price itself); the examples of the Xetra market model take the limit that is nearest to it. Both stand in
the tests, with that difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import msgspec

from trading_ecosystem.messages.units import Lots, Ticks

Interest: TypeAlias = Sequence[tuple[Ticks, Lots]]
"""All lots at each price of one side, best first."""


class Indicative(msgspec.Struct, frozen=True, gc=False):
    """What an auction would do now: price, volume and surplus (buyers less sellers) there; 0 where nothing trades."""

    price_ticks: Ticks
    lots: Lots
    surplus_lots: Lots


NOTHING = Indicative(0, 0, 0)


class _Candidate(msgspec.Struct, frozen=True, gc=False):
    price_ticks: Ticks
    buyers: Lots
    sellers: Lots

    @property
    def surplus(self) -> Lots:
        return self.buyers - self.sellers


def auction_price(
    bids: Interest, asks: Interest, market_buy_lots: Lots, market_sell_lots: Lots, reference_ticks: Ticks
) -> Indicative:
    """The indicative price by the rules of the module's text."""
    if not bids and not asks:
        lots = min(market_buy_lots, market_sell_lots)
        if not lots or not reference_ticks:
            return NOTHING
        return Indicative(reference_ticks, lots, market_buy_lots - market_sell_lots)
    candidates = _candidates(bids, asks, market_buy_lots, market_sell_lots)
    volume = max(min(each.buyers, each.sellers) for each in candidates)
    if not volume:
        return NOTHING
    left = [each for each in candidates if min(each.buyers, each.sellers) == volume]
    least = min(abs(each.surplus) for each in left)
    low, high = _ends([each for each in left if abs(each.surplus) == least])
    if reference_ticks:
        price = min(max(reference_ticks, low.price_ticks), high.price_ticks)
    else:
        price = low.price_ticks + (high.price_ticks - low.price_ticks) // 2
    buyers = market_buy_lots + _up_to([(-ticks, lots) for ticks, lots in bids], -price)
    sellers = market_sell_lots + _up_to(asks, price)
    return Indicative(price, volume, buyers - sellers)


def _ends(left: list[_Candidate]) -> tuple[_Candidate, _Candidate]:
    """Rules 3 and 4: the lowest and the highest price that are left, lowest first in ``left``."""
    if not left[0].surplus:
        return (left[0], left[-1])
    if left[0].surplus < 0:
        return (left[0], left[0])
    if left[-1].surplus > 0:
        return (left[-1], left[-1])
    buying = [each for each in left if each.surplus > 0]
    selling = [each for each in left if each.surplus < 0]
    return (buying[-1], selling[0])


def _candidates(bids: Interest, asks: Interest, market_buy_lots: Lots, market_sell_lots: Lots) -> list[_Candidate]:
    """Every limit with its buyers and sellers, lowest price first, in one pass over both sides."""
    prices = sorted({ticks for ticks, _ in bids} | {ticks for ticks, _ in asks})
    sold: list[Lots] = []
    sellers, at = market_sell_lots, 0
    for price in prices:
        while at < len(asks) and asks[at][0] <= price:
            sellers += asks[at][1]
            at += 1
        sold.append(sellers)
    found: list[_Candidate] = []
    buyers, at = market_buy_lots, 0
    for price, sellers in zip(reversed(prices), reversed(sold), strict=True):
        while at < len(bids) and bids[at][0] >= price:
            buyers += bids[at][1]
            at += 1
        found.append(_Candidate(price, buyers, sellers))
    found.reverse()
    return found


def _up_to(interest: Interest, price: int) -> Lots:
    """All lots at prices no higher than this."""
    return sum(lots for ticks, lots in interest if ticks <= price)
