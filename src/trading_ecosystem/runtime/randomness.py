"""Reproducible randomness: one counter-based stream per (component, purpose), derived by hash from the run's seed.

A stream's words are the output of SHAKE-128 over ``key ‖ block number``, 512 words of 64 bits a block. It is our own
generator so that the same seed gives the same bytes on every supported Python, and its whole state is a position, so that
snapshots are small. Distributions use :mod:`math` only.
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Sequence
from typing import Any, Final, TypeVar

T = TypeVar("T")

_WORDS_PER_BLOCK: Final = 512
_UNPACK: Final = struct.Struct(f"<{_WORDS_PER_BLOCK}Q").unpack
_TWO_PI: Final = 2.0 * math.pi
_LARGE_MEAN: Final = 30.0


class Stream:
    """One stream; see :class:`trading_ecosystem.ports.randomness.RandomStream`."""

    __slots__ = ("_block", "_key", "_position", "_words")

    def __init__(self, key: bytes, position: int = 0) -> None:
        self._key = key
        self._block = position // _WORDS_PER_BLOCK
        self._position = position % _WORDS_PER_BLOCK
        self._words = self._generate()

    def _generate(self) -> tuple[int, ...]:
        seeded = self._key + self._block.to_bytes(8, "little")
        return _UNPACK(hashlib.shake_128(seeded).digest(_WORDS_PER_BLOCK * 8))

    def word(self) -> int:
        """The next 64 random bits."""
        position = self._position
        if position == _WORDS_PER_BLOCK:
            self._block += 1
            self._words = self._generate()
            position = 0
        self._position = position + 1
        return self._words[position]

    def uniform(self) -> float:
        """A float in [0, 1), uniform on multiples of 2⁻⁵³."""
        return (self.word() >> 11) * 1.1102230246251565e-16

    def integer(self, low: int, high: int) -> int:
        """An integer in [low, high], both included; the bias of the reduction is below 2⁻³² for ranges below 2³²."""
        return low + (self.word() * (high - low + 1) >> 64)

    def chance(self, probability_ppm: int) -> bool:
        """True with the given probability in parts per million."""
        return self.word() % 1_000_000 < probability_ppm

    def normal(self) -> float:
        """A standard normal draw (Box and Muller 1958, the cosine branch)."""
        return math.sqrt(-2.0 * math.log(1.0 - self.uniform())) * math.cos(_TWO_PI * self.uniform())

    def exponential(self, mean: float) -> float:
        """An exponential draw with the given mean, by inversion."""
        return -mean * math.log(1.0 - self.uniform())

    def poisson(self, mean: float) -> int:
        """A Poisson draw: Knuth's product of uniforms, in chunks so that large means do not underflow."""
        count = 0
        while mean > _LARGE_MEAN:
            count += self._small_poisson(_LARGE_MEAN)
            mean -= _LARGE_MEAN
        return count + self._small_poisson(mean)

    def _small_poisson(self, mean: float) -> int:
        limit = math.exp(-mean)
        count = 0
        product = self.uniform()
        while product > limit:
            count += 1
            product *= self.uniform()
        return count

    def choice(self, items: Sequence[T]) -> T:
        """One of the items, uniformly."""
        return items[self.integer(0, len(items) - 1)]

    def snapshot_state(self) -> list[Any]:
        """What a snapshot keeps: the key and the position."""
        return [self._key.hex(), self._block * _WORDS_PER_BLOCK + self._position]

    @classmethod
    def from_snapshot_state(cls, state: list[Any]) -> Stream:
        """The stream as it was."""
        key, position = state
        if position and position % _WORDS_PER_BLOCK == 0:
            stream = cls(bytes.fromhex(key), position - 1)
            stream.word()
            return stream
        return cls(bytes.fromhex(key), position)


class SeededRandomness:
    """All streams of one run; see :class:`trading_ecosystem.ports.randomness.Randomness`."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def stream(self, component: str, purpose: str) -> Stream:
        """The stream of one purpose of one component."""
        label = f"trading-ecosystem/1\x00{self.seed}\x00{component}\x00{purpose}"
        return Stream(hashlib.sha256(label.encode()).digest())
