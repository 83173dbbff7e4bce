"""The suites of the library by name."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from trading_ecosystem.ports.errors import BadInput


def suites() -> dict[str, Path]:
    """The suite files of the package by name, in order of name."""
    folder = Path(str(files("trading_ecosystem") / "scenarios" / "suites"))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def find_suite(name: str) -> Path:
    """The file of a suite: a path to a file, or the name of one in the library; raises :class:`BadInput`."""
    path = Path(name)
    if path.is_file():
        return path
    known = suites()
    if name in known:
        return known[name]
    raise BadInput(name, f"there is no such suite; expected a file or one of {', '.join(known) or 'none'}")
