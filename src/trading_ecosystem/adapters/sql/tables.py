"""The tables of a store: one per record type of a domain, made from the record's fields; and those of the journal.

An integer is a BIGINT, a text or an enum TEXT, a boolean BOOLEAN, an optional field may be NULL, and everything
that has parts (tuples, Structs) is TEXT that holds its JSON. Texts are ordered by their code points everywhere, as in Python.
The primary key is the record's key. A record's ``checks``, ``unique`` and ``indexes`` hold in the database as well. Beside its
records a schema keeps how far it has followed the journal: one row that is replaced (``store_position``), or, where nothing
may be replaced, one row for each step (``store_positions``).
"""

from __future__ import annotations

import enum
import re
import types
from collections.abc import Mapping
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    Table,
    UniqueConstraint,
)
from sqlalchemy.types import TypeEngine

from trading_ecosystem.adapters.domain_records import PROJECTIONS
from trading_ecosystem.adapters.sql.column_types import BIG_KEY, TEXT
from trading_ecosystem.ports.records import Projection, Record

JOURNAL: Final = "journal"
SCHEMAS: Final[tuple[str, ...]] = (*PROJECTIONS, JOURNAL)
APPEND_ONLY: Final = frozenset({"audit", JOURNAL})
"""Schemas in which rows are inserted and read, and never changed."""

