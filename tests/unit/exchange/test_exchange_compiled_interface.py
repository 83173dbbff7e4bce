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
VISIBLE = re.compile(r"^ *(?:def|cpdef|cdef class) .*?:$|^[A-Z][A-Z_]* = .*?$", re.MULTILINE | re.DOTALL)
"""What other code can see of a ``.pyx``: functions, classes, constants."""
LAYOUT = re.compile(r"cp?def (?:packed )?(?:struct|class|enum)|ctypedef|cdef [^\n]*\)$")
"""How the parts of a ``.pxd`` begin that others rely on; functions with a body can change alone, each module has a copy."""
KNOWN = (4, "f38bad4de74428ac")
"""The number, and the digest of everything that it stands for."""

built = pytest.mark.skipif("compiled" not in books.available(), reason="the compiled book was not built")


def promises(path: Path) -> list[str]:
    """The lines of a source that other modules, compiled or not, rely on."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".pyx":
        return [match.group(0) for match in VISIBLE.finditer(text)]
    parts = [part for part in re.split(r"\n(?=\S)", text) if path.suffix == ".pyi" or LAYOUT.match(part.rstrip())]
    lines = [line.partition("#")[0].rstrip() for part in parts for line in part.splitlines()]
    return [line for line in lines if line]


def promised(folder: Path) -> str:
    """A digest of what all compiled modules below a folder promise."""
    digest = hashlib.sha256()
    for path in sorted(each for kind in ("pxd", "pyi", "pyx") for each in folder.rglob(f"*.{kind}")):
        digest.update("\n".join([path.name, *promises(path), ""]).encode())
    return digest.hexdigest()[:16]


def test_every_compiled_module_says_the_number() -> None:
    sources = sorted(EXCHANGE.rglob("*.pyx"))
    assert len(sources) >= 3
    for path in sources:
        assert re.findall(r"^INTERFACE = (\d+)$", path.read_text(encoding="utf-8"), re.MULTILINE) == [str(INTERFACE)], path


def test_the_number_is_raised_with_what_it_stands_for() -> None:
    now = (INTERFACE, promised(EXCHANGE))
    assert now == KNOWN, f"raise INTERFACE in compiled_interface.py and every .pyx, and put {now} here as KNOWN"


@pytest.mark.parametrize(
    ("name", "old", "new", "matters"),
    [
        ("compiled_book.pyx", "\n\n\n", "\n\n\n# A remark.\n", False),
        ("compiled_book.pyx", "def withdraw(self, ", "def take_back(self, ", True),
        ("compiled_book.pyi", "def withdraw(self, ", "def take_back(self, ", True),
        ("compiled_core.pxd", "int64_t capacity", "int32_t capacity", True),
        ("compiled_core.pxd", "# 64 bytes", "# As many bytes", False),
        ("compiled_book.pxd", "cdef list drained(self)", "cdef list drained(self, int reason)", True),
    ],
)
def test_the_digest_changes_with_what_others_rely_on(tmp_path: Path, name: str, old: str, new: str, matters: bool) -> None:
    for path in (EXCHANGE / "book").glob("compiled_*.p[xy][dix]"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    before = promised(tmp_path)
    text = (tmp_path / name).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    assert (promised(tmp_path) != before) is matters


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
