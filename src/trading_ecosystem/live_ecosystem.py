"""A live ecosystem in a folder, started fresh or recovered from what the folder holds: both are the same code."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from trading_ecosystem import __version__, container
from trading_ecosystem.adapters import scenario_parameters as made_from
from trading_ecosystem.adapters.clocks import SystemClock
from trading_ecosystem.adapters.run_directory import HEADER, RunDirectory, open_live_journal
from trading_ecosystem.adapters.scenario_files import parse_scenario, resolved_text
from trading_ecosystem.adapters.scenario_library import find_scenario
from trading_ecosystem.domains.test_coordination.scenario import Scenario
from trading_ecosystem.messages.envelope import Header
from trading_ecosystem.messages.units import PARTS_PER_MILLION
from trading_ecosystem.ports.clock import WallClock
from trading_ecosystem.ports.errors import BadInput, Conflict, Corrupt
from trading_ecosystem.runtime.live import LiveDriver
from trading_ecosystem.runtime.replay import ContinuingJournal, recover
from trading_ecosystem.runtime.snapshot import Snapshot, restore_snapshot, take_snapshot

SNAPSHOT: Final = "snapshot.json"
SNAPSHOT_EVERY: Final = 100_000
"""Entries between two snapshots of a live run."""


class LiveEcosystem:
    """One live ecosystem; ``driver`` runs it, ``kernel`` answers questions.

    A folder with a header is recovered: the last snapshot, the inputs after it, every entry compared. An empty one begins now.
    Raises :class:`Conflict` where the folder was written by another engine version and not stopped cleanly.
    """

    def __init__(
        self,
        folder: Path,
        scenario: str | Path = "quiet_day",
        *,
        seed: int | None = None,
        overrides: Sequence[str] = (),
        speed_ppm: int = PARTS_PER_MILLION,
        wall: WallClock | None = None,
        snapshot_every: int = SNAPSHOT_EVERY,
    ) -> None:
        self._folder = folder
        self._snapshot_every = snapshot_every
        wall = wall or SystemClock()
        fresh = not (folder / HEADER).exists()
        header = self._first_header(scenario, seed, overrides, wall) if fresh else RunDirectory(folder).header()
        self.scenario = parse_scenario(header.scenario, header.scenario_file)
        self._journal = open_live_journal(folder)
        self._snapshot_entries = 0
        try:
            self._bring_up(header, wall, speed_ppm, fresh)
        except BaseException:
            self._journal.close()
            raise

    def _bring_up(self, header: Header, wall: WallClock, speed_ppm: int, fresh: bool) -> None:
        snapshot = self._stored_snapshot(header)
        continuing = ContinuingJournal(self._journal, skip=snapshot.entries if snapshot else 0)
        self.kernel, self.recorder = container.ecosystem(self.scenario, header.seed, continuing, started_at=header.started_at)
        if snapshot is not None:
            restore_snapshot(self.kernel, (self._folder / SNAPSHOT).read_bytes(), __version__)
            self._snapshot_entries = snapshot.entries
        recover(self.kernel, self.recorder, self._journal, skip=self._snapshot_entries)
        self.driver = LiveDriver(self.kernel, self.recorder, wall, speed_ppm=speed_ppm, committed=self._snapshot_if_due)
        if len(self._journal) == 0:
            self._open(self.scenario, header)
        elif not fresh:
            self.driver.resume()

    def close(self) -> None:
        """Commit, snapshot, and release the journal: a clean stop.

        After a component failed there is nothing clean to save: the journal is what counts, and recovery starts from it.
        """
        try:
            if not self.kernel.broken:
                self.recorder.commit()
                self._write_snapshot()
        finally:
            self._journal.close()

    def _first_header(self, scenario: str | Path, seed: int | None, overrides: Sequence[str], wall: WallClock) -> Header:
        path = find_scenario(scenario)
        text = resolved_text(path, overrides)
        parsed = parse_scenario(text, str(path))
        if parsed.ecosystem.market_data.recording is not None:
            raise BadInput(str(path), "a recorded market cannot be run live; expected generated prices")
        header = container.header_of(parsed, path, text, parsed.seed if seed is None else seed, audit=True)
        header = msgspec.structs.replace(header, live=True, started_at=wall.now())
        self._folder.mkdir(parents=True, exist_ok=True)
        _write_whole(self._folder / HEADER, msgspec.json.format(msgspec.json.encode(header), indent=2))
        return header

    def _open(self, scenario: Scenario, header: Header) -> None:
        for scheduled in made_from.opening_inputs(scenario, header.seed):
            self.kernel.admit(scheduled.sender, scheduled.message, self.kernel.now)
        self.kernel.run_before(self.kernel.now + 1)
        self.recorder.commit()

    def _stored_snapshot(self, header: Header) -> Snapshot | None:
        path = self._folder / SNAPSHOT
        try:
            snapshot = msgspec.json.decode(path.read_bytes(), type=Snapshot) if path.exists() else None
        except msgspec.MsgspecError as error:
            raise Corrupt(f"{path}: {error}; remove it to recover from the first input instead") from error
        if snapshot is not None and snapshot.entries > len(self._journal):
            raise Conflict(
                f"{path} holds {snapshot.entries} entries, the journal only {len(self._journal)}: a part of it is gone"
            )
        clean = snapshot is not None and snapshot.entries == len(self._journal)
        if header.engine_version != __version__ and not clean:
            raise Conflict(
                f"{self._folder} was written by engine {header.engine_version} and not stopped cleanly, this is {__version__}: "
                f"recover with {header.engine_version}, stop cleanly, then upgrade"
            )
        return snapshot

    def _snapshot_if_due(self) -> None:
        if self.kernel.entries - self._snapshot_entries >= self._snapshot_every:
            self._write_snapshot()

    def _write_snapshot(self) -> None:
        _write_whole(self._folder / SNAPSHOT, take_snapshot(self.kernel, __version__))
        self._snapshot_entries = self.kernel.entries


def _write_whole(path: Path, data: bytes) -> None:
    """Replace a file in one step, synced, so that a crash leaves the old one or the new one."""
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
