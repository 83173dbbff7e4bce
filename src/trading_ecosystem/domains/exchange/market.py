"""One listed instrument on a venue: its book, tape, background flow and what was last published of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trading_ecosystem.domains.exchange.accounts.accounts import Accounts
from trading_ecosystem.domains.exchange.accounts.claims import Claims
from trading_ecosystem.domains.exchange.book.books import book_class
from trading_ecosystem.domains.exchange.flow.flow import FlowWatcher
from trading_ecosystem.domains.exchange.flow.flows import background_flow
from trading_ecosystem.domains.exchange.flow.house import House
from trading_ecosystem.domains.exchange.flow.perpetual_house import PerpetualHouse
from trading_ecosystem.domains.exchange.matching.auction import Indicative
from trading_ecosystem.domains.exchange.matching.matching import Matching
from trading_ecosystem.domains.exchange.matching.matching_parameters import MatchingParameters
from trading_ecosystem.domains.exchange.parameters import ExchangeParameters
from trading_ecosystem.domains.exchange.publication import Publication, Tape
from trading_ecosystem.domains.exchange.rules.trading_rules import NO_RULES
from trading_ecosystem.domains.exchange.trades.trade_capture import TradeCapture
from trading_ecosystem.messages.exchange import InstrumentListed
from trading_ecosystem.messages.trading_phases import MarketPhase, PhaseReason
from trading_ecosystem.messages.units import Instrument, Nanos
from trading_ecosystem.ports.randomness import Randomness

if TYPE_CHECKING:
    from trading_ecosystem.domains.exchange.conditions.restraint import Restraint


class Market:
    """Everything a venue keeps about one instrument."""

    # fmt: off
    __slots__ = (
        "book", "flow", "house", "indicated", "instrument", "matching", "phase_reason", "publication", "reducers", "restraint",
        "rules", "tape", "wakes_at", "watcher",
    )
    # fmt: on

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
        self.rules = parameters.rules.get(instrument.symbol, NO_RULES)
        self.book = book_class(parameters.book)(instrument.symbol)
        self.matching = Matching(self.book, parameters.matching.get(instrument.symbol, MatchingParameters()))
        self.phase_reason = PhaseReason.SCHEDULED
        """Why the next change of phase happens."""
        self.reducers: dict[str, int] = {}
        """The accounts that have placed reduce-only orders in a perpetual, with their numbers in the book."""
        self.indicated: Indicative | None = None
        """What was last published of an auction that is on."""
        self.restraint: Restraint | None = None
        """What keeps the background quotes from being as wide and as large as they would."""
        self.watcher: FlowWatcher | None = None
        """Who lets the matching hear of the flow, where it has to."""
        self.wakes_at: Nanos | None = None
        """When the venue will be woken for the matching."""
        self.tape = Tape()
        self.publication = Publication(venue, parameters.depth_levels)
        house = (accounts.house, instrument, self.book, self.tape, capture, claims, parameters.book_capacity, self.rules)
        self.house = PerpetualHouse(*house) if instrument.is_perpetual else House(*house)
        stream = randomness.stream(venue, f"flow {instrument.symbol}")
        in_c = not self.rules.tick_table
        self.flow = background_flow(parameters.flow, instrument, self.book, self.house, stream, in_c=in_c)

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

    def doing(self) -> MarketPhase:
        """The phase that it is in."""
        return MarketPhase(self.instrument.symbol, self.matching.phase, self.matching.phase_ends_at)
