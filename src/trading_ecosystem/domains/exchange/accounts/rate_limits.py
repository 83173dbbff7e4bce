"""How many messages an account may send: a bucket of tokens that refills with ecosystem time, in integers.

A bucket holds ``burst`` tokens and gains one every ``refill_ns``. A message takes as many as it weighs; a list weighs as much
as its orders together. Where there are too few, the message is refused with the instant from which there will be enough, and
takes none. Each account, a sub-account too, has a bucket of its own.

What is kept is one instant per account, when its bucket will be full again (the generic cell rate algorithm, ITU-T I.371), so
that nothing rounds and nothing has to be refilled.
"""

from __future__ import annotations

import enum

import msgspec

from trading_ecosystem.messages.units import Nanos


class MessageKind(enum.StrEnum):
    """What a message is weighed as."""

    PLACE = "place"
    REPLACE = "replace"
    CANCEL = "cancel"


class RateLimit(msgspec.Struct, frozen=True):
    """A venue's limit per account."""

    burst: int = 0
    """Tokens in a full bucket; 0 for no limit."""
    refill_ns: Nanos = 0
    """Time in which one token comes back."""
    place_weight: int = 1
    replace_weight: int = 1
    cancel_weight: int = 0
    """0: cancelling is never refused; a mass cancel never is, whatever this says."""

    def weight_of(self, kind: MessageKind) -> int:
        """Tokens that a message of this kind takes."""
        if kind is MessageKind.PLACE:
            return self.place_weight
        return self.replace_weight if kind is MessageKind.REPLACE else self.cancel_weight


class RateLimits:
    """The buckets of one venue."""

    __slots__ = ("_full_at", "limit")

    def __init__(self, limit: RateLimit) -> None:
        self.limit = limit
        self._full_at: dict[str, Nanos] = {}

    def refused_until(self, account: str, kind: MessageKind, now: Nanos, messages: int = 1) -> Nanos:
        """Take the tokens of so many messages and return 0, or take none and return the instant at which to try again.

        More than a full bucket holds can never be taken at once: then that instant is when the bucket is full.
        """
        limit = self.limit
        tokens = limit.weight_of(kind) * messages
        if not limit.burst or not tokens:
            return 0
        full_at = max(self._full_at.get(account, 0), now)
        if tokens > limit.burst:
            return max(full_at, now + limit.refill_ns)
        after = full_at + tokens * limit.refill_ns
        enough_at = after - limit.burst * limit.refill_ns
        if enough_at > now:
            return enough_at
        self._full_at[account] = after
        return 0
