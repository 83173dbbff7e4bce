"""Faults of the custodian beyond delays: transfers refused or slow, holidays, odd settlements, old statements.

Sizes: of refused transfers the probability, if the scenario has transfers made meanwhile; of slow ones the delay, likewise;
of a holiday and of partial settlement, for how long it holds up what falls due at its beginning; of mismatched instructions the
probability; of old statements how many of them there are.
"""

from __future__ import annotations

from typing import Final, Self

from trading_ecosystem.domains.test_coordination.catalogue_entry import (
    LONGEST_DELAY,
    LONGEST_FAULT,
    CatalogueEntry,
    Target,
)
from trading_ecosystem.domains.test_coordination.parameters import TestCoordinationParameters
from trading_ecosystem.domains.test_coordination.quantities import ratio
from trading_ecosystem.domains.test_coordination.targeted_fault import FaultReading, TargetedFault
from trading_ecosystem.domains.test_coordination.transfer_operations import TransferOperation
from trading_ecosystem.messages.alert_conditions import BROKEN_LINES, MISMATCHED_INSTRUCTIONS, REFUSED_TRANSFERS
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.custodian import CustodianConditionKind, CustodianConditionSet, TransferKind
from trading_ecosystem.messages.risk import OVERDUE_AFTER, AlertKind
from trading_ecosystem.messages.test_coordination import FaultKind
from trading_ecosystem.messages.units import MINUTE, PARTS_PER_MILLION, SECOND, Nanos, PartsPerMillion
from trading_ecosystem.ports.errors import BadInput

CERTAIN_PPM: Final[PartsPerMillion] = PARTS_PER_MILLION
"""A probability of one."""
MISSTATEMENT_CAP: Final[PartsPerMillion] = 250_000
"""By how much of its amount an instruction may be off at most."""
_OF_TRANSFERS: Final = (FaultKind.TRANSFER_REJECT, FaultKind.TRANSFER_SLOW)
_AT_VENUES: Final = (FaultKind.PARTIAL_SETTLEMENT, FaultKind.BANK_HOLIDAY, FaultKind.INSTRUCTION_MISMATCH)


class CustodyFault(TargetedFault, frozen=True, kw_only=True, tag="custody"):
    """The custodian misbehaves for a while."""

    probability_ppm: PartsPerMillion = 0
    delay_ns: Nanos = 0
    share_ppm: PartsPerMillion = 0
    magnitude_ppm: PartsPerMillion = 0

    @classmethod
    def read(cls, reading: FaultReading) -> Self:
        """The fault from its fields."""
        share, magnitude = reading.number("share"), reading.number("magnitude")
        magnitude_ppm = 0 if magnitude is None else ratio(magnitude, "magnitude", -MISSTATEMENT_CAP, MISSTATEMENT_CAP)
        if magnitude is not None and magnitude_ppm == 0:
            raise BadInput(magnitude.place, "magnitude cannot be 0; expected an error")
        return cls(
            id=reading.fault_id(),
            kind=reading.kind,
            at_ns=reading.duration("at"),
            lasts_ns=reading.duration("duration", shortest=1, longest=LONGEST_FAULT),
            probability_ppm=reading.probability(),
            delay_ns=reading.duration("delay", shortest=1, longest=LONGEST_DELAY),
            share_ppm=0 if share is None else ratio(share, "share", 1, PARTS_PER_MILLION - 1),
            magnitude_ppm=magnitude_ppm,
        )

    def component(self, parameters: TestCoordinationParameters) -> str:
        """The custodian."""
        return parameters.custodian

    def condition(self, parameters: TestCoordinationParameters, now: Nanos) -> Message:
        """A condition of the custodian."""
        return CustodianConditionSet(
            component=parameters.custodian,
            condition_id=self.id,
            kind=CustodianConditionKind(self.kind.value),
            until=now + self.lasts_ns,
            delay_ns=self.delay_ns,
            probability_ppm=self.probability_ppm,
            share_ppm=self.share_ppm,
            magnitude_ppm=self.magnitude_ppm,
        )

    def targets(self, parameters: TestCoordinationParameters) -> tuple[str, ...]:
        """The venues whose trades it settles, or the custodian itself."""
        return parameters.venues if self.kind in _AT_VENUES else (parameters.custodian,)

    def severity(self, parameters: TestCoordinationParameters) -> int:
        """See the head of this module."""
        if self.kind in _OF_TRANSFERS and not self._has_transfers(parameters):
            return 0
        match self.kind:
            case FaultKind.TRANSFER_REJECT | FaultKind.INSTRUCTION_MISMATCH:
                return self.probability_ppm
            case FaultKind.TRANSFER_SLOW:
                return self.delay_ns
            case FaultKind.STALE_BALANCE:
                return self.lasts_ns // parameters.state_every_ns
            case _:
                return self.lasts_ns

    def _has_transfers(self, parameters: TestCoordinationParameters) -> bool:
        slow = self.kind is FaultKind.TRANSFER_SLOW
        return any(
            isinstance(one, TransferOperation)
            and self.at_ns <= one.at_ns < self.at_ns + self.lasts_ns
            and not (slow and one.kind is TransferKind.PLEDGE)
            for one in parameters.operations
        )

    def expected_alert(self, parameters: TestCoordinationParameters) -> AlertKind | None:
        """By the catalogue."""
        return ENTRIES[self.kind].expected_alert

    def alert_subjects(self, parameters: TestCoordinationParameters) -> tuple[str, ...]:
        """What it aims at."""
        return self.targets(parameters)


