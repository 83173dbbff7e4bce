"""What the risk monitor says and hears, and the exact definition of every alert.

The definitions stand here, in the published language, because two parties implement them independently: the risk
monitor (``domains/risk``) and the audit correlator, which recomputes from the record whether each condition held.

**Common.** ``now`` is the ecosystem instant of the message being handled. Windows are half open: a value that arrived
at ``t`` is inside a window of length ``w`` while ``now - t < w``. A *price* is a ``PricePublished`` as it arrives:
every arrival counts, at its arrival, whatever its ``priced_at`` or ``update`` (late ones and duplicates too); only
staleness looks at ``priced_at``. One that is not above 0, or above 10²⁰ minor units, has not arrived; so has none of an
instrument that the monitor was not given. Comparisons are exact integer arithmetic: "at least 3 %" is ``difference *
1_000_000 >= 30_000 * reference``. Where a ratio is said, it is floored.
A *position* of the firm in an asset is free + pledged (over all venues) + unsettled, over all its accounts: free and
pledged from ``TransferPosted``, ``TransferPending`` (free_after) and ``SettlementSettled``; unsettled is, for every
``OrderFilled`` not yet settled, +base for a buy and -base for a sell, -(quote + fee) for a buy, +(quote - fee) for a
sell.
For an amount, the last message that arrived counts, except that some arrivals change nothing: a fill that arrives again
(same venue, instrument, trade, account, execution) or whose trade was said settled to that account before; a
``SettlementSettled`` that arrives again (same venue, instrument, trade, account); a transfer message that arrives
again, equal in every field; a ``TransferPending`` after the ``TransferPosted`` of the same transfer.
**Perpetuals.** A fill of a perpetual adds its signed lots to the position of its account at its venue and its signed
notional to the position's *carried value*, and takes its fee from the firm's USD; it is no unsettled fill. A
``VariationSettled`` sets position and carried value of each of its lines (position times mark), gives back the fees that
fills of that account in these instruments took since its last one, and adds ``settled_minor`` to the firm's position in its
asset; ``VariationPosted`` takes that away again and sets the pledged amount. Both count once per venue, account and number; if
``VariationPosted`` came first, ``settled_minor`` is not added. The *net position* in an asset is the position plus the base
amounts of all perpetuals on it, and position limits, notionals and net delta are of net positions. The equity has, beside the
values of the positions, for each perpetual of which a price has arrived: base amount times price ``// 10⁸`` (floor, of all
accounts together) less carried value.
An asset's *USD price* is the latest price of ``<asset>/USD`` (USD itself 10⁸ minor units); value of a position is
``position_minor * price_minor // 10⁸`` (floor). A limit whose price is missing is evaluated without that asset.

**PRICE_STALE** (subject: instrument). Holds when ``now - newest priced_at > 30 s``. Begins at exactly ``newest
priced_at + 30 s + 1 ns`` if nothing newer arrived before that instant (what arrives at that very instant ends it
again). Critical from 60 s: ``now - newest priced_at >= 60 s``. An older ``priced_at`` that arrives later does not move
the newest; one in the future counts as ``now``. An instrument of which no price has arrived yet is not stale.
**PRICE_CRASH** (instrument). On a price: it lies at least 5 % below the highest price of the last 15 min (this one
included). Critical from 10 %. What a price decided holds until the next price of the instrument; so for PRICE_SHOCK.
**PRICE_SHOCK** (instrument). On a price: it differs by at least 3 % from the lowest or from the highest price of the
last 60 s (relative to that lowest or highest; this one included). Critical from 6 %. ``observed`` is the larger of the
two.
**STABLECOIN_DEPEG** (asset USDT). On a USDT/USD price: ``|price - 1|`` is at least 2 % while the firm's position in
USDT is positive. Also re-evaluated when the position changes. Critical from 4 %.
**SETTLEMENT_OVERDUE** (venue). A fill of the firm at the venue is unsettled and ``now >= settles_at + 5 min``. Critical
from 10 min past ``settles_at``. Begins and worsens at these exact instants; ``observed`` is ``now - settles_at`` of the
oldest.
**Limits** (see :class:`LimitKind`), re-evaluated on every USD price and every position change, and when the limit
itself is changed: utilisation = observed / limit; warning from 75 %, high from 90 %, critical from 100 %. A message
that changes two assets' positions is evaluated once, after both. What is not above zero (no loss, no position on that
side) uses nothing of a limit.

**Equity and its reference.** The day's reference and the high-water mark start at 0. After each change of the equity
the mark is raised to it if it is higher. A deposit or withdrawal moves both, once a transfer, by the floor of its
amount's value at the price then known (not at all if there is none); a withdrawal when it is pending, or when posted if
nothing was pending. The first USD price of an asset moves both by the value that the position in it then gets. At a UTC
midnight the reference becomes the equity as it was before anything that arrived at or after midnight.

**Lifecycle.** One alert per (kind, subject) is active at a time. It is raised when the condition begins, updated when
its severity *rises* above the highest so far, and resolved when the condition has not held for 5 min without a break
(``KEEP_FIRING``), which is also the de-duplication window: at exactly ``cleared_at + 5 min``, and a condition that
begins again at that instant is a new alert. An active alert that nobody acknowledged is escalated once, 15 min after it
reached high or 5 min after it reached critical, whichever comes first, even if its condition has ceased in the
meantime; warnings are not escalated.
A person may silence a firing alert until an instant: before that it is not escalated by time; if its time has passed by
then it is escalated at that very instant. A person may escalate any alert that is not escalated, which ends its silence, as
acknowledging does. Neither changes whether an alert is raised, updated or resolved, nor when.
"""

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

    The head of this module says exactly how."""
    DRAWDOWN = "drawdown"
    """Fall of equity below its high-water mark, parts per million of the mark; subject: the firm.

    Floored to whole parts per million before it is held against the limit; 0 while the mark is not positive."""
    STABLECOIN_EXPOSURE = "stablecoin_exposure"
    """Position in USDT times its deviation from 1 (absolute), USD minor units: the loss from the peg; subject: USDT.

    ``position * |price - 10⁸| // 10⁸``, and 0 for a position that is not positive."""


