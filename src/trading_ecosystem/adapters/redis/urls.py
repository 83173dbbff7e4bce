"""Redis URLs: ``redis://[user[:password]@]host[:port][/database][?roles=PREFIX&keys=PREFIX]``, or ``rediss://`` for TLS.

The user of the URL is the administrator who makes the domains' users; the running program never is that user. ``roles`` begins
the name of every domain's user (by default ``trading_ecosystem_``), ``keys`` begins every key, for several ecosystems on one
server.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from trading_ecosystem.ports.errors import BadInput

ROLES: Final = "trading_ecosystem_"
"""How the names of users begin unless the URL says otherwise."""
PREFIXES: Final[dict[str, str]] = {
    "market_data": "market:",
    "exchange": "exchange:",
    "custodian": "custodian:",
    "trading": "trading:",
    "risk": "risk:",
    "test_coordination": "test:",
    "audit": "audit:",
}
"""Key prefix of each domain."""
_PORT: Final = 6379
_WORD: Final = re.compile(r"[A-Za-z0-9_.-]{1,63}")
_KEYS: Final = re.compile(r"([A-Za-z0-9_.-]{1,63}:)?")
_EXPECTED: Final = "expected redis://[user[:password]@]host[:port][/database][?roles=PREFIX&keys=PREFIX]"


class RedisPlace(msgspec.Struct, frozen=True):
    """Where a server is, and how names on it begin. Shown without the password."""

    host: str
    port: int = _PORT
    database: int = 0
    tls: bool = False
    user: str = ""
    password: str = ""
    roles: str = ROLES
    keys: str = ""

    def __str__(self) -> str:
        who = f"{self.user}{':***' if self.password else ''}@" if self.user or self.password else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        database = f"/{self.database}" if self.database else ""
        options = [f"roles={self.roles}"] if self.roles != ROLES else []
        options += [f"keys={self.keys}"] if self.keys else []
        return f"redis{'s' * self.tls}://{who}{host}:{self.port}{database}{'?' if options else ''}{'&'.join(options)}"

    def __repr__(self) -> str:
        return str(self)

    def user_of(self, domain: str) -> str:
        """Name of the domain's user."""
        return f"{self.roles}{domain}"

    def prefix_of(self, domain: str) -> str:
        """How every key and channel of the domain begins."""
        return f"{self.keys}{PREFIXES[domain]}"


def parse_redis_url(url: str, option: str = "--cache") -> RedisPlace:
    """Read a URL; raises ``BadInput`` naming the option, with the password masked."""
    try:
        parts = urlsplit(url)
        port = parts.port
        options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    except ValueError as error:
        raise BadInput(option, f"{masked(url)}: {error}; {_EXPECTED}") from None
    if parts.scheme not in ("redis", "rediss"):
        raise BadInput(option, f"{masked(url)} is not the URL of a Redis; {_EXPECTED}")
    if not parts.hostname:
        raise BadInput(option, f"{masked(url)} names no host; {_EXPECTED}")
    database = parts.path.strip("/")
    if database and not (database.isascii() and database.isdigit() and len(database) < 6):
        raise BadInput(option, f"{masked(url)}: the database is {database!r}, expected a number")
    if unknown := sorted(set(options) - {"roles", "keys"}):
        raise BadInput(option, f"{masked(url)}: unknown option {unknown[0]!r}, expected roles or keys")
    roles, keys = options.get("roles", ROLES), options.get("keys", "")
    if not _WORD.fullmatch(roles):
        raise BadInput(option, f"{masked(url)}: roles is {roles!r}, expected letters, digits, '_', '.' or '-'")
    if not _KEYS.fullmatch(keys):
        raise BadInput(option, f"{masked(url)}: keys is {keys!r}, expected a word that ends in ':'")
    return RedisPlace(
        host=parts.hostname,
        port=port or _PORT,
        database=int(database or 0),
        tls=parts.scheme == "rediss",
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        roles=roles,
        keys=keys,
    )


def masked(url: str) -> str:
    """The URL with its password hidden: all from the first ``:`` of the user part to the last ``@``, whatever else is wrong."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        scheme, rest = "", url
    who, at, place = rest.rpartition("@")
    if at:
        user, colon, _ = who.partition(":")
        rest = f"{user}{':***' if colon else ''}@{place}"
    return f"{scheme}{separator}{rest}"
