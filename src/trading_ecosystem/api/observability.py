"""What a server says of itself: request metrics, runtime metrics, and structured logs.

Requests are counted by route pattern, never by path. A log line is one JSON object with the instance, and for a request its id.
"""

from __future__ import annotations

import json
import logging
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final, TextIO

from trading_ecosystem.adapters.followers import Followers
from trading_ecosystem.api.rest.doorway import Answered, Observer
from trading_ecosystem.ports.metrics import Distribution, Metric, MetricKind, Sample
from trading_ecosystem.runtime.kernel import Kernel
from trading_ecosystem.runtime.live import LiveDriver

BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds of the durations of requests, in seconds."""
REQUESTS: Final = Metric("http_requests_total", MetricKind.COUNTER, "Answered requests.", ("method", "route", "status"))
ERRORS: Final = Metric("http_request_errors_total", MetricKind.COUNTER, "Answers of 500 and above.", ("method", "route"))
DURATION: Final = Metric("http_request_duration_seconds", MetricKind.HISTOGRAM, "From head to answer.", ("method", "route"))
ENTRIES: Final = Metric("kernel_entries_total", MetricKind.COUNTER, "Entries said and admitted.")
DELIVERIES: Final = Metric("kernel_deliveries_total", MetricKind.COUNTER, "Messages and wake-ups handled.")
QUEUE: Final = Metric("kernel_queue_length", MetricKind.GAUGE, "Deliveries and wake-ups that are due later.")
BEHIND: Final = Metric("kernel_behind_seconds", MetricKind.GAUGE, "Ecosystem time by which the oldest due thing is late.")
WAITING: Final = Metric("journal_uncommitted_entries", MetricKind.GAUGE, "Entries computed and not committed yet.")
INPUTS: Final = Metric("driver_waiting_inputs", MetricKind.GAUGE, "Inputs that wait to be admitted.")
LAG_ENTRIES: Final = Metric("follower_lag_sequences", MetricKind.GAUGE, "How far a history is behind.", ("history",))
LAG_SECONDS: Final = Metric("follower_lag_seconds", MetricKind.GAUGE, "Since when its oldest entry waits.", ("history",))
WELL: Final = Metric("follower_well", MetricKind.GAUGE, "1 while a history can be written.", ("history",))
UP: Final = Metric("server_uptime_seconds", MetricKind.GAUGE, "Wall time since the start.")
_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})


class RequestMetrics:
    """Rate, errors and duration of requests, by route pattern."""

    def __init__(self) -> None:
        self._requests: defaultdict[tuple[str, str, int], int] = defaultdict(int)
        self._durations: dict[tuple[str, str], Distribution] = {}

    def __call__(self, answered: Answered) -> None:
        """Count one request."""
        method = answered.method if answered.method in _METHODS else "other"
        self._requests[method, answered.route, answered.status] += 1
        key = (method, answered.route)
        durations = self._durations.get(key)
        if durations is None:
            durations = self._durations[key] = Distribution(BOUNDS)
        durations.add(answered.seconds)

    def samples(self) -> Iterator[Sample]:
        """Every number."""
        failed: defaultdict[tuple[str, str], int] = defaultdict(int)
        for (method, route, status), count in self._requests.items():
            yield Sample(REQUESTS, count, (method, route, str(status)))
            failed[method, route] += count if status >= 500 else 0
        for labels, count in failed.items():
            yield Sample(ERRORS, count, labels)
        for labels, durations in self._durations.items():
            yield Sample(DURATION, durations, labels)


class RuntimeMetrics:
    """Kernel, driver, journal and followers, as they are when asked."""

    def __init__(self, kernel: Kernel, driver: LiveDriver, followers: Followers) -> None:
        self._kernel = kernel
        self._driver = driver
        self._followers = followers
        self._started = time.monotonic()

    def samples(self) -> Iterator[Sample]:
        """Every number."""
        kernel, driver = self._kernel, self._driver
        due = kernel.next_due()
        yield Sample(ENTRIES, kernel.entries)
        yield Sample(DELIVERIES, kernel.deliveries)
        yield Sample(QUEUE, kernel.queued)
        yield Sample(BEHIND, max(0, driver.now() - due) / 1e9 if due is not None else 0.0)
        yield Sample(WAITING, driver.uncommitted)
        yield Sample(INPUTS, driver.waiting)
        yield Sample(UP, time.monotonic() - self._started)
        for lag in self._followers.lags():
            yield Sample(LAG_ENTRIES, lag.newest - lag.position, (lag.namespace,))
            yield Sample(LAG_SECONDS, lag.seconds, (lag.namespace,))
            yield Sample(WELL, 0 if lag.problem else 1, (lag.namespace,))


class JsonLines(logging.Formatter):
    """One JSON object a line: ``time`` (RFC 3339, wall), ``level``, ``logger``, ``message``, ``instance``, and what was given
    as ``extra={"fields": {...}}``, such as ``request_id``."""

    def __init__(self, instance: str, environment: str) -> None:
        super().__init__()
        self._constant = {"instance": instance, "environment": environment}

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        document: dict[str, Any] = {
            "time": f"{seconds}.{int(record.created % 1 * 1e6):06d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **self._constant,
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            document["error"] = self.formatException(record.exc_info)
        return json.dumps(document, ensure_ascii=False, default=str)


def log_to(stream: TextIO, instance: str, environment: str, *, level: int = logging.INFO) -> logging.Handler:
    """Write the package's and the server's logs to a stream as lines of JSON; returns the handler, to be taken away again."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines(instance, environment))
    for name in ("trading_ecosystem", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(level)
        logger.propagate = False
    return handler


class AccessLog:
    """Writes a line for every answered request."""

    def __init__(self) -> None:
        self._log = logging.getLogger("trading_ecosystem.access")

    def __call__(self, answered: Answered) -> None:
        """Write it."""
        fields = {
            "request_id": answered.request_id,
            "method": answered.method,
            "route": answered.route,
            "path": answered.path,
            "status": answered.status,
            "seconds": round(answered.seconds, 6),
            "key": answered.key_id,
        }
        self._log.info("%s %s %d", answered.method, answered.path, answered.status, extra={"fields": fields})


def observers(*each: Observer) -> Observer:
    """All of them as one."""

    def observe(answered: Answered) -> None:
        for one in each:
            one(answered)

    return observe
