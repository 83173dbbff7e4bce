"""What the engine knows of the market: latest quotes, published prices, fees, and its own claims at the venues."""

from __future__ import annotations

from collections.abc import Mapping

from trading_ecosystem.domains.trading.capital_shares import CapitalShares
from trading_ecosystem.messages.exchange import (
    ClaimChanged,
    ClaimLine,
    ClaimReason,
    InstrumentListed,
    OrderFilled,
    QuoteChanged,
)
from trading_ecosystem.messages.margin import PerpetualListed
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.trading_phases import TradeBusted, TradeCorrected
from trading_ecosystem.messages.units import MinorUnits, Nanos


class Feed:
    """One instrument at one venue: its latest quote, when that was heard, its listing, and whether orders are taken."""

    __slots__ = ("heard_at", "listing", "margin", "quote", "takes_orders")

    def __init__(self) -> None:
        self.quote: QuoteChanged | None = None
        self.heard_at: Nanos = 0
        self.listing: InstrumentListed | None = None
        self.margin: PerpetualListed | None = None
        """The margin terms, of a perpetual."""
        self.takes_orders = True

    def list(self, listed: InstrumentListed | PerpetualListed) -> None:
        """Learn a venue's fees, or its margin terms."""
        if isinstance(listed, InstrumentListed):
            self.listing = listed
        else:
            self.margin = listed


class Market:
    """Public state, shared by all strategies of an engine."""

    __slots__ = ("feeds", "prices")

    def __init__(self, venues: tuple[str, ...], instruments: tuple[str, ...]) -> None:
        self.feeds = {(venue, instrument): Feed() for venue in venues for instrument in instruments}
        self.prices: dict[str, PricePublished] = {}


class Claims:
    """Available claims per account, venue and asset, less what unanswered orders have set aside.

    The venue counts held amounts itself once it has answered; until then the engine does, so that two orders sent in one go
    cannot spend the same claim.
    """

    __slots__ = ("available", "reserved", "shares")

    def __init__(self, shares: Mapping[str, CapitalShares] | None = None) -> None:
        self.shares = dict(shares or {})
        """By account, where several strategies have a part of one."""
        self.available: dict[tuple[str, str, str], MinorUnits] = {}
        self.reserved: dict[tuple[str, str, str], MinorUnits] = {}

    def changed(self, message: ClaimChanged) -> None:
        """A venue states what an account may use."""
        self.available[message.account, message.venue, message.asset] = message.available_after
        shares = self.shares.get(message.account)
        if shares is not None:
            shares.claim_changed(message)

    def traded(
        self, account: str, strategy: str, fill: OrderFilled | TradeBusted | TradeCorrected, undone: bool = False
    ) -> None:
        """A strategy traded, or its trade was undone: on an account that is divided, out of its own part."""
        shares = self.shares.get(account)
        if shares is not None:
            shares.traded(strategy, fill, undone)

    def stated(self, venue: str, line: ClaimLine) -> None:
        """The same, of one who asked."""
        after = (line.available_minor, line.held_minor)
        self.changed(ClaimChanged(venue, line.account, line.asset, *after, ClaimReason.PLEDGED))

    def spendable(self, account: str, venue: str, asset: str) -> MinorUnits:
        """What a further order may use; never negative."""
        key = (account, venue, asset)
        return max(0, self.available.get(key, 0) - self.reserved.get(key, 0))

    def reserve(self, account: str, venue: str, asset: str, amount_minor: MinorUnits) -> None:
        """Set an amount aside, or give it back where it is negative."""
        key = (account, venue, asset)
        self.reserved[key] = self.reserved.get(key, 0) + amount_minor
        assert self.reserved[key] >= 0
