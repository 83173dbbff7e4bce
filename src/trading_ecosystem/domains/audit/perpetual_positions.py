"""The firm's perpetuals as the monitor could know them, by the paragraph on perpetuals at the head of ``messages.risk``."""

from __future__ import annotations

from typing import TypeAlias

from trading_ecosystem.messages.custodian import VariationPosted
from trading_ecosystem.messages.exchange import OrderFilled
from trading_ecosystem.messages.margin import VariationSettled
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import INSTRUMENTS, Lots, MinorUnits

VariationKey: TypeAlias = tuple[str, str, int]
"""Venue, account, number."""


class PerpetualPositions:
    """Lots, carried values and unpaid fees by venue, account and instrument; variation that is not posted yet."""

    def __init__(self) -> None:
        self._lots: dict[tuple[str, str, str], Lots] = {}
        self._carried: dict[tuple[str, str, str], MinorUnits] = {}
        self._fees: dict[tuple[str, str, str], MinorUnits] = {}
        self._fills: set[tuple[str, str, int, str, int]] = set()
        self._settled: set[VariationKey] = set()
        self._posted: set[VariationKey] = set()
        self._waiting: dict[VariationKey, MinorUnits] = {}

    def filled(self, message: OrderFilled) -> bool:
        """Add a fill; false where it came before."""
        fill = (message.venue, message.instrument, message.trade_id, message.account, message.execution_id)
        if fill in self._fills:
            return False
        self._fills.add(fill)
        key = (message.venue, message.account, message.instrument)
        sign = 1 if message.side is Side.BUY else -1
        notional = INSTRUMENTS[message.instrument].notional(message.price_ticks, message.quantity_lots)
        self._lots[key] = self._lots.get(key, 0) + sign * message.quantity_lots
        self._carried[key] = self._carried.get(key, 0) + sign * notional
        self._fees[key] = self._fees.get(key, 0) + message.fee_minor
        return True

    def settled(self, message: VariationSettled) -> MinorUnits | None:
        """Carry what was settled at its marks; returns how the firm's cash moves, ``None`` where this came before."""
        variation = (message.venue, message.account, message.number)
        if variation in self._settled:
            return None
        self._settled.add(variation)
        cash = 0
        for line in message.lines:
            key = (message.venue, message.account, line.instrument)
            self._lots[key] = line.position_lots
            self._carried[key] = INSTRUMENTS[line.instrument].notional(line.mark_ticks, line.position_lots)
            cash += self._fees.pop(key, 0)
        if variation not in self._posted:
            self._waiting[variation] = message.settled_minor
            cash += message.settled_minor
        return cash

    def posted(self, message: VariationPosted) -> MinorUnits | None:
        """A variation is posted; returns what had waited for that, ``None`` where this came before."""
        variation = (message.venue, message.account, message.number)
        if variation in self._posted:
            return None
        self._posted.add(variation)
        return self._waiting.pop(variation, 0)

    def base(self, instrument: str, account: str = "", venue: str = "") -> MinorUnits:
        """Base amount of all positions in one perpetual, or of those of one account or at one venue."""
        lots = sum(held for key, held in self._lots.items() if _is_of(key, instrument, account, venue))
        return INSTRUMENTS[instrument].base_amount(lots)

    def carried(self, instrument: str, account: str = "", venue: str = "") -> MinorUnits:
        """Carried value of all positions in one perpetual, or of those of one account or at one venue."""
        return sum(value for key, value in self._carried.items() if _is_of(key, instrument, account, venue))


def _is_of(key: tuple[str, str, str], instrument: str, account: str, venue: str) -> bool:
    return key[2] == instrument and account in ("", key[1]) and venue in ("", key[0])
