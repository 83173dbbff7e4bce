"""The statements that write many rows at once, in each dialect's quickest way.

SQLite takes one prepared statement and a list of rows. PostgreSQL takes one statement and one array per column, which the
server unfolds; rows that are only ever added go in by COPY.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Boolean, Column, Table
from sqlalchemy.ext.asyncio import AsyncConnection

from trading_ecosystem.adapters.sql.tables import RecordTable
from trading_ecosystem.ports.records import Record

_SQLITE: Final = "sqlite"


class Batch(NamedTuple):
    """One statement and the rows that it is for; rows that are only ever added may be copied instead."""

    writer: RowWriter
    statement: str
    rows: list[tuple[Any, ...]]
    copied: bool

    async def run(self, connection: AsyncConnection) -> None:
        """Write the rows in PostgreSQL, inside the transaction that has begun."""
        if self.copied:
            await self.writer.copy(connection, self.rows)
        else:
            await connection.exec_driver_sql(self.statement, tuple(list(column) for column in zip(*self.rows, strict=True)))


class RowWriter:
    """Makes the statements that write rows of one table in one dialect; each is made once."""

    def __init__(self, kept: RecordTable, dialect: str) -> None:
        self._kept = kept
        self._sqlite = dialect == _SQLITE
        self._table = kept.table
        self._columns = [column.name for column in kept.table.columns]
        self._name = _quoted(kept.table.name) if self._sqlite else _full_name(kept.table)
        self._statements: dict[tuple[str, ...], str] = {}

    def upsert(self, records: Iterable[Record]) -> Batch:
        """Insert rows, and replace those whose key is there already."""
        return self._batch(("upsert",), [self._kept.row(record) for record in records])

    def add(self, records: Iterable[Record]) -> Batch:
        """Insert rows; those whose key is there already stay as they are."""
        return self._batch(("add",), [self._kept.row(record) for record in records])

    def insert(self, records: Iterable[Record]) -> Batch:
        """Insert rows of which none is there yet."""
        return self._batch(("insert",), [self._kept.row(record) for record in records])

    async def copy(self, connection: AsyncConnection, rows: list[tuple[Any, ...]]) -> None:
        """Insert rows of which none is there yet by COPY, in PostgreSQL. The transaction has to have begun."""
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        await driver.copy_records_to_table(
            self._table.name, schema_name=self._table.schema, records=rows, columns=self._columns
        )

    def patch(self, patches: dict[tuple[Any, ...], dict[str, Any]]) -> list[Batch]:
        """Set some fields of the rows with these keys, where they are."""
        groups: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
        for identity, values in patches.items():
            stored = self._kept.changed(values)
            groups.setdefault(tuple(stored), []).append((*stored.values(), *identity))
        return [self._batch(("patch", *names), rows) for names, rows in groups.items()]

    def _batch(self, what: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Batch:
        statement = self._statements.get(what)
        if statement is None:
            statement = self._statements[what] = self._patching(what[1:]) if what[0] == "patch" else self._inserting(what[0])
        return Batch(self, statement, rows, what[0] == "insert")

    def _inserting(self, what: str) -> str:
        columns = ", ".join(map(_quoted, self._columns))
        if self._sqlite:
            source = f"VALUES ({', '.join('?' for _ in self._columns)})"
        else:
            source = f"SELECT * FROM unnest({self._arrays(self._columns)})"
        insert = f"INSERT INTO {self._name} ({columns}) {source}"
        if what == "insert":
            return insert
        key = self._kept.record_type.key
        others = [name for name in self._columns if name not in key]
        if what == "add" or not others:
            return f"{insert} ON CONFLICT ({', '.join(map(_quoted, key))}) DO NOTHING"
        changes = ", ".join(f"{_quoted(name)} = excluded.{_quoted(name)}" for name in others)
        return f"{insert} ON CONFLICT ({', '.join(map(_quoted, key))}) DO UPDATE SET {changes}"

    def _patching(self, names: Sequence[str]) -> str:
        key = self._kept.record_type.key
        if self._sqlite:
            changes = ", ".join(f"{_quoted(name)} = ?" for name in names)
            return f"UPDATE {self._name} SET {changes} WHERE {' AND '.join(f'{_quoted(name)} = ?' for name in key)}"
        changes = ", ".join(f"{_quoted(name)} = given.{_quoted('new_' + name)}" for name in names)
        same = " AND ".join(f"kept.{_quoted(name)} = given.{_quoted('key_' + name)}" for name in key)
        given = ", ".join(_quoted(name) for name in (*(f"new_{name}" for name in names), *(f"key_{name}" for name in key)))
        source = f"unnest({self._arrays((*names, *key))}) AS given({given})"
        return f"UPDATE {self._name} AS kept SET {changes} FROM {source} WHERE {same}"

    def _arrays(self, names: Sequence[str]) -> str:
        kinds = [_array_type(self._table.c[name]) for name in names]
        return ", ".join(f"${place}::{kind}" for place, kind in enumerate(kinds, 1))


def _array_type(column: Column[Any]) -> str:
    if isinstance(column.type, Boolean):
        return "boolean[]"
    return "bigint[]" if column.type.python_type is int else "text[]"


def _full_name(table: Table) -> str:
    return f"{_quoted(table.schema or '')}.{_quoted(table.name)}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
