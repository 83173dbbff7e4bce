"""Which order book serves: the compiled one where it was built and fits, the plain one elsewhere. Both say the same."""

from __future__ import annotations

from typing import Final

from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.domains.exchange.book.compiled_interface import UNFIT, check_interface, is_stale, staleness
from trading_ecosystem.ports.errors import BadInput

AUTO: Final = "auto"
PLAIN: Final = "plain"
COMPILED: Final = "compiled"
CHOICES: Final = (AUTO, PLAIN, COMPILED)

_MODULE: Final = "trading_ecosystem.domains.exchange.book.compiled_book"


def book_class(choice: str = AUTO) -> type[OrderBook]:
    """The book to use: ``auto`` takes the compiled one where it is there and fits.

    Raises :class:`BadInput` for another word, and for ``compiled`` where the extension was not built, or from other sources.
    """
    if choice not in CHOICES:
        raise BadInput("book", f"{choice!r} is no kind of book; expected one of {', '.join(CHOICES)}")
    if choice == PLAIN:
        return OrderBook
    try:
        return _compiled_book()
    except UNFIT as error:
        if choice == AUTO:
            return OrderBook
        if is_stale(error, _MODULE):
            raise BadInput("book", f"{staleness(error, _MODULE)}, or choose plain or auto") from error
        raise BadInput(
            "book", "the compiled book was not built; install with a C compiler present, or choose plain or auto"
        ) from error


def available() -> tuple[str, ...]:
    """The kinds of book that can serve here."""
    return (PLAIN,) if book_class(AUTO) is OrderBook else (PLAIN, COMPILED)


def serving(choice: str = AUTO) -> str:
    """Which kind serves for a choice: ``plain`` or ``compiled``."""
    return PLAIN if book_class(choice) is OrderBook else COMPILED


def stale() -> str | None:
    """Why a compiled book that was built does not serve, in one line; ``None`` where it serves or was not built."""
    try:
        _compiled_book()
    except UNFIT as error:
        return staleness(error, _MODULE) if is_stale(error, _MODULE) else None
    return None


def _compiled_book() -> type[OrderBook]:
    import trading_ecosystem.domains.exchange.book.compiled_book as compiled

    check_interface(compiled)
    return compiled.CompiledOrderBook
