"""Which order book serves: the compiled one where it was built, the plain one elsewhere. Both say the same."""

from __future__ import annotations

from typing import Final

from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.ports.errors import BadInput

AUTO: Final = "auto"
PLAIN: Final = "plain"
COMPILED: Final = "compiled"
CHOICES: Final = (AUTO, PLAIN, COMPILED)


def book_class(choice: str = AUTO) -> type[OrderBook]:
    """The book to use: ``auto`` takes the compiled one where it is there.

    Raises :class:`BadInput` for another word, and for ``compiled`` where the extension was not built.
    """
    if choice not in CHOICES:
        raise BadInput("book", f"{choice!r} is no kind of book; expected one of {', '.join(CHOICES)}")
    if choice == PLAIN:
        return OrderBook
    try:
        from trading_ecosystem.domains.exchange.book.compiled_book import CompiledOrderBook
    except ImportError as error:
        if choice == AUTO:
            return OrderBook
        raise BadInput(
            "book", "the compiled book was not built; install with a C compiler present, or choose plain or auto"
        ) from error
    return CompiledOrderBook


def available() -> tuple[str, ...]:
    """The kinds of book that can serve here."""
    return (PLAIN,) if book_class(AUTO) is OrderBook else (PLAIN, COMPILED)


def serving(choice: str = AUTO) -> str:
    """Which kind serves for a choice: ``plain`` or ``compiled``."""
    return PLAIN if book_class(choice) is OrderBook else COMPILED
