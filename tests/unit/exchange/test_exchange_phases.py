"""Market structure inside one instrument, on both books: phases, auctions, price bands, interruptions, halts."""

from __future__ import annotations

from typing import Any

import pytest

from trading_ecosystem.domains.exchange.book import books
from trading_ecosystem.domains.exchange.book.book_events import Cancelled, Filled, Refused, Rested
from trading_ecosystem.domains.exchange.matching.auction import NOTHING, Indicative
from trading_ecosystem.domains.exchange.matching.kept_orders import NewOrder, WaitingFor
from trading_ecosystem.domains.exchange.matching.matching import Matching
from trading_ecosystem.domains.exchange.matching.matching_events import (
    AuctionExtended,
    AuctionUncrossed,
    Crossed,
    Parked,
    PhaseChanged,
    VolatilityInterruption,
)
from trading_ecosystem.domains.exchange.matching.matching_parameters import BandAction, MatchingParameters
from trading_ecosystem.domains.exchange.matching.phases import ADMITS, FOLLOWS, Entry
from trading_ecosystem.domains.exchange.matching.price_bands import band
from trading_ecosystem.messages.orders import (
    CancelReason,
    OrderTerms,
    OrderType,
    PegReference,
    RejectReason,
    Side,
    TimeInForce,
    TradingPhase,
)

BUY, SELL = Side.BUY, Side.SELL
IOC, FOK = TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL
CLOSED, PRE_OPEN, OPENING, CONTINUOUS, VOLATILITY, CLOSING, HALTED = TradingPhase
MARKET = OrderType.MARKET
INTERRUPT = {"band_action": BandAction.INTERRUPT, "volatility_auction_ns": 100}


@pytest.fixture(params=books.available())
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def made(kind: str, phase: TradingPhase = CONTINUOUS, **parameters: Any) -> Matching:
    return Matching(books.book_class(kind)("BTC/USD"), MatchingParameters(**parameters), phase, 1_000)


def order(order_id: int, side: Side, lots: int, price: int = 0, **more: Any) -> NewOrder:
    more.setdefault("order_type", OrderType.LIMIT if price else MARKET)
    if more["order_type"] is MARKET:
        more.setdefault("time_in_force", IOC)
    return NewOrder(order_id, order_id, side, lots, price, **more)


SAMPLES = {
    Entry.LIMIT: order(1, BUY, 1, 999),
    Entry.AT_ONCE: order(1, BUY, 1, 999, time_in_force=IOC),
    Entry.MARKET: order(1, BUY, 1),
    Entry.WAITING: order(1, BUY, 1, order_type=OrderType.STOP, terms=OrderTerms(stop_price_ticks=5_000)),
    Entry.AT_THE_OPENING: order(1, BUY, 1, 999, time_in_force=TimeInForce.AT_THE_OPENING),
    Entry.AT_THE_CLOSE: order(1, BUY, 1, 999, time_in_force=TimeInForce.AT_THE_CLOSE),
}


@pytest.mark.parametrize("phase", TradingPhase)
def test_each_phase_admits_what_the_table_says(kind: str, phase: TradingPhase) -> None:
    for entry, sample in SAMPLES.items():
        new = sample
        if entry is Entry.MARKET and phase is not CONTINUOUS:
            new = order(1, BUY, 1, time_in_force=TimeInForce.DAY)
        refused = made(kind, phase).place(new, 0) == [Refused(1, RejectReason.WRONG_PHASE)]
        assert refused is (entry not in ADMITS[phase]), entry
    matching = made(kind, phase)
    matching.book.place(1, 1, BUY, 5, price_ticks=990)
    replaced = matching.replace(1, 4, 990, 0)
    assert (replaced == [Refused(1, RejectReason.WRONG_PHASE)]) is (Entry.REPLACE not in ADMITS[phase])
    assert isinstance(matching.cancel(1, 0)[0], Cancelled)


@pytest.mark.parametrize("phase", TradingPhase)
def test_phases_follow_as_the_table_says(kind: str, phase: TradingPhase) -> None:
    for following in TradingPhase:
        matching = made(kind, phase)
        events = matching.change_phase(following, 5)
        if following in FOLLOWS[phase]:
            assert PhaseChanged(phase, following) in events
            assert matching.phase is following
        else:
            assert events == [Refused(0, RejectReason.WRONG_PHASE)]
            assert matching.phase is phase


