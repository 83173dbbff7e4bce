"""What the risk monitor says and hears; :mod:`~trading_ecosystem.messages.alert_conditions` defines every alert exactly."""

from __future__ import annotations

import enum
from typing import ClassVar, Final

from trading_ecosystem.messages.base import Audience, Command, Message, Question
from trading_ecosystem.messages.units import MINUTE, SECOND, MinorUnits, Nanos, PartsPerMillion


class AlertKind(enum.StrEnum):
    """Every alert the monitor can raise."""

    PRICE_STALE = "price_stale"
    PRICE_CRASH = "price_crash"
    PRICE_SHOCK = "price_shock"
    STABLECOIN_DEPEG = "stablecoin_depeg"
    SETTLEMENT_OVERDUE = "settlement_overdue"
    POSITION_LIMIT = "position_limit"
    ASSET_NOTIONAL_LIMIT = "asset_notional_limit"
    TOTAL_NOTIONAL_LIMIT = "total_notional_limit"
    DAILY_LOSS_LIMIT = "daily_loss_limit"
    DRAWDOWN_LIMIT = "drawdown_limit"
    STABLECOIN_EXPOSURE_LIMIT = "stablecoin_exposure_limit"
    # Those below are defined in alert_conditions.py.
    FEED_GAP = "feed_gap"
    FEED_DUPLICATE = "feed_duplicate"
    FEED_OUT_OF_ORDER = "feed_out_of_order"
    PRICE_FROZEN = "price_frozen"
    CLOCK_SKEW = "clock_skew"
    PRICE_DEVIATION = "price_deviation"
    VOLATILITY_HIGH = "volatility_high"
    CORRELATION_BREACH = "correlation_breach"
    BASIS_DIVERGENCE = "basis_divergence"
    VENUE_DOWN = "venue_down"
    TRADING_HALTED = "trading_halted"
    BOOK_CROSSED = "book_crossed"
    SPREAD_WIDE = "spread_wide"
    LIQUIDITY_LOW = "liquidity_low"
    EXECUTION_LATENCY = "execution_latency"
    ORDER_UNANSWERED = "order_unanswered"
    REJECT_RATE = "reject_rate"
    EXECUTION_STORM = "execution_storm"
    DUPLICATE_EXECUTION = "duplicate_execution"
    FILL_AFTER_CANCEL = "fill_after_cancel"
    TRANSFER_REFUSED = "transfer_refused"
    TRANSFER_OVERDUE = "transfer_overdue"
    INSTRUCTION_MISMATCH = "instruction_mismatch"
    HOLDINGS_BREAK = "holdings_break"
    LEVERAGE_LIMIT = "leverage_limit"
    NET_DELTA_LIMIT = "net_delta_limit"
    CONCENTRATION_LIMIT = "concentration_limit"
    VALUE_AT_RISK_LIMIT = "value_at_risk_limit"
    EXPECTED_SHORTFALL_LIMIT = "expected_shortfall_limit"
    VENUE_EXPOSURE_LIMIT = "venue_exposure_limit"
    UNSETTLED_EXPOSURE_LIMIT = "unsettled_exposure_limit"
    ORDER_RATE_LIMIT = "order_rate_limit"
    TURNOVER_LIMIT = "turnover_limit"
    MARGIN_USAGE_LIMIT = "margin_usage_limit"


class Severity(enum.StrEnum):
    """How bad; ordered as listed."""

    WARNING = "warning"
    HIGH = "high"
    CRITICAL = "critical"


SEVERITY_RANK: Final = {Severity.WARNING: 1, Severity.HIGH: 2, Severity.CRITICAL: 3}
"""Rank of a severity, for comparisons."""


