"""Strategies that misbehave, each in one way that a risk monitor is there to notice.

They are ordinary strategies: the engine's own limits hold for them too, and nothing tells them from others but what they do.
Each acts at its start and then every ``interval``, with immediate-or-cancel orders that cross the spread.

- ``runaway``: an order storm. It buys and sells ``size_usd`` in turn, as fast as its interval, whatever comes of it.
- ``risk_ignorant``: it buys ``quantity`` of the base asset again and again, and neither a loss nor a full position stops it.
- ``volatility_amplifier``: it chases the last move of the published price, with more the longer the move goes on.
- ``correlation_breaker``: it buys one instrument and sells the other, so that the two are pushed apart, and then the other way.
- ``slow_leak``: it buys and sells at once, and loses spread and fees on every round: little each time, and all day long.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

import msgspec

from trading_ecosystem.domains.trading.crossing import cross
from trading_ecosystem.domains.trading.intentions import Intention, Place, PlaceTogether, WakeMe
from trading_ecosystem.domains.trading.settings import Dollars, Duration, Name, Quantity
from trading_ecosystem.domains.trading.strategy import Strategy
from trading_ecosystem.domains.trading.view import View
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import INSTRUMENTS, SECOND, Lots, MinorUnits, Nanos, PartsPerMillion

SLIPPAGE_PPM: Final[PartsPerMillion] = 5_000
"""How far beyond the best price these orders may trade: far enough to be filled."""
LONGEST_STREAK: Final = 3
"""The amplifier's order grows with every further move the same way, up to four times its size."""
STEPS_ONE_WAY: Final = 10
"""After so many steps the breaker of correlations turns round, so that it never runs out of either asset."""


class Paced(Protocol):
    """Settings of a strategy that acts at regular times, at one venue."""

    @property
    def venue(self) -> str:
        """Where it trades."""

    @property
    def instrument(self) -> str:
        """What it trades."""

    @property
    def interval_ns(self) -> Nanos:
        """From one action to the next."""


class Misbehaving(Strategy):
    """One action at the start and after every interval; subclasses say what the action is."""

    def __init__(self, settings: Paced) -> None:
        self.pace = settings

    def pairs_traded(self) -> Iterable[tuple[str, str]]:
        """The one venue and instrument."""
        return ((self.pace.venue, self.pace.instrument),)

    def started(self, view: View) -> Iterable[Intention]:
        """Act at once."""
        return self.timer(view, "")

    def timer(self, view: View, label: str) -> Iterable[Intention]:
        """Act, and ask to be woken for the next time."""
        return (*self.act(view), WakeMe(view.now + self.pace.interval_ns))

    def act(self, view: View) -> Iterable[Intention]:
        """What it does each time."""
        raise NotImplementedError

    def crossing(self, view: View, side: Side, lots: Lots, instrument: str = "") -> tuple[Place, ...]:
        """An order that is filled at once, as far as there is depth."""
        return cross(view, self.pace.venue, instrument or self.pace.instrument, side, lots, SLIPPAGE_PPM)


class RunawaySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``size_usd`` is that of each order."""

    venue: Name
    instrument: Name
    size_usd: Dollars
    interval_ns: Duration = msgspec.field(name="interval", default=SECOND)


class Runaway(Misbehaving):
    """See the module."""

    def __init__(self, settings: RunawaySettings) -> None:
        super().__init__(settings)
        self.size_usd: MinorUnits = settings.size_usd
        self.side = Side.BUY

    def act(self, view: View) -> Iterable[Intention]:
        """One more order, on the other side than the last."""
        side, self.side = self.side, Side.SELL if self.side is Side.BUY else Side.BUY
        return self.crossing(view, side, view.lots_worth(self.pace.instrument, self.size_usd))


class RiskIgnorantSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``quantity`` is that of each order, in whole units of the base asset."""

    venue: Name
    instrument: Name
    quantity_minor: Quantity = msgspec.field(name="quantity")
    interval_ns: Duration = msgspec.field(name="interval", default=10 * SECOND)


