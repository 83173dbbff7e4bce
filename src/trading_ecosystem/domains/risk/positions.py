"""A firm's positions from production messages: free + pledged + unsettled, per asset, over all its accounts.

Free and pledged amounts come as they stand *after* a change, so a lost message is healed by the next one about the same amount.
Unsettled amounts are remembered fill by fill until the settlement of their trade arrives.

- The same message twice changes nothing the second time, even if the copy comes late, when its amounts are old: fills are known
  by (venue, instrument, trade, account, execution), settlements by (venue, instrument, trade, account), transfers by all their
  fields, because a custodian that is asked again answers with the amounts of now. What is pending counts no more once posted.
- A settlement that arrives before its fill is remembered; the fill then adds nothing, because the pledged amount has it.
- A busted trade's fill is taken back, a corrected one's changed, as long as it is unsettled.
- A venue's balance is a claim on the same assets and is never added.

The last ``REMEMBERED`` settlements and transfers are known; a copy that comes after so many others counts as new.
"""

from __future__ import annotations

from collections import deque
from typing import Final, TypeAlias

import msgspec

from trading_ecosystem.domains.risk.perpetuals import PerpetualHoldings
from trading_ecosystem.messages.base import master_of
from trading_ecosystem.messages.custodian import (
    SettlementPartlySettled,
    SettlementSettled,
    TransferKind,
    TransferPending,
    TransferPosted,
    VariationPosted,
)
from trading_ecosystem.messages.exchange import OrderFilled
from trading_ecosystem.messages.margin import VariationSettled
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.trading_phases import TradeBusted, TradeCorrected
from trading_ecosystem.messages.units import INSTRUMENTS, MinorUnits, Nanos

REMEMBERED: Final = 20_000

TradeKey: TypeAlias = tuple[str, str, int, str]
"""One side of a trade: venue, instrument, trade id, account."""


class UnsettledFill(msgspec.Struct, frozen=True, gc=False):
    """What a fill will bring (positive) and cost (negative) when it settles.

    The fee is in the base or quote amount where it is charged in one of these, else it is ``third_minor``.
    """

    execution_id: int
    base: str
    base_minor: MinorUnits
    quote: str
    quote_minor: MinorUnits
    settles_at: Nanos
    third: str = ""
    third_minor: MinorUnits = 0

    @property
    def amounts(self) -> tuple[tuple[str, MinorUnits], ...]:
        """Everything that it changes."""
        legs = ((self.base, self.base_minor), (self.quote, self.quote_minor))
        return (*legs, (self.third, self.third_minor)) if self.third else legs

    @property
    def assets(self) -> tuple[str, ...]:
        """Every asset that it changes."""
        return tuple(asset for asset, _ in self.amounts)


class Memory:
    """The last so many keys that were seen; the oldest is forgotten first."""

    __slots__ = ("capacity", "known", "order")

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.known: set[tuple[str | int, ...]] = set()
        self.order: deque[tuple[str | int, ...]] = deque()

    def __contains__(self, key: tuple[str | int, ...]) -> bool:
        return key in self.known

    def add(self, key: tuple[str | int, ...]) -> bool:
        """Remember a key; false if it is known already."""
        if key in self.known:
            return False
        self.known.add(key)
        self.order.append(key)
        if len(self.order) > self.capacity:
            self.known.remove(self.order.popleft())
        return True


