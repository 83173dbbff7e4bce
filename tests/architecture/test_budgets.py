"""Files and functions stay small, and nothing has a name that says nothing."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
FILE_LINES = 400
FUNCTION_LINES = 60
GENERATED = Path("trading_ecosystem", "api", "grpc", "stubs")
"""Written by a compiler from the protos, below the source."""
EMPTY_NAMES = ("util", "helper", "manager", "service", "common", "model")
NAMED_BY_OTHERS = frozenset({"intercept_service"})
"""Methods that a library calls by a name of its own."""
EMPTY_WORDS = frozenset({*EMPTY_NAMES, *(f"{name}s" for name in EMPTY_NAMES)})


def budget_violations(folder: Path) -> list[str]:
    """Files over 400 lines and functions over 60 below a folder."""
    found: list[str] = []
    for path, text in _sources(folder):
        lines = len(text.splitlines())
        if lines > FILE_LINES:
            found.append(f"{path}: {lines} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_LINES:
                    found.append(f"{path}:{node.lineno}: {node.name} has {length} lines")
    return found


def name_violations(folder: Path) -> list[str]:
    """Folders, modules, classes and functions below a folder that are called by a word that says nothing."""
    found: list[str] = []
    for path, text in _sources(folder):
        found += [f"{path}: {part}" for part in path.with_suffix("").parts if _says_nothing(part)]
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and _says_nothing(node.name):
                found.append(f"{path}:{node.lineno}: {node.name}")
    return found


def _sources(folder: Path) -> list[tuple[Path, str]]:
    paths = [path.relative_to(folder) for path in sorted(folder.rglob("*.py"))]
    return [(path, (folder / path).read_text(encoding="utf-8")) for path in paths if GENERATED not in path.parents]


def _says_nothing(name: str) -> bool:
    if name in NAMED_BY_OTHERS:
        return False
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_")
    return bool(EMPTY_WORDS.intersection(words))


def test_files_and_functions_keep_their_budget() -> None:
    assert budget_violations(SOURCE) == []


def test_names_say_something() -> None:
    assert name_violations(SOURCE) == []


def test_a_long_file_is_caught(tmp_path: Path) -> None:
    (tmp_path / "book.py").write_text("x = 1\n" * FILE_LINES, encoding="utf-8")
    assert budget_violations(tmp_path) == []
    (tmp_path / "book.py").write_text("x = 1\n" * (FILE_LINES + 1), encoding="utf-8")
    assert budget_violations(tmp_path) == ["book.py: 401 lines"]


@pytest.mark.parametrize("head", ["def", "async def"])
def test_a_long_function_is_caught(tmp_path: Path, head: str) -> None:
    (tmp_path / "book.py").write_text(
        f"class A:\n  {head} match(self):\n" + "    x = 1\n" * (FUNCTION_LINES - 1), encoding="utf-8"
    )
    assert budget_violations(tmp_path) == []
    (tmp_path / "book.py").write_text(f"class A:\n  {head} match(self):\n" + "    x = 1\n" * FUNCTION_LINES, encoding="utf-8")
    assert budget_violations(tmp_path) == ["book.py:2: match has 61 lines"]


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("utils.py", "", "utils.py: utils"),
        ("order_utils.py", "", "order_utils.py: order_utils"),
        ("common/book.py", "", "common/book.py: common"),
        ("book.py", "class OrderManager: pass", "book.py:1: OrderManager"),
        ("book.py", "class Model: pass", "book.py:1: Model"),
        ("book.py", "def price_helper(): pass", "book.py:1: price_helper"),
        ("book.py", "async def run_service(): pass", "book.py:1: run_service"),
    ],
)
def test_an_empty_name_is_caught(tmp_path: Path, path: str, text: str, expected: str) -> None:
    (tmp_path / path).parent.mkdir(exist_ok=True)
    (tmp_path / path).write_text(text, encoding="utf-8")
    assert name_violations(tmp_path) == [expected]


@pytest.mark.parametrize("name", ["Book", "Commonwealth", "Remodelled", "Utility", "price_modelled"])
def test_a_telling_name_passes(tmp_path: Path, name: str) -> None:
    (tmp_path / "book.py").write_text(f"class {name}: pass", encoding="utf-8")
    assert name_violations(tmp_path) == []
