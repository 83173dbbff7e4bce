"""What a strategy may see: its own account's affairs and the public market, to read and not to change."""

from __future__ import annotations

from trading_ecosystem.domains.trading.market import Claims, Feed, Market
from trading_ecosystem.domains.trading.orders import Order, Orders
from trading_ecosystem.domains.trading.portfolio import Portfolio
from trading_ecosystem.domains.trading.valuation import base_price, usd_price
from trading_ecosystem.messages.exchange import QuoteChanged
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.units import INSTRUMENTS, MINOR_UNITS_PER_WHOLE, Lots, MinorUnits, Nanos, PartsPerMillion


class View:
    """One strategy's view; ``now`` is the instant of the callback."""

    __slots__ = ("_claims", "_market", "_orders", "_portfolio", "account", "now", "strategy")

    def __init__(
        self, strategy: str, account: str, market: Market, claims: Claims, orders: Orders, portfolio: Portfolio
    ) -> None:
        self.strategy = strategy
        self.account = account
        self.now: Nanos = 0
        self._market = market
        self._claims = claims
        self._orders = orders
        self._portfolio = portfolio

    def _feed(self, venue: str, instrument: str) -> Feed | None:
        return self._market.feeds.get((venue, instrument))

    def quote(self, venue: str, instrument: str) -> QuoteChanged | None:
        """The latest quote heard, or ``None``."""
        feed = self._feed(venue, instrument)
        return None if feed is None else feed.quote

    def quote_age(self, venue: str, instrument: str) -> Nanos | None:
        """How long ago the latest quote was heard, or ``None`` without one."""
        feed = self._feed(venue, instrument)
        return None if feed is None or feed.quote is None else self.now - feed.heard_at

    def taker_fee_ppm(self, venue: str, instrument: str) -> PartsPerMillion | None:
        """The venue's taker fee, or ``None`` before its listing was heard."""
        feed = self._feed(venue, instrument)
        return None if feed is None or feed.listing is None else feed.listing.taker_fee_ppm

    def price(self, instrument: str) -> PricePublished | None:
        """The latest published price, or ``None``; mind its ``priced_at``."""
        return self._market.prices.get(instrument)

    def usd_price(self, asset: str) -> MinorUnits | None:
        """USD minor units per whole asset at the latest published price."""
        return usd_price(self._market.prices, asset)

    def lots_worth(self, instrument: str, usd_minor: MinorUnits) -> Lots:
        """How many whole lots an amount of USD is worth now; 0 without a price."""
        scale = INSTRUMENTS[instrument]
        price = base_price(self._market.prices, scale)
        return usd_minor * MINOR_UNITS_PER_WHOLE // (price * scale.lot_size) if price else 0

    def position_lots(self, venue: str, instrument: str) -> Lots:
        """The strategy's own signed position at one venue since it was loaded."""
        return self._portfolio.lots(venue, instrument)

    def spendable(self, venue: str, asset: str) -> MinorUnits:
        """The account's claim that a further order may use."""
        return self._claims.spendable(self.account, venue, asset)

    def working_orders(self, venue: str, instrument: str) -> list[Order]:
        """The strategy's own working orders, oldest first, unanswered ones included."""
        return [order for order in self._orders.working.values() if order.venue == venue and order.instrument == instrument]
