"""A recorded venue on its own, and short words for what happens there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from trading_ecosystem.domains.exchange.recorded.component import RecordedVenue, RecordingDue
from trading_ecosystem.domains.exchange.recorded.happenings import Happening, RecordedDepth, RecordedRange, RecordedTrade
from trading_ecosystem.domains.exchange.recorded.parameters import RecordedVenueParameters
from trading_ecosystem.domains.exchange.recorded.queue_position import QueueEstimate
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.book_words import Level, Side
from trading_ecosystem.messages.exchange import CancelOrder, OrderFilled, PlaceOrder
from trading_ecosystem.messages.orders import OrderType, TimeInForce
from trading_ecosystem.messages.units import MINOR_UNITS_PER_WHOLE
from trading_ecosystem.ports.component import Begin, Later
from trading_ecosystem.runtime.randomness import SeededRandomness

ALPHA = "exchange-alpha"
BTC = "BTC/USD"
ACCOUNT = "fund/one"
USD = MINOR_UNITS_PER_WHOLE
BUY, SELL = Side.BUY, Side.SELL

Said = TypeVar("Said", bound=Message)


def depth(at: int, bids: list[tuple[int, int]], asks: list[tuple[int, int]]) -> RecordedDepth:
    return RecordedDepth(at, BTC, tuple(Level(*one) for one in bids), tuple(Level(*one) for one in asks))


def trade(at: int, price: int, lots: int, aggressor: Side | None = None) -> RecordedTrade:
    return RecordedTrade(at, BTC, price, lots, aggressor)


def bar(at: int, low: int, high: int, close: int, volume: int) -> RecordedRange:
    return RecordedRange(at, BTC, high, low, close, volume)


class Floor:
    """A recorded venue that is told of one thing after the other."""

    def __init__(self, *happenings: Happening, **parameters: object) -> None:
        claims = ((ACCOUNT, "USD", 1_000_000 * USD), (ACCOUNT, "BTC", 10 * USD))
        settings = RecordedVenueParameters((BTC,), (BTC,), claims, **parameters)  # type: ignore[arg-type]
        self.venue = RecordedVenue(ALPHA, settings, iter(happenings), SeededRandomness(1))
        self.said: list[Message] = []
        self.take(self.venue.handle(Begin(), 0))
        self.names = 0

    def take(self, said: Iterable[Message | Later]) -> list[Message]:
        heard = [one for one in said if isinstance(one, Message)]
        self.said += heard
        return heard

    def until(self, now: int) -> list[Message]:
        """Let everything recorded up to now happen."""
        heard: list[Message] = []
        while self.venue.next is not None and self.venue.next.at <= now:
            heard += self.take(self.venue.handle(RecordingDue(), self.venue.next.at))
        return heard

    def place(
        self,
        side: Side,
        price: int,
        lots: int,
        *,
        order_type: OrderType = OrderType.LIMIT,
        time_in_force: TimeInForce = TimeInForce.GOOD_TILL_CANCEL,
        post_only: bool = False,
        now: int = 0,
        name: str = "",
    ) -> list[Message]:
        self.names += 1
        name = name or f"one-{self.names}"
        command = PlaceOrder(ALPHA, ACCOUNT, name, BTC, side, order_type, time_in_force, price, lots, post_only)
        return self.take(self.venue.handle(command, now))

    def cancel(self, name: str, now: int = 0) -> list[Message]:
        return self.take(self.venue.handle(CancelOrder(ALPHA, ACCOUNT, name), now))

    def claim(self, asset: str) -> tuple[int, int]:
        claim = self.venue.entry.holdings.claims.of(ACCOUNT, asset)
        return claim.available, claim.held


def of(kind: type[Said], said: Iterable[Message]) -> list[Said]:
    return [one for one in said if isinstance(one, kind)]


def fills(said: Iterable[Message]) -> list[tuple[int, int]]:
    """Price and lots of every fill."""
    return [(one.price_ticks, one.quantity_lots) for one in of(OrderFilled, said)]


PROPORTIONAL = QueueEstimate.PROPORTIONAL
