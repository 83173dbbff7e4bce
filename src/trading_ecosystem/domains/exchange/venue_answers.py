"""The read-only half of a venue: every question it answers."""

from __future__ import annotations

from typing import ClassVar

from trading_ecosystem.domains.exchange.accounts.claims import Claims
from trading_ecosystem.domains.exchange.margin.perpetuals import Perpetuals
from trading_ecosystem.domains.exchange.market import Market
from trading_ecosystem.domains.exchange.orders.orders import OrderTable
from trading_ecosystem.domains.exchange.parameters import ExchangeParameters
from trading_ecosystem.domains.exchange.publication import depth_of
from trading_ecosystem.messages.base import Question
from trading_ecosystem.messages.exchange import (
    ClaimChanged,
    ClaimLedgerQuestion,
    ClaimLine,
    ClaimsQuestion,
    DepthChanged,
    DepthQuestion,
    InstrumentListed,
    ListingsQuestion,
    OpenOrdersQuestion,
    OrderAccepted,
)
from trading_ecosystem.messages.margin import PerpetualListed, PositionReported, PositionsQuestion
from trading_ecosystem.messages.trading_phases import MarketPhase, PhasesQuestion
from trading_ecosystem.ports.component import Component


class VenueAnswers(Component):
    """Answers about books, claims, orders and positions; the component that moves them builds on this."""

    answers: ClassVar[dict[type[Question], str]] = {
        DepthQuestion: "depth",
        ClaimsQuestion: "claims_of",
        ClaimLedgerQuestion: "claim_ledger",
        OpenOrdersQuestion: "open_orders",
        PositionsQuestion: "positions_of",
        PhasesQuestion: "phases",
        ListingsQuestion: "listings",
    }

    parameters: ExchangeParameters
    claims: Claims
    orders: OrderTable
    markets: dict[str, Market]
    perpetuals: Perpetuals

    def positions_of(self, question: PositionsQuestion) -> tuple[PositionReported, ...]:
        """The positions in perpetuals that are not flat and settled."""
        return self.perpetuals.margin.positions.reports(self.name, question.account)

    def depth(self, question: DepthQuestion) -> DepthChanged:
        """The book of one instrument as it stands; raises ``KeyError`` for one that is not listed."""
        return depth_of(self.name, self.markets[question.instrument].book, question.levels)

    def phases(self, question: PhasesQuestion) -> tuple[MarketPhase, ...]:
        """What the markets are doing."""
        return tuple(one.doing() for symbol, one in self.markets.items() if question.instrument in (None, symbol))

    def listings(self, question: ListingsQuestion) -> tuple[InstrumentListed | PerpetualListed, ...]:
        """Every instrument with its terms."""
        listed = (market.listed(self.name, self.parameters) for market in self.markets.values())
        return (*listed, *self.perpetuals.terms_listed())

    def claims_of(self, question: ClaimsQuestion) -> tuple[ClaimLine, ...]:
        """The claims that are not zero."""
        return self.claims.lines(question.account)

    def claim_ledger(self, question: ClaimLedgerQuestion) -> tuple[ClaimChanged, ...]:
        """The latest changes of an account's claims."""
        return self.claims.ledger(question.account, question.asset)

    def open_orders(self, question: OpenOrdersQuestion) -> tuple[OrderAccepted, ...]:
        """The open orders of one account, by order number, as they are now, with what is left of each as quantity."""
        orders = [order for order in self.orders.open.values() if order.command.account == question.account]
        return tuple(order.accepted(order.leaves_lots, order.price_ticks) for order in orders)