def _entry(
    required: tuple[str, ...], alert: AlertKind, threshold: int, detectable_from: int, sla_ns: Nanos, mandate: str
) -> CatalogueEntry:
    return CatalogueEntry(
        target=Target.CUSTODIAN,
        required=("duration", *required),
        expected_alert=alert,
        threshold=threshold,
        detectable_from=detectable_from,
        sla_ns=sla_ns,
        mandate=mandate,
    )


ENTRIES: Final[dict[FaultKind, CatalogueEntry]] = {
    FaultKind.TRANSFER_REJECT: _entry(
        ("probability",),
        AlertKind.TRANSFER_REFUSED,
        REFUSED_TRANSFERS,
        CERTAIN_PPM,
        5 * SECOND,
        "size is the probability, if transfers are made meanwhile, else 0",
    ),
    FaultKind.TRANSFER_SLOW: _entry(
        ("delay",),
        AlertKind.TRANSFER_OVERDUE,
        OVERDUE_AFTER,
        OVERDUE_AFTER,
        MINUTE,
        "size is the delay, if deposits or withdrawals are asked for meanwhile, else 0",
    ),
    FaultKind.PARTIAL_SETTLEMENT: _entry(
        ("share",),
        AlertKind.SETTLEMENT_OVERDUE,
        OVERDUE_AFTER,
        OVERDUE_AFTER,
        MINUTE,
        "size is the duration, for which what falls due at the beginning waits",
    ),
    FaultKind.BANK_HOLIDAY: _entry(
        (),
        AlertKind.SETTLEMENT_OVERDUE,
        OVERDUE_AFTER,
        OVERDUE_AFTER,
        MINUTE,
        "size is the duration, for which what falls due at the beginning waits",
    ),
    FaultKind.INSTRUCTION_MISMATCH: _entry(
        ("probability", "magnitude"),
        AlertKind.INSTRUCTION_MISMATCH,
        MISMATCHED_INSTRUCTIONS,
        CERTAIN_PPM,
        5 * SECOND,
        "size is the probability; the firm must trade meanwhile",
    ),
    FaultKind.STALE_BALANCE: _entry(
        (),
        AlertKind.HOLDINGS_BREAK,
        BROKEN_LINES,
        2,
        5 * SECOND,
        "size is how many statements are old; what the firm holds must change meanwhile",
    ),
}
"""What the catalogue states of each kind."""
FAMILIES: Final[dict[FaultKind, type[TargetedFault]]] = dict.fromkeys(ENTRIES, CustodyFault)
"""What reads each kind."""
