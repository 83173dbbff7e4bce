"""Domains are sans-IO and reproducible: held by their syntax trees, and each rule catches what is planted."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from tests.architecture.domain_rules import violations

DOMAINS = Path(__file__).parents[2] / "src" / "trading_ecosystem" / "domains"
FILES = sorted(DOMAINS.glob("*/**/*.py"))


def test_there_is_something_to_check() -> None:
    assert len({path.relative_to(DOMAINS).parts[0] for path in FILES}) == 7


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(DOMAINS).as_posix())
def test_domain_code_keeps_the_rules(path: Path) -> None:
    found = violations(path.read_text(encoding="utf-8"), path.relative_to(DOMAINS).parts[0])
    assert found == [], "\n".join(f"{path.relative_to(DOMAINS)}:{line}" for line in found)


FORBIDDEN_MODULES = ["time", "datetime", "random", "os", "sys", "logging", "asyncio", "threading", "socket", "pathlib", "numpy"]
KEPT = "class A:\n  def __init__(self):\n    self.live{annotation} = set()\n  def f(self):\n    {use}"
PLANTED = [
    *((f"import {module}", f"import of {module}") for module in [*FORBIDDEN_MODULES, "secrets", "uuid", "hashlib"]),
    ("from datetime import datetime", "import of datetime"),
    ("from os import environ", "import of os"),
    ("from numpy.random import default_rng", "import of numpy.random"),
    ("from trading_ecosystem.domains.exchange import book", "import of trading_ecosystem.domains.exchange"),
    ("from trading_ecosystem.runtime.kernel import Kernel", "import of trading_ecosystem.runtime.kernel"),
    ("from trading_ecosystem import container", "import of trading_ecosystem.container"),
    ("from . import book", "relative import"),
    ("def f():\n    import time", "import of time"),
    ("open('a')", "call of open()"),
    ("print(1)", "call of print()"),
    ("input()", "call of input()"),
    ("key = hash('a')", "call of hash()"),
    ("key = id(thing)", "call of id()"),
    ("eval('1')", "call of eval()"),
    ("for name in {'a', 'b'}:\n    pass", "iterates over a set"),
    ("for name in set(names):\n    pass", "iterates over a set"),
    ("for name in frozenset(names):\n    pass", "iterates over a set"),
    ("for name in set(one) - set(other):\n    pass", "iterates over a set"),
    ("for name in set(one).union(other):\n    pass", "iterates over a set"),
    ("said = [name for name in {n for n in names}]", "iterates over a set"),
    ("said = {name: 1 for name in set(names)}", "iterates over a set"),
    ("said = [*set(names)]", "iterates over a set"),
    ("said = list(set(names))", "hands a set to list()"),
    ("said = tuple({1, 2})", "hands a set to tuple()"),
    ("said = ', '.join({'a', 'b'})", "hands a set to join()"),
    ("first = next(iter(set(names)))", "hands a set to iter()"),
    ("said = dict.fromkeys(set(names))", "hands a set to fromkeys()"),
    (KEPT.format(annotation=": set[int]", use="return list(self.live)"), "hands a set to list()"),
    (KEPT.format(annotation="", use="for name in self.live: pass"), "iterates over a set"),
    ("def f(names: frozenset[str]):\n    return [name for name in names]", "iterates over a set"),
    ("def f(names: 'set[str] | None'):\n    return [name for name in names]", "iterates over a set"),
    ("NAMES: Final[frozenset[str]] = build()\nORDER = tuple(NAMES)", "hands a set to tuple()"),
    ("live = set()\nfirst = live.pop()", "pops from a set"),
    ("import math\ntotal = math.fsum(values)", "call of fsum()"),
    ("total = sum([0.5, 1.5])", "sum() of floats"),
    ("total = sum(x / 2 for x in xs)", "sum() of floats"),
    ("total = sum(float(x) for x in xs)", "sum() of floats"),
    ("total = sum(math.exp(x) for x in xs)", "sum() of floats"),
    ("total = sum(weights)", "sum() of floats"),
    ("total = sum(self.returns)", "sum() of floats"),
    ("text = f'{amount:.2f}'", "formats a float"),
    ("text = f'{amount:f}'", "formats a float"),
    ("text = f'{amount:,.0f}'", "formats a float"),
    ("text = f'{share:.1%}'", "formats a float"),
    ("text = '%.2f' % amount", "formats a float"),
    ("text = format(amount, '.2f')", "formats a float"),
    ("text = '{:.2f}'.format(amount)", "formats a float"),
    ("amount = round(amount, 2)", "rounds to decimal places"),
    ("price_minor: float = 0", "price_minor is a float"),
    ("price_minor = 0.0", "price_minor is a float"),
    ("def f(quantity_lots: float): pass", "quantity_lots is a float"),
    ("def fee_minor() -> float: pass", "fee_minor is a float"),
    ("async def f(): pass", "async code"),
    ("def f():\n    global state\n    state = 1", "global or nonlocal state"),
    ("try:\n    f()\nexcept Exception:\n    pass", "catches everything"),
    ("try:\n    f()\nexcept:\n    pass", "catches everything"),
    ("class A:\n  def __init__(self):\n    self.key = lambda x: x", "keeps what no snapshot can hold in key"),
    ("class A:\n  def __init__(self):\n    self.rows = (x for x in y)", "keeps what no snapshot can hold in rows"),
    ("class A:\n  def __init__(self):\n    self.ids: object = itertools.count(1)", "keeps what no snapshot can hold in ids"),
]


@pytest.mark.parametrize(("source", "expected"), PLANTED)
def test_planted_violation_is_caught(source: str, expected: str) -> None:
    found = violations(source, "risk")
    assert [line.partition(": ")[2] for line in found] == [expected]


def test_the_line_is_named() -> None:
    assert violations("x = 1\n\nimport time\n", "risk") == ["3: import of time"]


HARMLESS = [
    "import math, heapq\nfrom collections import deque\nfrom trading_ecosystem.messages.units import Nanos",
    "from trading_ecosystem.domains.risk.limits import Limit",
    "from trading_ecosystem.messages import risk",
    "for name in sorted(set(names)):\n    pass",
    "known = set(names)\nif name in known:\n    count = len(known)",
    "found = any(name == 'a' for name in set(names))",
    "other = {name for name in set(names)}",
    "total = sum(line.amount_minor for line in lines)",
    "total = sum(1 for name in set(names))",
    "text = f'{number:06d} {name}'",
    "text = '%d of %s' % (number, name)",
    "amount = round(exact)",
    "log_price = 0.0\nvolatility: float = 0.2",
    "seen: dict[str, int] = {}\nfor name in seen:\n    pass",
    "book = sorted(orders, key=lambda order: order.price)",
    "self.levels = self.book.count(1)",
    "try:\n    f()\nexcept KeyError:\n    pass",
]


@pytest.mark.parametrize("source", HARMLESS)
def test_harmless_code_passes(source: str) -> None:
    assert violations(textwrap.dedent(source), "risk") == []


def test_single_domains_may_a_little_more() -> None:
    assert violations("import hashlib", "audit") == []
    assert violations("from datetime import datetime\nat = datetime.fromisoformat(text)", "test_coordination") == []
    assert violations("text = f'{number:f}'", "test_coordination") == []


def test_trading_alone_may_contain_foreign_code() -> None:
    catching = "def {}():\n    try:\n        f()\n    except Exception:\n        pass"
    assert violations(catching.format("_contained"), "trading") == []
    assert violations(catching.format("_contained"), "risk") == ["4: catches everything"]
    assert violations(catching.format("ask"), "trading") == ["4: catches everything"]


@pytest.mark.parametrize("call", ["datetime.now()", "datetime.now(UTC)", "date.today()", "datetime.datetime.now()"])
def test_but_no_domain_may_read_a_clock(call: str) -> None:
    (found,) = violations(f"at = {call}", "test_coordination")
    assert "reads a clock" in found
