"""The same messages give the same answers, from a fresh engine and from one restored in the middle."""

from __future__ import annotations

from typing import Any

from tests.unit.trading.trading_floor import ALPHA, BETA, accepted, cancelled

from trading_ecosystem.domains.trading.component import Trading
from trading_ecosystem.domains.trading.parameters import StrategyParameters, TradingParameters
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.exchange import (
    CancelOrder,
    CancelRejected,
    ClaimChanged,
    ClaimReason,
    InstrumentListed,
    OrderFilled,
    PlaceOrder,
    QuoteChanged,
)
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.orders import CancelRejectReason, Liquidity, TimeInForce
from trading_ecosystem.messages.units import INSTRUMENTS, MINUTE, SECOND, minor_units
from trading_ecosystem.ports.component import Begin, Later
from trading_ecosystem.runtime.randomness import SeededRandomness
from trading_ecosystem.runtime.snapshot import Decoder, Encoder

PAIRS = ("BTC/USD", "ETH/USD")
LAST = {"BTC/USD": 60_000, "ETH/USD": 3_000}
BOTH = f"{ALPHA},{BETA}"
STRATEGIES = (
    StrategyParameters(
        "maker",
        "market_making",
        "fund/maker",
        {"venues": BOTH, "instruments": ",".join(PAIRS), "size_usd": "3000", "min_refresh": "20s", "refresh_bps": "2"},
    ),
    StrategyParameters(
        "trend",
        "momentum",
        "fund/trend",
        {
            "venue": ALPHA,
            "instrument": "BTC/USD",
            "size_usd": "5000",
            "max_position_usd": "20000",
            "interval": "10s",
            "fast": "3",
            "slow": "12",
            "entry_bps": "1",
        },
    ),
    StrategyParameters(
        "gap",
        "arbitrage",
        "fund/gap",
        {"venues": BOTH, "instruments": ",".join(PAIRS), "size_usd": "4000", "min_edge_bps": "0.5"},
    ),
)


class World:
    """Random quotes around random prices, and venues that fill, refuse, repeat and lose at random."""

    def __init__(self, seed: int) -> None:
        parameters = TradingParameters("fund", (ALPHA, BETA), PAIRS, STRATEGIES, mark_every_ns=MINUTE)
        self.trading = Trading("trading", parameters, SeededRandomness(seed))
        self.chance = SeededRandomness(seed).stream("test", "world")
        self.now = 1_700_000_000 * SECOND
        self.prices = dict(LAST)
        self.update = 0
        self.due: list[tuple[int, int, Any]] = []
        self.said: list[Message] = []
        self.orders: dict[str, PlaceOrder] = {}

    def hear(self, message: Any) -> None:
        for item in self.trading.handle(message, self.now):
            if isinstance(item, Later):
                self.update += 1
                self.due.append((item.due_at, self.update, item.message))
                continue
            self.said.append(item)
            if isinstance(item, (PlaceOrder, CancelOrder)) and not self.chance.chance(20_000):
                self.answer(item)

    def answer(self, command: PlaceOrder | CancelOrder) -> None:
        if isinstance(command, CancelOrder):
            order = self.orders.get(command.client_order_id)
            identity = (command.venue, command.account, command.client_order_id)
            unknown = CancelRejected(*identity, CancelRejectReason.UNKNOWN_ORDER)
            self.later(unknown if order is None else cancelled(order))
            return
        self.orders[command.client_order_id] = command
        self.later(accepted(command))
        filled = self.chance.chance(700_000 if command.time_in_force is TimeInForce.IMMEDIATE_OR_CANCEL else 100_000)
        lots = command.quantity_lots if filled else 0
        if lots:
            self.update += 1
            identity = (command.venue, command.account, command.client_order_id, 1, self.update, self.update)
            terms = (command.instrument, command.side, command.price_ticks, lots, lots, 0, Liquidity.MAKER, "USD", 1_000)
            for _ in range(self.chance.integer(1, 2)):
                self.later(OrderFilled(*identity, *terms, self.now))
        elif command.time_in_force is TimeInForce.IMMEDIATE_OR_CANCEL:
            self.later(cancelled(command))

    def later(self, message: Message) -> None:
        self.update += 1
        self.due.append((self.now, self.update, message))

    def begin(self) -> None:
        self.hear(Begin())
        for venue in (ALPHA, BETA):
            for symbol in PAIRS:
                item = INSTRUMENTS[symbol]
                self.hear(InstrumentListed(venue, symbol, item.base, item.quote, item.tick_size, item.lot_size, 0, 50, SECOND))
            for strategy in STRATEGIES:
                for asset, amount in (("USD", "200000"), ("BTC", "2"), ("ETH", "40")):
                    self.hear(ClaimChanged(venue, strategy.account, asset, minor_units(amount), 0, ClaimReason.PLEDGED))

    def tick(self) -> None:
        self.now += 10 * SECOND
        for symbol in PAIRS:
            self.prices[symbol] += self.chance.integer(-LAST[symbol] // 1_000, LAST[symbol] // 1_000)
            self.update += 1
            self.hear(PricePublished(symbol, self.prices[symbol] * 10**8, self.now, self.update))
            for venue in (ALPHA, BETA):
                middle = self.prices[symbol] * 100 + self.chance.integer(-LAST[symbol] // 20, LAST[symbol] // 20)
                self.update += 1
                self.hear(QuoteChanged(venue, symbol, self.update, middle - 20, 10**6, middle + 20, 10**6))
        while True:
            ready = sorted(entry for entry in self.due if entry[0] <= self.now)
            if not ready:
                return
            self.due.remove(ready[0])
            self.hear(ready[0][2])


def run(ticks: int, seed: int = 5) -> World:
    world = World(seed)
    world.begin()
    for _ in range(ticks):
        world.tick()
    return world


def test_two_engines_say_the_same() -> None:
    one, other = run(400), run(400)
    assert one.said == other.said
    kinds = {type(message).__name__ for message in one.said}
    assert {"PlaceOrder", "CancelOrder", "PositionChanged", "StrategyMarked", "StrategyStarted"} <= kinds
    assert "StrategyHalted" not in kinds
    assert {message.strategy for message in one.said if type(message).__name__ == "PositionChanged"} == {
        "maker",
        "trend",
        "gap",
    }
    assert one.said != run(400, seed=6).said


def test_an_engine_restored_from_a_snapshot_goes_on_alike() -> None:
    uninterrupted, world = run(300), run(150)
    state = dict(vars(world.trading))
    restored = Decoder().decode(Encoder().encode(state))
    for name, value in restored.items():
        setattr(world.trading, name, value)
    for _ in range(150):
        world.tick()
    assert world.said == uninterrupted.said


def test_reserved_claims_return_to_nothing() -> None:
    world = run(400)
    working = [order for desk in world.trading.desks.values() for order in desk.orders.working.values() if order.reserved_minor]
    reserved: dict[tuple[str, str, str], int] = dict.fromkeys(world.trading.claims.reserved, 0)
    for desk in world.trading.desks.values():
        for order in desk.orders.working.values():
            reserved[desk.account, order.venue, order.reserved_asset] += order.reserved_minor
    assert world.trading.claims.reserved == reserved
    assert len(working) < 40
