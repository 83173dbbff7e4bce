"""The compiled background flow is the plain one: the same events of the same commands, the same tape, the same claims."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.campaign import CAMPAIGN, seeds

from trading_ecosystem.domains.exchange.book.book_events import BookEvent
from trading_ecosystem.domains.exchange.flow import flows
from trading_ecosystem.domains.exchange.flow.flow_parameters import Excitation, FlowParameters, Timing
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import MINUTE, SECOND
from trading_ecosystem.runtime.randomness import SeededRandomness
from trading_ecosystem.runtime.snapshot import Decoder, Encoder

pytestmark = pytest.mark.skipif(not flows.COMPILED, reason="the compiled flow was not built")

LIBRARY = FlowParameters()
QUICK = msgspec.structs.replace(
    LIBRARY,
    timing=msgspec.structs.replace(LIBRARY.timing, mean_interval_ns=SECOND // 25),
    excitation=Excitation(take_ppm=(500_000, 100_000), rate_ppm=(300_000, 50_000)),
)
WITHOUT_MAKERS = msgspec.structs.replace(LIBRARY, agents=msgspec.structs.replace(LIBRARY.agents, makers=False))
SETS = {"library": LIBRARY, "quick": QUICK, "without makers": WITHOUT_MAKERS}
PRICES = {"BTC/USD": 60_000 * 10**8, "ETH/BTC": 5 * 10**6, "USDT/USD": 10**8}


class Tape:
    """An observer that keeps all that it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[int, Side, list[BookEvent]]] = []

    def record(self, at: int, events: list[BookEvent], side: Side) -> None:
        self.told.append((at, side, events))


