"""Recovery of an engine that started without memory: what it asks the venues, and what it makes of the answers.

It learns the trading state, the listings, the phases and its claims; while the monitor does not answer it takes itself for
halted. It cancels every order that an earlier life of it left at a venue, since no
strategy remembers why it is there. Its new orders are numbered from the instant on, in tenths of a second, so that they never
take a number of an earlier life that sent fewer than ten orders a second on average. Portfolios start flat: profit and loss
count anew, while the assets are where they always are, in the custodian's ledger.

Whoever does not answer is asked again every minute, with all the others, until each does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from trading_ecosystem.domains.trading.desk import Desk, SaidList
from trading_ecosystem.domains.trading.limits import OwnLimits
from trading_ecosystem.domains.trading.parameters import TradingParameters
from trading_ecosystem.messages.exchange import (
    CancelOrder,
    ClaimLine,
    ClaimsQuestion,
    InstrumentListed,
    ListingsQuestion,
    OpenOrdersQuestion,
    OrderAccepted,
)
from trading_ecosystem.messages.margin import PerpetualListed
from trading_ecosystem.messages.orders import TradingPhase
from trading_ecosystem.messages.trading_phases import MarketPhase, PhasesQuestion
from trading_ecosystem.messages.trading_state import TradingState, TradingStateQuestion, TradingStateStanding
from trading_ecosystem.messages.units import MILLISECOND, MINUTE, Nanos
from trading_ecosystem.ports.component import Answered, Later, Query, Reconcile

ASK_AGAIN_AFTER: Final[Nanos] = MINUTE
ORDER_NUMBERS_EVERY: Final[Nanos] = 100 * MILLISECOND


def queries(parameters: TradingParameters) -> tuple[Query, ...]:
    """What the venues and the monitor are asked."""
    accounts = dict.fromkeys(strategy.account for strategy in parameters.strategies)
    asked = [Query(parameters.risk, TradingStateQuestion())]
    for venue in parameters.venues:
        asked += [Query(venue, ListingsQuestion()), Query(venue, PhasesQuestion())]
        for account in accounts:
            asked += [Query(venue, ClaimsQuestion(account)), Query(venue, OpenOrdersQuestion(account))]
    return tuple(asked)


def recover(limits: OwnLimits, desks: Mapping[str, Desk], answers: Sequence[Answered], now: Nanos) -> SaidList:
    """Take over the answers; cancel what earlier lives left, and ask again where somebody did not answer."""
    for desk in desks.values():
        desk.orders.number_from(now // ORDER_NUMBERS_EVERY)
    said: SaidList = []
    limits.state = TradingState.HALTED
    for answered in answers:
        if isinstance(answered.answer, TradingStateStanding):
            limits.state, limits.state_since = answered.answer.state, answered.answer.since
            continue
        for row in answered.answer:
            said += _taken_over(row, answered.component, limits, desks)
    if len(answers) < len(queries(limits.parameters)):
        said.append(Later(Reconcile(), now + ASK_AGAIN_AFTER))
    return said


def _taken_over(row: Any, venue: str, limits: OwnLimits, desks: Mapping[str, Desk]) -> tuple[CancelOrder, ...]:
    """One row of a venue's answer; the cancel of an order that is left over."""
    if isinstance(row, ClaimLine):
        limits.claims.stated(venue, row)
        return ()
    if isinstance(row, OrderAccepted):
        return (CancelOrder(venue, row.account, row.client_order_id),) if _is_left_over(row, desks) else ()
    feed = limits.market.feeds.get((venue, row.instrument))
    if feed is None:
        return ()
    if isinstance(row, MarketPhase):
        feed.takes_orders = row.phase not in (TradingPhase.CLOSED, TradingPhase.HALTED)
    else:
        assert isinstance(row, InstrumentListed | PerpetualListed), row
        feed.list(row)
    return ()


def _is_left_over(order: OrderAccepted, desks: Mapping[str, Desk]) -> bool:
    """Whether an order is one of a strategy, and not of this life."""
    desk = desks.get(order.client_order_id.rpartition("-")[0])
    return desk is not None and desk.account == order.account and desk.orders.find(order.client_order_id) is None
