"""The client for programs on asyncio; otherwise the same as :mod:`trading_ecosystem.client.sync_client`."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any, Self, TypeVar

import httpx
import msgspec

from trading_ecosystem.client.calls import Call, Params, decoded, retry_after
from trading_ecosystem.client.credentials import Credentials
from trading_ecosystem.client.errors import Unreachable
from trading_ecosystem.client.instants import instant_text
from trading_ecosystem.client.monitors import AsyncMonitorStream
from trading_ecosystem.client.policy import Circuit, Policy, Statistics
from trading_ecosystem.client.resources import AlertReport, Limit, Limits, Monitor, NewMonitor, ReportedAlert

T = TypeVar("T")


class AsyncClient:
    """Calls one server; an async context manager that gives its connections back. Calls may run side by side."""

    def __init__(
        self,
        url: str,
        credentials: Credentials | None = None,
        *,
        policy: Policy | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.url = url
        self.credentials = credentials
        self.policy = policy or Policy()
        self.statistics = Statistics()
        self._circuit = Circuit(self.policy, self.statistics, now)
        self._sleep = sleep
        self._now = now
        self._http = httpx.AsyncClient(
            timeout=self.policy.timeout,
            limits=httpx.Limits(max_connections=self.policy.connections),
            transport=transport,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Give the connections back."""
        await self._http.aclose()

    async def get(self, path: str, **params: Any) -> Any:
        """``GET`` as plain JSON."""
        return await self.request("GET", path, params=params)

    async def post(self, path: str, body: Any = None, *, idempotent: bool = False) -> Any:
        """``POST`` as plain JSON; ``idempotent`` where the body has an id of the caller's, so that it may be sent again."""
        return await self.request("POST", path, body=body, idempotent=idempotent)

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: Any = None,
        idempotent: bool | None = None,
        kind: type[T] = Any,  # type: ignore[assignment]
    ) -> T:
        """One call; raises :class:`ApiError`, :class:`Unreachable` or :class:`CircuitOpen`."""
        call = Call(self.url, self.credentials, method, path, params, body, idempotent)
        self.statistics.requests += 1
        attempt = 0
        while True:
            attempt += 1
            response, error = await self._try(call)
            status = None if response is None else response.status_code
            if not self.policy.again(attempt, status, call.idempotent):
                break
            self.statistics.retries += 1
            asked = None if response is None else retry_after(response)
            await self._sleep(self.policy.wait(attempt, asked, random.random()))
        if response is None:
            raise Unreachable(f"{method} {path}: {error}") from error
        return decoded(response, kind)

    async def _try(self, call: Call) -> tuple[httpx.Response | None, httpx.TransportError | None]:
        self._circuit.enter()
        started, response, error = self._now(), None, None
        try:
            response = await self._http.send(call.request(self._http))
        except httpx.TransportError as failure:
            error = failure
        finally:
            succeeded = response is not None and response.status_code < 500
            self._circuit.leave(succeeded)
        self.statistics.note(None if response is None else response.status_code, self._now() - started)
        return response, error

    # What there are words for.

    async def place_order(self, order: dict[str, Any]) -> Any:
        """Place an order; with a ``client_order_id`` it is sent again where no answer comes."""
        return await self.post("/api/v1/orders", order, idempotent="client_order_id" in order)

    async def cancel_order(self, venue: str, account: str, client_order_id: str) -> Any:
        """Cancel an open order."""
        return await self.request("DELETE", f"/api/v1/orders/{venue}/{client_order_id}", params={"account": account})

    async def limits(self) -> tuple[Limit, ...]:
        """The risk limits in force."""
        return (await self.request("GET", "/api/v1/risk/limits", kind=Limits)).limits

    async def register_monitor(self, name: str, *, lock_step: bool = False) -> Monitor:
        """Register a monitor of the firm; the same again has the same answer."""
        body = NewMonitor(name, lock_step)
        return await self.request("POST", "/api/v1/risk/monitors", body=body, idempotent=True, kind=Monitor)

    async def report_alert(self, monitor: str, report: AlertReport) -> ReportedAlert:
        """Report an alert; ``report_id`` makes it safe to send again."""
        if isinstance(report.raised_at, int):
            report = msgspec.structs.replace(report, raised_at=instant_text(report.raised_at))
        path = f"/api/v1/risk/monitors/{monitor}/alerts"
        return await self.request("POST", path, body=report, idempotent=True, kind=ReportedAlert)

    def listen(self, monitor: Monitor, after: int | None = None) -> AsyncMonitorStream:
        """The stream of a registered monitor, from its beginning or after a number."""
        return AsyncMonitorStream(self.url, monitor, self.credentials, after, self.policy.timeout)
