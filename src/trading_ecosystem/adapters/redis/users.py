"""The domains' users on a Redis-protocol server: each bound to its prefix, with the verbs it needs and no more."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

import msgspec

from trading_ecosystem.adapters.redis.login import Command, Login, check_server
from trading_ecosystem.adapters.redis.urls import PREFIXES, parse_redis_url
from trading_ecosystem.ports.errors import BadInput, PortError

VERBS: Final = (
    *("get", "set", "del", "mget", "pexpire"),
    *("sadd", "srem", "smembers", "hset", "hget", "hgetall"),
    *("xadd", "xread", "xrevrange"),
    *("publish", "subscribe", "unsubscribe"),
    *("watch", "unwatch", "multi", "exec", "discard"),
    *("ping", "select", "client|setinfo"),
)
"""Everything a domain's user may say. No listing of keys, no scripts, no administration."""


class UsersMade(msgspec.Struct, frozen=True):
    """What :func:`make_users` did.

    ``kept`` is false where a restart of the server forgets the users; ``note`` says so and what to do.
    """

    users: tuple[str, ...]
    kept: bool
    note: str = ""


async def make_users(admin_url: str, prefix: str | None, passwords: Mapping[str, str], option: str = "--cache") -> UsersMade:
    """Make the user of every domain, or set it back to what it should be; doing it again, or twice at once, changes nothing.

    ``prefix`` begins the users' names (``None``: what the URL says), ``passwords`` has one for every domain. Passwords travel
    as SHA-256, never in clear. Raises ``BadInput`` where the server cannot be used or the administrator may not make users.
    """
    place = parse_redis_url(admin_url, option)
    if prefix is not None:
        place = msgspec.structs.replace(place, roles=prefix)
    if missing := [domain for domain in PREFIXES if not passwords.get(domain)]:
        raise BadInput(option, f"there is no password for {', '.join(missing)}")
    await check_server(place, place.user, place.password, option)
    admin = Login(place, place.user, place.password, connections=1)
    try:
        await admin.together([user_command(place.user_of(d), place.prefix_of(d), passwords[d]) for d in PREFIXES])
        kept, note = await _keep(admin)
    except PortError as error:
        raise BadInput(option, str(error)) from None
    finally:
        await admin.close()
    return UsersMade(tuple(place.user_of(domain) for domain in PREFIXES), kept, note)


def user_command(user: str, prefix: str, password: str) -> Command:
    """The one command that makes a user, or sets it back, in one step."""
    digest = hashlib.sha256(password.encode()).hexdigest()
    verbs = [f"+{verb}" for verb in VERBS]
    return ["ACL", "SETUSER", user, "reset", "on", f"#{digest}", f"~{prefix}*", f"&{prefix}*", "-@all", *verbs]


async def _keep(admin: Login) -> tuple[bool, str]:
    """Have the server write its users down: into its ACL file, else into its configuration file."""
    for command in (("ACL", "SAVE"), ("CONFIG", "REWRITE")):
        try:
            await admin.ask(*command)
        except PortError:
            continue
        return True, ""
    return False, (
        f"{admin.place} has neither an ACL file nor a configuration file it may write: a restart forgets the users, "
        "and migrate has to be run again; until then the stores answer without a cache"
    )
