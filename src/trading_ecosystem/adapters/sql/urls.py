"""Where a SQL store is: a folder of SQLite files, or a PostgreSQL database with one login role per schema.

``sqlite:///FOLDER`` or a plain path; ``postgresql://[USER[:PASSWORD]@]HOST[:PORT]/DATABASE[?roles=PREFIX][&sslmode=MODE]``. The
user of a PostgreSQL URL is the administrator, as whom only ``migrate`` and ``retain`` log in; a running program logs in as
``PREFIX`` + schema. Whatever prints a store masks its password.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import msgspec

from trading_ecosystem.ports.errors import BadInput

DEFAULT_PORT: Final = 5432
DEFAULT_ROLES: Final = "trading_ecosystem_"
LONGEST_PREFIX: Final = 40
"""PostgreSQL cuts names at 63 bytes; the longest of ours after the prefix is ``test_coordination_owner``."""
SSL_MODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
EXPECTED: Final = "expected sqlite:///FOLDER, a folder, or postgresql://[USER[:PASSWORD]@]HOST[:PORT]/DATABASE[?roles=PREFIX]"


class SqliteStore(msgspec.Struct, frozen=True):
    """A folder with one SQLite file per schema."""

    folder: Path

    def file(self, schema: str) -> Path:
        """The file of a schema."""
        return self.folder / f"{schema}.sqlite"

    def __str__(self) -> str:
        return f"sqlite:///{self.folder}"


class PostgresqlStore(msgspec.Struct, frozen=True):
    """A PostgreSQL database. ``user`` and ``password`` are the administrator's; an empty user is whom the driver supposes."""

    host: str
    database: str
    port: int = DEFAULT_PORT
    user: str = ""
    password: str = ""
    roles: str = DEFAULT_ROLES
    sslmode: str = "prefer"

    def role(self, schema: str) -> str:
        """The login role that works with a schema, and with no other."""
        return f"{self.roles}{schema}"

    def owner(self, schema: str) -> str:
        """The role that owns a schema and cannot log in."""
        return f"{self.roles}{schema}_owner"

    def __str__(self) -> str:
        user = quote(self.user, safe="") + (":***" if self.password else "") + "@" if self.user else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        roles = "" if self.roles == DEFAULT_ROLES else f"?roles={self.roles}"
        return f"postgresql://{user}{host}:{self.port}/{quote(self.database, safe='')}{roles}"

    def __repr__(self) -> str:
        return f"PostgresqlStore({self})"


SqlStore: TypeAlias = SqliteStore | PostgresqlStore


def parse_sql_store(url: str) -> SqlStore:
    """Read a store's URL; raises :class:`BadInput`, never with the password in it."""
    if re.match(r"postgres(ql)?(\+\w+)?://", url):
        return _postgresql(url)
    if url.startswith("sqlite:"):
        folder = unquote(url.removeprefix("sqlite:///"))
        if not url.startswith("sqlite:///") or not folder:
            raise BadInput("--store", f"{url} names no folder; {EXPECTED}")
        return SqliteStore(Path(folder))
    if not url or re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", url):
        scheme = url.split(":", 1)[0]
        raise BadInput("--store", f"{scheme or 'an empty URL'} is no kind of store; {EXPECTED}")
    return SqliteStore(Path(url))


def _postgresql(url: str) -> PostgresqlStore:
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORT
        options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    except ValueError:
        raise BadInput("--store", f"the URL of the PostgreSQL store cannot be read; {EXPECTED}") from None
    database = unquote(parts.path.removeprefix("/"))
    if not parts.hostname or not database or "/" in database or parts.fragment:
        raise BadInput("--store", f"the URL of the PostgreSQL store names no host or no database; {EXPECTED}")
    unknown = sorted(set(options) - {"roles", "sslmode"})
    if unknown:
        raise BadInput("--store", f"unknown option {unknown[0]} in the URL of the PostgreSQL store; expected roles or sslmode")
    roles = options.get("roles", DEFAULT_ROLES)
    if not re.fullmatch(r"[a-z_][a-z0-9_]*", roles) or len(roles) > LONGEST_PREFIX:
        raise BadInput("--store", f"roles={roles} is no prefix of role names; expected lower-case letters, digits and _")
    sslmode = options.get("sslmode", "prefer")
    if sslmode not in SSL_MODES:
        raise BadInput("--store", f"unknown sslmode {sslmode}; expected {', '.join(SSL_MODES)}")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return PostgresqlStore(parts.hostname, database, port, user, password, roles, sslmode)
