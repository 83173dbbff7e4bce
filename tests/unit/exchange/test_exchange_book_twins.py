"""Three books that must say the same: the plain one, its compiled twin, and the rules by brute force; and what always holds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.campaign import CAMPAIGN, seeds
from tests.unit.exchange.book_commands import BUY, FOK, GTC, IOC, MODES, SELL, Command, Draw, compare, compare_state, send
from tests.unit.exchange.naive_book import NaiveBook

from trading_ecosystem.domains.exchange.book import books
from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.domains.exchange.book.book_events import Cancelled, Filled, Reduced, Refused, Replaced
from trading_ecosystem.domains.exchange.book.feeds import Feed
from trading_ecosystem.messages.orders import SelfTradePrevention

needs_twin = pytest.mark.skipif(
    len(books.available()) == 1,
    reason="the compiled book was not built here (test_exchange_books.py tells whether it should be)",
)
EXAMPLES = 2_000 if CAMPAIGN else 120

numbers = st.sampled_from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, -1, 0, 2**63 - 1, -(2**63)])
prices = st.integers(96, 104)
lots = st.integers(1, 9)
sides = st.sampled_from([BUY, SELL])
modes = st.sampled_from(MODES)
some = st.one_of(
    st.just({}), st.just({}), st.fixed_dictionaries({"price_ticks": st.sampled_from([0, -1, 1, 10**12, 10**12 + 1])})
)
terms = st.fixed_dictionaries(
    {"self_trade": modes},
    optional={
        "price_ticks": prices,
        "time_in_force": st.sampled_from([GTC, GTC, IOC, FOK]),
        "post_only": st.booleans(),
        "reprice": st.booleans(),
        "display_lots": st.integers(0, 4),
        "hidden": st.booleans(),
        "minimum_lots": st.integers(0, 4),
    },
)
limits = st.fixed_dictionaries({"price_ticks": prices, "self_trade": modes})
icebergs = st.fixed_dictionaries({"price_ticks": prices, "self_trade": modes, "display_lots": st.integers(1, 2)})
hiddens = st.fixed_dictionaries({"price_ticks": prices, "hidden": st.just(True)})
owners = st.integers(0, 2)


def placing(of: Any) -> Any:
    return st.builds(lambda *a: ("place", a[:4], a[4] | a[5]), numbers, owners, sides, lots, of, some)


commands: Any = st.one_of(
    placing(limits),
    placing(limits),
    placing(icebergs),
    placing(hiddens),
    placing(terms),
    st.builds(lambda n: ("cancel", (n,), {}), numbers),
    st.builds(lambda n, q: ("reduce", (n, q), {}), numbers, st.integers(-1, 9)),
    st.builds(
        lambda n, q, p, post, mode: ("replace", (n, q, p), {"post_only": post, "self_trade": mode}),
        numbers,
        st.integers(0, 12),
        st.one_of(prices, prices, st.sampled_from([0, 10**12 + 1])),
        st.booleans(),
        modes,
    ),
    st.builds(lambda side, q: ("execute", (side, q), {}), sides, lots),
    st.just(("matching", (), {})),
)
lives = st.lists(commands, max_size=60)


@needs_twin
@settings(derandomize=True, deadline=None, max_examples=EXAMPLES)
@given(lives)
def test_the_compiled_book_says_the_same(life: list[Command]) -> None:
    first, second = OrderBook("BTC/USD", 9), books.book_class("compiled")("BTC/USD", 9)
    for command in life:
        assert send(first, command) == send(second, command)
        assert first.updates == second.updates
    compare_state(first, second)


@pytest.mark.parametrize("kind", books.available())
def test_the_naive_book_says_the_same(kind: str) -> None:
    @settings(derandomize=True, deadline=None, max_examples=EXAMPLES)
    @given(lives)
    def holds(life: list[Command]) -> None:
        book, naive = books.book_class(kind)("BTC/USD"), NaiveBook()
        for command in life:
            before = (book.updates, [list(book.standing(side)) for side in (BUY, SELL)])
            said = send(book, command)
            assert said == send(naive, command), command
            for side in (BUY, SELL):
                assert book.depth(side, 99) == naive.depth(side, 99)
                assert [(o.order_id, o.lots, o.reserve_lots) for o in book.standing(side)] == [
                    (o.number, o.shown, o.reserve) for o in naive.standing(side)
                ]
            if [type(event) for event in (said if isinstance(said, list) else [said])] == [Refused]:
                assert (book.updates, [list(book.standing(side)) for side in (BUY, SELL)]) == before

    holds()


@needs_twin
@pytest.mark.parametrize("seed", seeds(20, 1_000))
def test_a_million_commands_without_a_difference(seed: int) -> None:
    """A thousand commands of each seed, every event of each compared: a million in a campaign."""
    assert compare(seed, 1_000, books.book_class("compiled")) > 900  # Some commands, such as matching off, say nothing.


class Account:
    """Where every lot went that anybody ever asked for, and a feed that rebuilds the book."""

    def __init__(self, book: OrderBook) -> None:
        self.book = book
        self.feed = Feed()
        self.asked = 0
        self.left = 0
        """Lots that traded (each counted on both sides), were cancelled or were given up."""

    def send(self, command: Command) -> None:
        name, arguments, terms = command
        if name == "matching":
            self._uncross()
            return
        if name == "execute":
            self._execute(self.book.front(arguments[0]), arguments[1])
            return
        if name == "watch":
            send(self.book, command)
            return
        resting = self.book.order(arguments[0])
        leaves, side = (resting.leaves_lots, resting.side) if resting else (0, arguments[2] if name == "place" else BUY)
        said = send(self.book, command)
        events = said if isinstance(said, list) else [said]
        if isinstance(events[0], Refused):
            assert len(events) == 1
            return
        limit = terms.get("price_ticks")
        if name == "place":
            self.asked += arguments[3]
            leaves = arguments[3]
            self.feed.follow(events, side, display_lots=terms.get("display_lots", 0), hidden=terms.get("hidden", False))
        else:
            self.feed.follow(events, side)
        for event in events:
            if isinstance(event, Replaced):
                self.asked += event.leaves_lots - leaves
                leaves, limit = event.leaves_lots, event.price_ticks
            elif isinstance(event, Filled):
                self.left += 2 * event.lots
                leaves -= event.lots
                assert event.taker_leaves_lots == leaves >= 0
                assert limit is None or (event.price_ticks <= limit if side is BUY else event.price_ticks >= limit)
            elif isinstance(event, Cancelled):
                self.left += event.leaves_lots
            elif isinstance(event, Reduced):
                self.left += event.lots
                leaves -= event.lots if event.order_id == arguments[0] else 0

    def _execute(self, order: Any, lots: int) -> None:
        if order is None:
            return
        number, lots = order.order_id, min(lots, order.lots)
        self.feed.execute(number, lots, self.book.execute(number, lots))
        self.left += lots

    def _uncross(self) -> None:
        if self.book.matching:
            self.book.matching = False
            return
        while (bid := self.book.front(BUY)) and (ask := self.book.front(SELL)) and bid.price_ticks >= ask.price_ticks:
            lots = min(bid.lots, ask.lots)
            self._execute(bid, lots)
            self._execute(self.book.front(SELL), lots)
        self.book.matching = True

    def check(self) -> None:
        """What holds after any command."""
        book = self.book
        standing = {side: list(book.standing(side)) for side in (BUY, SELL)}
        everything = [*standing[BUY], *standing[SELL]]
        if book.matching and everything and standing[BUY] and standing[SELL]:
            assert standing[BUY][0].price_ticks < standing[SELL][0].price_ticks
        assert self.asked == self.left + sum(order.leaves_lots for order in everything)
        assert all(order.lots > 0 and order.reserve_lots >= 0 for order in everything)
        assert len({order.order_id for order in everything}) == len(everything) == len(book)
        for side in (BUY, SELL):
            seen = [(o.order_id, o.price_ticks, o.lots, o.leaves_lots, o.hidden) for o in self.feed.standing(side)]
            assert seen == [(o.order_id, o.price_ticks, o.lots, o.leaves_lots, o.hidden) for o in standing[side]]
            assert [o.order_id for o in self.feed.displayed(side)] == [o.order_id for o in standing[side] if not o.hidden]
            assert self.feed.depth(side, 99) == book.depth(side, 99)
            assert self.feed.best(side) == book.best(side)


@pytest.mark.parametrize("kind", books.available())
@pytest.mark.parametrize("seed", seeds(8, 200))
def test_nothing_is_lost_crossed_or_unseen(kind: str, seed: int) -> None:
    """Random lives: never crossed, no fill beyond its order or limit, every lot accounted for, and the feeds agree."""
    draw = Draw(seed)
    account = Account(books.book_class(kind)("BTC/USD", draw.capacity))
    for _ in range(600):
        account.send(draw.command())
        account.check()
    assert account.feed.traded_lots > 0


def test_a_feed_that_missed_an_event_stops() -> None:
    book, feed = OrderBook("BTC/USD"), Feed()
    feed.follow(book.place(1, 1, SELL, 5, price_ticks=100), SELL)
    book.place(2, 1, SELL, 5, price_ticks=99)
    with pytest.raises(ValueError, match="order 2 does not rest"):
        feed.follow(book.place(3, 2, BUY, 7, price_ticks=100, self_trade=SelfTradePrevention.NONE), BUY)
