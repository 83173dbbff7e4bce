"""Price bands, volatility auctions, halts and the calendar at the venue's door, and who may open and keep an account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.exchange.conftest import NAME

from trading_ecosystem.domains.exchange.book import books
from trading_ecosystem.domains.exchange.matching.matching_parameters import BandAction, MatchingParameters
from trading_ecosystem.domains.exchange.rules.trading_calendar import TradingCalendar, UtcOffset
from trading_ecosystem.domains.exchange.rules.trading_day import MatchingDue, PhaseDue
from trading_ecosystem.messages.custodian import AssetsPledged
from trading_ecosystem.messages.exchange import (
    AccountOpened,
    ClaimReleased,
    OpenAccount,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    ReleaseAssets,
    ReleaseRejected,
)
from trading_ecosystem.messages.orders import CancelReason, OrderTerms, RejectReason, TradingPhase
from trading_ecosystem.messages.trading_phases import (
    AccountOpeningRefused,
    AccountStatus,
    AuctionUncrossed,
    HaltTrading,
    KycStatus,
    PhaseReason,
    ResumeTrading,
    SetAccountStatus,
    TradingPhaseChanged,
)
from trading_ecosystem.messages.units import DAY, HOUR, MINUTE

BANDS = MatchingParameters(
    dynamic_band_ppm=50_000, band_action=BandAction.INTERRUPT, volatility_auction_ns=MINUTE, closing_auction_ns=MINUTE
)
ACCOUNTS = ("fund/a", "fund/b", "rival")


def funded(new_venue: Callable[..., Any], **changes: Any) -> Any:
    venue = new_venue(maker_fee_ppm=0, taker_fee_ppm=0, **changes)
    for account in ACCOUNTS:
        venue.fund(account, BTC=10**10, USD=10**13)
    venue.fund(f"{NAME}-fees")
    return venue


def of(said: list[Any], kind: type[Any]) -> list[Any]:
    return [message for message in said if type(message) is kind]


@pytest.mark.parametrize("book", books.available())
def test_a_trade_beyond_the_band_begins_an_auction_that_pauses_the_flow(new_venue: Callable[..., Any], book: str) -> None:
    venue = funded(new_venue, book=book, matching={"BTC/USD": BANDS})
    market = venue.exchange.markets["BTC/USD"]
    venue.place("rival", "one", "sell", 1, 100)
    venue.place("fund/a", "one", "buy", 1, 100)
    venue.place("rival", "near", "sell", 2, 105)
    venue.place("rival", "far", "sell", 5, 120)
    said = venue.place("fund/a", "jump", "buy", 6, 121)
    (begun,) = of(said, TradingPhaseChanged)
    assert (begun.phase, begun.reason) == (TradingPhase.VOLATILITY_AUCTION, PhaseReason.PRICE_MOVED)
    assert begun.until == venue.now + MINUTE
    assert sum(fill.quantity_lots for fill in of(said, OrderFilled) if fill.account == "fund/a") == 2
    assert market.flow.paused
    left = venue.exchange.orders.open
    assert {order.command.client_order_id for order in left.values()} >= {"far", "jump"}
    assert of(venue.place("fund/b", "now", "buy", 1), OrderRejected)[0].reason is RejectReason.WRONG_PHASE
    said = venue.send(MatchingDue("BTC/USD"), begun.until)
    (uncrossed,) = of(said, AuctionUncrossed)
    assert uncrossed.volume_lots > 0
    assert 120 <= uncrossed.price_ticks <= 121
    (ended,) = of(said, TradingPhaseChanged)
    assert (ended.phase, ended.reason) == (TradingPhase.CONTINUOUS, PhaseReason.SCHEDULED)
    assert not market.flow.paused
    assert {fill.price_ticks for fill in of(said, OrderFilled)} == {uncrossed.price_ticks}


@pytest.mark.parametrize("book", books.available())
def test_a_resumption_goes_through_an_auction_where_the_venue_holds_one(new_venue: Callable[..., Any], book: str) -> None:
    venue = funded(new_venue, book=book, matching={"BTC/USD": BANDS})
    market = venue.exchange.markets["BTC/USD"]
    venue.place("fund/a", "bid", "buy", 5, 100)
    assert of(venue.send(HaltTrading(NAME, "BTC/USD")), TradingPhaseChanged)[0].phase is TradingPhase.HALTED
    assert venue.send(HaltTrading(NAME, "BTC/USD")) == []
    assert market.flow.paused
    assert venue.send(HaltTrading(NAME, "DOGE/USD")) == []
    assert len(of(venue.cancel("fund/a", "bid"), OrderCancelled)) == 1
    (begun,) = of(venue.send(ResumeTrading(NAME, "BTC/USD")), TradingPhaseChanged)
    assert (begun.phase, begun.reason) == (TradingPhase.VOLATILITY_AUCTION, PhaseReason.REQUESTED)
    venue.place("fund/a", "again", "buy", 5, 100)
    venue.place("rival", "again", "sell", 3, 99)
    said = venue.send(MatchingDue("BTC/USD"), begun.until)
    assert of(said, AuctionUncrossed)[0].volume_lots == 3
    assert not market.flow.paused
    assert venue.send(ResumeTrading(NAME, "BTC/USD")) == []


def test_phases_keep_local_time_over_a_change_of_clocks(new_venue: Callable[..., Any]) -> None:
    """Clocks go forward at the end of day 1 of a week that trades every day: UTC+1 before, UTC+2 after."""
    changes_at = 2 * DAY
    calendar = TradingCalendar(
        8 * HOUR,
        9 * HOUR,
        10 * HOUR,
        17 * HOUR,
        18 * HOUR,
        weekdays=(0, 1, 2, 3, 4, 5, 6),
        offsets=(UtcOffset(0, HOUR), UtcOffset(changes_at, 2 * HOUR)),
    )
    venue = funded(new_venue, calendar=calendar)
    heard: list[tuple[int, TradingPhase]] = []
    uncrossed = 0
    while due := [wish for wish in venue.wake_ups if isinstance(wish.message, PhaseDue) and wish.due_at < 3 * DAY]:
        venue.wake_ups.remove(due[0])
        said = venue.send(due[0].message, due[0].due_at)
        heard += [(venue.now, message.phase) for message in of(said, TradingPhaseChanged)]
        if heard and heard[-1][1] is TradingPhase.OPENING_AUCTION:
            name = str(venue.now)
            venue.place("fund/a", name, "buy", 1, 100)
            venue.place("rival", name, "sell", 1, 100)
        uncrossed += sum(1 for each in of(said, AuctionUncrossed) if each.volume_lots)
    local = [
        (8, TradingPhase.PRE_OPEN),
        (9, TradingPhase.OPENING_AUCTION),
        (10, TradingPhase.CONTINUOUS),
        (17, TradingPhase.CLOSING_AUCTION),
        (18, TradingPhase.CLOSED),
    ]
    expected = [(day * DAY + (hour - (1 if day < 2 else 2)) * HOUR, phase) for day in range(3) for hour, phase in local]
    assert heard == expected
    assert uncrossed == 3


def test_a_firm_has_a_hundred_sub_accounts(new_venue: Callable[..., Any]) -> None:
    venue = new_venue()
    for number in range(100):
        assert venue.send(OpenAccount(NAME, f"fund/{number}")) == [AccountOpened(NAME, f"fund/{number}")]
    assert venue.send(OpenAccount(NAME, "fund/100")) == [AccountOpeningRefused(NAME, "fund/100")]
    assert venue.send(OpenAccount(NAME, "fund/7")) == [AccountOpened(NAME, "fund/7")]
    assert venue.send(OpenAccount(NAME, "fund")) == [AccountOpened(NAME, "fund")]
    assert venue.send(OpenAccount(NAME, "rival/0")) == [AccountOpened(NAME, "rival/0")]
    for nameless in ("", "/", "/a", "fund/"):
        assert venue.send(OpenAccount(NAME, nameless)) == [AccountOpeningRefused(NAME, nameless)]


def test_what_each_status_may_do(new_venue: Callable[..., Any]) -> None:
    venue = funded(new_venue)
    venue.place("fund/a", "bid", "buy", 5, 100)

    def release(name: str) -> Any:
        return venue.send(ReleaseAssets(NAME, "fund/a", name, "USD", 10))[-1]

    said = venue.send(SetAccountStatus(NAME, "fund/a", AccountStatus.SUSPENDED, KycStatus.VERIFIED))
    assert [each.reason for each in of(said, OrderCancelled)] == [CancelReason.ACCOUNT_RESTRICTED]
    assert type(release("one")) is ReleaseRejected
    venue.pledges += 1
    venue.send(AssetsPledged(NAME, "custodian", venue.pledges, "fund/a", "USD", 7))
    assert venue.claim("fund/a", "USD") == (10**13 + 7, 0)
    venue.send(SetAccountStatus(NAME, "fund/a", AccountStatus.CLOSED, KycStatus.VERIFIED))
    assert type(release("two")) is ClaimReleased
    venue.send(SetAccountStatus(NAME, "fund/a", AccountStatus.ACTIVE, KycStatus.VERIFIED))
    assert of(venue.place("fund/a", "late", "buy", 5, 100), OrderRejected)[0].reason is RejectReason.ACCOUNT_CLOSED


@pytest.mark.parametrize("book", books.available())
def test_a_reduce_only_order_in_a_perpetual_only_reduces(new_venue: Callable[..., Any], book: str) -> None:
    venue = new_venue(book=book, instruments=("BTC/USD", "BTC-PERP"), maker_fee_ppm=0, taker_fee_ppm=0)
    for account in (f"{NAME}-clearing", f"{NAME}-fees", f"{NAME}-house"):
        venue.fund(account)
    for account in ("long", "short"):
        venue.fund(account, USD=2_000 * 10**8)
    venue.exchange.perpetuals.reference_changed("BTC-PERP", 60_000 * 10**8, [])
    mark, perpetual = 600_000, {"instrument": "BTC-PERP"}
    only = {**perpetual, "terms": OrderTerms(reduce_only=True)}
    for side in ("buy", "sell"):
        assert venue.place("long", f"flat {side}", side, 1, mark, **only)[0].reason is RejectReason.WOULD_INCREASE_POSITION
    venue.place("short", "open", "sell", 5, mark, **perpetual)
    venue.place("long", "open", "buy", 5, mark, **perpetual)
    assert venue.place("long", "more", "buy", 1, mark, **only)[0].reason is RejectReason.WOULD_INCREASE_POSITION
    assert venue.place("short", "more", "sell", 1, mark, **only)[0].reason is RejectReason.WOULD_INCREASE_POSITION
    venue.place("short", "back", "buy", 9, mark, **perpetual)
    said = venue.place("long", "out", "sell", 9, mark, **only)
    assert sum(fill.quantity_lots for fill in of(said, OrderFilled) if fill.account == "long") == 5
    positions = venue.exchange.perpetuals.margin.positions
    assert (positions.lots("long", "BTC-PERP"), positions.lots("short", "BTC-PERP")) == (0, 0)
    assert not [order for order in venue.exchange.orders.open.values() if order.command.account == "long"]
