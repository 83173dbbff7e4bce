"""Who made what: profit and loss by strategy, venue and instrument, and by any of the three alone, adding up exactly.

A line is a position with its fees and its funding, in the quote asset. Lines are turned into USD exactly; the whole is rounded
once, and the lines by the largest remainder, so that what is shown always adds up to the whole, whichever way it is cut. The
parts of a line do as well: net = realised + unrealised - fees + funding.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

import msgspec

from trading_ecosystem.domains.trading.lots import KEPT_BY, CostMethod
from trading_ecosystem.domains.trading.portfolio import Position
from trading_ecosystem.domains.trading.rounding import apportioned
from trading_ecosystem.messages.units import INSTRUMENTS, MINOR_UNITS_PER_WHOLE, MinorUnits

LineKey: TypeAlias = tuple[str, str, str]
"""Strategy, venue, instrument."""


class Dimension(enum.StrEnum):
    """What profit and loss may be cut by."""

    STRATEGY = "strategy"
    VENUE = "venue"
    INSTRUMENT = "instrument"


DIMENSIONS: Final = tuple(Dimension)


class Result(msgspec.Struct, frozen=True, gc=False):
    """What was made, in USD minor units: by whom, where and in what (empty where it is not cut by that).

    ``net = realised + unrealised - fees + funding``; funding is what was received for holding a position, negative where paid.
    """

    strategy: str
    venue: str
    instrument: str
    realised_usd_minor: MinorUnits
    unrealised_usd_minor: MinorUnits
    fees_usd_minor: MinorUnits
    funding_usd_minor: MinorUnits

    @property
    def net_usd_minor(self) -> MinorUnits:
        """Everything together."""
        return self.realised_usd_minor + self.unrealised_usd_minor - self.fees_usd_minor + self.funding_usd_minor


class Results:
    """The results of several strategies, line by line."""

    def __init__(self, method: CostMethod = CostMethod.AVERAGE) -> None:
        self.method = method
        self.positions: dict[LineKey, Position] = {}
        self.funding_minor: dict[LineKey, MinorUnits] = {}

    def position(self, strategy: str, venue: str, instrument: str) -> Position:
        """The position of a line, flat at first."""
        key = (strategy, venue, instrument)
        if key not in self.positions:
            self.positions[key] = KEPT_BY[self.method](venue, instrument)
        return self.positions[key]

    def funded(self, venue: str, instrument: str, amount_minor: MinorUnits) -> None:
        """Funding that an account received (negative: paid) for its position, divided among strategies as their lots stand.

        Where they are flat together nobody has a share, and it is the first line's; raises ``ValueError`` where nobody ever
        traded that instrument there.
        """
        keys = [key for key in self.positions if key[1:] == (venue, instrument)]
        if not keys:
            raise ValueError(f"funding of {instrument} at {venue}: nobody traded it there")
        lots = [self.positions[key].lots for key in keys]
        whole = sum(lots)
        if whole:
            sign = 1 if whole > 0 else -1
            parts = apportioned([amount_minor * held * sign for held in lots], abs(whole))
        else:
            parts = [amount_minor] + [0] * (len(keys) - 1)
        for key, part in zip(keys, parts, strict=True):
            self.funding_minor[key] = self.funding_minor.get(key, 0) + part

    def attributed(
        self,
        unit_prices_usd: Mapping[str, MinorUnits],
        quote_prices_usd: Mapping[str, MinorUnits],
        by: Iterable[Dimension] = DIMENSIONS,
    ) -> tuple[Result, ...]:
        """What was made, cut by these dimensions, in the order in which lines were opened.

        ``unit_prices_usd`` are of a whole base by instrument, ``quote_prices_usd`` of a whole quote asset by asset, both in
        minor units. A line without a price raises ``KeyError``: profit that cannot be valued is not nothing.
        """
        cut = tuple(by)
        sums: dict[LineKey, list[int]] = {}
        for key, position in self.positions.items():
            named = (
                key[0] if Dimension.STRATEGY in cut else "",
                key[1] if Dimension.VENUE in cut else "",
                key[2] if Dimension.INSTRUMENT in cut else "",
            )
            scale = INSTRUMENTS[position.instrument]
            quote = quote_prices_usd[scale.quote]
            parts = (
                position.realised_minor * quote,
                position.lots * scale.lot_size * unit_prices_usd[position.instrument] - position.cost_minor * quote,
                position.fees_minor * quote,
                self.funding_minor.get(key, 0) * quote,
            )
            line = sums.setdefault(named, [0, 0, 0, 0])
            for i, part in enumerate(parts):
                line[i] += part
        columns = [apportioned([line[i] for line in sums.values()], MINOR_UNITS_PER_WHOLE) for i in range(4)]
        return tuple(
            Result(strategy, venue, instrument, *parts)
            for (strategy, venue, instrument), parts in zip(sums, zip(*columns, strict=True), strict=True)
        )