class AlertState(enum.StrEnum):
    """Life of an alert. Condition alerts fire at once; ``pending`` is for rules that wait."""

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
}
"""The alert that a breach of each kind of limit raises."""


class ChangeLimit(Command, frozen=True, gc=False):
    """Set a limit to a new value."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    addressed_by: ClassVar[str | None] = "component"
    component: str
    account: str
    kind: LimitKind
    subject: str
    value: int


class AcknowledgeAlert(Command, frozen=True, gc=False):
    """A person takes an alert on; it is no longer escalated."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    addressed_by: ClassVar[str | None] = "component"
    component: str
    account: str
    alert_id: int
    by: str


class SilenceAlert(Command, frozen=True, gc=False):
    """A person wants a firing alert not to be escalated before ``until``, at most seven days from now."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    addressed_by: ClassVar[str | None] = "component"
    component: str
    account: str
    alert_id: int
    by: str
    until: Nanos


class EscalateAlert(Command, frozen=True, gc=False):
    """A person escalates an alert, whether or not its time has come."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    addressed_by: ClassVar[str | None] = "component"
    component: str
    account: str
    alert_id: int
    by: str


class LimitSet(Message, frozen=True, gc=False):
    """A limit in force from now on; ``version`` rises by one per change. Unit by :class:`LimitKind`."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    account: str
    kind: LimitKind
    subject: str
    value: int
    version: int


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


class AlertSilenced(Message, frozen=True, gc=False):
    """An alert is silent until ``until``."""

    audience: ClassVar[Audience] = Audience.PRODUCTION
    private: ClassVar[bool] = True
    account: str
    alert_id: int
    by: str
    until: Nanos


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