def test_a_trading_day(kind: str) -> None:
    matching = made(kind, CLOSED, opening_auction_ns=10, closing_auction_ns=10)
    assert matching.change_phase(PRE_OPEN, 0) == [PhaseChanged(CLOSED, PRE_OPEN)]
    matching.place(order(1, BUY, 5, 1_002), 0)
    matching.place(order(2, SELL, 3, 998, time_in_force=TimeInForce.AT_THE_OPENING), 0)
    matching.place(order(3, SELL, 4, 1_003, time_in_force=TimeInForce.AT_THE_OPENING), 0)
    assert matching.place(order(4, SELL, 7, 1_000, time_in_force=TimeInForce.AT_THE_CLOSE), 0) == [
        Parked(4, 7, WaitingFor.AUCTION)
    ]
    assert matching.indicative() == Indicative(1_002, 3, 2)
    assert matching.change_phase(OPENING, 100) == [PhaseChanged(PRE_OPEN, OPENING, 110)]
    assert matching.next_expiry() == 110
    assert matching.expire(109) == []
    assert matching.expire(110) == [
        Crossed(1, 2, 1_002, 3, 2, 0),
        AuctionUncrossed(OPENING, 1_002, 3, 2),
        Cancelled(3, 4, CancelReason.AUCTION_ENDED),
        PhaseChanged(OPENING, CONTINUOUS),
    ]
    assert matching.indicative() == NOTHING
    assert (matching.last_trade_ticks, matching.reference_ticks) == (1_002, 1_002)
    assert matching.change_phase(CLOSING, 200) == [PhaseChanged(CONTINUOUS, CLOSING, 210), Rested(4, 1_000, 7)]
    assert matching.place(order(5, BUY, 9, time_in_force=TimeInForce.AT_THE_CLOSE), 205) == [Parked(5, 9, WaitingFor.AUCTION)]
    assert matching.expire(210) == [
        Crossed(5, 4, 1_002, 7, 2, 0),
        AuctionUncrossed(CLOSING, 1_002, 7, 4),
        Cancelled(5, 2, CancelReason.AUCTION_ENDED),
        PhaseChanged(CLOSING, CLOSED),
    ]
    assert matching.is_live(1)


def test_a_halt_keeps_the_book_and_an_auction_resumes_it(kind: str) -> None:
    matching = made(kind)
    matching.place(order(1, BUY, 5, 990), 0)
    peg = OrderTerms(peg=PegReference.PRIMARY)
    matching.place(order(2, BUY, 5, order_type=OrderType.PEGGED, terms=peg), 0)
    assert matching.change_phase(HALTED, 0) == [
        PhaseChanged(CONTINUOUS, HALTED),
        Parked(2, 5, WaitingFor.REFERENCE),
    ]
    assert matching.place(order(3, SELL, 5, 980), 0) == [Refused(3, RejectReason.WRONG_PHASE)]
    matching.change_phase(VOLATILITY, 0)
    assert matching.place(order(3, SELL, 2, 980), 0) == [Rested(3, 980, 2)]
    assert matching.change_phase(CONTINUOUS, 0) == [
        Crossed(1, 3, 990, 2, 3, 0),
        AuctionUncrossed(VOLATILITY, 990, 2, 3),
        PhaseChanged(VOLATILITY, CONTINUOUS),
        Rested(2, 990, 5),
    ]


# -------------------------------------------------------------------- collar and bands


def test_a_band_is_rounded_inwards() -> None:
    assert band(1_000, 9_999) == (991, 1_009)
    assert band(1_000, 10_000) == (990, 1_010)


def test_the_collar_bounds_a_market_order(kind: str) -> None:
    matching = made(kind, collar_ppm=2_000)
    for order_id, price in ((1, 1_000), (2, 1_002), (3, 1_003)):
        matching.place(order(order_id, SELL, 1, price), 0)
    assert matching.place(order(4, BUY, 5), 0) == [
        Filled(4, 1, 1_000, 1, 4, 0),
        Filled(4, 2, 1_002, 1, 3, 0),
        Cancelled(4, 3, CancelReason.MARKET_REMAINDER),
    ]
    assert matching.place(order(5, BUY, 2, time_in_force=FOK), 0) == [Refused(5, RejectReason.FILL_OR_KILL_UNFILLABLE)]


