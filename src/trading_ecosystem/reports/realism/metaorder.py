"""What a large order does to a generated market: the mid price while it is traded in pieces, and afterwards.

The experiment of Almgren, Thum, Hauptmann and Li 2005, "Direct estimation of equity market impact", and of Bershova and Rakhlin
2013, "The non-linear market impact of large trades", on a market in which the answer can be known: it is run many times,
as often buying as selling, and the signed displacement of the mid from just before the first piece is averaged. In real
markets it grows with a power of the size between about 0.4 and 0.7 (Bouchaud, Farmer and Lillo 2009) and comes back in part.
"""

from __future__ import annotations

import math
from typing import Final

import msgspec

from trading_ecosystem.domains.exchange.flow_parameters import FlowParameters
from trading_ecosystem.domains.exchange.market import Market
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import MINUTE, SECOND, Instrument, Lots, MinorUnits, Nanos
from trading_ecosystem.reports.realism.flow_statistics import slope
from trading_ecosystem.reports.realism.generated import market_alone
from trading_ecosystem.runtime.randomness import SeededRandomness

PIECES: Final = 32
"""A large order is so many pieces, each of a mean limit order's size."""
PIECE_EVERY: Final[Nanos] = 2 * SECOND
MEASURED: Final = (1, 2, 4, 8, 16, 32)
"""After how many pieces the displacement is read."""
AFTERWARDS: Final[tuple[Nanos, ...]] = (10 * SECOND, 30 * SECOND, MINUTE, 2 * MINUTE, 4 * MINUTE)
"""How long after the last piece it is read again."""
_WARM_UP: Final[Nanos] = MINUTE


class ImpactPath(msgspec.Struct, frozen=True):
    """Mean signed displacements of the mid price, in parts per million, and their standard errors."""

    runs: int
    during: list[float]
    during_error: list[float]
    afterwards: list[float]
    afterwards_error: list[float]

    @property
    def exponent(self) -> float:
        """The power of the size with which the displacement grows: the slope between logarithms."""
        return slope(MEASURED, self.during)

    @property
    def kept(self) -> float:
        """What is left at the last reading, as a share of the displacement after the last piece."""
        return self.afterwards[-1] / self.during[-1]


def impact_path(
    parameters: FlowParameters, instrument: Instrument, price_minor: MinorUnits, runs: int, seed: int = 1
) -> ImpactPath:
    """The experiment, with ``runs`` buyers and as many sellers, each in a market of its own."""
    paths: list[list[float]] = []
    for run in range(runs):
        for side in (Side.BUY, Side.SELL):
            randomness = SeededRandomness((seed << 20) + 2 * run + (side is Side.SELL))
            market = market_alone(parameters, instrument, randomness)
            market.flow.fundamental_changed(price_minor, 0)
            market.flow.advance(_WARM_UP, [])
            lots = max(
                1,
                round(
                    dict(parameters.sizes.order_notional)[instrument.quote]
                    * instrument.tick_size
                    / (price_minor * instrument.tick_value)
                ),
            )
            paths.append(_path(market, side, lots))
    columns = list(zip(*paths, strict=True))
    means = [math.fsum(column) / len(column) for column in columns]
    errors = [
        math.sqrt(math.fsum((value - mean) ** 2 for value in column)) / len(column)
        for column, mean in zip(columns, means, strict=True)
    ]
    split = len(MEASURED)
    return ImpactPath(2 * runs, means[:split], errors[:split], means[split:], errors[split:])


def _path(market: Market, side: Side, lots: Lots) -> list[float]:
    """One large order: the displacement at every reading."""
    sign = 1 if side is Side.BUY else -1
    at = _WARM_UP
    start = _mid(market)
    found = []
    for piece in range(1, PIECES + 1):
        _trade(market, side, lots, at)
        at += PIECE_EVERY
        market.flow.advance(at - 1, [])
        if piece in MEASURED:
            found.append(1e6 * sign * math.log(_mid(market) / start))
    for later in AFTERWARDS:
        market.flow.advance(at + later, [])
        found.append(1e6 * sign * math.log(_mid(market) / start))
    return found


def _trade(market: Market, side: Side, lots: Lots, at: Nanos) -> None:
    """One piece, at whatever price, from somebody whom the flow does not know."""
    best, _ = market.book.best(Side.SELL if side is Side.BUY else Side.BUY)
    if best:
        market.house.send(side, best * 2 if side is Side.BUY else max(1, best // 2), lots, at, [], stays=False)
        market.house.disturbed = True


def _mid(market: Market) -> float:
    return (market.book.best(Side.BUY)[0] + market.book.best(Side.SELL)[0]) / 2
