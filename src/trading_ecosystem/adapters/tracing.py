"""What happened, as OpenTelemetry spans (extra ``otel``): one span an entry, its parent the entry's cause.

The record has traces already: every entry says its cause, and the first of its chain. So a span needs no instrumentation of any
domain: it is an entry in other words, with ids computed from the record's own numbers, and two exports of one record are the
same traces. Spans begin and end in ecosystem time. What every client hears all the time (prices, quotes, depth) is left out
unless it concerns an account; a span whose cause was left out is the root of its trace.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, TraceFlags, set_span_in_context

from trading_ecosystem.messages.base import Command, Message
from trading_ecosystem.messages.envelope import Entry, EntryKind
from trading_ecosystem.ports.errors import BadInput

CONSOLE: Final = "console"
REMEMBERED: Final = 100_000
"""Spans whose ids are remembered as possible causes; older ones are forgotten first."""
_SAMPLED: Final = TraceFlags(TraceFlags.SAMPLED)
_ATTRIBUTES: Final = (
    "venue",
    "custodian",
    "account",
    "instrument",
    "client_order_id",
    "order_id",
    "trade_id",
    "transfer_id",
    "reason",
    "kind",
    "severity",
    "strategy",
    "alert_id",
)
_SUBJECTS: Final = ("account", "buyer")


class _GivenIds(IdGenerator):
    """Gives the ids that it was told last."""

    trace_id = 1
    span_id = 1

    def generate_trace_id(self) -> int:
        return self.trace_id

    def generate_span_id(self) -> int:
        return self.span_id


class EntrySpans:
    """A follower of committed entries that exports spans in the background; never waits, and drops what the exporter cannot
    take."""

    def __init__(self, exporter: SpanExporter, run: str, service: str, instance: str) -> None:
        self._run = run
        self._ids = _GivenIds()
        resource = Resource.create({"service.name": service, "service.instance.id": instance})
        self._provider = TracerProvider(resource=resource, id_generator=self._ids, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("trading_ecosystem")
        self._known: dict[int, SpanContext] = {}

    def tell(self, entries: Sequence[Entry]) -> None:
        """Hear of committed entries."""
        for entry in entries:
            if _concerns_somebody(entry.message):
                self._export(entry)
        while len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]

    def close(self) -> None:
        """Export what waits."""
        with suppress(Exception):
            # A collector that is gone is no reason not to stop cleanly.
            self._provider.shutdown()

    def trace_id(self, trace: int) -> int:
        """The id of the trace whose first entry has this sequence."""
        return int.from_bytes(hashlib.blake2b(f"{self._run}/{trace}".encode(), digest_size=16).digest(), "big") or 1

    def _export(self, entry: Entry) -> None:
        self._ids.trace_id, self._ids.span_id = self.trace_id(entry.trace), entry.sequence
        cause = self._known.get(entry.cause) if entry.cause is not None else None
        context = None if cause is None else set_span_in_context(NonRecordingSpan(cause))
        span = self._tracer.start_span(
            f"{entry.sender} {type(entry.message).__name__}",
            context,
            kind=SpanKind.SERVER if entry.kind is EntryKind.INPUT else SpanKind.INTERNAL,
            attributes={"sender": entry.sender, "sequence": entry.sequence, **_attributes(entry.message)},
            start_time=entry.at,
        )
        span.end(end_time=entry.at)
        self._known[entry.sequence] = SpanContext(self._ids.trace_id, entry.sequence, False, _SAMPLED)


def exporter_to(target: str) -> SpanExporter:
    """The exporter for ``console`` or the URL of an OTLP collector over HTTP; raises :class:`BadInput`."""
    if target == CONSOLE:
        return ConsoleSpanExporter()
    if not target.startswith(("http://", "https://")):
        expected = "expected console, or a URL like http://127.0.0.1:4318/v1/traces"
        raise BadInput("--traces", f"{target!r} is no collector; {expected}")
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError:
        raise BadInput("--traces", "the exporter is not installed: pip install 'trading-ecosystem[otel]'") from None
    exporter: SpanExporter = OTLPSpanExporter(endpoint=target)
    return exporter


def _concerns_somebody(message: Message) -> bool:
    return isinstance(message, Command) or any(hasattr(message, name) for name in _SUBJECTS)


def _attributes(message: Message) -> dict[str, Any]:
    found = ((name, getattr(message, name, None)) for name in _ATTRIBUTES)
    return {name: str(value) if isinstance(value, str) else value for name, value in found if value not in (None, "")}
