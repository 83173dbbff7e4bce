"""``verdict.json``: the verdict, what it rests on, the digest, counts and times, as one document."""

from __future__ import annotations

from typing import Any

import msgspec

from trading_ecosystem.adapters.run_directory import VERDICT
from trading_ecosystem.domains.test_coordination.judge import MonitorVerdict, every_monitor
from trading_ecosystem.messages.audit import MonitorFindings
from trading_ecosystem.ports.errors import Divergence
from trading_ecosystem.reports.run_result import RunResult


def verdict_document(result: RunResult) -> dict[str, Any]:
    """The document as plain values; everything in it but ``wall_seconds`` is the same for the same scenario and seed."""
    audit = result.audit
    monitors = {} if audit is None else {one.monitor: one for one in every_monitor(audit)}
    acting = monitors.pop(result.header.acting, None)
    document = {
        "scenario": result.scenario.name,
        "title": result.scenario.title,
        "seed": result.header.seed,
        "engine_version": result.header.engine_version,
        "verdict": result.verdict.judgement.value,
        "passed": result.passed,
        "expectations": msgspec.to_builtins(result.verdict.expectations),
        "clean_periods": msgspec.to_builtins(result.verdict.clean_periods),
        "unexpected": list(result.verdict.unexpected),
        "detections": "not scored" if acting is None else msgspec.to_builtins(acting.detections),
        "alerts": "not scored" if acting is None else msgspec.to_builtins(acting.alerts),
        "conservation": "not checked" if audit is None else msgspec.to_builtins(audit.conservation),
        "merkle_root": None if audit is None else audit.merkle_root,
        "journal_digest": result.journal_digest,
        "entries": result.entry_count,
        "deliveries": result.deliveries,
        "simulated_ns": result.simulated_ns,
        "wall_seconds": round(result.wall_seconds, 3),
    }
    if result.without_effect:
        document["without_effect"] = list(result.without_effect)
    if result.verdict.checks:
        document["checks"] = msgspec.to_builtins(result.verdict.checks)
    if result.header.monitors:
        document["acting"] = result.header.acting
        document["monitors"] = [_monitor(verdict, monitors[verdict.monitor]) for verdict in result.verdict.monitors]
    if result.impact is not None:
        amounts = [msgspec.to_builtins(amount) | {"impact": amount.impact} for amount in result.impact.amounts]
        document["impact"] = msgspec.to_builtins(result.impact) | {"amounts": amounts}
    return document


def compare_verdicts(stored: dict[str, object], again: dict[str, object], count: int) -> None:
    """Raise :class:`Divergence` where the stored verdict is not what the record gives."""
    again = msgspec.json.decode(msgspec.json.encode(again))
    for name in dict.fromkeys((*again, *stored)):
        if name != "wall_seconds" and stored.get(name) != again.get(name):
            said, is_now = (str(document.get(name))[:80] for document in (stored, again))
            raise Divergence(0, count, f"{VERDICT} states for {name}: {said}; the record gives: {is_now}")


def _monitor(verdict: MonitorVerdict, found: MonitorFindings) -> dict[str, Any]:
    return {
        "monitor": verdict.monitor,
        "verdict": verdict.judgement.value,
        "expectations": msgspec.to_builtins(verdict.expectations),
        "clean_periods": msgspec.to_builtins(verdict.clean_periods),
        "unexpected": list(verdict.unexpected),
        "detections": msgspec.to_builtins(found.detections),
        "alerts": msgspec.to_builtins(found.alerts),
    }
