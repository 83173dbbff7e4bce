"""A firm's positions in perpetuals from production messages; what counts is said at the head of ``messages.risk``.

A fill adds lots and carried value; a variation says both as they stand from then on, so that a lost or late fill is healed
within a margin tick. Cash moves twice: when the venue settles (unposted from then on), and when the custodian has posted
it, which is said as a pledged amount.
"""

from __future__ import annotations

import msgspec

from trading_ecosystem.messages.exchange import OrderFilled
from trading_ecosystem.messages.margin import VariationSettled
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import INSTRUMENTS, Lots, MinorUnits


class PerpetualHolding(msgspec.Struct, gc=False):
    """One account's position at one venue; ``fees_minor`` are those of fills that no variation has paid yet."""

    lots: Lots = 0
    carried_minor: MinorUnits = 0
    fees_minor: MinorUnits = 0


class PerpetualHoldings:
    """The positions of one firm in perpetuals. Per instrument, ``base`` and ``carried`` are what they add up to."""

    def __init__(self) -> None:
        self.base: dict[str, MinorUnits] = {}
        self.carried: dict[str, MinorUnits] = {}
        self._holdings: dict[tuple[str, str, str], PerpetualHolding] = {}

    def filled(self, message: OrderFilled) -> MinorUnits:
        """Take in a fill; returns what the firm's cash changes by, which is the fee it owes from now on."""
        instrument = INSTRUMENTS[message.instrument]
        lots = message.quantity_lots if message.side is Side.BUY else -message.quantity_lots
        holding = self._holding(message.venue, message.account, message.instrument)
        carried = holding.carried_minor + instrument.notional(message.price_ticks, lots)
        self._set(holding, message.instrument, holding.lots + lots, carried)
        holding.fees_minor += message.fee_minor
        return -message.fee_minor

    def settled(self, message: VariationSettled) -> MinorUnits:
        """Carry every position at its mark; returns the fees that were owed and are paid with this."""
        paid = 0
        for line in message.lines:
            holding = self._holding(message.venue, message.account, line.instrument)
            value = INSTRUMENTS[line.instrument].notional(line.mark_ticks, line.position_lots)
            self._set(holding, line.instrument, line.position_lots, value)
            paid += holding.fees_minor
            holding.fees_minor = 0
        return paid

    def _holding(self, venue: str, account: str, instrument: str) -> PerpetualHolding:
        key = (venue, account, instrument)
        holding = self._holdings.get(key)
        if holding is None:
            holding = self._holdings[key] = PerpetualHolding()
        return holding

    def _set(self, holding: PerpetualHolding, symbol: str, lots: Lots, carried: MinorUnits) -> None:
        base = INSTRUMENTS[symbol].base_amount(lots - holding.lots)
        self.base[symbol] = self.base.get(symbol, 0) + base
        self.carried[symbol] = self.carried.get(symbol, 0) + carried - holding.carried_minor
        holding.lots = lots
        holding.carried_minor = carried
