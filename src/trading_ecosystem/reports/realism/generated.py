"""A market by itself: one instrument's book and background flow without the rest of a venue, and its event tape."""

from __future__ import annotations

from typing import Final

from trading_ecosystem.adapters.recordings.event_tape import EventTape, TapeRecorder
from trading_ecosystem.domains.exchange.accounts.accounts import Accounts
from trading_ecosystem.domains.exchange.accounts.claims import Claims
from trading_ecosystem.domains.exchange.book.books import AUTO
from trading_ecosystem.domains.exchange.flow.flow_parameters import FlowParameters
from trading_ecosystem.domains.exchange.market import Market
from trading_ecosystem.domains.exchange.orders.orders import OrderTable
from trading_ecosystem.domains.exchange.parameters import ExchangeParameters
from trading_ecosystem.domains.exchange.trades.trade_capture import TradeCapture
from trading_ecosystem.messages.units import MINUTE, SECOND, Instrument, MinorUnits, Nanos
from trading_ecosystem.ports.randomness import Randomness

WARM_UP: Final[Nanos] = 5 * MINUTE
"""Time for which a market runs before its tape begins: its book is then as it is in the long run."""
_VENUE: Final = "market"
_AMPLE: Final[MinorUnits] = 10**24
"""What the house has of either asset: it never runs out."""


def market_alone(parameters: FlowParameters, instrument: Instrument, randomness: Randomness, book: str = AUTO) -> Market:
    """A market whose house never runs out of assets."""
    accounts, claims = Accounts(_VENUE), Claims(_VENUE)
    for asset in (instrument.base, instrument.quote):
        claims.of(accounts.house, asset).move(_AMPLE, 0)
    venue = ExchangeParameters("custodian", (instrument.symbol,), SECOND, 0, 0, 0, flow=parameters, book=book)
    capture = TradeCapture(_VENUE, venue, accounts, claims, OrderTable())
    return Market(_VENUE, instrument, venue, randomness, accounts, claims, capture)


def generated_tape(
    parameters: FlowParameters,
    instrument: Instrument,
    price_minor: MinorUnits,
    length: Nanos,
    randomness: Randomness,
    warm_up: Nanos = WARM_UP,
) -> EventTape:
    """The tape of a market around a fundamental price that does not change, from ``warm_up`` for ``length``."""
    market = market_alone(parameters, instrument, randomness)
    market.flow.fundamental_changed(price_minor, 0)
    market.flow.advance(warm_up - 1, [])
    recorder = TapeRecorder(market.book, instrument)
    market.flow.observer = recorder
    market.flow.advance(warm_up + length - 1, [])
    market.flow.observer = None
    return recorder.tape
