"""Conditions of a venue, one venue alone: what each does to what is said, in which order, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.exchange.conftest import NAME, Venue, order

from trading_ecosystem.domains.exchange.book import books
from trading_ecosystem.domains.exchange.component import Exchange, PublicationDue
from trading_ecosystem.domains.exchange.conditions.reports import ReportsDue
from trading_ecosystem.domains.exchange.conditions.standing import ConditionDue
from trading_ecosystem.messages.custodian import AssetsPledged
from trading_ecosystem.messages.exchange import (
    CancelOrder,
    ClaimChanged,
    DepthQuestion,
    OpenAccount,
    OpenOrdersQuestion,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    QuoteChanged,
    TradeMatched,
)
from trading_ecosystem.messages.orders import CancelReason, OrderTerms, OrderType, RejectReason, Side, TradingPhase
from trading_ecosystem.messages.test_coordination import ConditionCleared, ConditionEnded, ConditionTookEffect
from trading_ecosystem.messages.trading_phases import AuctionUncrossed, HaltTrading, ResumeTrading, TradingPhaseChanged
from trading_ecosystem.messages.units import MINUTE, PARTS_PER_MILLION, SECOND
from trading_ecosystem.messages.venue_conditions import CommandKind, OutageOrders, VenueConditionKind, VenueConditionSet
from trading_ecosystem.ports.component import Later
from trading_ecosystem.runtime.randomness import SeededRandomness
from trading_ecosystem.runtime.snapshot import Decoder, Encoder, upgrade_state

Kind = VenueConditionKind
ALWAYS = PARTS_PER_MILLION


def condition(kind: Kind, name: str = "c", until: int = MINUTE, **fields: Any) -> VenueConditionSet:
    return VenueConditionSet(NAME, name, kind, until, **fields)


def give(exchange: Exchange, message: Any, now: int) -> list[Any]:
    """What is said in return, besides wishes and claims."""
    return [one for one in exchange.handle(message, now) if not isinstance(one, (Later, ClaimChanged))]


def names(said: list[Any]) -> list[str]:
    return [type(one).__name__ for one in said]


@pytest.fixture(params=books.available())
def exchange(request: pytest.FixtureRequest, new_venue: Callable[..., Venue]) -> Exchange:
    """Without background flow; ``fund/a`` and ``fund/b`` have plenty, and so has the house."""
    venue = new_venue(book=request.param)
    for account in ("fund/a", "fund/b"):
        venue.fund(account, BTC=100 * 10**8, USD=10**7 * 10**8)
    venue.fund_house()
    return venue.exchange


def test_one_id_is_one_condition_and_what_is_over_never_stands(exchange: Exchange) -> None:
    assert list(exchange.handle(condition(Kind.VENUE_REJECT, until=5), 5)) == []
    assert not exchange.conditions
    first = condition(Kind.VENUE_REJECT, probability_ppm=ALWAYS)
    assert list(exchange.handle(first, 5)) == [Later(ConditionDue("c"), MINUTE)]
    assert list(exchange.handle(condition(Kind.VENUE_OUTAGE, until=9 * MINUTE), 5)) == []
    assert give(exchange, ConditionDue("c"), MINUTE) == [ConditionEnded(NAME, "c")]
    assert give(exchange, ConditionDue("c"), MINUTE) == give(exchange, ConditionCleared(NAME, "c"), MINUTE) == []
    assert not exchange.conditions


def test_a_refusal_is_remembered_under_its_name_and_leaves_other_accounts_alone(exchange: Exchange) -> None:
    exchange.handle(condition(Kind.VENUE_REJECT, probability_ppm=ALWAYS, account="fund/a"), 0)
    refused = OrderRejected(NAME, "fund/a", "x", "BTC/USD", RejectReason.EXCHANGE_OPTION)
    assert give(exchange, order("fund/a", "x", "buy", 5, 100), 1) == [ConditionTookEffect(NAME, "c", "fund/a"), refused]
    assert names(give(exchange, order("fund/b", "x", "buy", 5, 100), 1)) == ["OrderAccepted"]
    give(exchange, ConditionDue("c"), MINUTE)
    # The first answer stands, as for any other refusal.
    assert give(exchange, order("fund/a", "x", "buy", 5, 100), MINUTE) == [refused]
    assert names(give(exchange, order("fund/a", "y", "buy", 5, 100), MINUTE)) == ["OrderAccepted"]


def test_late_answers_keep_their_order_and_claims_are_on_time(exchange: Exchange) -> None:
    exchange.handle(order("fund/b", "ask", "sell", 5, 100), 0)
    exchange.handle(condition(Kind.VENUE_LATENCY, delay_ns=10 * SECOND, operation=CommandKind.PLACE), 0)
    said = list(exchange.handle(order("fund/a", "bid", "buy", 8, 100), SECOND))
    now = [one for one in said if not isinstance(one, (Later, ClaimChanged))]
    # The seller, to whom nothing is late, hears at once; so does the custodian.
    assert names(now) == ["ConditionTookEffect", "OrderFilled", "TradeMatched"]
    assert now[1].account == "fund/b"
    assert [one for one in said if isinstance(one, ClaimChanged)]
    assert {one for one in said if isinstance(one, Later)} == {Later(ReportsDue(), 11 * SECOND)}
    # A cancel is none of the operation, and waits behind what is held back all the same.
    assert give(exchange, CancelOrder(NAME, "fund/a", "bid"), 2 * SECOND) == []
    assert give(exchange, CancelOrder(NAME, "fund/b", "none"), 2 * SECOND) != []
    assert give(exchange, ReportsDue(), 11 * SECOND - 1) == []
    assert names(give(exchange, ReportsDue(), 11 * SECOND)) == ["OrderAccepted", "OrderFilled", "OrderCancelled"]


def test_latency_ends_with_the_last_answer_that_it_holds(exchange: Exchange) -> None:
    exchange.handle(condition(Kind.VENUE_LATENCY, delay_ns=10 * SECOND), 0)
    give(exchange, order("fund/a", "x", "buy", 5, 100), MINUTE - 1)
    assert give(exchange, ConditionDue("c"), MINUTE) == []
    # What is asked now is answered now, but behind what was held back.
    assert give(exchange, order("fund/a", "y", "buy", 5, 100), MINUTE) == []
    assert names(give(exchange, order("fund/b", "y", "buy", 5, 100), MINUTE)) == ["OrderAccepted"]
    ended = give(exchange, ReportsDue(), MINUTE - 1 + 10 * SECOND)
    assert names(ended) == ["OrderAccepted", "OrderAccepted", "ConditionEnded"]
    assert [one.client_order_id for one in ended[:2]] == ["x", "y"]


def test_cleared_latency_lets_everything_go_at_once_and_delays_add_up(exchange: Exchange) -> None:
    exchange.handle(condition(Kind.VENUE_LATENCY, "one", delay_ns=10 * SECOND), 0)
    exchange.handle(condition(Kind.VENUE_LATENCY, "two", delay_ns=5 * SECOND), 0)
    said = exchange.handle(order("fund/a", "x", "buy", 5, 100), 0)
    assert Later(ReportsDue(), 15 * SECOND) in said
    cleared = give(exchange, ConditionCleared(NAME, "one"), SECOND)
    assert names(cleared) == ["OrderAccepted", "ConditionEnded"]
    assert Later(ReportsDue(), 7 * SECOND) in exchange.handle(order("fund/a", "y", "buy", 5, 100), 2 * SECOND)
    assert give(exchange, ReportsDue(), 7 * SECOND)[0].client_order_id == "y"


def test_lost_answers_change_the_state_all_the_same(exchange: Exchange) -> None:
    exchange.handle(condition(Kind.VENUE_LOST_ACK, probability_ppm=ALWAYS), 0)
    assert give(exchange, order("fund/a", "x", "buy", 5, 100), 1) == [ConditionTookEffect(NAME, "c", "fund/a")]
    assert [one.client_order_id for one in exchange.answer(OpenOrdersQuestion("fund/a"))] == ["x"]
    assert give(exchange, CancelOrder(NAME, "fund/a", "x"), 2) == []
    assert exchange.answer(OpenOrdersQuestion("fund/a")) == ()
    # A fill is no answer that is lost.
    give(exchange, order("fund/a", "y", "buy", 5, 100), 3)
    assert names(give(exchange, order("fund/b", "z", "sell", 5, 100), 4)) == ["OrderFilled", "OrderFilled", "TradeMatched"]


def test_a_fill_is_said_twice_and_moves_claims_once(exchange: Exchange) -> None:
    exchange.handle(order("fund/b", "ask", "sell", 5, 100), 0)
    exchange.handle(condition(Kind.VENUE_DUPLICATE_EXECUTION, probability_ppm=ALWAYS), 0)
    said = give(exchange, order("fund/a", "bid", "buy", 5, 100), 1)
    fills = [one for one in said if isinstance(one, OrderFilled)]
    assert len(fills) == 4
    assert fills[0] == fills[1] != fills[2] == fills[3]
    assert sum(isinstance(one, TradeMatched) for one in said) == 1


@pytest.mark.parametrize(("lots", "pieces", "expected"), [(7, 3, [3, 2, 2]), (2, 200, [1, 1]), (1, 2, [1])])
def test_a_match_is_executed_in_pieces_as_far_as_its_lots_allow(
    exchange: Exchange, lots: int, pieces: int, expected: list[int]
) -> None:
    exchange.handle(order("fund/b", "ask", "sell", 9, 100), 0)
    exchange.handle(condition(Kind.VENUE_PARTIAL_FILLS, pieces=pieces), 0)
    said = give(exchange, order("fund/a", "bid", "buy", lots, 100), 1)
    bought = [one for one in said if isinstance(one, OrderFilled) and one.side is Side.BUY]
    assert [one.quantity_lots for one in bought] == expected
    assert bought[-1].leaves_lots == 0
    assert len({one.trade_id for one in bought}) == len({one.execution_id for one in bought}) == len(expected)
    assert [one.quantity_lots for one in said if isinstance(one, TradeMatched)] == expected


def test_a_fill_overtakes_a_cancel_and_is_a_real_trade(exchange: Exchange) -> None:
    exchange.handle(order("fund/a", "bid", "buy", 5, 100), 0)
    exchange.handle(order("fund/b", "first", "buy", 5, 100), 0)
    exchange.handle(condition(Kind.VENUE_LATE_FILL, probability_ppm=ALWAYS), 0)
    said = give(exchange, CancelOrder(NAME, "fund/b", "first"), 1)
    assert names(said) == ["ConditionTookEffect", "OrderCancelled", "OrderFilled", "TradeMatched"]
    _, cancelled, fill, match = said
    assert (cancelled.leaves_lots, cancelled.reason) == (5, CancelReason.REQUESTED)
    assert (fill.price_ticks, fill.quantity_lots, fill.leaves_lots) == (100, 5, 0)
    assert (match.buyer, match.seller, match.aggressor) == ("fund/b", f"{NAME}-house", Side.SELL)
    # Nobody else's turn has changed, and the order is gone.
    assert [one.client_order_id for one in exchange.answer(OpenOrdersQuestion("fund/b"))] == []
    assert exchange.answer(DepthQuestion("BTC/USD")).bids[0].quantity_lots == 5
    assert names(give(exchange, CancelOrder(NAME, "fund/b", "first"), 2)) == ["CancelRejected"]


def test_a_fill_overtakes_no_cancel_of_what_does_not_rest_plainly(exchange: Exchange) -> None:
    exchange.handle(condition(Kind.VENUE_LATE_FILL, until=9 * MINUTE, probability_ppm=ALWAYS), 0)
    stop = {"order_type": OrderType.STOP_LIMIT, "terms": OrderTerms(stop_price_ticks=200)}
    exchange.handle(order("fund/a", "waiting", "buy", 8, 100, **stop), 0)
    exchange.handle(order("fund/a", "halted", "buy", 8, 100), 0)
    exchange.handle(order("fund/a", "dear", "buy", 8, 100), 0)
    assert names(give(exchange, CancelOrder(NAME, "fund/a", "waiting"), 1)) == ["OrderCancelled"]
    exchange.handle(HaltTrading(NAME, "BTC/USD"), 2)
    assert names(give(exchange, CancelOrder(NAME, "fund/a", "halted"), 3)) == ["OrderCancelled"]
    exchange.handle(ResumeTrading(NAME, "BTC/USD"), 4)
    exchange.claims.of(f"{NAME}-house", "BTC").available = 7
    assert names(give(exchange, CancelOrder(NAME, "fund/a", "dear"), 5)) == ["OrderCancelled"]


def test_a_halt_resumes_what_it_halted_and_nothing_else(exchange: Exchange) -> None:
    said = give(exchange, condition(Kind.VENUE_HALT), 0)
    assert [type(one) for one in said] == [ConditionTookEffect, TradingPhaseChanged]
    # A second one finds nothing to halt; the first hands over what it would resume.
    assert give(exchange, condition(Kind.VENUE_HALT, "longer", 2 * MINUTE), 1) == []
    assert give(exchange, ConditionDue("c"), MINUTE) == [ConditionEnded(NAME, "c")]
    over = give(exchange, ConditionDue("longer"), 2 * MINUTE)
    assert [type(one) for one in over] == [AuctionUncrossed, TradingPhaseChanged, ConditionEnded]
    assert over[1].phase is TradingPhase.CONTINUOUS
    # What a person halted stays halted.
    give(exchange, HaltTrading(NAME, "BTC/USD"), 2 * MINUTE)
    assert give(exchange, condition(Kind.VENUE_HALT, "again", 3 * MINUTE), 2 * MINUTE) == []
    assert give(exchange, ConditionDue("again"), 3 * MINUTE) == [ConditionEnded(NAME, "again")]
    assert exchange.markets["BTC/USD"].matching.phase is TradingPhase.HALTED


@pytest.mark.parametrize("orders", list(OutageOrders))
def test_an_outage_loses_commands_and_keeps_everything_else_for_later(exchange: Exchange, orders: OutageOrders) -> None:
    exchange.handle(order("fund/a", "resting", "buy", 5, 100), 0)
    assert give(exchange, condition(Kind.VENUE_OUTAGE, orders=orders), 0) == []
    assert give(exchange, order("fund/a", "lost", "buy", 5, 100), 1) == [ConditionTookEffect(NAME, "c", NAME)]
    assert list(exchange.handle(PublicationDue(), 2)) == []
    assert list(exchange.handle(OpenAccount(NAME, "fund/new"), 2)) == []
    pledge = AssetsPledged(NAME, "custodian", 99, "fund/a", "USD", 777)
    assert list(exchange.handle(pledge, 3)) == []
    assert list(exchange.handle(condition(Kind.VENUE_HALT, "halt", 2 * MINUTE), 4)) == []
    before = exchange.claims.of("fund/a", "USD").available
    said = list(exchange.handle(ConditionDue("c"), MINUTE))
    shown = [one for one in said if not isinstance(one, (Later, ClaimChanged))]
    cancelled = [OrderCancelled] if orders is OutageOrders.CANCEL else []
    told = [*cancelled, QuoteChanged] if orders is OutageOrders.HOLD else cancelled
    assert [type(one) for one in shown if type(one) in (OrderCancelled, QuoteChanged)] == told
    assert [type(one) for one in shown[-3:]] == [ConditionTookEffect, TradingPhaseChanged, ConditionEnded]
    assert any(isinstance(one, Later) and isinstance(one.message, PublicationDue) for one in said)
    held = 5 * 100 * 10**4 if orders is OutageOrders.CANCEL else 0
    assert exchange.claims.of("fund/a", "USD").available >= before + 777 + (1 if held else 0)
    assert len(exchange.answer(OpenOrdersQuestion("fund/a"))) == (orders is OutageOrders.HOLD)


def test_crossed_quotes_are_of_the_feed_alone_and_are_put_right(exchange: Exchange) -> None:
    exchange.handle(order("fund/a", "bid", "buy", 5, 1_000), 0)
    exchange.handle(order("fund/b", "ask", "sell", 6, 1_011), 0)
    exchange.handle(condition(Kind.VENUE_CROSSED_BOOK, magnitude_ppm=10_000), 0)
    (took, quote, depth) = give(exchange, PublicationDue(), 10)
    assert took == ConditionTookEffect(NAME, "c", "BTC/USD")
    # The middle is 1005.5, and half of a hundredth of it is 5.
    assert (quote.bid_ticks, quote.bid_lots, quote.ask_ticks, quote.ask_lots) == (1_011, 5, 1_000, 6)
    assert (depth.bids[0].price_ticks, depth.asks[0].price_ticks) == (1_000, 1_011)
    assert give(exchange, PublicationDue(), 20) == []
    assert give(exchange, ConditionDue("c"), MINUTE) == [ConditionEnded(NAME, "c")]
    (right,) = give(exchange, PublicationDue(), MINUTE)
    assert (right.bid_ticks, right.ask_ticks) == (1_000, 1_011)
    assert give(exchange, PublicationDue(), MINUTE + 1) == []


def test_a_quote_with_one_side_is_not_crossed(exchange: Exchange) -> None:
    exchange.handle(order("fund/a", "bid", "buy", 5, 1_000), 0)
    exchange.handle(condition(Kind.VENUE_CROSSED_BOOK, magnitude_ppm=10_000), 0)
    quote = give(exchange, PublicationDue(), 10)[0]
    assert isinstance(quote, QuoteChanged)
    assert (quote.bid_ticks, quote.ask_ticks) == (1_000, 0)


@pytest.fixture(params=books.available())
def flowing(request: pytest.FixtureRequest, new_venue: Callable[..., Venue]) -> Venue:
    """A venue with its background flow under way; ``fund/a`` quotes nothing and has plenty."""
    venue = new_venue(book=request.param)
    venue.fund("fund/a", BTC=100 * 10**8, USD=10**7 * 10**8)
    venue.fund_house()
    venue.price(60_000 * 10**8, at=0)
    for number in range(1, 13):
        venue.price(60_000 * 10**8 + number * 10**8, at=number * 10 * SECOND - 1)
        venue.publish(number * 10 * SECOND)
    return venue


def quote_of(venue: Venue) -> tuple[int, int]:
    book = venue.exchange.markets["BTC/USD"].book
    return book.best(Side.BUY)[0], book.best(Side.SELL)[0]


def test_wide_quotes_move_out_for_everybody_and_come_back(flowing: Venue) -> None:
    bid, ask = quote_of(flowing)
    start = flowing.now
    flowing.send(condition(Kind.VENUE_SPREAD, until=start + MINUTE, magnitude_ppm=20_000))
    assert quote_of(flowing) == (bid, ask)
    flowing.publish(start + 10 * SECOND)
    wide_bid, wide_ask = quote_of(flowing)
    assert wide_ask - wide_bid >= (wide_bid + wide_ask) // 2 * 20_000 // PARTS_PER_MILLION
    # Who trades now trades at the prices that were published.
    (fill,) = [one for one in flowing.place("fund/a", "x", "buy", 1) if isinstance(one, OrderFilled)]
    assert fill.price_ticks >= wide_ask - 100_000
    assert fill.price_ticks - ask > ask * 9_000 // PARTS_PER_MILLION
    orders = flowing.exchange.markets["BTC/USD"].book
    before = len(orders)
    for number in range(2, 6):
        flowing.publish(start + number * 10 * SECOND)
    flowing.send(ConditionDue("c"), start + MINUTE)
    flowing.publish(start + MINUTE)
    back_bid, back_ask = quote_of(flowing)
    assert back_ask - back_bid < back_bid // 200
    assert abs(len(orders) - before) < before
    assert flowing.exchange.markets["BTC/USD"].restraint is None


def test_named_orders_inside_a_wide_spread_stay_and_trade_with_the_background(flowing: Venue) -> None:
    bid, ask = quote_of(flowing)
    start = flowing.now
    flowing.send(condition(Kind.VENUE_SPREAD, until=start + 10 * MINUTE, magnitude_ppm=20_000))
    flowing.publish(start + 10 * SECOND)
    # An offer far below where the background would buy: it trades as soon as the background is back at its own prices.
    flowing.place("fund/a", "inside", "sell", 3, bid - bid // 200)
    assert quote_of(flowing)[1] == bid - bid // 200
    said = flowing.publish(start + 20 * SECOND)
    fills = [one for one in said if isinstance(one, OrderFilled)]
    assert sum(one.quantity_lots for one in fills) == 3
    assert ask > bid


def test_thin_quotes_keep_their_places_and_lose_their_lots(flowing: Venue) -> None:
    book = flowing.exchange.markets["BTC/USD"].book
    before = sum(lots for _, lots in flowing.book()[0])
    start = flowing.now
    flowing.send(condition(Kind.VENUE_LIQUIDITY, until=start + MINUTE, magnitude_ppm=950_000))
    for number in (1, 2, 3):
        flowing.publish(start + number * 10 * SECOND)
        assert sum(lots for _, lots in flowing.book()[0]) * 8 < before
        assert len(book) > 10
    flowing.send(ConditionDue("c"), start + MINUTE)
    flowing.send(condition(Kind.VENUE_LIQUIDITY, "all", until=start + 9 * MINUTE, magnitude_ppm=PARTS_PER_MILLION))
    flowing.publish(start + MINUTE)
    assert len(book) == 0


def test_a_snapshot_keeps_conditions_and_what_they_hold_back(flowing: Venue) -> None:
    start = flowing.now
    flowing.send(condition(Kind.VENUE_SPREAD, "wide", until=start + 9 * MINUTE, magnitude_ppm=20_000))
    flowing.send(condition(Kind.VENUE_LATENCY, "late", until=start + 9 * MINUTE, delay_ns=5 * SECOND))
    flowing.send(condition(Kind.VENUE_DUPLICATE_EXECUTION, "twice", until=start + 9 * MINUTE, probability_ppm=500_000))
    flowing.publish(start + 10 * SECOND)
    exchange = flowing.exchange
    exchange.handle(order("fund/a", "x", "buy", 1), start + 11 * SECOND)
    copy = Decoder().decode(Encoder().encode(exchange))
    for at, message in (
        (16, ReportsDue()),
        (20, PublicationDue()),
        (21, order("fund/a", "y", "buy", 1)),
        (26, ReportsDue()),
        (30, PublicationDue()),
    ):
        expected = list(exchange.handle(message, start + at * SECOND))
        assert list(copy.handle(message, start + at * SECOND)) == expected
    ended = give(copy, ConditionCleared(NAME, "late"), start + MINUTE)
    assert ended == give(exchange, ConditionCleared(NAME, "late"), start + MINUTE) == [ConditionEnded(NAME, "late")]


def test_a_state_of_before_there_were_conditions_is_brought_up(flowing: Venue) -> None:
    copy = Decoder().decode(Encoder().encode(flowing.exchange))
    attributes = vars(copy)
    for name in ("conditions", "reports", "_waiting"):
        del attributes[name]
    nested = [(copy.entry, "conditions"), (copy.entry.events._capture, "_conditions"), (copy.desk, "_late_fills")]
    for owner, name in [*nested, (copy.perpetuals, "_entry"), *((market, "restraint") for market in copy.markets.values())]:
        delattr(owner, name)
    again = Exchange(NAME, flowing.parameters, SeededRandomness(1))
    upgrade_state(again, 1, attributes)
    vars(again).update(attributes)
    start = flowing.now
    flowing.place("fund/a", "resting", "buy", 5, 1_000)
    exchange = flowing.exchange
    again.handle(order("fund/a", "resting", "buy", 5, 1_000), start)
    for at, message in (
        (1, condition(Kind.VENUE_LATE_FILL, "fill", start + MINUTE, probability_ppm=ALWAYS)),
        (2, condition(Kind.VENUE_SPREAD, "wide", start + MINUTE, magnitude_ppm=20_000)),
        (10, PublicationDue()),
        (11, CancelOrder(NAME, "fund/a", "resting")),
        (12, order("fund/a", "y", "buy", 1)),
        (20, PublicationDue()),
    ):
        expected = list(exchange.handle(message, start + at))
        assert list(again.handle(message, start + at)) == expected
