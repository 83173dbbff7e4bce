"""What a match does: fees, claims of both sides and of the fee account, and the messages about it.

A trade moves claims at once; the assets follow at the custodian, which hears ``TradeMatched`` and settles both legs and the
fee together at ``settles_at``. The buyer pays notional plus fee and gets the base asset; the seller delivers the base asset
and gets notional less fee; the fee account gets both fees. The house of the background flow pays no fee, and, having no
holds, pays from its available claim. Everything is said in the order in which it happened: claims, then fills, then the
match. In a perpetual nothing is delivered; what a match does there is in :mod:`.margin_trades`.
"""

from __future__ import annotations

from typing import Final

from trading_ecosystem.domains.exchange.accounts import Accounts
from trading_ecosystem.domains.exchange.book_events import Filled
from trading_ecosystem.domains.exchange.claims import Claim, Claims
from trading_ecosystem.domains.exchange.fees import buy_hold, fee_of
from trading_ecosystem.domains.exchange.margin import Margin
from trading_ecosystem.domains.exchange.margin_trades import MarginTrades, Party
from trading_ecosystem.domains.exchange.orders import Order, OrderTable
from trading_ecosystem.domains.exchange.parameters import ExchangeParameters
from trading_ecosystem.domains.exchange.publication import Tape
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.exchange import ClaimReason, OrderFilled, TradeMatched
from trading_ecosystem.messages.orders import Liquidity, Side
from trading_ecosystem.messages.units import Instrument, MinorUnits, Nanos
from trading_ecosystem.ports.component import Later

_BUY: Final = Side.BUY
_SELL: Final = Side.SELL