class Listener:
    """A watcher that keeps all that it is told, and clears the call for attention."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self.told: list[tuple[int, list[BookEvent]]] = []

    def attend(self, at: int, events: list[BookEvent], said: list[Any]) -> None:
        self.book.attention = False
        self.told.append((at, events))


def played(new_venue: Callable[..., Any], kind: str, symbol: str, seed: int, parameters: FlowParameters, orders: bool) -> Any:
    """A venue after a while in which its fundamental moves, now and then far, and two accounts trade."""
    venue = new_venue(seed=seed, book=kind, flow=parameters, instruments=(symbol,))
    venue.fund_house()
    for account in ("fund/a", "fund/b"):
        venue.fund(account, BTC=10**12, ETH=10**13, USD=10**16, USDT=10**16)
    market = venue.exchange.markets[symbol]
    market.flow.observer = Tape()
    listener = Listener(market.book)
    stream = SeededRandomness(seed).stream("test", "prices")
    price = float(PRICES[symbol])
    for tick in range(60):
        price *= 1.0 + (0.05 if tick % 20 == 19 else 0.0005) * stream.normal()
        venue.price(int(price), symbol, at=tick * 10 * SECOND)
        if tick == 30:
            market.flow.watcher = listener
            ticks = int(price / market.instrument.tick_size)
            market.book.watch_below, market.book.watch_above = ticks - ticks // 2000, ticks + ticks // 2000
        market.book.best_watched = 40 <= tick < 45
        venue.publish((tick + 1) * 10 * SECOND)
        if orders:
            side = "buy" if stream.chance(500_000) else "sell"
            best = market.book.best(Side.BUY if side == "buy" else Side.SELL)[0]
            lots = max(1, market.book.best(Side.SELL)[1] // 2)
            if best:
                venue.place("fund/a", f"a-{tick}", side, lots, best, instrument=symbol)
            venue.place("fund/b", f"b-{tick}", side, lots, 0, instrument=symbol)
    return venue, market.flow.observer.told, listener.told


def differences(plain: Any, compiled: Any, symbol: str) -> None:
    for one, other in zip(plain[1:], compiled[1:], strict=True):
        for place, (expected, found) in enumerate(zip(one, other, strict=False)):
            assert expected == found, f"the first difference is at {place}"
        assert len(one) == len(other)
    assert plain[0].heard == compiled[0].heard
    books = [played[0].exchange.markets[symbol].book for played in (plain, compiled)]
    assert books[0].updates == books[1].updates
    for side in Side:
        assert list(books[0].standing(side)) == list(books[1].standing(side))


@pytest.mark.parametrize("seed", seeds(2, 100))
@pytest.mark.parametrize("symbol", PRICES)
@pytest.mark.parametrize("parameters", SETS.values(), ids=SETS)
def test_both_flows_do_the_same(new_venue: Callable[..., Any], parameters: FlowParameters, symbol: str, seed: int) -> None:
    quick = parameters is QUICK
    if quick and not CAMPAIGN and (seed > 1 or symbol != "BTC/USD"):
        pytest.skip("quick flows are compared on all instruments in the campaign")
    plain = played(new_venue, "plain", symbol, seed, parameters, orders=seed % 2 == 1)
    assert len(plain[1]) > 150
    differences(plain, played(new_venue, "compiled", symbol, seed, parameters, orders=seed % 2 == 1), symbol)


@settings(derandomize=True, deadline=None, max_examples=500 if CAMPAIGN else 15)
@given(st.lists(st.integers(1, 5 * MINUTE - 1), max_size=30), st.integers(0, 1000))
def test_slices_of_time_make_no_difference_to_the_compiled_flow(
    new_venue: Callable[..., Any], slices: list[int], seed: int
) -> None:
    venues = []
    for cuts in ([], sorted(slices)):
        venue = new_venue(seed=seed, book="compiled")
        venue.fund_house()
        flow = venue.exchange.markets["BTC/USD"].flow
        for at in range(0, 5 * MINUTE, 10 * SECOND):
            for cut in cuts:
                if at - 10 * SECOND <= cut < at:
                    flow.advance(cut, [])
            venue.price(PRICES["BTC/USD"] + at // 100, at=at)
        flow.advance(5 * MINUTE, [])
        book = venue.exchange.markets["BTC/USD"].book
        venues.append((book.updates, list(book.standing(Side.BUY)), list(book.standing(Side.SELL))))
    assert venues[0] == venues[1]
    assert venues[0][0] > 20


@pytest.mark.parametrize("kind", ["plain", "compiled"])
def test_a_restored_market_goes_on_as_the_one_that_was_not(new_venue: Callable[..., Any], kind: str) -> None:
    venue = new_venue(seed=5, book=kind)
    venue.fund_house()
    for tick in range(20):
        venue.price(PRICES["BTC/USD"] + tick * 10**9, at=tick * 10 * SECOND)
        venue.publish((tick + 1) * 10 * SECOND)
    market = venue.exchange.markets["BTC/USD"]
    restored = Decoder().decode(msgspec.json.decode(msgspec.json.encode(Encoder().encode(market))))
    for one in (market, restored):
        one.flow.fundamental_changed(PRICES["BTC/USD"], 200 * SECOND)
        one.flow.advance(900 * SECOND, [])
    assert market.book.updates == restored.book.updates
    for side in Side:
        assert list(market.book.standing(side)) == list(restored.book.standing(side))


def test_a_pause_misses_nothing_and_lets_nothing_happen(new_venue: Callable[..., Any]) -> None:
    for kind in ("plain", "compiled"):
        venue = new_venue(seed=5, book=kind, flow=msgspec.structs.replace(LIBRARY, timing=Timing(mean_interval_ns=SECOND)))
        venue.fund_house()
        venue.price(PRICES["BTC/USD"], at=0)
        venue.publish(10 * SECOND)
        market = venue.exchange.markets["BTC/USD"]
        market.flow.paused = True
        before = market.book.updates
        venue.price(PRICES["BTC/USD"] * 2, at=20 * SECOND)
        venue.publish(10 * MINUTE)
        assert market.book.updates == before
        market.flow.resume(10 * MINUTE)
        venue.publish(10 * MINUTE + 10 * SECOND)
        assert market.book.best(Side.BUY)[0] > 1.9 * PRICES["BTC/USD"] / 10**6
