"""Two records side by side: a run with itself, and with its clean twin."""

from __future__ import annotations

import pytest

import trading_ecosystem
from trading_ecosystem.reports.comparison import ComparedAlert, _only, compare_records, comparison_text

SCENARIO = """\
title: A stale feed
duration: 7m
workloads:
  - strategy: market_making
    name: maker
    capital: {exchange-alpha: {BTC: 1, USD: 120000}}
    settings: {venues: [exchange-alpha], instruments: [BTC/USD], size_usd: 3000}
faults:
  - {id: broken, kind: feed_stale, at: 1m, duration: 3m}
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    path = tmp_path_factory.mktemp("compare") / "stale.yaml"
    path.write_text(SCENARIO)
    return trading_ecosystem.run(path), trading_ecosystem.run(path, faults=False)


def compared(first, second):
    return compare_records(first.read_lines(), second.read_lines(), (first.header.started_at, second.header.started_at))


def test_a_run_is_the_same_as_itself(runs):
    result = compared(runs[0], runs[0])
    assert result.same
    assert (result.only_first, result.only_second) == ((), ())
    assert result.alerts_in_both == len(runs[0].audit.alerts) > 0
    assert {amount.impact for amount in result.amounts} == {0}
    assert "the records are the same" in comparison_text(result)


def test_of_a_run_and_its_twin_the_alerts_of_the_fault_are_in_one_alone(runs):
    result = compared(*runs)
    assert not result.same
    assert {alert.kind for alert in result.only_first} == {"price_stale"}
    assert result.only_second == ()
    lines = [list(run.read_lines()) for run in runs]
    number = result.difference.number
    assert lines[0][: number - 1] == lines[1][: number - 1]
    assert lines[0][number - 1] != lines[1][number - 1]
    names = {amount.name for amount in result.amounts}
    assert {"equity of fund", "profit and loss of fund/maker"} <= names
    assert "only in the first: price_stale" in comparison_text(result)


def test_a_record_that_ends_earlier_differs_where_it_ends(runs):
    lines = list(runs[0].read_lines())
    result = compare_records(lines, lines[:100], (0, 0))
    assert (result.difference.number, result.difference.second) == (101, None)
    assert result.entries == (len(lines), 100)


def test_an_alert_is_the_partner_of_one_alone():
    alerts = [ComparedAlert(at, "price_stale", "BTC/USD", "high") for at in (0, 5)]
    assert list(_only(alerts, alerts[:1])) == [alerts[1]]
    assert list(_only(alerts, [ComparedAlert(10**12, "price_stale", "BTC/USD", "high")])) == alerts
