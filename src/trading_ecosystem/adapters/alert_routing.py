"""Alerts on their way to people: a follower of committed entries that sends notifications to a log and to webhooks.

What is sent, and when, the notifier of the risk domain decides; ecosystem time decides when something is due. Sending never
holds up the ecosystem: notifications wait in a queue of bounded length in front of each receiver, a webhook is tried a
bounded number of times with pauses that double, and what cannot be delivered is counted and logged as lost, never silently.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from typing import Final, Protocol

import httpx
import msgspec

from trading_ecosystem.domains.risk.notifications import Notification, NotificationPolicy, Notifier
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.risk_standing import AlertStanding
from trading_ecosystem.messages.units import Nanos

LONGEST_QUEUE: Final = 1_000
"""Notifications that wait for one receiver; of more, the newest are lost."""
ATTEMPTS: Final = 4
FIRST_PAUSE: Final = 1.0
"""Seconds before the second attempt; it doubles."""
TIMEOUT: Final = 5.0
"""Seconds that a webhook has for one attempt."""

LOG: Final = logging.getLogger("trading_ecosystem.alerts")


class DeliveryFailed(Exception):
    """A notification did not arrive, in one line; trying again may help."""


class Receiver(Protocol):
    """Somewhere a notification is delivered to."""

    name: str

    async def deliver(self, body: bytes) -> None:
        """Deliver one notification, a document of JSON; raises :class:`DeliveryFailed`."""

    async def close(self) -> None:
        """Give everything back."""


class LogReceiver:
    """The log ``trading_ecosystem.alerts``, one line each."""

    name = "log"

    async def deliver(self, body: bytes) -> None:
        """Log it."""
        LOG.warning(body.decode())

    async def close(self) -> None:
        """Nothing to give back."""


class WebhookReceiver:
    """A URL that takes a POST of each notification. Any answer of 200 to 299 is a yes; redirects are not followed."""

    def __init__(self, url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.name = url
        self._http = httpx.AsyncClient(timeout=TIMEOUT, trust_env=False, transport=transport)

    async def deliver(self, body: bytes) -> None:
        """Post it."""
        try:
            answer = await self._http.post(self.name, content=body, headers={"content-type": "application/json"})
        except httpx.HTTPError as error:
            raise DeliveryFailed(f"{type(error).__name__}: {error}") from error
        if not answer.is_success:
            raise DeliveryFailed(f"answered {answer.status_code}")

    async def close(self) -> None:
        """Close its connections."""
        await self._http.aclose()


class Counts(msgspec.Struct):
    """What became of the notifications for one receiver."""

    delivered: int = 0
    retried: int = 0
    lost: int = 0


class AlertRouter:
    """Follows committed entries with ``tell`` and sends what is due; see the module."""

    def __init__(
        self,
        account: str,
        receivers: Sequence[Receiver],
        policy: NotificationPolicy | None = None,
        *,
        first_pause: float = FIRST_PAUSE,
    ) -> None:
        self._notifier = Notifier(account, policy)
        self._account = account
        self._receivers = tuple(receivers)
        self._first_pause = first_pause
        self._queues: dict[str, asyncio.Queue[bytes]] = {one.name: asyncio.Queue(LONGEST_QUEUE) for one in receivers}
        self._tasks: list[asyncio.Task[None]] = []
        self.counts = {one.name: Counts() for one in receivers}

    def prime(self, standings: tuple[AlertStanding, ...], now: Nanos) -> None:
        """Take over alerts that were raised before the start."""
        self._notifier.prime(standings, now)

    def start(self) -> None:
        """Deliver from now on, in tasks of the running loop."""
        self._tasks = [asyncio.create_task(self._deliver(one), name=f"alerts to {one.name}") for one in self._receivers]

    async def close(self) -> None:
        """Stop delivering; what waits is counted as lost."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for receiver in self._receivers:
            self._lose(receiver.name, self._queues[receiver.name].qsize(), "the server stops")
            with contextlib.suppress(httpx.HTTPError):
                await receiver.close()

    def tell(self, entries: Sequence[Entry]) -> None:
        """Hear of committed entries; never waits."""
        for entry in entries:
            if getattr(entry.message, "account", None) == self._account:
                self._notifier.hear(entry.message, entry.at)
        if entries:
            for notification in self._notifier.due(entries[-1].at):
                self._send(notification)

    def _send(self, notification: Notification) -> None:
        body = msgspec.json.encode(notification)
        for name, queue in self._queues.items():
            try:
                queue.put_nowait(body)
            except asyncio.QueueFull:
                self._lose(name, 1, f"{LONGEST_QUEUE} others wait")

    async def _deliver(self, receiver: Receiver) -> None:
        queue, counts = self._queues[receiver.name], self.counts[receiver.name]
        while True:
            body = await queue.get()
            pause = self._first_pause
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    await receiver.deliver(body)
                except DeliveryFailed as failure:
                    if attempt == ATTEMPTS:
                        self._lose(receiver.name, 1, str(failure))
                        break
                    counts.retried += 1
                    await asyncio.sleep(pause)
                    pause *= 2
                else:
                    counts.delivered += 1
                    break

    def _lose(self, name: str, number: int, why: str) -> None:
        if number:
            self.counts[name].lost += number
            LOG.error("%d notification(s) to %s lost: %s", number, name, why)
