"""What a large order does to a generated market: the mid price at once, and afterwards.

The experiment of Almgren, Thum, Hauptmann and Li 2005, "Direct estimation of equity market impact", and of Bershova and Rakhlin
2013, "The non-linear market impact of large trades", on a market in which the answer can be known: it is run many times,
as often buying as selling, each time in a market of its own, and the signed displacement of the mid from just before is
averaged; the markets of a buyer and of a seller make a pair with one seed. In real markets it grows with a power of the
size between about 0.4 and 0.7 (Bouchaud, Farmer and Lillo 2009) and comes back in part. An order is either sent at once
(*whole*) or worked in equal pieces, one every other second (*pieces*).
"""

from __future__ import annotations

import math
from typing import Final

import msgspec

from trading_ecosystem.domains.exchange.flow.flow_parameters import FlowParameters
from trading_ecosystem.domains.exchange.market import Market
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import MINUTE, SECOND, Instrument, Lots, MinorUnits, Nanos
from trading_ecosystem.reports.realism.flow_statistics import slope
from trading_ecosystem.reports.realism.generated import market_alone
from trading_ecosystem.runtime.randomness import SeededRandomness

SIZES: Final = (1, 2, 4, 8, 16, 32)
"""Sizes of a large order, in mean limit orders."""
AFTERWARDS: Final[tuple[Nanos, ...]] = (SECOND, 5 * SECOND, 20 * SECOND, MINUTE, 2 * MINUTE)
"""How long after the order, or its last piece, the displacement is read again; *at once* is the first of them."""
PIECE_EVERY: Final[Nanos] = 2 * SECOND
_WARM_UP: Final[Nanos] = MINUTE


class Impact(msgspec.Struct, frozen=True):
    """Mean signed displacements of the mid price, in parts per million, and their standard errors."""

    sizes: tuple[int, ...]
    runs: int
    """Markets per size."""
    reached: list[float]
    """At once, by size."""
    reached_error: list[float]
    afterwards: list[float]
    """Of the largest, at each of ``AFTERWARDS``."""
    afterwards_error: list[float]

    @property
    def exponent(self) -> float:
        """The power of the size with which the displacement grows: the slope between logarithms."""
        return slope(self.sizes, self.reached)

    @property
    def kept(self) -> float:
        """What is left of the largest order's displacement at the last reading, as a share of its peak."""
        return self.afterwards[-1] / max(self.afterwards)


def impact_of_whole(
    parameters: FlowParameters,
    instrument: Instrument,
    price_minor: MinorUnits,
    runs: int,
    sizes: tuple[int, ...] = SIZES,
    seed: int = 1,
) -> Impact:
    """Orders sent at once: for each size ``runs`` buyers and as many sellers."""
    lots = _mean_lots(parameters, instrument, price_minor)
    by_size = [
        [_sent(_opened(parameters, instrument, price_minor, seed, run), _side(run), size * lots) for run in range(2 * runs)]
        for size in sizes
    ]
    reached = [_mean_and_error([path[0] for path in paths]) for paths in by_size]
    return _impact(sizes, 2 * runs, reached, by_size[-1])


def impact_of_pieces(
    parameters: FlowParameters, instrument: Instrument, price_minor: MinorUnits, runs: int, seed: int = 1
) -> Impact:
    """An order worked in as many pieces as the largest of ``SIZES``, each of a mean limit order, read on the way."""
    lots = _mean_lots(parameters, instrument, price_minor)
    paths = [_worked(_opened(parameters, instrument, price_minor, seed, run), _side(run), lots) for run in range(2 * runs)]
    reached = [_mean_and_error([during[place] for during, _ in paths]) for place in range(len(SIZES))]
    return _impact(SIZES, 2 * runs, reached, [after for _, after in paths])


def _impact(sizes: tuple[int, ...], runs: int, reached: list[tuple[float, float]], paths: list[list[float]]) -> Impact:
    after = [_mean_and_error([path[place] for path in paths]) for place in range(len(AFTERWARDS))]
    means, errors = [mean for mean, _ in reached], [error for _, error in reached]
    return Impact(sizes, runs, means, errors, [mean for mean, _ in after], [error for _, error in after])


def _opened(parameters: FlowParameters, instrument: Instrument, price_minor: MinorUnits, seed: int, run: int) -> Market:
    market = market_alone(parameters, instrument, SeededRandomness((seed << 20) + run // 2))
    market.flow.fundamental_changed(price_minor, 0)
    market.flow.advance(_WARM_UP, [])
    return market


def _sent(market: Market, side: Side, lots: Lots) -> list[float]:
    start = _mid(market)
    _trade(market, side, lots, _WARM_UP)
    return _afterwards(market, side, start, _WARM_UP)


def _worked(market: Market, side: Side, lots: Lots) -> tuple[list[float], list[float]]:
    start, at, during = _mid(market), _WARM_UP, []
    for piece in range(1, SIZES[-1] + 1):
        _trade(market, side, lots, at)
        at += PIECE_EVERY
        market.flow.advance(at - 1, [])
        if piece in SIZES:
            during.append(_moved(market, side, start))
    return during, _afterwards(market, side, start, at)


def _afterwards(market: Market, side: Side, start: float, at: Nanos) -> list[float]:
    found = []
    for later in AFTERWARDS:
        market.flow.advance(at + later, [])
        found.append(_moved(market, side, start))
    return found


def _moved(market: Market, side: Side, start: float) -> float:
    return (1e6 if side is Side.BUY else -1e6) * math.log(_mid(market) / start)


def _trade(market: Market, side: Side, lots: Lots, at: Nanos) -> None:
    """Trade at whatever price, as somebody whom the flow does not know."""
    best, _ = market.book.best(Side.SELL if side is Side.BUY else Side.BUY)
    if best:
        market.house.send(side, best * 2 if side is Side.BUY else max(1, best // 2), lots, at, [], stays=False)
        market.house.disturbed = True


def _side(run: int) -> Side:
    return Side.SELL if run % 2 else Side.BUY


def _mean_lots(parameters: FlowParameters, instrument: Instrument, price_minor: MinorUnits) -> Lots:
    notional = dict(parameters.sizes.order_notional)[instrument.quote]
    return max(1, round(notional * instrument.tick_size / (price_minor * instrument.tick_value)))


def _mid(market: Market) -> float:
    return (market.book.best(Side.BUY)[0] + market.book.best(Side.SELL)[0]) / 2


def _mean_and_error(found: list[float]) -> tuple[float, float]:
    """Over pairs of a buyer and a seller, whose markets had the same seed: what both share cancels."""
    values = [(bought + sold) / 2 for bought, sold in zip(found[::2], found[1::2], strict=True)]
    mean = math.fsum(values) / len(values)
    return mean, math.sqrt(math.fsum((value - mean) ** 2 for value in values)) / len(values)
