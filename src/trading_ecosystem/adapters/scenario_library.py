"""The scenarios that come with the package, and how a person names one."""

from __future__ import annotations

from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path

from trading_ecosystem.ports.errors import BadInput


def library() -> dict[str, Path]:
    """The scenario files of the package by name, in order of name."""
    folder = Path(str(files("trading_ecosystem") / "scenarios"))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def find_scenario(name: str | Path) -> Path:
    """The file of a scenario: a path to a file, or the name of one in the library.

    Raises :class:`BadInput` naming what is known, and what was probably meant.
    """
    path = Path(name)
    if path.is_file():
        return path
    known = library()
    if str(name) in known:
        return known[str(name)]
    if path.suffix in {".yaml", ".yml"} or len(path.parts) > 1:
        raise BadInput(str(name), "there is no such file; expected a scenario file, or a name of `scenarios list`")
    close = get_close_matches(str(name), known, n=1)
    meant = f" did you mean {close[0]}?" if close else ""
    raise BadInput(str(name), f"unknown scenario;{meant} expected a file or one of {', '.join(known)}")
