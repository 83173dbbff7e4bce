"""Writes metrics in the text format that Prometheus reads; every sample carries the same constant labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from trading_ecosystem.ports.metrics import Distribution, Metric, MetricKind, MetricSource, Sample

_TOTAL: Final = "_total"


class PrometheusExposition(Collector):
    """See :class:`trading_ecosystem.ports.metrics.Exposition`; adds what the operating system knows of this process."""

    media_type: str = CONTENT_TYPE_LATEST

    def __init__(self, sources: Sequence[MetricSource], constant: Mapping[str, str]) -> None:
        self._sources = sources
        self._names = tuple(constant)
        self._values = tuple(constant.values())
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        """Everything, as of now."""
        return generate_latest(self._registry)

    def describe(self) -> Iterable[Family]:
        """Nothing beforehand: what there is follows from the samples."""
        return ()

    def collect(self) -> Iterator[Family]:
        """One family for each metric of which there is a sample."""
        by_metric: dict[str, tuple[Metric, list[Sample]]] = {}
        for source in self._sources:
            for sample in source.samples():
                by_metric.setdefault(sample.metric.name, (sample.metric, []))[1].append(sample)
        for metric, samples in by_metric.values():
            yield self._family(metric, samples)

    def _family(self, metric: Metric, samples: Iterable[Sample]) -> Family:
        labels = [*metric.labels, *self._names]
        if metric.kind is MetricKind.HISTOGRAM:
            histogram = HistogramMetricFamily(metric.name, metric.text, labels=labels)
            for sample in samples:
                assert isinstance(sample.value, Distribution)
                histogram.add_metric([*sample.labels, *self._values], _buckets(sample.value), sample.value.total)
            return histogram
        if metric.kind is MetricKind.COUNTER:
            assert metric.name.endswith(_TOTAL), metric.name
            counter = CounterMetricFamily(metric.name.removesuffix(_TOTAL), metric.text, labels=labels)
            for sample in samples:
                assert not isinstance(sample.value, Distribution)
                counter.add_metric([*sample.labels, *self._values], sample.value)
            return counter
        gauge = GaugeMetricFamily(metric.name, metric.text, labels=labels)
        for sample in samples:
            assert not isinstance(sample.value, Distribution)
            gauge.add_metric([*sample.labels, *self._values], sample.value)
        return gauge


def _buckets(distribution: Distribution) -> list[tuple[str, float]]:
    """Cumulative counts by upper bound, as the format wants them."""
    found, so_far = [], 0
    for bound, count in zip((*distribution.bounds, float("inf")), distribution.counts, strict=True):
        so_far += count
        found.append(("+Inf" if bound == float("inf") else repr(bound), float(so_far)))
    return found
