"""A webhook beside a living ecosystem is told of the kill switch at once, and of a limit's alert with its group."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.end_to_end.doors import FIRM, doors, ok


class Posted(BaseHTTPRequestHandler):
    """Keeps what is posted."""

    bodies: list[Any]

    def do_POST(self) -> None:
        self.bodies.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def webhook() -> Iterator[tuple[str, list[Any]]]:
    """A URL, and what was posted there."""
    bodies: list[Any] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Kept", (Posted,), {"bodies": bodies}))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/alerts", bodies
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def waited_for(bodies: list[Any], number: int) -> list[Any]:
    """What was posted, once it is so much."""
    until = time.monotonic() + 10
    while len(bodies) < number and time.monotonic() < until:
        time.sleep(0.01)
    return bodies


def test_a_webhook_is_told() -> None:
    with webhook() as (url, bodies), doors(alert_webhooks=(url,)) as door:
        owner = door.trader(FIRM)
        door.advance(5)
        ok(owner.post("/api/v1/risk/kill-switch", json={"by": "ada", "reason": "a drill"}))
        door.advance(1)
        (emergency,) = waited_for(bodies, 1)
        assert (emergency["reason"], emergency["about"], emergency["account"]) == ("emergency", "halted", FIRM)
        assert (emergency["trading_state"]["by"], emergency["trading_state"]["reason"]) == ("ada", "a drill")
        ok(owner.put("/api/v1/risk/limits/position_long/BTC", json={"value": "0.00000001"}))
        door.advance(20)
        assert len(bodies) == 1
        door.advance(15)
        alert = waited_for(bodies, 2)[1]
        assert (alert["reason"], alert["about"]) == ("new", "BTC")
        assert [(one["kind"], one["severity"], one["state"]) for one in alert["alerts"]] == [
            ("position_limit", "critical", "firing")
        ]
