"""A recording's rows as a scenario plays them: from its start, at its speed, as recorded or as a series that resembles it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trading_ecosystem.adapters.recordings.recorded_price import RecordedPrice
from trading_ecosystem.domains.market_data.similarity import similar_prices
from trading_ecosystem.messages.units import PARTS_PER_MILLION, Nanos, PartsPerMillion
from trading_ecosystem.ports.randomness import Randomness


def paced_rows(
    rows: Sequence[RecordedPrice], starts_at: Nanos, speed_ppm: PartsPerMillion, origin: Nanos
) -> Iterator[RecordedPrice]:
    """The rows in ecosystem time: what was recorded at ``origin`` happens at ``starts_at``, the rest at that speed."""
    for row in rows:
        at = starts_at + (row.at - origin) * PARTS_PER_MILLION // speed_ppm
        yield RecordedPrice(at, row.instrument, row.price_minor)


def resembling_rows(
    rows: Sequence[RecordedPrice], mean_block: int, resemblance_ppm: PartsPerMillion, randomness: Randomness
) -> list[RecordedPrice]:
    """Rows at the same instants whose prices resemble the recorded ones.

    Every instrument draws its blocks from an equal stream, so that instruments with equally many rows still move together.
    """
    series: dict[str, Iterator[int]] = {}
    for symbol in dict.fromkeys(row.instrument for row in rows):
        prices = [row.price_minor for row in rows if row.instrument == symbol]
        stream = randomness.stream("recording", "similar series")
        series[symbol] = iter(similar_prices(prices, stream, mean_block, resemblance_ppm))
    return [RecordedPrice(row.at, row.instrument, next(series[row.instrument])) for row in rows]
