"""Types of the batch door."""

from collections.abc import Iterable
from typing import Any, Final

from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.domains.exchange.book.book_events import BookEvent

INTERFACE: Final[int]
COMMAND_FORMAT: Final[str]
EVENT_FORMAT: Final[str]
PLACE: Final[int]
CANCEL: Final[int]
REDUCE: Final[int]
REPLACE: Final[int]
TERMS: Final[int]
SELL: Final[int]
MARKET: Final[int]
IMMEDIATE_OR_CANCEL: Final[int]
FILL_OR_KILL: Final[int]
POST_ONLY: Final[int]
REPRICE: Final[int]
HIDDEN: Final[int]

class Batch:
    def __init__(self, books: Iterable[OrderBook]) -> None: ...
    def run(self, commands: Any) -> int: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...

def events_of(batch: Batch) -> list[tuple[int, BookEvent]]: ...