class TradeCapture:
    """Books every match in which a named account takes part."""

    __slots__ = (
        "_accounts",
        "_claims",
        "_custodian",
        "_cycle_ns",
        "_maker_ppm",
        "_margin_trades",
        "_orders",
        "_taker_ppm",
        "last_execution_id",
        "margin",
        "venue",
    )

    def __init__(
        self, venue: str, parameters: ExchangeParameters, accounts: Accounts, claims: Claims, orders: OrderTable
    ) -> None:
        self.venue = venue
        self._custodian = parameters.custodian
        self._cycle_ns = parameters.settlement_cycle_ns
        self._maker_ppm = parameters.maker_fee_ppm
        self._taker_ppm = parameters.taker_fee_ppm
        self._accounts = accounts
        self._claims = claims
        self._orders = orders
        self.margin = Margin(claims, parameters)
        self._margin_trades = MarginTrades(venue, parameters.margin.margin_every_ns, accounts, self.margin)
        self.last_execution_id = 0

    @property
    def highest_rate_ppm(self) -> int:
        """The rate at which buys are held."""
        return max(self._maker_ppm, self._taker_ppm)

    def capture(
        self,
        instrument: Instrument,
        tape: Tape,
        fill: Filled,
        taker: Order | None,
        aggressor: Side,
        now: Nanos,
        said: list[Message | Later],
    ) -> None:
        """Book one match of a named account with another or with the house (``None``)."""
        maker = self._orders.open.get(fill.maker_id)
        assert taker is not None or maker is not None
        assert (maker is None) == (fill.maker_id < 0)
        notional = instrument.notional(fill.price_ticks, fill.lots)
        maker_fee = fee_of(notional, self._maker_ppm) if maker else 0
        taker_fee = fee_of(notional, self._taker_ppm) if taker else 0
        if aggressor is _BUY:
            buyer, seller, buyer_fee, seller_fee = taker, maker, taker_fee, maker_fee
        else:
            buyer, seller, buyer_fee, seller_fee = maker, taker, maker_fee, taker_fee
        trade_id = tape.trade(fill.price_ticks, fill.lots, aggressor)
        if instrument.is_perpetual:
            settles_at = self._margin_trades.settles_at(now)
        else:
            settles_at = now + self._cycle_ns
            self._deliver(instrument, buyer, fill, notional + buyer_fee, said)
            self._receive(instrument, seller, fill, notional - seller_fee, said)
            if maker_fee or taker_fee:
                fees = self._claims.of(self._accounts.fees, instrument.quote)
                fees.move(maker_fee + taker_fee, 0)
                said.append(self._claims.changed(fees, ClaimReason.FEE))
        if taker:
            self._fill(instrument, taker, fill, trade_id, Liquidity.TAKER, taker_fee, settles_at, said)
        if maker:
            self._fill(instrument, maker, fill, trade_id, Liquidity.MAKER, maker_fee, settles_at, said)
        buyer_id, seller_id = (fill.taker_id, fill.maker_id) if aggressor is _BUY else (fill.maker_id, fill.taker_id)
        buyer_side, seller_side = Party(buyer, buyer_id, buyer_fee), Party(seller, seller_id, seller_fee)
        if instrument.is_perpetual:
            self._margin_trades.matched(instrument, fill, trade_id, aggressor, buyer_side, seller_side, now, said)
        else:
            said.append(self._matched(instrument, fill, trade_id, aggressor, buyer_side, seller_side, now, settles_at))

    def _matched(
        self,
        instrument: Instrument,
        fill: Filled,
        trade_id: int,
        aggressor: Side,
        buyer: Party,
        seller: Party,
        now: Nanos,
        settles_at: Nanos,
    ) -> TradeMatched:
        """What the custodian settles."""
        return TradeMatched(
            self._custodian,
            self.venue,
            trade_id,
            instrument.symbol,
            fill.price_ticks,
            fill.lots,
            aggressor,
            buyer.order.command.account if buyer.order else self._accounts.house,
            seller.order.command.account if seller.order else self._accounts.house,
            buyer.order_id,
            seller.order_id,
            instrument.base,
            instrument.base_amount(fill.lots),
            instrument.quote,
            instrument.notional(fill.price_ticks, fill.lots),
            buyer.fee_minor,
            seller.fee_minor,
            self._accounts.fees,
            now,
            settles_at,
        )

    def _deliver(
        self, instrument: Instrument, buyer: Order | None, fill: Filled, cost: MinorUnits, said: list[Message | Later]
    ) -> None:
        """The buyer's claims: quote out (from the hold, whose unused part returns), base in."""
        base, quote = self._pair(instrument, buyer)
        if buyer is None:
            quote.move(-cost, 0)
        else:
            price, held, rate = buyer.hold_price_ticks, buyer.held_lots, self.highest_rate_ppm
            tick_value = instrument.tick_value
            freed = buy_hold(price, held, tick_value, rate) - buy_hold(price, held - fill.lots, tick_value, rate)
            quote.move(freed - cost, -freed)
        base.move(instrument.base_amount(fill.lots), 0)
        said.append(self._claims.changed(quote, ClaimReason.TRADED))
        said.append(self._claims.changed(base, ClaimReason.TRADED))

    def _receive(
        self, instrument: Instrument, seller: Order | None, fill: Filled, proceeds: MinorUnits, said: list[Message | Later]
    ) -> None:
        """The seller's claims: base out (from the hold), quote in."""
        base, quote = self._pair(instrument, seller)
        amount = instrument.base_amount(fill.lots)
        if seller is None:
            base.move(-amount, 0)
        else:
            base.move(0, -amount)
        quote.move(proceeds, 0)
        said.append(self._claims.changed(base, ClaimReason.TRADED))
        said.append(self._claims.changed(quote, ClaimReason.TRADED))

    def _pair(self, instrument: Instrument, order: Order | None) -> tuple[Claim, Claim]:
        """The claims of one side in base and quote."""
        account = order.command.account if order else self._accounts.house
        return self._claims.of(account, instrument.base), self._claims.of(account, instrument.quote)

    def _fill(
        self,
        instrument: Instrument,
        order: Order,
        fill: Filled,
        trade_id: int,
        liquidity: Liquidity,
        fee: MinorUnits,
        settles_at: Nanos,
        said: list[Message | Later],
    ) -> None:
        """One side's view: the order moves on, and its account hears of it."""
        order.fill(fill.lots)
        if not order.leaves_lots:
            self._orders.open.pop(order.order_id, None)
        self.last_execution_id += 1
        asked = order.command
        said.append(
            OrderFilled(
                self.venue,
                asked.account,
                asked.client_order_id,
                order.order_id,
                self.last_execution_id,
                trade_id,
                asked.instrument,
                asked.side,
                fill.price_ticks,
                fill.lots,
                asked.quantity_lots - order.leaves_lots,
                order.leaves_lots,
                liquidity,
                instrument.quote,
                fee,
                settles_at,
            )
        )
