"""What a recording showed while it was replayed through the book: for a terminal, and as a document."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from trading_ecosystem.adapters.recordings.replay_findings import BookReplay, Check
from trading_ecosystem.messages.orders import Side


def replay_document(replay: BookReplay) -> dict[str, Any]:
    """Everything found, and the book as the recording leaves it; prices and quantities as decimal texts."""
    document: dict[str, Any] = msgspec.to_builtins(replay.findings)
    document["as_recorded"] = replay.findings.as_recorded
    document["differs"] = replay.findings.differs
    document["resting_orders"] = len(replay.book)
    document["best_bid"] = _best(replay, Side.BUY)
    document["best_ask"] = _best(replay, Side.SELL)
    return document


def replay_text(name: str, replay: BookReplay) -> str:
    """The same, a line each; checks that failed somewhere say where first."""
    found = replay.findings
    rows = [
        ("format", f"{found.format}, tick {found.tick}, lot {found.lot}"),
        ("rows", f"{found.rows:,}"),
        ("orders placed", f"{found.placed:,}, and {found.inferred:,} inferred" if found.inferred else f"{found.placed:,}"),
        ("trades", f"{found.trades:,} of {found.traded_lots:,} lots"),
        ("unknown orders", f"{found.unknown_orders:,}"),
        ("crossed states", f"{found.crossed_states:,}"),
        ("gaps", f"{found.gaps:,}"),
        ("resting at the end", f"{len(replay.book):,} orders"),
        ("best bid", _line(_best(replay, Side.BUY))),
        ("best ask", _line(_best(replay, Side.SELL))),
    ]
    width = max(len(label) for label, _ in rows)
    verdict = "DIFFERS" if found.differs else "AS RECORDED" if found.as_recorded else "NOTHING TO CHECK"
    lines = [f"{verdict}  {name}", ""]
    lines += [f"{label:{width}}  {value}" for label, value in rows]
    for check in found.checks:
        estimate = "" if check.exact else " (an estimate: earlier orders are inferred)"
        lines.append(f"{check.held:,} of {check.of:,}{_share(check)}: {check.says}{estimate}")
        lines += [f"    not at {place}" for place in check.examples]
    return "\n".join(lines) + "\n"


def _best(replay: BookReplay, side: Side) -> dict[str, str] | None:
    price, lots = replay.book.best(side)
    if not lots:
        return None
    return {
        "price": f"{Decimal(price) * Decimal(replay.findings.tick):f}",
        "quantity": f"{Decimal(lots) * Decimal(replay.findings.lot):f}",
    }


def _share(check: Check) -> str:
    """The share that held, rounded down: all but one is never 100 %."""
    return f" ({check.held * 10_000 // check.of / 100:.2f} %)" if check.of else ""


def _line(best: dict[str, str] | None) -> str:
    return f"{best['quantity']} at {best['price']}" if best else "none"
