"""Strategies of one's own: brought along by a scenario, checked first, contained in the run, and replayed from the record."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest
from tests.command_line import cli

import trading_ecosystem
from trading_ecosystem.adapters.memory.journal import MemoryJournal
from trading_ecosystem.adapters.scenario_files import read_scenario
from trading_ecosystem.container import ecosystem, scenario_inputs
from trading_ecosystem.messages.exchange import CancelOrder, OrderFilled, PlaceOrder
from trading_ecosystem.messages.trading import HaltReason, StrategyHalted, StrategyMarked
from trading_ecosystem.messages.units import MINUTE
from trading_ecosystem.ports.errors import BadInput
from trading_ecosystem.runtime.simulation import simulate
from trading_ecosystem.runtime.snapshot import restore_snapshot, take_snapshot

HEAD = """\
    from __future__ import annotations
    import msgspec
    from trading_ecosystem.domains.trading.intentions import Cancel, CancelAll, Place, PlaceTogether, WakeMe
    from trading_ecosystem.domains.trading.settings import Name
    from trading_ecosystem.domains.trading.strategy import Strategy
    from trading_ecosystem.messages.orders import Side


    class MineSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
        venue: Name
        instrument: Name


    class Mine(Strategy):
        def __init__(self, settings: MineSettings) -> None:
            self.settings = settings
            self.quotes = 0

        def quotes_watched(self):
            return ((self.settings.venue, self.settings.instrument),)

        def quote_changed(self, view, quote):
            self.quotes += 1
            if self.quotes < 20:
                return [Place(quote.venue, quote.instrument, Side.BUY, quote.bid_ticks - 100, 1000)] if self.quotes == 1 else ()
            return self.act(view, quote)

"""
SCENARIO = """\
title: Somebody's own strategy
duration: 4m
seed: 3
ecosystem:
  market_data: {{instruments: [BTC/USD, ETH/USD], tick: 5s, jumps: false}}
  venues: [{{name: exchange-alpha, publish_every: 5s}}]
strategies:
  mine: {definition}
workloads:
  - strategy: market_making
    name: maker
    capital: {{exchange-alpha: {{BTC: 1, ETH: 12, USD: 120000}}}}
    settings: {{venues: [exchange-alpha], instruments: [BTC/USD, ETH/USD], size_usd: 3000, min_refresh: 20s, refresh_bps: 1}}
  - strategy: mine
    name: rogue
    capital: {{exchange-alpha: {{BTC: 1, USD: 60000}}}}
    settings: {{venue: exchange-alpha, instrument: BTC/USD}}
