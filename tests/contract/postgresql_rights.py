"""What the roles of a PostgreSQL store can do: tried, verb by verb, and read from the catalogue, right by right."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg
from tests.servers import PASSWORDS

from trading_ecosystem.adapters.sql.tables import JOURNAL, SCHEMAS
from trading_ecosystem.adapters.sql.urls import PostgresqlStore

VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "CREATE", "DROP", "GRANT", "SET ROLE")
ADDING = ("SELECT", "INSERT")
CHANGING = ("SELECT", "INSERT", "UPDATE", "DELETE")

ALLOWED: dict[str, tuple[str, ...]] = {
    "market_data": CHANGING,
    "exchange": CHANGING,
    "custodian": CHANGING,
    "trading": CHANGING,
    "risk": CHANGING,
    "test_coordination": CHANGING,
    "audit": ADDING,
    "journal": ADDING,
}
"""What each role may do in its own schema. In another's schema it may do nothing."""

Cell = tuple[str, str, str]
"""A role (by the schema that it is for), a schema, a verb."""


def allowed_cells() -> set[Cell]:
    """The cells of the matrix that are not refusals."""
    return {(schema, schema, verb) for schema, verbs in ALLOWED.items() for verb in verbs}


async def connect(store: PostgresqlStore, schema: str | None) -> asyncpg.Connection:
    """Log in as the role of a schema, or as the administrator."""
    user, password = (store.user, store.password) if schema is None else (store.role(schema), PASSWORDS.of(schema))
    return await asyncpg.connect(
        host=store.host, port=store.port, database=store.database, user=user, password=password, timeout=20
    )


def statements(store: PostgresqlStore, role: str, schema: str, verb: str) -> list[str]:
    """Statements of which each would be the verb, if it succeeded."""
    table, row = {
        "audit": ("store_positions", "(position) VALUES (5)"),
        JOURNAL: ("headers", "(one, header) VALUES (1, '\\x00')"),
    }.get(schema, ("store_position", "(one, position) VALUES (1, 5)"))
    column = row[1:].split(",")[0].split(")")[0]
    name = f"{schema}.{table}"
    return {
        "SELECT": [f"SELECT count(*) FROM {name}", f"TABLE {name}"],
        "INSERT": [f"INSERT INTO {name} {row}"],
        "UPDATE": [f"UPDATE {name} SET {column} = 1", f"SELECT 1 FROM {name} FOR UPDATE"],
        "DELETE": [f"DELETE FROM {name}"],
        "TRUNCATE": [f"TRUNCATE {name}"],
        "CREATE": [f"CREATE TABLE {schema}.planted (x int)", f"CREATE FUNCTION {schema}.f() RETURNS int LANGUAGE sql RETURN 1"],
        "DROP": [f"DROP TABLE {name}", f"DROP SCHEMA {schema} CASCADE", f"ALTER TABLE {name} DISABLE TRIGGER ALL"],
        "GRANT": [f"GRANT SELECT ON {name} TO PUBLIC", f"GRANT USAGE ON SCHEMA {schema} TO PUBLIC"],
        "SET ROLE": [f'SET ROLE "{other}"' for other in {store.owner(schema), store.role(schema)} - {store.role(role)}],
    }[verb]


async def permitted(connection: asyncpg.Connection, statement: str) -> bool:
    """Whether a statement does what it says; whatever it did is undone. Any failure but a refusal is an error of the test."""
    rights = (
        "SELECT array_agg(relacl::text ORDER BY oid) FROM pg_class "
        "UNION ALL SELECT array_agg(nspacl::text ORDER BY oid) FROM pg_namespace"
    )
    attempt = connection.transaction()
    await attempt.start()
    try:
        before = await connection.fetch(rights) if statement.startswith("GRANT") else None
        await connection.execute(statement)
        # A grant that gives nothing is a warning, and no error.
        return before is None or before != await connection.fetch(rights)
    except asyncpg.InsufficientPrivilegeError:
        return False
    finally:
        await attempt.rollback()


async def tried_cells(store: PostgresqlStore, roles: Sequence[str] = SCHEMAS) -> set[Cell]:
    """Every cell in which one of the roles gets its way."""
    found: set[Cell] = set()
    for role in roles:
        connection = await connect(store, role)
        try:
            for schema in SCHEMAS:
                for verb in VERBS:
                    tries = [await permitted(connection, one) for one in statements(store, role, schema, verb)]
                    if any(tries):
                        found.add((role, schema, verb))
        finally:
            await connection.close()
    return found


TABLE_RIGHTS = """
SELECT role.rolname, n.nspname || '.' || c.relname, p.name
FROM pg_roles role
CROSS JOIN pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p(name)
WHERE role.rolname = ANY($1) AND n.nspname = ANY($2) AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
AND (has_table_privilege(role.oid, c.oid, p.name)
     OR p.name IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES') AND has_any_column_privilege(role.oid, c.oid, p.name))
"""
OTHER_RIGHTS = """
SELECT role.rolname, n.nspname, 'SCHEMA ' || p.name FROM pg_roles role CROSS JOIN pg_namespace n
CROSS JOIN unnest(ARRAY['USAGE', 'CREATE']) AS p(name)
WHERE role.rolname = ANY($1) AND n.nspname = ANY($2 || ARRAY['public']) AND has_schema_privilege(role.oid, n.oid, p.name)
UNION ALL
SELECT role.rolname, current_database()::text, 'DATABASE ' || p.name FROM pg_roles role
CROSS JOIN unnest(ARRAY['CONNECT', 'CREATE', 'TEMPORARY']) AS p(name)
WHERE role.rolname = ANY($1) AND has_database_privilege(role.oid, current_database(), p.name)
UNION ALL
SELECT member.rolname, of.rolname, 'MEMBER' FROM pg_auth_members m
JOIN pg_roles of ON of.oid = m.roleid JOIN pg_roles member ON member.oid = m.member WHERE member.rolname = ANY($1)
UNION ALL
SELECT rolname, '', 'ATTRIBUTE' FROM pg_roles
WHERE rolname = ANY($1) AND (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls OR rolinherit)
"""
TABLES = "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = $1::text::regnamespace"


async def catalogued_rights(store: PostgresqlStore) -> set[tuple[str, str, str]]:
    """Every right that the catalogue gives a runtime role, on any table, schema or role of the store, or on the database."""
    roles, schemas = [store.role(schema) for schema in SCHEMAS], list(SCHEMAS)
    connection = await connect(store, None)
    try:
        found = await connection.fetch(TABLE_RIGHTS, roles, schemas) + await connection.fetch(OTHER_RIGHTS, roles, schemas)
    finally:
        await connection.close()
    return {tuple(row) for row in found}


async def expected_rights(store: PostgresqlStore) -> set[tuple[str, str, str]]:
    """Every right that there ought to be."""
    expected = set()
    connection = await connect(store, None)
    try:
        for schema, verbs in ALLOWED.items():
            role = store.role(schema)
            expected |= {(role, schema, "SCHEMA USAGE"), (role, store.database, "DATABASE CONNECT")}
            for row in await connection.fetch(TABLES, schema):
                kept = ("SELECT",) if row["relname"] == "schema_version" else verbs
                expected |= {(role, f"{schema}.{row['relname']}", verb) for verb in kept}
    finally:
        await connection.close()
    return expected
