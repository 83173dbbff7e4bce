"""What domain code may not do, read from its syntax tree: clocks, chance, input and output, hash order, floats as money.

``violations(source, context)`` returns one line per finding. A rule sees one file at a time and knows no types, so that
"is a set" means: a set display or comprehension, a call of ``set`` or ``frozenset``, an expression made of these, or a name or
attribute that the file annotates or fills as a set.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

PURE_MODULES = frozenset(
    {"__future__", "abc", "bisect", "collections", "collections.abc", "copy", "dataclasses", "decimal", "enum"}
    | {"fractions", "functools", "heapq", "itertools", "math", "msgspec", "operator", "re", "string", "types", "typing"}
)
"""What a domain may import beside ports, messages and itself."""
FURTHER_MODULES = {"audit": frozenset({"hashlib"}), "test_coordination": frozenset({"datetime"})}
"""What single domains may import: audit makes digests, a scenario's texts name instants."""
READS_A_CLOCK = frozenset(
    {"now", "utcnow", "today", "time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "fromtimestamp"}
)
CLOCKS = frozenset({"datetime", "date", "time"})
PLAIN_DECIMALS = frozenset({"test_coordination"})
"""Domains that write decimal numbers in plain notation (``f"{number:f}"``), for texts and messages about them."""
CONTAINMENT = {"trading": "_contained"}
"""The one function of a domain that runs foreign code (a strategy) and may catch whatever leaves it."""
BANNED_CALLS = frozenset(
    {"hash", "id", "open", "print", "input", "eval", "exec", "compile"}
    | {"globals", "locals", "vars", "breakpoint", "__import__", "setattr", "delattr"}
)
SUMMING_FLOATS = frozenset({"fsum", "fmean", "mean", "stdev", "sumprod"})
SETS = frozenset({"set", "frozenset"})
SET_ANNOTATIONS = frozenset({"set", "frozenset", "Set", "AbstractSet", "MutableSet", "FrozenSet"})
SET_METHODS = frozenset({"union", "intersection", "difference", "symmetric_difference", "copy"})
ORDER_BLIND = frozenset({"sorted", "len", "any", "all", "min", "max", "set", "frozenset", "sum"})
"""Calls whose result does not depend on the order in which they are fed."""
ORDERED = frozenset(
    {"list", "tuple", "iter", "next", "enumerate", "zip", "map", "filter", "reversed"}
    | {"deque", "dict", "chain", "join", "extend", "extendleft", "fromkeys"}
)
"""Calls that hand on the order in which they are fed."""
ITERATOR_MAKERS = frozenset({"iter", "partial", "count", "cycle", "chain", "zip", "map", "filter"})
MONEY = re.compile(r"_(?:minor|ticks|lots|ns|at|ppm)(?:_after|_before)?$")
"""Names of quantities that are integers everywhere."""
AMOUNT = re.compile(r"_(?:minor|ticks|lots)(?:_after|_before)?$")
FLOAT_FORMAT = re.compile(r"[eEfFgGn%]$")
PERCENT_FORMAT = re.compile(r"%[-+ #0-9.*]*[eEfFgG]")


def violations(source: str, context: str) -> list[str]:
    """Everything in a domain file that domain code may not do, as ``line: what``, by line."""
    tree = ast.parse(source)
    found = [
        *_imports(tree, context),
        *_calls(tree),
        *_statements(tree, context),
        *_hash_order(tree),
        *_floats(tree, context),
        *_unkept(tree),
    ]
    return [f"{line}: {what}" for line, what in sorted(found)]


def _imports(tree: ast.Module, context: str) -> Iterator[tuple[int, str]]:
    own = f"trading_ecosystem.domains.{context}"
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                yield node.lineno, "relative import"
                continue
            names = [node.module or ""]
            if node.module == "trading_ecosystem":
                names = [f"trading_ecosystem.{alias.name}" for alias in node.names]
        for name in names:
            within = (own, "trading_ecosystem.ports", "trading_ecosystem.messages")
            if any(name == part or name.startswith(f"{part}.") for part in within):
                continue
            if name not in PURE_MODULES | FURTHER_MODULES.get(context, frozenset()):
                yield node.lineno, f"import of {name}"


def _calls(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = _called(node)
        if isinstance(node.func, ast.Name) and name in BANNED_CALLS:
            yield node.lineno, f"call of {name}()"
        if isinstance(node.func, ast.Attribute) and name in READS_A_CLOCK and _name_of(node.func.value) in CLOCKS:
            yield node.lineno, f"reads a clock with {name}()"
        if name in SUMMING_FLOATS:
            yield node.lineno, f"call of {name}()"
        if isinstance(node.func, ast.Name) and name == "sum" and any(_looks_float(argument) for argument in node.args):
            yield node.lineno, "sum() of floats"


def _looks_float(node: ast.expr) -> bool:
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, float):
            return True
        if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Div):
            return True
        if isinstance(part, ast.Call) and _called(part) in {"float", "exp", "log", "sqrt", "uniform", "normal", "exponential"}:
            return True
        name = part.id if isinstance(part, ast.Name) else part.attr if isinstance(part, ast.Attribute) else ""
        if re.search(r"(?:^|_)(?:weights?|returns?|volatilit(?:y|ies)|squares?|deviations?|probabilit(?:y|ies))(?:_|$)", name):
            return True
    return False


def _statements(tree: ast.Module, context: str) -> Iterator[tuple[int, str]]:
    contained = {
        part
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef) and function.name == CONTAINMENT.get(context)
        for part in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, (ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith, ast.Await)):
            yield node.lineno, "async code"
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            yield node.lineno, "global or nonlocal state"
        elif isinstance(node, ast.ExceptHandler) and node not in contained:
            caught = node.type.id if isinstance(node.type, ast.Name) else None
            if node.type is None or caught in {"Exception", "BaseException"}:
                yield node.lineno, "catches everything"


