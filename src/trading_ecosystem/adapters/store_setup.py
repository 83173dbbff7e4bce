"""What ``trading-ecosystem migrate`` does: a store's schemas, roles and rights, and a cache's users."""

from __future__ import annotations

import asyncio

import msgspec

from trading_ecosystem.adapters.environment import settings
from trading_ecosystem.ports.errors import BadInput
from trading_ecosystem.settings import CACHE_PASSWORD, CACHE_PASSWORDS_FILE


class SetUp(msgspec.Struct, frozen=True):
    """What was set up, each place with its password masked."""

    store: str
    schemas: dict[str, tuple[str | None, str]]
    """Version before (``None``: it was not there) and after, by schema."""
    cache: str | None = None
    users: tuple[str, ...] = ()
    note: str = ""

    def text(self) -> str:
        """For people: one line per schema, then the cache."""
        width = max(map(len, self.schemas))
        lines = [f"{self.store} is at this version"]
        for schema, (before, after) in self.schemas.items():
            done = "unchanged" if before == after else "made" if before is None else f"brought up from {before}"
            lines.append(f"  {schema:{width}}  {after}  {done}")
        if self.cache is not None:
            lines.append(f"{self.cache} has the users {', '.join(self.users)}")
        return "\n".join((*lines, self.note) if self.note else lines) + "\n"


def set_up(store_url: str, cache_url: str | None = None) -> SetUp:
    """Migrate a store, and make the users of a cache where one is named; raises :class:`BadInput` with the remedy."""
    return asyncio.run(_set_up(store_url, cache_url))


async def _set_up(store_url: str, cache_url: str | None) -> SetUp:
    from trading_ecosystem.adapters.sql.migrate import migrate
    from trading_ecosystem.adapters.sql.urls import parse_sql_store

    store = parse_sql_store(store_url)
    migrated = await migrate(store, settings().store_passwords)
    done = SetUp(str(store), {one.schema: (one.before, one.after) for one in migrated})
    return done if cache_url is None else await _with_users(done, cache_url)


async def _with_users(done: SetUp, cache_url: str) -> SetUp:
    from trading_ecosystem.adapters.redis.urls import PREFIXES, parse_redis_url
    from trading_ecosystem.adapters.redis.users import make_users

    passwords = {domain: settings().cache_passwords.of(domain) or "" for domain in PREFIXES}
    missing = [domain for domain, password in passwords.items() if not password]
    if missing:
        problem = f"no password for the user of {missing[0]}; set {CACHE_PASSWORD}, or name a file in {CACHE_PASSWORDS_FILE}"
        raise BadInput("--cache", problem)
    made = await make_users(cache_url, None, passwords)
    return msgspec.structs.replace(done, cache=str(parse_redis_url(cache_url)), users=made.users, note=made.note)
