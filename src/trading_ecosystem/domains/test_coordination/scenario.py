"""A scenario after reading: everything a run needs, as integers, enums and decimal strings, already checked.

Durations and offsets are nanoseconds, offsets counting from the start of the run; amounts are minor units (10⁻⁸ of the
asset), ratios parts per million, real-valued model parameters decimal strings. ``docs/scenarios.md`` describes the YAML that
these come from.
"""

from __future__ import annotations

import enum
from typing import Final, TypeAlias

import msgspec

from trading_ecosystem.domains.test_coordination.criteria import Checks
from trading_ecosystem.domains.test_coordination.firm_section import FirmSection
from trading_ecosystem.domains.test_coordination.grammar.phases import Phase
from trading_ecosystem.domains.test_coordination.grammar.variables import Parameter
from trading_ecosystem.domains.test_coordination.market_data_section import MarketDataSection
from trading_ecosystem.domains.test_coordination.state_operations import StateOperation
from trading_ecosystem.domains.test_coordination.strategy_source import StrategySource
from trading_ecosystem.domains.test_coordination.targeted_fault import TargetedFault
from trading_ecosystem.domains.test_coordination.transfer_operations import TransferOperation
from trading_ecosystem.domains.test_coordination.venue_section import VenueRules
from trading_ecosystem.messages.monitors import MONITORS
from trading_ecosystem.messages.risk import AlertKind, LimitKind
from trading_ecosystem.messages.test_coordination import FaultKind
from trading_ecosystem.messages.trading_phases import AccountStatus, KycStatus
from trading_ecosystem.messages.trading_state import TradingState
from trading_ecosystem.messages.units import MinorUnits, Nanos, PartsPerMillion, assets_settled

MARKET_DATA = "market-data"
"""Name of the market data component."""
TRADING = "trading"
"""Name of the trading component."""
RISK = "risk"
"""Name of the risk monitor."""
TEST_COORDINATION = "test-coordination"
"""Name of the test coordinator."""
LINKS = "links"
"""Name of the links between the components, which a link fault breaks."""
OPEN: Final[Nanos] = 0
"""The duration of a scenario, and of a run, that has no end."""
SUPERVISOR = "supervisor"
"""Name of what stops and starts the others."""
FIXED_NAMES = (MARKET_DATA, TRADING, RISK, TEST_COORDINATION, LINKS, MONITORS, SUPERVISOR)
"""Component names that no venue or custodian may take."""


class VenueSection(msgspec.Struct, frozen=True):
    """One exchange."""

    name: str
    publish_every_ns: Nanos
    maker_fee_ppm: PartsPerMillion
    taker_fee_ppm: PartsPerMillion
    settlement_cycle_ns: Nanos
    depth_levels: int
    house: dict[str, MinorUnits]
    """What the venue's house account starts with; it covers every asset that the instruments trade."""
    insurance: dict[str, MinorUnits] = {}
    """What its clearing account starts with: the insurance fund, where there is a perpetual; empty otherwise."""
    rules: VenueRules = VenueRules()
    """What the venue does only where the scenario says so."""

    @property
    def house_account(self) -> str:
        """The account for which the background flow trades."""
        return f"{self.name}-house"

    @property
    def fee_account(self) -> str:
        """The account to which fees are paid."""
        return f"{self.name}-fees"

    @property
    def clearing_account(self) -> str:
        """The account through which variation on perpetuals is paid."""
        return f"{self.name}-clearing"


class CustodianSection(msgspec.Struct, frozen=True):
    """The custodian of every venue."""

    name: str
    retry_every_ns: Nanos
    reconcile_every_ns: Nanos
    settlement_calendar: str = ""
    """By which transfers from and to outside settle; empty for every day but Saturday and Sunday."""
    weekend_processing: bool = False


class RiskLimit(msgspec.Struct, frozen=True):
    """One risk limit, in the unit that :class:`LimitKind` names."""

    kind: LimitKind
    subject: str
    value: int


class BreakerSection(msgspec.Struct, frozen=True):
    """The firm's circuit breaker, off unless a scenario states it; ``None`` where the house's default holds."""

    triggers: int | None
    within_ns: Nanos | None
    resets_after_ns: Nanos | None
    to: TradingState | None


