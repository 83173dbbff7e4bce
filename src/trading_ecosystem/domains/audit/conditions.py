"""When each alert condition held for the firm: what reaches the monitor, handed to the groups of conditions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from trading_ecosystem.domains.audit.custody_conditions import CustodyConditions
from trading_ecosystem.domains.audit.equity import CASH
from trading_ecosystem.domains.audit.feed_conditions import FeedConditions
from trading_ecosystem.domains.audit.intervals import Tracks
from trading_ecosystem.domains.audit.limit_scopes import LimitScopes
from trading_ecosystem.domains.audit.market_conditions import MarketConditions
from trading_ecosystem.domains.audit.order_conditions import Answer, OrderConditions
from trading_ecosystem.domains.audit.plausible import ARRIVES, LARGEST_NUMBER, is_numbered
from trading_ecosystem.domains.audit.positions import Positions, TransferKey, transfer_key
from trading_ecosystem.domains.audit.price_conditions import PriceConditions
from trading_ecosystem.domains.audit.settlement_conditions import SettlementConditions
from trading_ecosystem.domains.audit.venue_conditions import VenueConditions
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.custodian import (
    HoldingsStated,
    SettlementCancelled,
    SettlementInstructed,
    SettlementPartlySettled,
    SettlementSettled,
    TransferKind,
    TransferPending,
    TransferPosted,
    TransferRejected,
    VariationPosted,
)
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.exchange import (
    CancelOrder,
    CancelRejected,
    DepthChanged,
    InstrumentListed,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    PlaceOrder,
    QuoteChanged,
    TradesPublished,
)
from trading_ecosystem.messages.margin import MarginChanged, VariationSettled
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.risk import AlertKind, LimitSet
from trading_ecosystem.messages.trading_phases import TradeBusted, TradeCorrected, TradingPhaseChanged
from trading_ecosystem.messages.units import INSTRUMENTS, PERPETUALS, MinorUnits, Nanos

RECOMPUTED: Final = frozenset(AlertKind)
"""The alerts whose conditions are recomputed here: only these can be judged, and no verdict is said of others."""


class Conditions:
    """Every condition on one firm; ``receive`` is called in the order in which messages reach the monitor."""

    def __init__(self, instruments: Sequence[str]) -> None:
        self.tracks = Tracks()
        self._positions = Positions()
        self._prices = PriceConditions(instruments, self.tracks)
        self._settlements = SettlementConditions(self.tracks)
        self._limits = LimitScopes(self._positions, instruments, self.tracks)
        self._feeds = FeedConditions(instruments, self.tracks)
        self._market = MarketConditions(instruments, self.tracks)
        self._venues = VenueConditions(self.tracks)
        self._orders = OrderConditions(self.tracks)
        self._custody = CustodyConditions(self.tracks)
        self._tick_sizes: dict[tuple[str, str], MinorUnits] = {}
        self._bases = {name: INSTRUMENTS[name].base for name in instruments if name == f"{INSTRUMENTS[name].base}/{CASH}"}
        self._instruments = frozenset(instruments)
        self._moved: set[TransferKey] = set()

    def receive(self, entry: Entry, at: Nanos) -> None:
        """An entry's message reaches the monitor at ``at``; nothing looks at many kinds."""
        message = entry.message
        kind = type(message)
        received, arrives = _RECEIVED.get(kind), ARRIVES.get(kind)
        if received is not None and (arrives is None or arrives(message)):
            received(self, message, at, entry)

    def listed(self, message: InstrumentListed) -> None:
        """Reference data; it counts when it is said."""
        self._positions.listed(message)
        self._tick_sizes[message.venue, message.instrument] = message.tick_size

    def limit_set(self, message: LimitSet, entry: Entry) -> None:
        """The monitor itself says which limit is in force."""
        self._limits.limit_set(message, entry.at, entry)

    def advance(self, at: Nanos) -> None:
        """Time has come to ``at``: what begins by the passing of time may have begun."""
        self._prices.advance(at)
        self._settlements.advance(at)
        self._venues.advance(at)
        self._orders.advance(at)
        self._custody.advance(at)

    def price_arrived(self, message: PricePublished, at: Nanos, entry: Entry) -> None:
        """A price reaches the monitor."""
        instrument = message.instrument
        if instrument not in self._instruments or not 0 < message.price_minor <= LARGEST_NUMBER:
            return
        self._prices.price_arrived(message, at, entry)
        if is_numbered(message):
            self._feeds.price_arrived(message, at, entry)
            self._market.price_arrived(message, at, entry)
        if instrument in PERPETUALS:
            self._limits.perpetual_priced(instrument, message.price_minor, self._positions.perpetuals, at, entry)
        asset = self._bases.get(instrument)
        if asset is not None:
            self._limits.price_arrived(asset, message.price_minor, at, entry)
        self._limits.activity.price_arrived(at, entry)

    def filled(self, message: OrderFilled, at: Nanos, entry: Entry) -> None:
        """A fill reaches the monitor."""
        self._orders.venue(message.venue).filled(message, at, entry)
        if message.instrument in PERPETUALS:
            if self._positions.perpetual_filled(message):
                self._limits.activity.filled(message, at, entry)
                held = self._positions.perpetuals
                self._limits.perpetuals_changed((message.instrument,), message.fee_asset, held, at, entry)
            return
        self._custody.venue(message.venue).filled(message, at, entry)
        fill = self._positions.filled(message, entry)
        if fill is not None:
            self._limits.activity.filled(message, at, entry)
            self._settlements.filled(message.venue, fill, at)
            self._limits.positions_changed(tuple(fill.amounts), at, entry)

    def busted(self, message: TradeBusted, at: Nanos, entry: Entry) -> None:
        """That a trade was undone reaches the monitor."""
        self._custody.venue(message.venue).over(message, at, entry)
        moved = self._positions.busted(message)
        if moved:
            self._settlements.settled(message.venue, at)
            self._limits.positions_changed(moved, at, entry)

    def corrected(self, message: TradeCorrected, at: Nanos, entry: Entry) -> None:
        """The correction of a trade reaches the monitor."""
        self._custody.venue(message.venue).corrected(message)
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
        self._custody.venue(message.venue).over(message, at, entry)
        moved = self._positions.settled(message)
        if moved:
            self._settlements.settled(message.venue, at)
            self._limits.positions_changed(moved, at, entry)

    def partly_settled(self, message: SettlementPartlySettled, at: Nanos, entry: Entry) -> None:
        """The settlement of a part reaches the monitor."""
        moved = self._positions.partly_settled(message)
        if moved:
            self._limits.positions_changed(moved, at, entry)

    def transfer_pending(self, message: TransferPending, at: Nanos, entry: Entry) -> None:
        """A pending transfer reaches the monitor."""
        self._custody.custodian(message.custodian).pending(message, at, entry)
        if self._positions.transfer_pending(message):
            if message.kind is TransferKind.WITHDRAWAL:
                self._move_reference(message, at)
            self._limits.positions_changed((message.asset,), at, entry)

    def transfer_posted(self, message: TransferPosted, at: Nanos, entry: Entry) -> None:
        """A posted transfer reaches the monitor."""
        self._custody.custodian(message.custodian).posted(message, at, entry)
        if self._positions.transfer_posted(message):
            if message.kind is TransferKind.DEPOSIT or message.kind is TransferKind.WITHDRAWAL:
                self._move_reference(message, at)
            self._limits.positions_changed((message.asset,), at, entry)

    def quoted(self, message: QuoteChanged, at: Nanos, entry: Entry) -> None:
        """A venue's quote reaches the monitor."""
        tick_size = self._tick_sizes.get((message.venue, message.instrument)) or INSTRUMENTS[message.instrument].tick_size
        self._market.quote_arrived(message, tick_size, at)
        self._venues.quote_arrived(message, at, entry)

    def depth_arrived(self, message: DepthChanged, at: Nanos, entry: Entry) -> None:
        """A venue's depth reaches the monitor."""
        self._venues.depth_arrived(message, at, entry)

    def traded(self, message: TradesPublished, at: Nanos, entry: Entry) -> None:
        """A venue's summary of trades reaches the monitor."""
        self._venues.venue(message.venue).heard(at, entry)

    def phase_changed(self, message: TradingPhaseChanged, at: Nanos, entry: Entry) -> None:
        """The phase of a market reaches the monitor."""
        self._venues.venue(message.venue).phase_changed(message, at, entry)

    def commanded(self, message: PlaceOrder | CancelOrder, at: Nanos, entry: Entry) -> None:
        """The copy of a command reaches the monitor."""
        self._limits.activity.commanded(message, at, entry)
        self._orders.venue(message.venue).commanded(message, at, entry)

    def answered(self, message: Answer, at: Nanos, entry: Entry) -> None:
        """The answer to a command reaches the monitor."""
        self._orders.venue(message.venue).answered(message, at, entry)

    def transfer_rejected(self, message: TransferRejected, at: Nanos, entry: Entry) -> None:
        """A refused transfer reaches the monitor."""
        self._custody.custodian(message.custodian).rejected(message, at, entry)

    def margin_changed(self, message: MarginChanged, at: Nanos, entry: Entry) -> None:
        """Where an account stands at a venue reaches the monitor."""
        self._limits.margin_changed(message, at, entry)

    def instructed(self, message: SettlementInstructed, at: Nanos, entry: Entry) -> None:
        """An instruction reaches the monitor."""
        self._custody.venue(message.venue).instructed(message, at, entry)

    def instruction_cancelled(self, message: SettlementCancelled, at: Nanos, entry: Entry) -> None:
        """The cancellation of an instruction reaches the monitor."""
        self._custody.venue(message.venue).over(message, at, entry)

    def holdings_stated(self, message: HoldingsStated, at: Nanos, entry: Entry) -> None:
        """A custodian's statement reaches the monitor."""
        self._custody.custodian(message.custodian).stated(message, self._positions, at, entry)

    def _move_reference(self, message: TransferPending | TransferPosted, at: Nanos) -> None:
        key = transfer_key(message)
        if key not in self._moved:
            self._moved.add(key)
            move = self._limits.came_in if message.kind is TransferKind.DEPOSIT else self._limits.went_out
            move(message.account, message.asset, message.amount_minor, at)


