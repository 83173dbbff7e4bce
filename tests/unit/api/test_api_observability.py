"""Metrics and logs: every number is that of the record, labels are few, lines are JSON."""

from __future__ import annotations

import io
import json
import logging
from collections import Counter

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.recorded_run import recorded_entries

from trading_ecosystem.adapters import entry_metrics
from trading_ecosystem.adapters.entry_metrics import EntryMetrics
from trading_ecosystem.adapters.prometheus import PrometheusExposition
from trading_ecosystem.api.observability import AccessLog, RequestMetrics, log_to, observers
from trading_ecosystem.api.rest.doorway import Answered
from trading_ecosystem.messages.custodian import SettlementSettled
from trading_ecosystem.messages.exchange import OrderAccepted, TradesPublished
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.risk import AlertRaised, AlertResolved
from trading_ecosystem.messages.units import INSTRUMENTS

CONSTANT = {"service": "trading-ecosystem", "instance": "one", "version": "1"}


def families(*sources):
    text = PrometheusExposition(sources, CONSTANT).text().decode()
    return {family.name: family.samples for family in text_string_to_metric_families(text)}


@pytest.fixture(scope="module")
def entries():
    return list(recorded_entries())


def test_numbers_are_those_of_the_record(entries):
    metrics = EntryMetrics()
    for first in range(0, len(entries), 1000):
        metrics.tell(entries[first : first + 1000])
    found = families(metrics)
    by_type = Counter((type(one.message).__name__, one.sender) for one in entries)
    shown = {(s.labels["type"], s.labels["sender"]): s.value for s in found["ecosystem_messages"]}
    assert shown == by_type
    assert all(
        sample.labels["instance"] == "one" for samples in found.values() for sample in samples if "process" not in sample.name
    )

    def of(kind):
        return [one.message for one in entries if type(one.message) is kind]

    accepted = {(s.labels["venue"], s.labels["instrument"]): s.value for s in found["exchange_orders_accepted"]}
    assert accepted == Counter((one.venue, one.instrument) for one in of(OrderAccepted))
    settled = {s.labels["venue"]: s.value for s in found["custodian_settlements_settled"]}
    assert settled == Counter(one.venue for one in of(SettlementSettled))
    prices = {s.labels["instrument"]: s.value for s in found["market_data_price"]}
    newest = {one.instrument: one.price_minor / 1e8 for one in of(PricePublished)}
    assert prices == newest
    volumes = {(s.labels["venue"], s.labels["instrument"]): s.value for s in found["exchange_volume_base"]}
    for (venue, instrument), volume in volumes.items():
        lots = sum(one.volume_lots for one in of(TradesPublished) if (one.venue, one.instrument) == (venue, instrument))
        assert volume == pytest.approx(lots * INSTRUMENTS[instrument].lot_size / 1e8)
    still_open = len(of(AlertRaised)) - len(of(AlertResolved))
    assert sum(sample.value for sample in found["risk_alerts_open"]) == still_open
    assert of(AlertRaised)


def test_the_catalogue_has_every_metric_once_and_counters_say_so():
    names = [metric.name for metric in entry_metrics.CATALOGUE]
    assert len(names) == len(set(names))
    assert all(metric.name.endswith("_total") == (metric.kind == "counter") for metric in entry_metrics.CATALOGUE)
    assert not any(
        label in ("account", "order_id", "client_order_id") for one in entry_metrics.CATALOGUE for label in one.labels
    )


def test_requests_are_counted_by_pattern_with_errors_and_durations():
    metrics = RequestMetrics()
    for status, seconds in ((200, 0.001), (200, 0.3), (503, 9.0)):
        metrics(Answered("GET", "/orders/{venue}", f"/orders/{seconds}", status, seconds, "r", "k"))
    metrics(Answered("BREW", "unmatched", "/", 405, 0.0, "r", None))
    found = families(metrics)
    by_status = {(s.labels["method"], s.labels["route"], s.labels["status"]): s.value for s in found["http_requests"]}
    assert by_status == {
        ("GET", "/orders/{venue}", "200"): 2,
        ("GET", "/orders/{venue}", "503"): 1,
        ("other", "unmatched", "405"): 1,
    }
    errors = {s.labels["route"]: s.value for s in found["http_request_errors"]}
    assert errors == {"/orders/{venue}": 1, "unmatched": 0}
    buckets = {
        s.labels["le"]: s.value
        for s in found["http_request_duration_seconds"]
        if s.name.endswith("_bucket") and s.labels["route"] == "/orders/{venue}"
    }
    assert (buckets["0.001"], buckets["0.25"], buckets["0.5"], buckets["2.5"], buckets["+Inf"]) == (1, 1, 2, 2, 3)


def test_a_log_line_is_one_json_object_with_instance_and_request():
    stream = io.StringIO()
    handler = log_to(stream, "one", "test")
    try:
        observers(RequestMetrics(), AccessLog())(Answered("GET", "/a", "/a", 200, 0.5, "id-1", "k"))
        try:
            raise ValueError("two\nlines")
        except ValueError:
            logging.getLogger("trading_ecosystem.api").exception("request %s failed", "id-2")
    finally:
        logging.getLogger("trading_ecosystem").removeHandler(handler)
        logging.getLogger("uvicorn.error").removeHandler(handler)
    access, failure = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (access["instance"], access["environment"], access["request_id"], access["status"]) == ("one", "test", "id-1", 200)
    assert failure["level"] == "error"
    assert "ValueError: two\nlines" in failure["error"]
    assert failure["time"].endswith("Z")
