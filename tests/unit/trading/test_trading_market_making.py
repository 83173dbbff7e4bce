"""Market making on hand-made quotes: what is quoted, and when it is replaced."""

from __future__ import annotations

from tests.unit.trading.trading_floor import ALPHA, BETA, BTC, Floor, cancels, placed, rejected

from trading_ecosystem.domains.trading.parameters import StrategyParameters
from trading_ecosystem.messages.exchange import PlaceOrder
from trading_ecosystem.messages.orders import RejectReason, Side
from trading_ecosystem.messages.trading import OrderWithheld, WithheldReason

SETTINGS = {
    "venues": ALPHA,
    "instruments": BTC,
    "size_usd": "6000",
    "max_inventory_usd": "12000",
    "spread_bps": "20",
    "skew_bps": "10",
    "refresh_bps": "5",
    "min_refresh": "30s",
    "max_price_age": "60s",
}


def floor(**changes: str) -> Floor:
    made = Floor(StrategyParameters("maker", "market_making", "fund/maker", {**SETTINGS, **changes}))
    made.begin()
    made.fund("fund/maker", USD=100_000, BTC=2)
    made.price(BTC, 60_000)
    return made


def quotes(number: int, bid: int, ask: int, lots: int = 100_000) -> list[PlaceOrder]:
    """A bid and an offer as sent, at prices in cents."""
    return [
        placed("maker", number, ALPHA, BTC, Side.BUY, bid, lots, post_only=True),
        placed("maker", number + 1, ALPHA, BTC, Side.SELL, ask, lots, post_only=True),
    ]


def quoted(made: Floor, number: int = 1, bid: int = 5_994_000, ask: int = 6_006_000) -> list[PlaceOrder]:
    """Let it quote, and accept both orders."""
    orders = quotes(number, bid, ask)
    assert made.quote(ALPHA, BTC, 59_990, 60_010) == orders
    for order in orders:
        made.accept(order)
    return orders


def test_it_quotes_half_the_spread_to_either_side_of_the_published_price() -> None:
    quoted(floor())


def test_prices_round_away_from_the_reference() -> None:
    made = floor()
    made.price(BTC, "60000.01")  # 10 basis points are 60.00001
    lots = 10_000_000 * 6_000 // 600_001  # 6,000 USD at that price, whole lots
    assert made.quote(ALPHA, BTC, 59_990, 60_010) == quotes(1, 5_994_000, 6_006_002, lots)


def test_it_never_crosses_the_venue() -> None:
    made = floor()
    assert made.quote(ALPHA, BTC, 60_070, 60_080) == quotes(1, 5_994_000, 6_007_001)
    made = floor()
    assert made.quote(ALPHA, BTC, 59_900, 59_930) == quotes(1, 5_992_999, 6_006_000)
    made = floor()
    assert made.quote(ALPHA, BTC, 0, 0) == quotes(1, 5_994_000, 6_006_000)


def test_it_waits_for_answers_and_for_a_move_worth_a_message() -> None:
    made = floor()
    orders = quotes(1, 5_994_000, 6_006_000)
    assert made.quote(ALPHA, BTC, 59_990, 60_010) == orders
    made.after(40).price(BTC, 61_000)
    assert made.quote(ALPHA, BTC, 59_990, 60_010) == []  # unanswered
    for order in orders:
        made.accept(order)
    made.price(BTC, "60029.99")  # just below five basis points
    assert made.quote(ALPHA, BTC, 59_990, 60_010) == []
    made.price(BTC, 60_030)
    assert made.quote(BETA, BTC, 59_990, 60_010) == []  # not its venue
    assert made.quote(ALPHA, BTC, 59_990, 60_010) == [cancels(order) for order in orders]
    assert made.quote(ALPHA, BTC, 59_990, 60_010) == []
    assert made.cancel(orders[0]) == []
    lots = 10_000_000 * 600 // 60_030
    assert made.cancel(orders[1]) == quotes(3, 5_996_997, 6_009_003, lots)


def test_it_refreshes_no_sooner_than_it_may() -> None:
    made = floor()
    quoted(made)
    made.after(29.9).price(BTC, 61_000)
    assert made.quote(ALPHA, BTC, 59_990, 60_010) == []
    assert len(made.after(0.1).quote(ALPHA, BTC, 59_990, 60_010)) == 2


def test_a_fill_leans_the_next_quotes_against_inventory() -> None:
    made = floor()
    bid, ask = quoted(made)
    made.hear(made.fill(bid))
    made.after(30).price(BTC, 60_000)
    assert made.quote(ALPHA, BTC, 59_990, 60_010) == [cancels(ask)]
    # Half of the inventory allowed: the reservation price is 5 basis points lower, 59,970.
    assert made.cancel(ask) == quotes(3, 5_991_003, 6_002_997)


def test_at_full_inventory_only_the_other_side_is_quoted() -> None:
    made = floor()
    bid, ask = quoted(made)
    made.hear(made.fill(bid))
    made.after(30)
    made.quote(ALPHA, BTC, 59_990, 60_010)
    bid, ask = made.cancel(ask)
    made.accept(ask)
    made.hear(made.fill(bid))
    made.after(30)
    assert made.quote(ALPHA, BTC, 59_990, 60_010) == [cancels(ask)]
    assert made.cancel(ask) == [placed("maker", 5, ALPHA, BTC, Side.SELL, 6_000_000 - 6_000 + 5_994, 100_000, post_only=True)]


