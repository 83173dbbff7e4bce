"""How a "no" looks over gRPC: the same problems as REST's, each with a status code, and an ``ErrorDetail`` for programs.

The detail travels in ``grpc-status-details-bin``, where every gRPC library looks for it. Where trying again helps,
``grpc-retry-pushback-ms`` tells a client's own retries how long to wait.
"""

from __future__ import annotations

import math
from typing import Any, Final, NoReturn

import grpc

from trading_ecosystem.api.grpc.stubs.services import shared_pb2
from trading_ecosystem.api.problems import Problem
from trading_ecosystem.messages.units import SECOND

DETAILS: Final = "grpc-status-details-bin"
PUSHBACK: Final = "grpc-retry-pushback-ms"
_TYPE_URL: Final = "type.googleapis.com/trading_ecosystem.v1.services.ErrorDetail"
_LONGEST_MESSAGE: Final = 500

_CODES: Final = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    405: grpc.StatusCode.UNIMPLEMENTED,
    408: grpc.StatusCode.DEADLINE_EXCEEDED,
    409: grpc.StatusCode.ALREADY_EXISTS,
    413: grpc.StatusCode.RESOURCE_EXHAUSTED,
    422: grpc.StatusCode.FAILED_PRECONDITION,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    503: grpc.StatusCode.UNAVAILABLE,
}


class TooLate(Problem):
    """The call's deadline has passed."""

    status = 408
    type = "deadline-exceeded"
    title = "The deadline has passed"


def code_of(problem: Problem) -> grpc.StatusCode:
    """The status code of a problem."""
    return _CODES.get(problem.status, grpc.StatusCode.INTERNAL)


def detail_of(problem: Problem, request_id: str) -> shared_pb2.ErrorDetail:
    """What a program learns of a problem."""
    return shared_pb2.ErrorDetail(
        type=f"/problems/{problem.type}",
        title=problem.title,
        detail=problem.detail,
        reason=problem.reason or "",
        errors=[shared_pb2.FieldViolation(field=one.field, problem=one.problem) for one in problem.errors],
        retry_after_ns=0 if problem.retry_after is None else max(1, math.ceil(problem.retry_after * SECOND)),
        request_id=request_id,
    )


def message_of(problem: Problem) -> str:
    """The line of a status: the first of what is wrong, in text that every library can carry."""
    text = problem.detail or problem.title
    return text if len(text) <= _LONGEST_MESSAGE else text[: _LONGEST_MESSAGE - 1] + "…"


def trailing_of(problem: Problem, request_id: str) -> tuple[tuple[str, str | bytes], ...]:
    """The trailing metadata of a refused call."""
    status = shared_pb2.CallStatus(code=code_of(problem).value[0], message=message_of(problem))
    status.details.add(type_url=_TYPE_URL, value=detail_of(problem, request_id).SerializeToString())
    trailing: list[tuple[str, str | bytes]] = [(DETAILS, status.SerializeToString()), ("x-request-id", request_id)]
    if problem.retry_after is not None:
        trailing.append((PUSHBACK, str(max(1, math.ceil(problem.retry_after * 1_000)))))
    return tuple(trailing)


async def refuse(context: Any, problem: Problem, request_id: str) -> NoReturn:
    """End a call with a problem."""
    await context.abort(code_of(problem), message_of(problem), trailing_of(problem, request_id))
    raise AssertionError("a call that was ended goes on")
