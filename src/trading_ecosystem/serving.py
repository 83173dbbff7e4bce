"""A living ecosystem behind its doors: what ``trading-ecosystem serve`` runs, and what tests and notebooks start.

One process, one event loop: the live driver, the followers of the histories, and one or two HTTP servers (uvicorn).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec

from trading_ecosystem import __version__
from trading_ecosystem.adapters.followers import Followers
from trading_ecosystem.api.gateway import Gateway, Places
from trading_ecosystem.api.keys import KeyStore
from trading_ecosystem.api.positions import Positions
from trading_ecosystem.api.rate_limits import PER_KEY, PER_STRANGER, RateLimit
from trading_ecosystem.api.rest.app import EVERY_FACE, Face, create_app
from trading_ecosystem.api.rest.health import Identity
from trading_ecosystem.api.web_server import WebServer
from trading_ecosystem.domains.test_coordination.scenario import MARKET_DATA, RISK, TEST_COORDINATION, TRADING, Scenario
from trading_ecosystem.live_ecosystem import SNAPSHOT_EVERY, LiveEcosystem
from trading_ecosystem.messages.units import INSTRUMENTS, PARTS_PER_MILLION
from trading_ecosystem.ports.clock import WallClock

LIVING_MARKET: Final = "quiet_day"
"""The scenario that is served where none is named."""


DRAIN: Final = 1.5
"""Seconds in which histories catch up at the end."""


class ServeOptions(msgspec.Struct, frozen=True):
    """What to serve, and where. Ports of 0 are chosen by the system."""

    store: str = "memory:"
    keys: Path = Path("trading-ecosystem-data/keys")
    scenario: str = LIVING_MARKET
    overrides: tuple[str, ...] = ()
    seed: int | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    control_port: int | None = None
    """Where control and audit are served; on ``port`` where there is none."""
    speed_ppm: int = PARTS_PER_MILLION
    instance: str = "ecosystem"
    environment: str = "development"
    snapshot_every: int = SNAPSHOT_EVERY
    per_key: RateLimit = PER_KEY
    per_stranger: RateLimit = PER_STRANGER


class Serving(msgspec.Struct, frozen=True):
    """A server that runs: its ecosystem, its keys, and where it listens."""

    ecosystem: LiveEcosystem
    gateway: Gateway
    keys: KeyStore
    addresses: tuple[tuple[str, int], ...]
    """Host and port of production, then of control and audit where these are apart."""
    stopped: asyncio.Future[None]
    """Done when the ecosystem has ended by itself; holds its failure."""

    @property
    def url(self) -> str:
        """The production face's address."""
        host, port = self.addresses[0]
        return f"http://{host}:{port}"

    @property
    def control_url(self) -> str:
        """The address of control and audit."""
        host, port = self.addresses[-1]
        return f"http://{host}:{port}"


@asynccontextmanager
async def serving(options: ServeOptions, wall: WallClock | None = None) -> AsyncIterator[Serving]:
    """Serve until the block is left; then drain, take a snapshot, and give everything back."""
    keys = KeyStore(options.keys)
    ecosystem = await LiveEcosystem.open(
        options.store,
        options.scenario,
        seed=options.seed,
        overrides=options.overrides,
        speed_ppm=options.speed_ppm,
        wall=wall,
        snapshot_every=options.snapshot_every,
    )
    try:
        async with await ecosystem.histories(_history_url(options.store)) as followers:
            places = places_of(ecosystem.scenario)
            gateway = Gateway(ecosystem.driver, followers, places, Positions(keys.derived("positions")))
            identity = Identity(options.instance, __version__, options.environment)
            servers = [
                WebServer(
                    create_app(
                        gateway, keys, identity, faces=faces, per_key=options.per_key, per_stranger=options.per_stranger
                    ),
                    _bound(options.host, port),
                )
                for faces, port in _faces(options)
            ]
            driving = asyncio.create_task(ecosystem.driver.run(), name="live driver")
            try:
                async with contextlib.AsyncExitStack() as stack:
                    for server in servers:
                        await stack.enter_async_context(server)
                    stopped = asyncio.get_running_loop().create_future()
                    driving.add_done_callback(lambda task: _tell(stopped, task))
                    addresses = tuple(server.address for server in servers)
                    yield Serving(ecosystem, gateway, keys, addresses, stopped)
            finally:
                ecosystem.driver.stop()
                await asyncio.gather(driving, return_exceptions=True)
                await _drain(followers)
    finally:
        await ecosystem.close()


def places_of(scenario: Scenario) -> Places:
    """The components of a scenario, as the doors name them."""
    traded = tuple(INSTRUMENTS[symbol] for symbol in scenario.ecosystem.market_data.instruments)
    return Places(
        firm=scenario.ecosystem.firm.name,
        venues={venue.name: traded for venue in scenario.ecosystem.venues},
        custodian=scenario.ecosystem.custodian.name,
        market_data=MARKET_DATA,
        trading=TRADING,
        risk=RISK,
        coordination=TEST_COORDINATION,
    )


def _faces(options: ServeOptions) -> Sequence[tuple[frozenset[Face], int]]:
    if options.control_port is None:
        return [(EVERY_FACE, options.port)]
    return [(frozenset({Face.PRODUCTION}), options.port), (EVERY_FACE - {Face.PRODUCTION}, options.control_port)]


def _history_url(store: str) -> str:
    """Histories live where the journal does; beside a folder of plain files, in memory."""
    return "memory:" if store.startswith("files:") else store


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except BaseException:
        bound.close()
        raise
    return bound


def _tell(stopped: asyncio.Future[None], task: asyncio.Task[None]) -> None:
    if stopped.done():
        return
    error = None if task.cancelled() else task.exception()
    if error is None:
        stopped.set_result(None)
    else:
        stopped.set_exception(error)


async def _drain(followers: Followers) -> None:
    """Give the histories a moment to apply what was committed last; the rest is read from the journal at the next start."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DRAIN):
            await followers.caught_up()
