"""Types of the compiled book: those of the plain one, and its own lean doors."""

from typing import Any, Final

from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.messages.orders import CancelReason, RejectReason, SelfTradePrevention
from trading_ecosystem.messages.units import Lots, Ticks

INTERFACE: Final[int]
CANCEL_REASONS: Final[tuple[CancelReason, ...]]
REFUSAL_REASONS: Final[tuple[RejectReason, ...]]
SELF_TRADE_MODES: Final[tuple[SelfTradePrevention, ...]]

def choose_key(book: CompiledOrderBook, key: int) -> None: ...

class CompiledOrderBook(OrderBook):
    def limit(
        self, order_id: int, owner: int, buys: bool, lots: Lots, price_ticks: Ticks
    ) -> tuple[tuple[int, Ticks, Lots], ...] | RejectReason: ...
    def amend(
        self, order_id: int, leaves_lots: Lots, price_ticks: Ticks
    ) -> tuple[tuple[int, Ticks, Lots], ...] | RejectReason: ...
    def withdraw(self, order_id: int) -> Lots: ...
    def snapshot_state(self) -> list[Any]: ...
    @classmethod
    def from_snapshot_state(cls, state: list[Any]) -> CompiledOrderBook: ...
