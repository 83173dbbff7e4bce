"""A trading engine alone, with hand-made markets around it, and strategies that do as they are told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import msgspec

from trading_ecosystem.domains.trading.component import Trading
from trading_ecosystem.domains.trading.intentions import Intention
from trading_ecosystem.domains.trading.kinds import KINDS, StrategyKind
from trading_ecosystem.domains.trading.orders import Order
from trading_ecosystem.domains.trading.parameters import StrategyParameters, TradingParameters
from trading_ecosystem.domains.trading.settings import Names
from trading_ecosystem.domains.trading.strategy import Strategy
from trading_ecosystem.domains.trading.view import View
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.exchange import (
    CancelOrder,
    ClaimChanged,
    ClaimReason,
    InstrumentListed,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    PlaceOrder,
    QuoteChanged,
)
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.orders import CancelReason, Liquidity, OrderType, RejectReason, Side, TimeInForce
from trading_ecosystem.messages.units import INSTRUMENTS, SECOND, SPOT_PAIRS, minor_units
from trading_ecosystem.ports.component import Begin, Later, WakeUp
from trading_ecosystem.runtime.randomness import SeededRandomness

ALPHA = "exchange-alpha"
BETA = "exchange-beta"
BTC = "BTC/USD"
START = 1_700_000_000 * SECOND


class ObedientSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The instruments whose quotes and prices it hears."""

    instruments: Names = (BTC,)


class Obedient(Strategy):
    """Notes every callback, and answers it with what the test has put under its name (once)."""

    def __init__(self, settings: ObedientSettings) -> None:
        self.settings = settings
        self.heard: list[Any] = []
        self.answers: dict[str, Any] = {}

    def _answer(self, callback: str, *about: Any) -> Iterable[Intention]:
        self.heard.append((callback, *about))
        answer = self.answers.pop(callback, ())
        if isinstance(answer, Exception):
            raise answer
        return answer

    def quotes_watched(self) -> Iterable[tuple[str, str]]:
        return tuple((venue, symbol) for venue in (ALPHA, BETA) for symbol in self.settings.instruments)

    def prices_watched(self) -> Iterable[str]:
        return self.settings.instruments

    def started(self, view: View) -> Iterable[Intention]:
        return self._answer("started", view.now)

    def quote_changed(self, view: View, quote: QuoteChanged) -> Iterable[Intention]:
        return self._answer("quote_changed", quote)

    def price_published(self, view: View, price: PricePublished) -> Iterable[Intention]:
        return self._answer("price_published", price)

    def order_filled(self, view: View, order: Order, fill: OrderFilled) -> Iterable[Intention]:
        return self._answer("order_filled", order.client_order_id, fill.execution_id, str(order.state))

    def order_rejected(self, view: View, order: Order, reason: RejectReason) -> Iterable[Intention]:
        return self._answer("order_rejected", order.client_order_id, reason)

    def order_cancelled(self, view: View, order: Order) -> Iterable[Intention]:
        return self._answer("order_cancelled", order.client_order_id)

    def timer(self, view: View, label: str) -> Iterable[Intention]:
        return self._answer("timer", label)

    def stopped(self, view: View) -> Iterable[Intention]:
        return self._answer("stopped")


class ObservedTrading(Trading):
    """The engine with the obedient kind beside the built-in ones."""

    kinds: ClassVar[Mapping[str, StrategyKind]] = {**KINDS, "obedient": StrategyKind(ObedientSettings, Obedient)}


def obedient(name: str, starts_after_ns: int = 0, account: str | None = None) -> StrategyParameters:
    return StrategyParameters(name, "obedient", account or f"fund/{name}", {}, starts_after_ns)


