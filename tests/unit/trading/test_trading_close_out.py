"""In an emergency the engine closes out the positions of its strategies by itself, and says how that ended."""

from __future__ import annotations

from tests.unit.trading.trading_floor import ALPHA, BETA, BTC, Floor, obedient, rejected

from trading_ecosystem.domains.trading.close_out import ATTEMPTS, EVERY
from trading_ecosystem.domains.trading.intentions import Place
from trading_ecosystem.domains.trading.timers import CloseOutDue
from trading_ecosystem.messages.exchange import CancelOrder, PlaceOrder
from trading_ecosystem.messages.orders import RejectReason, Side, TimeInForce
from trading_ecosystem.messages.trading import CloseOutOutcome, OrderWithheld, PositionCloseOutEnded, WithheldReason
from trading_ecosystem.messages.trading_phases import PhaseReason, TradingPhase, TradingPhaseChanged
from trading_ecosystem.messages.trading_state import TradingState, TradingStateChanged, TradingStateOrigin
from trading_ecosystem.messages.units import SECOND
from trading_ecosystem.ports.component import Later

BUY = Place(ALPHA, BTC, Side.BUY, 6_001_000, 100_000)
SELL = Place(BETA, BTC, Side.SELL, 5_999_000, 60_000)


def changed(state: TradingState, at: int, version: int = 1) -> TradingStateChanged:
    return TradingStateChanged("fund", state, TradingStateOrigin.PERSON, "ada", "because", version, at, 0)


def floor(*wanted: Place, **limits: int) -> Floor:
    """A strategy with what these orders brought, both venues quoted."""
    made = Floor(obedient("one"), **limits)
    made.begin()
    made.fund("fund/one", USD=100_000, BTC=2)
    made.price(BTC, 60_000)
    made.quote(BETA, BTC, 59_990, 60_010)
    for order in orders(made.tell("one", *wanted)):
        made.accept(order)
        made.hear(made.fill(order))
    return made


def orders(said: list) -> list[PlaceOrder]:
    return [one for one in said if isinstance(one, PlaceOrder)]


def ended(said: list) -> list[tuple[str, int, int, CloseOutOutcome]]:
    return [
        (one.venue, one.position_lots, one.orders_sent, one.outcome) for one in said if isinstance(one, PositionCloseOutEnded)
    ]


def liquidate(made: Floor) -> list:
    return made.hear(changed(TradingState.LIQUIDATING, made.now))


def later(made: Floor, said: list) -> list:
    """The one wake-up that was asked for comes due."""
    (due,) = [one for one in said if isinstance(one, Later)]
    assert isinstance(due.message, CloseOutDue)
    assert due.due_at == made.now + EVERY
    made.now = due.due_at
    return made.hear(due.message)


def test_every_position_is_brought_to_flat_and_said_so():
    made = floor(BUY, SELL)
    said = liquidate(made)
    sold, bought = orders(said)
    assert (sold.venue, sold.side, sold.quantity_lots) == (ALPHA, Side.SELL, 100_000)
    assert (bought.venue, bought.side, bought.quantity_lots) == (BETA, Side.BUY, 60_000)
    assert {one.time_in_force for one in (sold, bought)} == {TimeInForce.IMMEDIATE_OR_CANCEL}
    assert sold.price_ticks == 5_999_000 * 99 // 100
    heard = len(made.strategy("one").heard)
    for order in (sold, bought):
        made.hear(made.fill(order))
    assert len(made.strategy("one").heard) == heard
    said = later(made, said)
    assert ended(said) == [(ALPHA, 0, 1, CloseOutOutcome.FLAT), (BETA, 0, 1, CloseOutOutcome.FLAT)]
    assert not [one for one in said if isinstance(one, Later)]


def test_what_is_working_is_cancelled_first_and_strategies_send_nothing():
    made = floor(BUY)
    (working,) = orders(made.tell("one", BUY))
    said = liquidate(made)
    assert isinstance(said[0], CancelOrder)
    assert said[0].client_order_id == working.client_order_id
    assert [one.quantity_lots for one in orders(said)] == [100_000]
    withheld = [one.reason for one in made.tell("one", SELL) if isinstance(one, OrderWithheld)]
    assert withheld == [WithheldReason.TRADING_HALTED]


def test_what_is_left_is_tried_again_and_no_order_is_sent_beside_another():
    made = floor(BUY)
    said = liquidate(made)
    (order,) = orders(said)
    said = later(made, said)
    assert not orders(said)  # the first is unanswered
    made.hear(made.fill(order, lots=30_000))
    made.cancel(order, done=30_000)
    said = later(made, said)
    (order,) = orders(said)
    assert order.quantity_lots == 70_000
    made.hear(made.fill(order))
    assert ended(later(made, said)) == [(ALPHA, 0, 2, CloseOutOutcome.FLAT)]


def test_attempts_are_bounded():
    made = floor(BUY)
    said = liquidate(made)
    sent = 0
    while not ended(said):
        for order in orders(said):
            sent += 1
            made.cancel(order)
        said = later(made, said)
    assert sent == ATTEMPTS
    assert ended(said) == [(ALPHA, 100_000, ATTEMPTS, CloseOutOutcome.OUT_OF_ATTEMPTS)]
    assert made.now - 1_700_000_000 * SECOND == ATTEMPTS * EVERY
    assert not [one for one in said if isinstance(one, Later)]


def test_where_nothing_can_trade_nothing_is_sent_until_it_can():
    made = floor(BUY)
    made.hear(TradingPhaseChanged(ALPHA, BTC, TradingPhase.HALTED, PhaseReason.REQUESTED, 0))
    said = liquidate(made)
    assert not orders(said)
    made.hear(TradingPhaseChanged(ALPHA, BTC, TradingPhase.CONTINUOUS, PhaseReason.REQUESTED, 0))
    made.quote(ALPHA, BTC, 0, 60_010)
    said = later(made, said)
    assert not orders(said)
    made.quote(ALPHA, BTC, 59_990, 60_010)
    (order,) = orders(later(made, said))
    made.hear(rejected(order, RejectReason.INVALID_QUANTITY))
    assert not made.trading.desks["one"].orders.working


def test_an_order_is_as_large_as_claim_and_order_limit_allow():
    made = floor(BUY, max_order_notional_usd_minor=6_100 * 10**8)
    made.claim(ALPHA, "fund/one", "BTC", "0.06")
    (order,) = orders(liquidate(made))
    assert order.quantity_lots == 50_000


def test_another_state_calls_it_off():
    made = floor(BUY)
    said = liquidate(made)
    made.after(1)
    assert ended(made.hear(changed(TradingState.HALTED, made.now, 2))) == [(ALPHA, 100_000, 1, CloseOutOutcome.CALLED_OFF)]
    (due,) = [one for one in said if isinstance(one, Later)]
    made.now = due.due_at
    assert made.hear(due.message) == []


def test_a_flat_firm_has_nothing_to_close():
    made = floor()
    assert liquidate(made) == []
