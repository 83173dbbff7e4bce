"""A venue under test: an Exchange whose every handling is checked against the ledger that its messages tell of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from trading_ecosystem.domains.exchange.component import ClaimsReportDue, Exchange, PublicationDue
from trading_ecosystem.domains.exchange.flow.flow_parameters import Anchor, FlowParameters, Timing
from trading_ecosystem.domains.exchange.parameters import ExchangeParameters
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.custodian import AssetsPledged
from trading_ecosystem.messages.exchange import (
    CancelOrder,
    ClaimChanged,
    ClaimReleased,
    ClaimsQuestion,
    OpenAccount,
    OrderFilled,
    PlaceOrder,
    TradeMatched,
)
from trading_ecosystem.messages.margin import PerpetualMatched
from trading_ecosystem.messages.market_data import FundamentalPriceChanged
from trading_ecosystem.messages.orders import OrderType, Side, TimeInForce
from trading_ecosystem.messages.units import INSTRUMENTS, MINUTE, PARTS_PER_MILLION, SECOND
from trading_ecosystem.ports.component import Begin, Later, WakeUp
from trading_ecosystem.runtime.randomness import SeededRandomness

NAME = "exchange-alpha"


class Venue:
    """One exchange, driven message by message; ``heard`` is what it says to the outside, in order."""

    def __init__(self, seed: int = 1, **changes: Any) -> None:
        settings: dict[str, Any] = {
            "custodian": "custodian",
            "instruments": ("BTC/USD",),
            "publish_every_ns": 10 * SECOND,
            "maker_fee_ppm": 200,
            "taker_fee_ppm": 500,
            "settlement_cycle_ns": 10 * MINUTE,
        }
        self.parameters = ExchangeParameters(**{**settings, **changes})
        self.exchange = Exchange(NAME, self.parameters, SeededRandomness(seed))
        self.now = 0
        self.pledges = 0
        self.lines = 0
        self.ledger: dict[tuple[str, str], tuple[int, int]] = {}
        self.deposited: dict[str, int] = {}
        self.filled = {Side.BUY: 0, Side.SELL: 0}
        self.heard: list[Message] = []
        self.wake_ups: list[Later] = []
        self.send(Begin())

    def send(self, message: Message | WakeUp, at: int | None = None) -> list[Message]:
        """Deliver one message, check every invariant, and return what is said besides wake-ups."""
        self.now = self.now if at is None else at
        if isinstance(message, AssetsPledged):
            self.deposited[message.asset] = self.deposited.get(message.asset, 0) + message.amount_minor
        said = list(self.exchange.handle(message, self.now))
        messages = [self._without_line(each) for each in said if not isinstance(each, Later)]
        self.wake_ups += [each for each in said if isinstance(each, Later)]
        assert {type(each) for each in messages} <= set(Exchange.says)
        self.heard += messages
        self._check(messages)
        return messages

    def _without_line(self, message: Message) -> Message:
        """The message; of a claim's change the line is checked, and left out, so that tests need not count lines."""
        if not isinstance(message, ClaimChanged):
            return message
        assert message.line > self.lines
        self.lines = message.line
        return msgspec.structs.replace(message, line=0)

    def _check(self, said: list[Message]) -> None:
        matched = 0
        fills: dict[tuple[str, int], list[OrderFilled]] = {}
        for message in said:
            if isinstance(message, ClaimChanged):
                assert message.available_after >= 0
                assert message.held_after >= 0
                self.ledger[message.account, message.asset] = (message.available_after, message.held_after)
            elif isinstance(message, ClaimReleased):
                self.deposited[message.asset] -= message.amount_minor
            elif isinstance(message, OrderFilled):
                fills.setdefault((message.instrument, message.trade_id), []).append(message)
            elif isinstance(message, TradeMatched):
                matched += 1
                self._check_trade(message, fills[message.instrument, message.trade_id])
            elif isinstance(message, PerpetualMatched):
                matched += 1
        assert matched == len(fills)
        kept = {key: value for key, value in sorted(self.ledger.items()) if value != (0, 0)}
        lines = self.exchange.answer(ClaimsQuestion())
        assert {(line.account, line.asset): (line.available_minor, line.held_minor) for line in lines} == kept
        totals = dict.fromkeys(self.deposited, 0)
        for (_, asset), (available, held) in kept.items():
            totals[asset] += available + held
        assert totals == self.deposited
        for market in self.exchange.markets.values():
            bid, ask = market.book.best(Side.BUY)[0], market.book.best(Side.SELL)[0]
            assert not market.book.matching or not bid or not ask or bid < ask

    def _check_trade(self, trade: TradeMatched, fills: list[OrderFilled]) -> None:
        """Each named side has its fill, and every amount follows from price, lots and the fee schedule."""
        house, instrument = f"{NAME}-house", INSTRUMENTS[trade.instrument]
        assert trade.quote_minor == trade.price_ticks * trade.quantity_lots * instrument.tick_value
        assert trade.base_minor == trade.quantity_lots * instrument.lot_size
        for side, account, fee in (
            (Side.BUY, trade.buyer, trade.buyer_fee_minor),
            (Side.SELL, trade.seller, trade.seller_fee_minor),
        ):
            own = [fill for fill in fills if fill.side is side]
            rate = self.parameters.taker_fee_ppm if side is trade.aggressor else self.parameters.maker_fee_ppm
            if account == house:
                assert (own, fee) == ([], 0)
                continue
            assert fee == -(-trade.quote_minor * rate // PARTS_PER_MILLION)
            assert [(f.account, f.price_ticks, f.quantity_lots, f.fee_minor, f.settles_at) for f in own] == [
                (account, trade.price_ticks, trade.quantity_lots, fee, trade.matched_at + self.parameters.settlement_cycle_ns)
            ]
            self.filled[side] += trade.quantity_lots

    def fund(self, account: str, **amounts: int) -> None:
        """Open an account and pledge to it."""
        self.send(OpenAccount(NAME, account))
        for asset, amount in amounts.items():
            self.pledges += 1
            self.send(AssetsPledged(NAME, "custodian", self.pledges, account, asset, amount))

    def fund_house(self, **amounts: int) -> None:
        """Fund the venue's house, by default amply, and open its fee account."""
        self.fund(f"{NAME}-house", **(amounts or {"BTC": 10**11, "ETH": 10**12, "USD": 10**16, "USDT": 10**16}))
        self.fund(f"{NAME}-fees")

    def place(self, account: str, client_order_id: str, side: str, lots: int, price: int = 0, **terms: Any) -> list[Message]:
        """Place an order; a market order, immediate or cancel, where no price is given."""
        return self.send(order(account, client_order_id, side, lots, price, **terms))

    def cancel(self, account: str, client_order_id: str) -> list[Message]:
        """Ask for a cancel."""
        return self.send(CancelOrder(NAME, account, client_order_id))

    def price(self, price_minor: int, symbol: str = "BTC/USD", at: int | None = None) -> None:
        """Move the fundamental price."""
        assert self.send(FundamentalPriceChanged(symbol, price_minor), at) == []

    def publish(self, at: int) -> list[Message]:
        """Wake the venue for its publication."""
        return self.send(PublicationDue(), at)

    def report(self) -> list[Message]:
        """Wake the venue for its claims report."""
        return self.send(ClaimsReportDue())

    def claim(self, account: str, asset: str) -> tuple[int, int]:
        """Available and held, as said."""
        return self.ledger.get((account, asset), (0, 0))

    def book(self, symbol: str = "BTC/USD") -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Bids and asks, whole."""
        book = self.exchange.markets[symbol].book
        both = (book.depth(Side.BUY, 1000), book.depth(Side.SELL, 1000))
        return tuple([(level.price_ticks, level.quantity_lots) for level in levels] for levels in both)  # type: ignore[return-value]


def order(account: str, client_order_id: str, side: str, lots: int, price: int = 0, **terms: Any) -> PlaceOrder:
    """An order to the venue under test."""
    default = TimeInForce.GOOD_TILL_CANCEL if price else TimeInForce.IMMEDIATE_OR_CANCEL
    return PlaceOrder(
        terms.get("venue", NAME),
        account,
        client_order_id,
        terms.get("instrument", "BTC/USD"),
        Side(side),
        terms.get("order_type", OrderType.LIMIT if price else OrderType.MARKET),
        TimeInForce(terms.get("time_in_force", default)),
        price,
        lots,
        terms.get("post_only", False),
        terms.get("terms"),
    )


@pytest.fixture(scope="session")
def new_venue() -> Callable[..., Venue]:
    """A maker of venues."""
    return Venue


@pytest.fixture
def venue() -> Venue:
    """A venue without background flow; ``fund/a``, ``fund/b`` and ``rival`` have 100 BTC and 10 million USD each."""
    made = Venue()
    for account in ("fund/a", "fund/b", "rival"):
        made.fund(account, BTC=100 * 10**8, USD=10**7 * 10**8)
    made.fund(f"{NAME}-fees")
    made.heard.clear()
    return made


@pytest.fixture
def still_flow() -> FlowParameters:
    """A flow of makers only, who keep to the fundamental."""
    return FlowParameters(
        timing=Timing(mean_interval_ns=3_600 * SECOND), anchor=Anchor(premium_ppm=0, excursion_ppm=0, impact_ppm=0)
    )
