"""Tables in which rows are inserted and read, and never changed: triggers refuse the rest, whoever asks.

In PostgreSQL the runtime role has no right to change rows in the first place; the triggers stop the owner too. ``retain``
alone lifts them, for one transaction, after it has archived what it takes out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, text

SETTING: Final = "trading_ecosystem.retain"
_FUNCTION: Final = f"""
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF current_setting('{SETTING}', true) = 'on' AND TG_OP <> 'UPDATE' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '%.% is append-only: % is refused', TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_OP USING ERRCODE = '42501';
END
$body$
"""


def refuse_changes(connection: Connection, tables: Sequence[str]) -> None:
    """Make tables of the current schema append-only; for migrations."""
    if connection.dialect.name == "postgresql":
        found = "SELECT 1 FROM pg_proc WHERE proname = 'refuse_change' AND pronamespace = current_schema()::regnamespace"
        if connection.scalar(text(found)) is None:
            connection.exec_driver_sql(_FUNCTION)
        for table in tables:
            connection.exec_driver_sql(
                f"CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
        return
    for table in tables:
        for verb in ("UPDATE", "DELETE"):
            connection.exec_driver_sql(_sqlite_trigger(table, verb))


def refuse_changes_of_partition(connection: Connection, schema: str, partition: str) -> None:
    """Make a partition append-only, for who goes past the table that it is a part of."""
    connection.exec_driver_sql(
        f"CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.{partition} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change()"
    )


@contextmanager
def deletes_allowed(connection: Connection, tables: Sequence[str]) -> Iterator[None]:
    """Let rows of these tables be deleted inside, within the transaction that is open; updates stay refused."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL {SETTING} = 'on'")
        yield
        connection.exec_driver_sql(f"SET LOCAL {SETTING} = 'off'")
        return
    for table in tables:
        connection.exec_driver_sql(f"DROP TRIGGER {table}_refuses_delete")
    yield
    for table in tables:
        connection.exec_driver_sql(_sqlite_trigger(table, "DELETE"))


def _sqlite_trigger(table: str, verb: str) -> str:
    return (
        f"CREATE TRIGGER {table}_refuses_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only: {verb} is refused'); END"
    )