def _hash_order(tree: ast.Module) -> Iterator[tuple[int, str]]:
    sets = _set_names(tree)
    harmless: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ORDER_BLIND:
            for argument in node.args:
                if isinstance(argument, (ast.GeneratorExp, ast.ListComp)):
                    harmless.add(id(argument))
    for node in ast.walk(tree):
        if isinstance(node, ast.For) and _is_set(node.iter, sets):
            yield node.lineno, "iterates over a set"
        elif isinstance(node, (ast.GeneratorExp, ast.ListComp, ast.DictComp)) and id(node) not in harmless:
            for generator in node.generators:
                if _is_set(generator.iter, sets):
                    yield node.lineno, "iterates over a set"
        elif isinstance(node, (ast.Starred, ast.YieldFrom)) and node.value is not None and _is_set(node.value, sets):
            yield node.lineno, "iterates over a set"
        elif isinstance(node, ast.Call):
            name = _called(node)
            if name in ORDERED and any(_is_set(argument, sets) for argument in node.args):
                yield node.lineno, f"hands a set to {name}()"
            if name == "pop" and not node.args and isinstance(node.func, ast.Attribute) and _is_set(node.func.value, sets):
                yield node.lineno, "pops from a set"


def _set_names(tree: ast.Module) -> frozenset[str]:
    """Names and attributes that the file treats as sets somewhere."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.AnnAssign, ast.arg)) and node.annotation is not None:
            if _is_set_annotation(node.annotation):
                names.add(_name_of(node.target) if isinstance(node, ast.AnnAssign) else node.arg)
        elif isinstance(node, ast.Assign) and _is_set(node.value, frozenset()):
            names.update(_name_of(target) for target in node.targets)
    return frozenset(names - {""})


def _is_set_annotation(annotation: ast.expr) -> bool:
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        annotation = ast.parse(annotation.value, mode="eval").body
    if isinstance(annotation, ast.BinOp):
        return _is_set_annotation(annotation.left) or _is_set_annotation(annotation.right)
    if isinstance(annotation, ast.Subscript):
        head = _name_of(annotation.value)
        return head in SET_ANNOTATIONS or (head in {"Final", "ClassVar", "Optional"} and _is_set_annotation(annotation.slice))
    return _name_of(annotation) in SET_ANNOTATIONS


def _is_set(node: ast.expr, names: frozenset[str]) -> bool:
    if isinstance(node, (ast.Set, ast.SetComp)):
        return True
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name):
            return node.func.id in SETS
        return isinstance(node.func, ast.Attribute) and node.func.attr in SET_METHODS and _is_set(node.func.value, names)
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.BitOr, ast.BitAnd, ast.Sub, ast.BitXor)):
        return _is_set(node.left, names) or _is_set(node.right, names)
    if isinstance(node, ast.IfExp):
        return _is_set(node.body, names) or _is_set(node.orelse, names)
    return isinstance(node, (ast.Name, ast.Attribute)) and _name_of(node) in names


def _floats(tree: ast.Module, context: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            spec = "".join(str(part.value) for part in ast.walk(node.format_spec) if isinstance(part, ast.Constant))
            if FLOAT_FORMAT.search(spec) and not (spec == "f" and context in PLAIN_DECIMALS):
                yield node.lineno, "formats a float"
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) and isinstance(node.left, ast.Constant):
            if isinstance(node.left.value, str) and PERCENT_FORMAT.search(node.left.value):
                yield node.lineno, "formats a float"
        elif isinstance(node, ast.Call) and _called(node) == "format":
            texts = [part.value for part in [*node.args, getattr(node.func, "value", None)] if isinstance(part, ast.Constant)]
            if any(isinstance(text, str) and re.search(r"[eEfFgGn%]\}?$", text) for text in texts):
                yield node.lineno, "formats a float"
        elif isinstance(node, ast.Call) and _called(node) == "round" and len(node.args) > 1:
            yield node.lineno, "rounds to decimal places"
        elif isinstance(node, (ast.AnnAssign, ast.arg)) and _name_of(node.annotation) == "float":
            name = _name_of(node.target) if isinstance(node, ast.AnnAssign) else node.arg
            if MONEY.search(name):
                yield node.lineno, f"{name} is a float"
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, float):
            for target in node.targets:
                if MONEY.search(_name_of(target)):
                    yield node.lineno, f"{_name_of(target)} is a float"
        elif isinstance(node, ast.FunctionDef) and AMOUNT.search(node.name) and _name_of(node.returns) == "float":
            yield node.lineno, f"{node.name} is a float"


def _unkept(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Attributes that a snapshot cannot hold."""
    for node in ast.walk(tree):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets = [node.target]
        for target in targets:
            value = getattr(node, "value", None)
            if isinstance(target, ast.Attribute) and (
                isinstance(value, (ast.Lambda, ast.GeneratorExp)) or _makes_iterator(value)
            ):
                yield target.lineno, f"keeps what no snapshot can hold in {target.attr}"


def _makes_iterator(value: ast.expr | None) -> bool:
    """A call of a function that makes an iterator or a closure, and not of some object's method of the same name."""
    if not isinstance(value, ast.Call) or _called(value) not in ITERATOR_MAKERS:
        return False
    return isinstance(value.func, ast.Name) or _name_of(getattr(value.func, "value", None)) in {"itertools", "functools"}


def _called(node: ast.Call) -> str:
    return _name_of(node.func)


def _name_of(node: ast.expr | None) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