class RiskSection(msgspec.Struct, frozen=True):
    """The risk monitor; ``limits`` replace its defaults one by one, and those of a kind wait as ``waits`` says.

    There is no circuit breaker unless ``breaker`` is one.
    """

    report_every_ns: Nanos
    limits: tuple[RiskLimit, ...]
    waits: tuple[tuple[LimitKind, Nanos], ...] = ()
    breaker: BreakerSection | None = None


class LatencyDistribution(enum.StrEnum):
    """How the latency of a link is drawn."""

    FIXED = "fixed"
    UNIFORM = "uniform"
    EXPONENTIAL = "exponential"
    LOGNORMAL = "lognormal"


class LinkSection(msgspec.Struct, frozen=True):
    """Latency of the link from one component to another; where several name the same link, the first counts."""

    senders: str
    receivers: str
    distribution: LatencyDistribution
    mean_ns: Nanos
    minimum_ns: Nanos
    sigma_ppm: PartsPerMillion
    """Shape of the log-normal; without meaning for the others."""


class Workload(msgspec.Struct, frozen=True):
    """A strategy with its account and the capital pledged to each venue; of a shared account the first workload states it."""

    strategy: str
    name: str
    account: str
    start_ns: Nanos | None
    """When it starts; ``None``: on standby, until a fault or somebody at a door starts it."""
    capital: dict[str, dict[str, MinorUnits]]
    """Amount per venue and asset."""
    settings: dict[str, str]
    """As written; a list of scalars is joined by commas."""
    capital_share_ppm: PartsPerMillion | None = None
    """Its part of an account that several workloads share; ``None`` where the account is its own."""


class Ecosystem(msgspec.Struct, frozen=True):
    """The components of a run."""

    market_data: MarketDataSection
    venues: tuple[VenueSection, ...]
    custodian: CustodianSection
    firm: FirmSection
    risk: RiskSection
    links: tuple[LinkSection, ...]
    standby: tuple[Workload, ...] = ()
    """Workloads that wait to be started."""

    @property
    def assets(self) -> tuple[str, ...]:
        """Every asset that an instrument in play trades, in order of first mention."""
        return assets_settled(self.market_data.instruments)

    @property
    def link_ends(self) -> tuple[str, ...]:
        """Every component whose links can be slow or broken.

        The test coordinator is none of them: it is no part of the system under test, and must know at once when a fault took
        effect.
        """
        return (MARKET_DATA, *(venue.name for venue in self.venues), self.custodian.name, TRADING, RISK)


class TradingOperation(msgspec.Struct, frozen=True):
    """A venue's operator halts an instrument, or lets it trade again."""

    at_ns: Nanos
    venue: str
    instrument: str
    halts: bool


class AccountOperation(msgspec.Struct, frozen=True):
    """A venue's operator gives a workload's account another status."""

    at_ns: Nanos
    venue: str
    account: str
    status: AccountStatus
    kyc: KycStatus


Operation: TypeAlias = TradingOperation | AccountOperation | TransferOperation | StateOperation


class PriceFault(msgspec.Struct, frozen=True, tag="price"):
    """``price_shock``, ``stablecoin_depeg`` or ``market_crash``: the price of ``assets`` moves, stays and comes back."""

    id: str
    kind: FaultKind
    at_ns: Nanos
    assets: tuple[str, ...]
    magnitude_ppm: PartsPerMillion
    ramp_ns: Nanos
    hold_ns: Nanos
    recovery_ns: Nanos
    residual_ppm: PartsPerMillion

    @property
    def lasts_ns(self) -> Nanos:
        """From onset to the end of the recovery."""
        return self.ramp_ns + self.hold_ns + self.recovery_ns


class FeedFault(msgspec.Struct, frozen=True, tag="feed"):
    """``feed_stale``, ``feed_drop`` or ``feed_delay``: the vendor feed of ``instruments`` is broken."""

    id: str
    kind: FaultKind
    at_ns: Nanos
    lasts_ns: Nanos
    instruments: tuple[str, ...]
    probability_ppm: PartsPerMillion
    delay_ns: Nanos


class FeedCorruption(msgspec.Struct, frozen=True, tag="corruption"):
    """``feed_corrupt``: the vendor feed publishes wrong prices of ``instruments``."""

    id: str
    kind: FaultKind
    at_ns: Nanos
    lasts_ns: Nanos
    instruments: tuple[str, ...]
    probability_ppm: PartsPerMillion
    magnitude_ppm: PartsPerMillion


