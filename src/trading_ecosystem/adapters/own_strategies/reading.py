"""The source of a strategy, as text, from a file or an importable module.

Raises :class:`~trading_ecosystem.adapters.own_strategies.loading.StrategySourceError`, which says what is wrong with it.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Final

from trading_ecosystem.adapters.own_strategies.loading import StrategySourceError
from trading_ecosystem.domains.trading.containment import attempted, told

LARGEST_SOURCE: Final = 1 << 18
"""Bytes of the largest source that is read."""
_EXPECTED: Final = "expected a Python file"


def source_in_file(path: Path) -> str:
    """The text of a Python file, with plain line ends."""
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_SOURCE + 1)
    except OSError as error:
        raise StrategySourceError(f"cannot be read ({(error.strerror or 'unreadable').lower()}); {_EXPECTED}") from None
    if len(raw) > LARGEST_SOURCE:
        raise StrategySourceError(f"is larger than {LARGEST_SOURCE} bytes; expected a smaller file")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise StrategySourceError(f"is not UTF-8; {_EXPECTED}") from None
    if any(not (character.isprintable() or character in "\n\t\r") for character in text):
        raise StrategySourceError(f"has characters that cannot be printed; {_EXPECTED}")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def source_of_module(name: str) -> str:
    """The source of an importable module. Finding it imports the packages that it is in, and not the module."""
    spec, error = attempted(importlib.util.find_spec, name)
    if error is not None or spec is None:
        why = f" ({told(error)})" if error is not None else ""
        raise StrategySourceError(f"is no module{why}; expected one that can be imported")
    if not spec.origin or not spec.origin.endswith(".py"):
        raise StrategySourceError("is a module not written in Python; expected a .py file")
    return source_in_file(Path(spec.origin))
