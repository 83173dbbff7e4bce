"""A book used alone loads little: ``benchmarks/test_imports.py`` measures what it costs to import, this holds what it loads."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("tokenize", "zoneinfo", "asyncio", "logging")
FURTHER = tuple(f"trading_ecosystem.messages.{name}" for name in ("orders", "exchange", "custodian", "risk", "envelope"))
BOOK = (
    "from trading_ecosystem.domains.exchange.book.books import available, book_class; "
    "[book_class(kind) for kind in available()]"
)


def printed(code: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_both_books_load_no_message_that_they_do_not_say() -> None:
    loaded = set(printed(f"import sys; before = set(sys.modules); import msgspec; {BOOK}; print(*(set(sys.modules) - before))"))
    assert "trading_ecosystem.messages.book_words" in loaded
    assert loaded.isdisjoint(FURTHER)
    alone = set(printed("import sys; before = set(sys.modules); import msgspec; print(*(set(sys.modules) - before))"))
    assert (loaded - alone).isdisjoint(HEAVY)