class LimitKind(enum.StrEnum):
    """What a limit bounds. The alert of a limit has the same stem; its subject is the limit's subject."""

    POSITION_LONG = "position_long"
    """Net position of an asset (subject), minor units of it, upper bound. Alert POSITION_LIMIT."""
    POSITION_SHORT = "position_short"
    """Net position of an asset, as a positive number of minor units below zero. Alert POSITION_LIMIT."""
    ASSET_NOTIONAL = "asset_notional"
    """Absolute value of the position of an asset other than USD, USD minor units; subject: the asset."""
    TOTAL_NOTIONAL = "total_notional"
    """Sum of the absolute values over all assets other than USD; subject: the firm."""
    DAILY_LOSS = "daily_loss"
    """Loss of equity since the last UTC midnight (or the start), net of deposits and withdrawals; subject: the firm.

    Equity = value of all positions. A deposit or withdrawal (``TransferPosted`` deposit; withdrawal when it leaves
    ``free``) moves the reference (and the high-water mark) by its value at the price then known.

    ``alert_conditions.py`` says exactly how."""
    DRAWDOWN = "drawdown"
    """Fall of equity below its high-water mark, parts per million of the mark; subject: the firm.

    Floored to whole parts per million before it is held against the limit; 0 while the mark is not positive."""
    STABLECOIN_EXPOSURE = "stablecoin_exposure"
    """Position in USDT times its deviation from 1 (absolute), USD minor units: the loss from the peg; subject: USDT.

    ``position * |price - 10⁸| // 10⁸``, and 0 for a position that is not positive."""
    # Those below are defined in alert_conditions.py, as are narrower subjects of those above.
    LEVERAGE = "leverage"
    NET_DELTA = "net_delta"
    CONCENTRATION = "concentration"
    VALUE_AT_RISK = "value_at_risk"
    EXPECTED_SHORTFALL = "expected_shortfall"
    VENUE_EXPOSURE = "venue_exposure"
    UNSETTLED_EXPOSURE = "unsettled_exposure"
    ORDER_RATE = "order_rate"
    TURNOVER = "turnover"
    MARGIN_USAGE = "margin_usage"


class AlertState(enum.StrEnum):
    """Life of an alert. Condition alerts fire at once; ``pending`` is for limits that wait."""

    PENDING = "pending"
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    ESCALATED = "escalated"
    RESOLVED = "resolved"
    SILENCED = "silenced"
    """It is not escalated before an instant, and then fires again."""


STALE_AFTER: Final[Nanos] = 30 * SECOND
CRASH_PPM: Final[PartsPerMillion] = 50_000
CRASH_WINDOW: Final[Nanos] = 15 * MINUTE
SHOCK_PPM: Final[PartsPerMillion] = 30_000
SHOCK_WINDOW: Final[Nanos] = 60 * SECOND
DEPEG_PPM: Final[PartsPerMillion] = 20_000
OVERDUE_AFTER: Final[Nanos] = 5 * MINUTE
KEEP_FIRING: Final[Nanos] = 5 * MINUTE
WARNING_PPM: Final[PartsPerMillion] = 750_000
HIGH_PPM: Final[PartsPerMillion] = 900_000
CRITICAL_PPM: Final[PartsPerMillion] = 1_000_000
ESCALATE_HIGH_AFTER: Final[Nanos] = 15 * MINUTE
"""An unacknowledged high alert is escalated after this long."""
ESCALATE_CRITICAL_AFTER: Final[Nanos] = 5 * MINUTE

ALERT_OF_LIMIT: Final[dict[LimitKind, AlertKind]] = {
    LimitKind.POSITION_LONG: AlertKind.POSITION_LIMIT,
    LimitKind.POSITION_SHORT: AlertKind.POSITION_LIMIT,
    LimitKind.ASSET_NOTIONAL: AlertKind.ASSET_NOTIONAL_LIMIT,
    LimitKind.TOTAL_NOTIONAL: AlertKind.TOTAL_NOTIONAL_LIMIT,
    LimitKind.DAILY_LOSS: AlertKind.DAILY_LOSS_LIMIT,
    LimitKind.DRAWDOWN: AlertKind.DRAWDOWN_LIMIT,
    LimitKind.STABLECOIN_EXPOSURE: AlertKind.STABLECOIN_EXPOSURE_LIMIT,
    LimitKind.LEVERAGE: AlertKind.LEVERAGE_LIMIT,
    LimitKind.NET_DELTA: AlertKind.NET_DELTA_LIMIT,
    LimitKind.CONCENTRATION: AlertKind.CONCENTRATION_LIMIT,
    LimitKind.VALUE_AT_RISK: AlertKind.VALUE_AT_RISK_LIMIT,
    LimitKind.EXPECTED_SHORTFALL: AlertKind.EXPECTED_SHORTFALL_LIMIT,
    LimitKind.VENUE_EXPOSURE: AlertKind.VENUE_EXPOSURE_LIMIT,
    LimitKind.UNSETTLED_EXPOSURE: AlertKind.UNSETTLED_EXPOSURE_LIMIT,
    LimitKind.ORDER_RATE: AlertKind.ORDER_RATE_LIMIT,
    LimitKind.TURNOVER: AlertKind.TURNOVER_LIMIT,
    LimitKind.MARGIN_USAGE: AlertKind.MARGIN_USAGE_LIMIT,
}
"""The alert that a breach of each kind of limit raises."""


class ChangeLimit(Command, frozen=True, gc=False):
    """Set a limit to a new value, or have a new one.

    A new one on a part of the firm begins with what that part holds; its loss and drawdown, orders and turnover count from
    then.
    """

    audience: ClassVar[Audience] = Audience.PRODUCTION
    addressed_by: ClassVar[str | None] = "component"
    component: str
    account: str
    kind: LimitKind
    subject: str
    value: int
    by: str = ""
    reason: str = ""


