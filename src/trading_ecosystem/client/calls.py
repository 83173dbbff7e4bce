"""One call for the sync and the async client alike: what is sent, and what an answer means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

import httpx
import msgspec

from trading_ecosystem.client.credentials import Credentials
from trading_ecosystem.client.errors import ApiError, Unreachable

T = TypeVar("T")
Params = Mapping[str, Any]

_IDEMPOTENT: Final = frozenset({"GET", "HEAD", "PUT", "DELETE"})


class Call:
    """A request that may be sent several times, each time with fresh credentials."""

    def __init__(
        self,
        base_url: str,
        credentials: Credentials | None,
        method: str,
        path: str,
        params: Params | None,
        body: Any,
        idempotent: bool | None,
    ) -> None:
        asked = {name: value for name, value in (params or {}).items() if value is not None}
        self._target = f"{path}?{urlencode(asked, doseq=True)}" if asked else path
        self._url = base_url.rstrip("/") + self._target
        self._credentials = credentials
        self.method = method
        self._body = b"" if body is None else msgspec.json.encode(body)
        self.idempotent = method in _IDEMPOTENT if idempotent is None else idempotent

    def request(self, client: httpx.Client | httpx.AsyncClient) -> httpx.Request:
        """What is sent next."""
        headers = {"Content-Type": "application/json"} if self._body else {}
        if self._credentials is not None:
            headers |= self._credentials.headers(self.method, self._target, self._body)
        return client.build_request(self.method, self._url, content=self._body, headers=headers)


def decoded(response: httpx.Response, kind: type[T]) -> T:
    """An answer's body; raises :class:`ApiError` for one that says no, :class:`Unreachable` for one that cannot be read."""
    if response.is_success:
        try:
            return msgspec.json.decode(response.content or b"null", type=kind)
        except msgspec.MsgspecError as error:
            raise Unreachable(f"the answer cannot be read: {error}") from error
    raise ApiError(response.status_code, _problem(response), retry_after(response))


def retry_after(response: httpx.Response) -> float | None:
    """Seconds that the server wants to be left alone for, if it says so."""
    said = response.headers.get("retry-after", "")
    return float(said) if said.isdigit() else None


def _problem(response: httpx.Response) -> dict[str, Any]:
    try:
        body = msgspec.json.decode(response.content)
    except msgspec.MsgspecError:
        body = None
    return body if isinstance(body, dict) else {"detail": response.text[:200] or response.reason_phrase}
