"""The market over REST, held against what the components themselves answer and what the record says."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from tests.end_to_end.doors import ALPHA, BETA, Doors, doors, every_page, ok, refused

from trading_ecosystem.api.caller import Scope
from trading_ecosystem.api.decimals import instant_text, parse_instant
from trading_ecosystem.messages.exchange import DepthQuestion, TradesPublished
from trading_ecosystem.messages.market_data import CandleClosed, PricePublished, PriceQuestion
from trading_ecosystem.messages.sessions import sessions_at
from trading_ecosystem.messages.units import HOUR, INSTRUMENTS, MINUTE

BTC = INSTRUMENTS["BTC/USD"]
SYMBOLS = ["BTC/USD", "ETH/USD", "BTC/USDT", "ETH/USDT", "ETH/BTC", "USDT/USD", "BTC-PERP"]


@pytest.fixture(scope="module")
def door() -> Iterator[Doors]:
    with doors() as running:
        running.advance(200)
        yield running


@pytest.fixture(scope="module")
def client(door: Doors):
    return door.client([Scope.READ], ["nobody"])


def test_venues_and_what_they_list(client) -> None:
    venues = ok(client.get("/api/v1/venues"))["venues"]
    assert venues == [{"venue": name, "custodian": "custodian", "instruments": SYMBOLS} for name in (ALPHA, BETA)]
    assert ok(client.get(f"/api/v1/venues/{BETA}")) == venues[1]
    terms = ok(client.get(f"/api/v1/venues/{BETA}/instruments"))["instruments"]
    assert {one["instrument"] for one in terms} == set(SYMBOLS)
    one = ok(client.get(f"/api/v1/venues/{BETA}/instruments/BTC-USD"))
    assert one in terms
    assert one == {
        "venue": BETA,
        "instrument": "BTC/USD",
        "base": "BTC",
        "quote": "USD",
        "kind": "spot",
        "tick_size": "0.01",
        "lot_size": "0.000001",
        "maker_fee": "0.0001",
        "taker_fee": "0.0004",
        "settlement_cycle_seconds": "600",
        "phase": "continuous",
        "phase_until": None,
    }
    refused(client.get("/api/v1/venues/exchange-gamma"), 404)
    refused(client.get("/api/v1/venues/exchange-gamma/instruments"), 404)
    refused(client.get(f"/api/v1/venues/{ALPHA}/instruments/DOGE-USD"), 404, "UNKNOWN_INSTRUMENT")


def test_instruments(client) -> None:
    listed = ok(client.get("/api/v1/instruments"))["instruments"]
    assert [one["instrument"] for one in listed] == SYMBOLS
    perpetual = ok(client.get("/api/v1/instruments/BTC-PERP"))
    assert perpetual in listed
    assert (perpetual["kind"], perpetual["price_decimals"], perpetual["quantity_decimals"]) == ("perpetual", 1, 4)
    assert perpetual["venues"] == [ALPHA, BETA]


def test_quotes_are_the_latest_prices_and_the_tops_of_the_books(client, door: Doors) -> None:
    quotes = {one["instrument"]: one for one in ok(client.get("/api/v1/quotes"))["quotes"]}
    assert list(quotes) == SYMBOLS
    latest = {one.instrument: one for one in door.ask("market-data", PriceQuestion())}
    for symbol, quote in quotes.items():
        assert Decimal(quote["price"]).scaleb(8) == latest[symbol].price_minor
        assert quote["priced_at"] == instant_text(latest[symbol].priced_at)
        assert Decimal(quote["reference_bid"]) < Decimal(quote["price"]) < Decimal(quote["reference_ask"])
        for best in quote["venues"]:
            top = door.ask(best["venue"], DepthQuestion(symbol, 1))
            instrument = INSTRUMENTS[symbol]
            assert Decimal(best["bid_price"]).scaleb(8) == top.bids[0].price_ticks * instrument.tick_size
            assert Decimal(best["ask_quantity"]).scaleb(8) == top.asks[0].quantity_lots * instrument.lot_size
            assert (best["mark_price"] is not None) == instrument.is_perpetual
    assert ok(client.get("/api/v1/quotes/BTC-PERP")) == quotes["BTC-PERP"]
    refused(client.get("/api/v1/quotes/BTC-EUR"), 404, "UNKNOWN_INSTRUMENT")


@pytest.mark.parametrize("levels", [1, 7, 50])
def test_depth_is_the_book(client, door: Doors, levels: int) -> None:
    depth = ok(client.get(f"/api/v1/depth/{ALPHA}/BTC-USD", params={"levels": levels}))
    book = door.ask(ALPHA, DepthQuestion("BTC/USD", levels))
    assert depth["last_update"] == book.last_update
    for shown, there in ((depth["bids"], book.bids), (depth["asks"], book.asks)):
        assert 0 < len(shown) <= levels
        found = [(Decimal(one["price"]).scaleb(8), Decimal(one["quantity"]).scaleb(8)) for one in shown]
        assert found == [(one.price_ticks * BTC.tick_size, one.quantity_lots * BTC.lot_size) for one in there]
    refused(client.get(f"/api/v1/depth/{ALPHA}/BTC-USD", params={"levels": 51}), 400)
    refused(client.get(f"/api/v1/depth/{ALPHA}/BTC-USD", params={"levels": 0}), 400)


def test_trades_are_the_published_ones_page_by_page(client, door: Doors) -> None:
    said = [one for one in door.said(TradesPublished) if (one.venue, one.instrument) == (ALPHA, "ETH/USD")]
    assert len(said) > 10
    shown = every_page(client, f"/api/v1/trades/{ALPHA}/ETH-USD", 7)
    assert [(one["first_trade_id"], one["last_trade_id"]) for one in shown] == [
        (one.first_trade_id, one.last_trade_id) for one in reversed(said)
    ]
    lot = INSTRUMENTS["ETH/USD"].lot_size
    assert [Decimal(one["quantity"]).scaleb(8) for one in shown] == [one.volume_lots * lot for one in reversed(said)]
    edge = shown[4]["published_at"]
    later = every_page(client, f"/api/v1/trades/{ALPHA}/ETH-USD", 2, since=edge)
    assert later == shown[:5]
    assert every_page(client, f"/api/v1/trades/{ALPHA}/ETH-USD", 5, until=edge) == shown[5:]


def test_candles_and_past_prices_follow_from_the_published_prices(client, door: Doors) -> None:
    prices = [one for one in door.said(PricePublished) if one.instrument == "BTC/USD"]
    minutes: dict[int, list[PricePublished]] = {}
    for one in prices:
        minutes.setdefault(one.priced_at - one.priced_at % MINUTE, []).append(one)
    expected = [
        {
            "opened_at": instant_text(minute),
            **{
                name: str(Decimal(value).scaleb(-8).normalize())
                for name, value in {
                    "open": values[0].price_minor,
                    "high": max(one.price_minor for one in values),
                    "low": min(one.price_minor for one in values),
                    "close": values[-1].price_minor,
                }.items()
            },
            "prices": len(values),
        }
        for minute, values in minutes.items()
    ]
    answer = ok(client.get("/api/v1/candles/BTC-USD"))
    assert (answer["instrument"], answer["interval"]) == ("BTC/USD", "1m")
    assert [{**one, **_plain(one)} for one in answer["candles"]] == [{**one, **_plain(one)} for one in expected]
    assert answer["candles"][-2:] == ok(client.get("/api/v1/candles/BTC-USD", params={"limit": 2}))["candles"]
    hours = ok(client.get("/api/v1/candles/BTC-USD", params={"interval": "1h"}))["candles"]
    assert [parse_instant(one["opened_at"], "") % HOUR for one in hours] == [0] * len(hours)
    assert sum(one["prices"] for one in hours) == len(prices)
    past = every_page(client, "/api/v1/prices/BTC-USD", 2)
    assert [(one["minute"], Decimal(one["price"])) for one in past] == [
        (instant_text(minute), Decimal(values[-1].price_minor).scaleb(-8)) for minute, values in minutes.items()
    ]
    closed = [one for one in door.said(CandleClosed) if one.instrument == "BTC/USD" and one.interval_ns == MINUTE]
    assert [instant_text(one.opened_at) for one in closed] == [one["opened_at"] for one in answer["candles"][: len(closed)]]
    refused(client.get("/api/v1/candles/BTC-USD", params={"interval": "7m"}), 400)
    refused(client.get("/api/v1/prices/BTC-USD", params={"since": "yesterday"}), 400)
    refused(client.get("/api/v1/prices/BTC-USD", params={"cursor": "bm9uZQ"}), 400)
    turned = {"since": past[1]["minute"], "until": past[0]["minute"]}
    refused(client.get("/api/v1/prices/BTC-USD", params=turned), 400)


def _plain(candle: dict[str, object]) -> dict[str, Decimal]:
    return {name: Decimal(str(candle[name])) for name in ("open", "high", "low", "close")}


def test_the_last_day(client, door: Doors) -> None:
    prices = [one.price_minor for one in door.said(PricePublished) if one.instrument == "BTC/USD"]
    day = ok(client.get("/api/v1/statistics/BTC-USD"))
    assert [Decimal(day[name]).scaleb(8) for name in ("open", "high", "low", "last")] == [
        prices[0],
        max(prices),
        min(prices),
        prices[-1],
    ]
    assert day["prices"] == len(prices)
    for volume in day.pop("volumes"):
        said = [one for one in door.said(TradesPublished) if (one.venue, one.instrument) == (volume["venue"], "BTC/USD")]
        assert Decimal(volume["quantity"]).scaleb(8) == sum(one.volume_lots for one in said) * BTC.lot_size
    listed = ok(client.get("/api/v1/statistics"))["statistics"]
    assert {**day, "volumes": None} in listed
    assert len(listed) == len(SYMBOLS)


def test_volatility_correlations_gaps_and_sessions(client, door: Doors) -> None:
    listed = ok(client.get("/api/v1/volatility"))["volatility"]
    assert ok(client.get("/api/v1/volatility/ETH-USD")) in listed
    assert [one["instrument"] for one in listed] == SYMBOLS
    matrix = ok(client.get("/api/v1/correlations", params={"window_minutes": 30}))
    assert matrix["window_minutes"] == 30
    assert len(matrix["pairs"]) == len(SYMBOLS) * (len(SYMBOLS) - 1) // 2
    gaps = ok(client.get("/api/v1/price-gaps"))["gaps"]
    latest = {one.instrument: one.price_minor for one in door.ask("market-data", PriceQuestion())}
    perpetual = next(one for one in gaps if {one["left"], one["right"]} == {"BTC/USD", "BTC-PERP"})
    ratio = Decimal(latest[perpetual["left"]]) / latest[perpetual["right"]] - 1
    assert abs(Decimal(perpetual["gap"]) - ratio) <= Decimal("0.000001")
    at = "2026-03-04T14:30:00Z"
    assert ok(client.get("/api/v1/trading-sessions", params={"at": at}))["sessions"] == [
        str(one) for one in sessions_at(parse_instant(at, ""))
    ]
    assert parse_instant(ok(client.get("/api/v1/trading-sessions"))["at"], "") == door.serving.gateway.now()


@pytest.mark.parametrize("path", ["venues", "instruments", "quotes", f"depth/{ALPHA}/BTC-USD", "statistics", "correlations"])
def test_the_market_is_read_with_the_scope_read_alone(door: Doors, path: str) -> None:
    refused(door.client([one for one in Scope if one is not Scope.READ]).get(f"/api/v1/{path}"), 403)
