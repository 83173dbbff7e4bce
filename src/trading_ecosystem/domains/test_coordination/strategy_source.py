"""A strategy that a scenario brings along: its code is part of the scenario, and so of every record of a run."""

from __future__ import annotations

import msgspec


class StrategySource(msgspec.Struct, frozen=True):
    """``name`` is the word that workloads use for it, ``source`` its Python, ``class_name`` its class where there are several
    (empty: the only one), ``origin`` the file that it came from."""

    name: str
    source: str
    class_name: str = ""
    origin: str = ""
