"""The background flow's own list of the house's resting orders on one side, by price and age.

Prices are kept as *keys*: times +1 for bids and -1 for asks, so that the best is the highest on both sides and stands last; of
one price the oldest stands last. So what trades next is always the last, and an order is found by its rank from the best.
"""

from __future__ import annotations

from bisect import bisect_left

from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import Ticks


class HouseOrders:
    """One side."""

    __slots__ = ("ids", "keys", "side", "sign")

    def __init__(self, side: Side) -> None:
        self.side = side
        self.sign = 1 if side is Side.BUY else -1
        self.keys: list[int] = []
        self.ids: list[int] = []

    def __len__(self) -> int:
        return len(self.keys)

    def rested(self, order_id: int, price_ticks: Ticks) -> None:
        """An order came to rest."""
        key = price_ticks * self.sign
        place = bisect_left(self.keys, key)
        self.keys.insert(place, key)
        self.ids.insert(place, order_id)

    def filled(self, order_id: int) -> None:
        """The order that trades next traded whole."""
        assert self.ids[-1] == order_id
        self.keys.pop()
        self.ids.pop()

    def behind_best(self) -> int:
        """How many stand behind the best price."""
        return bisect_left(self.keys, self.keys[-1]) if self.keys else 0

    def take_out(self, place: int) -> int:
        """Forget the order at a place and return its number."""
        del self.keys[place]
        return self.ids.pop(place)

    def forget_gone(self, book: OrderBook) -> None:
        """Forget those at the best end that others have traded with since."""
        while self.ids and self.ids[-1] not in book:
            self.keys.pop()
            self.ids.pop()

    def forget_all_gone(self, book: OrderBook) -> None:
        """Forget all that have left the book, wherever they stood."""
        standing = [(key, order_id) for key, order_id in zip(self.keys, self.ids, strict=True) if order_id in book]
        self.keys = [key for key, _ in standing]
        self.ids = [order_id for _, order_id in standing]
