"""Keys, kept hashed.

A key is given out once, as a bearer *token* and as a *secret* for signed requests. ``keys.json`` keeps the SHA-256 of the
token; tokens are 256 random bits, so that a slow hash would protect nothing more. The secret is not kept at all: it is
derived from the key's id with the master secret in ``master.key`` (HMAC-SHA256). Who reads ``keys.json`` alone can neither
call nor sign. Both files belong to their owner alone (mode 600), and a file that others could read is refused.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from trading_ecosystem.adapters.whole_files import write_whole
from trading_ecosystem.api.caller import Caller, Scope
from trading_ecosystem.ports.errors import BadInput, NotFound

KEYS_FILE: Final = "keys.json"
MASTER_FILE: Final = "master.key"
_PREFIX: Final = "te"
_ID_BYTES: Final = 5
_TOKEN_BYTES: Final = 32
_LOOK_AGAIN: Final = 1.0
"""Seconds between two looks whether another process changed the file."""


class KeyRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is kept of a key. ``token_sha256`` is in hexadecimal; instants are seconds since the epoch, of the wall."""

    id: str
    label: str
    scopes: tuple[Scope, ...]
    accounts: tuple[str, ...]
    token_sha256: str
    created_at: int
    revoked_at: int | None = None


class NewKey(msgspec.Struct, frozen=True):
    """A key as it is given out: the only time that token and secret are seen."""

    id: str
    token: str
    secret: str
    scopes: tuple[Scope, ...]
    accounts: tuple[str, ...]

    def __repr__(self) -> str:
        return f"NewKey({self.id})"


class KeyStore:
    """The keys of one folder; the folder and the master secret are made where there are none."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / KEYS_FILE
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._master = _master_secret(folder / MASTER_FILE)
        self._records: dict[str, KeyRecord] = {}
        self._lent: dict[str, KeyRecord] = {}
        self._callers: dict[bytes, Caller] = {}
        self._signing: dict[str, tuple[Caller, hmac.HMAC]] = {}
        self._seen: tuple[int, int] | None = None
        self._looked_at = 0.0
        self._look()

    def create(self, label: str, scopes: Iterable[Scope], accounts: Iterable[str]) -> NewKey:
        """Make a key, and keep what is kept of it."""
        self._look()
        key_id = secrets.token_hex(_ID_BYTES)
        token = f"{_PREFIX}_{key_id}_{secrets.token_urlsafe(_TOKEN_BYTES)}"
        new = NewKey(key_id, token, self.secret_of(key_id), tuple(scopes), tuple(accounts))
        record = KeyRecord(key_id, label, new.scopes, new.accounts, _sha256(token).hex(), int(time.time()))
        self._write({**self._records, key_id: record})
        return new

    def lend(self, scopes: Iterable[Scope], accounts: Iterable[str]) -> NewKey:
        """A key that this object alone knows, and that nothing keeps: it ends with the process."""
        key_id = secrets.token_hex(_ID_BYTES)
        token = f"{_PREFIX}_{key_id}_{secrets.token_urlsafe(_TOKEN_BYTES)}"
        new = NewKey(key_id, token, self.secret_of(key_id), tuple(scopes), tuple(accounts))
        self._lent[key_id] = KeyRecord(key_id, "lent", new.scopes, new.accounts, _sha256(token).hex(), int(time.time()))
        self._take(self._records.values())
        return new

    def revoke(self, key_id: str) -> KeyRecord:
        """End a key; raises :class:`NotFound`."""
        self._look()
        if key_id not in self._records:
            raise NotFound(f"there is no key {key_id}")
        revoked = msgspec.structs.replace(self._records[key_id], revoked_at=int(time.time()))
        self._write({**self._records, key_id: revoked})
        return revoked

    def records(self) -> list[KeyRecord]:
        """Every key, revoked ones included, oldest first."""
        self._look()
        return list(self._records.values())

    def by_token(self, token: str) -> Caller | None:
        """Who a bearer token was given to, or ``None``."""
        self._look_sometimes()
        # A digest is looked up, not a token compared: how long that takes says nothing about any token.
        return self._callers.get(_sha256(token))

    def by_id(self, key_id: str) -> tuple[Caller, hmac.HMAC] | None:
        """A key that may sign: its caller, and an HMAC begun with its secret, to be copied; or ``None``."""
        self._look_sometimes()
        return self._signing.get(key_id)

    def secret_of(self, key_id: str) -> str:
        """The secret that requests of a key are signed with, in hexadecimal."""
        return hmac.digest(self._master, b"signing:" + key_id.encode(), "sha256").hex()

    def derived(self, purpose: str) -> bytes:
        """32 bytes of this folder's master secret for another purpose."""
        return hmac.digest(self._master, b"purpose:" + purpose.encode(), "sha256")

    def _look_sometimes(self) -> None:
        if time.monotonic() - self._looked_at > _LOOK_AGAIN:
            self._look()

    def _look(self) -> None:
        """Read the file where it has changed since the last look."""
        self._looked_at = time.monotonic()
        try:
            found = self._path.stat()
        except FileNotFoundError:
            self._take([])
            self._seen = None
            return
        seen = (found.st_mtime_ns, found.st_ino)
        if seen == self._seen:
            return
        _check_private(self._path)
        try:
            records = msgspec.json.decode(self._path.read_bytes(), type=list[KeyRecord])
        except msgspec.MsgspecError as error:
            raise BadInput(str(self._path), f"is no list of keys: {error}") from None
        self._take(records)
        self._seen = seen

    def _take(self, records: Iterable[KeyRecord]) -> None:
        self._records = {record.id: record for record in records}
        self._callers, self._signing = {}, {}
        for record in (*self._records.values(), *self._lent.values()):
            if record.revoked_at is None:
                caller = Caller(record.id, frozenset(record.scopes), record.accounts)
                self._callers[bytes.fromhex(record.token_sha256)] = caller
                self._signing[record.id] = (caller, hmac.new(self.secret_of(record.id).encode(), digestmod="sha256"))

    def _write(self, records: dict[str, KeyRecord]) -> None:
        text = msgspec.json.format(msgspec.json.encode(list(records.values())), indent=2).decode()
        write_whole(self._path, text + "\n", mode=0o600)
        self._seen = None
        self._look()


def _sha256(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _check_private(path: Path) -> None:
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise BadInput(str(path), f"can be used by others than its owner; expected mode 600: chmod 600 {path}")


def _master_secret(path: Path) -> bytes:
    """The master secret of a folder, made where there is none."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        _check_private(path)
        text = path.read_text(encoding="ascii").strip()
        try:
            secret = bytes.fromhex(text)
        except ValueError:
            secret = b""
        if len(secret) != hashlib.sha256().digest_size:
            raise BadInput(str(path), "holds no master secret; expected 64 hexadecimal digits") from None
        return secret
    secret = secrets.token_bytes(hashlib.sha256().digest_size)
    with os.fdopen(file, "w", encoding="ascii") as opened:
        opened.write(secret.hex() + "\n")
    return secret
