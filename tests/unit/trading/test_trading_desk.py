"""Desks: the life of orders and strategies, containment, and messages that come twice, late or never."""

from __future__ import annotations

import pytest
from tests.unit.trading.trading_floor import (
    ALPHA,
    BETA,
    BTC,
    START,
    Floor,
    Obedient,
    accepted,
    cancelled,
    cancels,
    obedient,
    placed,
    rejected,
)

from trading_ecosystem.domains.trading.intentions import Cancel, CancelAll, Place, WakeMe
from trading_ecosystem.domains.trading.orders import ENDED_ORDERS_KEPT
from trading_ecosystem.domains.trading.timers import MarkDue, StartDue, StrategyDue
from trading_ecosystem.messages.exchange import CancelOrder, CancelRejected, ClaimChanged, ClaimReason, PlaceOrder
from trading_ecosystem.messages.orders import CancelRejectReason, RejectReason, Side
from trading_ecosystem.messages.trading import (
    HaltReason,
    PortfolioQuestion,
    PositionChanged,
    StartStrategy,
    StopStrategy,
    StrategyCommandRejected,
    StrategyCommandRejectReason,
    StrategyHalted,
    StrategyMarked,
    StrategyStarted,
)
from trading_ecosystem.messages.units import MINOR_UNITS_PER_WHOLE, MINUTE, SECOND
from trading_ecosystem.ports.component import Later

USD = MINOR_UNITS_PER_WHOLE
BUY = Place(ALPHA, BTC, Side.BUY, 6_000_000, 100_000)
SELL = Place(BETA, BTC, Side.SELL, 6_000_000, 100_000)


def floor(*names: str) -> Floor:
    made = Floor(*(obedient(name) for name in names))
    made.begin()
    for name in names:
        made.fund(f"fund/{name}", USD=100_000, BTC=2)
        made.strategy(name).heard.clear()
    made.price(BTC, 60_000)
    for name in names:
        made.strategy(name).heard.clear()
    return made


def order_of(made: Floor, name: str = "one", place: Place = BUY) -> PlaceOrder:
    (order,) = made.tell(name, place)
    assert isinstance(order, PlaceOrder)
    for desk in made.trading.desks:
        made.strategy(desk).heard.clear()
    return order


def position(name: str, lots: int, average: int, realised: int, fees: int, venue: str = ALPHA) -> PositionChanged:
    return PositionChanged(f"fund/{name}", name, venue, BTC, lots, average, realised, fees)


def test_begin_starts_what_starts_at_once_and_asks_to_be_woken() -> None:
    made = Floor(obedient("one"), obedient("late", starts_after_ns=3_600 * SECOND))
    assert made.begin() == [
        StrategyStarted("fund/one", "one", "obedient"),
        Later(StartDue("late"), START + 3_600 * SECOND),
        Later(MarkDue(), START + MINUTE),
    ]
    assert made.quote(ALPHA, BTC, 59_990, 60_010) == []
    assert made.strategy("late").heard == []
    made.after(3_600)
    assert made.hear(StartDue("late")) == [StrategyStarted("fund/late", "late", "obedient")]
    assert made.strategy("late").heard == [("started", made.now)]
    assert made.hear(StartDue("late")) == []


def test_the_life_of_an_order() -> None:
    made = floor("one")
    order = order_of(made)
    assert order == placed("one", 1, ALPHA, BTC, Side.BUY, 6_000_000, 100_000)
    assert made.accept(order, 17) == []
    first = made.fill(order, 40_000, fee=500)
    assert made.hear(first) == [position("one", 40_000, 60_000 * USD, 0, 500)]
    second = made.fill(order, before=40_000, price=5_990_000, fee=700)
    assert made.hear(second) == [position("one", 100_000, 5_994_000 * 10**6, 0, 1_200)]
    assert made.strategy("one").heard == [
        ("order_filled", "one-1", 1, "partially_filled"),
        ("order_filled", "one-1", 2, "filled"),
    ]
    assert made.trading.answer(PortfolioQuestion()) == (position("one", 100_000, 5_994_000 * 10**6, 0, 1_200),)
    assert made.trading.answer(PortfolioQuestion("two")) == ()


