"""Every order kind by itself, on both books: what each command leads to, event by event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from trading_ecosystem.domains.exchange.book import books
from trading_ecosystem.domains.exchange.book.book_events import Cancelled, Filled, Reduced, Refused, Replaced, Rested
from trading_ecosystem.domains.exchange.matching.kept_orders import NewOrder, WaitingFor
from trading_ecosystem.domains.exchange.matching.matching import Matching
from trading_ecosystem.domains.exchange.matching.matching_events import MatchingEvent, Parked, Triggered
from trading_ecosystem.domains.exchange.matching.matching_parameters import MatchingParameters
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
IOC, FOK, DAY, GTD = (
    TimeInForce.IMMEDIATE_OR_CANCEL,
    TimeInForce.FILL_OR_KILL,
    TimeInForce.DAY,
    TimeInForce.GOOD_TILL_DATE,
)
NOW = 1_000


class Market:
    """A matching with short commands; every order of an owner of its own, unless said otherwise."""

    def __init__(self, kind: str, **parameters: Any) -> None:
        self.matching = Matching(books.book_class(kind)("BTC/USD"), MatchingParameters(**parameters))

    def place(self, order_id: int, side: Side, lots: int, price: int = 0, **more: Any) -> Sequence[MatchingEvent]:
        order_type = more.pop("order_type", OrderType.LIMIT if price else OrderType.MARKET)
        default = IOC if order_type is OrderType.MARKET else TimeInForce.GOOD_TILL_CANCEL
        fields = {name: more.pop(name) for name in ("owner", "post_only", "self_trade") if name in more}
        time_in_force = more.pop("time_in_force", default)
        terms = OrderTerms(**more) if more else None
        new = NewOrder(
            order_id,
            fields.pop("owner", order_id),
            side,
            lots,
            price,
            order_type,
            time_in_force,
            terms=terms,
            **fields,
        )
        return self.matching.place(new, NOW)

    def stop(self, order_id: int, side: Side, lots: int, stop: int, **more: Any) -> Sequence[MatchingEvent]:
        price = more.get("price", 0)
        kind = more.pop("kind", OrderType.STOP_LIMIT if price else OrderType.STOP)
        return self.place(order_id, side, lots, order_type=kind, stop_price_ticks=stop, **more)

    def trade(self, price: int, lots: int = 1) -> list[MatchingEvent]:
        """Let a trade happen at a price that nothing else stands at; returns what followed from it."""
        self.place(9_001, SELL, lots, price)
        return list(self.place(9_002, BUY, lots, price))[1:]


@pytest.fixture(params=books.available())
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def market(kind: str) -> Market:
    """Bids 5 at 98 (order 1) and 5 at 97 (2), asks 5 at 102 (3) and 5 at 103 (4); the last trade was at 100."""
    made = Market(kind)
    made.trade(100)
    for order_id, side, price in ((1, BUY, 98), (2, BUY, 97), (3, SELL, 102), (4, SELL, 103)):
        assert made.place(order_id, side, 5, price) == [Rested(order_id, price, 5)]
    assert made.matching.simple
    return made


# -------------------------------------------------------------------- stops


def test_the_example_at_the_head_of_the_module(kind: str) -> None:
    matching = Matching(books.book_class(kind)("BTC/USD"))
    assert matching.place(NewOrder(1, 7, SELL, 5, 100), now=0) == [Rested(1, 100, 5)]
    stop = NewOrder(2, 8, BUY, 3, order_type=OrderType.STOP, terms=OrderTerms(stop_price_ticks=101))
    assert matching.place(stop, now=0) == [Parked(2, 3, WaitingFor.TRIGGER, 101)]


def test_a_stop_becomes_a_market_order_when_a_trade_reaches_it(market: Market) -> None:
    assert market.stop(5, SELL, 7, 99) == [Parked(5, 7, WaitingFor.TRIGGER, 99)]
    assert not market.matching.simple
    assert market.place(6, SELL, 1, 98) == [
        Filled(6, 1, 98, 1, 0, 4),
        Triggered(5, 99, 98),
        Filled(5, 1, 98, 4, 3, 0),
        Filled(5, 2, 97, 3, 0, 2),
    ]
    assert market.matching.simple


def test_a_stop_that_finds_nothing_is_cancelled(market: Market) -> None:
    market.matching.mass_cancel(NOW, side=BUY)
    market.stop(5, SELL, 7, 101)
    assert not market.matching.is_live(5)


def test_a_stop_limit_becomes_a_limit_order(market: Market) -> None:
    market.stop(5, BUY, 7, 101, price=102)
    assert market.trade(101) == [Triggered(5, 101, 101), Filled(5, 3, 102, 5, 2, 0), Rested(5, 102, 2)]
    assert market.matching.simple


def test_a_stop_that_the_last_trade_has_reached_fires_at_once(market: Market) -> None:
    assert market.stop(5, SELL, 1, 100) == [
        Parked(5, 1, WaitingFor.TRIGGER, 100),
        Triggered(5, 100, 100),
        Filled(5, 1, 98, 1, 0, 4),
    ]


def test_a_trade_before_the_stop_price_does_not_fire(market: Market) -> None:
    market.stop(5, SELL, 1, 99)
    market.stop(6, BUY, 1, 101)
    assert market.trade(100) == []
    assert (market.matching.book.watch_below, market.matching.book.watch_above) == (99, 101)


def test_market_if_touched_fires_from_the_other_side(market: Market) -> None:
    assert market.stop(5, BUY, 1, 99, kind=OrderType.MARKET_IF_TOUCHED)[0] == Parked(5, 1, WaitingFor.TRIGGER, 99)
    assert market.trade(101) == []
    assert market.trade(99) == [Triggered(5, 99, 99), Filled(5, 3, 102, 1, 0, 4)]


def test_triggers_fire_by_price_and_then_by_time(market: Market) -> None:
    for order_id, stop in ((5, 98), (6, 99), (7, 98), (8, 99)):
        market.stop(order_id, SELL, 1, stop)
    fired = [event.order_id for event in market.place(9, SELL, 1, 98) if isinstance(event, Triggered)]
    assert fired == [6, 8, 5, 7]


def test_a_triggered_stop_may_trigger_another(market: Market) -> None:
    market.stop(5, SELL, 4, 98)
    market.stop(6, SELL, 1, 97)
    events = market.place(7, SELL, 2, 98)
    assert [event.order_id for event in events if isinstance(event, Triggered)] == [5, 6]
    assert events[-1] == Filled(6, 2, 97, 1, 0, 3)


def test_the_steps_of_one_command_are_bounded_and_the_rest_is_not_forgotten(kind: str) -> None:
    market = Market(kind, cascade_limit=2)
    market.place(1, BUY, 50, 90)
    for order_id in range(2, 8):
        market.stop(order_id, SELL, 1, 95)
    events = market.place(8, SELL, 1, 90)
    assert [event.order_id for event in events if isinstance(event, Triggered)] == [2, 3]
    assert market.matching.next_expiry() == NOW
    fired: list[int] = []
    while market.matching.next_expiry() is not None:
        fired += [event.order_id for event in market.matching.expire(NOW) if isinstance(event, Triggered)]
    assert fired == [4, 5, 6, 7]


def test_a_trailing_stop_follows_the_best_trade_and_never_goes_back(market: Market) -> None:
    trailing = {"order_type": OrderType.TRAILING_STOP, "trail_ticks": 3}
    assert market.place(5, SELL, 1, **trailing) == [Parked(5, 1, WaitingFor.TRIGGER, 97)]
    assert market.matching.book.watch_above == 101
    assert market.trade(101) == []
    assert market.matching.kept(5).stop_price_ticks == 98  # type: ignore[union-attr]
    assert market.trade(99) == []
    assert market.matching.kept(5).stop_price_ticks == 98  # type: ignore[union-attr]
    assert market.place(6, SELL, 1, 98) == [Filled(6, 1, 98, 1, 0, 4), Triggered(5, 98, 98), Filled(5, 1, 98, 1, 0, 3)]


def test_a_trailing_stop_without_a_trade_takes_its_bearings_from_the_first(kind: str) -> None:
    market = Market(kind)
    assert market.place(1, BUY, 1, order_type=OrderType.TRAILING_STOP, trail_ticks=2) == [Parked(1, 1, WaitingFor.TRIGGER, 0)]
    assert market.trade(100) == []
    assert market.matching.kept(1).stop_price_ticks == 102  # type: ignore[union-attr]


def test_replacing_a_stop(market: Market) -> None:
    market.stop(5, SELL, 4, 98)
    market.stop(6, SELL, 4, 98)
    assert market.matching.replace(5, 3, 0, NOW) == [Replaced(5, 0, 3, True)]
    assert market.matching.replace(6, 5, 0, NOW)[0] == Replaced(6, 0, 5, False)
    assert market.matching.replace(5, 3, 0, NOW, stop_price_ticks=99) == [
        Replaced(5, 0, 3, False),
        Parked(5, 3, WaitingFor.TRIGGER, 99),
    ]
    market.matching.cancel(6, NOW)
    assert market.matching.replace(5, 3, 0, NOW, stop_price_ticks=101)[1:] == [
        Parked(5, 3, WaitingFor.TRIGGER, 101),
        Triggered(5, 101, 100),
        Filled(5, 1, 98, 3, 0, 2),
    ]


def test_a_stop_does_not_fire_on_what_happened_before_an_interruption_of_trading(market: Market) -> None:
    market.stop(5, SELL, 1, 99)
    market.matching.change_phase(TradingPhase.VOLATILITY_AUCTION, NOW)
    market.place(6, SELL, 2, 98)
    events = market.matching.change_phase(TradingPhase.CONTINUOUS, NOW)
    assert Triggered(5, 99, 98) in events
    assert events[-1] == Filled(5, 1, 98, 1, 0, 2)


# -------------------------------------------------------------------- all or none, pegs


def test_all_or_none_waits_until_it_can_trade_whole(market: Market) -> None:
    assert market.place(5, BUY, 8, 102, all_or_none=True) == [Parked(5, 8, WaitingFor.WHOLE)]
    assert market.matching.book.best_watched
    assert market.place(6, SELL, 2, 102) == [Rested(6, 102, 2)]
    assert market.place(7, SELL, 1, 101) == [
        Rested(7, 101, 1),
        Filled(5, 7, 101, 1, 7, 0),
        Filled(5, 3, 102, 5, 2, 0),
        Filled(5, 6, 102, 2, 0, 0),
    ]


def test_the_oldest_all_or_none_goes_first_and_less_keeps_its_age(market: Market) -> None:
    market.place(5, BUY, 6, 102, all_or_none=True)
    market.place(6, BUY, 6, 102, all_or_none=True)
    assert market.matching.replace(5, 7, 102, NOW) == [Replaced(5, 102, 7, False), Parked(5, 7, WaitingFor.WHOLE)]
    events = market.place(7, SELL, 2, 102)
    assert [event.taker_id for event in events if isinstance(event, Filled)] == [6, 6]


def test_pegs_follow_others_and_not_each_other(market: Market) -> None:
    peg = {"order_type": OrderType.PEGGED, "peg": PegReference.PRIMARY}
    assert market.place(5, BUY, 1, peg_offset_ticks=1, **peg) == [Rested(5, 99, 1)]
    assert market.place(6, BUY, 1, peg_offset_ticks=1, **peg) == [Rested(6, 99, 1)]
    assert market.place(7, BUY, 1, 100) == [
        Rested(7, 100, 1),
        Replaced(5, 101, 1, False),
        Rested(5, 101, 1),
        Replaced(6, 101, 1, False),
        Rested(6, 101, 1),
    ]


@pytest.mark.parametrize(
    ("peg", "side", "offset", "limit", "price"),
    [
        (PegReference.PRIMARY, BUY, 0, 0, 98),
        (PegReference.PRIMARY, SELL, 2, 0, 104),
        (PegReference.MARKET, BUY, -2, 0, 100),
        (PegReference.MARKET, SELL, 3, 0, 101),
        (PegReference.MID, BUY, 0, 0, 100),
        (PegReference.MID, SELL, 0, 0, 100),
        (PegReference.PRIMARY, BUY, 3, 99, 99),
        (PegReference.MARKET, SELL, 1, 101, 101),
    ],
)
def test_references_offsets_and_limits(
    market: Market, peg: PegReference, side: Side, offset: int, limit: int, price: int
) -> None:
    events = market.place(5, side, 1, limit, order_type=OrderType.PEGGED, peg=peg, peg_offset_ticks=offset)
    assert events == [Rested(5, price, 1)]


def test_the_middle_is_rounded_away_from_the_other_side(market: Market) -> None:
    market.place(5, BUY, 1, 99)
    assert market.place(6, BUY, 1, order_type=OrderType.PEGGED, peg=PegReference.MID) == [Rested(6, 100, 1)]
    assert market.place(7, SELL, 1, order_type=OrderType.PEGGED, peg=PegReference.MID) == [Rested(7, 101, 1)]


def test_a_peg_without_a_reference_waits_beside_the_book(market: Market) -> None:
    market.place(5, BUY, 1, order_type=OrderType.PEGGED, peg=PegReference.MARKET, peg_offset_ticks=-3)
    market.matching.cancel(3, NOW)
    assert market.matching.cancel(4, NOW)[1:] == [Parked(5, 1, WaitingFor.REFERENCE)]
    assert market.place(6, SELL, 1, 104) == [Rested(6, 104, 1), Rested(5, 101, 1)]


def test_a_post_only_peg_stays_one_tick_away(market: Market) -> None:
    peg = {"order_type": OrderType.PEGGED, "peg": PegReference.MARKET}
    assert market.place(5, BUY, 1, post_only=True, **peg) == [Rested(5, 101, 1)]
    assert market.place(6, BUY, 1, **peg) == [Filled(6, 3, 102, 1, 0, 4)]


# -------------------------------------------------------------------- time, replacing, cancelling


def test_orders_expire_in_their_order(market: Market) -> None:
    market.place(5, BUY, 1, 90, time_in_force=GTD, expires_at=NOW + 20)
    market.place(6, BUY, 1, 91, time_in_force=GTD, expires_at=NOW + 10)
    market.stop(7, BUY, 1, 120, time_in_force=DAY, expires_at=NOW + 20)
    assert market.matching.next_expiry() == NOW + 10
    market.matching.cancel(6, NOW)
    assert market.matching.next_expiry() == NOW + 20
    assert market.matching.expire(NOW + 19) == []
    assert market.matching.expire(NOW + 20) == [
        Cancelled(5, 1, CancelReason.EXPIRED),
        Cancelled(7, 1, CancelReason.EXPIRED),
    ]
    assert market.matching.next_expiry() is None


def test_day_orders_leave_at_the_close(market: Market) -> None:
    market.place(5, BUY, 1, 90, time_in_force=DAY)
    events = market.matching.change_phase(TradingPhase.CLOSED, NOW)
    assert Cancelled(5, 1, CancelReason.EXPIRED) in events
    assert market.matching.is_live(1)


def test_mass_cancel_by_owner_and_side(market: Market) -> None:
    market.stop(5, SELL, 1, 90, owner=1)
    market.place(6, SELL, 2, 110, owner=1)
    assert market.matching.mass_cancel(NOW, owner=1, reason=CancelReason.DISCONNECTED) == [
        Cancelled(5, 1, CancelReason.DISCONNECTED),
        Cancelled(1, 5, CancelReason.DISCONNECTED),
        Cancelled(6, 2, CancelReason.DISCONNECTED),
    ]
    assert [event.order_id for event in market.matching.mass_cancel(NOW, side=SELL)] == [3, 4]  # type: ignore[union-attr]
    assert [event.order_id for event in market.matching.mass_cancel(NOW)] == [2]  # type: ignore[union-attr]


def test_a_pure_reduction_keeps_its_place_in_the_book(market: Market) -> None:
    market.place(5, SELL, 5, 102, time_in_force=DAY)
    assert market.matching.replace(3, 4, 102, NOW) == [Replaced(3, 102, 4, True)]
    assert market.place(6, BUY, 5, 102) == [Filled(6, 3, 102, 4, 1, 0), Filled(6, 5, 102, 1, 0, 4)]
    assert market.matching.kept(5).leaves_lots == 4  # type: ignore[union-attr]


# -------------------------------------------------------------------- reduce only


def test_reduce_only_is_cut_down_to_the_position(market: Market) -> None:
    assert market.place(5, SELL, 4, 105, owner=9, reduce_only=True) == [Refused(5, RejectReason.WOULD_INCREASE_POSITION)]
    market.matching.position_changed(9, 6, NOW)
    assert market.place(5, SELL, 4, 105, owner=9, reduce_only=True) == [Rested(5, 105, 4)]
    assert market.place(6, SELL, 4, 106, owner=9, reduce_only=True) == [
        Reduced(6, 2, 2, CancelReason.POSITION),
        Rested(6, 106, 2),
    ]
    assert market.place(7, SELL, 4, 107, owner=9, reduce_only=True) == [Refused(7, RejectReason.WOULD_INCREASE_POSITION)]
    assert market.place(8, BUY, 4, 90, owner=9, reduce_only=True) == [Refused(8, RejectReason.WOULD_INCREASE_POSITION)]
    assert market.matching.position_changed(9, 3, NOW) == [
        Cancelled(6, 2, CancelReason.POSITION),
        Reduced(5, 1, 3, CancelReason.POSITION),
    ]
    assert market.matching.position_changed(9, 0, NOW) == [Cancelled(5, 3, CancelReason.POSITION)]


def test_a_triggered_reduce_only_stop_goes_before_what_rests(market: Market) -> None:
    market.matching.position_changed(9, 3, NOW)
    market.place(5, SELL, 3, 105, owner=9, reduce_only=True)
    market.stop(6, SELL, 3, 98, owner=9, reduce_only=True)
    assert market.place(7, SELL, 1, 98)[1:] == [
        Triggered(6, 98, 98),
        Cancelled(5, 3, CancelReason.POSITION),
        Filled(6, 1, 98, 3, 0, 1),
    ]


# -------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"lots": 0, "price": -1}, RejectReason.INVALID_QUANTITY),
        ({"lots": 10**12 + 1}, RejectReason.INVALID_QUANTITY),
        ({"price": 10**12 + 1}, RejectReason.INVALID_PRICE),
        ({"price": 0, "order_type": OrderType.LIMIT, "hidden": True, "display_lots": 1}, RejectReason.INVALID_PRICE),
        ({"order_type": OrderType.STOP, "stop_price_ticks": 90, "price": -1}, RejectReason.INVALID_PRICE),
        ({"time_in_force": GTD}, RejectReason.INVALID_TIME_IN_FORCE),
        ({"time_in_force": GTD, "expires_at": NOW}, RejectReason.INVALID_TIME_IN_FORCE),
        ({"expires_at": NOW + 1}, RejectReason.INVALID_TIME_IN_FORCE),
        ({"all_or_none": True, "time_in_force": IOC}, RejectReason.INVALID_TIME_IN_FORCE),
        ({"order_type": OrderType.STOP_LIMIT}, RejectReason.INVALID_TERMS),
        ({"stop_price_ticks": 5}, RejectReason.INVALID_TERMS),
        ({"order_type": OrderType.PEGGED}, RejectReason.INVALID_TERMS),
        ({"trail_ticks": 5}, RejectReason.INVALID_TERMS),
        ({"peg_offset_ticks": 5}, RejectReason.INVALID_TERMS),
        ({"all_or_none": True, "hidden": True}, RejectReason.INVALID_TERMS),
        ({"display_lots": 2, "hidden": True}, RejectReason.INVALID_TERMS),
        ({"display_lots": 6}, RejectReason.INVALID_TERMS),
        ({"minimum_lots": 6}, RejectReason.INVALID_TERMS),
        ({"reprice": True}, RejectReason.INVALID_TERMS),
        ({"time_in_force": TimeInForce.AT_THE_OPENING}, RejectReason.WRONG_PHASE),
        ({"price": 0, "order_type": OrderType.MARKET, "time_in_force": DAY}, RejectReason.WRONG_PHASE),
        ({"reduce_only": True}, RejectReason.WOULD_INCREASE_POSITION),
        ({"price": 103, "post_only": True, "hidden": True}, RejectReason.POST_ONLY_WOULD_TAKE),
        ({"time_in_force": FOK, "price": 102, "lots": 6, "reduce_only": False}, RejectReason.FILL_OR_KILL_UNFILLABLE),
        ({"minimum_lots": 5}, RejectReason.MINIMUM_QUANTITY_UNFILLABLE),
    ],
)
def test_bad_input_is_refused_in_the_documented_order(market: Market, more: dict[str, Any], reason: RejectReason) -> None:
    before = market.matching.book.updates
    wanted = {"lots": 5, "price": 90, "order_type": OrderType.LIMIT, **more}
    assert market.place(5, BUY, wanted.pop("lots"), wanted.pop("price"), **wanted) == [Refused(5, reason)]
    assert market.matching.book.updates == before
    assert not market.matching.is_live(5)


def test_a_number_is_taken_in_the_book_and_beside_it(market: Market) -> None:
    market.stop(5, BUY, 1, 120)
    assert market.place(5, BUY, 0, 90) == [Refused(5, RejectReason.DUPLICATE_ORDER_ID)]
    assert market.place(1, BUY, 0, 90) == [Refused(1, RejectReason.DUPLICATE_ORDER_ID)]


def test_what_is_not_there_cannot_be_replaced_or_cancelled(market: Market) -> None:
    market.stop(5, BUY, 1, 120)
    assert market.matching.replace(77, 1, 1, NOW) == [Refused(77, RejectReason.UNKNOWN_ORDER)]
    assert market.matching.cancel(77, NOW) == [Refused(77, RejectReason.UNKNOWN_ORDER)]
    assert market.matching.replace(5, 0, 0, NOW) == [Refused(5, RejectReason.INVALID_QUANTITY)]
    assert market.matching.replace(5, 1, -7, NOW) == [Refused(5, RejectReason.INVALID_PRICE)]
    market.place(6, BUY, 1, 90, time_in_force=DAY)
    assert market.matching.replace(6, 1, 90, NOW, stop_price_ticks=5) == [Refused(6, RejectReason.INVALID_TERMS)]


def test_the_number_of_kept_orders_is_bounded(kind: str) -> None:
    market = Market(kind, kept_capacity=2)
    for order_id in (1, 2):
        market.stop(order_id, BUY, 1, 120)
    assert market.stop(3, BUY, 1, 120) == [Refused(3, RejectReason.BOOK_FULL)]


# -------------------------------------------------------------------- others on the book


def test_what_others_do_to_the_book_is_observed(market: Market) -> None:
    market.stop(5, SELL, 1, 98)
    events = market.matching.book.place(-1, 0, SELL, 1, price_ticks=98)
    assert market.matching.book.attention
    assert market.matching.observe(events, NOW) == [Triggered(5, 98, 98), Filled(5, 1, 98, 1, 0, 3)]
    assert not market.matching.book.attention
