"""What orders get at a recorded venue: never more than the recording shows, and never before their turn."""

from __future__ import annotations

import random

import pytest
from tests.campaign import seeds
from tests.unit.backtest.recorded_floor import (
    ACCOUNT,
    ALPHA,
    BTC,
    BUY,
    PROPORTIONAL,
    SELL,
    USD,
    Floor,
    bar,
    depth,
    fills,
    of,
    trade,
)

from trading_ecosystem.domains.exchange.recorded.component import CommandDue, ConditionDue
from trading_ecosystem.domains.exchange.recorded.happenings import Happening, RecordedDepth, RecordedTrade
from trading_ecosystem.domains.exchange.recorded.queue_position import QueueEstimate, QueuePosition
from trading_ecosystem.messages.exchange import (
    CancelRejected,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    QuoteChanged,
)
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.order_handling import OrderReplaced, ReplaceOrder, ReplaceRejected
from trading_ecosystem.messages.orders import CancelReason, Liquidity, OrderType, RejectReason, Side, TimeInForce
from trading_ecosystem.messages.units import INSTRUMENTS
from trading_ecosystem.messages.venue_conditions import VenueConditionKind, VenueConditionSet
from trading_ecosystem.ports.component import Later

BOOK = depth(1, [(100, 50), (99, 70)], [(102, 40), (103, 60)])
IOC = TimeInForce.IMMEDIATE_OR_CANCEL


def test_an_order_that_crosses_walks_the_displayed_levels() -> None:
    floor = Floor(BOOK)
    floor.until(1)
    said = floor.place(BUY, 103, 70, now=2)
    assert fills(said) == [(102, 40), (103, 30)]
    assert all(one.liquidity is Liquidity.TAKER for one in of(OrderFilled, said))
    assert fills(floor.place(BUY, 103, 50, time_in_force=IOC, now=3)) == [(103, 30)]


def test_what_was_taken_stays_taken_until_the_recording_shows_another_size() -> None:
    same, other = depth(5, [(100, 50)], [(102, 40), (103, 61)]), depth(6, [(100, 50)], [(102, 41), (103, 61)])
    floor = Floor(BOOK, same, other)
    floor.until(1)
    floor.place(BUY, 103, 100, now=2)
    floor.until(5)
    assert fills(floor.place(BUY, 103, 100, time_in_force=IOC, now=5)) == [(103, 61)]
    floor.until(6)
    assert fills(floor.place(BUY, 103, 100, time_in_force=IOC, now=6)) == [(102, 41)]


def test_a_resting_order_waits_behind_what_is_displayed() -> None:
    floor = Floor(BOOK, trade(3, 100, 30, SELL), trade(4, 100, 30, SELL), trade(5, 100, 30, SELL))
    floor.until(1)
    floor.place(BUY, 100, 25, now=2)
    assert fills(floor.until(3)) == []
    assert fills(floor.until(4)) == [(100, 10)]
    assert fills(floor.until(5)) == [(100, 15)]
    assert of(OrderFilled, floor.said)[-1].liquidity is Liquidity.MAKER


def test_a_trade_of_the_other_side_says_nothing_of_the_queue() -> None:
    floor = Floor(BOOK, trade(3, 100, 500, BUY))
    floor.until(1)
    floor.place(BUY, 100, 25, now=2)
    assert fills(floor.until(3)) == []


def test_an_unsigned_trade_is_given_to_the_nearer_side() -> None:
    floor = Floor(BOOK, trade(3, 100, 60), trade(4, 102, 60))
    floor.until(1)
    floor.place(BUY, 100, 25, now=2)
    floor.place(SELL, 102, 25, now=2)
    assert fills(floor.until(3)) == [(100, 10)]
    assert fills(floor.until(4)) == [(102, 20)]


def test_a_trade_beyond_the_price_serves_the_order_first_at_its_own_price() -> None:
    floor = Floor(BOOK, trade(3, 98, 20, SELL))
    floor.until(1)
    floor.place(BUY, 99, 25, now=2)
    assert fills(floor.until(3)) == [(99, 20)]


def test_orders_of_one_account_share_what_traded() -> None:
    floor = Floor(BOOK, trade(3, 98, 30, SELL))
    floor.until(1)
    floor.place(BUY, 99, 25, now=2)
    floor.place(BUY, 100, 25, now=2)
    assert fills(floor.until(3)) == [(100, 25), (99, 5)]


def test_the_market_moving_through_a_price_fills_up_to_what_it_shows() -> None:
    floor = Floor(BOOK, depth(3, [(97, 10)], [(99, 15), (101, 5)]))
    floor.until(1)
    floor.place(BUY, 100, 25, now=2)
    assert fills(floor.until(3)) == [(100, 15)]


