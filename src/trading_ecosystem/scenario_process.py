"""One scenario run in a process of its own, for whoever watches it: ``python -m trading_ecosystem.scenario_process``.

It reads one JSON object from its standard input (:class:`ScenarioRequest`) and writes JSON objects to its standard output, one
a line: how far it has come, ten times a second at most, then how it ended. The verdict is in the run directory.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Final

import msgspec

from trading_ecosystem import container
from trading_ecosystem.adapters.scenario_runs import RunFailed, RunFinished, RunProgress, ScenarioRequest
from trading_ecosystem.ports.errors import BadInput, EcosystemError

REPORT_EVERY: Final = 0.1
"""Seconds between two lines about progress."""


def main() -> int:
    """Run what the standard input asks for; returns the exit code of the command line."""
    request = msgspec.json.decode(sys.stdin.buffer.read(), type=ScenarioRequest)
    told_at = 0.0

    def progress(simulated_ns: int, duration_ns: int) -> None:
        nonlocal told_at
        now = time.monotonic()
        if now - told_at >= REPORT_EVERY:
            told_at = now
            _say(RunProgress(simulated_ns, duration_ns))

    try:
        result = container.run(
            request.scenario, seed=request.seed, overrides=request.overrides, out=Path(request.out), progress=progress
        )
    except BadInput as error:
        _say(RunFailed(str(error)))
        return 2
    except EcosystemError as error:
        _say(RunFailed(str(error)))
        return 3
    verdict = result.verdict.judgement.value
    _say(RunFinished(result.passed, verdict, result.entry_count, result.simulated_ns, result.journal_digest))
    return 0 if result.passed else 1


def _say(what: msgspec.Struct) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(what) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
