"""What ``trading-ecosystem bench`` measures and prints: the books beside their peers, how cost grows, the background market."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from rich.console import Group
from rich.table import Table
from rich.text import Text

from trading_ecosystem import __version__
from trading_ecosystem.domains.exchange.book.books import COMPILED, available, serving
from trading_ecosystem.reports.bench.contenders import (
    BATCH_COMMANDS,
    CONTENDERS,
    BatchedBook,
    Bourse,
    CompiledBook,
    Contender,
    LeanCompiledBook,
)
from trading_ecosystem.reports.bench.market import market_figures
from trading_ecosystem.reports.bench.measurement import Measured, measure
from trading_ecosystem.reports.bench.order_flow import order_flow

ONE_SYMBOL: Final = "5,000 orders resting, one symbol"
MANY_SYMBOLS: Final = "100,000 orders resting, 100 symbols by Zipf's law"
GROWTH_RESTING: Final = (1_000, 10_000, 100_000, 500_000)
GROWTH_SYMBOLS: Final = (1, 100, 1_000)
_OURS: Final[tuple[type[Contender], ...]] = (BatchedBook, LeanCompiledBook, CompiledBook)


def machine() -> dict[str, str]:
    """What it was measured on."""
    return {
        "processor": _processor(),
        "system": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()} ({platform.python_compiler()})",
        "trading-ecosystem": __version__,
        "book that serves": serving(),
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def bench(*, commands: int, rounds: int, growth: bool, progress: Callable[[str], None]) -> dict[str, Any]:
    """Measure everything; the document that :func:`rendered` shows and ``--json`` prints."""
    playing = [each for each in CONTENDERS if each.missing() is None and not (each in _OURS and COMPILED not in available())]
    document: dict[str, Any] = {
        "machine": machine(),
        "commands": commands,
        "rounds": rounds,
        "absent": _absent(playing),
        "flows": {},
    }
    for title, resting, symbols in ((ONE_SYMBOL, 5_000, 1), (MANY_SYMBOLS, 100_000, 100)):
        progress(title)
        flow = order_flow(commands, resting=resting, symbols=symbols)
        document["flows"][title] = _rows(measure(playing, flow, rounds=rounds))
    if growth and COMPILED in available():
        document["growth"] = _growth(commands, rounds, progress)
    progress("background market")
    document["market"] = market_figures()
    return document


def _absent(playing: list[type[Contender]]) -> dict[str, str]:
    """Who does not play, and why."""
    reasons: dict[str, str] = {}
    for each in CONTENDERS:
        if each in playing:
            continue
        missing = each.missing()
        reasons[each.name] = f"{missing} is not installed (extra bench)" if missing else "the compiled book was not built"
    found = importlib.util.find_spec("hftbacktest") is not None
    reasons["hftbacktest"] = (
        f"{'installed (' + importlib.metadata.version('hftbacktest') + ')' if found else 'not installed'}, not timed: it fills "
        "one trader's orders from recorded depth and does not match orders with each other, so it cannot play this flow"
    )
    return reasons


def _rows(measured: list[Measured]) -> list[dict[str, Any]]:
    peer = next((each for each in measured if each.name == Bourse.name), None)
    return [
        {
            "name": each.name,
            "batch": each.batch,
            "ns_per_command": round(each.median_ns, 1),
            "lowest_ns": round(each.lowest_ns, 1),
            "times_bourse": round(each.times_faster(peer), 2) if peer else None,
            "p50_ns": each.p50_ns,
            "p99_ns": each.p99_ns,
            "p999_ns": each.p999_ns,
            "worst_ns": each.worst_ns,
            "fills": each.fills,
            "same_fills": each.fills_hash == measured[0].fills_hash,
        }
        for each in measured
    ]


def _growth(commands: int, rounds: int, progress: Callable[[str], None]) -> list[dict[str, Any]]:
    """The batch door's cost with more orders and more symbols, over its cost with the fewest."""
    rows: list[dict[str, Any]] = []
    for kind, sizes in (("orders resting", GROWTH_RESTING), ("symbols", GROWTH_SYMBOLS)):
        first: float | None = None
        for size in sizes:
            progress(f"growth: {size:,} {kind}")
            flow = (
                order_flow(commands, resting=size) if kind != "symbols" else order_flow(commands, resting=10_000, symbols=size)
            )
            cost = measure([BatchedBook], flow, rounds=rounds, latencies=False)[0].median_ns
            first = first or cost
            rows.append({"what": kind, "count": size, "ns_per_command": round(cost, 1), "times_first": round(cost / first, 2)})
    return rows


def rendered(document: dict[str, Any]) -> Group:
    """The document for a terminal."""
    parts: list[Any] = [Text(f"{name:18} {value}") for name, value in document["machine"].items()]
    for title, rows in document["flows"].items():
        parts.append(_flow_table(title, rows, document))
    if document.get("growth"):
        table = Table(title="\nHow the cost of a command grows (batches)", title_justify="left")
        for heading in ("", "", "ns a command", "times the first"):
            table.add_column(heading, justify="right")
        for row in document["growth"]:
            table.add_row(row["what"], f"{row['count']:,}", f"{row['ns_per_command']:.1f}", f"{row['times_first']:.2f}")
        parts.append(table)
    table = Table(title="\nBackground market", title_justify="left")
    table.add_column("")
    table.add_column("measured", justify="right")
    for row in document["market"]:
        table.add_row(row["what"], row["figure"])
    parts.append(table)
    parts += [Text(f"{name}: {why}", style="dim") for name, why in document["absent"].items()]
    if sys.flags.dev_mode:
        parts.append(Text("measured in Python's development mode, which is slow", style="bold"))
    return Group(*parts)


def _flow_table(title: str, rows: list[dict[str, Any]], document: dict[str, Any]) -> Table:
    differing = [row["name"] for row in rows if not row["same_fills"]]
    fills = f"{rows[0]['fills']:,} fills, " + (
        f"DIFFERENT in {', '.join(differing)}" if differing else "the same in all by hash, in a run of their own"
    )
    caption = (
        f"{document['commands']:,} commands, each stretch at its median of {document['rounds']} interleaved rounds; {fills}.\n"
        f"Single calls in nanoseconds; batch: {BATCH_COMMANDS:,} commands a call. bourse is timed without its set_time."
    )
    table = Table(title=f"\n{title}", title_justify="left", caption=caption, caption_justify="left")
    table.add_column("engine", no_wrap=True)
    for heading in ("ns/command", "x bourse", "p50", "p99", "p99.9"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        latencies = [f"{row[name]:,}" if row[name] else "-" for name in ("p50_ns", "p99_ns", "p999_ns")]
        times = f"{row['times_bourse']:.2f}" if row["times_bourse"] is not None else "-"
        table.add_row(row["name"], f"{row['ns_per_command']:,.0f}", times, *latencies)
    return table
