"""One listed instrument on a venue: its book, tape, background flow and what was last published of it."""

from __future__ import annotations

from trading_ecosystem.domains.exchange.accounts import Accounts
from trading_ecosystem.domains.exchange.books import book_class
from trading_ecosystem.domains.exchange.claims import Claims
from trading_ecosystem.domains.exchange.flows import background_flow
from trading_ecosystem.domains.exchange.house import House
from trading_ecosystem.domains.exchange.parameters import ExchangeParameters
from trading_ecosystem.domains.exchange.perpetual_house import PerpetualHouse
from trading_ecosystem.domains.exchange.publication import Publication, Tape
from trading_ecosystem.domains.exchange.trade_capture import TradeCapture
from trading_ecosystem.messages.exchange import InstrumentListed
from trading_ecosystem.messages.units import Instrument
from trading_ecosystem.ports.randomness import Randomness


class Market:
    """Everything a venue keeps about one instrument."""

    __slots__ = ("book", "flow", "house", "instrument", "publication", "tape")

    def __init__(
        self,
        venue: str,
        instrument: Instrument,
        parameters: ExchangeParameters,
        randomness: Randomness,
        accounts: Accounts,
        claims: Claims,
        capture: TradeCapture,
    ) -> None:
        self.instrument = instrument
        self.book = book_class(parameters.book)(instrument.symbol)
        self.tape = Tape()
        self.publication = Publication(venue, parameters.depth_levels)
        house = (accounts.house, instrument, self.book, self.tape, capture, claims, parameters.book_capacity)
        self.house = PerpetualHouse(*house) if instrument.is_perpetual else House(*house)
        stream = randomness.stream(venue, f"flow {instrument.symbol}")
        self.flow = background_flow(parameters.flow, instrument, self.book, self.house, stream)

    def listed(self, venue: str, parameters: ExchangeParameters) -> InstrumentListed:
        """The instrument's reference data on this venue."""
        instrument = self.instrument
        return InstrumentListed(
            venue,
            instrument.symbol,
            instrument.base,
            instrument.quote,
            instrument.tick_size,
            instrument.lot_size,
            parameters.maker_fee_ppm,
            parameters.taker_fee_ppm,
            parameters.settlement_cycle_ns,
        )