class AcknowledgeAlert(Command, frozen=True, gc=False):
    """A person takes an alert on; it is no longer escalated."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    addressed_by: ClassVar[str | None] = "component"
    component: str
    account: str
    alert_id: int
    by: str
    reason: str = ""


class SilenceAlert(Command, frozen=True, gc=False):
    """A person wants a firing alert not to be escalated before ``until``, at most seven days from now."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    addressed_by: ClassVar[str | None] = "component"
    component: str
    account: str
    alert_id: int
    by: str
    until: Nanos
    reason: str = ""


class EscalateAlert(Command, frozen=True, gc=False):
    """A person escalates an alert, whether or not its time has come."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    addressed_by: ClassVar[str | None] = "component"
    component: str
    account: str
    alert_id: int
    by: str
    reason: str = ""


class LimitSet(Message, frozen=True, gc=False):
    """A limit in force from now on; ``version`` rises by one per change. Unit by :class:`LimitKind`."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    account: str
    kind: LimitKind
    subject: str
    value: int
    version: int
    by: str = ""
    """Who changed it, and why; empty at the start."""
    reason: str = ""


class AlertPending(Message, frozen=True, gc=False):
    """A condition holds whose alert fires at ``fires_at``, if it holds without a break until then; units as for AlertRaised."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    account: str
    kind: AlertKind
    subject: str
    severity: Severity
    observed: int
    threshold: int
    fires_at: Nanos


class AlertPendingEnded(Message, frozen=True, gc=False):
    """The condition of a pending alert ceased: it does not fire."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    account: str
    kind: AlertKind
    subject: str


class AlertRaised(Message, frozen=True, gc=False):
    """An alert fires. ``observed`` and ``threshold`` are in the unit of its kind.

    Units: nanoseconds for PRICE_STALE and SETTLEMENT_OVERDUE, parts per million for the price alerts and
    STABLECOIN_DEPEG, parts per million of utilisation against 1,000,000 for limits.
    """

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    account: str
    alert_id: int
    kind: AlertKind
    subject: str
    severity: Severity
    observed: int
    threshold: int
    raised_at: Nanos


class AlertUpdated(Message, frozen=True, gc=False):
    """An active alert became more severe."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    account: str
    alert_id: int
    kind: AlertKind
    subject: str
    severity: Severity
    observed: int


class AlertAcknowledged(Message, frozen=True, gc=False):
    """A person took an alert on."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    account: str
    alert_id: int
    by: str
    reason: str = ""


class AlertSilenced(Message, frozen=True, gc=False):
    """An alert is silent until ``until``."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    account: str
    alert_id: int
    by: str
    until: Nanos
    reason: str = ""


class AlertSilenceEnded(Message, frozen=True, gc=False):
    """An alert fires again, as it did before it was silenced."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    account: str
    alert_id: int


class AlertEscalated(Message, frozen=True, gc=False):
    """Nobody acknowledged an alert in time, or somebody escalated it."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    account: str
    alert_id: int
    kind: AlertKind
    subject: str
    severity: Severity
    by: str = ""
    """Who; empty where time did."""
    reason: str = ""


class AlertResolved(Message, frozen=True, gc=False):
    """The condition of an alert has not held for the keep-firing time; ``cleared_at`` is when it stopped holding."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    account: str
    alert_id: int
    kind: AlertKind
    subject: str
    cleared_at: Nanos


class RiskCommandRejected(Message, frozen=True, gc=False):
    """A limit change or an acknowledgement was refused; ``reason`` says why in one line."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    account: str
    command: str
    reason: str


class ExposureReported(Message, frozen=True, gc=False):
    """The firm's exposures, every reporting interval; USD minor units unless named otherwise."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    account: str
    equity_usd_minor: MinorUnits
    gross_notional_usd_minor: MinorUnits
    net_delta_usd_minor: MinorUnits
    """Signed value of the positions in coins other than USD and stablecoins."""
    daily_pnl_usd_minor: MinorUnits
    drawdown_ppm: PartsPerMillion
    unsettled_usd_minor: MinorUnits
    """Sum of absolute values of unsettled base amounts at the latest price.

    Gross: every unsettled fill counts with its base amount, whichever its side."""
    btc_minor: MinorUnits
    """Net position, perpetuals included; so for ETH."""
    eth_minor: MinorUnits
    usd_minor: MinorUnits
    usdt_minor: MinorUnits


class AlertsQuestion(Question, frozen=True, gc=False):
    """Active alerts; answered by a tuple of AlertRaised with the severity now."""


class ExposureQuestion(Question, frozen=True, gc=False):
    """Exposures now; answered by an ExposureReported."""
