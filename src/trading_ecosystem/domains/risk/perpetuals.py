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


class PerpetualSum:
    """What positions in perpetuals add up to: base amount and carried value, per instrument."""

    __slots__ = ("base", "carried")

    def __init__(self) -> None:
        self.base: dict[str, MinorUnits] = {}
        self.carried: dict[str, MinorUnits] = {}

    def add(self, symbol: str, base: MinorUnits, carried: MinorUnits) -> None:
        """So much more."""
        self.base[symbol] = self.base.get(symbol, 0) + base
        self.carried[symbol] = self.carried.get(symbol, 0) + carried


class PerpetualHoldings:
    """The positions of one firm in perpetuals. ``firm`` is what they add up to; there is a sum per account and venue beside."""

    def __init__(self) -> None:
        self.firm = PerpetualSum()
        self.of_account: dict[str, PerpetualSum] = {}
        self.at_venue: dict[str, PerpetualSum] = {}
        self._holdings: dict[tuple[str, str, str], PerpetualHolding] = {}

    def filled(self, message: OrderFilled) -> MinorUnits:
        """Take in a fill; returns what the firm's cash changes by, which is the fee it owes from now on."""
        instrument = INSTRUMENTS[message.instrument]
        lots = message.quantity_lots if message.side is Side.BUY else -message.quantity_lots
        key = (message.venue, message.account, message.instrument)
        holding = self._holding(key)
        carried = holding.carried_minor + instrument.notional(message.price_ticks, lots)
        self._set(key, holding, holding.lots + lots, carried)
        holding.fees_minor += message.fee_minor
        return -message.fee_minor

    def settled(self, message: VariationSettled) -> MinorUnits:
        """Carry every position at its mark; returns the fees that were owed and are paid with this."""
        paid = 0
        for line in message.lines:
            key = (message.venue, message.account, line.instrument)
            holding = self._holding(key)
            value = INSTRUMENTS[line.instrument].notional(line.mark_ticks, line.position_lots)
            self._set(key, holding, line.position_lots, value)
            paid += holding.fees_minor
            holding.fees_minor = 0
        return paid

    def _holding(self, key: tuple[str, str, str]) -> PerpetualHolding:
        holding = self._holdings.get(key)
        if holding is None:
            holding = self._holdings[key] = PerpetualHolding()
        return holding

    def _set(self, key: tuple[str, str, str], holding: PerpetualHolding, lots: Lots, carried: MinorUnits) -> None:
        venue, account, symbol = key
        base = INSTRUMENTS[symbol].base_amount(lots - holding.lots)
        more = carried - holding.carried_minor
        self.firm.add(symbol, base, more)
        self.of_account.setdefault(account, PerpetualSum()).add(symbol, base, more)
        self.at_venue.setdefault(venue, PerpetualSum()).add(symbol, base, more)
        holding.lots = lots
        holding.carried_minor = carried