def test_an_order_refused_and_one_cancelled() -> None:
    made = floor("one")
    order = order_of(made)
    assert made.hear(rejected(order, RejectReason.POST_ONLY_WOULD_TAKE)) == []
    order = order_of(made)
    made.accept(order)
    assert made.tell("one", Cancel("one-2"), Cancel("one-2"), Cancel("one-1"), Cancel("two-1")) == [cancels(order)]
    made.strategy("one").heard.clear()
    assert made.cancel(order) == []
    assert made.strategy("one").heard == [("order_cancelled", "one-2")]
    assert made.tell("one", CancelAll()) == []


def test_cancel_all_keeps_to_what_it_names() -> None:
    made = floor("one")
    eth = Place(ALPHA, "ETH/USD", Side.BUY, 300_000, 1)
    made.price("ETH/USD", 3_000)
    alpha, beta, other = made.tell("one", BUY, SELL, eth)
    assert made.tell("one", CancelAll(BETA)) == [cancels(beta)]
    assert made.tell("one", CancelAll(instrument=BTC)) == [cancels(alpha)]
    assert made.tell("one", CancelAll()) == [cancels(other)]


def test_a_duplicate_fill_counts_once_even_after_the_order_ended() -> None:
    made = floor("one")
    order = order_of(made)
    made.accept(order)
    first, second = made.fill(order, 40_000), made.fill(order, before=40_000)
    assert len(made.hear(first)) == 1
    assert made.hear(first) == []
    assert len(made.hear(second)) == 1
    assert made.hear(second) == []
    assert made.hear(first) == []
    assert [call[0] for call in made.strategy("one").heard] == ["order_filled"] * 2
    assert made.trading.desks["one"].fills == 2


def test_reports_out_of_order_leave_the_same_position() -> None:
    made = floor("one")
    order = order_of(made)
    first, second = made.fill(order, 40_000), made.fill(order, 10_000, before=40_000)
    assert made.hear(second) == [position("one", 10_000, 60_000 * USD, 0, 0)]
    assert made.accept(order) == []
    assert made.hear(cancelled(order, 50_000)) == []
    assert made.hear(cancelled(order, 50_000)) == []
    assert made.hear(rejected(order, RejectReason.DUPLICATE_CLIENT_ORDER_ID)) == []
    assert made.hear(first) == [position("one", 50_000, 60_000 * USD, 0, 0)]
    assert [call[0] for call in made.strategy("one").heard] == ["order_filled", "order_cancelled", "order_filled"]
    assert made.trading.desks["one"].orders.working == {}


def test_the_refusal_of_a_copy_does_not_end_the_order() -> None:
    made = floor("one")
    order = order_of(made)
    made.accept(order)
    assert made.hear(rejected(order, RejectReason.DUPLICATE_CLIENT_ORDER_ID)) == []
    assert made.strategy("one").heard == []
    assert len(made.hear(made.fill(order))) == 1


def test_what_is_not_its_own_is_ignored() -> None:
    made = floor("one", "two")
    order = order_of(made)
    for stranger in (
        placed("one", 9, ALPHA, BTC, Side.BUY, 1, 1),
        placed("manual", 1, ALPHA, BTC, Side.BUY, 1, 1),
        PlaceOrder(BETA, *list(_fields(order))[1:]),
        PlaceOrder(ALPHA, "fund/two", *list(_fields(order))[2:]),
    ):
        assert made.accept(stranger) == []
        assert made.hear(made.fill(stranger)) == []
        assert made.hear(cancelled(stranger)) == []
        assert made.hear(rejected(stranger, RejectReason.INVALID_PRICE)) == []
        identity = (stranger.venue, stranger.account, stranger.client_order_id)
        assert made.hear(CancelRejected(*identity, CancelRejectReason.UNKNOWN_ORDER)) == []
    assert made.hear(ClaimChanged(ALPHA, "fund/treasury", "USD", 5, 0, ClaimReason.PLEDGED)) == []
    assert ("fund/treasury", ALPHA, "USD") not in made.trading.claims.available
    assert made.quote("exchange-gamma", BTC, 1, 2) == []
    assert made.strategy("one").heard == made.strategy("two").heard == []
    assert made.trading.answer(PortfolioQuestion()) == ()


