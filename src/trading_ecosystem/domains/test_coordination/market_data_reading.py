"""How the ``market_data`` part of a scenario is read: instruments, rhythm, prices, reference quotes."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from trading_ecosystem.domains.test_coordination.document import (
    Fields,
    Mapping,
    Node,
    Scalar,
    fields_of,
    items_of,
)
from trading_ecosystem.domains.test_coordination.market_data_section import (
    MarketDataSection,
    PathKind,
    PathSection,
    QuotesSection,
    Recording,
    RecordingFormat,
    SimilarSeries,
    SpreadKind,
)
from trading_ecosystem.domains.test_coordination.quantities import (
    SHORTEST_RHYTHM,
    amount,
    boolean,
    by_asset,
    decimal_text,
    duration,
    enumerated,
    instruments_of,
    named,
    ratio,
    rhythm,
    text_of,
    whole_number,
)
from trading_ecosystem.domains.test_coordination.source_reading import read_sources
from trading_ecosystem.messages.risk import STALE_AFTER
from trading_ecosystem.messages.units import (
    DAY,
    INSTRUMENTS,
    MINOR_UNITS_PER_WHOLE,
    MINUTE,
    PARTS_PER_MILLION,
    SECOND,
    SPOT_PAIRS,
    Nanos,
    PartsPerMillion,
)
from trading_ecosystem.ports.errors import BadInput

PRICED_ASSETS: Final = ("BTC", "ETH", "USDT")
"""Every asset that has a price path of its own."""
_PRICES: Final = {"BTC": 60_000 * MINOR_UNITS_PER_WHOLE, "ETH": 3_000 * MINOR_UNITS_PER_WHOLE, "USDT": MINOR_UNITS_PER_WHOLE}
_VOLATILITY: Final = {"BTC": "0.55", "ETH": "0.70", "USDT": "0.02"}
_WIDEST_SPREAD: Final[PartsPerMillion] = 100_000
_USUAL_WIDTH: Final[PartsPerMillion] = 500
_THINNEST: Final[PartsPerMillion] = 10_000
_THICKEST: Final[PartsPerMillion] = 100 * PARTS_PER_MILLION
_PATH_FIELDS: Final = ("prices", "volatility", "correlation", "jumps", "path", "time_of_day")
_WINDOW: Final = ("start", "over")
_SHAPES: Final[dict[PathKind, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    PathKind.STOCHASTIC_VOLATILITY: ((), ()),
    PathKind.GEOMETRIC_BROWNIAN: ((), ("drift",)),
    PathKind.BROWNIAN: ((), ("drift",)),
    PathKind.MEAN_REVERTING: ((), ("half_life",)),
    PathKind.TREND_FOLLOWING: ((), ("half_life", "strength")),
    PathKind.RALLY: (("magnitude", *_WINDOW), ("factor",)),
    PathKind.CRASH: (("magnitude", *_WINDOW), ("factor",)),
    PathKind.DIVERGENCE: (("magnitude", *_WINDOW), ("factor",)),
    PathKind.VOLATILITY_SPIKE: (("factor", *_WINDOW), ()),
    PathKind.CONSOLIDATION: (("factor", *_WINDOW), ("half_life",)),
}
"""What each shape needs, and what it may have besides."""
_LARGEST_MOVE: Final[PartsPerMillion] = 10 * PARTS_PER_MILLION
_LONGEST_BLOCK: Final = 1_000_000
_USUAL_BLOCK: Final = 30
_SLOWEST: Final[PartsPerMillion] = 1_000
_FASTEST: Final[PartsPerMillion] = 10_000 * PARTS_PER_MILLION


def read_market_data(node: Node | None, place: str) -> MarketDataSection:
    """Instruments, rhythm, and either path parameters or a recording."""
    what = "market_data"
    known = ("instruments", "tick", *_PATH_FIELDS, "candles", "recording", "reference_quotes", "sources", "consensus")
    fields = Fields(node or Mapping((), place), what, known)
    instruments = instruments_of(fields.get("instruments"), SPOT_PAIRS, "instruments", tuple(INSTRUMENTS))
    # A price older than 30 s is stale: a slower tick would raise alerts by itself.
    longest_tick = STALE_AFTER // 3
    tick_ns = rhythm(fields, "tick", 10 * SECOND, SHORTEST_RHYTHM, longest_tick)
    candles = fields.get("candles")
    intervals = (
        [duration(item, "a candle interval", tick_ns, DAY) for item in items_of(candles, "candles")] if candles else [MINUTE]
    )
    quotes, recording = fields.get("reference_quotes"), fields.get("recording")
    reader = _read_recording if recording is not None else None
    sources = read_sources(fields.get("sources"), fields.get("consensus"), fields.place, tick_ns, reader)
    section = MarketDataSection(
        instruments=instruments,
        tick_ns=tick_ns,
        prices_minor={},
        volatility={},
        correlation="0",
        jumps=False,
        candles_ns=tuple(intervals),
        recording=None,
        quotes=_read_quotes(quotes, instruments) if quotes is not None else None,
        sources=sources,
    )
    if recording is not None:
        for name in _PATH_FIELDS:
            if name in fields:
                problem = f"'{name}' shapes generated prices, and these are recorded; expected no '{name}' beside 'recording'"
                raise BadInput(fields.place_of(name), problem)
        return msgspec.structs.replace(section, recording=_read_recording(recording))
    prices = dict(_PRICES)
    for asset, value in by_asset(fields.get("prices"), "prices", PRICED_ASSETS):
        prices[asset] = amount(value, f"the price of {asset}")
    volatility = dict(_VOLATILITY)
    for asset, value in by_asset(fields.get("volatility"), "volatility", PRICED_ASSETS):
        volatility[asset] = decimal_text(value, f"the volatility of {asset}", Decimal(0), Decimal(5))
    correlation, jumps, path = fields.get("correlation"), fields.get("jumps"), fields.get("path")
    time_of_day = fields.get("time_of_day")
    shape = _read_path(path) if path is not None else section.path
    usual_kind = PathKind.STOCHASTIC_VOLATILITY
    usual = shape.kind is usual_kind
    jumping = boolean(jumps, "jumps") if jumps else usual
    if jumping and not usual:
        problem = (
            f"a path of kind {shape.kind.value} does not jump; expected jumps: false, or {PathKind.STOCHASTIC_VOLATILITY.value}"
        )
        raise BadInput(fields.place_of("jumps"), problem)
    return msgspec.structs.replace(
        section,
        path=shape,
        prices_minor=prices,
        volatility=volatility,
        correlation=decimal_text(correlation, "correlation", Decimal(-1), Decimal(1)) if correlation else "0.8",
        jumps=jumping,
        time_of_day=boolean(time_of_day, "time_of_day") if time_of_day else False,
    )


def _read_path(node: Node) -> PathSection:
    every = tuple(dict.fromkeys(name for needed, optional in _SHAPES.values() for name in (*needed, *optional)))
    kind = enumerated(Fields(node, "path", ("kind", *every)).need("kind"), "path kind", PathKind)
    needed, optional = _SHAPES[kind]
    fields = Fields(node, f"a path of kind {kind.value}", ("kind", *needed, *optional))
    for name in needed:
        fields.need(name)

    def number(name: str, lowest: str, highest: str) -> str | None:
        value = fields.get(name)
        return None if value is None else decimal_text(value, name, Decimal(lowest), Decimal(highest))

    def span(name: str, shortest: Nanos) -> Nanos | None:
        value = fields.get(name)
        return None if value is None else duration(value, name, shortest, 31 * DAY)

    magnitude = fields.get("magnitude")
    section = PathSection(
        kind=kind,
        drift=number("drift", "-10", "10"),
        half_life_ns=span("half_life", SECOND),
        strength=number("strength", "0", "10"),
        magnitude_ppm=None if magnitude is None else _read_move(magnitude, kind),
        factor=number("factor", "0", "1" if kind is PathKind.CONSOLIDATION else "100"),
        start_ns=span("start", 0),
        over_ns=span("over", SECOND),
    )
    return section


def _read_move(node: Node, kind: PathKind) -> PartsPerMillion:
    lowest = 1 if kind is PathKind.RALLY else -PARTS_PER_MILLION + 1
    highest = -1 if kind is PathKind.CRASH else _LARGEST_MOVE
    return ratio(node, "magnitude", lowest, highest)


def _read_quotes(node: Node, instruments: tuple[str, ...]) -> QuotesSection:
    fields = Fields(node, "reference_quotes", ("spread", "width", "liquidity"))
    spread = enumerated(fields.need("spread"), "spread", SpreadKind)
    other = "liquidity" if spread is SpreadKind.FIXED else "width"
    if other in fields:
        raise BadInput(fields.place_of(other), f"'{other}' does not shape a {spread.value} spread; expected no '{other}' here")
    width, liquidity = fields.get("width"), fields.get("liquidity")
    return QuotesSection(
        spread=spread,
        width_ppm=ratio(width, "width", 1, _WIDEST_SPREAD) if width else _USUAL_WIDTH,
        liquidity_ppm={
            field.key: ratio(field.value, f"the liquidity of {field.key}", _THINNEST, _THICKEST)
            for field in (fields_of(liquidity, "liquidity") if liquidity else ())
            if named(Scalar(field.key, field.place), "instrument", instruments)
        },
    )


def _read_recording(node: Node) -> Recording:
    fields = Fields(node, "recording", ("file", "format", "sample", "speed", "similar", "instrument"))
    speed, similar, instrument = fields.get("speed"), fields.get("similar"), fields.get("instrument")
    written = enumerated(fields.need("format"), "format", RecordingFormat)
    names_instruments = written in (RecordingFormat.CSV, RecordingFormat.BINANCE)
    if instrument is None and not names_instruments:
        problem = f"a recording of format {written.value} has one instrument under its own name"
        raise BadInput(fields.place, f"{problem}; expected 'instrument', the one that it prices")
    if instrument is not None and names_instruments:
        problem = f"a recording of format {written.value} names its instruments itself; expected no 'instrument'"
        raise BadInput(fields.place_of("instrument"), problem)
    return Recording(
        file=text_of(fields.need("file"), "file"),
        format=written,
        sample_ns=rhythm(fields, "sample", SECOND),
        speed_ppm=ratio(speed, "speed", _SLOWEST, _FASTEST) if speed else PARTS_PER_MILLION,
        similar=_read_similar(similar) if similar else None,
        instrument=named(instrument, "instrument", tuple(INSTRUMENTS)) if instrument is not None else None,
    )


def _read_similar(node: Node) -> SimilarSeries:
    fields = Fields(node, "similar", ("block", "resemblance"))
    block, resemblance = fields.get("block"), fields.get("resemblance")
    return SimilarSeries(
        mean_block=whole_number(block, "block", 1, _LONGEST_BLOCK) if block else _USUAL_BLOCK,
        resemblance_ppm=ratio(resemblance, "resemblance", 0, PARTS_PER_MILLION) if resemblance else 0,
    )
