"""Faults of a venue: outages, latencies, refusals, thin books, and reports that are lost, late or said twice.

What each does to a venue stands in :class:`~trading_ecosystem.messages.venue_conditions.VenueConditionKind`. Faults of what an
account is told (latency, lost answers, refusals, repeated and late fills, fills in pieces) show only while somebody trades
there.
"""

from __future__ import annotations

from typing import Final, Self

from trading_ecosystem.domains.test_coordination.catalogue_entry import PRICE_CAP, CatalogueEntry, Target
from trading_ecosystem.domains.test_coordination.document import Node, shown
from trading_ecosystem.domains.test_coordination.parameters import TestCoordinationParameters
from trading_ecosystem.domains.test_coordination.quantities import enumerated, named, ratio, text_of, whole_number
from trading_ecosystem.domains.test_coordination.targeted_fault import FaultReading, TargetedFault
from trading_ecosystem.messages.alert_conditions import (
    CROSSED_QUOTES,
    GIVEN_UP_AFTER,
    HALTED_INSTRUMENTS,
    LATENCY_FROM,
    ODD_EXECUTIONS,
    REJECTS_PPM,
    SPREAD_PPM,
    STORM_FILLS,
    THINNER_PPM,
    UNANSWERED_AFTER,
    UNBOUNDED_PPM,
    VENUE_SILENT_AFTER,
)
from trading_ecosystem.messages.base import Message, master_of
from trading_ecosystem.messages.risk import AlertKind
from trading_ecosystem.messages.test_coordination import FaultKind
from trading_ecosystem.messages.units import MINUTE, PARTS_PER_MILLION, SECOND, Nanos, PartsPerMillion
from trading_ecosystem.messages.venue_conditions import CommandKind, OutageOrders, VenueConditionKind, VenueConditionSet
from trading_ecosystem.ports.errors import BadInput

LONGEST_LATENCY: Final[Nanos] = 10 * MINUTE
"""Answers later than 15 min would be to commands that were given up."""
FEWEST_PIECES: Final = 2
MOST_PIECES: Final = 200
MAGNITUDES: Final[dict[FaultKind, PartsPerMillion]] = {
    FaultKind.VENUE_SPREAD: PRICE_CAP,
    FaultKind.VENUE_LIQUIDITY: PARTS_PER_MILLION,
    FaultKind.VENUE_CROSSED_BOOK: 50_000,
}
"""The largest magnitude of each kind that has one; it is above 0."""
_LIKELY: Final[PartsPerMillion] = PARTS_PER_MILLION // 2
_OF_BOOKS: Final = (AlertKind.SPREAD_WIDE, AlertKind.LIQUIDITY_LOW, AlertKind.BOOK_CROSSED)
"""Alerts whose subject is one book of a venue."""


class VenueFault(TargetedFault, frozen=True, kw_only=True, tag="venue"):
    """A venue misbehaves; what a kind does not know is left at its default."""

    venue: str
    instruments: tuple[str, ...]
    account: str = ""
    probability_ppm: PartsPerMillion = 0
    magnitude_ppm: PartsPerMillion = 0
    delay_ns: Nanos = 0
    pieces: int = 0
    operation: CommandKind = CommandKind.ALL
    orders: OutageOrders = OutageOrders.HOLD

    @classmethod
    def read(cls, reading: FaultReading) -> Self:
        """The fault from its fields."""
        fields, kind = reading.fields, reading.kind
        operation, orders, pieces = fields.get("operation"), fields.get("orders"), reading.number("pieces")
        magnitude, account = reading.number("magnitude"), fields.get("account")
        return cls(
            id=reading.fault_id(),
            kind=kind,
            at_ns=reading.duration("at"),
            lasts_ns=reading.duration("duration", shortest=1),
            venue=named(fields.need("venue"), "venue", [venue.name for venue in reading.ecosystem.venues]),
            instruments=reading.instruments(),
            account=_account(account, reading) if account else "",
            probability_ppm=reading.probability(),
            magnitude_ppm=ratio(magnitude, "magnitude", 1, MAGNITUDES[kind]) if magnitude else 0,
            delay_ns=reading.duration("delay", shortest=1, longest=LONGEST_LATENCY),
            pieces=whole_number(pieces, "pieces", FEWEST_PIECES, MOST_PIECES) if pieces else 0,
            operation=enumerated(operation, "operation", CommandKind) if operation else CommandKind.ALL,
            orders=enumerated(orders, "orders", OutageOrders) if orders else OutageOrders.HOLD,
        )

    def component(self, parameters: TestCoordinationParameters) -> str:
        """The venue."""
        return self.venue

    def condition(self, parameters: TestCoordinationParameters, now: Nanos) -> Message:
        """The venue's condition."""
        return VenueConditionSet(
            component=self.venue,
            condition_id=self.id,
            kind=VenueConditionKind(self.kind.value),
            until=now + self.lasts_ns,
            instruments=self.instruments,
            account=self.account,
            probability_ppm=self.probability_ppm,
            magnitude_ppm=self.magnitude_ppm,
            delay_ns=self.delay_ns,
            pieces=self.pieces,
            operation=self.operation,
            orders=self.orders,
        )

    def targets(self, parameters: TestCoordinationParameters) -> tuple[str, ...]:
        """The venue, or those of its books that are concerned."""
        if ENTRIES[self.kind].expected_alert in _OF_BOOKS or self.kind is FaultKind.VENUE_HALT:
            return tuple(f"{self.venue}:{symbol}" for symbol in self.instruments)
        return (self.venue,)

    def severity(self, parameters: TestCoordinationParameters) -> int:
        """Its size; see the mandates in ``ENTRIES``."""
        match self.kind:
            case FaultKind.VENUE_OUTAGE:
                return self.lasts_ns
            case FaultKind.VENUE_HALT:
                return len(self.instruments)
            case FaultKind.VENUE_LATENCY:
                return self.delay_ns
            case FaultKind.VENUE_REJECT:
                return self.probability_ppm
            case FaultKind.VENUE_SPREAD:
                return self.magnitude_ppm
            case FaultKind.VENUE_LIQUIDITY:
                left_ppm = PARTS_PER_MILLION - self.magnitude_ppm
                return PARTS_PER_MILLION**2 // left_ppm if left_ppm else UNBOUNDED_PPM
            case FaultKind.VENUE_PARTIAL_FILLS:
                return self.pieces
            case FaultKind.VENUE_LOST_ACK:
                return GIVEN_UP_AFTER if self.probability_ppm == PARTS_PER_MILLION else 0
            case FaultKind.VENUE_CROSSED_BOOK:
                return CROSSED_QUOTES
        return ODD_EXECUTIONS if self.probability_ppm >= _LIKELY else 0

    def expected_alert(self, parameters: TestCoordinationParameters) -> AlertKind | None:
        """By the catalogue."""
        return ENTRIES[self.kind].expected_alert

    def alert_subjects(self, parameters: TestCoordinationParameters) -> tuple[str, ...]:
        """The venue, or any of its books that are concerned."""
        if ENTRIES[self.kind].expected_alert in _OF_BOOKS:
            return self.targets(parameters)
        return (self.venue,)