def _fields(order: PlaceOrder) -> tuple[object, ...]:
    return tuple(getattr(order, name) for name in PlaceOrder.__struct_fields__)


def test_a_request_without_an_answer_is_chased() -> None:
    made = floor("one")
    order = order_of(made)
    made.after(59.9)
    assert cancels(order) not in made.hear(MarkDue())
    made.after(0.1)
    assert made.hear(MarkDue())[1:] == [cancels(order), Later(MarkDue(), made.now + MINUTE)]
    made.after(60)
    assert made.hear(MarkDue())[1:] == [cancels(order), Later(MarkDue(), made.now + MINUTE)]
    identity = (order.venue, order.account, order.client_order_id)
    assert made.hear(CancelRejected(*identity, CancelRejectReason.UNKNOWN_ORDER)) == []
    assert made.hear(CancelRejected(*identity, CancelRejectReason.UNKNOWN_ORDER)) == []
    assert made.strategy("one").heard == [("order_cancelled", "one-1")]
    assert made.trading.claims.reserved == {("fund/one", ALPHA, "USD"): 0}
    made.after(60)
    assert len(made.hear(MarkDue())) == 2


def test_a_late_cancel_of_a_live_order_changes_nothing() -> None:
    made = floor("one")
    order = order_of(made)
    made.accept(order)
    assert made.hear(CancelRejected(ALPHA, "fund/one", "one-1", CancelRejectReason.TOO_LATE)) == []
    assert made.strategy("one").heard == []
    assert list(made.trading.desks["one"].orders.working) == ["one-1"]


def test_ended_orders_are_forgotten_in_order() -> None:
    made = floor("one")
    fills = []
    for number in range(ENDED_ORDERS_KEPT + 1):
        order = order_of(made, place=BUY if number % 2 else Place(ALPHA, BTC, Side.SELL, 6_000_000, 100_000))
        fills.append(made.fill(order))
        assert len(made.hear(fills[-1])) == 1
    assert made.hear(fills[1]) == []
    orders = made.trading.desks["one"].orders
    assert orders.find("one-1") is None
    assert orders.find("one-2") is not None


@pytest.mark.parametrize(
    ("failure", "detail"),
    [
        (ZeroDivisionError("nothing\n to   divide"), "ZeroDivisionError: nothing to divide"),
        ((3,), "TypeError: int is no intention"),
        (AssertionError(), "AssertionError:"),
        (ValueError("x" * 500), "ValueError: " + "x" * 188),
        (7, "TypeError: 'int' object is not iterable"),
    ],
)
def test_a_strategy_that_raises_is_halted_alone(failure: object, detail: str) -> None:
    made, calm = floor("one", "two", "three"), floor("one", "two", "three")
    for name in ("one", "two", "three"):
        order_of(made, name)
        order_of(calm, name)
    made.strategy("two").answers["quote_changed"] = failure
    for each in (made, calm):
        each.strategy("one").answers["quote_changed"] = (SELL,)
        each.strategy("three").answers["quote_changed"] = (SELL,)
    before, after = (placed(name, 2, BETA, BTC, Side.SELL, 6_000_000, 100_000) for name in ("one", "three"))
    assert calm.quote(BETA, BTC, 59_990, 60_010) == [before, after]
    assert made.quote(BETA, BTC, 59_990, 60_010) == [
        before,
        StrategyHalted("fund/two", "two", HaltReason.FAILED, detail),
        cancels(placed("two", 1, ALPHA, BTC, Side.BUY, 6_000_000, 100_000)),
        after,
    ]
    heard = len(made.strategy("two").heard)
    for each in (made, calm):
        each.price(BTC, 60_100)
        each.quote(ALPHA, BTC, 60_090, 60_110)
    for name in ("one", "three"):
        assert made.strategy(name).heard == calm.strategy(name).heard
    assert len(made.strategy("two").heard) == heard


