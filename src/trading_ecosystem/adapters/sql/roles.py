"""Who may do what in a PostgreSQL store: an owner without login and a login role per schema, and nothing beyond.

A domain's role reads and writes the rows of its own schema; the roles of ``audit`` and ``journal`` insert and select. None
creates, drops, truncates, passes rights on or becomes another role; nobody else has any right at all. Every call puts the
rights back to exactly this, whatever was granted in the meantime.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import unicodedata
from typing import Final

from sqlalchemy import Connection, text

from trading_ecosystem.adapters.sql.tables import APPEND_ONLY, SCHEMAS
from trading_ecosystem.adapters.sql.urls import PostgresqlStore
from trading_ecosystem.adapters.sql.versions import VERSION_TABLE
from trading_ecosystem.ports.errors import BadInput
from trading_ecosystem.settings import PASSWORDS_FILE, STORE_PASSWORD, Passwords

_RESTRICTED: Final = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION NOBYPASSRLS"
_ITERATIONS: Final = 4096


def verbs(schema: str) -> str:
    """What the role of a schema may do with its rows."""
    return "SELECT, INSERT" if schema in APPEND_ONLY else "SELECT, INSERT, UPDATE, DELETE"


def check_administrator(connection: Connection, store: PostgresqlStore) -> bool:
    """Whether the administrator is a superuser; raises :class:`BadInput` where he may not do what ``migrate`` does."""
    query = (
        "SELECT r.rolsuper, r.rolcreaterole, d.datdba = r.oid FROM pg_roles r, pg_database d "
        "WHERE r.rolname = current_user AND d.datname = current_database()"
    )
    superuser, creates_roles, owns = connection.execute(text(query)).one()
    if not superuser and not (creates_roles and owns):
        problem = (
            "the user of the URL may not set up a store; expected a superuser, or one with CREATEROLE who owns the database"
        )
        raise BadInput(str(store), problem)
    return bool(superuser)


def make_roles(connection: Connection, store: PostgresqlStore, passwords: Passwords, *, superuser: bool) -> None:
    """Make or repair the two roles of every schema."""
    for schema in SCHEMAS:
        password = passwords.of(schema)
        if password is None:
            problem = f"no password for role {store.role(schema)}; set {STORE_PASSWORD}, or name a file in {PASSWORDS_FILE}"
            raise BadInput(str(store), problem)
        _make_role(connection, store.owner(schema), "NOLOGIN")
        _make_role(connection, store.role(schema), f"LOGIN PASSWORD '{scram_verifier(password)}'")
        if not superuser:
            connection.exec_driver_sql(f'GRANT "{store.owner(schema)}" TO CURRENT_USER')
    ours = [store.role(schema) for schema in SCHEMAS] + [store.owner(schema) for schema in SCHEMAS]
    memberships = connection.execute(
        text(
            "SELECT of.rolname, member.rolname FROM pg_auth_members m JOIN pg_roles of ON of.oid = m.roleid "
            "JOIN pg_roles member ON member.oid = m.member WHERE member.rolname = ANY(:ours)"
        ),
        {"ours": ours},
    )
    for group, member in memberships.all():
        connection.exec_driver_sql(f'REVOKE {_quoted(group)} FROM "{member}"')


def _make_role(connection: Connection, role: str, attributes: str) -> None:
    found = connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role})
    verb = "ALTER" if found else "CREATE"
    connection.exec_driver_sql(f'{verb} ROLE "{role}" {_restricted(connection)} {attributes}')


def _restricted(connection: Connection) -> str:
    """What a role is not; who is no superuser may not say most of them, and cannot give them either."""
    superuser = connection.scalar(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"))
    return _RESTRICTED if superuser else "NOCREATEROLE NOINHERIT"


def restrict_database(connection: Connection, store: PostgresqlStore) -> None:
    """Connecting is for the roles of the store alone; nobody makes schemas or temporary tables."""
    database = _quoted(store.database)
    roles = ", ".join(f'"{store.role(schema)}"' for schema in SCHEMAS)
    connection.exec_driver_sql(f"REVOKE ALL ON DATABASE {database} FROM PUBLIC")
    connection.exec_driver_sql(f"REVOKE ALL ON DATABASE {database} FROM {roles}")
    connection.exec_driver_sql(f"GRANT CONNECT ON DATABASE {database} TO {roles}")
    if connection.scalar(text("SELECT 1 FROM pg_namespace WHERE nspname = 'public' AND pg_has_role(nspowner, 'MEMBER')")):
        connection.exec_driver_sql("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        connection.exec_driver_sql(f"REVOKE ALL ON SCHEMA public FROM {roles}")


def grant_rights(connection: Connection, store: PostgresqlStore, schema: str) -> None:
    """The rights in one schema, given by its owner, whose role this session has taken."""
    role, owner = f'"{store.role(schema)}"', f'"{store.owner(schema)}"'
    everyone = ", ".join(("PUBLIC", *(f'"{store.role(other)}"' for other in SCHEMAS)))
    defaults = f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner}"
    for statement in (
        f"REVOKE ALL ON SCHEMA {schema} FROM {everyone}",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {everyone}",
        f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA {schema} FROM {everyone}",
        f"REVOKE ALL ON ALL FUNCTIONS IN SCHEMA {schema} FROM {everyone}",
        f"{defaults} REVOKE ALL ON FUNCTIONS FROM PUBLIC",
        f"{defaults} IN SCHEMA {schema} REVOKE ALL ON TABLES FROM {everyone}",
        f"{defaults} IN SCHEMA {schema} GRANT {verbs(schema)} ON TABLES TO {role}",
        f"GRANT USAGE ON SCHEMA {schema} TO {role}",
        f"GRANT {verbs(schema)} ON ALL TABLES IN SCHEMA {schema} TO {role}",
        f"REVOKE ALL ON {schema}.{VERSION_TABLE} FROM {role}",
        f"GRANT SELECT ON {schema}.{VERSION_TABLE} TO {role}",
    ):
        connection.exec_driver_sql(statement)


def scram_verifier(password: str) -> str:
    """What PostgreSQL stores of a password, so that the password itself is in no statement and in no log."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", unicodedata.normalize("NFKC", password).encode(), salt, _ITERATIONS)
    client = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    parts = [base64.b64encode(part).decode() for part in (salt, client, server)]
    return f"SCRAM-SHA-256${_ITERATIONS}:{parts[0]}${parts[1]}:{parts[2]}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
