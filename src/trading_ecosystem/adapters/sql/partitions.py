"""Tables that grow for ever are cut by sequence, and so by time: what is old goes as a whole partition, at once.

Only PostgreSQL has partitions. They are made by the owner, ahead of what is written: by every migration and every ``retain``.
What is written beyond them lands in a last partition for everything else, and is found there like anywhere.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, text

from trading_ecosystem.adapters.sql.append_only import refuse_changes_of_partition

SEQUENCES: Final = 10_000_000
"""Sequences of one partition: about a day of an ecosystem that says a hundred things a second."""
AHEAD: Final = 8
"""Partitions that are there beyond the newest row."""


def make_partitions(connection: Connection, schema: str, table: str) -> int:
    """Have partitions of an append-only table ahead of its newest row, append-only like it; returns how many were made."""
    newest = int(connection.scalar(text(f"SELECT coalesce(max(sequence), 0) FROM {schema}.{table}")) or 0)
    there = set(partitions(connection, schema, table))
    rest = f"{table}_rest"
    made = []
    if rest not in there:
        connection.exec_driver_sql(f"CREATE TABLE {schema}.{rest} PARTITION OF {schema}.{table} DEFAULT")
        made.append(rest)
    # What the last partition holds stays there: no other may begin below it.
    held = connection.scalar(text(f"SELECT max(sequence) FROM {schema}.{rest}"))
    first = 0 if held is None else int(held) // SEQUENCES + 1
    for number in range(max(first, newest // SEQUENCES), newest // SEQUENCES + AHEAD):
        name = f"{table}_{number:06}"
        if name not in there:
            bounds = f"FROM ({number * SEQUENCES}) TO ({(number + 1) * SEQUENCES})"
            connection.exec_driver_sql(f"CREATE TABLE {schema}.{name} PARTITION OF {schema}.{table} FOR VALUES {bounds}")
            made.append(name)
    for name in made:
        refuse_changes_of_partition(connection, schema, name)
    return len(made)


def partitions(connection: Connection, schema: str, table: str) -> list[str]:
    """The partitions of a table by name; none where it has none."""
    query = (
        "SELECT part.relname FROM pg_inherits JOIN pg_class part ON part.oid = inhrelid "
        "JOIN pg_class whole ON whole.oid = inhparent "
        "WHERE whole.relname = :table AND whole.relnamespace = CAST(:schema AS regnamespace) ORDER BY part.relname"
    )
    return [str(name) for name in connection.scalars(text(query), {"schema": schema, "table": table})]


def drop_partitions(connection: Connection, schema: str, table: str, field: str, before: int) -> int:
    """Drop every partition that holds rows and none that is not older; returns how many rows went with them."""
    gone = 0
    for name in partitions(connection, schema, table):
        if name.endswith("_rest"):
            continue
        rows, newest = connection.execute(text(f'SELECT count(*), max("{field}") FROM {schema}.{name}')).one()
        if rows and newest < before:
            connection.exec_driver_sql(f"DROP TABLE {schema}.{name}")
            gone += int(rows)
    return gone
