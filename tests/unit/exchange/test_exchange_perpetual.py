"""BTC-PERP on one venue: marks, margin, variation, liquidation and what happens where somebody cannot pay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from trading_ecosystem.domains.exchange.margin.mark_price import median
from trading_ecosystem.domains.exchange.margin.perpetuals import ContributionDue, MarginDue
from trading_ecosystem.messages.exchange import ClaimChanged, ClaimReason, OrderCancelled, OrderFilled, OrderRejected
from trading_ecosystem.messages.margin import (
    DeficitCovered,
    LiquidationEnded,
    LiquidationOrdered,
    LiquidationOutcome,
    LiquidationStarted,
    LossMutualised,
    MarginCalled,
    MarginChanged,
    MarkContributed,
    MarkPriceChanged,
    PerpetualListed,
    PerpetualMatched,
    PositionReported,
    PositionsQuestion,
    VariationInstructed,
    VariationSettled,
)
from trading_ecosystem.messages.market_data import FundamentalPriceChanged
from trading_ecosystem.messages.orders import CancelReason, RejectReason, Side
from trading_ecosystem.messages.units import INSTRUMENTS, MINUTE, SECOND
from trading_ecosystem.ports.component import Later

NAME = "exchange-alpha"
PERP = "BTC-PERP"
USD = 10**8
TICK_VALUE = INSTRUMENTS[PERP].tick_value
MARK = 600_000
"""60,000 USD in ticks of 0.1."""
NOTIONAL = 6 * USD
"""USD of one lot (10⁻⁴ BTC) at the mark."""


class Floor:
    """A venue with BTC-PERP and BTC/USD, without background flow."""

    def __init__(self, new_venue: Callable[..., Any], clearing: int = 0, house: int = 0, **changes: Any) -> None:
        settings = {"instruments": ("BTC/USD", PERP), "maker_fee_ppm": 0, "taker_fee_ppm": 0, **changes}
        self.venue = new_venue(**settings)
        for account in (f"{NAME}-clearing", f"{NAME}-fees", f"{NAME}-house"):
            self.venue.fund(account)
        if clearing:
            self.venue.fund(f"{NAME}-clearing", USD=clearing)
        if house:
            self.venue.fund(f"{NAME}-house", USD=house)
        self.ids = 0
        self.tick_at = 0

    def price(self, usd: int, symbol: str = PERP) -> None:
        """Move the reference (where the flow is without a house, nothing trades at it)."""
        self.venue.exchange.perpetuals.reference_changed(symbol, usd * USD, [])

    def order(self, account: str, side: str, lots: int, ticks: int = 0, symbol: str = PERP, **terms: Any) -> list[Any]:
        """Place an order under a new name."""
        self.ids += 1
        return self.venue.place(account, f"id-{self.ids}", side, lots, ticks, instrument=symbol, **terms)

    def trade(self, buyer: str, seller: str, lots: int, ticks: int = MARK) -> list[Any]:
        """Let two accounts trade with each other."""
        assert of(self.order(seller, "sell", lots, ticks), OrderRejected) == []
        said = self.order(buyer, "buy", lots, ticks)
        assert len(of(said, PerpetualMatched)) == 1
        return said

    def tick(self) -> list[Any]:
        """One margin tick."""
        self.tick_at += MINUTE
        return self.venue.send(MarginDue(), self.tick_at)

    def equity(self, account: str) -> int:
        """Available and held."""
        return sum(self.venue.claim(account, "USD"))


@pytest.fixture
def floor(new_venue: Callable[..., Any]) -> Floor:
    """``long`` and ``short`` have 2,000 USD each; the mark is 60,000."""
    made = Floor(new_venue)
    for account in ("long", "short"):
        made.venue.fund(account, USD=2_000 * USD)
    made.price(60_000)
    return made


def of(said: list[Any], kind: type[Any]) -> list[Any]:
    """The messages of one kind."""
    return [message for message in said if type(message) is kind]


def test_a_venue_without_a_perpetual_wakes_for_no_margin(new_venue: Callable[..., Any]) -> None:
    due = [later.message for later in new_venue().wake_ups]
    assert not [each for each in due if isinstance(each, (MarginDue, ContributionDue))]


def test_terms_are_listed_and_ticks_are_on_the_minute(new_venue: Callable[..., Any]) -> None:
    venue = new_venue(instruments=(PERP,))
    (listed,) = of(venue.heard, PerpetualListed)
    assert (listed.initial_margin_ppm, listed.maintenance_margin_ppm, listed.margin_every_ns) == (200_000, 100_000, MINUTE)
    assert Later(MarginDue(), MINUTE) in venue.wake_ups
    assert Later(ContributionDue(), MINUTE - SECOND) in venue.wake_ups
    venue.wake_ups.clear()
    venue.send(MarginDue(), MINUTE)
    assert Later(MarginDue(), 2 * MINUTE) in venue.wake_ups


def test_no_order_is_taken_before_there_is_a_mark(new_venue: Callable[..., Any]) -> None:
    floor = Floor(new_venue)
    floor.venue.fund("long", USD=USD * 10_000)
    (refused,) = floor.order("long", "buy", 1, MARK)
    assert refused.reason is RejectReason.WRONG_PHASE
    floor.price(60_000)
    assert of(floor.order("long", "buy", 1, MARK), OrderRejected) == []


def test_the_first_fundamental_price_is_the_first_mark(new_venue: Callable[..., Any]) -> None:
    venue = new_venue(instruments=(PERP,))
    assert venue.send(FundamentalPriceChanged(PERP, 60_000 * USD)) == [MarkPriceChanged(NAME, PERP, MARK, 1)]
    assert venue.send(FundamentalPriceChanged(PERP, 61_000 * USD)) == []


def test_an_order_holds_initial_margin_and_not_its_notional(floor: Floor) -> None:
    assert of(floor.order("long", "buy", 1_000, MARK), OrderRejected) == []
    held = 1_000 * NOTIONAL // 5
    assert floor.venue.claim("long", "USD") == (2_000 * USD - held, held)
    (refused,) = floor.order("long", "buy", 1_000, MARK)
    assert refused.reason is RejectReason.INSUFFICIENT_CLAIM
    floor.venue.cancel("long", "id-1")
    assert floor.venue.claim("long", "USD") == (2_000 * USD, 0)


def test_a_buy_above_the_mark_holds_its_opening_loss(floor: Floor) -> None:
    floor.order("long", "buy", 100, MARK + 1_000)
    assert floor.venue.claim("long", "USD")[1] == 100 * NOTIONAL // 5 + 100 * 1_000 * TICK_VALUE
    floor.order("short", "sell", 100, MARK + 2_000)
    assert floor.venue.claim("short", "USD")[1] == 100 * NOTIONAL // 5


def test_an_order_that_only_reduces_needs_no_margin(floor: Floor) -> None:
    floor.trade("long", "short", 1_600)
    assert floor.venue.claim("long", "USD")[0] == 2_000 * USD - 1_600 * NOTIONAL // 5
    before = floor.venue.claim("long", "USD")
    assert of(floor.order("long", "sell", 1_600, MARK + 5_000), OrderRejected) == []
    assert floor.venue.claim("long", "USD") == before
    (refused,) = floor.order("long", "sell", 1_700, MARK + 5_000)
    assert refused.reason is RejectReason.INSUFFICIENT_CLAIM


def test_a_trade_moves_positions_and_no_cash(floor: Floor) -> None:
    said = floor.trade("long", "short", 100)
    assert [(one.account, one.position_lots, one.carried_minor) for one in of(said, PositionReported)] == [
        ("long", 100, 100 * NOTIONAL),
        ("short", -100, -100 * NOTIONAL),
    ]
    assert {fill.settles_at for fill in of(said, OrderFilled)} == {MINUTE}
    assert floor.equity("long") == floor.equity("short") == 2_000 * USD
    assert floor.venue.claim("long", "BTC") == (0, 0)
    assert len(floor.venue.exchange.answer(PositionsQuestion())) == 2


def test_variation_pays_from_price_to_mark_and_then_from_mark_to_mark(floor: Floor) -> None:
    floor.trade("long", "short", 100, MARK - 500)
    said = floor.tick()
    gain = 100 * 500 * TICK_VALUE
    assert floor.equity("long") == 2_000 * USD + gain
    assert floor.equity("short") == 2_000 * USD - gain
    (instructed,) = of(said, VariationInstructed)
    assert {flow.account: flow.amount_minor for flow in instructed.flows} == {"long": gain, "short": -gain}
    floor.price(59_000)
    floor.tick()
    assert floor.equity("long") == 2_000 * USD + gain - 100 * 10_000 * TICK_VALUE
    said = floor.tick()
    assert of(said, VariationInstructed) == []
    assert [one.settled_minor for one in of(said, VariationSettled)] == [0, 0]


def test_fees_are_paid_with_the_variation(new_venue: Callable[..., Any]) -> None:
    floor = Floor(new_venue, maker_fee_ppm=100, taker_fee_ppm=300)
    for account in ("long", "short"):
        floor.venue.fund(account, USD=2_000 * USD)
    floor.price(60_000)
    said = floor.trade("long", "short", 100)
    assert [fill.fee_minor for fill in of(said, OrderFilled)] == [600 * USD * 300 // 10**6, 600 * USD * 100 // 10**6]
    assert floor.equity("long") == 2_000 * USD
    floor.tick()
    assert floor.equity("long") == 2_000 * USD - 600 * USD * 300 // 10**6
    assert floor.equity(f"{NAME}-fees") == 600 * USD * 400 // 10**6


@pytest.mark.parametrize(("prices", "expected"), [([5], 5), ([7, 4], 5), ([9, 1, 4], 4), ([1, 2, 3, 10], 2)])
def test_a_median_is_the_middle_or_the_mean_of_both_rounded_down(prices: list[int], expected: int) -> None:
    assert median(prices) == expected


def test_the_mark_is_the_median_of_venues(floor: Floor) -> None:
    floor.order("long", "buy", 1, 590_000)
    floor.order("short", "sell", 1, 592_000)
    (mark,) = of(floor.tick(), MarkPriceChanged)
    assert (mark.mark_ticks, mark.sources) == ((591_000 + MARK) // 2, 2)
    floor.venue.send(MarkContributed("exchange-beta", PERP, 598_000), floor.tick_at + 59 * SECOND)
    floor.venue.send(MarkContributed(NAME, PERP, 1), floor.tick_at + 59 * SECOND)
    (mark,) = of(floor.tick(), MarkPriceChanged)
    assert (mark.mark_ticks, mark.sources) == (598_000, 3)
    (mark,) = of(floor.tick(), MarkPriceChanged)
    assert mark.sources == 2, "what beta said a minute ago counts no more"


def test_a_venue_contributes_the_middle_of_its_book(floor: Floor) -> None:
    assert floor.venue.send(ContributionDue(), 59 * SECOND) == []
    floor.order("long", "buy", 1, 590_000)
    floor.order("short", "sell", 1, 592_001)
    assert floor.venue.send(ContributionDue(), 59 * SECOND) == [MarkContributed(NAME, PERP, 591_000)]


def test_an_account_below_initial_margin_is_called_once(floor: Floor) -> None:
    floor.trade("long", "short", 1_600)
    floor.tick()
    floor.price(59_000)
    said = floor.tick()
    (called,) = of(said, MarginCalled)
    equity = 2_000 * USD - 160 * USD
    assert called.account == "long"
    assert called.shortfall_minor == 1_600 * 59_000 * USD // 10_000 // 5 - equity
    assert of(said, LiquidationStarted) == []
    assert of(floor.tick(), MarginCalled) == []
    assert floor.venue.claim("long", "USD") == (0, equity)


def quoted(floor: Floor, usd: int, bid_lots: int) -> None:
    """Move the reference, and let ``rival`` quote ten ticks on either side of it, with so many lots to buy."""
    floor.price(usd)
    if bid_lots:
        floor.order("rival", "buy", bid_lots, usd * 10 - 10)
        floor.order("rival", "sell", 1, usd * 10 + 10)


def test_below_maintenance_orders_are_cancelled_and_the_position_is_closed_in_the_book(floor: Floor) -> None:
    floor.venue.fund("rival", USD=50_000 * USD)
    floor.trade("long", "short", 1_600)
    floor.order("long", "sell", 10, 650_000)
    floor.order("long", "buy", 10_000, 100_000, symbol="BTC/USD")
    quoted(floor, 52_000, 5_000)
    said = floor.tick()
    (started,) = of(said, LiquidationStarted)
    equity = (2_000 - 1_280 - 10) * USD
    assert (started.account, started.equity_minor) == ("long", equity)
    assert started.maintenance_minor == 832 * USD
    assert [one.reason for one in of(said, OrderCancelled)] == [CancelReason.LIQUIDATION] * 2
    (ordered,) = of(said, LiquidationOrdered)
    keep = 720 * USD * 5 // (52_000 * USD // 10_000)
    assert (ordered.side, ordered.quantity_lots, ordered.limit_ticks) == (Side.SELL, 1_600 - keep, 504_400)
    fills = [fill for fill in of(said, OrderFilled) if fill.account == "long"]
    assert [(fill.client_order_id, fill.quantity_lots) for fill in fills] == [("liquidation:1:1", 1_600 - keep)]
    (ended,) = of(said, LiquidationEnded)
    assert ended.outcome is LiquidationOutcome.MARGIN_RESTORED
    (stands,) = [one for one in of(said, MarginChanged) if one.account == "long"]
    assert stands.equity_minor >= stands.maintenance_minor


def test_what_the_collar_stops_is_tried_again_each_tick_until_it_is_flat(floor: Floor) -> None:
    floor.venue.fund("rival", USD=90_000 * USD)
    floor.trade("long", "short", 1_600)
    quoted(floor, 52_000, 0)
    floor.order("rival", "buy", 5_000, 504_399)
    said = floor.tick()
    assert len(of(said, LiquidationOrdered)) == 1
    assert of(said, OrderFilled) == of(said, LiquidationEnded) == []
    said = floor.tick()
    assert of(said, LiquidationStarted) == []
    assert len(of(said, LiquidationOrdered)) == 1
    floor.price(47_500)
    said = floor.tick()
    (ordered,) = of(said, LiquidationOrdered)
    assert ordered.quantity_lots == 1_600, "the equity is gone, and all of it goes"
    assert [fill.leaves_lots for fill in of(said, OrderFilled) if fill.account == "long"] == [0]
    floor.price(50_439)
    (ended,) = of(said + floor.tick(), LiquidationEnded)
    assert ended.outcome is LiquidationOutcome.FLAT
    assert sum(one.position_lots for one in floor.venue.exchange.answer(PositionsQuestion())) == 0


def test_a_restored_account_may_trade_again(floor: Floor) -> None:
    floor.trade("long", "short", 1_600)
    floor.price(52_000)
    floor.tick()
    (refused,) = floor.order("long", "buy", 1, 520_000)
    assert refused.reason is RejectReason.INSUFFICIENT_CLAIM
    floor.venue.fund("long", USD=5_000 * USD)
    said = floor.tick()
    assert [one.outcome for one in of(said, LiquidationEnded)] == [LiquidationOutcome.MARGIN_RESTORED]
    assert of(said, LiquidationOrdered) == []
    assert of(floor.order("long", "buy", 1, 520_000), OrderRejected) == []


@pytest.mark.parametrize(
    ("clearing", "fees", "house", "mutualised"),
    [(5_000, 0, 0, 0), (200, 5_000, 0, 0), (200, 100, 5_000, 0), (200, 100, 50, 50), (0, 0, 0, 400)],
)
def test_a_deficit_goes_down_the_waterfall(
    new_venue: Callable[..., Any], clearing: int, fees: int, house: int, mutualised: int
) -> None:
    floor = Floor(new_venue, clearing * USD, house * USD)
    floor.venue.fund(f"{NAME}-fees", USD=fees * USD)
    for account in ("long", "short"):
        floor.venue.fund(account, USD=2_000 * USD)
    floor.price(60_000)
    floor.trade("long", "short", 1_600)
    floor.price(45_000)  # the long loses 2,400 USD and has 2,000
    said = floor.tick()
    assert [one.account for one in of(said, LiquidationStarted)] == ["long"]
    assert said.index(of(said, LiquidationStarted)[0]) < said.index(of(said, VariationSettled)[0])
    covered = {one.covered_by.removeprefix(f"{NAME}-"): one.amount_minor // USD for one in of(said, DeficitCovered)}
    assert sum(covered.values()) == 400 - mutualised
    assert covered == {
        name: paid
        for name, paid in (
            ("clearing", min(clearing, 400)),
            ("fees", min(fees, 400 - min(clearing, 400))),
            ("house", min(house, max(0, 400 - clearing - fees))),
        )
        if paid
    }
    assert [one.amount_minor for one in of(said, LossMutualised)] == ([mutualised * USD] if mutualised else [])
    assert floor.equity("long") == 0
    assert floor.equity("short") == (2_000 + 2_400 - mutualised) * USD
    (instructed,) = of(said, VariationInstructed)
    assert sum(flow.amount_minor for flow in instructed.flows) == 0


def test_what_other_orders_hold_pays_before_anybody_else_does(floor: Floor) -> None:
    floor.trade("long", "short", 1_000)
    floor.order("long", "buy", 500_000, 100_000, symbol="BTC/USD")
    assert floor.venue.claim("long", "USD") == (300 * USD, 1_700 * USD)
    floor.price(44_000)
    said = floor.tick()
    assert of(said, OrderCancelled)[0].reason is CancelReason.LIQUIDATION
    assert of(said, DeficitCovered) == []
    assert floor.equity("long") == 400 * USD


def test_margin_follows_fills_and_gains(floor: Floor) -> None:
    said = floor.trade("long", "short", 1_000)
    assert of(said, ClaimChanged)[0].reason is ClaimReason.HELD
    assert floor.venue.claim("long", "USD") == (800 * USD, 1_200 * USD)
    floor.price(66_000)
    said = floor.tick()
    assert floor.venue.claim("long", "USD") == (2_600 * USD - 1_320 * USD, 1_320 * USD)
    assert {one.account: one.equity_minor for one in of(said, MarginChanged)} == {"long": 2_600 * USD, "short": 1_400 * USD}


def test_spot_never_goes_short(floor: Floor) -> None:
    (refused,) = floor.order("long", "sell", 1, 6_000_000, symbol="BTC/USD")
    assert refused.reason is RejectReason.INSUFFICIENT_CLAIM


def test_an_open_order_is_margined_with_the_most_it_can_be_charged(new_venue: Callable[..., Any]) -> None:
    floor = Floor(new_venue, maker_fee_ppm=200, taker_fee_ppm=500)
    floor.venue.fund("long", USD=2_000 * USD)
    floor.price(60_000)
    floor.order("long", "buy", 10, MARK)
    held = floor.venue.claim("long", "USD")[1]
    assert 10 * NOTIONAL // 5 + 10 * NOTIONAL * 500 // 10**6 <= held <= 10 * NOTIONAL // 5 + 10 * NOTIONAL * 500 // 10**6 + 10
