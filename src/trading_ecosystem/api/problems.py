"""How a "no" looks outside: problem details (RFC 9457), one class per kind, each with its HTTP status.

Every error that leaves the doors is one of these. ``type`` is a stable word under ``/problems/``; ``reason`` is the name of a
closed enum's member where a venue, custodian or monitor gave one (such as ``INSUFFICIENT_CLAIM``). gRPC maps the same classes
to its own status codes.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import msgspec

from trading_ecosystem.messages.orders import RejectReason
from trading_ecosystem.messages.units import SECOND, Nanos
from trading_ecosystem.ports.errors import BadInput, Conflict, Forbidden, NotFound, Unavailable

PROBLEM_JSON = "application/problem+json"


class FieldProblem(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is wrong with one field of a request; ``field`` is a path like ``price`` or ``orders[1].quantity``."""

    field: str
    problem: str


class ProblemDetails(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of an error answer (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str = ""
    reason: str | None = None
    """Name of a closed enum's member."""
    errors: tuple[FieldProblem, ...] = ()
    request_id: str | None = None


class Problem(Exception):
    """Base of every error that the doors answer with."""

    status: ClassVar[int] = 500
    type: ClassVar[str] = "internal"
    title: ClassVar[str] = "Internal fault"

    def __init__(
        self,
        detail: str = "",
        *,
        reason: str | None = None,
        errors: tuple[FieldProblem, ...] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.reason = reason
        self.errors = errors
        self.retry_after = retry_after

    def details(self, request_id: str | None = None) -> ProblemDetails:
        """The body of the answer."""
        return ProblemDetails(
            f"/problems/{self.type}", self.title, self.status, self.detail, self.reason, self.errors, request_id
        )

    def headers(self) -> dict[str, str]:
        """Headers of the answer beside its media type."""
        return {} if self.retry_after is None else {"retry-after": str(max(1, math.ceil(self.retry_after)))}


class InvalidRequest(Problem):
    """The request is malformed: JSON, types, unknown or missing fields."""

    status = 400
    type = "invalid-request"
    title = "The request cannot be read"


class NotAuthenticated(Problem):
    """No key, or one that does not prove itself."""

    status = 401
    type = "not-authenticated"
    title = "A valid key is needed"

    def headers(self) -> dict[str, str]:
        """RFC 9110: a 401 names how to authenticate."""
        return {"www-authenticate": 'Bearer realm="trading-ecosystem"'}


class NotAllowed(Problem):
    """The key may not do this."""

    status = 403
    type = "not-allowed"
    title = "The key does not allow this"


class NoSuchThing(Problem):
    """There is no such thing."""

    status = 404
    type = "not-found"
    title = "There is no such thing"


class Conflicting(Problem):
    """The same id was used with other content, or the thing is in another state."""

    status = 409
    type = "conflict"
    title = "In conflict with what is there"


class TooLarge(Problem):
    """The body is larger than the door takes."""

    status = 413
    type = "too-large"
    title = "The body is too large"


class Refused(Problem):
    """The request can be read, and whoever it was meant for says no; ``reason`` is theirs."""

    status = 422
    type = "refused"
    title = "Refused"


class TooManyRequests(Problem):
    """A rate limit, the door's or the venue's."""

    status = 429
    type = "too-many-requests"
    title = "Too many requests"


class TryAgainLater(Problem):
    """Something behind the door is down or full."""

    status = 503
    type = "unavailable"
    title = "Not available now"


_LATER = 1.0
_STATUS_OF_REASON: dict[RejectReason, type[Problem]] = {
    RejectReason.UNKNOWN_ACCOUNT: NoSuchThing,
    RejectReason.UNKNOWN_INSTRUMENT: NoSuchThing,
    RejectReason.UNKNOWN_ORDER: NoSuchThing,
    RejectReason.RATE_LIMITED: TooManyRequests,
    RejectReason.DUPLICATE_CLIENT_ORDER_ID: Conflicting,
    RejectReason.DUPLICATE_ORDER_ID: Conflicting,
    RejectReason.ORDER_ENDED: Conflicting,
}

_STATUS_OF_WORD: dict[str, type[Problem]] = {
    "unknown_order": NoSuchThing,
    "unknown_account": NoSuchThing,
    "unknown_asset": NoSuchThing,
    "unknown_venue": NoSuchThing,
    "unknown_strategy": NoSuchThing,
    "no_such_monitor": NoSuchThing,
    "rate_limited": TooManyRequests,
    "unknown_trade": NoSuchThing,
    "unknown_component": NoSuchThing,
    "already_busted": Conflicting,
    "not_in_this_state": Conflicting,
    "name_taken": Conflicting,
    "report_id_reused": Conflicting,
    "alert_known": Conflicting,
    "alert_unknown": Conflicting,
    "not_more_severe": Conflicting,
    "too_late": Conflicting,
    "transfer_id_conflict": Conflicting,
    "already_running": Conflicting,
    "not_running": Conflicting,
    "offline": TryAgainLater,
}


def refusal(reason: Any, detail: str, *, retry_at: Nanos = 0, now: Nanos = 0) -> Problem:
    """The problem for a reason out of a closed enum; ``retry_at`` and ``now`` are ecosystem instants, 0 where none is said."""
    wait = max(0.0, (retry_at - now) / SECOND) if retry_at else None
    kind = _STATUS_OF_REASON.get(reason) if isinstance(reason, RejectReason) else None
    if kind is None:
        kind = _STATUS_OF_WORD.get(reason.value, Refused)
    if kind is TooManyRequests and wait is None:
        wait = _LATER
    return kind(detail, reason=reason.name, retry_after=wait)


def no_answer(whom: str) -> TryAgainLater:
    """Nothing was said in return to a command: whether it was carried out is not known here."""
    return TryAgainLater(
        f"{whom} gave no answer; it may have done what was asked, so look before asking again", retry_after=_LATER
    )


def problem_of(error: Exception) -> Problem:
    """The problem that an error of the house becomes; anything unknown is an internal fault that tells nothing."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, BadInput):
        errors = (FieldProblem(error.place, error.problem),) if error.place else ()
        return InvalidRequest(str(error), errors=errors)
    if isinstance(error, Unavailable):
        return TryAgainLater(str(error), retry_after=_LATER if error.retry_after is None else error.retry_after)
    for kind, problem in ((Forbidden, NotAllowed), (NotFound, NoSuchThing), (Conflict, Conflicting)):
        if isinstance(error, kind):
            return problem(str(error))
    return Problem("the server failed; the request id finds it in the server's log")