class Positions:
    """The positions of one firm. ``totals`` is what they add up to, per asset.

    ``of_account`` and ``at_venue`` are the same for a part of it: what is one account's, and what is not free but pledged,
    unsettled or owed at one venue; per asset.
    """

    def __init__(self, firm: str) -> None:
        self.firm = firm
        self.totals: dict[str, MinorUnits] = {}
        self.of_account: dict[str, dict[str, MinorUnits]] = {}
        self.at_venue: dict[str, dict[str, MinorUnits]] = {}
        self.unsettled_base: dict[str, MinorUnits] = {}
        """Absolute base amounts of all unsettled fills, per asset."""
        self.unsettled: dict[TradeKey, list[UnsettledFill]] = {}
        self._free: dict[tuple[str, str, str], MinorUnits] = {}
        self._pledged: dict[tuple[str, str, str, str], MinorUnits] = {}
        self._settled = Memory(REMEMBERED)
        self._parts = Memory(REMEMBERED)
        self._transfers = Memory(REMEMBERED)
        self._posted = Memory(REMEMBERED)
        self._flows = Memory(REMEMBERED)
        self.perpetuals = PerpetualHoldings()
        self._perpetual_fills = Memory(REMEMBERED)
        self._variations = Memory(REMEMBERED)
        self._posted_variations = Memory(REMEMBERED)
        self._unposted: dict[tuple[str, str, int], MinorUnits] = {}

    def order_filled(self, message: OrderFilled) -> UnsettledFill | None:
        """Add a fill as unsettled and return it; ``None`` if it is known or settled already."""
        self._assert_ours(message.account)
        key = (message.venue, message.instrument, message.trade_id, message.account)
        fills = self.unsettled.get(key, [])
        if key in self._settled or any(fill.execution_id == message.execution_id for fill in fills):
            return None
        fill = _unsettled(message, message.settles_at)
        fills.append(fill)
        self.unsettled[key] = fills
        self._count(key, fill, 1)
        return fill

    def perpetual_filled(self, message: OrderFilled) -> bool:
        """Add a fill of a perpetual; false if it is known."""
        self._assert_ours(message.account)
        key = (message.venue, message.instrument, message.trade_id, message.account, message.execution_id)
        if not self._perpetual_fills.add(key):
            return False
        self._add(message.account, message.venue, message.fee_asset, self.perpetuals.filled(message))
        return True

    def variation_settled(self, message: VariationSettled) -> bool:
        """Carry positions at their marks and count what was paid as unposted; false if that is known."""
        self._assert_ours(message.account)
        key = (message.venue, message.account, message.number)
        if not self._variations.add(key):
            return False
        self._add(message.account, message.venue, message.asset, self.perpetuals.settled(message))
        if key not in self._posted_variations:
            self._unposted[key] = message.settled_minor
            self._add(message.account, message.venue, message.asset, message.settled_minor)
        return True

    def variation_posted(self, message: VariationPosted) -> bool:
        """Turn unposted variation into a pledged amount; false if that is known."""
        self._assert_ours(message.account)
        key = (message.venue, message.account, message.number)
        if not self._posted_variations.add(key):
            return False
        self._add(message.account, message.venue, message.asset, -self._unposted.pop(key, 0))
        self._set_pledged(message.custodian, message.account, message.venue, message.asset, message.pledged_after)
        return True

    def trade_busted(self, message: TradeBusted) -> UnsettledFill | None:
        """Take back a fill whose trade was undone, and return it; ``None`` if it is not known as unsettled."""
        self._assert_ours(message.account)
        key = (message.venue, message.instrument, message.trade_id, message.account)
        if not self._settled.add(key):
            return None
        found = None
        for fill in self.unsettled.pop(key, ()):
            self._count(key, fill, -1)
            found = fill
        return found

    def trade_corrected(self, message: TradeCorrected) -> UnsettledFill | None:
        """Give a fill its corrected amounts, and return it; ``None`` if it is not known as unsettled, or corrected already."""
        self._assert_ours(message.account)
        key = (message.venue, message.instrument, message.trade_id, message.account)
        fills = self.unsettled.get(key, [])
        for place, fill in enumerate(fills):
            if fill.execution_id == message.corrected_execution_id:
                self._count(key, fill, -1)
                fills[place] = _unsettled(message, fill.settles_at)
                self._count(key, fills[place], 1)
                return fills[place]
        return None

    def settlement_settled(self, message: SettlementSettled) -> bool:
        """Turn one side of a trade from unsettled into pledged amounts; false if that was done already."""
        self._assert_ours(message.account)
        key = (message.venue, message.instrument, message.trade_id, message.account)
        if not self._settled.add(key):
            return False
        for after in message.pledged_after:
            self._set_pledged(message.custodian, message.account, message.venue, after.asset, after.pledged_after)
        for fill in self.unsettled.pop(key, ()):
            self._count(key, fill, -1)
        return True

    def settlement_partly_settled(self, message: SettlementPartlySettled) -> bool:
        """Turn a part of one side of a trade from unsettled into pledged amounts; false if that is known already."""
        self._assert_ours(message.account)
        key = (message.venue, message.instrument, message.trade_id, message.account)
        if key in self._settled or not self._parts.add(key):
            return False
        for after in message.pledged_after:
            self._set_pledged(message.custodian, message.account, message.venue, after.asset, after.pledged_after)
        sign = 1 if message.side is Side.BUY else -1
        fills = self.unsettled.get(key)
        if fills:
            whole = fills[0]
            base_minor, quote_minor = (
                whole.base_minor - sign * message.base_minor,
                whole.quote_minor + sign * message.quote_minor,
            )
            fills[0] = msgspec.structs.replace(whole, base_minor=base_minor, quote_minor=quote_minor)
            self._count(key, whole, -1)
            self._count(key, fills[0], 1)
        return True

    def transfer_posted(self, message: TransferPosted) -> bool:
        """Apply a posted transfer; false if this very message is known already."""
        self._assert_ours(message.account)
        transfer = (message.custodian, message.account, message.kind, message.transfer_id)
        if not self._transfers.add((*transfer, message.venue, message.free_after, message.pledged_after)):
            return False
        self._posted.add(transfer)
        self._set_free(message.custodian, message.account, message.asset, message.free_after)
        if message.venue:
            self._set_pledged(message.custodian, message.account, message.venue, message.asset, message.pledged_after)
        return True

    def transfer_pending(self, message: TransferPending) -> bool:
        """Apply a pending transfer (a withdrawal has left ``free``); false if this message, or its posting, is known."""
        self._assert_ours(message.account)
        transfer = (message.custodian, message.account, message.kind, message.transfer_id)
        if transfer in self._posted or not self._transfers.add((*transfer, message.posts_at, message.free_after)):
            return False
        self._set_free(message.custodian, message.account, message.asset, message.free_after)
        return True

    def amount_said(self, custodian: str, account: str, asset: str, venue: str) -> MinorUnits | None:
        """The free amount (no venue) or the pledged amount that was said last; ``None`` if none was."""
        if venue:
            return self._pledged.get((custodian, account, venue, asset))
        return self._free.get((custodian, account, asset))

    def external_flow(self, message: TransferPosted | TransferPending) -> MinorUnits:
        """What a transfer brings in from (or, negative, takes out to) the outside; each transfer counts once.

        A deposit counts when it is posted; a withdrawal when it leaves ``free``: when it is pending, or else when posted.
        """
        if message.kind is TransferKind.DEPOSIT:
            amount = message.amount_minor if isinstance(message, TransferPosted) else 0
        elif message.kind is TransferKind.WITHDRAWAL:
            amount = -message.amount_minor
        else:
            amount = 0
        if amount == 0 or not self._flows.add((message.custodian, message.account, message.kind, message.transfer_id)):
            return 0
        return amount

    def may_trade(self) -> list[tuple[str, str]]:
        """Every venue and account where something was ever pledged, or bought or sold; in the order of their names."""
        places = [(venue, account) for _, account, venue, _ in self._pledged]
        places += [(venue, account) for venue, _, _, account in self.unsettled]
        return sorted(dict.fromkeys(places))

    def _count(self, key: TradeKey, fill: UnsettledFill, sign: int) -> None:
        """A fill is unsettled from now on (+1), or not any more (-1)."""
        venue, _, _, account = key
        for asset, amount in fill.amounts:
            self._add(account, venue, asset, sign * amount)
        self.unsettled_base[fill.base] = self.unsettled_base.get(fill.base, 0) + sign * abs(fill.base_minor)

    def _add(self, account: str, venue: str, asset: str, amount: MinorUnits) -> None:
        """An amount of an asset more; ``venue`` is empty where it is free."""
        self.totals[asset] = self.totals.get(asset, 0) + amount
        own = self.of_account.setdefault(account, {})
        own[asset] = own.get(asset, 0) + amount
        if venue:
            there = self.at_venue.setdefault(venue, {})
            there[asset] = there.get(asset, 0) + amount

    def _set_free(self, custodian: str, account: str, asset: str, amount: MinorUnits) -> None:
        key = (custodian, account, asset)
        self._add(account, "", asset, amount - self._free.get(key, 0))
        self._free[key] = amount

    def _set_pledged(self, custodian: str, account: str, venue: str, asset: str, amount: MinorUnits) -> None:
        key = (custodian, account, venue, asset)
        self._add(account, venue, asset, amount - self._pledged.get(key, 0))
        self._pledged[key] = amount

    def _assert_ours(self, account: str) -> None:
        assert account == self.firm or master_of(account) == self.firm, f"{account} is not of {self.firm}"


def _unsettled(message: OrderFilled | TradeCorrected, settles_at: Nanos) -> UnsettledFill:
    """What a fill, or its correction, will bring and cost."""
    instrument = INSTRUMENTS[message.instrument]
    base = instrument.base_amount(message.quantity_lots)
    quote = -instrument.notional(message.price_ticks, message.quantity_lots)
    if message.side is Side.SELL:
        base, quote = -base, -quote
    third, third_minor = "", 0
    if message.fee_asset == instrument.quote:
        quote -= message.fee_minor
    elif message.fee_asset == instrument.base:
        base -= message.fee_minor
    elif message.fee_minor:
        third, third_minor = message.fee_asset, -message.fee_minor
    return UnsettledFill(message.execution_id, instrument.base, base, instrument.quote, quote, settles_at, third, third_minor)
