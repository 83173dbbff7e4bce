"""Fees at the venue's door: tiers by the firm's 30-day volume, and fees in the base and in a third asset."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from tests.campaign import seeds
from tests.unit.exchange.conftest import NAME

from trading_ecosystem.domains.exchange.book import books
from trading_ecosystem.domains.exchange.trades.fee_schedule import FeePayment, FeeTerms, FeeTier
from trading_ecosystem.messages.exchange import OrderFilled, TradeMatched
from trading_ecosystem.messages.order_handling import MassCancel
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.trading_phases import BustTrade, TradeBusted
from trading_ecosystem.messages.units import DAY, INSTRUMENTS, PARTS_PER_MILLION

VOLUME = 1_000_000
TIERS = FeeTerms(tiers=(FeeTier(VOLUME, 100, 400), FeeTier(3 * VOLUME, 0, 300)))
THIRD = FeeTerms(payment=FeePayment.THIRD, third_asset="USDT", conversion_ppm={"USD": 1_250_003})
BASE = FeeTerms(payment=FeePayment.BASE)


def funded(new_venue: Callable[..., Any], monkeypatch: Any, **changes: Any) -> Any:
    venue = new_venue(**changes)
    monkeypatch.setattr(venue, "_check_trade", lambda *_: None)  # which knows one rate, in the quote asset, alone
    for account in ("fund", "fund/a", "fund/b", "rival"):
        venue.fund(account, BTC=10**10, USD=10**13, USDT=10**10)
    venue.fund(f"{NAME}-fees")
    return venue


def rates(venue: Any, name: str) -> tuple[int, int]:
    """The taker and the maker rate in ppm at which fund/b buys from rival, by a fill of 10^6 minor units."""
    venue.place("rival", name, "sell", 1_000, 1_000)
    said = venue.place("fund/b", name, "buy", 1_000, 1_000)
    fees = {each.account: each.fee_minor for each in said if isinstance(each, OrderFilled)}
    return fees["fund/b"], fees["rival"]


def test_a_firms_volume_counts_from_the_next_day_and_for_thirty(new_venue: Callable[..., Any], monkeypatch: Any) -> None:
    venue = funded(new_venue, monkeypatch, fees=TIERS)
    venue.now = 5 * DAY + 1
    venue.place("rival", "ask", "sell", 1_000, 1_000)
    venue.place("fund/a", "bid", "buy", 999, 1_000)
    assert rates(venue, "same day")[0] == 500
    assert venue.exchange.entry.events._capture.schedule.volume_of("fund/a", venue.now) == 0
    venue.now = 6 * DAY
    # 999 by fund/a; of the next thousand, one was what was left of the first ask.
    assert rates(venue, "first instant") == (400, 100)
    venue.now = 5 * DAY + 31 * DAY - 1
    assert rates(venue, "last instant") == (400, 100)
    venue.now = 6 * DAY + 30 * DAY
    assert rates(venue, "fifth day is over") == (400, 100)
    venue.now = 200 * DAY
    assert rates(venue, "long after") == (500, 200)


@pytest.mark.parametrize(("lots", "rate"), [(999, 500), (1_000, 400), (1_001, 400), (2_999, 400), (3_000, 300)])
@pytest.mark.parametrize("day", [0, 1, 30, 31])
def test_a_tier_begins_at_its_volume(new_venue: Callable[..., Any], monkeypatch: Any, lots: int, rate: int, day: int) -> None:
    venue = funded(new_venue, monkeypatch, fees=TIERS)
    venue.place("rival", "ask", "sell", lots, 1_000)
    venue.place("fund/a", "bid", "buy", lots, 1_000)
    venue.now = day * DAY
    # Today's volume does not count yet, and on day 31 that of day 0 has rolled off.
    assert rates(venue, "another of the firm")[0] == (rate if day in (1, 30) else 500)


def test_a_busted_trade_does_not_count(new_venue: Callable[..., Any], monkeypatch: Any) -> None:
    venue = funded(new_venue, monkeypatch, fees=TIERS)
    assert rates(venue, "one") == (500, 200)
    assert any(isinstance(each, TradeBusted) for each in venue.send(BustTrade(NAME, "BTC/USD", 1)))
    venue.now = DAY
    assert rates(venue, "two") == (500, 200)
    venue.now = 2 * DAY
    assert rates(venue, "three") == (400, 100)


@pytest.mark.parametrize("seed", seeds(8, 500))
@pytest.mark.parametrize("fees", [BASE, THIRD], ids=["base", "third"])
@pytest.mark.parametrize("book", books.available())
def test_fees_in_another_asset_are_covered_and_conserved(
    new_venue: Callable[..., Any], monkeypatch: Any, seed: int, fees: FeeTerms, book: str
) -> None:
    """The venue under test checks after each message that no claim is negative and that each asset is conserved."""
    chance = random.Random(seed)
    venue = funded(new_venue, monkeypatch, fees=fees, book=book, maker_fee_ppm=1_333, taker_fee_ppm=7_777)
    for number in range(80):
        account = chance.choice(["fund/a", "fund/b", "rival"])
        price = chance.choice([0, *range(9_990, 10_011)])
        venue.place(account, str(number), chance.choice(["buy", "sell"]), chance.randint(1, 40), price)
    asset = "BTC" if fees is BASE else "USDT"
    instrument = INSTRUMENTS["BTC/USD"]
    charged = 0
    for trade in (each for each in venue.heard if isinstance(each, TradeMatched)):
        assert trade.fee_asset == asset
        for side, fee in ((Side.BUY, trade.buyer_fee_minor), (Side.SELL, trade.seller_fee_minor)):
            rate = 7_777 if side is trade.aggressor else 1_333
            exact = trade.quantity_lots * instrument.lot_size if fees is BASE else trade.quote_minor * 1_250_003
            per = PARTS_PER_MILLION if fees is BASE else PARTS_PER_MILLION**2
            highest = -(-exact * rate // per)
            # In a third asset a fill above the held price (a sell that was improved) is charged at that price, 9,990 at least.
            least = -(-(trade.quote_minor * 9_990 // trade.price_ticks) * 1_250_003 * rate // per)
            assert least <= fee <= highest if fees is THIRD else fee == highest
            charged += fee
    assert charged > 0
    assert venue.claim(f"{NAME}-fees", asset) == (charged, 0)
    for account in ("fund/a", "fund/b", "rival"):
        venue.send(MassCancel(NAME, account))
    assert [held for _, held in venue.ledger.values() if held] == []


@pytest.mark.parametrize(("fees", "asset"), [(BASE, "BTC"), (THIRD, "USDT")])
def test_an_order_is_refused_that_could_not_pay_its_fee(
    new_venue: Callable[..., Any], monkeypatch: Any, fees: FeeTerms, asset: str
) -> None:
    venue = funded(new_venue, monkeypatch, fees=fees)
    venue.fund("poor", BTC=100 * INSTRUMENTS["BTC/USD"].lot_size, USD=10**6)
    (first, *_) = venue.place("poor", "one", "sell", 100, 10_000)
    assert type(first).__name__ == "OrderRejected", asset
    venue.fund("rich", BTC=102 * INSTRUMENTS["BTC/USD"].lot_size, USDT=10**6)
    venue.place("rich", "one", "sell", 100, 10_000)
    assert venue.claim("rich", "BTC")[1] >= 100 * INSTRUMENTS["BTC/USD"].lot_size
    assert len(venue.exchange.orders.open) == 1
