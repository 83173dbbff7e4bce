"""Market by order in Databento's DBN (schema ``mbo``), plain or zstandard, replayed through a book.

Reading needs the package ``databento-dbn``: ``pip install 'trading-ecosystem[databento]'``. The meaning of the records is
Databento's ("Market by order (MBO)", schemas and data formats): A adds an order, C takes its size off one, M gives one another
price or size (less size at the same price keeps its place), R clears the book, F is the fill of a resting order and T the trade
of a taker. F and T do not change the book: a C or M of the same event does. The flag F_LAST ends an event; only then is the
book at rest, and only then is it looked at. A file holds one instrument here.

The venue has matched already, so the replay matches nothing (``book.matching`` is off): an order that would cross rests, and
if it still crosses when its event has ended, that is counted. Replays of auctions and halts cross for good reasons; a file that
covers continuous trading does not. A file that ends in the middle of an event counts as one gap.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from math import gcd
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from trading_ecosystem.adapters.recordings.decimal_scale import unit
from trading_ecosystem.adapters.recordings.replay_findings import Check, Findings, is_crossed
from trading_ecosystem.domains.exchange.book.book import OrderBook
from trading_ecosystem.domains.exchange.book.book_events import Refused
from trading_ecosystem.domains.exchange.book.ladder import RestingOrder
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.units import Lots, Nanos, Ticks
from trading_ecosystem.ports.errors import BadInput

PRICE_PLACES: Final = 9
"""DBN prices are whole multiples of 10 to the -9."""
_SNAPSHOT, _LAST = 0x20, 0x80
_CHUNK: Final = 1 << 20
_SIDES: Final = {"B": Side.BUY, "A": Side.SELL}
_ACTIONS: Final = frozenset("ACMRTFN")


class MboRecord(msgspec.Struct, frozen=True, gc=False):
    """One record; ``number`` counts from one, ``price`` is in units of 10 to the -9, ``side`` is ``None`` where it has none."""

    number: int
    at: Nanos
    action: Literal["A", "C", "M", "R", "T", "F", "N"]
    side: Side | None
    price: int
    size: Lots
    order_id: int
    is_last: bool
    is_snapshot: bool


def mbo_records(path: Path) -> list[MboRecord]:
    """The records of a file; raises ``BadInput`` where it is no MBO file of one instrument, or cannot be read here."""
    found: list[MboRecord] = []
    instrument: int | None = None
    for number, record in enumerate(_decoded(path)):
        if number == 0:
            if str(getattr(record, "schema", None)) != "mbo":
                raise BadInput(str(path), f"schema {getattr(record, 'schema', None)}, expected mbo (market by order)")
            continue
        if type(record).__name__ != "MBOMsg":
            continue  # definitions, statistics and system notices may stand between
        if instrument is not None and record.instrument_id != instrument:
            problem = f"instrument {record.instrument_id} beside {instrument}, expected a file with one instrument"
            raise BadInput(f"{path}: record {number}", problem)
        instrument = record.instrument_id
        found.append(_record(path, number, record))
    if not found:
        raise BadInput(str(path), "no MBO record, expected at least one")
    return found


def _decoded(path: Path) -> Iterator[Any]:
    """Metadata, then records, as the package reads them."""
    try:
        databento_dbn: Any = import_module("databento_dbn")  # optional, so that nothing else may depend on its types
    except ImportError:
        raise BadInput(
            str(path), "reading DBN needs the package databento-dbn: pip install 'trading-ecosystem[databento]'"
        ) from None
    try:
        with path.open("rb") as source:
            start = source.read(4)
            source.seek(0)
            zstandard = start == b"\x28\xb5\x2f\xfd"
            compression = databento_dbn.Compression.ZSTD if zstandard else databento_dbn.Compression.NONE
            decoder = databento_dbn.DBNDecoder(compression=compression)
            while chunk := source.read(_CHUNK):
                decoder.write(chunk)
                yield from decoder.decode()
            if decoder.buffer():
                raise BadInput(str(path), "ends in the middle of a record, expected a complete file")
    except FileNotFoundError:
        raise BadInput(str(path), "no such file, expected a recorded market") from None
    except OSError as error:
        raise BadInput(str(path), f"cannot be read ({error.strerror}), expected a DBN file") from None
    except (databento_dbn.DBNError, RuntimeError, ValueError) as error:
        raise BadInput(
            str(path), f"is no DBN file ({' '.join(str(error).split())}), expected Databento's binary encoding"
        ) from None


def _record(path: Path, number: int, record: Any) -> MboRecord:
    action, side = str(record.action), str(record.side)
    if action not in _ACTIONS:
        raise BadInput(f"{path}: record {number}", f"action {action!r}, expected one of A, C, M, R, T, F")
    flags = int(record.flags)
    resting = action in ("A", "C", "M")
    if resting and (side not in _SIDES or record.size <= 0):
        raise BadInput(f"{path}: record {number}", f"side {side!r} and size {record.size}, expected B or A and a positive size")
    if action in ("A", "M") and not 0 < record.price < (1 << 63) - 1:
        raise BadInput(f"{path}: record {number}", f"price {record.price}, expected a positive one")
    return MboRecord(
        number,
        record.ts_event if not flags & _SNAPSHOT else record.ts_recv,
        action,  # type: ignore[arg-type]
        _SIDES.get(side),
        record.price,
        record.size,
        record.order_id,
        bool(flags & _LAST),
        bool(flags & _SNAPSHOT),
    )


class DatabentoReplay:
    """See the module's text. ``head`` counts fills of an order that stands first among those at the best price."""

    def __init__(self, path: Path, book: OrderBook) -> None:
        self.book = book
        self.head = Check("the order that the file fills is the first of the book's queue")
        self._path = path
        self._records = mbo_records(path)
        self.total = len(self._records)
        self._tick = gcd(*(record.price for record in self._records if record.action in ("A", "M"))) or 1
        tick = _decimal(self._tick)
        self.findings = Findings("databento", tick, "1", checks=[self.head])
        self._taken: dict[int, Lots] = {}
        self._left: set[int] = set()

    def states(self) -> Iterator[Nanos]:
        """Do one event, which is one record or several, after the other; the book is at rest after each."""
        self.book.matching = False
        event: list[MboRecord] = []
        for record in self._records:
            event.append(record)
            if record.is_last:
                yield self._event(event)
                event.clear()
        if event:
            self.findings.gaps += 1
            yield self._event(event)

    def _event(self, event: list[MboRecord]) -> Nanos:
        filled = {record.order_id for record in event if record.action == "F"}
        self._left = {record.order_id for record in event if record.action == "C"} - filled
        self._taken.clear()
        for record in event:
            self.findings.rows += 1
            self._apply(record)
        self.findings.crossed_states += is_crossed(self.book)
        return event[-1].at

    def _apply(self, record: MboRecord) -> None:
        if record.action == "A":
            assert record.side is not None
            self._add(record, record.side)
        elif record.action == "M":
            self._modify(record)
        elif record.action == "C":
            self._cancel(record)
        elif record.action == "R":
            for side in (Side.BUY, Side.SELL):
                for order in list(self.book.standing(side)):
                    self.book.cancel(order.order_id)
        elif record.action == "F":
            self._filled(record)
        elif record.action == "T":
            self.findings.trades += 1
            self.findings.traded_lots += record.size

    def _add(self, record: MboRecord, side: Side) -> None:
        events = self.book.place(record.order_id, 0, side, record.size, price_ticks=self._ticks(record))
        if isinstance(events[0], Refused):
            problem = f"order {record.order_id} is refused ({events[0].reason.value}), expected a new order"
            raise BadInput(f"{self._path}: record {record.number}", problem)
        self.findings.placed += 1

    def _modify(self, record: MboRecord) -> None:
        """The feed's rule: an order that is not known is an addition; it is counted."""
        assert record.side is not None
        order = self.book.order(record.order_id)
        if order is None:
            self.findings.unknown_orders += 1
            self._add(record, record.side)
        else:
            self.book.replace(record.order_id, record.size, self._ticks(record))

    def _cancel(self, record: MboRecord) -> None:
        order = self.book.order(record.order_id)
        if order is None or order.leaves_lots < record.size:
            self.findings.unknown_orders += 1
        self.book.reduce(record.order_id, record.size)

    def _filled(self, record: MboRecord) -> None:
        """A fill names the resting order. What the same event filled or took back before is out of the way already."""
        order = self.book.order(record.order_id)
        if order is None:
            self.findings.unknown_orders += 1
            return
        first = next((ahead for ahead in self.book.standing(order.side) if self._is_there(ahead)), None)
        in_turn = first is not None and first.order_id == record.order_id
        self.head.count(in_turn, f"{self._path}: record {record.number}")
        self._taken[record.order_id] = self._taken.get(record.order_id, 0) + record.size

    def _is_there(self, order: RestingOrder) -> bool:
        return order.order_id not in self._left and order.leaves_lots > self._taken.get(order.order_id, 0)

    def _ticks(self, record: MboRecord) -> Ticks:
        return record.price // self._tick


def _decimal(nanos: int) -> str:
    """A number of units of 10 to the -9 as a decimal."""
    whole, fraction = divmod(nanos, 10**PRICE_PLACES)
    digits = f"{fraction:09d}".rstrip("0")
    return f"{whole}.{digits}" if digits else str(whole) if whole else unit(PRICE_PLACES)
