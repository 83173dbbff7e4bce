"""A live ecosystem on a store, started fresh or recovered from what the store holds: both are the same code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Self

import msgspec

from trading_ecosystem import __version__, container
from trading_ecosystem.adapters import scenario_parameters as made_from
from trading_ecosystem.adapters.cached_history import cached_histories
from trading_ecosystem.adapters.caches import Caching
from trading_ecosystem.adapters.clocks import SystemClock
from trading_ecosystem.adapters.fan_out import FanOut
from trading_ecosystem.adapters.followers import Followers
from trading_ecosystem.adapters.histories import open_histories
from trading_ecosystem.adapters.scenario_files import parse_scenario, resolved_text
from trading_ecosystem.adapters.scenario_library import find_scenario
from trading_ecosystem.adapters.stores import open_live_store
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.envelope import Header
from trading_ecosystem.messages.units import PARTS_PER_MILLION
from trading_ecosystem.ports.clock import WallClock
from trading_ecosystem.ports.errors import BadInput, Conflict, Unavailable
from trading_ecosystem.ports.live_store import LiveStore, StoredSnapshot
from trading_ecosystem.reports.run_derivation import RunDerivation
from trading_ecosystem.runtime.live import LiveDriver
from trading_ecosystem.runtime.replay import recover
from trading_ecosystem.runtime.snapshot import restore_snapshot, take_snapshot
from trading_ecosystem.settings import Passwords

SNAPSHOT_EVERY: Final = 20_000
"""Entries between two snapshots of a live run: a recovery re-executes no more, which also the plain books do in 5 s."""


class LiveEcosystem:
    """One live ecosystem, made by :meth:`open`: ``driver`` runs it and answers questions, ``store`` keeps what was said."""

    def __init__(self, store: LiveStore, header: Header, wall: WallClock, speed_ppm: int, snapshot_every: int) -> None:
        self.store = store
        self.header = header
        self.scenario = parse_scenario(header.scenario, header.scenario_file)
        self.kernel, self.recorder = container.ecosystem(self.scenario, header.seed, None, started_at=header.started_at)
        self._wall = wall
        self._speed_ppm = speed_ppm
        self._snapshot_every = snapshot_every
        self._snapshot_due = snapshot_every
        self._snapshot_entries: int | None = None
        self.driver: LiveDriver
        self.is_new = False
        """Whether the store was empty."""

    @classmethod
    async def open(
        cls,
        store: str | LiveStore,
        scenario: str | Path = "quiet_day",
        *,
        seed: int | None = None,
        overrides: Sequence[str] = (),
        speed_ppm: int = PARTS_PER_MILLION,
        wall: WallClock | None = None,
        snapshot_every: int = SNAPSHOT_EVERY,
        first: Sequence[tuple[str, Message]] = (),
    ) -> Self:
        """Open a store (its URL, see :mod:`.adapters.stores`) and bring its ecosystem up.

        A store with a header is recovered: the newest whole snapshot, the inputs after it, every entry compared. An empty one
        begins now, with this scenario, after the inputs ``first``. Raises :class:`Conflict` where the store was written by
        another engine version and not stopped cleanly, or is in use.
        """
        wall = wall or SystemClock()
        opened = await open_live_store(store) if isinstance(store, str) else store
        try:
            header = await opened.header()
            if header is None:
                header = _first_header(scenario, seed, overrides, wall)
                await opened.begin(header)
            ecosystem = cls(opened, header, wall, speed_ppm, snapshot_every)
            await ecosystem._bring_up(first)
        except BaseException:
            await opened.close()
            raise
        return ecosystem

    async def _bring_up(self, first: Sequence[tuple[str, Message]]) -> None:
        count = await self.store.count()
        snapshot = await self._usable_snapshot(count)
        skip = 0
        if snapshot is not None:
            restore_snapshot(self.kernel, snapshot.state, __version__, upgrade=True)
            skip = snapshot.entries
        await recover(self.kernel, self.recorder, self.store.lines(skip), skip=skip)
        self._snapshot_due = skip + self._snapshot_every
        self.driver = LiveDriver(
            self.kernel,
            self.recorder,
            self._wall,
            append=self.store.append,
            speed_ppm=self._speed_ppm,
            committed=self._snapshot_if_due,
        )
        if count == 0:
            self.is_new = True
            opening = made_from.opening_inputs(self.scenario, self.header.seed)
            await self.driver.begin([*first, *((scheduled.sender, scheduled.message) for scheduled in opening)])
            return
        if snapshot is not None and snapshot.engine_version != __version__:
            # From here on this version's own snapshot is what recovery starts from.
            await self._keep_snapshot()
        await self.driver.resume()

    async def _usable_snapshot(self, count: int) -> StoredSnapshot | None:
        """The newest whole snapshot, if it is this engine version's or holds everything that was said."""
        snapshot = await self.store.snapshot(__version__)
        if snapshot is not None and snapshot.entries > count:
            raise Conflict(
                f"{self.store.name}: a snapshot holds {snapshot.entries} entries, the journal only {count}: "
                "a part of it is gone; restore it from a backup"
            )
        written_by = self.header.engine_version if snapshot is None else snapshot.engine_version
        clean = count == 0 or (snapshot is not None and snapshot.entries == count)
        if written_by != __version__ and not clean:
            raise Conflict(
                f"{self.store.name} was written by engine {written_by} and not stopped cleanly, this is {__version__}: "
                f"recover with {written_by}, stop cleanly, then upgrade"
            )
        return snapshot

    async def histories(
        self, url: str, passwords: Passwords | None = None, caches: Mapping[str, Caching] | None = None
    ) -> Followers:
        """Followers that keep every domain's history of this ecosystem in a store; leave them before :meth:`close`.

        With ``caches`` (see :mod:`.adapters.caches`) history is read through them, and public events go to their streams.
        Whoever opened them closes them, after the followers.
        """
        stores = await open_histories(url, passwords)
        if caches is not None:
            stores = cached_histories(stores, {domain: caching.cache for domain, caching in caches.items()})
            self.driver.follow(FanOut({domain: caching.streams for domain, caching in caches.items()}).tell)
        followers = Followers(stores.values(), self.store, RunDerivation)
        self.driver.follow(followers.tell)
        return followers

    async def close(self) -> None:
        """Commit, snapshot, and release the store: a clean stop. The driver has been stopped.

        After a component failed there is nothing clean to save: the journal is what counts, and recovery starts from it. So it
        is where the journal cannot be written: what was said and not committed was not acknowledged either.
        """
        try:
            if not self.kernel.broken and not self.recorder.waiting:
                await self._keep_snapshot()
        finally:
            await self.store.close()

    async def _snapshot_if_due(self) -> None:
        if self.kernel.entries < self._snapshot_due:
            return
        # Where it cannot be kept the next one will be: the journal has everything.
        self._snapshot_due = self.kernel.entries + self._snapshot_every
        try:
            await self._keep_snapshot()
        except Unavailable:
            return

    async def _keep_snapshot(self) -> None:
        if self._snapshot_entries != self.kernel.entries:
            state = take_snapshot(self.kernel, __version__)
            await self.store.keep_snapshot(StoredSnapshot(self.kernel.entries, __version__, state))
            self._snapshot_entries = self.kernel.entries


def _first_header(scenario: str | Path, seed: int | None, overrides: Sequence[str], wall: WallClock) -> Header:
    path = find_scenario(scenario)
    text = resolved_text(path, overrides)
    parsed = parse_scenario(text, str(path))
    if parsed.ecosystem.market_data.recording is not None:
        raise BadInput(str(path), "a recorded market cannot be run live; expected generated prices")
    header = container.header_of(parsed, path, text, parsed.seed if seed is None else seed, audit=True)
    return msgspec.structs.replace(header, live=True, started_at=wall.now())
