"""A strategy in a perpetual: it may be short, margin is what it needs, and a liquidation is part of its portfolio."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.unit.trading.trading_floor import ALPHA, BETA, ObservedTrading, obedient
from tests.unit.trading.trading_floor import Floor as SpotFloor

from trading_ecosystem.domains.trading.intentions import Place
from trading_ecosystem.domains.trading.parameters import TradingParameters
from trading_ecosystem.messages.exchange import InstrumentListed, PlaceOrder
from trading_ecosystem.messages.margin import PerpetualListed
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.trading import OrderWithheld, PositionChanged, WithheldReason
from trading_ecosystem.messages.units import INSTRUMENTS, MINUTE, SPOT_PAIRS
from trading_ecosystem.runtime.randomness import SeededRandomness

PERP = "BTC-PERP"
SPEC = INSTRUMENTS[PERP]
USD = 10**8


class Floor(SpotFloor):
    """A floor on which the perpetual is traded too, with fees of 2 and 5 basis points."""

    def __init__(self) -> None:
        super().__init__(obedient("one"))
        self.parameters = TradingParameters("fund", (ALPHA, BETA), (*SPOT_PAIRS, PERP), (obedient("one"),))
        self.trading = ObservedTrading("trading", self.parameters, SeededRandomness(7))
        self.begin()
        self.list_instruments(200, 500)
        for instrument in ("BTC/USD", "USDT/USD", PERP):
            self.price(instrument, 1 if instrument == "USDT/USD" else 60_000)

    def list_perpetual(self) -> None:
        """The venue says the terms."""
        scales = (SPEC.symbol, SPEC.base, SPEC.quote, SPEC.tick_size, SPEC.lot_size)
        self.hear(InstrumentListed(ALPHA, *scales, 200, 500, 600 * 10**9))
        self.hear(PerpetualListed(ALPHA, PERP, 200_000, 100_000, MINUTE))

    def sent(self, side: Side, lots: int, ticks: int = 600_000) -> list[PlaceOrder]:
        """The orders that come of one wish."""
        return [one for one in self.tell("one", Place(ALPHA, PERP, side, ticks, lots)) if isinstance(one, PlaceOrder)]

    def withheld(self, side: Side, lots: int) -> list[WithheldReason]:
        """Why an order was not sent."""
        said = self.tell("one", Place(ALPHA, PERP, side, 600_000, lots))
        return [one.reason for one in said if isinstance(one, OrderWithheld)]

    def fill_all(self, order: PlaceOrder) -> list[Any]:
        """The venue accepts and fills an order whole; its margin leaves what is available."""
        self.accept(order)
        return self.hear(self.fill(order))


@pytest.fixture
def floor() -> Floor:
    """With 1,000 USD at the venue and no BTC."""
    made = Floor()
    made.list_perpetual()
    made.claim(ALPHA, "fund/one", "USD", 1_000)
    return made


def test_it_may_be_short_without_holding_the_base(floor: Floor) -> None:
    (order,) = floor.sent(Side.SELL, 500)
    (changed,) = [one for one in floor.fill_all(order) if isinstance(one, PositionChanged)]
    assert (changed.position_lots, changed.average_price_minor) == (-500, 60_000 * USD)
    assert floor.withheld(Side.SELL, 1) == []


@pytest.mark.parametrize("side", list(Side))
def test_an_order_needs_initial_margin_and_the_fee(floor: Floor, side: Side) -> None:
    most = 1_000 * USD * 10**6 // (6 * USD * 200_500 + 10**6)
    assert floor.withheld(side, most + 1) == [WithheldReason.INSUFFICIENT_CLAIM]
    assert len(floor.sent(side, most)) == 1


def test_an_order_that_reduces_needs_nothing(floor: Floor) -> None:
    (order,) = floor.sent(Side.SELL, 800)
    floor.fill_all(order)
    floor.claim(ALPHA, "fund/one", "USD", 0)
    assert len(floor.sent(Side.BUY, 800)) == 1


def test_without_the_terms_it_is_withheld() -> None:
    floor = Floor()
    floor.claim(ALPHA, "fund/one", "USD", 1_000)
    assert floor.withheld(Side.BUY, 1) == [WithheldReason.INSUFFICIENT_CLAIM]


def test_a_liquidation_is_part_of_the_portfolio_and_counts_once(floor: Floor) -> None:
    (order,) = floor.sent(Side.SELL, 800)
    fill = floor.fill(order)
    floor.accept(order)
    floor.hear(fill)
    closing = msgspec.structs.replace(
        fill, client_order_id="liquidation:1:1", execution_id=99, side=Side.BUY, price_ticks=650_000, quantity_lots=300
    )
    (changed,) = [one for one in floor.hear(closing) if isinstance(one, PositionChanged)]
    assert (changed.position_lots, changed.realised_minor) == (-500, -300 * 50_000 * SPEC.tick_value)
    assert floor.hear(closing) == []
    stranger = msgspec.structs.replace(closing, execution_id=100, account="fund/nobody")
    assert floor.hear(stranger) == []


def test_it_is_marked_at_its_own_price(floor: Floor) -> None:
    (order,) = floor.sent(Side.SELL, 800)
    floor.fill_all(order)
    floor.price("BTC/USD", 70_000)
    floor.price(PERP, 61_000)
    marked = floor.trading.desks["one"].marked()
    assert marked.unrealised_usd_minor == -order.quantity_lots * 10_000 * SPEC.tick_value
