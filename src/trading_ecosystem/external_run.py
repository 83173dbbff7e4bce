"""A run of a scenario that waits for a monitor outside: its door is open, and its clock passes no unacknowledged heartbeat.

It is run by the live driver, as fast as the monitor acknowledges. When it is over its record is run again by the simulation,
which gives the same bytes, and judged like any other.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from trading_ecosystem import container
from trading_ecosystem.adapters.in_process_monitors import DOOR
from trading_ecosystem.adapters.recorded_monitors import RecordedMonitors
from trading_ecosystem.adapters.scenario_files import read_scenario
from trading_ecosystem.adapters.scenario_library import find_scenario
from trading_ecosystem.api.caller import Scope
from trading_ecosystem.domains.test_coordination.scenario import RISK
from trading_ecosystem.messages.monitors import MONITORS, RegisterMonitor
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.errors import BadInput, Divergence, Unavailable
from trading_ecosystem.reports.run_result import RunResult
from trading_ecosystem.runtime.live.clock_control import LONGEST_ADVANCE
from trading_ecosystem.runtime.recorder import JournalDigest
from trading_ecosystem.serving import ServeOptions, Serving, serving

EXTERNAL: Final = "external"
"""The name under which the monitor takes part, unless it is given another."""
_LOOK_EVERY: Final = 0.2

Announce = Callable[[str, str], None]
"""Is told where the door is and the token that opens it, once it is open."""


class _StandingClock:
    """A wall that stands: time goes on by the monitor's acknowledgements and nothing else."""

    def __init__(self, instant: Nanos) -> None:
        self._instant = instant

    def now(self) -> Nanos:
        """Always the same."""
        return self._instant


async def run_external(
    scenario: str | Path,
    *,
    announce: Announce,
    seed: int | None = None,
    overrides: Sequence[str] = (),
    out: str | Path | None = None,
    monitor: str = EXTERNAL,
    acting: str = RISK,
    host: str = "127.0.0.1",
    port: int = 0,
    progress: container.Progress | None = None,
    signing_key: Path | None = None,
    witness: Path | None = None,
) -> RunResult:
    """Run a scenario in lock-step with one monitor outside, which is registered already when the door opens.

    Raises :class:`BadInput` for input that cannot be used. Nothing is written before the run is over.
    """
    path = find_scenario(scenario)
    parsed = read_scenario(path, overrides)
    if parsed.is_open:
        raise BadInput(str(path), "has no end; expected a duration, such as --set duration=1h")
    with tempfile.TemporaryDirectory() as folder:
        options = ServeOptions(
            scenario=str(path), overrides=tuple(overrides), seed=seed, host=host, port=port, keys=Path(folder) / "keys"
        )
        first = [(DOOR, RegisterMonitor(MONITORS, parsed.ecosystem.firm.name, monitor, lock_step=True))]
        async with serving(options, _StandingClock(parsed.starts_at), first=first) as server:
            server.ecosystem.driver.heartbeats.patience = None
            announce(server.url, server.keys.lend([Scope.READ, Scope.RISK], [server.gateway.places.firm]).token)
            await _to_the_end(server, parsed.starts_at, parsed.duration_ns, progress)
            lines = [line async for line in server.ecosystem.store.lines()]

    def read_lines() -> Iterator[bytes]:
        return iter(lines)

    recorded = RecordedMonitors((monitor,), read_lines)
    result = container.run(
        path,
        seed=seed,
        overrides=overrides,
        out=out,
        monitors=recorded,
        acting=acting,
        signing_key=signing_key,
        witness=witness,
    )
    digest = JournalDigest()
    digest.update(lines)
    if digest.hexdigest() != result.journal_digest:
        raise Divergence(0, result.entry_count, "the record of the run, run again, is another")
    return result


async def _to_the_end(server: Serving, starts_at: Nanos, duration: Nanos, progress: container.Progress | None) -> None:
    driver = server.ecosystem.driver
    advancing = asyncio.create_task(_advance(server, starts_at + duration))
    try:
        while not server.stopped.done():
            await asyncio.wait({server.stopped, advancing}, timeout=_LOOK_EVERY, return_when=asyncio.FIRST_COMPLETED)
            if progress is not None:
                progress(driver.now() - starts_at, duration)
            if advancing.done() and not server.stopped.done():
                advancing.result()
        server.stopped.result()
    finally:
        advancing.cancel()
        await asyncio.gather(advancing, return_exceptions=True)


async def _advance(server: Serving, end: Nanos) -> None:
    driver = server.ecosystem.driver
    while True:
        try:
            await driver.advance_to(min(end, driver.now() + LONGEST_ADVANCE))
        except Unavailable:
            # It ended on the way, as it should; or it failed, and then the driver's own error says why.
            await asyncio.wait({server.stopped})
            return
