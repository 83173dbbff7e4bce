"""The firm's positions, as the monitor could know them from what it was sent.

Position = free + pledged (over all venues) + unsettled, over all accounts of the firm; what counts when messages come
again or out of order is said at the head of :mod:`trading_ecosystem.messages.alert_conditions`.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from trading_ecosystem.domains.audit.perpetual_positions import PerpetualPositions
from trading_ecosystem.messages.custodian import (
    HoldingLine,
    SettlementPartlySettled,
    SettlementSettled,
    TransferKind,
    TransferPending,
    TransferPosted,
    VariationPosted,
)
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.exchange import InstrumentListed, OrderFilled
from trading_ecosystem.messages.margin import VariationSettled
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.trading_phases import TradeBusted, TradeCorrected
from trading_ecosystem.messages.units import INSTRUMENTS, Instrument, MinorUnits, Nanos

TradeKey: TypeAlias = tuple[str, str, int, str]
"""Venue, instrument, trade id, account."""
TransferKey: TypeAlias = tuple[str, str, TransferKind, str]
"""Custodian, account, kind, transfer id."""

NOTHING: Final[tuple[str, ...]] = ()


class UnsettledFill:
    """One fill that was not said settled yet, with what it adds to the position."""

    __slots__ = ("amounts", "base", "entry", "execution_id", "settled", "settles_at")

    def __init__(self, entry: Entry, fill: OrderFilled | TradeCorrected, instrument: Instrument, settles_at: Nanos) -> None:
        base_minor = instrument.base_amount(fill.quantity_lots)
        notional = instrument.notional(fill.price_ticks, fill.quantity_lots)
        bought = fill.side is Side.BUY
        self.entry = entry
        self.base = instrument.base
        self.execution_id = fill.execution_id
        self.amounts: dict[str, MinorUnits] = {
            instrument.base: base_minor if bought else -base_minor,
            instrument.quote: -notional if bought else notional,
        }
        """What it adds to the position, per asset, its fee included."""
        self.amounts[fill.fee_asset] = self.amounts.get(fill.fee_asset, 0) - fill.fee_minor
        self.settles_at: Nanos = settles_at
        self.settled = False


class Positions:
    """Amounts by asset; every method that changes one returns the assets whose position moved."""

    def __init__(self) -> None:
        self.amounts: dict[str, MinorUnits] = {}
        """The firm's position by asset."""
        self.by_account: dict[str, dict[str, MinorUnits]] = {}
        """Of each of its accounts."""
        self.by_venue: dict[str, dict[str, MinorUnits]] = {}
        """All but what is free, by venue."""
        self.unsettled_base: dict[str, MinorUnits] = {}
        """Sizes of all unsettled fills, by their base asset."""
        self._scales: dict[tuple[str, str], Instrument] = {}
        self._free: dict[tuple[str, str, str], MinorUnits] = {}
        self._pledged: dict[tuple[str, str, str, str], MinorUnits] = {}
        self._unsettled: dict[TradeKey, list[UnsettledFill]] = {}
        self._settled: set[TradeKey] = set()
        self._parts: set[TradeKey] = set()
        """Trades of which a part was said settled."""
        self._transfers: set[TransferPosted | TransferPending] = set()
        self._posted: set[TransferKey] = set()
        self.perpetuals = PerpetualPositions()

    def listed(self, message: InstrumentListed) -> None:
        """The record says how large an instrument's ticks and lots are on a venue."""
        self._scales[message.venue, message.instrument] = Instrument(
            message.instrument, message.base, message.quote, message.tick_size, message.lot_size
        )

    def filled(self, message: OrderFilled, entry: Entry) -> UnsettledFill | None:
        """Count a fill as unsettled; ``None`` where it came before or is settled already."""
        key = (message.venue, message.instrument, message.trade_id, message.account)
        if key in self._settled:
            return None
        fills = self._unsettled.setdefault(key, [])
        for earlier in fills:
            if earlier.execution_id == message.execution_id:
                return None
        fill = UnsettledFill(entry, message, self._scale(message), message.settles_at)
        fills.append(fill)
        self._count(key, fill, 1)
        return fill

    def busted(self, message: TradeBusted) -> tuple[str, ...]:
        """A trade of the firm was undone: its fills never were."""
        key = (message.venue, message.instrument, message.trade_id, message.account)
        if key in self._settled:
            return NOTHING
        self._settled.add(key)
        moved: dict[str, None] = {}
        for fill in self._unsettled.pop(key, ()):
            fill.settled = True
            self._count(key, fill, -1)
            moved.update(dict.fromkeys(fill.amounts))
        return tuple(moved)

    def corrected(self, message: TradeCorrected, entry: Entry) -> tuple[str, ...]:
        """A fill of the firm has another price and fee."""
        key = (message.venue, message.instrument, message.trade_id, message.account)
        for fill in self._unsettled.get(key, ()):
            if fill.execution_id == message.corrected_execution_id:
                self._count(key, fill, -1)
                fill.amounts = UnsettledFill(entry, message, self._scale(message), fill.settles_at).amounts
                fill.execution_id = message.execution_id
                self._count(key, fill, 1)
                return tuple(fill.amounts)
        return NOTHING

    def _scale(self, message: OrderFilled | TradeCorrected) -> Instrument:
        return self._scales.get((message.venue, message.instrument)) or INSTRUMENTS[message.instrument]

    def _count(self, key: TradeKey, fill: UnsettledFill, sign: int) -> None:
        venue, _, _, account = key
        for asset, amount in fill.amounts.items():
            self._add(account, venue, asset, sign * amount)
        size = abs(fill.amounts[fill.base])
        self.unsettled_base[fill.base] = self.unsettled_base.get(fill.base, 0) + sign * size

    def settled(self, message: SettlementSettled) -> tuple[str, ...]:
        """A trade of the firm is settled: its fills are no longer unsettled, and the pledged amounts are said anew."""
        key = (message.venue, message.instrument, message.trade_id, message.account)
        if key in self._settled:
            return NOTHING
        self._settled.add(key)
        moved: dict[str, None] = {}
        for fill in self._unsettled.pop(key, ()):
            fill.settled = True
            self._count(key, fill, -1)
            moved.update(dict.fromkeys(fill.amounts))
        for line in message.pledged_after:
            self._set_pledged(message.custodian, message.account, message.venue, line.asset, line.pledged_after)
            moved[line.asset] = None
        return tuple(moved)

    def partly_settled(self, message: SettlementPartlySettled) -> tuple[str, ...]:
        """A part of a trade of the firm is settled: so much less is unsettled, and the pledged amounts are said anew."""
        key = (message.venue, message.instrument, message.trade_id, message.account)
        if key in self._settled or key in self._parts:
            return NOTHING
        self._parts.add(key)
        sign = 1 if message.side is Side.BUY else -1
        base, quote = (line.asset for line in message.pledged_after)
        for fill in self._unsettled.get(key, ())[:1]:
            self._count(key, fill, -1)
            for asset, amount in ((base, sign * message.base_minor), (quote, -sign * message.quote_minor)):
                fill.amounts[asset] -= amount
            self._count(key, fill, 1)
        for line in message.pledged_after:
            self._set_pledged(message.custodian, message.account, message.venue, line.asset, line.pledged_after)
        return (base, quote)

    def perpetual_filled(self, message: OrderFilled) -> bool:
        """Count a fill of a perpetual; false where it came before."""
        if not self.perpetuals.filled(message):
            return False
        self._add(message.account, message.venue, message.fee_asset, -message.fee_minor)
        return True

    def variation_settled(self, message: VariationSettled) -> bool:
        """A venue settled an account to the mark; false where that came before."""
        cash = self.perpetuals.settled(message)
        if cash is None:
            return False
        self._add(message.account, message.venue, message.asset, cash)
        return True

    def variation_posted(self, message: VariationPosted) -> bool:
        """The custodian posted a venue's variation; false where that came before."""
        waiting = self.perpetuals.posted(message)
        if waiting is None:
            return False
        self._add(message.account, message.venue, message.asset, -waiting)
        self._set_pledged(message.custodian, message.account, message.venue, message.asset, message.pledged_after)
        return True

    def transfer_pending(self, message: TransferPending) -> bool:
        """A transfer is pending; false where the message changes nothing."""
        if message in self._transfers or transfer_key(message) in self._posted:
            return False
        self._transfers.add(message)
        self._set_free(message.custodian, message.account, message.asset, message.free_after)
        return True

    def transfer_posted(self, message: TransferPosted) -> bool:
        """A transfer took effect; false where the message changes nothing."""
        if message in self._transfers:
            return False
        self._transfers.add(message)
        self._posted.add(transfer_key(message))
        self._set_free(message.custodian, message.account, message.asset, message.free_after)
        if message.venue:
            self._set_pledged(message.custodian, message.account, message.venue, message.asset, message.pledged_after)
        return True

    def said(self, custodian: str, line: HoldingLine) -> MinorUnits | None:
        """What was last said of a statement's free or pledged amount; ``None`` where nothing was."""
        if line.venue:
            return self._pledged.get((custodian, line.account, line.venue, line.asset))
        return self._free.get((custodian, line.account, line.asset))

    def _set_free(self, custodian: str, account: str, asset: str, free_after: MinorUnits) -> None:
        key = (custodian, account, asset)
        self._add(account, "", asset, free_after - self._free.get(key, 0))
        self._free[key] = free_after

    def _set_pledged(self, custodian: str, account: str, venue: str, asset: str, pledged_after: MinorUnits) -> None:
        key = (custodian, account, venue, asset)
        self._add(account, venue, asset, pledged_after - self._pledged.get(key, 0))
        self._pledged[key] = pledged_after

    def _add(self, account: str, venue: str, asset: str, amount: MinorUnits) -> None:
        """So much more of an asset; ``venue`` is empty where it is free."""
        self.amounts[asset] = self.amounts.get(asset, 0) + amount
        own = self.by_account.setdefault(account, {})
        own[asset] = own.get(asset, 0) + amount
        if venue:
            there = self.by_venue.setdefault(venue, {})
            there[asset] = there.get(asset, 0) + amount


def transfer_key(message: TransferPosted | TransferPending) -> TransferKey:
    """What names a transfer."""
    return (message.custodian, message.account, message.kind, message.transfer_id)
