"""Signed requests: proof of who sends one, of what was sent, and that it is sent for the first time.

The signature is HMAC-SHA256 in hexadecimal, keyed with the key's secret, over::

    timestamp \\n nonce \\n METHOD \\n path?query \\n sha256(body)

with the timestamp in milliseconds since the epoch, path and query exactly as they stand in the request line, and the SHA-256 of
the body in hexadecimal. Four headers carry the rest: ``X-Key``, ``X-Timestamp``, ``X-Nonce``, ``X-Signature``. A timestamp
may be five seconds away from the server's wall clock, and a nonce serves once.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

from trading_ecosystem.api.caller import Caller
from trading_ecosystem.api.keys import KeyStore
from trading_ecosystem.api.problems import NotAuthenticated, TooManyRequests

WINDOW_MS: Final = 5_000
"""Milliseconds by which a timestamp may differ from the server's wall clock, either way."""
NONCES: Final = 200_000
"""Nonces of one key that are remembered at most; one more within their time is refused as too many requests."""
KEY, TIMESTAMP, NONCE, SIGNATURE = "x-key", "x-timestamp", "x-nonce", "x-signature"
_NONCE: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
_TIMESTAMP: Final = re.compile(r"[0-9]{13}")


def text_to_sign(timestamp: str, nonce: str, method: str, target: str, body: bytes) -> bytes:
    """What the signature is made over; ``target`` is the path and, after ``?``, the query."""
    return f"{timestamp}\n{nonce}\n{method}\n{target}\n{hashlib.sha256(body).hexdigest()}".encode("latin-1")


class Nonces:
    """The nonces that were used, per key, as long as their timestamps could pass again.

    A nonce is remembered for two windows: its timestamp may lie one window ahead of the clock, and is refused once it lies one
    behind. Memory is bounded by :data:`NONCES` per key.
    """

    def __init__(self, most: int = NONCES) -> None:
        self._most = most
        self._used: dict[str, set[str]] = {}
        self._order: dict[str, deque[tuple[int, str]]] = {}

    def use(self, key_id: str, nonce: str, now_ms: int) -> bool:
        """Take a nonce; false where it was taken before. Raises :class:`TooManyRequests` where the memory is full."""
        used = self._used.setdefault(key_id, set())
        order = self._order.setdefault(key_id, deque())
        while order and order[0][0] <= now_ms:
            used.discard(order.popleft()[1])
        if nonce in used:
            return False
        if len(used) >= self._most:
            raise TooManyRequests("too many signed requests within ten seconds", retry_after=1.0)
        used.add(nonce)
        order.append((now_ms + 2 * WINDOW_MS + 1, nonce))
        return True


class Signatures:
    """Checks signed requests against the keys of a store."""

    def __init__(self, keys: KeyStore, wall_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        self._keys = keys
        self._wall_ms = wall_ms
        self._nonces = Nonces()

    def caller(self, headers: Mapping[str, str], method: str, target: str, body: bytes) -> Caller:
        """Who signed this request; raises :class:`NotAuthenticated` with what is wrong.

        A nonce is taken only once the signature is right: nobody else can use up a key's nonces.
        """
        given = [headers.get(name) for name in (KEY, TIMESTAMP, NONCE, SIGNATURE)]
        missing = [name for name, value in zip((KEY, TIMESTAMP, NONCE, SIGNATURE), given, strict=True) if value is None]
        if missing:
            raise NotAuthenticated(
                f"a signed request has the headers X-Key, X-Timestamp, X-Nonce, X-Signature; missing: {missing[0]}"
            )
        key_id, timestamp, nonce, signature = (value or "" for value in given)
        if not _TIMESTAMP.fullmatch(timestamp):
            raise NotAuthenticated("X-Timestamp: expected milliseconds since the epoch, 13 digits")
        if not _NONCE.fullmatch(nonce):
            raise NotAuthenticated("X-Nonce: expected 8 to 64 letters, digits, - or _")
        now = self._wall_ms()
        if abs(now - int(timestamp)) > WINDOW_MS:
            raise NotAuthenticated(f"X-Timestamp: more than {WINDOW_MS // 1000} s away from the server's clock")
        found = self._keys.by_id(key_id)
        if found is None:
            raise NotAuthenticated("X-Key or X-Signature is not right")
        caller, begun = found
        mac = begun.copy()
        mac.update(text_to_sign(timestamp, nonce, method, target, body))
        if not hmac.compare_digest(mac.hexdigest().encode(), signature.lower().encode("utf-8", "replace")):
            raise NotAuthenticated("X-Key or X-Signature is not right")
        if not self._nonces.use(key_id, nonce, now):
            raise NotAuthenticated("X-Nonce was used before")
        return caller
