"""A whole venue under random commands of every kind: the background flow runs, markets open, halt, are interrupted and close,
trades are busted, accounts are restricted, a perpetual is margined. After every message the ledger has to add up; every order
ends once and only once; both books, and a venue that was put away and taken up again, say the same.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.campaign import seeds
from tests.unit.exchange.conftest import NAME, Venue, order
from tests.unit.exchange.test_exchange_order_kinds import terms_of

from trading_ecosystem.domains.exchange.accounts.rate_limits import RateLimit
from trading_ecosystem.domains.exchange.book import books
from trading_ecosystem.domains.exchange.matching.matching_parameters import BandAction, MatchingParameters
from trading_ecosystem.domains.exchange.parameters import Faucet
from trading_ecosystem.domains.exchange.rules.trading_calendar import TradingCalendar
from trading_ecosystem.domains.exchange.rules.trading_rules import TickBand, TradingRules
from trading_ecosystem.domains.exchange.trades.fee_schedule import FeePayment, FeeTerms, FeeTier
from trading_ecosystem.messages.exchange import (
    CancelOrder,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    PlaceOrder,
    ReleaseAssets,
    TradeMatched,
)
from trading_ecosystem.messages.market_data import FundamentalPriceChanged
from trading_ecosystem.messages.order_handling import (
    Disconnect,
    KeepSession,
    ListedOrder,
    MassCancel,
    OrderReplaced,
    OrderRestated,
    OrderTriggered,
    PlaceOrderList,
    ReplaceOrder,
)
from trading_ecosystem.messages.orders import (
    ContingencyType,
    OrderTerms,
    OrderType,
    RejectReason,
    SelfTradePrevention,
    Side,
    TimeInForce,
)
from trading_ecosystem.messages.trading_phases import (
    AccountStatus,
    AskDemoFunds,
    BustTrade,
    CorrectTrade,
    DemoFundsGranted,
    HaltTrading,
    KycStatus,
    ResumeTrading,
    SetAccountStatus,
)
from trading_ecosystem.messages.units import HOUR, MINUTE, SECOND
from trading_ecosystem.runtime.snapshot import Decoder, Encoder

CLIENTS = ("fund/a", "fund/b", "rival", "poor")
PLACES = {"BTC/USD": 6_000_000, "ETH/BTC": 50_000, "BTC-PERP": 600_000}
"""Instruments and roughly where they trade, in ticks."""


class Watched(Venue):
    """A venue of any fees and phases, whose wake-ups come when they are due; the lives of its orders are kept."""

    def __init__(self, seed: int, **changes: Any) -> None:
        self.open: dict[tuple[str, str], int] = {}
        self.ended: dict[tuple[str, str], str] = {}
        super().__init__(seed, **changes)

    def _check_trade(self, trade: TradeMatched, fills: list[OrderFilled]) -> None:
        """Both named sides hear of it, and each of its amount."""
        sides = [
            (side, account)
            for side, account in ((Side.BUY, trade.buyer), (Side.SELL, trade.seller))
            if account != f"{NAME}-house"
        ]
        assert trade.buyer != trade.seller
        assert sorted((fill.side, fill.account) for fill in fills) == sorted(sides)
        fees = {Side.BUY: trade.buyer_fee_minor, Side.SELL: trade.seller_fee_minor}
        for fill in fills:
            assert (fill.price_ticks, fill.quantity_lots) == (trade.price_ticks, trade.quantity_lots)
            assert fill.fee_minor == fees[fill.side]

    def send(self, message: Any, at: int | None = None) -> list[Any]:
        said = super().send(message, at)
        for each in said:
            self._live(each)
        # The custodian does what the faucet says.
        for each in [each for each in said if isinstance(each, DemoFundsGranted)]:
            self.fund(each.account, **{each.asset: each.amount_minor})
        return said

    def _live(self, each: Any) -> None:
        if isinstance(each, OrderAccepted):
            key = (each.account, each.client_order_id)
            assert key not in self.open or self.open[key] == each.quantity_lots, each
            assert key not in self.ended, each
            self.open[key] = each.quantity_lots
        elif isinstance(each, OrderFilled | OrderRestated | OrderReplaced | OrderTriggered | OrderCancelled):
            key = (each.account, each.client_order_id)
            if each.account.startswith(NAME):
                return
            assert key in self.open, f"{each} of an order that is not open"
            if isinstance(each, OrderFilled):
                assert each.leaves_lots == self.open[key] - each.quantity_lots
                self.open[key] = each.leaves_lots
                if not each.leaves_lots:
                    self.ended[key] = "filled"
                    del self.open[key]
            elif isinstance(each, OrderCancelled):
                assert each.leaves_lots == self.open[key]
                self.ended[key] = each.reason
                del self.open[key]
            elif not isinstance(each, OrderTriggered):
                assert each.leaves_lots > 0
                self.open[key] = each.leaves_lots

    def wait(self, until: int) -> None:
        """Deliver every wake-up that is due, in order."""
        while True:
            due = [wish for wish in self.wake_ups if wish.due_at <= until]
            if not due:
                break
            wish = min(due, key=lambda each: each.due_at)
            self.wake_ups.remove(wish)
            self.send(wish.message, max(self.now, wish.due_at))
        self.now = until


def settings_of(seed: int) -> dict[str, Any]:
    """One venue's rules, different ones for each seed."""
    chance = random.Random(seed)
    matching = MatchingParameters(
        collar_ppm=chance.choice([0, 5_000]),
        static_band_ppm=chance.choice([0, 20_000]),
        dynamic_band_ppm=chance.choice([0, 2_000]),
        band_action=chance.choice(list(BandAction)),
        volatility_auction_ns=chance.choice([0, 30 * SECOND]),
        extensions=chance.choice([0, 1]),
        cascade_limit=chance.choice([5, 1000]),
    )
    step = TradingRules(tick_table=(TickBand(1, 1), TickBand(1000, 5)), maximum_spread_ppm=chance.choice([0, 100_000]))
    payment = chance.choice(list(FeePayment))
    calendar = TradingCalendar(0, 2 * MINUTE, 4 * MINUTE, 30 * MINUTE, 32 * MINUTE, weekdays=tuple(range(7)))
    return {
        "instruments": tuple(PLACES),
        "fees": FeeTerms((FeeTier(10**12, 100, 300),), payment, "USDT", {"USD": 1_000_000}),
        "matching": {} if seed % 5 == 0 else dict.fromkeys(PLACES, matching),
        "rules": {"BTC/USD": step} if seed % 2 else {},
        "calendar": calendar if seed % 3 == 0 else None,
        "self_trade": chance.choice(list(SelfTradePrevention)),
        "rate_limit": RateLimit(burst=6, refill_ns=3 * SECOND, cancel_weight=1) if seed % 4 == 0 else RateLimit(),
        "faucet": Faucet({"BTC": 10**8, "USD": 10**12}, MINUTE),
        "settlement_cycle_ns": 10 * MINUTE,
    }


