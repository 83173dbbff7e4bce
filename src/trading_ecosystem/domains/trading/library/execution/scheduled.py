"""Execution by a schedule: time-weighted, volume-weighted, and front-loaded against the risk of waiting.

The parent order is cut into slices of equal duration over ``over``. At the beginning of each slice one immediate-or-cancel
order asks for whatever is missing to the schedule of that slice, so that what one slice did not get, the next one asks for
as well. If something is still missing after the last slice, it is asked for again every ``retry`` until it is done.
Schedules and sources: :mod:`.schedules`.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from trading_ecosystem.domains.trading.intentions import Intention, WakeMe
from trading_ecosystem.domains.trading.library.execution.parent import ParentOrder, check_parent, lots_of
from trading_ecosystem.domains.trading.library.execution.schedules import front_loaded, time_weighted, volume_weighted
from trading_ecosystem.domains.trading.settings import BasisPoints, Duration, Name, Periods, Positive, Price, Quantity, Weights
from trading_ecosystem.domains.trading.view import View
from trading_ecosystem.messages.units import SECOND, Lots, Nanos


class TwapSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A parent order, traded in equal slices."""

    venue: Name
    instrument: Name
    side: Name
    quantity: Quantity
    over_ns: Duration = msgspec.field(name="over")
    slices: Periods = 10
    limit_minor: Price = msgspec.field(name="limit", default=0)
    slippage_ppm: BasisPoints = msgspec.field(name="slippage_bps", default=500)
    retry_ns: Duration = msgspec.field(name="retry", default=10 * SECOND)

    def __post_init__(self) -> None:
        """Check what no single setting can."""
        check_parent(self)


class ImplementationShortfallSettings(TwapSettings, frozen=True, forbid_unknown_fields=True):
    """A parent order, traded the faster at first the more urgent it is."""

    urgency: Positive = 1.0
    """``kappa T`` of the schedule: how many times the natural time of the trade the horizon is."""


class VwapSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A parent order, traded along an expected volume profile: one weight for each slice."""

    venue: Name
    instrument: Name
    side: Name
    quantity: Quantity
    over_ns: Duration = msgspec.field(name="over")
    profile: Weights
    limit_minor: Price = msgspec.field(name="limit", default=0)
    slippage_ppm: BasisPoints = msgspec.field(name="slippage_bps", default=500)
    retry_ns: Duration = msgspec.field(name="retry", default=10 * SECOND)

    def __post_init__(self) -> None:
        """Check what no single setting can."""
        check_parent(self)


class Scheduled(ParentOrder):
    """Follows a schedule of cumulative lots, one for each slice."""

    def __init__(self, settings: TwapSettings | VwapSettings, schedule: tuple[Lots, ...]) -> None:
        super().__init__(settings)
        self.settings = settings
        self.schedule = schedule
        self.began_at: Nanos = 0

    def started(self, view: View) -> Iterable[Intention]:
        """The first slice begins now."""
        self.begin(view)
        self.began_at = view.now
        return self.timer(view, "0")

    def timer(self, view: View, label: str) -> Iterable[Intention]:
        """A slice begins; ``label`` is its number."""
        number, slices = int(label), len(self.schedule)
        target: Lots = self.schedule[min(number, slices - 1)]
        wanted: tuple[Intention, ...] = self.trade(view, target, label)
        if self.done(view) >= self.quantity:
            return ()
        if number < slices:
            next_at = self.began_at + self.settings.over_ns * (number + 1) // slices
        else:
            next_at = view.now + self.settings.retry_ns
        return (*wanted, WakeMe(next_at, str(min(number + 1, slices))))


class Twap(Scheduled):
    """See the module."""

    def __init__(self, settings: TwapSettings) -> None:
        super().__init__(settings, time_weighted(lots_of(settings), settings.slices))


class Vwap(Scheduled):
    """See the module."""

    def __init__(self, settings: VwapSettings) -> None:
        super().__init__(settings, volume_weighted(lots_of(settings), settings.profile))


class ImplementationShortfall(Scheduled):
    """See the module."""

    def __init__(self, settings: ImplementationShortfallSettings) -> None:
        lots = lots_of(settings)
        super().__init__(settings, front_loaded(lots, settings.slices, settings.urgency))
