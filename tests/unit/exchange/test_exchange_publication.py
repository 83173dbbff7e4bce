"""What the public hears: contiguous updates, only what changed, one of each a publication."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trading_ecosystem.domains.exchange.component import ClaimsReportDue, PublicationDue
from trading_ecosystem.messages.exchange import (
    ClaimLine,
    ClaimsQuestion,
    ClaimsReported,
    DepthChanged,
    DepthQuestion,
    InstrumentListed,
    Level,
    QuoteChanged,
    TradesPublished,
)
from trading_ecosystem.messages.test_coordination import Resumed
from trading_ecosystem.messages.units import MINUTE, SECOND
from trading_ecosystem.ports.component import Later

NAME = "exchange-alpha"


def test_it_begins_by_listing_and_two_wake_ups(new_venue: Callable[..., Any]) -> None:
    venue = new_venue(instruments=("BTC/USD", "ETH/BTC"))
    assert venue.heard == [
        InstrumentListed(NAME, "BTC/USD", "BTC", "USD", 10**6, 100, 200, 500, 10 * MINUTE),
        InstrumentListed(NAME, "ETH/BTC", "ETH", "BTC", 1000, 10**5, 200, 500, 10 * MINUTE),
    ]
    assert venue.wake_ups == [Later(PublicationDue(), 10 * SECOND), Later(ClaimsReportDue(), 5 * MINUTE)]


def test_only_what_changed_is_said(venue: Any) -> None:
    assert venue.publish(10 * SECOND) == []
    venue.place("fund/a", "one", "buy", 3, 99_00)
    venue.place("rival", "two", "sell", 4, 101_00)
    assert venue.publish(20 * SECOND) == [
        QuoteChanged(NAME, "BTC/USD", 2, 99_00, 3, 101_00, 4),
        DepthChanged(NAME, "BTC/USD", 1, 2, (Level(99_00, 3),), (Level(101_00, 4),)),
    ]
    assert venue.publish(30 * SECOND) == []
    venue.place("fund/a", "three", "buy", 3, 98_00)
    assert venue.publish(40 * SECOND) == [
        DepthChanged(NAME, "BTC/USD", 3, 3, (Level(99_00, 3), Level(98_00, 3)), (Level(101_00, 4),))
    ]
    venue.place("fund/a", "four", "buy", 3, 99_50)
    venue.cancel("fund/a", "four")
    assert venue.publish(50 * SECOND) == []
    venue.cancel("rival", "two")
    assert venue.publish(60 * SECOND) == [
        QuoteChanged(NAME, "BTC/USD", 6, 99_00, 3, 0, 0),
        DepthChanged(NAME, "BTC/USD", 4, 6, (Level(99_00, 3), Level(98_00, 3)), ()),
    ]


def test_trades_are_summed_up(venue: Any) -> None:
    venue.place("rival", "a", "sell", 2, 100_00)
    venue.place("rival", "b", "sell", 2, 103_00)
    venue.place("rival", "c", "buy", 5, 99_00)
    venue.place("fund/a", "d", "buy", 3, 103_00)
    venue.place("fund/a", "e", "sell", 4, 99_00)
    summary = [message for message in venue.publish(10 * SECOND) if isinstance(message, TradesPublished)]
    assert summary == [TradesPublished(NAME, "BTC/USD", 1, 3, 7, 3, 103_00, 99_00, 99_00)]
    assert venue.publish(20 * SECOND) == []
    venue.place("fund/a", "f", "sell", 1, 99_00)
    summary = [message for message in venue.publish(30 * SECOND) if isinstance(message, TradesPublished)]
    assert summary == [TradesPublished(NAME, "BTC/USD", 4, 4, 1, 0, 99_00, 99_00, 99_00)]


def test_the_background_is_published_without_gaps(new_venue: Callable[..., Any]) -> None:
    venue = new_venue(seed=2, instruments=("BTC/USD", "USDT/USD"), depth_levels=3)
    venue.fund_house()
    update, trade, messages = {"BTC/USD": 0, "USDT/USD": 0}, {"BTC/USD": 0, "USDT/USD": 0}, 0
    for tick in range(1, 300):
        venue.price(60_000 * 10**8 + tick * 10**9, at=tick * 10 * SECOND)
        venue.price(10**8, "USDT/USD")
        said = venue.publish((tick + 1) * 10 * SECOND)
        assert len({(type(message), message.instrument) for message in said}) == len(said)
        for message in said:
            if isinstance(message, DepthChanged):
                assert message.first_update == update[message.instrument] + 1
                assert message.last_update >= message.first_update
                assert len(message.bids) <= 3
                update[message.instrument] = message.last_update
                messages += 1
            elif isinstance(message, TradesPublished):
                assert message.first_trade_id == trade[message.instrument] + 1
                assert message.low_ticks <= message.last_ticks <= message.high_ticks
                assert 0 <= message.buyer_initiated_lots <= message.volume_lots
                trade[message.instrument] = message.last_trade_id
    assert messages > 400
    assert min(trade.values()) > 200


def test_depth_is_answered_as_it_stands(venue: Any) -> None:
    venue.place("fund/a", "one", "buy", 3, 99_00)
    venue.place("fund/a", "two", "buy", 3, 98_00)
    answer = venue.exchange.answer(DepthQuestion("BTC/USD", 1))
    assert answer == DepthChanged(NAME, "BTC/USD", 1, 2, (Level(99_00, 3),), ())


def test_claims_are_reported_by_account_and_asset(new_venue: Callable[..., Any]) -> None:
    venue = new_venue()
    venue.fund("zed", USD=5, BTC=7 * 10**8)
    venue.fund("abe/sub", USD=10**9)
    venue.fund("none")
    venue.place("abe/sub", "one", "buy", 1, 1_00)
    hold = 100 + 1
    lines = (
        ClaimLine("abe/sub", "USD", 10**9 - hold, hold),
        ClaimLine("zed", "BTC", 7 * 10**8, 0),
        ClaimLine("zed", "USD", 5, 0),
    )
    venue.now = 7 * MINUTE
    assert venue.report() == [ClaimsReported("custodian", NAME, 3, lines)]
    assert venue.wake_ups[-1] == Later(ClaimsReportDue(), 12 * MINUTE)
    assert venue.exchange.answer(ClaimsQuestion("zed")) == lines[1:]
    assert venue.exchange.answer(ClaimsQuestion("stranger")) == ()


def test_publication_is_coarser_while_the_clock_catches_up(new_venue: Callable[..., Any]) -> None:
    venue = new_venue(publish_every_ns=SECOND)
    assert venue.send(Resumed(0, 35 * SECOND, 10 * SECOND)) == []
    for at, following in ((10, 20), (20, 30), (30, 35), (35, 36), (36, 37)):
        venue.publish(at * SECOND)
        assert venue.wake_ups[-1] == Later(PublicationDue(), following * SECOND)
    venue.send(Resumed(36 * SECOND, 60 * SECOND, 0))
    venue.publish(37 * SECOND)
    assert venue.wake_ups[-1] == Later(PublicationDue(), 38 * SECOND)
