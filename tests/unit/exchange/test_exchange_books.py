"""Which book serves: the choice and its errors, and that the compiled one is there wherever it can be built."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from tests.campaign import REPOSITORY

from trading_ecosystem import __version__
from trading_ecosystem.domains.exchange.book import books
from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.ports.errors import BadInput

COMPILED = "trading_ecosystem.domains.exchange.book.compiled_book"


def test_only_known_kinds_of_book_are_chosen() -> None:
    with pytest.raises(BadInput, match="no kind of book"):
        books.book_class("fast")
    assert books.book_class("plain") is OrderBook
    assert books.serving("plain") == "plain"
    assert books.serving("auto") == books.available()[-1]


def test_without_the_extension_the_plain_book_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, COMPILED, None)
    assert books.available() == ("plain",)
    assert books.book_class("auto") is OrderBook
    assert books.serving() == "plain"
    with pytest.raises(BadInput, match="the compiled book was not built; install with a C compiler present"):
        books.book_class("compiled")


def test_the_command_line_says_which_book_serves() -> None:
    asked = [sys.executable, "-m", "trading_ecosystem", "--version"]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines() == [f"trading-ecosystem {__version__}", f"order book: {books.serving()}"]


def test_the_compiled_book_is_there_where_it_can_be_built(tmp_path: Path) -> None:
    """Absent it may be only where there is no compiler; ``TRADING_ECOSYSTEM_COMPILED=1`` says that it must be there."""
    if "compiled" in books.available():
        return
    if os.environ.get("TRADING_ECOSYSTEM_COMPILED") == "1":
        pytest.fail("TRADING_ECOSYSTEM_COMPILED=1, and the compiled book was not built")
    if os.environ.get("TRADING_ECOSYSTEM_PLAIN") == "1":
        pytest.skip("TRADING_ECOSYSTEM_PLAIN=1: the installation builds no extension")
    compiler = (sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(os.environ.get("CC", compiler)) is None:
        pytest.skip(f"the compiled book was not built: there is no C compiler ({compiler})")
    build = [
        sys.executable,
        "setup.py",
        "-q",
        "build_ext",
        "--build-lib",
        f"{tmp_path}/lib",
        "--build-temp",
        f"{tmp_path}/temp",
    ]
    done = subprocess.run(build, cwd=REPOSITORY, capture_output=True, text=True, timeout=300, check=False)
    if list((tmp_path / "lib").rglob("compiled_book*")):
        pytest.fail("the compiled book can be built here and was not: install again (pip install --editable .)")
    pytest.fail(f"there is a C compiler, and the compiled book does not build:\n{done.stderr[-2000:]}")
