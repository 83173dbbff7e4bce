"""A strategy by its built-in word, by import path (``package.module:Class``) or by file (``strategy.py[:Class]``).

The Struct of its settings is the type that its ``__init__`` declares for them. The code of a file is run: it is the caller's
own.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from pathlib import Path
from types import ModuleType
from typing import get_type_hints

import msgspec

from trading_ecosystem.domains.trading.kinds import KINDS, StrategyKind
from trading_ecosystem.domains.trading.strategy import Strategy
from trading_ecosystem.ports.errors import BadInput


def kind_named(text: str) -> StrategyKind:
    """The class of a strategy and the Struct of its settings; raises ``BadInput`` where there is none."""
    if text in KINDS:
        return KINDS[text]
    source, _, name = text.partition(":")
    if source.endswith(".py"):
        module = _module_of_file(text, Path(source))
    elif name:
        module = _module_named(text, source)
    else:
        expected = f"one of {', '.join(KINDS)}, or module:Class, or a file strategy.py"
        raise BadInput(text, f"is no strategy that is known; expected {expected}")
    return _kind_in(text, module, name)


def _module_of_file(text: str, path: Path) -> ModuleType:
    if not path.is_file():
        raise BadInput(text, f"{path} is no file; expected a Python file with a strategy")
    name = f"trading_ecosystem_strategy_{path.stem}"
    specification = importlib.util.spec_from_file_location(name, path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    try:
        specification.loader.exec_module(module)
    except Exception as error:  # foreign code: whatever it is, it is said in one line
        raise BadInput(text, f"cannot be loaded: {_line(error)}") from None
    return module


def _module_named(text: str, name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:  # foreign code: whatever it is, it is said in one line
        raise BadInput(text, f"cannot be imported: {_line(error)}") from None


def _line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]


def _kind_in(text: str, module: ModuleType, name: str) -> StrategyKind:
    found = {
        name: value
        for name, value in vars(module).items()
        if inspect.isclass(value) and issubclass(value, Strategy) and value.__module__ == module.__name__
    }
    if not name and len(found) == 1:
        name = next(iter(found))
    if name not in found:
        those = ", ".join(found) or "none"
        raise BadInput(text, f"expected the name of one strategy after a colon; strategies there: {those}")
    strategy = found[name]
    try:
        settings = get_type_hints(strategy.__init__).get("settings")
    except NameError as error:
        raise BadInput(text, f"the settings of {name} cannot be told: {error}") from None
    if not (inspect.isclass(settings) and issubclass(settings, msgspec.Struct)):
        declared = f"(self, settings: {name}Settings)"
        raise BadInput(text, f"{name}.__init__ must declare its settings, a msgspec Struct; expected {declared}")
    return StrategyKind(settings, strategy)
