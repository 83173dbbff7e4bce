"""What importing costs: the package, and beyond it both order books and a whole venue; each in new processes, taking turns.

Run with ``pytest -s benchmarks/test_imports.py``. Measured is processor time, so that what else the machine does counts little:
the minimum of the rounds is what the code costs, the median what it cost on this machine today. Bytecode is there, as after
any second use. Asked: importing the exchange costs at most 20 ms more than importing the package.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys

ROUNDS = 25
PACKAGE = "import trading_ecosystem"
BOOKS = "from trading_ecosystem.domains.exchange.book import books"
CASES = {
    "the package": ("pass", PACKAGE),
    "beyond it: the chooser of books": (PACKAGE, BOOKS),
    "beyond it: both books, compiled and plain": (PACKAGE, f"{BOOKS}; [books.book_class(kind) for kind in books.available()]"),
    "beyond it: a whole venue": (PACKAGE, "import trading_ecosystem.domains.exchange.component"),
    "beyond it: msgspec as it comes, for comparison": (PACKAGE, "import msgspec"),
}


def milliseconds(before: str, statement: str) -> float:
    """Processor time that a statement takes in a new process."""
    code = f"import time; {before}; began = time.process_time_ns(); {statement}; print(time.process_time_ns() - began)"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60, env=environment)
    return int(done.stdout) / 1e6


def test_imports() -> None:
    for before, statement in CASES.values():
        milliseconds(before, statement)
    taken: dict[str, list[float]] = {name: [] for name in CASES}
    for _ in range(ROUNDS):
        for name, (before, statement) in CASES.items():
            taken[name].append(milliseconds(before, statement))
    print()
    for name, times in taken.items():
        print(f"import, {name:<47} minimum {min(times):5.1f} ms   median {statistics.median(times):5.1f} ms")
    assert min(taken["beyond it: a whole venue"]) > min(taken["beyond it: the chooser of books"])