class Floor:
    """One engine and its clock. ``hear`` returns what is said, wake-ups included; ``said`` only messages."""

    def __init__(self, *strategies: StrategyParameters, **limits: int) -> None:
        self.parameters = TradingParameters("fund", (ALPHA, BETA), SPOT_PAIRS, strategies, **limits)
        self.trading = ObservedTrading("trading", self.parameters, SeededRandomness(7))
        self.now = START
        self.updates = 0
        self.executions = 0

    def begin(self) -> list[Message | Later]:
        return self.hear(Begin())

    def hear(self, message: Message | WakeUp) -> list[Message | Later]:
        said = list(self.trading.handle(message, self.now))
        for item in said:
            assert isinstance(item, Later) or type(item) in self.trading.says, item
        return said

    def after(self, seconds: float) -> Floor:
        self.now += int(seconds * SECOND)
        return self

    def strategy(self, name: str) -> Obedient:
        strategy = self.trading.desks[name].strategy
        assert isinstance(strategy, Obedient)
        return strategy

    def tell(self, name: str, *wanted: Intention) -> list[Message | Later]:
        """Make an obedient strategy want something, at the next quote."""
        self.strategy(name).answers["quote_changed"] = wanted
        return self.quote(ALPHA, BTC, 59_990, 60_010)

    def price(self, instrument: str, price: str | int, priced_at: int | None = None) -> list[Message | Later]:
        self.updates += 1
        at = self.now if priced_at is None else priced_at
        return self.hear(PricePublished(instrument, minor_units(price), at, self.updates))

    def quote(
        self, venue: str, instrument: str, bid: float | str, ask: float | str, lots: int = 1_000_000
    ) -> list[Message | Later]:
        """A quote at whole prices; 0 for an empty side."""
        self.updates += 1
        tick = INSTRUMENTS[instrument].tick_size
        bid_ticks, ask_ticks = (minor_units(str(price)) // tick for price in (bid, ask))
        return self.hear(
            QuoteChanged(venue, instrument, self.updates, bid_ticks, lots if bid else 0, ask_ticks, lots if ask else 0)
        )

    def fund(self, account: str, **amounts: str | int) -> Floor:
        """Claims at both venues."""
        for venue in (ALPHA, BETA):
            for asset, amount in amounts.items():
                self.claim(venue, account, asset, amount)
        return self

    def claim(self, venue: str, account: str, asset: str, amount: str | int) -> None:
        assert not self.hear(ClaimChanged(venue, account, asset, minor_units(amount), 0, ClaimReason.PLEDGED))

    def list_instruments(self, maker_fee_ppm: int, taker_fee_ppm: int) -> Floor:
        for venue in (ALPHA, BETA):
            for item in (INSTRUMENTS[symbol] for symbol in SPOT_PAIRS):
                scales = (item.symbol, item.base, item.quote, item.tick_size, item.lot_size)
                assert not self.hear(InstrumentListed(venue, *scales, maker_fee_ppm, taker_fee_ppm, 600 * SECOND))
        return self

    def accept(self, order: PlaceOrder, order_id: int = 1) -> list[Message | Later]:
        return self.hear(accepted(order, order_id))

    def fill(self, order: PlaceOrder, lots: int | None = None, before: int = 0, price: int = 0, fee: int = 0) -> OrderFilled:
        """A fill of an order with the next execution id, to be heard or not."""
        self.executions += 1
        quantity = order.quantity_lots - before if lots is None else lots
        return OrderFilled(
            venue=order.venue,
            account=order.account,
            client_order_id=order.client_order_id,
            order_id=1,
            execution_id=self.executions,
            trade_id=self.executions,
            instrument=order.instrument,
            side=order.side,
            price_ticks=price or order.price_ticks,
            quantity_lots=quantity,
            cumulative_lots=before + quantity,
            leaves_lots=order.quantity_lots - before - quantity,
            liquidity=Liquidity.TAKER,
            fee_asset=INSTRUMENTS[order.instrument].quote,
            fee_minor=fee,
            settles_at=self.now + 600 * SECOND,
        )

    def cancel(self, order: PlaceOrder, done: int = 0) -> list[Message | Later]:
        return self.hear(cancelled(order, done))


def accepted(order: PlaceOrder, order_id: int = 1) -> OrderAccepted:
    return OrderAccepted(
        order.venue,
        order.account,
        order.client_order_id,
        order_id,
        order.instrument,
        order.side,
        order.order_type,
        order.time_in_force,
        order.price_ticks,
        order.quantity_lots,
        order.post_only,
    )


def cancelled(order: PlaceOrder, done: int = 0) -> OrderCancelled:
    leaves = order.quantity_lots - done
    identity = (order.venue, order.account, order.client_order_id)
    return OrderCancelled(*identity, 1, order.instrument, done, leaves, CancelReason.REQUESTED)


def rejected(order: PlaceOrder, reason: RejectReason) -> OrderRejected:
    return OrderRejected(order.venue, order.account, order.client_order_id, order.instrument, reason)


def placed(
    name: str,
    number: int,
    venue: str,
    instrument: str,
    side: Side,
    price_ticks: int,
    lots: int,
    tif: TimeInForce = TimeInForce.GOOD_TILL_CANCEL,
    post_only: bool = False,
    order_type: OrderType = OrderType.LIMIT,
) -> PlaceOrder:
    """The command a strategy's order becomes."""
    identity = (venue, f"fund/{name}", f"{name}-{number}")
    return PlaceOrder(*identity, instrument, side, order_type, tif, price_ticks, lots, post_only)


def cancels(order: PlaceOrder) -> CancelOrder:
    return CancelOrder(order.venue, order.account, order.client_order_id)
