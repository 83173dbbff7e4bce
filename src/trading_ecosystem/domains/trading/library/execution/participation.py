"""Percentage of volume: trade along with the market, as a fixed share of everything that trades.

Whenever the venue publishes what traded, the order asks for what is missing to ``rate`` of the volume since its start, its
own included (:func:`.schedules.participating`). There is no end in time: with little volume it takes long, with none it
does not trade. Others' volume is what was published less what it traded itself; since its own trades are published after
they are reported, the volume of others is at times counted too low for a moment, never too high, and the share is never
exceeded. An order of less than ``least`` is not sent, but for the last.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from trading_ecosystem.domains.trading.intentions import Intention
from trading_ecosystem.domains.trading.library.execution.parent import ParentOrder, check_parent
from trading_ecosystem.domains.trading.library.execution.schedules import participating
from trading_ecosystem.domains.trading.settings import BasisPoints, Name, Price, Quantity
from trading_ecosystem.domains.trading.view import View
from trading_ecosystem.messages.exchange import TradesPublished
from trading_ecosystem.messages.units import INSTRUMENTS, Lots


class PovSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A parent order, traded as a share of the volume at its venue."""

    venue: Name
    instrument: Name
    side: Name
    quantity: Quantity
    rate_ppm: BasisPoints = msgspec.field(name="rate_bps", default=100_000)
    """Share of the whole volume, in basis points: 1000 is 10 %."""
    least: Quantity = 0
    limit_minor: Price = msgspec.field(name="limit", default=0)
    slippage_ppm: BasisPoints = msgspec.field(name="slippage_bps", default=500)

    def __post_init__(self) -> None:
        """Check what no single setting can."""
        check_parent(self)
        if not 0 < self.rate_ppm < 10**6:
            raise ValueError("rate_bps must be above 0 and below 10000")


class Pov(ParentOrder):
    """See the module."""

    def __init__(self, settings: PovSettings) -> None:
        super().__init__(settings)
        self.settings = settings
        self.least: Lots = max(1, settings.least // INSTRUMENTS[settings.instrument].lot_size)
        self.volume: Lots = 0
        """Published since the start."""

    def trades_watched(self) -> Iterable[tuple[str, str]]:
        """What trades where it trades."""
        return self.pairs_traded()

    def started(self, view: View) -> Iterable[Intention]:
        """Count from here."""
        self.begin(view)
        return ()

    def trades_published(self, view: View, trades: TradesPublished) -> Iterable[Intention]:
        """Keep up with the volume."""
        self.volume += trades.volume_lots
        done = self.done(view)
        others = max(0, self.volume - done)
        target = min(self.quantity, participating(others, self.settings.rate_ppm))
        if target < self.quantity and target - done < self.least:
            return ()
        return self.trade(view, target)
