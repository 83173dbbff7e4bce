"""A compiled module that was built from other sources does not serve, and one line says which, why, and how to mend it."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from tests.campaign import REPOSITORY

from trading_ecosystem.domains.exchange.book import books
from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.domains.exchange.book.compiled_interface import INTERFACE, check_interface
from trading_ecosystem.ports.errors import BadInput

EXCHANGE = REPOSITORY / "src" / "trading_ecosystem" / "domains" / "exchange"
BOOK = "trading_ecosystem.domains.exchange.book.compiled_book"
FLOW = "trading_ecosystem.domains.exchange.flow.compiled_flow"
PROMISE = re.compile(r"^ *(?:def|cpdef|cdef class) .*?:$|^[A-Z][A-Z_]* = .*?$", re.MULTILINE | re.DOTALL)
"""What other code can see of a ``.pyx``: functions, classes, constants."""
KNOWN = (1, "af6643744a9e7750")
"""The number, and the digest of everything that it stands for."""

built = pytest.mark.skipif("compiled" not in books.available(), reason="the compiled book was not built")


def promised(folder: Path) -> str:
    """A digest of the declarations, the type stubs and the visible lines of all compiled modules below a folder."""
    digest = hashlib.sha256()
    for path in sorted(each for kind in ("pxd", "pyi", "pyx") for each in folder.rglob(f"*.{kind}")):
        text = path.read_text(encoding="utf-8")
        lines = [match.group(0) for match in PROMISE.finditer(text)] if path.suffix == ".pyx" else text.splitlines()
        digest.update("\n".join([path.name, *lines, ""]).encode())
    return digest.hexdigest()[:16]


def test_every_compiled_module_says_the_number() -> None:
    sources = sorted(EXCHANGE.rglob("*.pyx"))
    assert len(sources) >= 3
    for path in sources:
        assert re.findall(r"^INTERFACE = (\d+)$", path.read_text(encoding="utf-8"), re.MULTILINE) == [str(INTERFACE)], path


def test_the_number_is_raised_with_what_it_stands_for() -> None:
    now = (INTERFACE, promised(EXCHANGE))
    assert now == KNOWN, f"raise INTERFACE in compiled_interface.py and every .pyx, and put {now} here as KNOWN"


def test_a_change_of_what_others_rely_on_changes_the_digest(tmp_path: Path) -> None:
    for name in ("book/compiled_book.pxd", "book/compiled_book.pyi", "book/compiled_book.pyx"):
        (tmp_path / Path(name).name).write_bytes((EXCHANGE / name).read_bytes())
    before = promised(tmp_path)
    source = tmp_path / "compiled_book.pyx"
    text = source.read_text(encoding="utf-8")
    source.write_text(text.replace("\n\n\n", "\n\n\n# A remark.\n", 1), encoding="utf-8")
    assert promised(tmp_path) == before
    source.write_text(text.replace("def withdraw(self, ", "def take_back(self, ", 1), encoding="utf-8")
    assert promised(tmp_path) != before
    source.write_text(text, encoding="utf-8")
    header = tmp_path / "compiled_book.pxd"
    header.write_text(header.read_text(encoding="utf-8").replace("int64_t", "int32_t", 1), encoding="utf-8")
    assert promised(tmp_path) != before


@built
def test_a_book_with_another_number_does_not_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    assert books.stale() is None
    monkeypatch.setattr(sys.modules[BOOK], "INTERFACE", INTERFACE - 1)
    assert books.book_class("auto") is OrderBook
    assert books.available() == ("plain",)
    why = (
        f"compiled_book was built from other sources than these (its interface has number {INTERFACE - 1}, "
        f"this code's {INTERFACE}); build it anew with `make`, or with `pip install -e .`"
    )
    assert books.stale() == why
    with pytest.raises(BadInput) as refused:
        books.book_class("compiled")
    assert str(refused.value) == f"book: {why}, or choose plain or auto"


def test_a_module_from_before_there_were_numbers_does_not_fit() -> None:
    with pytest.raises(ImportError, match="number 0"):
        check_interface(ModuleType("compiled_something"))


def command_line(preparation: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    start = f"from trading_ecosystem.cli import main\nsys.argv[1:] = {list(arguments)!r}\nmain()"
    code = f"import sys\n{preparation}\n{start}"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)


@built
def test_the_command_line_says_what_does_not_serve_and_why(tmp_path: Path) -> None:
    other = f"import {BOOK} as it; it.INTERFACE = 99\nimport {FLOW} as it; it.INTERFACE = 98"
    lines = command_line(other, "--version").stdout.splitlines()
    assert lines[1] == "order book: plain"
    assert [line.split(" was ")[0] for line in lines[2:]] == ["not used: compiled_book", "not used: compiled_flow"]
    assert "number 99" in lines[2]
    assert "`make`" in lines[3]
    recording = tmp_path / "orders.csv"
    recording.write_text("time,action,order_id,side,price,size\n", encoding="utf-8")
    done = command_line(other, "book-replay", str(recording), "--book", "compiled")
    assert done.returncode == 2, done
    (line,) = done.stderr.splitlines()
    assert "compiled_book was built from other sources than these" in line


@built
def test_a_book_that_cannot_be_imported_any_more_does_not_serve() -> None:
    """What a built module asks of the Python code may be gone."""
    gone = "import trading_ecosystem.domains.exchange.book.book as it; del it.MAXIMUM_CAPACITY"
    lines = command_line(gone, "--version").stdout.splitlines()
    assert lines[1] == "order book: plain"
    assert "not used: compiled_book was built from other sources than these (cannot import name " in lines[2]
    assert lines[2].endswith("build it anew with `make`, or with `pip install -e .`")
