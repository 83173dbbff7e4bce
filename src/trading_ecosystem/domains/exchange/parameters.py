"""What a venue is told when it is built; integers, validated before they get here."""

from __future__ import annotations

import msgspec

from trading_ecosystem.domains.exchange.accounts.rate_limits import RateLimit
from trading_ecosystem.domains.exchange.flow.flow_parameters import FlowParameters
from trading_ecosystem.domains.exchange.matching.matching_parameters import MatchingParameters
from trading_ecosystem.domains.exchange.rules.trading_calendar import TradingCalendar
from trading_ecosystem.domains.exchange.rules.trading_rules import TradingRules
from trading_ecosystem.domains.exchange.trades.fee_schedule import FeeTerms
from trading_ecosystem.domains.exchange.trades.settlement_dates import SettlementDate
from trading_ecosystem.messages.orders import SelfTradePrevention
from trading_ecosystem.messages.units import DAY, MINUTE, SECOND, MinorUnits, Nanos, PartsPerMillion


class Faucet(msgspec.Struct, frozen=True):
    """The demo faucet of a venue: how much of each asset an account may ask for, and how often."""

    amounts: dict[str, MinorUnits] = {}
    """Empty: there is no faucet."""
    every_ns: Nanos = DAY
    """Least time between two requests of one account for one asset."""


class MarginTerms(msgspec.Struct, frozen=True):
    """How perpetuals are margined on a venue; the first two are the design's, the others this venue's own rules."""

    initial_ppm: PartsPerMillion = 200_000
    """Share of a position's value that is asked of whoever opens or enlarges one."""
    maintenance_ppm: PartsPerMillion = 100_000
    """Share below which the equity must not fall."""
    margin_every_ns: Nanos = MINUTE
    """Time between two margin ticks, which lie on whole multiples of it."""
    contributions_ns: Nanos = SECOND
    """How long before a margin tick the venues tell each other the middles of their books."""
    liquidation_slice_ppm: PartsPerMillion = 250_000
    """The smallest share of a position that one liquidation order closes."""
    liquidation_collar_ppm: PartsPerMillion = 30_000
    """How far from the mark a liquidation order may trade, as a share of the mark."""


class ExchangeParameters(msgspec.Struct, frozen=True):
    """One venue."""

    custodian: str
    """Instance name of the custodian that holds the assets."""
    instruments: tuple[str, ...]
    """Symbols listed, in the order in which they are published."""
    publish_every_ns: Nanos
    """Time between two publications of quotes, depth and trades."""
    maker_fee_ppm: PartsPerMillion
    taker_fee_ppm: PartsPerMillion
    settlement_cycle_ns: Nanos
    """Time from a match to the instant at which it is due to settle."""
    depth_levels: int = 10
    claims_report_every_ns: Nanos = 5 * MINUTE
    flow: FlowParameters = FlowParameters()
    book_capacity: int = 10_000
    """Resting orders per instrument, the background's among them; an order that would rest beyond it is refused."""
    book: str = "auto"
    """Which book serves: ``plain``, ``compiled``, or ``auto`` for the compiled one where it is there; they say the same."""
    margin: MarginTerms = MarginTerms()
    """Terms of the perpetuals among the instruments."""
    fees: FeeTerms = FeeTerms()
    """Tiers by volume, and fees in other assets than the quote."""
    rules: dict[str, TradingRules] = {}
    """Per instrument: tick table, lots, sizes, notional, spread."""
    matching: dict[str, MatchingParameters] = {}
    """Per instrument: collar, price bands, auctions."""
    calendar: TradingCalendar | None = None
    """When the venue trades; ``None``: always."""
    self_trade: SelfTradePrevention = SelfTradePrevention.NONE
    """Of orders that say nothing. Nobody trades with itself here: with ``NONE`` an order that would is refused, and one that
    would at
    its turn (a stop, say) is cancelled as the newest."""
    stop_collar_ppm: PartsPerMillion = 100_000
    """How far beyond its stop price, or beyond the best opposite price, a buy without a limit may trade where it cannot know
    what it will find; at this bound it is held."""
    rate_limit: RateLimit = RateLimit()
    kyc_required: bool = False
    """Whether customers have to be verified before they trade."""
    faucet: Faucet = Faucet()
    settlement_dates: tuple[SettlementDate, ...] = ()
    """By which spot trades settle instead of by the cycle; see ``trades/settlement_dates.py``."""
