"""From the source of a strategy to a kind of strategy: compiled, counted, looked at, and known to snapshots by its content.

The module that the source becomes is named after its own digest, so that one source is one module in a process, another is
another, and a snapshot finds the classes of its strategies again after the scenario was read.

Loading runs the code with the rights of this process. It is contained, not confined: a strategy cannot halt the others by
mistake, but it is no stranger's code that may be run without reading it (``docs/threat-model.md``).
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any, Final, get_type_hints

import msgspec

from trading_ecosystem.adapters.own_strategies.steps import COUNTED, STEP, with_counted_steps
from trading_ecosystem.domains.test_coordination.strategy_source import StrategySource
from trading_ecosystem.domains.trading.allowance import Allowance
from trading_ecosystem.domains.trading.containment import attempted, told
from trading_ecosystem.domains.trading.kinds import KINDS, StrategyKind
from trading_ecosystem.domains.trading.settings import expectations
from trading_ecosystem.domains.trading.strategy import Strategy

PACKAGE: Final = "trading_ecosystem.own_strategies"
"""Where the modules made of sources stand; nothing lies there on disk."""
CALLBACKS: Final = {
    "quotes_watched": 0,
    "prices_watched": 0,
    "trades_watched": 0,
    "alerts_watched": 0,
    "pairs_traded": 0,
    "started": 1,
    "quote_changed": 2,
    "price_published": 2,
    "trades_published": 2,
    "alert_raised": 2,
    "order_filled": 3,
    "order_rejected": 3,
    "order_cancelled": 2,
    "timer": 2,
    "stopped": 1,
}
"""What the engine calls, and with how many arguments beside ``self``."""


class StrategySourceError(ValueError):
    """A source that is no strategy, in one line."""


def kinds_with(sources: tuple[StrategySource, ...]) -> Mapping[str, StrategyKind]:
    """The built-in kinds and those of the sources; raises :class:`StrategySourceError` about the first that is none."""
    if not sources:
        return KINDS
    return {**KINDS, **{source.name: kind_of(source) for source in sources}}


def kind_of(source: StrategySource) -> StrategyKind:
    """The kind of strategy that a source defines; raises :class:`StrategySourceError`."""
    module = _module_of(source)
    strategy = _class_of(module, source)
    settings = _settings_of(strategy, source)
    _check_callbacks(strategy, source)
    return StrategyKind(settings, strategy)


def _module_of(source: StrategySource) -> ModuleType:
    name = f"{PACKAGE}.s{hashlib.sha256(source.source.encode()).hexdigest()[:32]}"
    known = sys.modules.get(name)
    if known is not None:
        return known
    try:
        tree = ast.parse(source.source, source.origin)
        code = compile(with_counted_steps(tree), source.origin, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        where = f"{source.origin}:{line}" if line else source.origin
        raise StrategySourceError(f"{where}: no Python: {getattr(error, 'msg', None) or error}") from None
    allowance = Allowance()
    module = ModuleType(name)
    vars(module).update({"__file__": source.origin, STEP: allowance.step, COUNTED: allowance.counted})
    # Dataclasses, Structs and type hints look their module up while it is being made.
    sys.modules[name] = module
    _, raised = attempted(exec, code, vars(module))
    if raised is not None:
        del sys.modules[name]
        raise StrategySourceError(f"{_place_of(raised, source)}: it raises when it is loaded: {told(raised)}")
    for one in vars(module).values():
        if isinstance(one, type) and issubclass(one, Strategy) and one.__module__ == name:
            one.allowance = allowance
    return module


def _place_of(error: BaseException, source: StrategySource) -> str:
    """The file, and the last line of it that the error passed through."""
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == source.origin:
            line = trace.tb_lineno
        trace = trace.tb_next
    return f"{source.origin}:{line}" if line else source.origin


def _class_of(module: ModuleType, source: StrategySource) -> type[Strategy]:
    """The class that is named, or the only strategy there is."""
    found = {
        one.__name__: one
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, Strategy) and one.__module__ == module.__name__
    }
    if source.class_name:
        if source.class_name not in found:
            there = f"there is {', '.join(found)}" if found else "there is no subclass of Strategy"
            raise StrategySourceError(f"{source.origin}: no strategy {source.class_name} in it; {there}")
        return found[source.class_name]
    if len(found) != 1:
        there = f"there are {', '.join(found)}: name one by class" if found else "there is no subclass of Strategy"
        raise StrategySourceError(f"{source.origin}: expected one strategy in it; {there}")
    (strategy,) = found.values()
    return strategy


def _settings_of(strategy: type[Strategy], source: StrategySource) -> type[msgspec.Struct]:
    """The Struct that the constructor's ``settings`` are annotated with, of fields that scenarios can state."""
    hints, error = attempted(get_type_hints, strategy.__init__)
    settings = None if error is not None else hints.get("settings")
    if not (isinstance(settings, type) and issubclass(settings, msgspec.Struct)):
        expected = "expected __init__(self, settings: S) with a msgspec.Struct S that names every setting"
        raise StrategySourceError(f"{source.origin}: {strategy.__name__} does not say what its settings are; {expected}")
    if not settings.__struct_config__.frozen:
        raise StrategySourceError(f"{source.origin}: {settings.__name__} can be changed; expected frozen=True")
    _, error = attempted(expectations, settings)
    if error is not None:
        expected = "expected the types of trading_ecosystem.domains.trading.settings, such as Name, Dollars or Duration"
        raise StrategySourceError(f"{source.origin}: the fields of {settings.__name__} cannot be read; {expected}")
    return settings


def _check_callbacks(strategy: type[Strategy], source: StrategySource) -> None:
    """Refuse callbacks that the engine could not call, and names that look like callbacks and are none."""
    for name, arguments in CALLBACKS.items():
        callback: Any = getattr(strategy, name, None)
        if not callable(callback):
            raise StrategySourceError(f"{source.origin}: {strategy.__name__}.{name} is no method; expected a callback")
        if inspect.iscoroutinefunction(callback):
            raise StrategySourceError(f"{source.origin}: {strategy.__name__}.{name} is async; expected an ordinary method")
        try:
            inspect.signature(callback).bind(*range(arguments + 1))
        except TypeError:
            wanted = f"expected {arguments} argument{'s' if arguments != 1 else ''} beside self"
            raise StrategySourceError(f"{source.origin}: {strategy.__name__}.{name} cannot be called; {wanted}") from None
