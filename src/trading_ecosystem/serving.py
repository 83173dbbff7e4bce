"""A living ecosystem behind its doors: what ``trading-ecosystem serve`` runs, and what tests and notebooks start.

One process, one event loop: the live driver, the followers of the histories, and one or two HTTP servers (uvicorn).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from trading_ecosystem import __version__
from trading_ecosystem.adapters.alert_routing import AlertRouter, LogReceiver, Receiver, WebhookReceiver
from trading_ecosystem.adapters.caches import MEMORY, close_caches, open_caches
from trading_ecosystem.adapters.entry_metrics import EntryMetrics
from trading_ecosystem.adapters.followers import Followers
from trading_ecosystem.adapters.live_audit import LiveAudit
from trading_ecosystem.adapters.prometheus import PrometheusExposition
from trading_ecosystem.adapters.scenario_audit import audit_of
from trading_ecosystem.adapters.scenario_runs import ScenarioRuns
from trading_ecosystem.api.gateway import Gateway, Places
from trading_ecosystem.api.grpc.opening import GrpcTerms, grpc_opening
from trading_ecosystem.api.keys import KeyStore
from trading_ecosystem.api.observability import AccessLog, RequestMetrics, RuntimeMetrics, observers
from trading_ecosystem.api.positions import Positions
from trading_ecosystem.api.rate_limits import PER_KEY, PER_STRANGER, RateLimit
from trading_ecosystem.api.rest.app import EVERY_FACE, Face, Workings, create_app
from trading_ecosystem.api.rest.health import Identity
from trading_ecosystem.api.streams.hub import Hub
from trading_ecosystem.api.streams.pulse import beat
from trading_ecosystem.api.streams.stream_metrics import StreamMetrics
from trading_ecosystem.api.streams.subscriber import StreamLimits
from trading_ecosystem.api.web_server import WebServer
from trading_ecosystem.domains.test_coordination.catalogue_description import describe_catalogue
from trading_ecosystem.domains.test_coordination.scenario import MARKET_DATA, RISK, TEST_COORDINATION, TRADING, Scenario
from trading_ecosystem.live_ecosystem import SNAPSHOT_EVERY, LiveEcosystem
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.exchange import DepthQuestion
from trading_ecosystem.messages.risk_standing import ActiveAlertsQuestion
from trading_ecosystem.messages.units import INSTRUMENTS, PARTS_PER_MILLION
from trading_ecosystem.ports.clock import WallClock
from trading_ecosystem.ports.errors import BadInput

LIVING_MARKET: Final = "living_market"
"""The scenario that is served where none is named."""


STREAMS_END: Final = 1.0
"""Seconds that peers of streams have to take the reason for their end."""
RUNS: Final = "runs"
"""The folder beside the keys where scenario runs that were started through the doors leave their directories."""
DRAIN: Final = 1.5
"""Seconds in which histories catch up at the end."""


class ServeOptions(msgspec.Struct, frozen=True):
    """What to serve, and where. Ports of 0 are chosen by the system."""

    store: str = MEMORY
    """Where the journal and the histories are kept; see :mod:`.adapters.stores`."""
    cache: str = MEMORY
    """What histories are read through; see :mod:`.adapters.caches`."""
    keys: Path = Path("trading-ecosystem-data/keys")
    scenario: str = LIVING_MARKET
    overrides: tuple[str, ...] = ()
    seed: int | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    control_port: int | None = None
    """Where control and audit are served, beside production; on ``port`` where there is none, and not on it where there is."""
    grpc_port: int | None = None
    """Where gRPC is served, if it is: every face, or production alone where control and audit are apart."""
    speed_ppm: int = PARTS_PER_MILLION
    instance: str = "ecosystem"
    environment: str = "development"
    snapshot_every: int = SNAPSHOT_EVERY
    per_key: RateLimit = PER_KEY
    per_stranger: RateLimit = PER_STRANGER
    traces: str | None = None
    """Where spans go (``console``, or the URL of a collector); nowhere where there is none."""
    access_log: bool = False
    """Log every answered request."""
    alert_webhooks: tuple[str, ...] = ()
    """URLs to which notifications of alerts are posted."""
    alert_log: bool = False
    """Log notifications of alerts."""
    streams: StreamLimits = StreamLimits()
    certificate: str | None = None
    """File of the TLS certificate, with its key in ``certificate_key``; plain HTTP where there is none."""
    certificate_key: str | None = None

    @property
    def scheme(self) -> str:
        """``http`` or ``https``."""
        return "http" if self.certificate is None else "https"


class Serving(msgspec.Struct, frozen=True):
    """A server that runs: its ecosystem, its keys, and where it listens."""

    ecosystem: LiveEcosystem
    gateway: Gateway
    hub: Hub
    keys: KeyStore
    addresses: tuple[tuple[str, int], ...]
    """Host and port of production, then of control and audit where these are apart."""
    grpc_address: tuple[str, int] | None
    stopped: asyncio.Future[None]
    """Done when the ecosystem has ended by itself; holds its failure."""
    is_new: bool
    """Whether this is the first start on its store."""
    scheme: str

    @property
    def url(self) -> str:
        """The production face's address."""
        return self._url_of(self.addresses[0])

    @property
    def control_url(self) -> str:
        """The address of control and audit."""
        return self._url_of(self.addresses[-1])

    def _url_of(self, address: tuple[str, int]) -> str:
        host, port = address
        return f"{self.scheme}://{f'[{host}]' if ':' in host else host}:{port}"


