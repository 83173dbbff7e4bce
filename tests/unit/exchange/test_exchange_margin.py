"""Properties of perpetuals over random lives: sums are zero, margin is never negative, and nobody short of it is let be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.campaign import CAMPAIGN

from trading_ecosystem.domains.exchange.book.books import available
from trading_ecosystem.domains.exchange.margin import variation as variation_module
from trading_ecosystem.domains.exchange.margin.liquidation import Liquidation
from trading_ecosystem.domains.exchange.margin.margin import Margin
from trading_ecosystem.domains.exchange.margin.perpetuals import MarginDue
from trading_ecosystem.messages.exchange import CancelOrder, OpenOrdersQuestion
from trading_ecosystem.messages.margin import (
    DeficitCovered,
    LiquidationEnded,
    LiquidationStarted,
    MarginChanged,
    PositionsQuestion,
    VariationInstructed,
    VariationSettled,
)
from trading_ecosystem.messages.market_data import FundamentalPriceChanged
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import MINUTE, SECOND
from trading_ecosystem.runtime.snapshot import Decoder, Encoder

NAME = "exchange-alpha"
PERP = "BTC-PERP"
USD = 10**8
ACCOUNTS = ("fund/a", "fund/b", "rival")
OWN = (f"{NAME}-house", f"{NAME}-fees", f"{NAME}-clearing")

orders = st.tuples(
    st.just("order"),
    st.sampled_from(ACCOUNTS),
    st.sampled_from(["buy", "sell"]),
    st.integers(1, 900),
    st.one_of(st.just(0), st.integers(-12_000, 12_000)),
    st.sampled_from(["good_till_cancel", "good_till_cancel", "immediate_or_cancel"]),
)
spot = st.tuples(st.just("spot"), st.sampled_from(ACCOUNTS), st.integers(1, 30_000))
cancels = st.tuples(st.just("cancel"), st.sampled_from(ACCOUNTS), st.integers(0, 30))
ticks = st.tuples(st.just("tick"), st.integers(-90, 90))
histories = st.lists(st.one_of(orders, orders, orders, spot, cancels, ticks, ticks), max_size=30)


class Life:
    """A venue with a perpetual, a spot pair, flow and three accounts, every handling of which is checked."""

    def __init__(self, new_venue: Callable[..., Any], house: int = 10**7, insurance: int = 500, book: str = "auto") -> None:
        self.venue = new_venue(seed=7, instruments=("BTC/USD", PERP), book=book)
        for account in ACCOUNTS:
            self.venue.fund(account, USD=1_000 * USD)
        self.venue.fund_house(BTC=10**10, USD=house * USD)
        self.venue.fund(f"{NAME}-clearing", USD=insurance * USD)
        self.usd = 60_000
        self.next_tick = MINUTE
        self.liquidated: set[str] = set()
        self.ids = 0
        self.price()
        self.tick(0)

    def price(self) -> None:
        """The fundamentals of both follow one price."""
        for symbol in ("BTC/USD", PERP):
            self.check(self.venue.send(FundamentalPriceChanged(symbol, self.usd * USD)))

    def play(self, history: list[tuple[Any, ...]]) -> None:
        """Send a history of orders, cancels and margin ticks with new prices (in tenths of a percent)."""
        for step in history:
            self.ids += 1
            if step[0] == "order":
                _, account, side, lots, away, time_in_force = step
                price = self.usd * 10 + away if away else 0
                terms = {"time_in_force": time_in_force} if price else {}
                self.check(self.venue.place(account, f"id-{self.ids}", side, lots, price, instrument=PERP, **terms))
            elif step[0] == "spot":
                self.check(self.venue.place(step[1], f"id-{self.ids}", "buy", step[2], self.usd * 90))
            elif step[0] == "cancel":
                self.check(self.venue.cancel(step[1], f"id-{step[2]}"))
            else:
                self.tick(step[1])

    def tick(self, change: int) -> None:
        """A new price, a while for the flow, and a margin tick."""
        self.usd += self.usd * change // 1_000
        self.venue.now = self.next_tick - 20 * SECOND
        self.price()
        self.check(self.venue.send(MarginDue(), self.next_tick), ticked=True)
        self.next_tick += MINUTE

    def check(self, said: list[Any], *, ticked: bool = False) -> None:
        """Every property that holds after a handling."""
        margin: Margin = self.venue.exchange.perpetuals.margin
        in_liquidation = set(self.liquidated)
        for message in said:
            if isinstance(message, VariationInstructed):
                assert sum(flow.amount_minor for flow in message.flows) == 0
            elif isinstance(message, LiquidationStarted):
                self.liquidated.add(message.account)
                in_liquidation.add(message.account)
            elif isinstance(message, LiquidationEnded):
                self.liquidated.discard(message.account)
            elif isinstance(message, DeficitCovered) and message.account not in OWN:
                assert message.account in in_liquidation, "a deficit was covered without a liquidation event"
            elif isinstance(message, VariationSettled) and message.settled_minor > message.due_minor:
                assert self.venue.claim(message.account, "USD") == (0, 0), "not all was paid, and something is left"
            elif isinstance(message, MarginChanged):
                assert message.held_minor >= 0
                if message.equity_minor < message.maintenance_minor:
                    assert message.account in in_liquidation, "short of margin, and not liquidated"
        reports = self.venue.exchange.answer(PositionsQuestion())
        assert sum(report.position_lots for report in reports) == 0
        assert sum(report.carried_minor for report in reports) == 0
        for account in ACCOUNTS:
            held = margin.held.get(account, 0)
            assert 0 <= held <= self.venue.claim(account, "USD")[1]
            if ticked and margin.equity(account) < margin.maintenance(account):
                assert account in self.liquidated

    def drain(self) -> None:
        """Close everything: then nothing is held, and nothing is owed."""
        for account in ACCOUNTS:
            for order in self.venue.exchange.answer(OpenOrdersQuestion(account)):
                self.check(self.venue.send(CancelOrder(NAME, account, order.client_order_id)))
        for _ in range(30):
            open_positions = [one for one in self.venue.exchange.answer(PositionsQuestion()) if one.account not in OWN]
            if not any(one.position_lots for one in open_positions):
                break
            for report in open_positions:
                if report.position_lots:
                    self.ids += 1
                    side = "sell" if report.position_lots > 0 else "buy"
                    lots = abs(report.position_lots)
                    self.check(self.venue.place(report.account, f"id-{self.ids}", side, lots, instrument=PERP))
            self.tick(0)
        self.tick(0)
        assert [one for one in self.venue.exchange.answer(PositionsQuestion()) if one.position_lots] == []
        assert [self.venue.claim(account, "USD")[1] for account in ACCOUNTS] == [0, 0, 0]


@settings(derandomize=True, deadline=None, max_examples=600 if CAMPAIGN else 30)
@given(history=histories)
def test_every_life_keeps_the_rules_on_every_book(new_venue: Callable[..., Any], history: list[tuple[Any, ...]]) -> None:
    heard = []
    for book in available():
        life = Life(new_venue, book=book)
        life.play(history)
        life.drain()
        heard.append(life.venue.heard)
    assert all(said == heard[0] for said in heard)


@settings(derandomize=True, deadline=None, max_examples=200 if CAMPAIGN else 10)
@given(history=histories, house=st.integers(0, 20_000), insurance=st.integers(0, 300))
def test_a_poor_house_and_no_insurance_change_no_rule(
    new_venue: Callable[..., Any], history: list[tuple[Any, ...]], house: int, insurance: int
) -> None:
    Life(new_venue, house, insurance).play(history)


def crash() -> list[tuple[Any, ...]]:
    """Two accounts on the same side with all they have, and a fall that takes more."""
    bought = [("order", account, "buy", 700, 0, "immediate_or_cancel") for account in ("fund/a", "rival")]
    return [
        *bought,
        ("tick", 0),
        ("spot", "fund/a", 100),
        ("tick", -60),
        ("tick", -90),
        ("tick", -30),
        ("tick", -250),
        ("tick", 0),
    ]


def test_a_crash_liquidates_and_the_rules_hold(new_venue: Callable[..., Any]) -> None:
    life = Life(new_venue)
    life.play(crash())
    kinds = {type(message) for message in life.venue.heard}
    assert {LiquidationStarted, LiquidationEnded} <= kinds
    life.drain()


def copy(component: Any) -> Any:
    """A component as it comes back from a snapshot."""
    return Decoder().decode(Encoder().encode(component))


def test_a_copy_goes_on_as_the_original_does(new_venue: Callable[..., Any]) -> None:
    for cut in range(len(crash())):
        original, copied = Life(new_venue), Life(new_venue)
        original.play(crash())
        copied.play(crash()[:cut])
        copied.venue.exchange = copy(copied.venue.exchange)
        copied.play(crash()[cut:])
        assert copied.venue.heard == original.venue.heard


def keep_going(self: Liquidation, now: int, said: list[Any]) -> None:
    """A liquidation that never looks."""


@pytest.mark.parametrize(
    ("where", "name", "planted"),
    [
        pytest.param(Liquidation, "look", keep_going, id="nobody is liquidated"),
        pytest.param(variation_module.Variation, "_take", lambda self, account, amount, moved: 0, id="nobody pays"),
    ],
)
def test_a_planted_bug_is_caught(
    new_venue: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, where: Any, name: str, planted: Any
) -> None:
    life = Life(new_venue)
    monkeypatch.setattr(where, name, planted)
    with pytest.raises(AssertionError):
        life.play(crash())


def test_the_house_shows_no_more_than_it_has_margin_for(new_venue: Callable[..., Any]) -> None:
    life = Life(new_venue, house=2_000)
    book = life.venue.exchange.markets[PERP].book
    life.play([("order", "fund/a", "buy", 700, 12_000, "good_till_cancel"), ("tick", 0)])
    position = life.venue.exchange.perpetuals.margin.positions.lots(OWN[0], PERP)
    usd = life.venue.claim(OWN[0], "USD")[0]
    assert abs(position) * 60_000 * USD // 10_000 // 5 <= 2_000 * USD
    assert all(order.order_id > 0 or order.leaves_lots * 6 * USD // 5 <= usd for order in book.standing(Side.SELL))
