"""Loads msgspec without ``typing_extensions``, which it takes where it is installed and does without elsewhere.

All that msgspec wants of it has stood in ``typing`` since Python 3.11 (what differs is ``ReadOnly`` items of a ``TypedDict``
before 3.13, which no message has). It brings ``inspect``, ``ast`` and ``tokenize`` along, a third of what importing an order
book costs. Nothing is changed where msgspec or ``typing_extensions`` were imported before; afterwards ``typing_extensions``
can be imported as ever, and other threads can at any time.
"""

from __future__ import annotations

import sys
from _thread import get_ident
from collections.abc import Sequence
from types import ModuleType


class _TypingSuffices:
    """A finder that says to one thread that there is no ``typing_extensions``."""

    def __init__(self) -> None:
        self.thread = get_ident()

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        """Leave every module to the other finders, and refuse the one."""
        if name == "typing_extensions" and get_ident() == self.thread:
            raise ModuleNotFoundError("msgspec is loaded without it", name=name)


def load() -> None:
    """Import msgspec, unless that was done before."""
    finder = _TypingSuffices()
    sys.meta_path.insert(0, finder)
    try:
        import msgspec as msgspec
    finally:
        sys.meta_path.remove(finder)


load()