def test_sold_out_it_only_bids() -> None:
    made = floor(max_inventory_usd="6000")
    bid, ask = quoted(made)
    made.hear(made.fill(ask))
    made.after(30)
    assert made.quote(ALPHA, BTC, 59_990, 60_010) == [cancels(bid)]
    # Wholly short: the reservation price is 10 basis points higher, 60,060; its bid stays below the venue's offer.
    assert made.cancel(bid) == [placed("maker", 3, ALPHA, BTC, Side.BUY, 5_999_994, 100_000, post_only=True)]


def test_a_partial_fill_alone_changes_nothing() -> None:
    made = floor(refresh_bps="100")
    bid, _ = quoted(made)
    made.hear(made.fill(bid, 50_000))
    assert made.after(30).quote(ALPHA, BTC, 59_990, 60_010) == []


def test_old_prices_pull_the_quotes() -> None:
    made = floor()
    orders = quoted(made)
    assert made.after(60).quote(ALPHA, BTC, 59_990, 60_010) == []
    assert made.after(0.001).quote(ALPHA, BTC, 59_990, 60_010) == [cancels(order) for order in orders]
    assert made.cancel(orders[0]) == made.cancel(orders[1]) == []
    assert made.quote(ALPHA, BTC, 59_990, 60_010) == []
    made.price(BTC, 60_000)
    assert made.quote(ALPHA, BTC, 59_990, 60_010) == quotes(3, 5_994_000, 6_006_000)


def test_the_middle_of_the_venue_may_be_the_reference() -> None:
    made = floor(reference="mid")
    made.after(3_600)
    assert made.quote(ALPHA, BTC, 0, 60_010) == []
    lots = 100_000  # sized at the published price
    assert made.quote(ALPHA, BTC, 61_990, 62_010) == quotes(1, 6_193_800, 6_206_200, lots)


def test_a_refused_quote_is_tried_again_at_the_next_refresh() -> None:
    made = floor()
    bid, ask = made.quote(ALPHA, BTC, 59_990, 60_010)
    made.accept(ask)
    assert made.hear(rejected(bid, RejectReason.POST_ONLY_WOULD_TAKE)) == []
    assert made.quote(ALPHA, BTC, 59_990, 60_010) == []
    assert made.after(30).quote(ALPHA, BTC, 59_990, 60_010) == [cancels(ask)]
    assert made.cancel(ask) == quotes(3, 5_994_000, 6_006_000)


def test_a_side_without_a_claim_is_withheld_once_and_the_other_kept() -> None:
    made = floor()
    made.claim(ALPHA, "fund/maker", "BTC", "0.05")
    bid, ask = quotes(1, 5_994_000, 6_006_000)
    withheld = OrderWithheld(
        "fund/maker", "maker", ALPHA, BTC, Side.SELL, 6_006_000, 100_000, WithheldReason.INSUFFICIENT_CLAIM
    )
    assert made.quote(ALPHA, BTC, 59_990, 60_010) == [bid, withheld]
    made.accept(bid)
    # It does not ask again for the side that it cannot have.
    for _ in range(5):
        assert made.after(10).quote(ALPHA, BTC, 59_990, 60_010) == []
    made.price(BTC, 60_100)
    assert made.quote(ALPHA, BTC, 59_990, 60_010) == [cancels(bid)]
    assert len(made.cancel(bid)) == 1
    assert ask.side is Side.SELL


def test_every_pair_is_quoted_by_itself() -> None:
    made = Floor(
        StrategyParameters(
            "maker", "market_making", "fund/maker", {**SETTINGS, "venues": f"{ALPHA},{BETA}", "instruments": "BTC/USD,ETH/USD"}
        )
    )
    made.begin()
    made.fund("fund/maker", USD=100_000, BTC=2, ETH=20)
    made.price(BTC, 60_000)
    made.price("ETH/USD", 3_000)
    for venue in (ALPHA, BETA):
        for instrument, around in ((BTC, 60_000), ("ETH/USD", 3_000)):
            said = made.quote(venue, instrument, around - 1, around + 1)
            assert [(order.venue, order.instrument) for order in said if isinstance(order, PlaceOrder)] == [
                (venue, instrument)
            ] * 2


def test_it_is_sparing_with_messages() -> None:
    """A price that moves one basis point every ten seconds, for six hours, against default patience."""
    settings = {name: SETTINGS[name] for name in ("venues", "instruments", "size_usd", "max_inventory_usd")}
    made = Floor(StrategyParameters("maker", "market_making", "fund/maker", settings))
    made.begin()
    made.fund("fund/maker", USD=100_000, BTC=2)
    working: dict[str, PlaceOrder] = {}
    price = 60_000
    for tick in range(6 * 360):
        price += 6 if tick // 180 % 2 else -6
        made.after(10).price(BTC, price)
        said = made.quote(ALPHA, BTC, price - 50, price + 50)
        while said:
            message = said.pop(0)
            if isinstance(message, PlaceOrder):
                working[message.client_order_id] = message
                made.accept(message)
            else:
                said += made.cancel(working.pop(message.client_order_id))
    # One pair at one venue; a maker of eight such pairs sends eight times as many.
    assert 0.5 < made.trading.desks["maker"].orders.counter / 360 < 1.0
