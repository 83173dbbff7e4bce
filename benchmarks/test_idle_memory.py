"""What an idle venue holds in memory: six pairs listed, background orders in every book, nobody trading.

Run with ``pytest -s benchmarks/test_idle_memory.py``. Each figure is the resident set of a new process; asked: a venue of six
pairs holds less than 100 MB.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from trading_ecosystem.domains.exchange.book import books

MEGABYTE = 1_000_000
ASKED_MEGABYTES = 100
PACKAGE = "import trading_ecosystem"
IMPORTED = "import trading_ecosystem.domains.exchange.component"
VENUE = """
from trading_ecosystem.domains.exchange.component import Exchange, PublicationDue
from trading_ecosystem.domains.exchange.parameters import ExchangeParameters
from trading_ecosystem.messages.custodian import AssetsPledged
from trading_ecosystem.messages.market_data import FundamentalPriceChanged
from trading_ecosystem.messages.units import ASSETS, MINUTE, SECOND, SPOT_PAIRS
from trading_ecosystem.ports.component import Begin
from trading_ecosystem.runtime.randomness import SeededRandomness

PRICES = {{"BTC/USD": 6 * 10**12, "ETH/USD": 3 * 10**11, "BTC/USDT": 6 * 10**12, "ETH/USDT": 3 * 10**11,
          "ETH/BTC": 5 * 10**6, "USDT/USD": 10**8}}
assert tuple(PRICES) == SPOT_PAIRS
parameters = ExchangeParameters("custodian", SPOT_PAIRS, 10 * SECOND, 200, 500, 10 * MINUTE, book="{book}")
venue = Exchange("exchange-alpha", parameters, SeededRandomness(1))
venue.handle(Begin(), 0)
for number, asset in enumerate(ASSETS, start=1):
    venue.handle(AssetsPledged("exchange-alpha", "custodian", number, "exchange-alpha-house", asset, 10**17), 0)
for symbol, price in PRICES.items():
    venue.handle(FundamentalPriceChanged(symbol, price), 0)
said = venue.handle(PublicationDue(), 10 * SECOND)
assert len(said) > 12, said
"""
RESIDENT = """
import os, subprocess
print(1024 * int(subprocess.run(["ps", "-o", "rss=", "-p", str(os.getpid())], capture_output=True, check=True).stdout))
"""


def resident(code: str) -> int:
    """Bytes that a new process holds in memory once it has executed the code."""
    done = subprocess.run([sys.executable, "-c", code + RESIDENT], check=True, capture_output=True, text=True, timeout=120)
    return int(done.stdout)


@pytest.mark.parametrize("book", books.available())
def test_an_idle_venue(book: str) -> None:
    package, imported = resident(PACKAGE) / MEGABYTE, resident(IMPORTED) / MEGABYTE
    venue = resident(VENUE.format(book=book)) / MEGABYTE
    print(f"\nresident, the package {package:.1f} MB, with the venue's code {imported:.1f} MB")
    print(
        f"resident, an idle venue of six pairs on {book} books {venue:.1f} MB, {venue - package:.1f} MB more than the package"
    )
    assert package < imported < venue < ASKED_MEGABYTES
