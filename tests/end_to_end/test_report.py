"""``report.html`` says what the record says: every figure in it is found again, from the journal alone."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from html import unescape

import pytest

import trading_ecosystem
from trading_ecosystem.reports.charts import HEIGHT, LEFT, RIGHT, WIDTH
from trading_ecosystem.reports.observations import SampledSeries

MINUTE = 60 * 10**9


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A shock of 50 seconds in a run of two hours: the page, the journal's entries and the result."""
    folder = tmp_path_factory.mktemp("report")
    scenario = folder / "shock.yaml"
    scenario.write_text(SCENARIO)
    out = folder / "run"
    result = trading_ecosystem.run(scenario, seed=3, overrides=("faults.shock.magnitude=0.05",), out=out)
    lines = gzip.decompress((out / "journal.jsonl.gz").read_bytes()).splitlines()
    return (out / "report.html").read_text(), lines, [json.loads(line) for line in lines], result


SCENARIO = """\
title: A short <shock> & its report
duration: 2h
seed: 1
ecosystem:
  market_data: {jumps: false}
workloads:
  - strategy: market_making
    name: maker
    capital: {exchange-alpha: {BTC: 1, USD: 100000}}
    settings: {venues: [exchange-alpha], instruments: [BTC/USD], size_usd: 3000, max_inventory_usd: 20000}
faults:
  - {id: shock, kind: price_shock, at: 1h0m55s, asset: BTC, magnitude: 0.04, ramp: 10s, hold: 20s, recovery: 20s}
expectations:
  - {fault: shock, alert: price_shock, within: 30s}
"""


def of_type(entries, name):
    return [entry for entry in entries if entry["message"]["type"] == name]


def text_of(page):
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


def figure(page, caption):
    return page.partition(f"<figcaption>{caption}")[2].partition("</figure>")[0]


def test_identity_and_counts(run):
    page, lines, entries, _ = run
    digest = hashlib.sha256(b"".join(line + b"\n" for line in lines)).hexdigest()
    assert f"<code>{digest}</code>" in page
    assert f"<code>{merkle(lines).hex()}</code>" in page
    text = text_of(page)
    assert f"entries {len(entries):,};" in text
    for name, label in (("PlaceOrder", "orders sent"), ("OrderFilled", "fills"), ("QuoteChanged", "quotes")):
        assert f"{label} {len(of_type(entries, name)):,}" in text
    assert "A short <shock> & its report" in text
    assert "<shock>" not in page
    assert "faults.shock.magnitude=0.05" in text


def merkle(lines):
    """RFC 6962, by its definition."""
    if len(lines) == 1:
        return hashlib.sha256(b"\x00" + lines[0]).digest()
    split = 1
    while split * 2 < len(lines):
        split *= 2
    return hashlib.sha256(b"\x01" + merkle(lines[:split]) + merkle(lines[split:])).digest()


def test_fault_detection_and_chain_stand_at_their_instants(run):
    page, _, entries, _ = run
    start = entries[0]["at"]
    text = text_of(page)

    def clock(at):
        seconds = (at - start) // 10**9
        return f"+{seconds // 3600}:{seconds % 3600 // 60:02}:{seconds % 60:02}"

    (label,) = of_type(entries, "GroundTruthLabelled")
    alert = next(e for e in of_type(entries, "AlertRaised") if e["message"]["kind"] == "price_shock")
    assert label["message"]["sla_ns"] == 30 * 10**9
    assert f"{clock(alert['at'])} high 0 s {alert['at'] // 10**9 - label['at'] // 10**9} s 30 s detected" in text
    assert f"{clock(alert['at'])} ALERT high: price shock on {alert['message']['subject']}" in text
    explained = f"alert price shock on {alert['message']['subject']}: explained by shock"
    order = [text.index(part) for part in ("shock took effect", "shock could be seen from here on", explained)]
    assert order == sorted(order)
    steps = re.findall(r"(\+\d:\d\d:\d\d) (\w+) \S+ – [^(]*\([\w-]+, sequence (\d+)", text)
    assert len(steps) >= 4
    recorded = {entry["sequence"]: entry for entry in entries}
    for at, name, sequence in steps:
        assert recorded[int(sequence)]["message"]["type"] == name
        assert clock(recorded[int(sequence)]["at"]) == at


def test_the_price_chart_shows_the_peak_and_shades_only_what_the_fault_touched(run):
    page, _, entries, _ = run
    prices = [
        e["message"]["price_minor"] for e in of_type(entries, "PricePublished") if e["message"]["instrument"] == "BTC/USD"
    ]
    chart = figure(page, "BTC/USD, reference price in USD")
    points = [tuple(map(float, pair.split(","))) for pair in re.search(r'points="([^"]+)"', chart).group(1).split()]
    assert points[0][0] == LEFT
    assert points[-1][0] == pytest.approx(WIDTH - RIGHT, abs=2)
    highest, lowest = min(y for _, y in points), max(y for _, y in points)
    labels = [
        (float(v.replace(",", "")), float(y) - 4) for y, v in re.findall(r'y="([\d.]+)" text-anchor="end">([\d,.]+)<', chart)
    ]
    (low_value, low_y), (high_value, high_y) = labels[0], labels[-1]

    def value(y):
        return low_value + (low_y - y) / (low_y - high_y) * (high_value - low_value)

    step = abs(high_value - low_value) / HEIGHT
    assert value(highest) == pytest.approx(max(prices) / 1e8, abs=3 * step)
    assert value(lowest) == pytest.approx(min(prices) / 1e8, abs=3 * step)
    assert 'class="fault"' in chart
    assert 'class="alert"' in chart
    untouched = figure(page, "ETH/USD, reference price in USD")
    assert "polyline" in untouched
    assert 'class="fault"' not in untouched


def test_equity_is_drawn_from_the_exposures(run):
    page, _, entries, _ = run
    exposures = of_type(entries, "ExposureReported")
    points = re.search(r'points="([^"]+)"', figure(page, "Equity of the firm at published prices, USD")).group(1).split()
    assert len(points) == len(exposures)
    for caption in ("Profit and loss by strategy", "Unsettled base amounts", "Net position in BTC"):
        assert "polyline" in figure(page, caption)


def test_sampling_keeps_first_lowest_highest_and_last_of_every_interval():
    series = SampledSeries(10)
    for at, value in enumerate((5, 9, 1, 7, 6, 5, 5, 5, 5, 4, 100, 101)):
        series.add(at, value)
    assert series.points() == [(0, 5), (1, 9), (2, 1), (9, 4), (10, 100), (11, 101)]
    assert series.points() == series.points()
