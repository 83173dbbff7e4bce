"""A living market behind its doors, for tests: in memory, on a port of the system's choice, with a clock that stands.

In a campaign it keeps its data in SQLite instead. One server serves a test module. Time goes on only where a test says so
(:meth:`Doors.advance`), so that what a route answers can be compared with what the kernel and the record hold at that very
instant. Every answer that a client of these doors gets is held against the OpenAPI documents.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import threading
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec
from tests.campaign import CAMPAIGN
from tests.end_to_end.contract_of_doors import Contract

from trading_ecosystem.api.caller import EVERY_ACCOUNT, PRODUCTION_SCOPES, Scope
from trading_ecosystem.messages.base import Message, Question
from trading_ecosystem.messages.envelope import Entry, decode_entry
from trading_ecosystem.messages.units import SECOND
from trading_ecosystem.serving import ServeOptions, Serving, serving

T = TypeVar("T")

ALPHA, BETA, CUSTODIAN, FIRM = "exchange-alpha", "exchange-beta", "custodian", "demo"
_STARTING = 60.0
_ANSWERING = 60.0


class Doors:
    """A server that runs in a thread of its own; :meth:`client` talks to it as somebody outside does."""

    def __init__(self, options: ServeOptions) -> None:
        self._options = options
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._failed: list[BaseException] = []
        self._over: asyncio.Event
        self._clients: list[httpx.Client] = []
        self._thread = threading.Thread(target=self._serve, name="doors", daemon=True)
        self._contract: Contract | None = None
        self.serving: Serving

    def __enter__(self) -> Doors:
        self._thread.start()
        assert self._started.wait(_STARTING), "the server did not start"
        if self._failed:
            raise self._failed[0]
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._clients:
            client.close()
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(_STARTING)
        assert not self._thread.is_alive(), "the server did not stop"
        if self._failed:
            raise self._failed[0]

    def client(self, scopes: Sequence[Scope] = tuple(Scope), accounts: Sequence[str] = (EVERY_ACCOUNT,)) -> httpx.Client:
        """A client with a new key."""
        token = self.serving.keys.create("test", scopes, accounts).token
        client = httpx.Client(
            base_url=self.serving.url,
            headers={"authorization": f"Bearer {token}"},
            timeout=_ANSWERING,
            trust_env=False,
            event_hooks={"response": [self._documented]},
        )
        self._clients.append(client)
        return client

    def _documented(self, response: httpx.Response) -> None:
        """Whatever is answered has to be what the OpenAPI documents say."""
        if self._contract is None:
            token = self.serving.keys.create("documents", tuple(Scope), (EVERY_ACCOUNT,)).token
            self._contract = Contract(self.serving.url, token)
        self._contract.check(response)

    def trader(self, *accounts: str) -> httpx.Client:
        """A client with the production scopes, bound to some accounts."""
        return self.client(PRODUCTION_SCOPES, accounts)

    def do(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Have the server's event loop run something."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(_ANSWERING)

    def begin(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Have the server's event loop run something, and wait for nothing."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def advance(self, seconds: float) -> None:
        """Let ecosystem time go on, and every history catch up."""

        async def on() -> None:
            driver = self.serving.ecosystem.driver
            await driver.advance_to(driver.now() + int(seconds * SECOND))
            await self.serving.gateway._followers.caught_up()

        self.do(on())

    def caught_up(self) -> None:
        """Let every history catch up."""
        self.do(self.serving.gateway._followers.caught_up())

    def ask(self, component: str, question: Question) -> Any:
        """A component's own answer, past the doors."""
        return self.do(self.serving.ecosystem.driver.ask(component, question))

    def entries(self) -> list[Entry]:
        """The whole record."""
        return [decode_entry(line) for line in self.lines()]

    def lines(self) -> list[bytes]:
        """The whole record, line by line."""

        async def read() -> list[bytes]:
            return [line async for line in self.serving.ecosystem.store.lines()]

        return self.do(read())

    def said(self, *kinds: type[Message]) -> list[Any]:
        """Every message of these types in the record."""
        return [entry.message for entry in self.entries() if isinstance(entry.message, kinds)]

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._run())
        except BaseException as error:
            self._failed.append(error)
        finally:
            self._loop.close()
            self._started.set()

    async def _run(self) -> None:
        self._over = asyncio.Event()
        async with serving(self._options) as served:
            served.ecosystem.driver.pause()
            self.serving = served
            self._started.set()
            await self._over.wait()


@contextlib.contextmanager
def doors(**options: Any) -> Iterator[Doors]:
    """A server for a test module; ``options`` are those of :class:`ServeOptions`."""
    with tempfile.TemporaryDirectory() as folder:
        store = f"sqlite:///{folder}/store" if CAMPAIGN else "memory:"
        usual = ServeOptions(store, scenario="living_market", port=0, keys=Path(folder) / "keys")
        with Doors(msgspec.structs.replace(usual, **options)) as running:
            yield running


def ok(response: httpx.Response, status: int = 200, *, empty: bool = False) -> Any:
    """The body of an answer with this status, which is empty where it has to be."""
    assert response.status_code == status, response.text
    if empty:
        assert response.content == b""
        return None
    return response.json()


def refused(response: httpx.Response, status: int, reason: str | None = None) -> Any:
    """The body of problem details with this status, and this reason where one is named."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == status
    if reason is not None:
        assert body["reason"] == reason, body
    return body


def every_page(client: httpx.Client, path: str, limit: int, **params: Any) -> list[Any]:
    """Every item of a list, page by page."""
    items: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        body = ok(client.get(path, params={**params, "limit": limit, **cursor}))
        assert len(body["items"]) <= limit
        items += body["items"]
        if body["next_cursor"] is None:
            return items
        assert len(body["items"]) == limit
        cursor = {"cursor": body["next_cursor"]}