"""


def source_of(act: str) -> str:
    """A strategy that does this from its twentieth quote on; after ``---`` its further methods."""
    body, _, methods = act.partition("---\n")
    acting = "    def act(self, view, quote):\n" + textwrap.indent(textwrap.dedent(body), "        ")
    return textwrap.dedent(HEAD) + acting + "\n" + textwrap.indent(textwrap.dedent(methods), "    ")


def written(folder: Path, act: str, definition: str = "{file: mine.py}") -> Path:
    """A scenario with a strategy beside it."""
    (folder / "mine.py").write_text(source_of(act), encoding="utf-8")
    path = folder / "own.yaml"
    path.write_text(SCENARIO.format(definition=definition), encoding="utf-8")
    return path


def of(result: Any, account: str, *message_types: type) -> list[Any]:
    return [
        entry.message
        for entry in result.entries()
        if isinstance(entry.message, message_types) and getattr(entry.message, "account", "") == account
    ]


BUYS = "return [Place(quote.venue, quote.instrument, Side.BUY, quote.ask_ticks, 1000)] if self.quotes == 20 else ()"

NONSENSE = {
    "raises": ("raise ValueError('no idea')", HaltReason.FAILED, "ValueError: no idea"),
    "exits": ("raise SystemExit(3)", HaltReason.FAILED, "SystemExit: 3"),
    "says no address": ("raise ValueError(object())", HaltReason.FAILED, "ValueError: <object object>"),
    "has no words": (
        """\
        class Odd(Exception):
            def __str__(self):
                raise RuntimeError
        raise Odd
        """,
        HaltReason.FAILED,
        "Odd: its message cannot be read: RuntimeError",
    ),
    "cannot be written": ("raise ValueError(chr(0xD800))", HaltReason.FAILED, "ValueError: \\ud800"),
    "loops": ("while True: pass", HaltReason.LOOPED, "Looped: more than 1,000,000 steps in one callback"),
    "loops and catches": (
        """\
        while True:
            try:
                while True:
                    pass
            except BaseException:
                pass
        """,
        HaltReason.LOOPED,
        "Looped: more than 1,000,000 steps in one callback",
    ),
    "loops in an answer": (
        """\
        import itertools
        return (Place for _ in itertools.count() if False)
        """,
        HaltReason.LOOPED,
        "Looped: more than 1,000,000 steps in one callback",
    ),
    "returns a number": ("return 5", HaltReason.FAILED, "TypeError: 'int' object is not iterable"),
    "wants words": ("return ['buy']", HaltReason.FAILED, "TypeError: str is no intention"),
    "wants half a lot": (
        "return [Place(quote.venue, quote.instrument, Side.BUY, quote.bid_ticks, 0.5)]",
        HaltReason.FAILED,
        "TypeError: Place.quantity_lots is of type float; expected a whole number",
    ),
    "wants the moon": (
        "return [Place(quote.venue, quote.instrument, Side.BUY, 10**30, 1)]",
        HaltReason.FAILED,
        "ValueError: Place.price_ticks does not fit in 64 bits",
    ),
    "has no side": (
        "return [Place(quote.venue, quote.instrument, 'buy', quote.bid_ticks, 1)]",
        HaltReason.FAILED,
        "TypeError: Place.side is of type str; expected Side",
    ),
    "poses as the engine": (
        "return [Place(quote.venue, quote.instrument, Side.BUY, quote.bid_ticks, 1, label='close-out:')]",
        HaltReason.FAILED,
        "ValueError: Place.label begins with close-out:, which is the engine's own",
    ),
    "floods an answer": (
        """\
        import itertools
        return itertools.repeat(CancelAll())
        """,
        HaltReason.FLOODED,
        "Flooded: more than 1,000 intentions in one answer",
    ),
    "floods a venue": (
        """\
        return [WakeMe(view.now)]
        ---
        def timer(self, view, label):
            quote = view.quote(self.settings.venue, self.settings.instrument)
            orders = [Place(quote.venue, quote.instrument, Side.BUY, quote.ask_ticks, 1000) for _ in range(20)]
            return [*orders, WakeMe(view.now + 1)]
        """.replace("        ---", "---"),
        HaltReason.FLOODED,
        "Flooded: more than 2,000 requests in one second",
    ),
    "never sleeps": (
        """\
        return [WakeMe(view.now)]
        ---
        def timer(self, view, label):
            return [WakeMe(view.now)]
        """.replace("        ---", "---"),
        HaltReason.FLOODED,
        "Flooded: woken more than 1,000 times at one instant",
    ),
}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """What the other strategy sends and gets beside one that rests."""
    path = written(tmp_path_factory.mktemp("quiet"), "return ()")
    return of(trading_ecosystem.run(path), "fund/maker", PlaceOrder, CancelOrder, OrderFilled, StrategyMarked)


@pytest.mark.parametrize("name", NONSENSE)
def test_whatever_a_strategy_does_is_contained(name: str, tmp_path: Path, undisturbed: list[Any]) -> None:
    act, reason, detail = NONSENSE[name]
    result = trading_ecosystem.run(written(tmp_path, act))
    (halted,) = of(result, "fund/rogue", StrategyHalted)
    assert halted.reason is reason
    assert halted.detail == detail
    # Its order is cancelled, and the other strategy has not missed anything.
    order, *flood = of(result, "fund/rogue", PlaceOrder)
    assert order.client_order_id in {one.client_order_id for one in of(result, "fund/rogue", CancelOrder)}
    if not flood:
        assert of(result, "fund/maker", PlaceOrder, CancelOrder, OrderFilled, StrategyMarked) == undisturbed
    assert result.audit is not None
    assert result.audit.conservation == ()


def test_a_strategy_of_ones_own_trades_and_its_record_is_replayed_without_its_file(tmp_path: Path) -> None:
    path = written(tmp_path, BUYS)
    result = trading_ecosystem.run(path, out=tmp_path / "run")
    assert "rogue-2" in {fill.client_order_id for fill in of(result, "fund/rogue", OrderFilled)}
    (tmp_path / "mine.py").unlink()
    replayed = cli("replay", tmp_path / "run")
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    with pytest.raises(BadInput, match=r"own.yaml:8:16: 'mine.py' cannot be read \(no such file or directory\)"):
        trading_ecosystem.run(path)


def test_a_strategy_of_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "__init__.py").write_text("", encoding="utf-8")
    (tmp_path / "kept" / "mine.py").write_text(source_of(BUYS), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    by_module = trading_ecosystem.run(written(tmp_path, BUYS, "{module: kept.mine, class: Mine}"))
    by_file = trading_ecosystem.run(written(tmp_path, BUYS))
    assert by_module.journal_digest == by_file.journal_digest


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("def", "mine.py:1: no Python: invalid syntax"),
        ("x = 1\nboom()", "mine.py:2: it raises when it is loaded: NameError: name 'boom' is not defined"),
        ("while True:\n    pass", "it raises when it is loaded: Looped: more than 1,000,000 steps in one callback"),
        ("x = 1", "mine.py: expected one strategy in it; there is no subclass of Strategy"),
        (
            "from trading_ecosystem.domains.trading.strategy import Strategy\nclass Mine(Strategy):\n    pass",
            r"mine.py: Mine does not say what its settings are; expected __init__\(self, settings: S\)",
        ),
        (
            source_of("return ()").replace("def quotes_watched(self)", "def quotes_watched(self, more)"),
            "mine.py: Mine.quotes_watched cannot be called; expected 0 arguments beside self",
        ),
        (
            source_of("return ()").replace("def quote_changed", "async def quote_changed"),
            "mine.py: Mine.quote_changed is async; expected an ordinary method",
        ),
        (source_of("return ()").replace("    venue: Name", "    venue: str"), "the fields of MineSettings cannot be read"),
        (source_of("return ()").replace("frozen=True, ", ""), "MineSettings can be changed; expected frozen=True"),
        (source_of("return ()").replace("return ((self", "return ((1 / 0, self"), "ZeroDivisionError: division by zero"),
        (source_of("return ()").replace("return ((self", "return ((7, self"), "TypeError|ValueError: too many values"),
        (source_of("return ()").replace("self.settings.venue, self", "'nowhere', self", 1), "unknown venue 'nowhere'"),
    ],
)
def test_what_is_no_strategy_is_refused_before_the_run(source: str, problem: str, tmp_path: Path) -> None:
    path = written(tmp_path, "return ()")
    (tmp_path / "mine.py").write_text(source, encoding="utf-8")
    with pytest.raises(BadInput, match=problem) as refused:
        trading_ecosystem.run(path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("definition", "problem"),
    [
        ("{}", "expected one of file, module or source"),
        ("{file: mine.py, module: mine}", "expected one of file, module or source"),
        ("{path: mine.py}", "strategy 'mine' has no field 'path'; expected file, module, source, class"),
        ("mine.py", r"strategy 'mine': expected a mapping such as \{file: my.py\}"),
        ("{file: [mine.py]}", "file is no text; expected one value"),
        ("{module: there.is.none}", "'there.is.none' is no module"),
        ("{module: math}", "'math' is a module not written in Python"),
        ("{file: mine.py, class: Yours}", "no strategy Yours in it; there is Mine"),
        ("{file: mine.py}\n  momentum: {file: mine.py}", "there is a built-in strategy 'momentum'; expected another name"),
    ],
)
def test_a_section_that_makes_no_sense_is_refused(definition: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=problem):
        trading_ecosystem.run(written(tmp_path, "return ()", definition))


def test_code_cannot_be_set_from_outside(tmp_path: Path) -> None:
    path = written(tmp_path, "return ()")
    for override in ("strategies.mine.source=x", " strategies .mine.file=other.py", "strategies={}"):
        with pytest.raises(BadInput, match="strategies cannot be set; expected them in the scenario's file"):
            trading_ecosystem.run(path, overrides=[override])


def test_a_snapshot_finds_a_strategy_of_ones_own_again(tmp_path: Path) -> None:
    scenario = read_scenario(written(tmp_path, BUYS))
    half_way = scenario.starts_at + 2 * MINUTE
    journals = []
    for stops in (False, True):
        journal = MemoryJournal()
        kernel, recorder = ecosystem(scenario, 3, journal)
        inputs = list(scenario_inputs(scenario, 3, tmp_path))
        simulate(kernel, recorder, [one for one in inputs if one.at <= half_way], until=half_way)
        if stops:
            document = take_snapshot(kernel, "1")
            kernel, recorder = ecosystem(scenario, 3, journal)
            restore_snapshot(kernel, document, "1")
        desk = kernel.components["trading"].desks["rogue"]  # type: ignore[attr-defined]
        assert desk.strategy.quotes > 20
        assert desk.strategy.allowance is not None
        simulate(kernel, recorder, [one for one in inputs if one.at > half_way], until=scenario.starts_at + 4 * MINUTE)
        journals.append(list(journal.lines()))
    assert journals[0] == journals[1]