def test_orders_share_what_the_market_shows_as_it_moves_through_them() -> None:
    floor = Floor(BOOK, depth(3, [(97, 10)], [(99, 15), (101, 5)]))
    floor.until(1)
    floor.place(BUY, 100, 10, now=2)
    floor.place(BUY, 99, 10, now=2)
    assert fills(floor.until(3)) == [(100, 10), (99, 5)]


def test_a_price_beyond_the_displayed_levels_waits_behind_what_is_shown_first() -> None:
    floor = Floor(BOOK, trade(3, 98, 30, SELL), depth(4, [(98, 80)], [(102, 5)]), trade(5, 98, 90, SELL))
    floor.until(1)
    floor.place(BUY, 98, 25, now=2)
    assert fills(floor.until(3)) == []
    assert fills(floor.until(5)) == [(98, 10)]


def test_a_cancelled_queue_is_estimated_conservatively_or_in_proportion() -> None:
    smaller = depth(3, [(100, 40), (99, 70)], [(102, 40)])
    for estimate, expected in ((QueueEstimate.CONSERVATIVE, []), (PROPORTIONAL, [(100, 8)])):
        # 50 ahead; 30 join behind; 40 of 80 leave: 50 stood ahead at most, but 40 are shown; in proportion 25.
        grown = depth(2, [(100, 80), (99, 70)], [(102, 40)])
        floor = Floor(BOOK, grown, smaller, trade(4, 100, 33, SELL), queue=estimate)
        floor.until(1)
        floor.place(BUY, 100, 25, now=1)
        floor.until(3)
        assert fills(floor.until(4)) == expected, estimate


def test_the_queue_ahead_is_never_longer_than_what_is_displayed() -> None:
    for seed in seeds(200, 5_000):
        stream = random.Random(seed)
        for estimate in QueueEstimate:
            queue = QueuePosition(estimate, stream.randint(0, 100))
            given = traded = 0
            for _ in range(50):
                before = queue.ahead
                if stream.random() < 0.5:
                    queue.show(stream.randint(0, 120))
                else:
                    quantity = stream.randint(1, 40)
                    traded += quantity
                    given += queue.trade(quantity)
                assert 0 <= queue.ahead <= before
                assert queue.ahead <= queue.displayed
            assert given <= traded


def test_a_bar_fills_what_it_traded_through_up_to_its_share() -> None:
    floor = Floor(depth(1, [(100, 50)], [(102, 40)]), bar(3, 99, 104, 101, 1_000), bar(4, 98, 104, 101, 1_000))
    floor.until(1)
    floor.place(BUY, 99, 150, now=2)
    assert fills(floor.until(3)) == []
    assert fills(floor.until(4)) == [(99, 100)]


