"""The engine's own limits, checked before anything is sent, in the order of :class:`WithheldReason`.

These are the pre-trade checks that SEC rule 15c3-5 and MiFID II RTS 6 article 15 ask of whoever sends orders.  A limit that
cannot be evaluated, because a price is missing, withholds: absence of data never switches a limit off.
"""

from __future__ import annotations

from collections.abc import Sequence

from trading_ecosystem.domains.trading.intentions import Place
from trading_ecosystem.domains.trading.market import Claims, Market
from trading_ecosystem.domains.trading.orders import Order, Orders
from trading_ecosystem.domains.trading.parameters import TradingParameters
from trading_ecosystem.domains.trading.portfolio import Portfolio
from trading_ecosystem.domains.trading.pre_trade import outside_collar
from trading_ecosystem.domains.trading.valuation import base_price, usd_price
from trading_ecosystem.messages.orders import OrderType, Side, TimeInForce
from trading_ecosystem.messages.trading import WithheldReason
from trading_ecosystem.messages.trading_state import TradingState
from trading_ecosystem.messages.units import (
    INSTRUMENTS,
    MINOR_UNITS_PER_WHOLE,
    PARTS_PER_MILLION,
    Lots,
    MinorUnits,
    Nanos,
    Ticks,
)


class Requirement:
    """What an order takes from the account's claims at most: an amount of one asset at its venue."""

    __slots__ = ("amount_minor", "asset")

    def __init__(self, asset: str, amount_minor: MinorUnits) -> None:
        self.asset = asset
        self.amount_minor = amount_minor


