"""A raw capture of Binance spot market streams: on each line the local instant in nanoseconds, a space, and the frame.

Frames are the combined streams' ``{"stream": "btcusdt@bookTicker", "data": {...}}``, or the bare payload of a single
stream (Binance Spot API, "WebSocket Streams", *Individual Symbol Book Ticker Streams*). A price is the middle between
best bid and best ask of a book ticker, rounded to the nearest minor unit, ties to even; every other well-formed frame
(trades, depth, a snapshot) is passed over. A row's instant is the local one, at which the capturing machine had the
frame: what a strategy could have known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NoReturn

import msgspec

from trading_ecosystem.adapters.recordings.lines import numbered_lines, refuse
from trading_ecosystem.adapters.recordings.recorded_price import LAST_INSTANT, RecordedPrice, price_in_minor_units
from trading_ecosystem.messages.units import INSTRUMENTS, MinorUnits, Nanos

INSTRUMENT_OF_SYMBOL: Final = {symbol.replace("/", ""): symbol for symbol in INSTRUMENTS}
"""Binance writes a pair without a stroke: BTCUSDT is BTC/USDT."""

_LOCAL_INSTANT: Final = re.compile(r"[0-9]{1,19} ", re.ASCII)
_BYTE_OF_ERROR: Final = re.compile(r"\(byte ([0-9]+)\)")


class _Payload(msgspec.Struct, gc=False):
    """A payload as far as it tells a book ticker from the rest: symbol, bid and ask, and no event type."""

    symbol: object = msgspec.field(name="s", default=None)
    bid: object = msgspec.field(name="b", default=None)
    ask: object = msgspec.field(name="a", default=None)
    event: object = msgspec.field(name="e", default=None)


class _Frame(_Payload, gc=False):
    """A combined frame (``stream`` and ``data``), or a bare payload."""

    stream: str | None = None
    data: msgspec.Raw = msgspec.Raw()


_frames: Final = msgspec.json.Decoder(_Frame)
_payloads: Final = msgspec.json.Decoder(_Payload)


def binance_rows(path: Path) -> Iterator[RecordedPrice]:
    """Every book ticker of the file in order; raises ``BadInput`` at the first line that is not as described above."""
    latest: Nanos = 0
    for number, line in numbered_lines(path):
        at, start = local_instant(path, number, line)
        if at < latest:
            refuse(path, number, 1, f"local time {at} goes backwards, expected it not before the line above")
        latest = at
        payload = _book_ticker(path, number, line, start)
        if payload is not None:
            yield _row(path, number, start + 1, at, payload)


def _book_ticker(path: Path, number: int, line: str, start: int) -> _Payload | None:
    """The payload of a line's frame if it is a book ticker's."""
    try:
        frame = _frames.decode(line[start:])
        if frame.stream is None:
            return frame if frame.event is None and frame.symbol is not None else None
        if not frame.stream.endswith("@bookTicker"):
            return None
        if not frame.data:
            refuse(path, number, start + 1, f"frame of stream {frame.stream!r} has no field 'data', expected its payload")
        return _payloads.decode(frame.data)
    except msgspec.MsgspecError as error:
        refuse_json(path, number, line, start, error)


def local_instant(path: Path, number: int, line: str) -> tuple[Nanos, int]:
    """The local time that a line begins with, and where its frame starts."""
    match = _LOCAL_INSTANT.match(line)
    if match is None or int(match[0]) > LAST_INSTANT:
        refuse(path, number, 1, "expected the local time in nanoseconds since 1970, a space, and a JSON frame")
    return int(match[0]), match.end()


def _row(path: Path, number: int, column: int, at: Nanos, payload: _Payload) -> RecordedPrice:
    instrument = INSTRUMENT_OF_SYMBOL.get(payload.symbol) if isinstance(payload.symbol, str) else None
    if instrument is None:
        expected = ", ".join(INSTRUMENT_OF_SYMBOL)
        refuse(path, number, column, f"unknown symbol {payload.symbol!r:.40} in field 's', expected one of {expected}")
    bid = _price(path, number, column, "b", payload.bid)
    ask = _price(path, number, column, "a", payload.ask)
    if bid > ask:
        refuse(path, number, column, f"best bid {payload.bid} is above best ask {payload.ask}, expected it at or below")
    return RecordedPrice(at, instrument, middle(bid, ask))


def _price(path: Path, number: int, column: int, field: str, value: object) -> MinorUnits:
    if not isinstance(value, str):
        refuse(path, number, column, f"field {field!r} is {value!r:.40}, expected a price as a string")
    try:
        return price_in_minor_units(value)
    except ValueError as error:
        refuse(path, number, column, f"field {field!r}: {error}")


def middle(bid: MinorUnits, ask: MinorUnits) -> MinorUnits:
    """Halfway between two prices, ties to the even minor unit."""
    half, odd = divmod(bid + ask, 2)
    return half + (odd & half)


def refuse_json(path: Path, number: int, line: str, start: int, error: msgspec.MsgspecError) -> NoReturn:
    """Raise the ``BadInput`` for a frame that is no JSON of the expected shape."""
    if "truncated" in str(error):
        refuse(path, number, len(line) + 1, "the line ends in the middle of its JSON frame, expected a whole frame")
    match = _BYTE_OF_ERROR.search(str(error))
    offset = int(match[1]) if match is not None else 0
    if "trailing characters" in str(error):
        offset -= 1  # here the decoder counts the first character too many, elsewhere those before the bad one
    read = line[start:].encode()[:offset]
    column = start + len(read.decode(errors="replace")) + 1
    problem = _BYTE_OF_ERROR.sub("", str(error)).strip()
    refuse(path, number, column, f"{problem}; expected a JSON frame of a Binance stream")
