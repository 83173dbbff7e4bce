"""A book used alone loads little: what it costs to import is measured in ``benchmarks/test_imports.py``, what it loads is held here."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("ast", "inspect", "tokenize", "dataclasses", "zoneinfo", "asyncio", "logging", "typing_extensions")
FURTHER = tuple(f"trading_ecosystem.messages.{name}" for name in ("orders", "exchange", "custodian", "risk", "envelope"))
BOOK = "from trading_ecosystem.domains.exchange.book.books import available, book_class; [book_class(kind) for kind in available()]"


def printed(code: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_both_books_load_no_heavy_library_and_no_message_that_they_do_not_say() -> None:
    loaded = set(printed(f"import sys; before = set(sys.modules); {BOOK}; print(*(set(sys.modules) - before))"))
    assert "trading_ecosystem.messages.book_words" in loaded
    assert loaded.isdisjoint({*HEAVY, *FURTHER})


def test_typing_extensions_can_be_imported_afterwards_and_elsewhere_meanwhile() -> None:
    code = f"""
import sys, threading
before = list(sys.meta_path)
{BOOK}
assert sys.meta_path == before
import typing_extensions
found = []
from trading_ecosystem.messages.msgspec_alone import _TypingSuffices
del sys.modules["typing_extensions"]
sys.meta_path.insert(0, _TypingSuffices())
other = threading.Thread(target=lambda: found.append(__import__("typing_extensions").__name__))
other.start()
other.join()
print(*found)
del sys.modules["typing_extensions"]
try:
    import typing_extensions
except ModuleNotFoundError as error:
    print(error.name)
"""
    assert printed(code) == ["typing_extensions", "typing_extensions"]


def test_messages_are_decoded_as_ever() -> None:
    code = f"""
{BOOK}
import msgspec
from typing_extensions import NotRequired, TypedDict
class Row(TypedDict):
    price: int
    note: NotRequired[str]
print(msgspec.convert({{"price": 1}}, Row)["price"])
"""
    assert printed(code) == ["1"]
