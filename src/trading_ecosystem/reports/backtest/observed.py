"""What a backtest shows while it goes on: equity, orders with their prices at decision and arrival, fills, round trips.

Amounts are USD minor units at the price of the quote asset at that time, rounded down. A *middle* is kept as the sum of bid and
ask, so that it needs no rounding; 0 stands for a market without two sides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec

from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.exchange import (
    CancelOrder,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    PlaceOrder,
    QuoteChanged,
)
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.trading import OrderWithheld, StrategyHalted, StrategyMarked
from trading_ecosystem.messages.units import INSTRUMENTS, MINOR_UNITS_PER_WHOLE, Lots, MinorUnits, Nanos, Ticks
from trading_ecosystem.reports.backtest.round_trips import RoundTrip, RoundTrips


class ObservedOrder(msgspec.Struct):
    """One order as it went."""

    client_order_id: str
    venue: str
    instrument: str
    side: Side
    quantity_lots: Lots
    sent_at: Nanos
    decision_middle: Ticks
    """The middle, as a sum of bid and ask, when it was sent."""
    arrival_middle: Ticks = 0
    """The same when the venue accepted it."""
    filled_lots: Lots = 0
    paid: int = 0
    """Price times lots, in ticks, of all fills."""
    fees_minor: MinorUnits = 0
    """In the quote asset."""
    ended_at: Nanos = 0
    end_middle: Ticks = 0
    """The middle when it ended, or at the end of the backtest."""
    outcome: str = "working"


class EquitySample(msgspec.Struct, frozen=True):
    """One mark: net profit or loss since the start, the worth of all that is held by position, and the positions."""

    at: Nanos
    net_minor: MinorUnits
    gross_minor: MinorUnits
    positions: tuple[tuple[str, str, Lots], ...]


class Observed:
    """Takes in every entry of a backtest's record."""

    def __init__(self) -> None:
        self.orders: dict[tuple[str, str], ObservedOrder] = {}
        self.samples: list[EquitySample] = []
        self.trips: list[RoundTrip] = []
        self.counts: dict[str, int] = {}
        self.withheld: dict[str, int] = {}
        self.halted = ""
        """Why the strategy failed, in one line; empty while it has not."""
        self.positions: dict[tuple[str, str], Lots] = {}
        self.prices: dict[str, MinorUnits] = {}
        self.first_prices: dict[str, MinorUnits] = {}
        self.fees_minor: MinorUnits = 0
        self.last_mark: StrategyMarked | None = None
        self._middles: dict[tuple[str, str], Ticks] = {}
        self._round_trips = RoundTrips()
        self._digest = hashlib.sha256()
        self._encode = msgspec.json.Encoder().encode
        self._handlers: dict[type, Callable[[Nanos, Any], None]] = {
            QuoteChanged: self._quoted,
            PricePublished: self._priced,
            PlaceOrder: self._placed,
            CancelOrder: self._said,
            OrderAccepted: self._accepted,
            OrderRejected: self._rejected,
            OrderCancelled: self._cancelled,
            OrderFilled: self._filled,
            StrategyMarked: self._marked,
            OrderWithheld: self._withheld,
            StrategyHalted: self._halted,
        }

    def record(self, entry: Entry) -> None:
        """Take in one entry."""
        handler = self._handlers.get(type(entry.message))
        if handler is not None:
            handler(entry.at, entry.message)

    def finish(self, at: Nanos, mark: StrategyMarked) -> None:
        """The backtest is over; ``mark`` is how the strategy stands then."""
        for order in self.orders.values():
            if not order.ended_at:
                order.ended_at, order.end_middle = at, self._middle(order)
        if not self.samples or self.samples[-1].at != at:
            self._marked(at, mark)
        self.last_mark = mark

    def digest(self) -> str:
        """SHA-256 over every order, cancel and fill: equal for two backtests that traded alike."""
        return self._digest.hexdigest()

    def usd(self, asset: str, amount: int) -> MinorUnits:
        """An amount of an asset in USD minor units, at the latest price; nothing before there is one."""
        if asset == "USD":
            return amount
        return amount * self.prices.get(f"{asset}/USD", 0) // MINOR_UNITS_PER_WHOLE

    def _count(self, name: str) -> None:
        self.counts[name] = self.counts.get(name, 0) + 1

    def _quoted(self, at: Nanos, quote: QuoteChanged) -> None:
        self._count("quotes")
        two_sided = quote.bid_lots and quote.ask_lots
        self._middles[quote.venue, quote.instrument] = quote.bid_ticks + quote.ask_ticks if two_sided else 0

    def _priced(self, at: Nanos, price: PricePublished) -> None:
        self.prices[price.instrument] = price.price_minor
        self.first_prices.setdefault(price.instrument, price.price_minor)

    def _middle(self, order: PlaceOrder | ObservedOrder) -> Ticks:
        return self._middles.get((order.venue, order.instrument), 0)

    def _said(self, at: Nanos, message: PlaceOrder | CancelOrder | OrderFilled) -> None:
        self._digest.update(b"%d " % at + self._encode(message) + b"\n")

    def _placed(self, at: Nanos, order: PlaceOrder) -> None:
        self._said(at, order)
        self._count("orders")
        self.orders[order.venue, order.client_order_id] = ObservedOrder(
            order.client_order_id, order.venue, order.instrument, order.side, order.quantity_lots, at, self._middle(order)
        )

    def _accepted(self, at: Nanos, accepted: OrderAccepted) -> None:
        order = self.orders[accepted.venue, accepted.client_order_id]
        order.arrival_middle = self._middle(order)

    def _end(self, at: Nanos, venue: str, client_order_id: str, outcome: str) -> None:
        order = self.orders[venue, client_order_id]
        order.ended_at, order.end_middle, order.outcome = at, self._middle(order), outcome

    def _rejected(self, at: Nanos, rejected: OrderRejected) -> None:
        self._count("rejections")
        self._end(at, rejected.venue, rejected.client_order_id, f"rejected: {rejected.reason.value}")

    def _cancelled(self, at: Nanos, cancelled: OrderCancelled) -> None:
        self._count("cancels")
        self._end(at, cancelled.venue, cancelled.client_order_id, "cancelled")

    def _filled(self, at: Nanos, fill: OrderFilled) -> None:
        self._said(at, fill)
        self._count("fills")
        self._count(f"{fill.liquidity.value} fills")
        order = self.orders[fill.venue, fill.client_order_id]
        order.filled_lots += fill.quantity_lots
        order.paid += fill.price_ticks * fill.quantity_lots
        order.fees_minor += fill.fee_minor
        if not fill.leaves_lots:
            self._end(at, fill.venue, fill.client_order_id, "filled")
        place = (fill.venue, fill.instrument)
        signed = fill.quantity_lots if fill.side is Side.BUY else -fill.quantity_lots
        self.positions[place] = self.positions.get(place, 0) + signed
        self.fees_minor += self.usd(fill.fee_asset, fill.fee_minor)
        quote = INSTRUMENTS[fill.instrument].quote
        for trip in self._round_trips.filled(at, fill):
            usd = msgspec.structs.replace(trip, net_minor=self.usd(quote, trip.net_minor))
            self.trips.append(usd)

    def _marked(self, at: Nanos, mark: StrategyMarked) -> None:
        gross = 0
        for (_, symbol), lots in self.positions.items():
            instrument = INSTRUMENTS[symbol]
            gross += abs(self.usd(instrument.base, instrument.base_amount(abs(lots))))
        held = tuple((venue, symbol, lots) for (venue, symbol), lots in self.positions.items() if lots)
        self.samples.append(EquitySample(at, mark.realised_usd_minor + mark.unrealised_usd_minor, gross, held))
        self.last_mark = mark

    def _withheld(self, at: Nanos, withheld: OrderWithheld) -> None:
        self.withheld[withheld.reason.value] = self.withheld.get(withheld.reason.value, 0) + 1

    def _halted(self, at: Nanos, halted: StrategyHalted) -> None:
        self.halted = halted.detail
