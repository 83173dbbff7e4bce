"""The matches of a venue that are not due to settle yet: until then they may be busted or corrected."""

from __future__ import annotations

from collections import deque

import msgspec

from trading_ecosystem.domains.exchange.orders.orders import Order
from trading_ecosystem.messages.orders import Liquidity, Side
from trading_ecosystem.messages.units import Instrument, Lots, MinorUnits, Nanos, Ticks


class Party(msgspec.Struct, gc=False):
    """One side of a match; the house has no order."""

    account: str
    order: Order | None
    order_id: int
    side: Side
    liquidity: Liquidity
    fee_minor: MinorUnits
    execution_id: int = 0


class Match(msgspec.Struct, gc=False):
    """One trade."""

    instrument: Instrument
    trade_id: int
    price_ticks: Ticks
    lots: Lots
    buyer: Party
    seller: Party
    fee_asset: str
    settles_at: Nanos
    busted: bool = False

    @property
    def notional(self) -> MinorUnits:
        """Price times quantity, in the quote asset."""
        return self.instrument.notional(self.price_ticks, self.lots)


class Matches:
    """The latest matches by instrument and trade id, for as long as they are not due."""

    __slots__ = ("_by_age", "_by_name")

    def __init__(self) -> None:
        self._by_name: dict[tuple[str, int], Match] = {}
        self._by_age: deque[Match] = deque()

    def __len__(self) -> int:
        return len(self._by_age)

    def keep(self, match: Match, now: Nanos) -> None:
        """Keep a match, and let go of those that are due; all settle in the same time, so the oldest are due first."""
        by_age = self._by_age
        while by_age and by_age[0].settles_at <= now:
            gone = by_age.popleft()
            del self._by_name[(gone.instrument.symbol, gone.trade_id)]
        self._by_name[(match.instrument.symbol, match.trade_id)] = match
        by_age.append(match)

    def find(self, symbol: str, trade_id: int) -> Match | None:
        """A match that is kept."""
        return self._by_name.get((symbol, trade_id))
