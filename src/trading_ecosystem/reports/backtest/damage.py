"""What a fault did to a strategy: its backtest beside the clean twin, which is the same but for the fault."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from trading_ecosystem.messages.units import MinorUnits, Nanos
from trading_ecosystem.reports.backtest.observed import EquitySample, Observed


class Damage(msgspec.Struct, frozen=True):
    """One fault, or several together. Instants are those of marks: they are as exact as marks are close."""

    fault: str
    onset_at: Nanos
    ended_at: Nanos
    agrees_until_onset: bool
    """Whether both show the same at every mark up to the onset."""
    damage_minor: MinorUnits
    """What the twin ended with, less what this ended with, in USD; negative where the fault was a gain."""
    worst_minor: MinorUnits
    """The largest that this difference was at any mark from the onset on."""
    realigned_after_ns: Nanos | None
    """From the fault's end to the first mark at which the positions are the twin's again; ``None``: never."""
    regained_after_ns: Nanos | None
    """From the onset to the first mark, after the fault's end, at which equity is at least what it was at the onset."""


def damage_of(fault: str, window: tuple[Nanos, Nanos], clean: Observed, faulted: Observed) -> Damage:
    """Compare a backtest with its clean twin; both have their marks at the same instants."""
    onset, ended = window
    pairs = list(zip(clean.samples, faulted.samples, strict=True))
    before = [(one, other) for one, other in pairs if one.at <= onset]
    after = [(one, other) for one, other in pairs if one.at > onset]
    at_onset = before[-1][1].net_minor if before else 0
    last_clean, last_faulted = pairs[-1]
    return Damage(
        fault=fault,
        onset_at=onset,
        ended_at=ended,
        agrees_until_onset=all(one == other for one, other in before),
        damage_minor=last_clean.net_minor - last_faulted.net_minor,
        worst_minor=max((one.net_minor - other.net_minor for one, other in after), default=0),
        realigned_after_ns=_realigned(after, ended),
        regained_after_ns=next(
            (other.at - onset for _, other in after if other.at >= ended and other.net_minor >= at_onset), None
        ),
    )


def _realigned(pairs: Sequence[tuple[EquitySample, EquitySample]], ended: Nanos) -> Nanos | None:
    return next(
        (one.at - ended for one, other in pairs if one.at >= ended and sorted(one.positions) == sorted(other.positions)), None
    )
