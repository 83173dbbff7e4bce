"""Keys: list, create, revoke. Token and secret of a key are shown once, in the answer that creates it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Router, delete, get, post

from trading_ecosystem.api.caller import EVERY_ACCOUNT, Scope
from trading_ecosystem.api.decimals import instant_or_none, instant_text
from trading_ecosystem.api.keys import KeyRecord, KeyStore
from trading_ecosystem.api.rest.bodies import Answer, InstantText
from trading_ecosystem.api.rest.bodies import Request as Body
from trading_ecosystem.api.rest.routing import caller_of, needs
from trading_ecosystem.messages.units import SECOND
from trading_ecosystem.ports.errors import Forbidden

KeyId = Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern=r"^[a-z0-9]+$(?!\n)")]
Label = Annotated[str, msgspec.Meta(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$(?!\n)", examples=["my bot"])]
EveryAccount = Annotated[str, msgspec.Meta(pattern=r"^(\*|[a-z0-9][a-z0-9./_-]*)$(?!\n)", min_length=1, max_length=127)]


class KeyShown(Answer, frozen=True, forbid_unknown_fields=True):
    """What is kept of a key."""

    id: str
    label: str
    scopes: tuple[Scope, ...]
    accounts: tuple[str, ...]
    """Masters or sub-accounts; `*` is all."""
    created_at: InstantText
    revoked_at: InstantText | None


class KeysAnswer(Answer, frozen=True, forbid_unknown_fields=True):
    """Every key, revoked ones included, oldest first."""

    keys: tuple[KeyShown, ...]


class KeyToCreate(Body, frozen=True, forbid_unknown_fields=True):
    """What a new key is for. Nobody gives a key more than his own has."""

    label: Label
    scopes: Annotated[tuple[Scope, ...], msgspec.Meta(min_length=1, max_length=7)]
    accounts: Annotated[tuple[EveryAccount, ...], msgspec.Meta(min_length=1, max_length=50)]


class CreatedKey(Answer, frozen=True, forbid_unknown_fields=True):
    """A new key: `token` for `Authorization: Bearer`, `secret` for signed requests. Neither is shown again."""

    id: str
    token: str
    secret: str
    scopes: tuple[Scope, ...]
    accounts: tuple[str, ...]


@get("/keys", **needs(Scope.CONTROL))
async def list_keys(keys: KeyStore) -> KeysAnswer:
    """Every key, without what it proves itself with."""
    return KeysAnswer(tuple(_shown(one) for one in keys.records()))


@post("/keys", **needs(Scope.CONTROL))
async def create_key(request: Request[Any, Any, Any], data: KeyToCreate, keys: KeyStore) -> CreatedKey:
    """Make a key, of scopes and accounts that the caller's own key has."""
    caller = caller_of(request)
    for scope in data.scopes:
        caller.require(scope)
    for account in data.accounts:
        if account == EVERY_ACCOUNT and EVERY_ACCOUNT not in caller.accounts:
            raise Forbidden("this key is not bound to every account")
        if account != EVERY_ACCOUNT and not caller.owns(account):
            raise Forbidden(f"this key is not bound to account {account}")
    made = keys.create(data.label, dict.fromkeys(data.scopes), dict.fromkeys(data.accounts))
    return CreatedKey(made.id, made.token, made.secret, made.scopes, made.accounts)


@delete("/keys/{key_id:str}", status_code=200, **needs(Scope.CONTROL))
async def revoke_key(keys: KeyStore, key_id: KeyId) -> KeyShown:
    """End a key at once."""
    return _shown(keys.revoke(key_id))


def _shown(one: KeyRecord) -> KeyShown:
    created, revoked = instant_text(one.created_at * SECOND), one.revoked_at
    return KeyShown(
        one.id, one.label, one.scopes, one.accounts, created, instant_or_none(None if revoked is None else revoked * SECOND)
    )


router = Router("", route_handlers=[list_keys, create_key, revoke_key], tags=["keys"])