@pytest.mark.parametrize("callback", ["price_published", "order_filled", "order_rejected", "order_cancelled", "timer"])
def test_every_callback_is_contained(callback: str) -> None:
    made = floor("one")
    order = order_of(made)
    made.strategy("one").answers[callback] = RuntimeError("no")
    provoking = {
        "order_filled": made.fill(order),
        "order_rejected": rejected(order, RejectReason.INVALID_PRICE),
        "order_cancelled": cancelled(order),
        "timer": StrategyDue("one", 1, "x"),
    }
    said = made.price(BTC, 60_001) if callback == "price_published" else made.hear(provoking[callback])
    assert [item for item in said if not isinstance(item, (PositionChanged, CancelOrder))] == [
        StrategyHalted("fund/one", "one", HaltReason.FAILED, "RuntimeError: no")
    ]
    assert not made.trading.desks["one"].is_running


def test_a_failure_while_starting_is_contained(monkeypatch: pytest.MonkeyPatch) -> None:
    made = floor("one")
    made.hear(StopStrategy("trading", "fund", "one"))

    def refuse(self: object, settings: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(Obedient, "__init__", refuse)
    assert made.hear(StartStrategy("trading", "fund", "one")) == [
        StrategyStarted("fund/one", "one", "obedient"),
        StrategyHalted("fund/one", "one", HaltReason.FAILED, "RuntimeError: no"),
    ]


def test_a_failure_of_the_farewell_is_not_said_again() -> None:
    made = floor("one")
    made.strategy("one").answers["stopped"] = RuntimeError("no")
    said = made.hear(StopStrategy("trading", "fund", "one"))
    assert said == [StrategyHalted("fund/one", "one", HaltReason.REQUESTED, "")]


def test_stop_cancels_orders_and_start_begins_afresh() -> None:
    made = floor("one")
    first, second = made.tell("one", BUY, SELL)
    made.accept(first)
    assert made.hear(StopStrategy("trading", "fund", "one")) == [
        StrategyHalted("fund/one", "one", HaltReason.REQUESTED, ""),
        cancels(first),
        cancels(second),
    ]
    old = made.strategy("one")
    assert old.heard[-1] == ("stopped",)
    # A fill on its way still counts, but nobody is told.
    assert made.hear(made.fill(first)) == [position("one", 100_000, 60_000 * USD, 0, 0)]
    made.cancel(second)
    assert made.quote(ALPHA, BTC, 1, 2) == []
    assert old.heard[-1] == ("stopped",)
    assert made.hear(StartStrategy("trading", "fund", "one")) == [StrategyStarted("fund/one", "one", "obedient")]
    assert made.strategy("one") is not old
    assert made.tell("one", BUY) == [placed("one", 3, ALPHA, BTC, Side.BUY, 6_000_000, 100_000)]
    assert made.trading.answer(PortfolioQuestion("one")) == (position("one", 100_000, 60_000 * USD, 0, 0),)


def test_commands_that_are_refused() -> None:
    made = Floor(obedient("one"), obedient("late", starts_after_ns=SECOND))
    made.begin()
    reasons = StrategyCommandRejectReason
    for command, reason in (
        (StartStrategy("trading", "fund", "none"), reasons.UNKNOWN_STRATEGY),
        (StartStrategy("trading", "fund/late", "one"), reasons.UNKNOWN_STRATEGY),
        (StartStrategy("trading", "fund/one", "one"), reasons.ALREADY_RUNNING),
        (StopStrategy("trading", "rival", "one"), reasons.UNKNOWN_STRATEGY),
        (StopStrategy("trading", "fund", "late"), reasons.NOT_RUNNING),
    ):
        start = isinstance(command, StartStrategy)
        assert made.hear(command) == [StrategyCommandRejected(command.account, command.strategy, start, reason)]
    # Started by hand, its planned time passes without effect.
    assert made.hear(StartStrategy("trading", "fund", "late")) == [StrategyStarted("fund/late", "late", "obedient")]
    assert made.hear(StartDue("late")) == []


def test_a_wake_up_belongs_to_its_run() -> None:
    made = floor("one")
    (due,) = made.tell("one", WakeMe(made.now - 5, "soon"))
    assert due == Later(StrategyDue("one", 1, "soon"), made.now)
    assert made.hear(due.message) == []
    assert made.strategy("one").heard[-1] == ("timer", "soon")
    made.hear(StopStrategy("trading", "fund", "one"))
    assert made.hear(due.message) == []
    assert made.strategy("one").heard[-1] == ("stopped",)
    made.hear(StartStrategy("trading", "fund", "one"))
    made.hear(due.message)
    assert made.strategy("one").heard == [("started", made.now)]
    # A stopped strategy cannot ask to be woken.
    made.strategy("one").answers["stopped"] = (WakeMe(made.now, "never"),)
    assert made.hear(StopStrategy("trading", "fund", "one")) == [StrategyHalted("fund/one", "one", HaltReason.REQUESTED, "")]


def test_quotes_and_prices_that_were_overtaken_are_dropped() -> None:
    made = floor("one")
    made.price(BTC, 60_001)
    made.strategy("one").heard.clear()
    made.quote(ALPHA, BTC, 59_990, 60_010)
    latest = made.trading.market.feeds[ALPHA, BTC].quote
    price = made.trading.market.prices[BTC]
    made.updates = 0
    assert made.quote(ALPHA, BTC, 50_000, 50_010) == []
    made.updates = 0
    assert made.price(BTC, 50_000) == []
    assert made.trading.market.feeds[ALPHA, BTC].quote == latest
    assert made.trading.market.prices[BTC] == price
    assert made.strategy("one").heard == [("quote_changed", latest)]


def test_a_stale_price_is_delivered_as_it_is() -> None:
    made = floor("one")
    made.price(BTC, 60_000, priced_at=START - MINUTE)
    ((callback, price),) = made.strategy("one").heard
    assert (callback, price.priced_at) == ("price_published", START - MINUTE)


def test_only_those_who_watch_are_told() -> None:
    made = floor("one", "two")
    made.price("ETH/USD", 3_000)
    made.quote(ALPHA, "ETH/USD", 2_999, 3_001)
    assert made.strategy("one").heard == made.strategy("two").heard == []


def test_marks_are_net_of_fees_and_remember_the_deepest_fall() -> None:
    made = floor("one")
    order = order_of(made)  # 0.1 BTC at 60,000
    made.hear(made.fill(order, fee=3 * USD))

    def marked(realised: int, unrealised: int, drawdown: int) -> StrategyMarked:
        return StrategyMarked("fund/one", "one", realised * USD, unrealised * USD, 3 * USD, 1, 1, 6_000 * USD, drawdown * USD)

    assert made.hear(MarkDue())[0] == marked(-3, 0, 3)
    for price, unrealised, drawdown in ((61_000, 100, 3), (59_500, -50, 150), (61_500, 150, 150)):
        made.price(BTC, price)
        assert made.hear(MarkDue())[0] == marked(-3, unrealised, drawdown)


def test_amounts_in_another_quote_asset_count_at_its_price() -> None:
    made = floor("one")
    made.fund("fund/one", USDT=100_000)
    made.price("USDT/USD", "0.9")
    order = order_of(made, place=Place(ALPHA, "BTC/USDT", Side.BUY, 6_000_000, 100_000))
    made.hear(made.fill(order, fee=10 * USD))
    assert made.hear(MarkDue())[0] == StrategyMarked(
        "fund/one", "one", -9 * USD, (6_000 - 5_400) * USD, 9 * USD, 1, 1, 5_400 * USD, 0
    )


def test_marks_go_on_for_a_halted_strategy_and_not_before_a_start() -> None:
    made = Floor(obedient("one"), obedient("late", starts_after_ns=SECOND))
    made.begin()
    made.hear(StopStrategy("trading", "fund", "one"))
    assert made.hear(MarkDue()) == [
        StrategyMarked("fund/one", "one", 0, 0, 0, 0, 0, 0, 0),
        Later(MarkDue(), made.now + MINUTE),
    ]


def test_two_acceptances_are_one() -> None:
    made = floor("one")
    order = order_of(made)
    assert made.hear(accepted(order)) == made.hear(accepted(order)) == []
    assert made.trading.claims.reserved == {("fund/one", ALPHA, "USD"): 0}