class CustodianFault(msgspec.Struct, frozen=True, tag="custodian"):
    """``settlement_delay``, ``settlement_reject`` or ``custodian_offline``."""

    id: str
    kind: FaultKind
    at_ns: Nanos
    lasts_ns: Nanos
    probability_ppm: PartsPerMillion
    delay_ns: Nanos


class LinkFault(msgspec.Struct, frozen=True, tag="link"):
    """``link_delay``, ``link_drop``, ``link_duplicate``, ``link_reorder`` or ``link_partition`` between named components."""

    id: str
    kind: FaultKind
    at_ns: Nanos
    lasts_ns: Nanos
    senders: tuple[str, ...]
    receivers: tuple[str, ...]
    probability_ppm: PartsPerMillion
    delay_ns: Nanos


class VolatilityFault(msgspec.Struct, frozen=True, tag="volatility"):
    """``volatility_spike``: the prices of ``assets`` fluctuate ``factor_ppm`` as much, around their own trend."""

    id: str
    kind: FaultKind
    at_ns: Nanos
    assets: tuple[str, ...]
    factor_ppm: PartsPerMillion
    ramp_ns: Nanos
    hold_ns: Nanos
    recovery_ns: Nanos

    @property
    def lasts_ns(self) -> Nanos:
        """From onset to the end of the recovery."""
        return self.ramp_ns + self.hold_ns + self.recovery_ns


class CorrelationFault(msgspec.Struct, frozen=True, tag="correlation"):
    """``correlation_break``: the returns of ``asset`` correlate with those of ``against`` in another way."""

    id: str
    kind: FaultKind
    at_ns: Nanos
    asset: str
    against: str
    correlation_ppm: PartsPerMillion
    hold_ns: Nanos
    recovery_ns: Nanos

    @property
    def lasts_ns(self) -> Nanos:
        """From onset to the end of the recovery."""
        return self.hold_ns + self.recovery_ns


class DivergenceFault(msgspec.Struct, frozen=True, tag="divergence"):
    """``divergence``: ``instrument`` leaves the others of its underlying and comes back."""

    id: str
    kind: FaultKind
    at_ns: Nanos
    instrument: str
    magnitude_ppm: PartsPerMillion
    buildup_ns: Nanos
    sustain_ns: Nanos
    recovery_ns: Nanos

    @property
    def lasts_ns(self) -> Nanos:
        """From onset to the end of the recovery."""
        return self.buildup_ns + self.sustain_ns + self.recovery_ns


MarketFault: TypeAlias = VolatilityFault | CorrelationFault | DivergenceFault
"""A fault of how prices move and hang together."""
Fault: TypeAlias = PriceFault | FeedFault | FeedCorruption | CustodianFault | LinkFault | MarketFault | TargetedFault
"""A fault of any kind; ``at_ns`` counts from the start of the run."""


class PlannedFault(msgspec.Struct, frozen=True):
    """A fault as the scenario has it: where the two differ, each differing number is drawn between them."""

    lowest: Fault
    highest: Fault


class Expectation(msgspec.Struct, frozen=True):
    """What is expected of one fault: the alert ``within_ns`` of the first instant it could be seen, or a miss."""

    fault: str
    alert: AlertKind | None
    """``None``: the fault is expected to be missed."""
    within_ns: Nanos

    @property
    def missed(self) -> bool:
        """Whether the monitor is expected not to notice."""
        return self.alert is None


class CleanPeriod(msgspec.Struct, frozen=True):
    """From ``from_ns`` up to, but not including, ``until_ns`` no alert may fire."""

    from_ns: Nanos
    until_ns: Nanos


class Scenario(msgspec.Struct, frozen=True):
    """A whole scenario; ``name`` is the stem of its file."""

    name: str
    title: str
    description: str
    seed: int
    starts_at: Nanos
    duration_ns: Nanos
    ecosystem: Ecosystem
    workloads: tuple[Workload, ...]
    faults: tuple[PlannedFault, ...]
    expectations: tuple[Expectation, ...]
    clean_periods: tuple[CleanPeriod, ...]
    operations: tuple[Operation, ...] = ()
    """By time, and then as written."""
    checks: Checks = Checks()
    phases: tuple[Phase, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    needs: tuple[str, ...] = ()
    """Scenarios without which this one says nothing: where several are run, they are run before it, and must hold."""
    strategies: tuple[StrategySource, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it has no end: it runs live until it is stopped, and nothing judges the whole of it."""
        return self.duration_ns == OPEN
