"""How a request proves who sends it: a bearer token, or a signature made with a key's secret.

A signature is HMAC-SHA256 in hexadecimal over ``timestamp\\nnonce\\nMETHOD\\npath?query\\nsha256(body)``; the timestamp is in
milliseconds of wall time, and every request has a nonce of its own.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from typing import Protocol


class Credentials(Protocol):
    """Whatever makes the headers that prove who sends a request."""

    def headers(self, method: str, target: str, body: bytes) -> dict[str, str]:
        """The headers of one request; ``target`` is its path and, after ``?``, its query, exactly as sent."""


class Token:
    """A bearer token."""

    def __init__(self, token: str) -> None:
        self._headers = {"Authorization": f"Bearer {token}"}

    def headers(self, method: str, target: str, body: bytes) -> dict[str, str]:
        """The same for every request."""
        return dict(self._headers)


class Signing:
    """A key and its secret: every request is signed, and neither can be used again by who sees it."""

    def __init__(
        self,
        key: str,
        secret: str,
        *,
        wall_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        nonce: Callable[[], str] = lambda: secrets.token_urlsafe(18),
    ) -> None:
        self._key = key
        self._secret = secret.encode()
        self._wall_ms = wall_ms
        self._nonce = nonce

    def headers(self, method: str, target: str, body: bytes) -> dict[str, str]:
        """A fresh signature: a request that is tried again is signed again."""
        timestamp, nonce = f"{self._wall_ms():013d}", self._nonce()
        text = f"{timestamp}\n{nonce}\n{method}\n{target}\n{hashlib.sha256(body).hexdigest()}"
        signature = hmac.new(self._secret, text.encode("latin-1"), hashlib.sha256).hexdigest()
        return {"X-Key": self._key, "X-Timestamp": timestamp, "X-Nonce": nonce, "X-Signature": signature}
