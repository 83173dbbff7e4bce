"""Who made what: profit and loss by account, strategy, venue and instrument, from the firm's own fills and prices.

A line is a position at average cost. All amounts are kept in the quote asset and turned into USD when somebody asks. What a
trade that was undone or corrected had added is taken back: a bust as if the opposite had been filled at the same price.
"""

from __future__ import annotations

from typing import Any, ClassVar, TypeAlias

from msgspec import structs

from trading_ecosystem.domains.risk.exposure import LARGEST_PRICE, value_of
from trading_ecosystem.domains.risk.parameters import RiskParameters
from trading_ecosystem.domains.risk.part import Monitor, Part
from trading_ecosystem.domains.risk.positions import REMEMBERED, Memory
from trading_ecosystem.domains.risk.timers import SaidList
from trading_ecosystem.messages.base import Question
from trading_ecosystem.messages.exchange import OrderFilled
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.risk_measures import AttributionQuestion, AttributionStanding
from trading_ecosystem.messages.trading_phases import TradeBusted, TradeCorrected
from trading_ecosystem.messages.units import INSTRUMENTS, Lots, MinorUnits, Nanos, Ticks

LineKey: TypeAlias = tuple[str, str, str, str]
"""Account, strategy, venue, instrument."""


class Line:
    """One position: lots, what they cost (signed, quote minor units), what was made and paid."""

    __slots__ = ("cost", "fees", "lots", "realised", "traded")

    def __init__(self) -> None:
        self.lots: Lots = 0
        self.cost: MinorUnits = 0
        self.realised: MinorUnits = 0
        self.fees: MinorUnits = 0
        self.traded: MinorUnits = 0

    def trade(self, lots: Lots, notional: MinorUnits) -> None:
        """Buy (negative: sell) lots for an amount of at least 0; a part that closes what is held is realised at average cost.

        The cost of the part that is closed is floored; what is left of it stays in the position.
        """
        if self.lots * lots >= 0:
            self.lots += lots
            self.cost += notional if lots > 0 else -notional
            return
        closing = min(abs(lots), abs(self.lots))
        proceeds = notional * closing // abs(lots)
        cost = self.cost * closing // abs(self.lots)
        self.realised += proceeds - cost if lots < 0 else -proceeds - cost
        self.cost -= cost
        self.lots += closing if lots > 0 else -closing
        opened = abs(lots) - closing
        if opened:
            rest = notional - proceeds
            self.lots = opened if lots > 0 else -opened
            self.cost = rest if lots > 0 else -rest


class Attribution(Part):
    """Profit and loss by strategy and position."""

    hears: ClassVar[dict[type[Any], str]] = {
        OrderFilled: "order_filled",
        TradeBusted: "trade_busted",
        TradeCorrected: "trade_corrected",
        PricePublished: "price_published",
    }
    answers: ClassVar[dict[type[Question], str]] = {AttributionQuestion: "answer_attribution"}

    def __init__(self, parameters: RiskParameters) -> None:
        super().__init__(parameters)
        self.lines: dict[LineKey, Line] = {}
        self.prices: dict[str, MinorUnits] = dict.fromkeys(parameters.instruments, 0)
        """Latest price of each instrument that is watched; 0 before the first."""
        self.executions = Memory(REMEMBERED)

    def price_published(self, message: PricePublished, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A new price to mark positions at."""
        if message.instrument in self.prices and 0 < message.price_minor <= LARGEST_PRICE:
            self.prices[message.instrument] = message.price_minor

    def order_filled(self, message: OrderFilled, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A fill; one that arrives again changes nothing."""
        if _can_be(message) and self._is_new(message, message.execution_id):
            line = self._line(message)
            self._trade(line, message, message.price_ticks, 1)
            line.traded += INSTRUMENTS[message.instrument].notional(message.price_ticks, message.quantity_lots)
            line.fees += _fee(message, message.fee_minor, message.price_ticks)

    def trade_busted(self, message: TradeBusted, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A trade was undone, its fee too."""
        if _can_be(message) and self._is_new(message, message.execution_id):
            line = self._line(message)
            self._trade(line, message, message.price_ticks, -1)
            line.fees -= _fee(message, message.fee_minor, message.price_ticks)

    def trade_corrected(self, message: TradeCorrected, now: Nanos, monitor: Monitor, said: SaidList) -> None:
        """A trade has another price and fee."""
        before = structs.replace(message, price_ticks=message.price_before_ticks, fee_minor=message.fee_before_minor)
        if _can_be(message) and _can_be(before) and self._is_new(message, message.execution_id):
            line = self._line(message)
            self._trade(line, message, message.price_before_ticks, -1)
            self._trade(line, message, message.price_ticks, 1)
            line.fees += _fee(message, message.fee_minor, message.price_ticks)
            line.fees -= _fee(message, message.fee_before_minor, message.price_before_ticks)

    def answer_attribution(self, question: AttributionQuestion, monitor: Monitor) -> tuple[AttributionStanding, ...]:
        """Every line that ever traded, at the latest prices; without a price nothing is unrealised."""
        standings = []
        for key in sorted(self.lines):
            account, strategy, venue, symbol = key
            line, instrument = self.lines[key], INSTRUMENTS[symbol]
            quote_price = monitor.exposure.assets[instrument.quote].price
            price = self.prices.get(symbol, 0)
            worth = value_of(instrument.base_amount(line.lots), price)
            standings.append(
                AttributionStanding(
                    account=account,
                    strategy=strategy,
                    venue=venue,
                    instrument=symbol,
                    position_lots=line.lots,
                    realised_usd_minor=value_of(line.realised - line.fees, quote_price),
                    unrealised_usd_minor=value_of(worth - line.cost, quote_price) if price else 0,
                    fees_usd_minor=value_of(line.fees, quote_price),
                    traded_usd_minor=value_of(line.traded, quote_price),
                )
            )
        return tuple(standings)

    def _is_new(self, message: OrderFilled | TradeBusted | TradeCorrected, execution_id: int) -> bool:
        return self.executions.add((message.venue, message.instrument, message.trade_id, message.account, execution_id))

    def _line(self, message: OrderFilled | TradeBusted | TradeCorrected) -> Line:
        strategy = message.client_order_id.rpartition("-")[0]
        return self.lines.setdefault((message.account, strategy, message.venue, message.instrument), Line())

    def _trade(self, line: Line, message: OrderFilled | TradeBusted | TradeCorrected, price: Ticks, sign: int) -> None:
        notional = INSTRUMENTS[message.instrument].notional(price, message.quantity_lots)
        lots = message.quantity_lots if message.side is Side.BUY else -message.quantity_lots
        line.trade(sign * lots, notional)


def _can_be(message: OrderFilled | TradeBusted | TradeCorrected) -> bool:
    """Whether its numbers are amounts at all: whole, above 0, and not above :data:`LARGEST_PRICE`."""
    numbers = (message.quantity_lots, message.price_ticks, message.fee_minor)
    if not all(type(number) is int and number <= LARGEST_PRICE for number in numbers):
        return False
    return message.quantity_lots > 0 and message.price_ticks > 0 and message.fee_minor >= -LARGEST_PRICE


def _fee(message: OrderFilled | TradeBusted | TradeCorrected, fee: MinorUnits, price: Ticks) -> MinorUnits:
    """A fee in the quote asset; one in the base asset at the trade's price, one in a third counts as nothing."""
    instrument = INSTRUMENTS[message.instrument]
    if message.fee_asset == instrument.quote:
        return fee
    if message.fee_asset != instrument.base:
        return 0
    return fee * instrument.notional(price, 1) // instrument.lot_size