class Commands:
    """Random commands, which depend on the seed alone."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.number = 0

    def order(self) -> PlaceOrder:
        chance = self.chance
        self.number += 1
        symbol = chance.choice(list(PLACES))
        lots = chance.choice([1, 10, 1000, 100_000, 3_000_000]) * chance.randint(1, 9)
        kind, lasts, price, post_only, terms = terms_of(chance, lots, self.now)
        middle, step = PLACES[symbol], max(5, PLACES[symbol] // 4000)
        # The terms are made around 100; here they are put where the instrument trades.
        price = middle + (price - 100) * step if price else 0
        if terms is not None and terms.stop_price_ticks:
            terms = msgspec.structs.replace(terms, stop_price_ticks=middle + (terms.stop_price_ticks - 100) * step)
        if terms is not None and terms.trail_ticks:
            terms = msgspec.structs.replace(terms, trail_ticks=terms.trail_ticks * step)
        if kind is OrderType.LIMIT and not post_only and chance.random() < 0.15:
            lasts = chance.choice([TimeInForce.AT_THE_OPENING, TimeInForce.AT_THE_CLOSE])
        if chance.random() < 0.1:
            terms = msgspec.structs.replace(terms or OrderTerms(), reduce_only=True)
        wanted = {"order_type": kind, "time_in_force": lasts, "post_only": post_only, "terms": terms, "instrument": symbol}
        side = chance.choice(["buy", "sell"])
        return order(chance.choice(CLIENTS), str(self.number), side, lots, price, **wanted)

    def list(self) -> PlaceOrderList:
        chance = self.chance
        kind = chance.choice(list(ContingencyType))
        first = self.order()
        listed = []
        for number in range(3 if kind is ContingencyType.BRACKET else chance.randint(2, 3)):
            one = first if number == 0 else self.order()
            away = number > 0 and kind is ContingencyType.BRACKET
            side = first.side if not away else Side.SELL if first.side is Side.BUY else Side.BUY
            side = side if away or chance.random() < 0.7 else one.side
            lots = first.quantity_lots if chance.random() < 0.9 else one.quantity_lots
            middle, step = PLACES[first.instrument], max(5, PLACES[first.instrument] // 4000)
            at = middle + chance.randint(-10, 10) * step
            stop = OrderTerms(stop_price_ticks=at) if number == 2 else None
            typed = OrderType.STOP if stop else OrderType.LIMIT
            lasts = TimeInForce.GOOD_TILL_CANCEL
            price = 0 if stop else at
            listed.append(ListedOrder(one.client_order_id, first.instrument, side, typed, lasts, price, lots, False, stop))
        return PlaceOrderList(NAME, first.account, kind, tuple(listed))

    def operator(self, trades: list[TradeMatched]) -> Any:
        chance = self.chance
        kind = chance.randrange(6)
        symbol = chance.choice(list(PLACES))
        if kind < 2:
            return (HaltTrading if kind else ResumeTrading)(NAME, symbol)
        if kind == 2:
            status = chance.choice([AccountStatus.SUSPENDED, *(AccountStatus.ACTIVE,) * 4])
            return SetAccountStatus(NAME, chance.choice(CLIENTS), status, chance.choice(list(KycStatus)))
        trade = chance.choice(trades[-30:]) if trades else None
        if trade is None:
            return ResumeTrading(NAME, symbol)
        if kind == 3:
            return BustTrade(NAME, trade.instrument, trade.trade_id)
        return CorrectTrade(NAME, trade.instrument, trade.trade_id, trade.price_ticks + chance.randint(-50, 50))

    def any(self, venue: Watched) -> Any:
        chance, self.now = self.chance, venue.now
        account = chance.choice(CLIENTS)
        drawn = chance.random()
        if drawn < 0.5:
            return self.order()
        if drawn < 0.6:
            return self.list()
        if drawn < 0.72:
            named = chance.choice(list(venue.open)) if venue.open else (account, "none")
            at = chance.choice([0, *(middle + chance.randint(-2000, 2000) for middle in PLACES.values())])
            return ReplaceOrder(NAME, *named, at, chance.choice([1, 7, 500, 10**6]), chance.choice([0, 0, at]))
        if drawn < 0.8:
            return order(account, str(chance.randint(1, 999_999)), "buy", 1) if not venue.open else self._cancel(venue)
        if drawn < 0.83:
            return MassCancel(NAME, account, chance.choice(["", *PLACES]), chance.choice([None, *Side]))
        if drawn < 0.86:
            return KeepSession(NAME, account, chance.choice([0, 20 * SECOND])) if drawn < 0.85 else Disconnect(NAME, account)
        if drawn < 0.89:
            asset = chance.choice(["BTC", "USD", "ETH"])
            return AskDemoFunds(NAME, account, str(self.number), asset, reset=chance.random() < 0.3)
        if drawn < 0.91:
            return ReleaseAssets(NAME, account, f"r-{self.number}-{drawn}", "BTC", chance.randint(1, 10**8))
        if drawn < 0.94:
            symbol = chance.choice(list(PLACES))
            at = venue.exchange.markets[symbol].instrument.tick_size * PLACES[symbol]
            return FundamentalPriceChanged(symbol, at * chance.randint(980, 1020) // 1000)
        return self.operator([each for each in venue.heard if isinstance(each, TradeMatched)])

    def _cancel(self, venue: Watched) -> Any:
        return CancelOrder(NAME, *self.chance.choice(list(venue.open)))


def built(seed: int, book: str) -> Watched:
    venue = Watched(seed, book=book, **settings_of(seed))
    venue.fund_house()
    venue.fund(f"{NAME}-clearing", USD=10**14)
    for account in CLIENTS[:3]:
        venue.fund(account, BTC=10**11, ETH=10**12, USD=10**15, USDT=10**13)
    venue.fund("poor", BTC=10**6, ETH=10**6, USD=10**10, USDT=10**6)
    for symbol, ticks in PLACES.items():
        venue.send(FundamentalPriceChanged(symbol, venue.exchange.markets[symbol].instrument.tick_size * ticks))
    return venue


def played(seed: int, book: str, commands: int, taken_up_at: int = -1) -> Watched:
    """A venue after so many commands and after all have left it."""
    venue, stream = built(seed, book), Commands(seed)
    for number in range(commands):
        if number == taken_up_at:
            document = msgspec.json.encode(Encoder().encode(venue.exchange))
            venue.exchange = Decoder().decode(msgspec.json.decode(document))
        venue.wait(venue.now + stream.chance.choice([0, 0, 0, 1, 5, 30]) * SECOND)
        venue.send(stream.any(venue))
    for account in CLIENTS:
        venue.send(MassCancel(NAME, account))
    return venue


# In 167 a reduce-only order is cut down, and a pegged order follows what that leaves as the best price.
@pytest.mark.parametrize("seed", sorted({*seeds(12, 400), 167}))
def test_random_commands_of_every_kind_keep_the_ledger_and_end_every_order_once(seed: int) -> None:
    plain = played(seed, "plain", 150)
    assert plain.open == {}
    assert plain.exchange.orders.open == {}
    held = {(account, asset): held for (account, asset), (_, held) in plain.ledger.items() if held}
    # What is held still is the margin of positions.
    margin = {(account, "USD"): held for account, held in plain.exchange.perpetuals.margin.held.items() if held}
    assert held == margin
    assert all(plain.exchange.perpetuals.margin.positions.held_by(account) for account, _ in held)
    for book in books.available():
        other = played(seed, book, 150, taken_up_at=75)
        assert other.heard == plain.heard


def test_a_sell_that_is_replaced_across_the_bid_is_held_for_the_fee_at_the_bid(new_venue: Callable[..., Any]) -> None:
    """Fees in a third asset are held beside what is sold, and the trade is at the bid, not at the lower limit."""
    fees = FeeTerms((), FeePayment.THIRD, "USDT", {"USD": 1_000_000})
    venue = Watched(1, fees=fees, maker_fee_ppm=100_000, taker_fee_ppm=100_000)
    venue.fund(f"{NAME}-fees")
    venue.fund("fund/a", BTC=10**9, USDT=100_000)
    venue.fund("fund/b", USD=10**12, USDT=10**9)
    venue.place("fund/b", "bid", "buy", 1_000, 2_000)
    venue.place("fund/a", "ask", "sell", 400, 2_200)
    needed = venue.claim("fund/a", "USDT")[1]
    assert needed >= 2_200 * 400 // 10
    # At the bid the fee of 1,000 lots is 200,000 and more, twice what there is; at the limit of 10 ticks it would be 1,000.
    (said,) = venue.send(ReplaceOrder(NAME, "fund/a", "ask", 10, 1_000))
    assert said.reason == RejectReason.INSUFFICIENT_CLAIM
    assert venue.claim("fund/a", "USDT")[1] == needed


@pytest.mark.parametrize("book", books.available())
def test_what_the_flow_missed_in_a_halt_it_does_not_make_up_for(book: str) -> None:
    venue = Watched(3, book=book)
    venue.fund_house()
    venue.send(FundamentalPriceChanged("BTC/USD", 60_000 * 10**8))
    venue.wait(10 * MINUTE)
    updates = venue.exchange.markets["BTC/USD"].book.updates
    assert updates > 20
    venue.send(HaltTrading(NAME, "BTC/USD"))
    venue.wait(10 * HOUR)
    assert venue.exchange.markets["BTC/USD"].book.updates == updates
    venue.send(ResumeTrading(NAME, "BTC/USD"))
    venue.wait(10 * HOUR + 10 * SECOND)
    assert venue.exchange.markets["BTC/USD"].book.updates - updates < updates
