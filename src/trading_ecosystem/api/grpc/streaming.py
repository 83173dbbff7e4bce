"""Streams over gRPC: what the hub hands to a listener, in the responses of a call, numbered from 1 on without a gap.

What waits for a client that is slow is bounded by the hub's limits; a client that still lets too much gather is cut with
``RESOURCE_EXHAUSTED``. Every stream carries the hub's heartbeats: what was said before ecosystem time reached one has been sent
before it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

import msgspec

from trading_ecosystem.api.face import Face
from trading_ecosystem.api.grpc.conversion import fill_choice
from trading_ecosystem.api.grpc.entrance import current_call
from trading_ecosystem.api.problems import NotAuthenticated, Problem, TooManyRequests, TryAgainLater
from trading_ecosystem.api.streams.channels import Channel
from trading_ecosystem.api.streams.hub import Hub
from trading_ecosystem.api.streams.published import Heartbeat, Published
from trading_ecosystem.api.streams.subscriber import GOING_AWAY, KEY_REVOKED, Cut, CutOff


class Wanted(msgspec.Struct, frozen=True):
    """What one call listens to."""

    channel: Channel
    venue: str = ""
    instrument: str = ""
    account: str = ""
    conflate: bool = False


class Streams:
    """See the module."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def follow(
        self,
        response: Callable[[], Any],
        wanted: Iterable[Wanted],
        face: Face = Face.PRODUCTION,
        *,
        keep: Callable[[Any], bool] = lambda _: True,
        show: Callable[[Any, Any], Any] = fill_choice,
    ) -> AsyncIterator[Any]:
        """The responses of a call, until it ends; ``keep`` chooses messages, ``show`` writes one into a response."""
        with self._hub.joined(current_call().caller, face, counts_text=False) as subscriber:
            for one in (*wanted, Wanted(Channel.HEARTBEATS)):
                self._hub.subscribe(
                    subscriber,
                    one.channel,
                    venue=one.venue,
                    instrument=one.instrument,
                    account=one.account,
                    conflate=one.conflate,
                )
            number = 0
            while True:
                try:
                    waiting = await subscriber.take()
                except CutOff as cut:
                    raise _problem(cut.cut) from None
                for one_waiting in waiting:
                    said = one_waiting.published
                    if said is not None and (isinstance(said.message, Heartbeat) or keep(said.message)):
                        number += 1
                        yield _numbered(response(), number, said, show)


def _numbered(answer: Any, number: int, said: Published, show: Callable[[Any, Any], Any]) -> Any:
    answer.number = number
    if "at" in answer.DESCRIPTOR.fields_by_name:
        answer.at = said.at
    if isinstance(said.message, Heartbeat):
        answer.heartbeat.at = said.message.time_at
    else:
        show(answer, said.message)
    return answer


def _problem(cut: Cut) -> Problem:
    if cut == KEY_REVOKED:
        return NotAuthenticated(cut.reason)
    if cut == GOING_AWAY:
        return TryAgainLater(cut.reason, retry_after=1.0)
    return TooManyRequests(cut.reason)
