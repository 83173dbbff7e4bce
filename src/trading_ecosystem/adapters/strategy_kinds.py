"""A strategy by its built-in word, by import path (``package.module:Class``) or by file (``strategy.py[:Class]``).

The code of a file or module is loaded, checked and counted as that of a scenario's own strategies is
(:mod:`trading_ecosystem.adapters.own_strategies`), and runs with the rights of this process: it is the caller's own.
"""

from __future__ import annotations

from pathlib import Path

from trading_ecosystem.adapters.own_strategies.loading import StrategySourceError, kind_of
from trading_ecosystem.adapters.own_strategies.reading import source_in_file, source_of_module
from trading_ecosystem.domains.test_coordination.strategy_source import StrategySource
from trading_ecosystem.domains.trading.kinds import KINDS, StrategyKind
from trading_ecosystem.ports.errors import BadInput


def kind_named(text: str) -> StrategyKind:
    """The class of a strategy and the Struct of its settings; raises ``BadInput`` where there is none."""
    if text in KINDS:
        return KINDS[text]
    where, _, class_name = text.partition(":")
    is_file = where.endswith(".py")
    if not is_file and not class_name:
        expected = f"one of {', '.join(KINDS)}, or module:Class, or a file strategy.py"
        raise BadInput(text, f"is no strategy that is known; expected {expected}")
    try:
        source = source_in_file(Path(where)) if is_file else source_of_module(where)
        return kind_of(StrategySource(Path(where).stem, source, class_name, where))
    except StrategySourceError as error:
        raise BadInput(text, str(error)) from None