def test_settlement_is_at_once_and_holds_are_exact() -> None:
    floor = Floor(BOOK, trade(5, 100, 200, SELL), maker_fee_ppm=100, taker_fee_ppm=500)
    floor.until(1)
    floor.place(BUY, 102, 40, now=2)
    notional = INSTRUMENTS[BTC].notional(102, 40)
    fee = -(-notional * 500 // 1_000_000)
    assert floor.claim("USD") == (1_000_000 * USD - notional - fee, 0)
    assert floor.claim("BTC") == (10 * USD + INSTRUMENTS[BTC].base_amount(40), 0)
    floor.place(BUY, 100, 10, now=3)
    assert floor.claim("USD")[1] == INSTRUMENTS[BTC].notional(100, 10) + INSTRUMENTS[BTC].notional(100, 10) * 500 // 10**6 + 10
    floor.cancel("one-2", now=4)
    assert floor.claim("USD") == (1_000_000 * USD - notional - fee, 0)


@pytest.mark.parametrize("seed", seeds(20, 500))
def test_money_and_base_are_conserved_whatever_happens(seed: int) -> None:
    stream = random.Random(seed)
    happenings: list[Happening] = []
    for at in range(1, 120):
        middle = 1_000 + stream.randint(-15, 15)
        if stream.random() < 0.5:
            bids = [(middle - 1 - n, stream.randint(1, 60)) for n in range(3)]
            happenings.append(depth(at, bids, [(middle + 1 + n, stream.randint(1, 60)) for n in range(3)]))
        else:
            happenings.append(trade(at, middle, stream.randint(1, 80), stream.choice([BUY, SELL, None])))
    floor = Floor(*happenings, maker_fee_ppm=-50, taker_fee_ppm=300, queue=stream.choice(list(QueueEstimate)))
    for at in range(1, 120):
        floor.until(at)
        price, lots = 1_000 + stream.randint(-20, 20), stream.randint(1, 90)
        action = stream.random()
        if action < 0.5:
            floor.place(stream.choice([BUY, SELL]), price, lots, now=at, time_in_force=stream.choice([IOC, floor_good()]))
        elif action < 0.6:
            side = stream.choice([BUY, SELL])
            floor.place(side, 0, lots, order_type=OrderType.MARKET, time_in_force=IOC, now=at)
        elif action < 0.8:
            command = ReplaceOrder(ALPHA, ACCOUNT, f"one-{stream.randint(1, max(1, floor.names))}", price, lots)
            floor.take(floor.venue.handle(command, at))
        else:
            floor.cancel(f"one-{stream.randint(1, max(1, floor.names))}", now=at)
    filled = of(OrderFilled, floor.said)
    assert filled
    _check_what_was_there(floor, happenings)
    instrument = INSTRUMENTS[BTC]
    signs = [1 if one.side is Side.BUY else -1 for one in filled]
    cash = sum(
        sign * instrument.notional(one.price_ticks, one.quantity_lots) + one.fee_minor
        for sign, one in zip(signs, filled, strict=True)
    )
    base = sum(sign * instrument.base_amount(one.quantity_lots) for sign, one in zip(signs, filled, strict=True))
    assert sum(floor.claim("USD")) == 1_000_000 * USD - cash
    assert sum(floor.claim("BTC")) == 10 * USD + base
    for number in range(1, floor.names + 1):
        floor.cancel(f"one-{number}", now=200)
    assert floor.claim("USD")[1] == floor.claim("BTC")[1] == 0


def _check_what_was_there(floor: Floor, happenings: list[Happening]) -> None:
    """Nobody ever got more than the recording shows, worked out from what was said alone."""
    accepted = {one.client_order_id: one for one in of(OrderAccepted, floor.said)}
    made: dict[int, int] = {}
    for one in of(OrderFilled, floor.said):
        if one.liquidity is Liquidity.MAKER:
            made[one.settles_at] = made.get(one.settles_at, 0) + one.quantity_lots
        if one.client_order_id in accepted and accepted[one.client_order_id].time_in_force is IOC:
            assert one.liquidity is Liquidity.TAKER
    for happening in happenings:
        got = made.pop(happening.at, 0)
        if isinstance(happening, RecordedTrade):
            assert got <= happening.quantity_lots
        elif isinstance(happening, RecordedDepth):
            assert got <= sum(level.quantity_lots for level in happening.bids + happening.asks)
    assert not made, "a resting order trades when something happens, and at no other time"


def floor_good() -> TimeInForce:
    return TimeInForce.GOOD_TILL_CANCEL


def test_what_is_refused_and_why() -> None:
    floor = Floor(BOOK)

    def reason(said: list[object]) -> RejectReason:
        (refused,) = [one for one in said if isinstance(one, OrderRejected)]
        return refused.reason

    market = {"order_type": OrderType.MARKET, "time_in_force": IOC}
    assert reason(floor.place(BUY, 0, 10, **market)) is RejectReason.NO_LIQUIDITY  # type: ignore[arg-type]
    floor.until(1)
    assert reason(floor.place(BUY, 102, 10, post_only=True)) is RejectReason.POST_ONLY_WOULD_TAKE
    assert reason(floor.place(BUY, 102, 41, time_in_force=TimeInForce.FILL_OR_KILL)) is RejectReason.FILL_OR_KILL_UNFILLABLE
    assert reason(floor.place(BUY, 0, 1)) is RejectReason.INVALID_PRICE
    assert reason(floor.place(BUY, 1, 0)) is RejectReason.INVALID_QUANTITY
    assert reason(floor.place(BUY, 1, 1, time_in_force=TimeInForce.DAY)) is RejectReason.INVALID_TIME_IN_FORCE
    assert reason(floor.place(BUY, 1, 1, order_type=OrderType.STOP)) is RejectReason.INVALID_TERMS
    assert reason(floor.place(SELL, 200, 10_000_001)) is RejectReason.INSUFFICIENT_CLAIM
    floor.place(BUY, 90, 1, name="twice")
    assert reason(floor.place(BUY, 90, 1, name="twice")) is RejectReason.DUPLICATE_CLIENT_ORDER_ID


def test_what_is_left_of_an_order_that_does_not_rest_is_cancelled() -> None:
    floor = Floor(BOOK)
    floor.until(1)
    (cancelled,) = of(OrderCancelled, floor.place(BUY, 102, 60, time_in_force=IOC))
    assert (cancelled.cumulative_lots, cancelled.leaves_lots) == (40, 20)
    assert cancelled.reason is CancelReason.IMMEDIATE_OR_CANCEL
    said = floor.place(SELL, 0, 500, order_type=OrderType.MARKET, time_in_force=IOC)
    assert fills(said) == [(100, 50), (99, 70)]
    assert of(OrderCancelled, said)[0].reason is CancelReason.MARKET_REMAINDER


def test_cancelling_what_is_not_there_is_refused() -> None:
    floor = Floor(BOOK)
    assert len(of(CancelRejected, floor.cancel("never"))) == 1
    floor.until(1)
    floor.place(BUY, 102, 10)
    assert len(of(CancelRejected, floor.cancel("one-1"))) == 1


def test_a_replacement_keeps_its_place_only_where_it_takes_lots_off() -> None:
    floor = Floor(BOOK, trade(5, 100, 60, SELL), trade(6, 100, 100, SELL))
    floor.until(1)
    floor.place(BUY, 100, 25)
    (kept,) = of(OrderReplaced, floor.take(floor.venue.handle(ReplaceOrder(ALPHA, ACCOUNT, "one-1", 100, 20), 2)))
    assert kept.kept_place
    assert fills(floor.until(5)) == [(100, 10)]
    (behind,) = of(OrderReplaced, floor.take(floor.venue.handle(ReplaceOrder(ALPHA, ACCOUNT, "one-1", 100, 21), 5)))
    assert not behind.kept_place
    (moved,) = of(OrderReplaced, floor.take(floor.venue.handle(ReplaceOrder(ALPHA, ACCOUNT, "one-1", 101, 40), 5)))
    assert not moved.kept_place
    assert (moved.cumulative_lots, moved.leaves_lots) == (10, 30)
    said = floor.take(floor.venue.handle(ReplaceOrder(ALPHA, ACCOUNT, "one-1", 102, 40), 5))
    assert fills(said) == [(102, 30)]
    (refused,) = of(ReplaceRejected, floor.take(floor.venue.handle(ReplaceOrder(ALPHA, ACCOUNT, "one-1", 102, 50), 6)))
    assert refused.reason is RejectReason.ORDER_ENDED


def test_a_quote_is_said_when_it_changes_and_a_price_beside_it() -> None:
    floor = Floor(BOOK, depth(2, [(100, 50), (98, 1)], [(102, 40)]), depth(3, [(101, 50)], [(102, 40)]))
    first = floor.until(1)
    assert [(one.bid_ticks, one.ask_lots) for one in of(QuoteChanged, first)] == [(100, 40)]
    assert of(PricePublished, first)[0].price_minor == 101 * INSTRUMENTS[BTC].tick_size
    assert of(QuoteChanged, floor.until(2)) == []
    assert len(of(QuoteChanged, floor.until(3))) == 1


def condition(kind: VenueConditionKind, **size: int) -> VenueConditionSet:
    return VenueConditionSet(ALPHA, "c", kind, 10, **size)  # type: ignore[arg-type]


def test_a_venue_that_is_out_neither_answers_nor_trades_nor_publishes() -> None:
    floor = Floor(BOOK, trade(5, 100, 200, SELL), depth(6, [(90, 5)], [(91, 5)]))
    floor.until(1)
    floor.place(BUY, 100, 5)
    floor.venue.handle(condition(VenueConditionKind.VENUE_OUTAGE), 2)
    assert floor.place(BUY, 102, 5, now=3) == []
    assert floor.cancel("one-1", now=3) == []
    assert fills(floor.until(5)) == []
    assert of(QuoteChanged, floor.until(6)) == []
    (quote,) = of(QuoteChanged, floor.take(floor.venue.handle(ConditionDue("c"), 10)))
    assert quote.bid_ticks == 90


def test_a_venue_may_refuse_delay_and_halt() -> None:
    floor = Floor(BOOK)
    floor.until(1)
    floor.venue.handle(condition(VenueConditionKind.VENUE_REJECT, probability_ppm=1_000_000), 2)
    assert of(OrderRejected, floor.place(BUY, 102, 5))[0].reason is RejectReason.EXCHANGE_OPTION
    floor.venue.handle(ConditionDue("c"), 10)
    floor.venue.handle(condition(VenueConditionKind.VENUE_LATENCY, delay_ns=7), 2)
    assert floor.place(BUY, 102, 5, now=3, name="late") == []
    floor.names += 1
    (later,) = floor.venue.handle(ReplaceOrder(ALPHA, ACCOUNT, "late", 1, 1), 4)
    assert isinstance(later, Later)
    assert later.due_at == 11
    assert isinstance(later.message, CommandDue)
    floor.venue.handle(ConditionDue("c"), 10)
    floor.venue.handle(condition(VenueConditionKind.VENUE_HALT), 2)
    assert of(OrderRejected, floor.place(BUY, 102, 5))[0].reason is RejectReason.WRONG_PHASE
    assert of(OrderAccepted, floor.said) == []
