"""Figures of the streams for the metrics of the control face."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from trading_ecosystem.api.streams.hub import Hub
from trading_ecosystem.ports.metrics import Metric, MetricKind, Sample

SUBSCRIBERS: Final = Metric("stream_subscribers", MetricKind.GAUGE, "Open streams.")
SUBSCRIPTIONS: Final = Metric("stream_subscriptions", MetricKind.GAUGE, "Subscriptions of open streams.")
OPENED: Final = Metric("stream_opened_total", MetricKind.COUNTER, "Streams that were opened.")
MESSAGES: Final = Metric(
    "stream_messages_total", MetricKind.COUNTER, "Messages handed to streams, each counted for each stream."
)
FRAMES: Final = Metric("stream_frames_total", MetricKind.COUNTER, "WebSocket frames sent.")
CUT: Final = Metric("stream_cut_total", MetricKind.COUNTER, "Streams that were cut because they were too slow.")


class StreamMetrics:
    """The figures of a hub, when asked."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def samples(self) -> Iterator[Sample]:
        """Every number."""
        now = self._hub.counts
        yield Sample(SUBSCRIBERS, now.subscribers)
        yield Sample(SUBSCRIPTIONS, now.subscriptions)
        yield Sample(OPENED, now.connections)
        yield Sample(MESSAGES, now.messages)
        yield Sample(FRAMES, now.frames)
        yield Sample(CUT, now.cut)
