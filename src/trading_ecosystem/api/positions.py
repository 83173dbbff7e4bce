"""``X-Position``: where in the record a caller's last write stands, as a token that says nothing else.

The record's own numbers have gaps where others, and faults, said something; whoever could read them could count what is hidden.
So a number is permuted with a key of this server: a Feistel network of four rounds over 64 bits (Luby and Rackoff 1988), its
round function keyed BLAKE2b. Equal positions give equal tokens, and a token that was not made here is refused in most cases,
for it stands for a number that is not there yet.
"""

from __future__ import annotations

import hashlib
from typing import Final

from trading_ecosystem.api.problems import FieldProblem, InvalidRequest

HEADER: Final = "x-position"
_ROUNDS: Final = 4
_HALF: Final = 32
_MASK: Final = (1 << _HALF) - 1
_DIGITS: Final = 16


class Positions:
    """Writes and reads position tokens with a key of 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def token(self, sequence: int) -> str:
        """The token of a sequence number of the record."""
        left, right = sequence >> _HALF, sequence & _MASK
        for number in range(_ROUNDS):
            left, right = right, left ^ self._mixed(number, right)
        return f"{left << _HALF | right:0{_DIGITS}x}"

    def sequence(self, token: str) -> int:
        """The sequence number behind a token; raises :class:`InvalidRequest` where it is none."""
        try:
            value = int(token, 16) if len(token) == _DIGITS else -1
        except ValueError:
            value = -1
        if value < 0:
            problem = f"{token[:40]!r} is no position; send back what an answer's X-Position said"
            raise InvalidRequest(f"X-Position: {problem}", errors=(FieldProblem("X-Position", problem),))
        left, right = value >> _HALF, value & _MASK
        for number in reversed(range(_ROUNDS)):
            left, right = right ^ self._mixed(number, left), left
        return left << _HALF | right

    def _mixed(self, number: int, half: int) -> int:
        data = bytes((number,)) + half.to_bytes(4, "big")
        return int.from_bytes(hashlib.blake2b(data, digest_size=4, key=self._key).digest(), "big")
