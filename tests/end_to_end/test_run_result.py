"""``trading_ecosystem.run``: its result's tables open in pandas and agree with the record; a recorded market runs."""

from __future__ import annotations

import pandas
import pytest
from tests.campaign import recorded_market

import trading_ecosystem
from trading_ecosystem.messages.exchange import OrderAccepted, OrderFilled
from trading_ecosystem.ports.errors import BadInput, NotFound

SHORT = ("duration=30m", "clean_periods.0.until=30m")


@pytest.fixture(scope="module")
def result():
    return trading_ecosystem.run("quiet_day", seed=4, overrides=SHORT)


def test_every_table_opens_in_pandas(result):
    sizes = {name: len(pandas.DataFrame(result.table(name))) for name in result.table_names()}
    assert {name.partition(".")[0] for name in sizes} == {
        "market_data",
        "exchange",
        "custodian",
        "trading",
        "risk",
        "test_coordination",
        "audit",
    }
    for name in ("exchange.orders", "exchange.fills", "custodian.holdings", "trading.positions", "risk.exposures"):
        assert sizes[name] > 0, sizes


def test_tables_agree_with_the_record(result):
    messages = [entry.message for entry in result.entries()]
    accepted = {(m.venue, m.order_id) for m in messages if type(m) is OrderAccepted}
    orders = pandas.DataFrame(result.table("exchange.orders"))
    assert len(orders) == len(accepted)
    fills = pandas.DataFrame(result.table("exchange.fills"))
    assert len(fills) == sum(type(m) is OrderFilled for m in messages)
    assert len(messages) == result.entry_count


def test_unknown_names_say_what_there_is(result):
    with pytest.raises(NotFound, match="no table 'exchange.nothing'; there are "):
        result.table("exchange.nothing")
    with pytest.raises(BadInput, match="did you mean quiet_day"):
        trading_ecosystem.run("quiet_dy")


def test_progress_is_reported_up_to_the_end():
    seen = []
    trading_ecosystem.run("quiet_day", overrides=SHORT, progress=lambda done, total: seen.append(done / total))
    assert seen == sorted(seen)
    assert len(seen) >= 3
    assert seen[0] == 0.0
    assert seen[-1] <= 1.0


def test_the_recorded_btcusdt_market_runs_and_its_report_shows_it(tmp_path):
    capture = recorded_market("binance_ws/spot_btcusdt_20240808.gz")
    scenario = tmp_path / "recorded.yaml"
    scenario.write_text(RECORDED.format(file=capture))
    out = tmp_path / "run"
    result = trading_ecosystem.run(scenario, out=out)
    assert result.passed, result.verdict
    prices = pandas.DataFrame(result.table("market_data.price_histories"))
    assert set(prices["instrument"]) == {"BTC/USDT"}
    # BTCUSDT stood between 54,000 and 63,000 USDT on 8 August 2024.
    assert prices["price_minor"].between(54_000 * 10**8, 63_000 * 10**8).all()
    assert prices["price_minor"].nunique() > 3
    report = (out / "report.html").read_text()
    figure = report.partition("BTC/USDT, reference price in USDT</figcaption>")[2].partition("</figure>")[0]
    assert figure.count(",") > 200, "the price path is drawn"
    from trading_ecosystem import container

    assert container.replay(out)[1] == result.journal_digest


RECORDED = """\
title: BTCUSDT as it was recorded on 8 August 2024
description: Mid prices of a raw websocket capture move the fundamental price; venues and strategies trade around it.
seed: 1
starts_at: 2024-08-08T00:00:00Z
duration: 5m
ecosystem:
  market_data:
    instruments: [BTC/USDT]
    tick: 1s
    recording: {{file: "{file}", format: binance, sample: 1s}}
  venues:
    - name: exchange-alpha
      publish_every: 1s
      maker_fee: 0.0002
      taker_fee: 0.0005
      settlement_cycle: 1m
      house: {{BTC: 1000, USDT: 60000000}}
  custodian: {{name: custodian}}
  firm: {{name: fund}}
  risk: {{report_every: 1m}}
workloads:
  - strategy: market_making
    name: maker
    account: fund/maker
    capital: {{exchange-alpha: {{BTC: 1, USDT: 100000}}}}
    settings: {{venues: [exchange-alpha], instruments: [BTC/USDT], size_usd: 3000, max_inventory_usd: 20000}}
clean_periods:
  - {{from: 0s, until: 5m}}
"""
