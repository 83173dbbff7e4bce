"""What a match does: fees, claims of both sides and of the fee account, and the messages about it.

A trade moves claims at once; the assets follow at the custodian, which hears ``TradeMatched`` and settles both legs and the
fee together at ``settles_at``. The buyer pays the notional and gets the base asset; the seller delivers the base asset and
gets the notional; each pays its fee in the asset that the fee schedule names, which the fee account gets. The house of the
background flow pays no fee, and, having no holds, pays from its available claim. Everything is said in the order in which it
happened: claims, then fills, then the match.

In a perpetual nothing is delivered; what a match does there is in :mod:`..margin.margin_trades`.

In an auction nobody is the taker: both sides pay the maker's rate, and the match has the buyer as its aggressor, for want of
one.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import structs

from trading_ecosystem.domains.exchange.accounts.accounts import Accounts
from trading_ecosystem.domains.exchange.accounts.claims import Claims
from trading_ecosystem.domains.exchange.book.book_events import Filled
from trading_ecosystem.domains.exchange.conditions.standing import VenueConditions
from trading_ecosystem.domains.exchange.margin.margin import Margin
from trading_ecosystem.domains.exchange.margin.margin_trades import MarginTrades
from trading_ecosystem.domains.exchange.orders.order_holds import OrderHolds
from trading_ecosystem.domains.exchange.orders.orders import Order, OrderTable
from trading_ecosystem.domains.exchange.parameters import ExchangeParameters
from trading_ecosystem.domains.exchange.publication import Tape
from trading_ecosystem.domains.exchange.trades.fee_schedule import FeeSchedule
from trading_ecosystem.domains.exchange.trades.matches import Match, Matches, Party
from trading_ecosystem.domains.exchange.trades.settlement_dates import settlement_of
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.exchange import ClaimReason, OrderFilled, TradeMatched
from trading_ecosystem.messages.orders import Liquidity, Side
from trading_ecosystem.messages.units import Instrument, Lots, MinorUnits, Nanos, PartsPerMillion, Ticks
from trading_ecosystem.messages.venue_conditions import VenueConditionKind
from trading_ecosystem.ports.component import Later

_BUY: Final = Side.BUY
_SELL: Final = Side.SELL


class Trade(msgspec.Struct, frozen=True, gc=False):
    """What is traded, and when."""

    instrument: Instrument
    trade_id: int
    price_ticks: Ticks
    lots: Lots
    notional: MinorUnits
    fee_asset: str
    now: Nanos
    settles_at: Nanos


class TradeCapture:
    """Books every match in which a named account takes part."""

    __slots__ = (
        "_accounts",
        "_claims",
        "_conditions",
        "_custodian",
        "_cycle_ns",
        "_dates",
        "_margin_trades",
        "_orders",
        "holds",
        "last_execution_id",
        "margin",
        "matches",
        "schedule",
        "venue",
    )

    def __init__(
        self,
        venue: str,
        parameters: ExchangeParameters,
        accounts: Accounts,
        claims: Claims,
        orders: OrderTable,
        conditions: VenueConditions | None = None,
    ) -> None:
        self.venue = venue
        self._conditions = conditions
        self._custodian = parameters.custodian
        self._cycle_ns = parameters.settlement_cycle_ns
        self._dates = parameters.settlement_dates
        self._accounts = accounts
        self._claims = claims
        self._orders = orders
        self.schedule = FeeSchedule(parameters.maker_fee_ppm, parameters.taker_fee_ppm, parameters.fees)
        self.margin = Margin(claims, parameters)
        self._margin_trades = MarginTrades(venue, parameters.margin.margin_every_ns, accounts, self.margin)
        self.holds = OrderHolds(claims, orders, self.schedule, self.margin)
        self.matches = Matches()
        self.last_execution_id = 0

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
        for piece in self._pieces(fill, now, said) if self._conditions else (fill,):
            self._capture_one(instrument, tape, piece, taker, aggressor, now, said)

    def _pieces(self, fill: Filled, now: Nanos, said: list[Message | Later]) -> list[Filled]:
        """A match as it is executed: whole, or in as many trades as a condition wants and its lots allow."""
        assert self._conditions is not None
        splitting = self._conditions.applying(VenueConditionKind.VENUE_PARTIAL_FILLS, now)
        if splitting is None or fill.lots == 1:
            return [fill]
        self._conditions.take_effect(splitting, self.venue, said)
        pieces = min(splitting.set.pieces, fill.lots)
        each, larger = divmod(fill.lots, pieces)
        return [structs.replace(fill, lots=each + (number < larger)) for number in range(pieces)]

    def _capture_one(
        self,
        instrument: Instrument,
        tape: Tape,
        fill: Filled,
        taker: Order | None,
        aggressor: Side,
        now: Nanos,
        said: list[Message | Later],
    ) -> None:
        maker = self._orders.open.get(fill.maker_id)
        assert taker is not None or maker is not None
        assert (maker is None) == (fill.maker_id < 0)
        trade_id = tape.trade(fill.price_ticks, fill.lots, aggressor)
        trade = self._trade(instrument, trade_id, fill.price_ticks, fill.lots, now)
        taking = self._party(trade, taker, fill.taker_id, aggressor, Liquidity.TAKER)
        making = self._party(trade, maker, fill.maker_id, _SELL if aggressor is _BUY else _BUY, Liquidity.MAKER)
        buyer, seller = (taking, making) if aggressor is _BUY else (making, taking)
        self._book(trade, aggressor, buyer, seller, (taking, making), said)

    def cross(
        self,
        instrument: Instrument,
        tape: Tape,
        ids: tuple[int, int],
        price_ticks: Ticks,
        lots: Lots,
        now: Nanos,
        said: list[Message | Later],
    ) -> None:
        """Book one match of an auction, between the buying and the selling order; not one of the house with itself."""
        trade_id = tape.trade(price_ticks, lots, None)
        trade = self._trade(instrument, trade_id, price_ticks, lots, now)
        buyer = self._party(trade, self._orders.open.get(ids[0]), ids[0], _BUY, Liquidity.AUCTION)
        seller = self._party(trade, self._orders.open.get(ids[1]), ids[1], _SELL, Liquidity.AUCTION)
        assert buyer.order is not None or seller.order is not None
        self._book(trade, _BUY, buyer, seller, (buyer, seller), said)

    def _book(
        self,
        trade: Trade,
        aggressor: Side,
        buyer: Party,
        seller: Party,
        filled: tuple[Party, Party],
        said: list[Message | Later],
    ) -> None:
        """Claims, then fills, then the match; in a perpetual there are positions instead of claims, after the fills."""
        instrument = trade.instrument
        if not instrument.is_perpetual:
            self._settle_claims(trade, buyer, seller, said)
        for party in filled:
            self._fill(trade, party, said)
        if instrument.is_perpetual:
            self._margin_trades.matched(
                instrument, trade.price_ticks, trade.lots, trade.trade_id, aggressor, buyer, seller, trade.now, said
            )
        else:
            self._matched(trade, aggressor, buyer, seller, said)
        if self.schedule.has_tiers:
            self.schedule.last_trade(instrument, trade.price_ticks)
            for party in filled:
                if party.order is not None:
                    self.schedule.count(party.account, trade.notional, instrument.quote, trade.now)

    def _trade(self, instrument: Instrument, trade_id: int, price_ticks: Ticks, lots: Lots, now: Nanos) -> Trade:
        notional = instrument.notional(price_ticks, lots)
        fee_asset = self.schedule.asset_of(instrument)
        if instrument.is_perpetual:
            settles_at = self._margin_trades.settles_at(now)
        else:
            settles_at = settlement_of(self._dates, self._cycle_ns, now)
        return Trade(instrument, trade_id, price_ticks, lots, notional, fee_asset, now, settles_at)

    def _party(self, trade: Trade, order: Order | None, order_id: int, side: Side, liquidity: Liquidity) -> Party:
        """One side with its fee; the house, which has no order here, pays none."""
        if order is None:
            return Party(self._accounts.house, None, order_id, side, liquidity, 0)
        maker_ppm, taker_ppm = self.schedule.rates_of(order.command.account, trade.now)
        fee = self.fee_of(
            trade.instrument, trade.price_ticks, trade.lots, taker_ppm if liquidity is Liquidity.TAKER else maker_ppm, order
        )
        return Party(order.command.account, order, order_id, side, liquidity, fee)

    def fee_of(self, instrument: Instrument, price_ticks: Ticks, lots: Lots, rate: PartsPerMillion, order: Order) -> MinorUnits:
        """One side's fee; in a third asset never at a higher price than the order is held at (:mod:`..orders.holds`)."""
        fee_asset = self.schedule.asset_of(instrument)
        if fee_asset != instrument.quote and fee_asset != instrument.base:
            price_ticks = min(price_ticks, order.hold_price_ticks)
        return self.schedule.fee(instrument, instrument.notional(price_ticks, lots), lots, rate)

    def _settle_claims(self, trade: Trade, buyer: Party, seller: Party, said: list[Message | Later]) -> None:
        """Move the claims of both sides and of the fee account."""
        instrument = trade.instrument
        base_minor = instrument.base_amount(trade.lots)
        self._exchange(trade, buyer, (instrument.quote, -trade.notional), (instrument.base, base_minor), said)
        self._exchange(trade, seller, (instrument.base, -base_minor), (instrument.quote, trade.notional), said)
        fees = buyer.fee_minor + seller.fee_minor
        if fees:
            claim = self._claims.of(self._accounts.fees, trade.fee_asset)
            claim.move(fees, 0)
            said.append(self._claims.changed(claim, ClaimReason.FEE))

    def _exchange(
        self,
        trade: Trade,
        party: Party,
        gives: tuple[str, MinorUnits],
        gets: tuple[str, MinorUnits],
        said: list[Message | Later],
    ) -> None:
        """One side's claims: what it gives (from its hold, whose unused part returns), what it gets, and its fee."""
        order = party.order
        freed, fee_freed = self.holds.spent(trade.instrument, order, trade.lots) if order is not None else (0, 0)
        for asset, amount, unheld in ((*gives, freed), (*gets, 0)):
            claim = self._claims.of(party.account, asset)
            paid = party.fee_minor if asset == trade.fee_asset else 0
            claim.move(amount - paid + unheld, -unheld)
            said.append(self._claims.changed(claim, ClaimReason.TRADED))
        if (party.fee_minor or fee_freed) and trade.fee_asset not in (gives[0], gets[0]):
            claim = self._claims.of(party.account, trade.fee_asset)
            claim.move(fee_freed - party.fee_minor, -fee_freed)
            said.append(self._claims.changed(claim, ClaimReason.FEE))

    def _fill(self, trade: Trade, party: Party, said: list[Message | Later]) -> None:
        """One side's view: the order moves on, and its account hears of it."""
        order = party.order
        if order is None:
            return
        order.fill(trade.lots)
        if not order.leaves_lots:
            self._orders.open.pop(order.order_id, None)
        self.last_execution_id += 1
        party.execution_id = self.last_execution_id
        asked = order.command
        said.append(
            OrderFilled(
                self.venue,
                asked.account,
                asked.client_order_id,
                order.order_id,
                self.last_execution_id,
                trade.trade_id,
                asked.instrument,
                asked.side,
                trade.price_ticks,
                trade.lots,
                order.cumulative_lots,
                order.leaves_lots,
                party.liquidity,
                trade.fee_asset,
                party.fee_minor,
                trade.settles_at,
            )
        )

    def _matched(self, trade: Trade, aggressor: Side, buyer: Party, seller: Party, said: list[Message | Later]) -> None:
        """The match with both parties, for the custodian; kept until it settles, so that it can be undone."""
        instrument = trade.instrument
        self.matches.keep(
            Match(instrument, trade.trade_id, trade.price_ticks, trade.lots, buyer, seller, trade.fee_asset, trade.settles_at),
            trade.now,
        )
        said.append(
            TradeMatched(
                self._custodian,
                self.venue,
                trade.trade_id,
                instrument.symbol,
                trade.price_ticks,
                trade.lots,
                aggressor,
                buyer.account,
                seller.account,
                buyer.order_id,
                seller.order_id,
                instrument.base,
                instrument.base_amount(trade.lots),
                instrument.quote,
                trade.notional,
                buyer.fee_minor,
                seller.fee_minor,
                self._accounts.fees,
                trade.now,
                trade.settles_at,
                "" if trade.fee_asset == instrument.quote else trade.fee_asset,
            )
        )