_RECEIVED: Final[dict[type[Message], Callable[[Conditions, Any, Nanos, Entry], None]]] = {
    PricePublished: Conditions.price_arrived,
    OrderFilled: Conditions.filled,
    VariationSettled: Conditions.variation_settled,
    VariationPosted: Conditions.variation_posted,
    TradeBusted: Conditions.busted,
    TradeCorrected: Conditions.corrected,
    SettlementSettled: Conditions.settled,
    SettlementPartlySettled: Conditions.partly_settled,
    TransferPending: Conditions.transfer_pending,
    TransferPosted: Conditions.transfer_posted,
    QuoteChanged: Conditions.quoted,
    DepthChanged: Conditions.depth_arrived,
    TradesPublished: Conditions.traded,
    TradingPhaseChanged: Conditions.phase_changed,
    PlaceOrder: Conditions.commanded,
    CancelOrder: Conditions.commanded,
    OrderAccepted: Conditions.answered,
    OrderRejected: Conditions.answered,
    OrderCancelled: Conditions.answered,
    CancelRejected: Conditions.answered,
    TransferRejected: Conditions.transfer_rejected,
    SettlementInstructed: Conditions.instructed,
    SettlementCancelled: Conditions.instruction_cancelled,
    HoldingsStated: Conditions.holdings_stated,
    MarginChanged: Conditions.margin_changed,
}
