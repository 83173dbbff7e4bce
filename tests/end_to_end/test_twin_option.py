"""``run --twin``: verdict and report say what the faults did, as the difference from a clean twin; replay measures it anew."""

from __future__ import annotations

import json
import re

import pytest
from tests.command_line import cli

import trading_ecosystem
from trading_ecosystem.messages.risk import ExposureReported
from trading_ecosystem.messages.units import MINOR_UNITS_PER_WHOLE

SHOCK = """\
title: A shock of prices
duration: 6m
ecosystem: {market_data: {jumps: false}}
workloads:
  - strategy: market_making
    name: maker
    capital: {exchange-alpha: {BTC: 2, USD: 120000}}
    settings: {venues: [exchange-alpha], instruments: [BTC/USD], size_usd: 3000, max_inventory_usd: 200000}
"""
FAULT = "faults: [{id: shock, kind: price_shock, at: 3m, asset: BTC, magnitude: -0.08, ramp: 20s, hold: 1h, recovery: 1m}]\n"


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A run beside its twin, and what was printed."""
    folder = tmp_path_factory.mktemp("twin")
    (folder / "shock.yaml").write_text(SHOCK + FAULT)
    return folder, cli("run", folder / "shock.yaml", "--seed", 4, "--twin", "--out", folder / "run")


def last_equity(result):
    (*_, last) = (entry.message for entry in result.entries() if isinstance(entry.message, ExposureReported))
    return last.equity_usd_minor


def test_the_impact_is_what_two_runs_differ_in(ran):
    folder, done = ran
    assert done.returncode in (0, 1), done.stderr
    ends = [last_equity(trading_ecosystem.run(folder / "shock.yaml", seed=4, faults=faults)) for faults in (True, False)]
    impact = json.loads((folder / "run" / "verdict.json").read_text())["impact"]
    assert impact["agrees_until_onset"] is True
    assert impact["fault_alerts"] != [] == impact["twin_alerts"]
    equity = next(one for one in impact["amounts"] if one["name"] == "equity of fund")
    assert [equity["first"], equity["second"], equity["impact"]] == [*ends, ends[0] - ends[1]]
    assert equity["impact"] < -1_000 * MINOR_UNITS_PER_WHOLE, "two bitcoins lost eight per cent"
    shown = f"{equity['impact'] / MINOR_UNITS_PER_WHOLE:,.2f}"
    assert f"equity of fund {shown} USD" in done.stdout
    page = (folder / "run" / "report.html").read_text()
    row = "".join(f"<td>{amount / MINOR_UNITS_PER_WHOLE:,.2f}</td>" for amount in (*ends, equity["impact"]))
    assert f"<td>equity of fund</td>{row}" in page
    assert re.search(r"Both said the same to clients and between simulators until the first onset at \+0:03:\d\d", page)


def test_replay_measures_it_again(ran, tmp_path):
    folder, _ = ran
    assert cli("replay", folder / "run").returncode == 0
    file = folder / "run" / "verdict.json"
    honest = file.read_text()
    document = json.loads(honest)
    document["impact"]["amounts"][0]["impact"] += 1
    file.write_text(json.dumps(document))
    done = cli("replay", folder / "run")
    file.write_text(honest)
    assert done.returncode == 1
    assert "verdict.json states for impact: " in done.stdout


@pytest.mark.parametrize(
    ("text", "options", "told"),
    [
        (SHOCK, (), "--twin: no fault is injected, so the run is its own clean twin"),
        (SHOCK + FAULT, ("--external",), "--twin: does not go with --external"),
    ],
)
def test_a_run_without_a_twin_is_refused_before_it_begins(tmp_path, text, options, told):
    (tmp_path / "mine.yaml").write_text(text)
    done = cli("run", "mine.yaml", "--twin", *options, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert told in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.yaml"]
