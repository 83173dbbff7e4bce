"""What the test coordinator says and hears: runs, faults, conditions that took effect, and the truth about them."""

from __future__ import annotations

import enum
from typing import ClassVar

from trading_ecosystem.messages.base import Audience, Command, Message, Question, Row
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.units import Nanos, PartsPerMillion


class FaultKind(enum.StrEnum):
    """Every fault that can be injected; the same words in scenarios, protos and reports."""

    PRICE_SHOCK = "price_shock"
    STABLECOIN_DEPEG = "stablecoin_depeg"
    MARKET_CRASH = "market_crash"
    FEED_STALE = "feed_stale"
    FEED_DROP = "feed_drop"
    FEED_DELAY = "feed_delay"
    SETTLEMENT_DELAY = "settlement_delay"
    SETTLEMENT_REJECT = "settlement_reject"
    CUSTODIAN_OFFLINE = "custodian_offline"
    LINK_DELAY = "link_delay"
    LINK_DROP = "link_drop"
    LINK_DUPLICATE = "link_duplicate"
    LINK_REORDER = "link_reorder"
    LINK_PARTITION = "link_partition"
    VOLATILITY_SPIKE = "volatility_spike"
    CORRELATION_BREAK = "correlation_break"
    DIVERGENCE = "divergence"
    FEED_CORRUPT = "feed_corrupt"
    STRATEGY_RUNAWAY = "strategy_runaway"
    STRATEGY_RISK_IGNORANT = "strategy_risk_ignorant"
    STRATEGY_VOLATILITY_AMPLIFIER = "strategy_volatility_amplifier"
    STRATEGY_CORRELATION_BREAKER = "strategy_correlation_breaker"
    STRATEGY_SLOW_LEAK = "strategy_slow_leak"
    VENUE_OUTAGE = "venue_outage"
    VENUE_HALT = "venue_halt"
    VENUE_LATENCY = "venue_latency"
    VENUE_REJECT = "venue_reject"
    VENUE_SPREAD = "venue_spread"
    VENUE_LIQUIDITY = "venue_liquidity"
    VENUE_PARTIAL_FILLS = "venue_partial_fills"
    VENUE_LOST_ACK = "venue_lost_ack"
    VENUE_DUPLICATE_EXECUTION = "venue_duplicate_execution"
    VENUE_LATE_FILL = "venue_late_fill"
    VENUE_CROSSED_BOOK = "venue_crossed_book"
    COMPONENT_PAUSE = "component_pause"
    COMPONENT_CRASH = "component_crash"
    STORE_SLOW = "store_slow"
    STORE_UNAVAILABLE = "store_unavailable"
    FEED_DUPLICATE = "feed_duplicate"
    FEED_OUT_OF_ORDER = "feed_out_of_order"
    FEED_GAP = "feed_gap"
    FEED_FROZEN = "feed_frozen"
    FEED_BAD_TICK = "feed_bad_tick"
    FEED_CLOCK_SKEW = "feed_clock_skew"
    TRANSFER_REJECT = "transfer_reject"
    TRANSFER_SLOW = "transfer_slow"
    PARTIAL_SETTLEMENT = "partial_settlement"
    BANK_HOLIDAY = "bank_holiday"
    INSTRUCTION_MISMATCH = "instruction_mismatch"
    STALE_BALANCE = "stale_balance"


class LinkConditionKind(enum.StrEnum):
    """A way in which a link between two components is broken."""

    LINK_DELAY = "link_delay"
    """Every message takes ``delay_ns`` longer; order is kept."""
    LINK_DROP = "link_drop"
    """Each message is lost with probability ``probability_ppm``."""
    LINK_DUPLICATE = "link_duplicate"
    """Each message is delivered twice with probability ``probability_ppm``, the second time ``delay_ns`` later."""
    LINK_REORDER = "link_reorder"
    """Each message is, with probability ``probability_ppm``, held back by ``delay_ns`` while later ones pass it."""
    LINK_PARTITION = "link_partition"
    """Nothing passes."""


class LinkEffect(enum.StrEnum):
    """What a broken link did to one delivery."""

    DELAYED = "delayed"
    DROPPED = "dropped"
    DUPLICATED = "duplicated"
    REORDERED = "reordered"


class RunStarted(Message, frozen=True, gc=False):
    """A scenario run begins; an input. With a ``duration_ns`` of 0 it has no end."""

    audience: ClassVar[Audience] = Audience.CONTROL
    run: str
    scenario: str
    seed: int
    duration_ns: Nanos


class RunEnded(Message, frozen=True, gc=False):
    """A scenario run is over: the last entry of its record."""

    audience: ClassVar[Audience] = Audience.CONTROL
    run: str


class Resumed(Message, frozen=True, gc=False):
    """A live ecosystem was started again at this instant after standing still since ``stopped_at``; an input.

    While the clock catches up to the wall, prices tick and venues publish every ``tick_ns`` (0: their normal tick).
    """

    audience: ClassVar[Audience] = Audience.CONTROL
    stopped_at: Nanos
    until: Nanos
    tick_ns: Nanos


class ConditionTookEffect(Message, frozen=True, gc=False):
    """Said together with the first message that a condition changes."""

    audience: ClassVar[Audience] = Audience.CONTROL
    component: str
    condition_id: str
    subject: str
    """The instrument, asset, account or link that was first affected."""


class ConditionEnded(Message, frozen=True, gc=False):
    """Said together with the last message that a condition changes, or when it lapses without effect left."""

    audience: ClassVar[Audience] = Audience.CONTROL
    component: str
    condition_id: str