def test_a_band_that_rejects(kind: str) -> None:
    matching = made(kind, static_band_ppm=10_000)
    assert matching.price_limits() == (990, 1_010)
    assert matching.place(order(1, BUY, 1, 1_011), 0) == [Refused(1, RejectReason.PRICE_OUTSIDE_BAND)]
    assert matching.place(order(2, SELL, 1, 989), 0) == [Refused(2, RejectReason.PRICE_OUTSIDE_BAND)]
    assert matching.place(order(3, SELL, 1, 1_010), 0) == [Rested(3, 1_010, 1)]
    assert matching.place(order(4, SELL, 1, 1_011), 0) == [Rested(4, 1_011, 1)]
    assert matching.place(order(5, BUY, 3), 0) == [
        Filled(5, 3, 1_010, 1, 2, 0),
        Cancelled(5, 2, CancelReason.PRICE_BAND),
    ]
    assert matching.place(order(6, BUY, 1), 0) == [Refused(6, RejectReason.PRICE_OUTSIDE_BAND)]
    matching.place(order(7, BUY, 1, 995), 0)
    assert matching.replace(7, 1, 1_011, 0) == [Refused(7, RejectReason.PRICE_OUTSIDE_BAND)]


def test_the_dynamic_band_moves_with_the_last_trade(kind: str) -> None:
    matching = made(kind, dynamic_band_ppm=5_000)
    assert matching.place(order(1, SELL, 1, 1_100), 0) == [Rested(1, 1_100, 1)]
    matching.place(order(2, BUY, 1, 1_100), 0)
    assert matching.price_limits() == (1_095, 1_105)
    assert matching.place(order(3, BUY, 1, 1_106), 0) == [Refused(3, RejectReason.PRICE_OUTSIDE_BAND)]


def test_a_band_that_interrupts(kind: str) -> None:
    matching = made(kind, static_band_ppm=10_000, **INTERRUPT)
    matching.place(order(1, SELL, 2, 1_010), 0)
    matching.place(order(2, SELL, 2, 1_011), 0)
    matching.place(order(9, BUY, 1, 995), 0)
    assert matching.place(order(3, BUY, 5, 1_012), 50) == [
        Filled(3, 1, 1_010, 2, 3, 0),
        VolatilityInterruption(1_011, 990, 1_010),
        PhaseChanged(CONTINUOUS, VOLATILITY, 150),
        Rested(3, 1_012, 3),
    ]
    assert matching.indicative() == Indicative(1_012, 2, 1)
    assert matching.expire(150) == [
        Crossed(3, 2, 1_012, 2, 1, 0),
        AuctionUncrossed(VOLATILITY, 1_012, 2, 1),
        PhaseChanged(VOLATILITY, CONTINUOUS),
    ]
    assert matching.reference_ticks == 1_012


def test_what_may_not_rest_is_cancelled_by_the_interruption(kind: str) -> None:
    matching = made(kind, static_band_ppm=10_000, **INTERRUPT)
    matching.place(order(1, SELL, 2, 1_011), 0)
    assert matching.place(order(2, BUY, 1, time_in_force=FOK), 0) == [
        VolatilityInterruption(1_011, 990, 1_010),
        PhaseChanged(CONTINUOUS, VOLATILITY, 100),
        Cancelled(2, 1, CancelReason.PRICE_BAND),
    ]


def test_an_auction_outside_of_the_static_band_is_prolonged(kind: str) -> None:
    matching = made(kind, static_band_ppm=10_000, extensions=1, **INTERRUPT)
    matching.place(order(1, SELL, 2, 1_011), 0)
    matching.place(order(2, BUY, 2, 1_011), 0)
    assert matching.expire(100) == [AuctionExtended(1_011, 200)]
    assert matching.next_expiry() == 200
    assert matching.expire(200)[-1] == PhaseChanged(VOLATILITY, CONTINUOUS)


def test_a_trade_past_the_matching_interrupts_afterwards(kind: str) -> None:
    matching = made(kind, static_band_ppm=10_000, **INTERRUPT)
    matching.book.place(-1, 0, SELL, 2, price_ticks=1_020)
    events = matching.book.place(-2, 0, BUY, 1, price_ticks=1_020)
    assert matching.book.attention
    assert matching.observe(events, 0) == [
        VolatilityInterruption(1_020, 990, 1_010),
        PhaseChanged(CONTINUOUS, VOLATILITY, 100),
    ]
