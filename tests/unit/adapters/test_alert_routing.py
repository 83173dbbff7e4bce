"""Notifications reach a log and webhooks, are tried again, bounded, and counted where they are lost."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable

import httpx
import pytest

from trading_ecosystem.adapters import alert_routing
from trading_ecosystem.adapters.alert_routing import AlertRouter, Counts, LogReceiver, WebhookReceiver
from trading_ecosystem.domains.risk.notifications import NotificationPolicy
from trading_ecosystem.messages.envelope import Entry, EntryKind
from trading_ecosystem.messages.risk import AlertKind, AlertRaised, Severity

URL = "http://pager.test/alerts"
AT_ONCE = NotificationPolicy(group_wait_ns=0)


def entry(number: int, account: str = "fund") -> Entry:
    said = AlertRaised(account, number, AlertKind.PRICE_STALE, f"instrument-{number}", Severity.HIGH, 2, 1, number)
    return Entry(sequence=number, at=number, kind=EntryKind.SAID, sender="risk", cause=0, trace=0, message=said)


def webhook(answer: Callable[[httpx.Request], httpx.Response]) -> WebhookReceiver:
    return WebhookReceiver(URL, httpx.MockTransport(answer))


async def settled(router: AlertRouter, name: str, number: int) -> Counts:
    """The counts once so many notifications were delivered or lost."""
    counts = router.counts[name]
    async with asyncio.timeout(5):
        while counts.delivered + counts.lost < number:
            await asyncio.sleep(0.001)
    return counts


def test_a_notification_is_posted_and_logged(caplog: pytest.LogCaptureFixture):
    posted: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        posted.append(request)
        return httpx.Response(204)

    async def story() -> None:
        router = AlertRouter("fund", [webhook(answer), LogReceiver()], AT_ONCE)
        router.start()
        router.tell([entry(1), entry(2, "other")])
        assert (await settled(router, URL, 1)).delivered == 1
        assert (await settled(router, "log", 1)).delivered == 1
        await router.close()

    with caplog.at_level(logging.WARNING, "trading_ecosystem.alerts"):
        asyncio.run(story())
    (request,) = posted
    body = json.loads(request.content)
    assert (body["account"], body["reason"], body["about"]) == ("fund", "new", "instrument-1")
    assert [(one["alert_id"], one["kind"]) for one in body["alerts"]] == [(1, "price_stale")]
    assert [json.loads(record.message) for record in caplog.records] == [body]


def test_a_webhook_is_tried_again_and_given_up(caplog: pytest.LogCaptureFixture):
    tried: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        number = json.loads(request.content)["alerts"][0]["alert_id"]
        tried.append(number)
        if number == 1 and len(tried) == 1:
            raise httpx.ConnectError("refused")
        return httpx.Response(200 if number == 1 else 503)

    async def story() -> None:
        router = AlertRouter("fund", [webhook(answer)], AT_ONCE, first_pause=0.0)
        router.start()
        router.tell([entry(1)])
        router.tell([entry(2)])
        counts = await settled(router, URL, 2)
        assert counts == Counts(delivered=1, retried=1 + 3, lost=1)
        await router.close()

    asyncio.run(story())
    assert tried == [1, 1, 2, 2, 2, 2]
    assert "1 notification(s) to http://pager.test/alerts lost: answered 503" in caplog.text


def test_a_queue_is_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(alert_routing, "LONGEST_QUEUE", 3)

    async def story() -> None:
        router = AlertRouter("fund", [webhook(lambda _: httpx.Response(200))], AT_ONCE)
        router.tell([entry(number) for number in range(1, 6)])
        assert router.counts[URL].lost == 2
        await router.close()
        assert router.counts[URL].lost == 5

    asyncio.run(story())
