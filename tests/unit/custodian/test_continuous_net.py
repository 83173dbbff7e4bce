"""Continuous net settlement against gross: whatever the path, the same trades end in the same balances."""

import random

import pytest
from tests.campaign import seeds
from tests.unit.custodian.small_depository import TODAY, SmallDepository, sides

from trading_ecosystem.domains.custodian.depository.continuous_net import ContinuousNet, NetDay
from trading_ecosystem.messages.units import MINOR_UNITS_PER_WHOLE as WHOLE

MEMBERS = ("anna", "bert", "cleo", "dora", "emil")
PRICES = {"BTC": 50 * WHOLE, "ETH": 3 * WHOLE}


def net_of(world: SmallDepository) -> ContinuousNet:
    return ContinuousNet(world.ledger, world.accounts, world.clearing, "USD", 2_000_000_000)


def test_trades_are_netted_and_what_is_lacking_stays_open_at_the_days_price():
    world = SmallDepository(("anna", "bert", "cleo"), anna={"BTC": 4, "USD": 100}, bert={"USD": 1_000}, cleo={"USD": 1_000})
    net = net_of(world)
    net.novate("bert", "anna", "BTC", 10, 500)
    net.novate("cleo", "bert", "BTC", 10, 520)
    assert (net.position("anna", "BTC"), net.position("bert", "BTC"), net.position("cleo", "BTC")) == (-10, 0, 10)
    assert net.settle({"BTC": 55 * WHOLE}, now=2) == NetDay(deliveries=2, payments=3)
    # Four were delivered; six stay open, worth 330: anna is paid 500 - 330, cleo pays 520 - 330.
    assert [world.held(one, "BTC") for one in world.participants] == [0, 0, 4]
    assert [world.held(one, "USD") for one in world.participants] == [270, 1_020, 810]
    world.now = 3
    world.fund("anna", "BTC", 6)
    assert not net.is_flat
    net.settle({"BTC": 40 * WHOLE}, now=3)
    assert net.is_flat
    assert [world.held(one, "USD") for one in world.participants] == [600, 1_020, 480]


def test_the_oldest_claim_is_met_first():
    world = SmallDepository(("anna", "bert", "cleo"), anna={"BTC": 5}, bert={"USD": 1_000}, cleo={"USD": 1_000})
    net = net_of(world)
    net.novate("cleo", "anna", "BTC", 5, 250)
    net.novate("bert", "anna", "BTC", 5, 250)
    net.settle(PRICES, now=2)
    assert (net.position("cleo", "BTC"), net.position("bert", "BTC"), net.position("anna", "BTC")) == (0, 5, -5)


def test_a_claim_that_grows_keeps_its_age_and_one_that_turned_is_new():
    world = SmallDepository(("anna", "bert", "cleo"), anna={"BTC": 6}, bert={"USD": 1_000}, cleo={"USD": 1_000})
    net = net_of(world)
    net.novate("cleo", "anna", "BTC", 5, 250)
    net.novate("bert", "anna", "BTC", 5, 250)
    net.novate("cleo", "anna", "BTC", 1, 50)
    net.settle(PRICES, now=2)
    assert (net.position("cleo", "BTC"), net.position("bert", "BTC")) == (0, 5)
    net.novate("anna", "bert", "BTC", 8, 400)  # bert delivers three, anna is owed three
    net.novate("cleo", "anna", "BTC", 3, 150)
    net.novate("bert", "anna", "BTC", 4, 200)  # bert is owed one, later than cleo
    world.now = 3
    world.fund("anna", "BTC", 3)
    net.settle(PRICES, now=3)
    assert (net.position("cleo", "BTC"), net.position("bert", "BTC"), net.position("anna", "BTC")) == (0, 1, -1)


def test_a_day_that_a_member_cannot_pay_for_moves_nothing_and_names_it():
    world = SmallDepository(("anna", "bert"), anna={"BTC": 10}, bert={"USD": 499})
    net = net_of(world)
    net.novate("bert", "anna", "BTC", 10, 500)
    before = world.holdings()
    assert net.settle(PRICES, now=2) == NetDay(0, 0, "bert")
    assert (world.holdings(), net.position("bert", "BTC")) == (before, 10)
    world.now = 3
    world.fund("bert", "USD", 1)
    assert net.settle(PRICES, now=3).short_of_cash == ""
    assert net.is_flat


def random_book(draw: random.Random):
    """Days of trades: giver, taker, security, quantity, cash."""
    return [
        [
            (*draw.sample(MEMBERS, 2), draw.choice(["BTC", "ETH"]), draw.randint(1, 10**9), draw.randint(1, 10**11))
            for _ in range(draw.randint(0, 6))
        ]
        for _ in range(draw.randint(1, 5))
    ]


def settled_gross(book, funds, more) -> dict:
    world = SmallDepository(MEMBERS, **funds)
    number = 0
    for day, trades in enumerate(book):
        for giver, taker, security, quantity, cash in trades:
            number += 1
            for one in sides(f"t{number}", giver, taker, security, quantity, cash, day=TODAY + day):
                world.depository.instruct(one, TODAY + day)
        world.settle(today=TODAY + day)
    for (member, asset), amount in more.items():
        world.fund(member, asset, amount)
    world.settle(today=TODAY + len(book))
    assert all(not pair.is_open for pair in world.depository.pairs())
    return world.holdings()


def settled_net(book, funds, more, draw) -> tuple[dict, int]:
    world = SmallDepository(MEMBERS, **funds)
    net = net_of(world)
    carried_over = 0
    for trades in book:
        for giver, taker, security, quantity, cash in trades:
            net.novate(taker, giver, security, quantity, cash)
        world.now += 1
        net.settle({"BTC": draw.randint(1, 10**11), "ETH": draw.randint(1, 10**11)}, world.now)
        carried_over += not net.is_flat
        assert min(world.holdings().values()) >= 0
        for asset in ("BTC", "ETH", "USD"):
            assert world.ledger.totals(asset).posted_minor == 0
        for security in ("BTC", "ETH"):
            assert world.ledger.balance(world.clearing[security]).posted_minor == 0
        assert abs(world.ledger.balance(world.clearing["USD"]).posted_minor) <= 2 * len(MEMBERS) * len(book)
    for (member, asset), amount in more.items():
        world.fund(member, asset, amount)
    assert net.settle(PRICES, world.now).short_of_cash == ""
    assert net.is_flat
    assert world.ledger.balance(world.clearing["USD"]).posted_minor == 0
    return world.holdings(), carried_over


@pytest.mark.parametrize("block", seeds(1, 10))
def test_random_books_end_in_the_same_balances_net_and_gross(block):
    count = len(seeds(60, 1_000))
    carried_over = 0
    for seed in range(block * count, (block + 1) * count):
        draw = random.Random(seed)
        book = random_book(draw)
        funds = {one: {asset: draw.randint(1, 10**11) for asset in ("BTC", "ETH", "USD")} for one in MEMBERS}
        more = {(one, asset): 10**14 for one in MEMBERS for asset in ("BTC", "ETH", "USD")}
        held, days = settled_net(book, funds, more, draw)
        assert held == settled_gross(book, funds, more), f"book {seed}"
        carried_over += days
    assert carried_over > count // 10  # the net path was another than the gross one
