"""How a WebSocket handshake is refused: with an HTTP status and problem details, as any other request."""

from __future__ import annotations

from typing import Any

import msgspec

from trading_ecosystem.api.problems import PROBLEM_JSON, Problem


async def refuse(send: Any, problem: Problem) -> None:
    """Answer a handshake with a problem."""
    body = msgspec.json.encode(problem.details())
    headers = [(name.encode(), value.encode()) for name, value in problem.headers().items()]
    headers += [(b"content-type", PROBLEM_JSON.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "websocket.http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})
