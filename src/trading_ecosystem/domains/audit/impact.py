"""What each fault did to the firm's trading while it lasted, and how long after its end all was well again."""

from __future__ import annotations

from collections.abc import Sequence

from trading_ecosystem.domains.audit.faults import LabelledFault
from trading_ecosystem.domains.audit.intervals import Tracks
from trading_ecosystem.messages.audit import FaultImpact, OrderLifecycle
from trading_ecosystem.messages.orders import OrderStatus
from trading_ecosystem.messages.units import PARTS_PER_MILLION, Nanos, PartsPerMillion


def impacts_of(
    faults: Sequence[LabelledFault], lifecycles: Sequence[OrderLifecycle], tracks: Tracks, until: Nanos
) -> tuple[FaultImpact, ...]:
    """The impact of every fault of a record that ends at ``until``.

    Orders are those of named accounts: where a fault names venues or books of them, those at these venues only.
    """
    return tuple(_impact(fault, _concerned(fault, lifecycles), tracks, until) for fault in faults)


def _concerned(fault: LabelledFault, lifecycles: Sequence[OrderLifecycle]) -> Sequence[OrderLifecycle]:
    named = {subject.partition(":")[0] for subject in fault.subjects}
    touched = [one for one in lifecycles if one.venue in named]
    return touched if touched or fault.label.kind.value.startswith("venue_") else lifecycles


def _impact(fault: LabelledFault, lifecycles: Sequence[OrderLifecycle], tracks: Tracks, until: Nanos) -> FaultImpact:
    onset, ended = fault.label.onset_at, fault.ended_by(until)
    before = onset - (ended - onset)
    during = [one for one in lifecycles if onset <= one.requested_at < ended]
    return FaultImpact(
        fault_id=fault.label.fault_id,
        lasted_ns=ended - onset,
        orders_before=sum(1 for one in lifecycles if before <= one.requested_at < onset),
        orders=len(during),
        rejected=sum(1 for one in during if one.status == OrderStatus.REJECTED.value),
        unanswered=sum(1 for one in during if _answered_at(one) is None),
        first_fills_before=_first_fills(lifecycles, before, onset),
        first_fills=_first_fills(lifecycles, onset, ended),
        availability_ppm=_availability(during),
        slowest_answer_ns=max((at - one.requested_at for one in during if (at := _answered_at(one)) is not None), default=0),
        recovery_ns=_recovery(fault, tracks),
    )


def _answered_at(order: OrderLifecycle) -> Nanos | None:
    """When the venue answered a request: it accepted, filled, or ended it."""
    return next((at for at in (order.accepted_at, order.first_fill_at, order.ended_at) if at is not None), None)


def _first_fills(lifecycles: Sequence[OrderLifecycle], since: Nanos, until: Nanos) -> int:
    return sum(1 for one in lifecycles if one.first_fill_at is not None and since <= one.first_fill_at < until)


def _availability(during: Sequence[OrderLifecycle]) -> PartsPerMillion | None:
    """The share of the orders asked for that were answered and not rejected; ``None`` where nothing was asked for."""
    if not during:
        return None
    served = sum(1 for one in during if one.accepted_at is not None)
    return served * PARTS_PER_MILLION // len(during)


def _recovery(fault: LabelledFault, tracks: Tracks) -> Nanos | None:
    """From the fault's end until the condition of its alert no longer held; ``None`` where either did not come."""
    label = fault.label
    if fault.ended_at is None or label.expected_alert is None:
        return None
    longest = 0
    for subject in label.expected_subjects:
        for interval in tracks.of(label.expected_alert, subject).intervals:
            if interval.touches(label.onset_at, fault.ended_at):
                if interval.ended_at is None:
                    return None
                longest = max(longest, interval.ended_at - fault.ended_at)
    return longest