class RiskIgnorant(Misbehaving):
    """See the module."""

    def __init__(self, settings: RiskIgnorantSettings) -> None:
        super().__init__(settings)
        self.lots: Lots = settings.quantity_minor // INSTRUMENTS[settings.instrument].lot_size

    def act(self, view: View) -> Iterable[Intention]:
        """Buy more."""
        return self.crossing(view, Side.BUY, self.lots)


class VolatilityAmplifierSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``size_usd`` is that of an order after the first move one way; it grows with the streak."""

    venue: Name
    instrument: Name
    size_usd: Dollars
    interval_ns: Duration = msgspec.field(name="interval", default=10 * SECOND)


class VolatilityAmplifier(Misbehaving):
    """See the module."""

    def __init__(self, settings: VolatilityAmplifierSettings) -> None:
        super().__init__(settings)
        self.size_usd: MinorUnits = settings.size_usd
        self.last_minor: MinorUnits = 0
        self.side = Side.BUY
        self.streak = 0

    def act(self, view: View) -> Iterable[Intention]:
        """Trade the way the price went since the last time; on, where it stood still."""
        price = view.price(self.pace.instrument)
        if price is None:
            return ()
        moved = price.price_minor - self.last_minor if self.last_minor else 0
        self.last_minor = price.price_minor
        side = Side.BUY if moved > 0 else Side.SELL if moved < 0 else self.side
        self.streak = min(self.streak + 1, LONGEST_STREAK) if side is self.side else 0
        self.side = side
        return self.crossing(view, side, view.lots_worth(self.pace.instrument, self.size_usd * (1 + self.streak)))


class CorrelationBreakerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``size_usd`` is that of each of the two orders; ``against`` is the second instrument."""

    venue: Name
    instrument: Name
    against: Name
    size_usd: Dollars
    interval_ns: Duration = msgspec.field(name="interval", default=10 * SECOND)

    def __post_init__(self) -> None:
        """Check what no single setting can."""
        if self.instrument == self.against:
            raise ValueError(f"{self.instrument} cannot be traded against itself")


class CorrelationBreaker(Misbehaving):
    """See the module."""

    def __init__(self, settings: CorrelationBreakerSettings) -> None:
        super().__init__(settings)
        self.against = settings.against
        self.size_usd: MinorUnits = settings.size_usd
        self.steps = 0

    def pairs_traded(self) -> Iterable[tuple[str, str]]:
        """Both instruments, at the one venue."""
        return ((self.pace.venue, self.pace.instrument), (self.pace.venue, self.against))

    def act(self, view: View) -> Iterable[Intention]:
        """Buy the one and sell the other."""
        pair = (self.pace.instrument, self.against)
        bought, sold = pair if self.steps // STEPS_ONE_WAY % 2 == 0 else pair[::-1]
        self.steps += 1
        return (
            *self.crossing(view, Side.BUY, view.lots_worth(bought, self.size_usd), bought),
            *self.crossing(view, Side.SELL, view.lots_worth(sold, self.size_usd), sold),
        )


class SlowLeakSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``size_usd`` is that of each of a round's two orders."""

    venue: Name
    instrument: Name
    size_usd: Dollars
    interval_ns: Duration = msgspec.field(name="interval", default=30 * SECOND)


class SlowLeak(Misbehaving):
    """See the module."""

    def __init__(self, settings: SlowLeakSettings) -> None:
        super().__init__(settings)
        self.size_usd: MinorUnits = settings.size_usd

    def act(self, view: View) -> Iterable[Intention]:
        """One round: bought and sold at once."""
        lots = view.lots_worth(self.pace.instrument, self.size_usd)
        orders = (*self.crossing(view, Side.BUY, lots), *self.crossing(view, Side.SELL, lots))
        return (PlaceTogether(orders),) if len(orders) > 1 else ()