def _account(node: Node, reading: FaultReading) -> str:
    """An account of the firm, whether or not it is there."""
    account = text_of(node, "account")
    firm = reading.ecosystem.firm.name
    if master_of(account) != firm or account == firm:
        problem = f"the account {shown(account)} is none of the firm; expected a sub-account of it, such as {firm}/maker"
        raise BadInput(node.place, problem)
    return account


def _entry(
    expected: AlertKind,
    threshold: int,
    required: tuple[str, ...],
    optional: tuple[str, ...],
    mandate: str,
    detectable_from: int,
) -> CatalogueEntry:
    return CatalogueEntry(
        target=Target.VENUE,
        required=("venue", "duration", *required),
        optional=optional,
        expected_alert=expected,
        threshold=threshold,
        detectable_from=detectable_from,
        sla_ns=5 * SECOND,
        mandate=mandate,
    )


ENTRIES: Final[dict[FaultKind, CatalogueEntry]] = {
    FaultKind.VENUE_OUTAGE: _entry(
        AlertKind.VENUE_DOWN, VENUE_SILENT_AFTER, (), ("orders",), "size is the duration", VENUE_SILENT_AFTER + 1
    ),
    FaultKind.VENUE_HALT: _entry(
        AlertKind.TRADING_HALTED, HALTED_INSTRUMENTS, (), ("instruments",), "size is how many instruments are halted", 1
    ),
    FaultKind.VENUE_LATENCY: _entry(
        AlertKind.EXECUTION_LATENCY,
        LATENCY_FROM,
        ("delay",),
        ("operation", "account"),
        "size is the delay; a command of that kind must be answered meanwhile",
        LATENCY_FROM,
    ),
    FaultKind.VENUE_REJECT: _entry(
        AlertKind.REJECT_RATE,
        REJECTS_PPM,
        ("probability",),
        ("account",),
        "size is the probability; orders must be placed meanwhile, ten answers to them within 5 min",
        800_000,
    ),
    FaultKind.VENUE_SPREAD: _entry(
        AlertKind.SPREAD_WIDE,
        SPREAD_PPM,
        ("magnitude",),
        ("instruments",),
        "size is the magnitude; no named account may quote inside",
        20_000,
    ),
    FaultKind.VENUE_LIQUIDITY: _entry(
        AlertKind.LIQUIDITY_LOW,
        THINNER_PPM,
        ("magnitude",),
        ("instruments",),
        "size is how many times thinner the background's depth is; that of named accounts stays",
        20 * PARTS_PER_MILLION,
    ),
    FaultKind.VENUE_PARTIAL_FILLS: _entry(
        AlertKind.EXECUTION_STORM,
        STORM_FILLS,
        ("pieces",),
        (),
        "size is the number of pieces; somebody must trade meanwhile",
        STORM_FILLS,
    ),
    FaultKind.VENUE_LOST_ACK: _entry(
        AlertKind.ORDER_UNANSWERED,
        UNANSWERED_AFTER,
        ("probability",),
        ("account",),
        "size is how long a command surely waits: 15 min if every answer is lost, else 0; a fill answers too",
        UNANSWERED_AFTER,
    ),
    FaultKind.VENUE_DUPLICATE_EXECUTION: _entry(
        AlertKind.DUPLICATE_EXECUTION,
        ODD_EXECUTIONS,
        ("probability",),
        (),
        "size is 1 from a probability of 0.5 on, else 0; somebody must trade meanwhile",
        ODD_EXECUTIONS,
    ),
    FaultKind.VENUE_LATE_FILL: _entry(
        AlertKind.FILL_AFTER_CANCEL,
        ODD_EXECUTIONS,
        ("probability",),
        (),
        "size is 1 from a probability of 0.5 on, else 0; resting orders must be cancelled meanwhile",
        ODD_EXECUTIONS,
    ),
    FaultKind.VENUE_CROSSED_BOOK: _entry(
        AlertKind.BOOK_CROSSED,
        CROSSED_QUOTES,
        ("magnitude",),
        ("instruments",),
        "size is 1: any crossed quote; a quote must change meanwhile",
        CROSSED_QUOTES,
    ),
}
"""What the catalogue states of each kind."""
FAMILIES: Final[dict[FaultKind, type[TargetedFault]]] = dict.fromkeys(ENTRIES, VenueFault)
"""What reads each kind."""
