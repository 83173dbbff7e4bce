"""When each alert condition held for the firm: what reaches the monitor, handed to the groups of conditions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from trading_ecosystem.domains.audit.equity import CASH
from trading_ecosystem.domains.audit.intervals import Tracks
from trading_ecosystem.domains.audit.limit_conditions import LimitConditions
from trading_ecosystem.domains.audit.positions import Positions, TransferKey, transfer_key
from trading_ecosystem.domains.audit.price_conditions import PriceConditions
from trading_ecosystem.domains.audit.settlement_conditions import SettlementConditions
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.custodian import (
    SettlementSettled,
    TransferKind,
    TransferPending,
    TransferPosted,
    VariationPosted,
)
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.exchange import InstrumentListed, OrderFilled
from trading_ecosystem.messages.margin import VariationSettled
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.risk import ALERT_OF_LIMIT, AlertKind, LimitSet
from trading_ecosystem.messages.trading_phases import TradeBusted, TradeCorrected
from trading_ecosystem.messages.units import INSTRUMENTS, PERPETUALS, Nanos

LARGEST_PRICE: Final = 10**20
"""A price above this, in minor units, has not arrived."""

RECOMPUTED: Final = frozenset(
    {
        AlertKind.PRICE_STALE,
        AlertKind.PRICE_CRASH,
        AlertKind.PRICE_SHOCK,
        AlertKind.STABLECOIN_DEPEG,
        AlertKind.SETTLEMENT_OVERDUE,
        *ALERT_OF_LIMIT.values(),
    }
)
"""The alerts whose conditions are recomputed here: only these can be judged, and no verdict is said of others."""


class Conditions:
    """Every condition on one firm; ``receive`` is called in the order in which messages reach the monitor."""

    def __init__(self, instruments: Sequence[str]) -> None:
        self.tracks = Tracks()
        self._positions = Positions()
        self._prices = PriceConditions(instruments, self.tracks)
        self._settlements = SettlementConditions(self.tracks)
        self._limits = LimitConditions(self._positions.amounts, self.tracks)
        self._bases = {name: INSTRUMENTS[name].base for name in instruments if name == f"{INSTRUMENTS[name].base}/{CASH}"}
        self._instruments = frozenset(instruments)
        self._moved: set[TransferKey] = set()

    def receive(self, entry: Entry, at: Nanos) -> None:
        """An entry's message reaches the monitor at ``at``."""
        message = entry.message
        _RECEIVED[type(message)](self, message, at, entry)

    def listed(self, message: InstrumentListed) -> None:
        """Reference data; it counts when it is said."""
        self._positions.listed(message)

    def limit_set(self, message: LimitSet, entry: Entry) -> None:
        """The monitor itself says which limit is in force."""
        self._limits.limit_set(message, entry.at, entry)

    def advance(self, at: Nanos) -> None:
        """Time has come to ``at``: what begins by the passing of time may have begun."""
        self._prices.advance(at)
        self._settlements.advance(at)

    def price_arrived(self, message: PricePublished, at: Nanos, entry: Entry) -> None:
        """A price reaches the monitor."""
        instrument = message.instrument
        if instrument not in self._instruments or not 0 < message.price_minor <= LARGEST_PRICE:
            return
        self._prices.price_arrived(message, at, entry)
        if instrument in PERPETUALS:
            self._limits.perpetual_priced(instrument, message.price_minor, self._positions.perpetuals, at, entry)
        asset = self._bases.get(instrument)
        if asset is not None:
            self._limits.price_arrived(asset, message.price_minor, at, entry)

    def filled(self, message: OrderFilled, at: Nanos, entry: Entry) -> None:
        """A fill reaches the monitor."""
        if message.instrument in PERPETUALS:
            if self._positions.perpetual_filled(message):
                held = self._positions.perpetuals
                self._limits.perpetuals_changed((message.instrument,), message.fee_asset, held, at, entry)
            return
        fill = self._positions.filled(message, entry)
        if fill is not None:
            self._settlements.filled(message.venue, fill, at)
            self._limits.positions_changed(tuple(fill.amounts), at, entry)

    def busted(self, message: TradeBusted, at: Nanos, entry: Entry) -> None:
        """That a trade was undone reaches the monitor."""
        moved = self._positions.busted(message)
        if moved:
            self._settlements.settled(message.venue, at)
            self._limits.positions_changed(moved, at, entry)

    def corrected(self, message: TradeCorrected, at: Nanos, entry: Entry) -> None:
        """The correction of a trade reaches the monitor."""
        moved = self._positions.corrected(message, entry)
        if moved:
            self._limits.positions_changed(moved, at, entry)

    def variation_settled(self, message: VariationSettled, at: Nanos, entry: Entry) -> None:
        """Variation reaches the monitor."""
        if self._positions.variation_settled(message):
            symbols = tuple(line.instrument for line in message.lines)
            self._limits.perpetuals_changed(symbols, message.asset, self._positions.perpetuals, at, entry)

    def variation_posted(self, message: VariationPosted, at: Nanos, entry: Entry) -> None:
        """The posting of variation reaches the monitor."""
        if self._positions.variation_posted(message):
            self._limits.positions_changed((message.asset,), at, entry)

    def settled(self, message: SettlementSettled, at: Nanos, entry: Entry) -> None:
        """A settlement reaches the monitor."""
        moved = self._positions.settled(message)
        if moved:
            self._settlements.settled(message.venue, at)
            self._limits.positions_changed(moved, at, entry)

    def transfer_pending(self, message: TransferPending, at: Nanos, entry: Entry) -> None:
        """A pending transfer reaches the monitor."""
        if self._positions.transfer_pending(message):
            if message.kind is TransferKind.WITHDRAWAL:
                self._move_reference(message, at)
            self._limits.positions_changed((message.asset,), at, entry)

    def transfer_posted(self, message: TransferPosted, at: Nanos, entry: Entry) -> None:
        """A posted transfer reaches the monitor."""
        if self._positions.transfer_posted(message):
            if message.kind is TransferKind.DEPOSIT or message.kind is TransferKind.WITHDRAWAL:
                self._move_reference(message, at)
            self._limits.positions_changed((message.asset,), at, entry)

    def _move_reference(self, message: TransferPending | TransferPosted, at: Nanos) -> None:
        key = transfer_key(message)
        if key not in self._moved:
            self._moved.add(key)
            move = self._limits.came_in if message.kind is TransferKind.DEPOSIT else self._limits.went_out
            move(message.asset, message.amount_minor, at)


_RECEIVED: Final[dict[type[Message], Callable[[Conditions, Any, Nanos, Entry], None]]] = {
    PricePublished: Conditions.price_arrived,
    OrderFilled: Conditions.filled,
    VariationSettled: Conditions.variation_settled,
    VariationPosted: Conditions.variation_posted,
    TradeBusted: Conditions.busted,
    TradeCorrected: Conditions.corrected,
    SettlementSettled: Conditions.settled,
    TransferPending: Conditions.transfer_pending,
    TransferPosted: Conditions.transfer_posted,
}
