"""What can go wrong, as the client sees it.

::

    ClientError
    ├── ApiError       the server answered with problem details
    ├── Unreachable    no answer: no connection, no answer in time, or none that can be read
    ├── CircuitOpen    not even tried: the server failed too often just now
    └── StreamEnded    the server closed a stream, with its reason
"""

from __future__ import annotations

from typing import Any


class ClientError(Exception):
    """Base of everything that the client raises."""


class ApiError(ClientError):
    """An answer that says no (RFC 9457). ``reason`` is the name of a closed enum's member, where there is one."""

    def __init__(self, status: int, problem: dict[str, Any], retry_after: float | None = None) -> None:
        self.status = status
        self.type = str(problem.get("type", ""))
        self.detail = str(problem.get("detail", "") or problem.get("title", ""))
        self.reason: str | None = problem.get("reason")
        self.request_id: str | None = problem.get("request_id")
        self.retry_after = retry_after
        named = f" ({self.reason})" if self.reason else ""
        super().__init__(f"{status}{named}: {self.detail}")


class Unreachable(ClientError):
    """No answer came, or none that can be read; what was asked for may have been done all the same."""


class CircuitOpen(ClientError):
    """The server failed too often just now: nothing was sent."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"the server failed too often; nothing is sent for another {seconds:.1f} s")


class StreamEnded(ClientError):
    """The server closed the stream."""

    def __init__(self, code: int, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(f"the stream was closed with {code}: {reason}")