class ConditionCleared(Message, frozen=True, gc=False):
    """Stop a condition now (rollback)."""

    audience: ClassVar[Audience] = Audience.CONTROL
    addressed_by: ClassVar[str | None] = "component"
    component: str
    condition_id: str


class LinkConditionSet(Message, frozen=True, gc=False):
    """Break the links from ``senders`` to ``receivers`` (component names) until ``until``. Heard by the links."""

    audience: ClassVar[Audience] = Audience.CONTROL
    addressed_by: ClassVar[str | None] = "component"
    component: str
    condition_id: str
    kind: LinkConditionKind
    senders: tuple[str, ...]
    receivers: tuple[str, ...]
    until: Nanos
    delay_ns: Nanos = 0
    probability_ppm: PartsPerMillion = 0


class LinkConditionApplied(Message, frozen=True, gc=False):
    """A broken link did something to the delivery of the entry ``sequence`` to ``receiver``.

    ``delivered_at`` is when the delivery was made instead (the second one, if duplicated); 0 if it was dropped.
    """

    audience: ClassVar[Audience] = Audience.CONTROL
    condition_id: str
    effect: LinkEffect
    sender: str
    receiver: str
    sequence: int
    delivered_at: Nanos


class FaultInjected(Message, frozen=True, gc=False):
    """The coordinator set a condition for a fault of the schedule. ``subjects`` names what it aims at."""

    audience: ClassVar[Audience] = Audience.CONTROL
    run: str
    fault_id: str
    kind: FaultKind
    component: str
    subjects: tuple[str, ...]
    planned_until: Nanos


class FaultField(Row, frozen=True, gc=False):
    """One field of a fault as a scenario would have it, both in its words: ``magnitude`` is ``-0.06``, ``duration`` is ``90s``.

    A list is written with commas between: ``assets`` is ``BTC,ETH``.
    """

    name: str
    value: str


class InjectFault(Command, frozen=True, gc=False):
    """Inject a fault into a running ecosystem; answered by FaultInjected and the condition, FaultPlanned, or FaultRefused.

    ``kind`` is a :class:`FaultKind`; ``fields`` are those of the catalogue, and ``at``, which counts from now (default: 0s).
    """

    audience: ClassVar[Audience] = Audience.CONTROL
    addressed_by: ClassVar[str | None] = "coordinator"
    fault_id: str
    kind: str
    fields: tuple[FaultField, ...] = ()
    coordinator: str = "test-coordination"


class ClearFault(Command, frozen=True, gc=False):
    """Roll a fault back, or give up a planned one; answered by FaultCleared and ConditionCleared, or by FaultRefused."""

    audience: ClassVar[Audience] = Audience.CONTROL
    addressed_by: ClassVar[str | None] = "coordinator"
    fault_id: str
    coordinator: str = "test-coordination"


class FaultPlanned(Message, frozen=True, gc=False):
    """A fault was asked for and will be injected at ``at``."""

    audience: ClassVar[Audience] = Audience.CONTROL
    run: str
    fault_id: str
    kind: FaultKind
    component: str
    subjects: tuple[str, ...]
    at: Nanos


class FaultRefused(Message, frozen=True, gc=False):
    """A fault was not injected or not cleared. ``reason`` is one line; ``field`` names the field at fault, if one is."""

    audience: ClassVar[Audience] = Audience.CONTROL
    fault_id: str
    field: str
    reason: str


class FaultCleared(Message, frozen=True, gc=False):
    """A fault is rolled back: its condition is cleared, or it never comes."""

    audience: ClassVar[Audience] = Audience.CONTROL
    run: str
    fault_id: str


class FaultStatus(enum.StrEnum):
    """How far a fault has come."""

    PLANNED = "planned"
    INJECTED = "injected"
    """Its condition is set and has changed nothing yet. One of a scenario's schedule stays so if it never does."""
    IN_EFFECT = "in_effect"
    ENDED = "ended"
    CLEARED = "cleared"


class FaultState(Row, frozen=True, gc=False):
    """A fault of the schedule or one injected since, as it stands."""

    fault_id: str
    kind: FaultKind
    component: str
    subjects: tuple[str, ...]
    status: FaultStatus
    at: Nanos
    """When it is or was injected."""
    until: Nanos
    """When its condition ends by itself."""


class FaultsQuestion(Question, frozen=True, gc=False):
    """Every fault of the run; answered by a tuple of FaultState, in the order of ``at``."""


class GroundTruthLabelled(Message, frozen=True, gc=False):
    """A fault really took effect at ``onset_at``: what happened, and what a monitor ought to say about it.

    ``expected_alert`` is ``None`` for a kind outside the monitor's mandate; ``detectable`` is false below the severity
    that the catalogue names. Any one of ``expected_subjects`` counts. ``threshold`` is in the unit of the alert.
    """

    audience: ClassVar[Audience] = Audience.AUDIT
    run: str
    fault_id: str
    kind: FaultKind
    component: str
    first_subject: str
    onset_at: Nanos
    expected_alert: AlertKind | None
    expected_subjects: tuple[str, ...]
    detectable: bool
    threshold: int
    sla_ns: Nanos
    severity: int
    """The fault's size in the unit of the alert's threshold (parts per million, nanoseconds)."""


class GroundTruthClosed(Message, frozen=True, gc=False):
    """A fault's effect ended at ``ended_at``."""

    audience: ClassVar[Audience] = Audience.AUDIT
    run: str
    fault_id: str
    ended_at: Nanos
