"""Spans of the record: causes are parents, ids follow from the record, and what concerns nobody is left out."""

from __future__ import annotations

import pytest

from trading_ecosystem import container
from trading_ecosystem.messages.exchange import OrderFilled, QuoteChanged
from trading_ecosystem.messages.orders import Liquidity
from trading_ecosystem.ports.errors import BadInput
from trading_ecosystem.runtime.replay import decode_line

pytest.importorskip("opentelemetry.sdk", reason="the extra otel is not installed")

from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from trading_ecosystem.adapters.tracing import EntrySpans, exporter_to


def spans_of(entries):
    exporter = InMemorySpanExporter()
    spans = EntrySpans(exporter, "run-1", "trading-ecosystem", "one")
    for first in range(0, len(entries), 100):
        spans.tell(entries[first : first + 100])
    spans.close()
    return spans, {span.context.span_id: span for span in exporter.get_finished_spans()}


@pytest.fixture(scope="module")
def entries():
    run = container.run("quiet_day", overrides=["duration=6h", "clean_periods=[]"])
    every = [decode_line(line, number) for number, line in enumerate(run.read_lines(), 1)]
    taken = next(number for number, entry in enumerate(every) if is_taken(entry))
    # As many around it as the exporter's own buffer takes without dropping.
    return every[max(0, taken - 1000) : taken + 500]


def is_taken(entry):
    return isinstance(entry.message, OrderFilled) and entry.message.liquidity is Liquidity.TAKER


def test_a_span_is_an_entry_and_its_parent_the_entry_s_cause(entries):
    spans, found = spans_of(entries)
    by_sequence = {entry.sequence: entry for entry in entries}
    assert found
    for sequence, span in found.items():
        entry = by_sequence[sequence]
        assert span.name == f"{entry.sender} {type(entry.message).__name__}"
        assert span.start_time == span.end_time == entry.at
        assert span.context.trace_id == spans.trace_id(entry.trace)
        assert (span.parent.span_id if span.parent else None) == (entry.cause if entry.cause in found else None)
    fill = next(filter(is_taken, entries))
    span = found[fill.sequence]
    assert span.attributes["order_id"] == fill.message.order_id
    assert span.attributes["account"] == fill.message.account
    assert span.resource.attributes["service.instance.id"] == "one"
    # From the order, which a strategy placed, to what came of it.
    above = [span]
    while above[-1].parent is not None:
        above.append(found[above[-1].parent.span_id])
    assert any("PlaceOrder" in one.name for one in above)


def test_what_concerns_nobody_is_left_out_and_two_exports_are_the_same(entries):
    _, found = spans_of(entries)
    _, again = spans_of(entries)
    left_out = [entry for entry in entries if isinstance(entry.message, QuoteChanged)]
    assert left_out
    assert not any(entry.sequence in found for entry in left_out)
    assert [(s.name, s.context.trace_id) for s in found.values()] == [(s.name, s.context.trace_id) for s in again.values()]


def test_what_is_no_collector_is_refused():
    with pytest.raises(BadInput, match="expected console, or a URL"):
        exporter_to("file:///x")