class OwnLimits:
    """The limits of one engine, with what is needed to evaluate them.

    ``state`` is the firm's trading state, ``state_since`` when it was set.
    """

    state: TradingState = TradingState.ACTIVE
    state_since: Nanos = 0

    def __init__(self, parameters: TradingParameters, market: Market, claims: Claims) -> None:
        self.parameters = parameters
        self.market = market
        self.claims = claims

    def withholds(
        self,
        place: Place,
        account: str,
        orders: Orders,
        portfolio: Portfolio,
        running: bool,
        beside: int = 0,
        closes_out: bool = False,
        instead_of: Order | None = None,
    ) -> WithheldReason | None:
        """The first reason not to send an order, or ``None``; ``beside`` counts orders that go out together with it.

        It may stand ``instead_of`` a working order that it replaces: then that one's lots and claim count no more.
        An order that ``closes_out`` a position in an emergency passes the limits on orders, positions and the trading state.
        """
        if not running:
            return WithheldReason.STRATEGY_NOT_RUNNING
        if (place.venue, place.instrument) not in self.market.feeds:
            return WithheldReason.UNKNOWN_INSTRUMENT
        if not _is_valid(place):
            return WithheldReason.INVALID_ORDER
        requirement = self.requirement(place, portfolio)
        if requirement is None:
            return WithheldReason.INSUFFICIENT_CLAIM
        spendable = self.claims.spendable(account, place.venue, requirement.asset)
        if requirement.amount_minor > spendable + self.held_by(instead_of, portfolio):
            return WithheldReason.INSUFFICIENT_CLAIM
        if self._exceeds_order_notional(place):
            return WithheldReason.ORDER_NOTIONAL
        if closes_out:
            takes_orders = self.market.feeds[place.venue, place.instrument].takes_orders
            return None if takes_orders else WithheldReason.NOT_TRADING
        if instead_of is None and len(orders.working) + beside >= self.parameters.max_open_orders:
            return WithheldReason.OPEN_ORDERS
        if self._exceeds_position(place, orders, portfolio, instead_of):
            return WithheldReason.POSITION
        if not self.market.feeds[place.venue, place.instrument].takes_orders:
            return WithheldReason.NOT_TRADING
        if self.state in (TradingState.HALTED, TradingState.LIQUIDATING):
            return WithheldReason.TRADING_HALTED
        if self.state is TradingState.REDUCING and not self._only_reduces(place, orders, portfolio, instead_of):
            return WithheldReason.REDUCING_ONLY
        return WithheldReason.PRICE_COLLAR if self._outside_collar(place) else None

    def requirement(self, place: Place, portfolio: Portfolio) -> Requirement | None:
        """The claim an order takes: base for a sell; quote and the highest possible fee for a buy.

        In a perpetual it is initial margin and the highest possible fee, in the quote asset, for the part that enlarges the
        position at the venue, whichever side it is. ``None`` for a market order there, or a market buy, while its price is
        unknown, and for a perpetual whose terms were not heard.
        """
        instrument = INSTRUMENTS[place.instrument]
        if instrument.is_perpetual:
            return self._margin(place, portfolio)
        if place.side is Side.SELL:
            return Requirement(instrument.base, instrument.base_amount(place.quantity_lots))
        price = self._price_ticks(place)
        if not price:
            return None
        notional = instrument.notional(price, place.quantity_lots)
        listing = self.market.feeds[place.venue, place.instrument].listing
        fee_ppm = 0 if listing is None else max(listing.taker_fee_ppm, listing.maker_fee_ppm)
        # A fee is rounded up on each fill, and every lot may fill by itself: at most one minor unit a lot.
        most = notional * fee_ppm // PARTS_PER_MILLION + place.quantity_lots if fee_ppm else 0
        return Requirement(instrument.quote, notional + most)

    def held_by(self, order: Order | None, portfolio: Portfolio) -> MinorUnits:
        """What a working order holds of the account's claims at its venue, as the venue counts it; 0 where there is none."""
        if order is None:
            return 0
        requirement = self.requirement(_rest_of(order), portfolio)
        return 0 if requirement is None else requirement.amount_minor

    def _margin(self, place: Place, portfolio: Portfolio) -> Requirement | None:
        """What an order in a perpetual takes; what the venue asks beyond it, for working orders, it refuses itself."""
        instrument = INSTRUMENTS[place.instrument]
        feed = self.market.feeds[place.venue, place.instrument]
        price = self._price_ticks(place)
        if feed.margin is None or feed.listing is None or not price:
            return None
        held = portfolio.lots(place.venue, place.instrument)
        after = held + place.quantity_lots if place.side is Side.BUY else held - place.quantity_lots
        enlarged = max(0, abs(after) - abs(held))
        notional = instrument.notional(price, enlarged)
        rate = feed.margin.initial_margin_ppm + max(feed.listing.taker_fee_ppm, feed.listing.maker_fee_ppm)
        return Requirement(instrument.quote, -(-notional * rate // PARTS_PER_MILLION) + enlarged)

    def _price_ticks(self, place: Place) -> Ticks:
        """The order's own price, or for a market order the best price of the other side (0 if there is none)."""
        if place.price_ticks:
            return place.price_ticks
        if place.terms is not None and place.terms.stop_price_ticks:
            return place.terms.stop_price_ticks
        quote = self.market.feeds[place.venue, place.instrument].quote
        if quote is None:
            return 0
        return quote.ask_ticks if place.side is Side.BUY else quote.bid_ticks

    def _outside_collar(self, place: Place) -> bool:
        collar = self.parameters.price_collar_ppm
        if collar is None:
            return False
        published = self.market.prices.get(place.instrument)
        price = self._price_ticks(place) * INSTRUMENTS[place.instrument].tick_size
        return outside_collar(price, None if published is None else published.price_minor, collar)

    def exceeds_share(
        self,
        places: Sequence[Place],
        strategy: str,
        account: str,
        orders: Orders,
        portfolio: Portfolio,
        instead_of: Order | None,
    ) -> bool:
        """Whether the last of these orders, the others sent, takes more than is left of the strategy's part of the account.

        Never, where the account is not divided.
        """
        shares = self.claims.shares.get(account)
        if shares is None:
            return False
        others = (order for order in orders.working.values() if order is not instead_of)
        taken = [(place.venue, self.requirement(place, portfolio)) for place in places]
        taken += [(order.venue, self.requirement(_rest_of(order), portfolio)) for order in others]
        venue, last = taken[len(places) - 1]
        assert last is not None, "an order that passed the limits has a known requirement"
        needed = 0
        for where, requirement in taken:
            if requirement is not None and (where, requirement.asset) == (venue, last.asset):
                needed += requirement.amount_minor
        return needed > shares.owned(strategy, venue, last.asset)

    def _exceeds_order_notional(self, place: Place) -> bool:
        instrument = INSTRUMENTS[place.instrument]
        price = self._price_ticks(place)
        quote_usd = usd_price(self.market.prices, instrument.quote)
        if not price or quote_usd is None:
            return True
        limit = self.parameters.max_order_notional_usd_minor
        return instrument.notional(price, place.quantity_lots) * quote_usd > limit * MINOR_UNITS_PER_WHOLE

    def _exceeds_position(self, place: Place, orders: Orders, portfolio: Portfolio, instead_of: Order | None) -> bool:
        """Whether the position, with this and all working orders of its side filled, is past the limit.

        An order that only brings it nearer to flat passes, however large the position has become.
        """
        instrument = INSTRUMENTS[place.instrument]
        held, after = _filled(place, orders, portfolio, instead_of)
        if _is_nearer_to_flat(held, after):
            return False
        base_usd = base_price(self.market.prices, instrument)
        if base_usd is None:
            return True
        limit = self.parameters.max_position_usd_minor
        return abs(after) * instrument.lot_size * base_usd > limit * MINOR_UNITS_PER_WHOLE

    def _only_reduces(self, place: Place, orders: Orders, portfolio: Portfolio, instead_of: Order | None) -> bool:
        """Whether the position, with this and all working orders of its side filled, is nearer to flat and not beyond."""
        return _is_nearer_to_flat(*_filled(place, orders, portfolio, instead_of))


def _rest_of(order: Order) -> Place:
    """What is left of a working order, as if it were sent now."""
    return Place(order.venue, order.instrument, order.side, order.price_ticks, order.leaves_lots)


def _filled(place: Place, orders: Orders, portfolio: Portfolio, instead_of: Order | None) -> tuple[Lots, Lots]:
    """The position over all venues, now and with an order and all working orders of its side filled, but one."""
    held = portfolio.lots_over_venues(place.instrument)
    coming = orders.working_lots(place.instrument, place.side) + place.quantity_lots
    if instead_of is not None:
        coming -= instead_of.leaves_lots
    return held, held + coming if place.side is Side.BUY else held - coming


def _is_nearer_to_flat(held: Lots, after: Lots) -> bool:
    return min(held, 0) <= after <= max(held, 0)


def _is_valid(place: Place) -> bool:
    """Whether an order makes sense by itself: quantity, price, and a time in force that fits its type."""
    if place.quantity_lots <= 0:
        return False
    resting = place.time_in_force is TimeInForce.GOOD_TILL_CANCEL
    if place.order_type is OrderType.MARKET:
        return place.price_ticks == 0 and not resting and not place.post_only
    if place.order_type is not OrderType.LIMIT:
        return place.terms is not None and place.price_ticks >= 0  # the venue knows the rules of the rarer types
    return place.price_ticks > 0 and (resting or not place.post_only)