@asynccontextmanager
async def serving(
    options: ServeOptions, wall: WallClock | None = None, *, first: Sequence[tuple[str, Message]] = ()
) -> AsyncIterator[Serving]:
    """Serve until the block is left; then drain, take a snapshot, and give everything back.

    ``first`` are inputs that precede all others of a new ecosystem, by sender.
    """
    keys = KeyStore(options.keys)
    async with contextlib.AsyncExitStack() as stack:
        # What is bound first is refused first: nothing is opened for a port that is taken.
        bound = [stack.enter_context(_bound(options.host, port)) for _, port in _faces(options)]
        open_grpc = grpc_opening(_grpc_terms(options))
        caches = await open_caches(options.cache)
        stack.push_async_callback(close_caches, caches)
        ecosystem = await _opened(options, wall, first)
        stack.push_async_callback(ecosystem.close)
        histories = _history_url(options.store)
        # What is in memory anyway is not read faster through a cache in memory.
        through = None if histories == options.cache == MEMORY else caches
        followers = await stack.enter_async_context(await ecosystem.histories(histories, caches=through))
        stack.push_async_callback(_drain, followers)
        gateway = Gateway(ecosystem.driver, followers, places_of(ecosystem.scenario), Positions(keys.derived("positions")))
        hub = await stack.enter_async_context(_streams(ecosystem, gateway, keys, options.streams))
        await stack.enter_async_context(_alerting(ecosystem, options))
        stopped = await stack.enter_async_context(_driving(ecosystem))
        identity = Identity(options.instance, __version__, options.environment)
        if options.traces is not None:
            stack.callback(_trace(ecosystem, options.traces, options.instance))
        requests, said = RequestMetrics(), EntryMetrics()
        ecosystem.driver.follow(said.tell)
        exposition = PrometheusExposition(
            (requests, RuntimeMetrics(ecosystem.kernel, ecosystem.driver, followers), said, StreamMetrics(hub)),
            {"service": identity.service, "instance": identity.instance, "version": identity.version},
        )
        observe = observers(requests, AccessLog()) if options.access_log else requests
        workings = await stack.enter_async_context(_workings(ecosystem, options.keys.parent / RUNS))
        for (faces, _), socket_ in zip(_faces(options), bound, strict=True):
            application = create_app(
                gateway,
                keys,
                identity,
                hub,
                faces=faces,
                per_key=options.per_key,
                per_stranger=options.per_stranger,
                observe=observe,
                exposition=exposition,
                workings=workings,
            )
            server = WebServer(application, socket_, certificate=options.certificate, key=options.certificate_key)
            await stack.enter_async_context(server)
        grpc_address = await stack.enter_async_context(open_grpc(gateway, keys, hub, workings, observe))
        stack.push_async_callback(_end_streams, hub)
        addresses = tuple((one.getsockname()[0], one.getsockname()[1]) for one in bound)
        yield Serving(ecosystem, gateway, hub, keys, addresses, grpc_address, stopped, ecosystem.is_new, options.scheme)


async def _opened(options: ServeOptions, wall: WallClock | None, first: Sequence[tuple[str, Message]]) -> LiveEcosystem:
    return await LiveEcosystem.open(
        options.store,
        options.scenario,
        seed=options.seed,
        overrides=options.overrides,
        speed_ppm=options.speed_ppm,
        wall=wall,
        snapshot_every=options.snapshot_every,
        first=first,
    )


