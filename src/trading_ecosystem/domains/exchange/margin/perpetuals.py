"""The perpetuals of a venue: everything that the rest of the venue needs to know of them.

A venue that lists none is untouched by this: it wakes for no margin tick and says nothing of it. **A margin tick**, each minute
on the minute: the background flow is brought up to now; marks are set (:mod:`.mark_price`); variation is paid
(:mod:`.variation`); whoever is below the maintenance margin is liquidated (:mod:`.liquidation`). A moment before it the venue
contributes the middle of its book to the marks of the others.

A trade moves positions, and no claim but what is held as margin: its cash flows at the next tick, by the mark of that tick. The
first price that the fundamental gives a perpetual is its first mark; before it no order is taken.
"""

from __future__ import annotations

from trading_ecosystem.domains.exchange.accounts.accounts import Accounts
from trading_ecosystem.domains.exchange.accounts.claims import Claims
from trading_ecosystem.domains.exchange.margin.liquidation import Liquidation
from trading_ecosystem.domains.exchange.margin.margin_trades import next_tick
from trading_ecosystem.domains.exchange.margin.mark_price import MarkPrice, median, middle
from trading_ecosystem.domains.exchange.margin.variation import Variation
from trading_ecosystem.domains.exchange.market import Market
from trading_ecosystem.domains.exchange.orders.order_entry import OrderEntry
from trading_ecosystem.domains.exchange.parameters import ExchangeParameters
from trading_ecosystem.domains.exchange.trades.trade_capture import TradeCapture
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.margin import MarkContributed, MarkPriceChanged, PerpetualListed
from trading_ecosystem.messages.units import MinorUnits, Nanos
from trading_ecosystem.ports.component import Later, WakeUp


class ContributionDue(WakeUp, frozen=True, gc=False):
    """Time to tell the other venues the middles of the books of perpetuals."""


class MarginDue(WakeUp, frozen=True, gc=False):
    """Time for a margin tick."""


class Perpetuals:
    """The perpetuals among a venue's markets."""

    __slots__ = ("_entry", "_margin_every_ns", "_terms", "liquidation", "margin", "markets", "marks", "variation", "venue")

    def __init__(
        self,
        venue: str,
        parameters: ExchangeParameters,
        accounts: Accounts,
        claims: Claims,
        capture: TradeCapture,
        entry: OrderEntry,
        markets: dict[str, Market],
    ) -> None:
        self.venue = venue
        self._terms = parameters.margin
        self._entry = entry
        margin = self.margin = capture.margin
        self.markets = {symbol: market for symbol, market in markets.items() if market.instrument.is_perpetual}
        self.marks = {symbol: MarkPrice(market.instrument) for symbol, market in self.markets.items()}
        self.liquidation = Liquidation(venue, parameters.margin, accounts, margin, entry, markets)
        self.variation = Variation(venue, parameters.custodian, accounts, claims, margin, self.liquidation)

    def terms_listed(self) -> tuple[PerpetualListed, ...]:
        """The margin terms of every perpetual."""
        terms = self._terms
        return tuple(
            PerpetualListed(self.venue, symbol, terms.initial_ppm, terms.maintenance_ppm, terms.margin_every_ns)
            for symbol in self.markets
        )

    def listed(self, now: Nanos) -> list[Message | Later]:
        """What is said and wished for when the venue begins; nothing without perpetuals."""
        if not self.markets:
            return []
        said: list[Message | Later] = [*self.terms_listed()]
        said += self._next(now)
        return said

    def _next(self, now: Nanos) -> list[Later]:
        due_at = next_tick(now, self._terms.margin_every_ns)
        return [Later(ContributionDue(), max(now, due_at - self._terms.contributions_ns)), Later(MarginDue(), due_at)]

    def reference_changed(self, symbol: str, price_minor: MinorUnits, said: list[Message | Later]) -> None:
        """The fundamental price of an instrument moved; the first of a perpetual is its mark at once."""
        mark = self.marks.get(symbol)
        if mark is not None:
            ticks = mark.reference_changed(price_minor)
            if symbol not in self.margin.marks:
                self.margin.marks[symbol] = ticks
                said.append(MarkPriceChanged(self.venue, symbol, ticks, 1))

    def contributed(self, message: MarkContributed, now: Nanos) -> None:
        """A venue said the middle of its book; its own is known better from the book."""
        mark = self.marks.get(message.instrument)
        if mark is not None and message.venue != self.venue:
            mark.contributed(message, now)

    def contribute(self, now: Nanos, said: list[Message | Later]) -> None:
        """Tell the other venues the middles of the books, where they have one."""
        for symbol, market in self.markets.items():
            self._entry.events.advance(market, now, said)
            mid = middle(market.book)
            if mid is not None:
                said.append(MarkContributed(self.venue, symbol, mid))

    def tick(self, now: Nanos, said: list[Message | Later]) -> None:
        """One margin tick."""
        for symbol, market in self.markets.items():
            self._entry.events.advance(market, now, said)
            sources = self.marks[symbol].sources(market.book, now - self._terms.margin_every_ns)
            if sources:
                mark = self.margin.marks[symbol] = median(sources)
                said.append(MarkPriceChanged(self.venue, symbol, mark, len(sources)))
        if len(self.margin.marks) == len(self.markets):
            self.variation.settle(now, said)
            self.liquidation.look(now, said)
        said += self._next(now)