_NAMES: Final = {
    "pk": "pk_%(table_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}
_LONGEST_NAME: Final = 63 - len("ck__")


class RecordTable:
    """One record type and its table, and how a record becomes a row and back."""

    def __init__(self, metadata: MetaData, record_type: type[Record]) -> None:
        self.record_type = record_type
        hints = get_type_hints(record_type)
        names = record_type.__struct_fields__
        kinds = {name: _kind(hints[name]) for name in names}
        self._wrapped: Final = {
            name: hints[name] for name, (kind, _) in kinds.items() if kind is TEXT and _converted(hints[name])
        }
        self._with_parts: Final = [
            (place, name)
            for place, name in enumerate(names)
            if name in self._wrapped and not _is_enum(_without_none(hints[name])[0])
        ]
        columns = [
            Column(name, kind, primary_key=name in record_type.key, nullable=optional, autoincrement=False)
            for name, (kind, optional) in kinds.items()
        ]
        self.table = Table(
            record_type.table,
            metadata,
            *columns,
            *(CheckConstraint(check, name=_slug(record_type.table, check)) for check in record_type.checks),
            *(UniqueConstraint(*group) for group in record_type.unique),
            sqlite_with_rowid=False,
            **_partitioned(record_type),
        )
        for group in record_type.indexes:
            Index(None, *(self.table.c[name] for name in group))

    def values(self, record: Record) -> dict[str, Any]:
        """A record as the values of its row."""
        values = {name: getattr(record, name) for name in self.record_type.__struct_fields__}
        for name in self._wrapped:
            values[name] = _stored(values[name])
        return values

    def row(self, record: Record) -> tuple[Any, ...]:
        """A record as the values of its row, in the order of the columns; enums are texts to a driver as they are."""
        row = msgspec.structs.astuple(record)
        if self._with_parts:
            changed = list(row)
            for place, _ in self._with_parts:
                changed[place] = _stored(changed[place])
            return tuple(changed)
        return row

    def field(self, name: str, value: Any) -> Any:
        """One field's value from what its column holds."""
        return _restored(value, self._wrapped[name]) if name in self._wrapped else value

    def changed(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Some fields' values as a row has them."""
        return {name: _stored(value) if name in self._wrapped else value for name, value in values.items()}

    def record(self, row: Row[Any]) -> Record:
        """The record that a row (with all columns of the table, in order) is."""
        values = dict(row._mapping)
        for name, hint in self._wrapped.items():
            values[name] = _restored(values[name], hint)
        return self.record_type(**values)


class SchemaTables:
    """All tables of one domain's schema."""

    def __init__(self, projection: Projection) -> None:
        self.schema = projection.NAMESPACE
        self.metadata = MetaData(schema=self.schema, naming_convention=_NAMES)
        self.of: Final = {record_type: RecordTable(self.metadata, record_type) for record_type in projection.RECORDS}
        self.append_only = self.schema in APPEND_ONLY
        if self.append_only:
            self.position = Table(
                "store_positions", self.metadata, Column("position", BIG_KEY, primary_key=True, autoincrement=False)
            )
        else:
            self.position = Table(
                "store_position",
                self.metadata,
                Column("one", Integer, primary_key=True, autoincrement=False),
                Column("position", BigInteger, nullable=False),
                CheckConstraint("one = 1", name="one_row"),
            )


def tables_of(projection: Projection) -> SchemaTables:
    """The tables of a domain's schema, made once: every store of the process works with the same."""
    if projection not in _MADE:
        _MADE[projection] = SchemaTables(projection)
    return _MADE[projection]


_MADE: Final[dict[object, SchemaTables]] = {}


class JournalTables:
    """The tables of the schema ``journal``: entries, the batches they were committed in, the header and snapshots.

    A batch's digest continues that of the batch before it, so that an edited, missing or torn batch is found.
    """

    def __init__(self) -> None:
        self.schema = JOURNAL
        self.metadata = MetaData(schema=JOURNAL, naming_convention=_NAMES)
        self.entries = Table(
            "entries",
            self.metadata,
            Column("line_number", BIG_KEY, primary_key=True, autoincrement=False),
            Column("sequence", BigInteger, nullable=False, unique=True),
            Column("line", LargeBinary, nullable=False),
            CheckConstraint("line_number > 0", name="from_one"),
        )
        self.batches = Table(
            "batches",
            self.metadata,
            Column("last_line", BIG_KEY, primary_key=True, autoincrement=False),
            Column("first_line", BigInteger, nullable=False, unique=True),
            Column("digest", LargeBinary, nullable=False),
            CheckConstraint("first_line > 0 AND first_line <= last_line", name="in_order"),
        )
        self.headers = Table(
            "headers",
            self.metadata,
            Column("one", Integer, primary_key=True, autoincrement=False),
            Column("header", LargeBinary, nullable=False),
            CheckConstraint("one = 1", name="one_row"),
        )
        self.snapshots = Table(
            "snapshots",
            self.metadata,
            Column("entries", BigInteger, primary_key=True, autoincrement=False),
            Column("digest", LargeBinary, primary_key=True),
            Column("engine_version", TEXT, nullable=False),
            Column("state", LargeBinary, nullable=False),
        )


def metadata_of(schema: str) -> MetaData:
    """The tables of a schema, the journal's or a domain's."""
    return JournalTables().metadata if schema == JOURNAL else tables_of(PROJECTIONS[schema]).metadata


def _kind(hint: Any) -> tuple[TypeEngine[Any], bool]:
    """The column type of a field, and whether it may be NULL."""
    bare, optional = _without_none(hint)
    if bare is bool:
        return Boolean(), optional
    if bare is int:
        return BigInteger(), optional
    return TEXT, optional


def _without_none(hint: Any) -> tuple[Any, bool]:
    if get_origin(hint) in (Union, types.UnionType):
        rest = [one for one in get_args(hint) if one is not type(None)]
        if len(rest) == 1:
            return rest[0], True
    return hint, False


def _converted(hint: Any) -> bool:
    """Whether a TEXT field is something else than a string in the record."""
    return _without_none(hint)[0] is not str


def _is_enum(bare: Any) -> bool:
    return isinstance(bare, type) and issubclass(bare, enum.Enum)


def _stored(value: Any) -> Any:
    if value is None:
        return None
    return value.value if isinstance(value, enum.Enum) else msgspec.json.encode(value).decode()


def _restored(value: Any, hint: Any) -> Any:
    if value is None:
        return None
    bare = _without_none(hint)[0]
    return bare(value) if _is_enum(bare) else msgspec.json.decode(value, type=bare)


def _partitioned(record_type: type[Record]) -> dict[str, Any]:
    if record_type.partitioned_by is None:
        return {}
    return {"postgresql_partition_by": f"RANGE ({record_type.partitioned_by})"}


def _slug(table: str, check: str) -> str:
    """A check's name: its own words, as many as PostgreSQL keeps of ``ck_<table>_<words>``."""
    words = check.replace(">=", " ge ").replace("<=", " le ").replace("<>", " ne ").replace(">", " gt ").replace("<", " lt ")
    return re.sub(r"\W+", "_", words.replace("=", " eq ").lower()).strip("_")[: _LONGEST_NAME - len(table)]