@asynccontextmanager
async def _workings(ecosystem: LiveEcosystem, runs: Path) -> AsyncIterator[Workings]:
    """What control and audit look at, while the block runs."""
    scenario = ecosystem.scenario.ecosystem
    audit = partial(audit_of, ecosystem.scenario, ecosystem.header.seed)
    live_audit = LiveAudit(ecosystem.store, ecosystem.header, audit)
    scenario_runs = ScenarioRuns(runs)
    try:
        yield Workings(live_audit, scenario_runs, describe_catalogue(scenario))
    finally:
        await scenario_runs.close()
        await live_audit.close()


@asynccontextmanager
async def _alerting(ecosystem: LiveEcosystem, options: ServeOptions) -> AsyncIterator[None]:
    """Tell people of alerts while the block runs, where somebody wants to be told."""
    receivers: list[Receiver] = [WebhookReceiver(url) for url in dict.fromkeys(options.alert_webhooks)]
    receivers += [LogReceiver()] if options.alert_log else []
    if not receivers:
        yield
        return
    router = AlertRouter(ecosystem.scenario.ecosystem.firm.name, receivers)
    router.prime(ecosystem.kernel.components[RISK].answer(ActiveAlertsQuestion()), ecosystem.driver.now())
    ecosystem.driver.follow(router.tell)
    router.start()
    try:
        yield
    finally:
        await router.close()


@asynccontextmanager
async def _driving(ecosystem: LiveEcosystem) -> AsyncIterator[asyncio.Future[None]]:
    """Drive the ecosystem while the block runs; the future is done when it has ended by itself."""
    stopped: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(ecosystem.driver.run(), name="live driver")
    task.add_done_callback(lambda done: _tell(stopped, done))
    try:
        yield stopped
    finally:
        ecosystem.driver.stop()
        await asyncio.gather(task, return_exceptions=True)
        # Whoever did not look at it has not missed anything: the journal has it.
        if stopped.done() and not stopped.cancelled():
            stopped.exception()


def _trace(ecosystem: LiveEcosystem, target: str, instance: str) -> Callable[[], None]:
    """Export spans of everything from now on; returns what ends it. Raises :class:`BadInput` where the extra is missing."""
    try:
        from trading_ecosystem.adapters.tracing import EntrySpans, exporter_to
    except ImportError:
        raise BadInput("--traces", "OpenTelemetry is not installed: pip install 'trading-ecosystem[otel]'") from None
    header = ecosystem.header
    spans = EntrySpans(exporter_to(target), f"{header.scenario_file}-{header.started_at}", "trading-ecosystem", instance)
    ecosystem.driver.follow(spans.tell)
    return spans.close


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
    # Whoever reaches the port of control may trade there too: the page for operators needs both on one port.
    return [(frozenset({Face.PRODUCTION}), options.port), (EVERY_FACE, options.control_port)]


def _grpc_terms(options: ServeOptions) -> GrpcTerms | None:
    if options.grpc_port is None:
        return None
    return GrpcTerms(
        options.host,
        options.grpc_port,
        faces=_faces(options)[0][0],
        per_key=options.per_key,
        per_stranger=options.per_stranger,
        certificate=options.certificate,
        key=options.certificate_key,
    )


def _history_url(store: str) -> str:
    """Histories live where the journal does; beside a folder of plain files, in memory."""
    return MEMORY if store.startswith("files:") else store


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named, for event loops send small answers at once (TCP_NODELAY) only where they see that it is TCP.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
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


@asynccontextmanager
async def _streams(ecosystem: LiveEcosystem, gateway: Gateway, keys: KeyStore, limits: StreamLimits) -> AsyncIterator[Hub]:
    """The hub of the streams, with heartbeats while the block runs.

    It begins with the books as they stand: what a recovered ecosystem published of them is past.
    """
    driver, hub = ecosystem.driver, Hub(limits)
    books = [
        await driver.ask(venue.name, DepthQuestion(instrument.symbol, venue.depth_levels))
        for venue in ecosystem.scenario.ecosystem.venues
        for instrument in gateway.places.venues[venue.name]
    ]
    hub.seed(driver.now(), books)
    driver.follow(hub.tell)
    beating = asyncio.create_task(beat(hub, keys, lambda: driver.reached), name="heartbeats")
    try:
        yield hub
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)


async def _end_streams(hub: Hub) -> None:
    """Close every stream, and give the peers a moment to hear why."""
    hub.close()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(STREAMS_END):
            while hub.subscribers:
                await asyncio.sleep(0.01)


async def _drain(followers: Followers) -> None:
    """Give the histories a moment to apply what was committed last; the rest is read from the journal at the next start."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DRAIN):
            await followers.caught_up()
