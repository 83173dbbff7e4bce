"""The Merkle log of a journal that grows, ready for proofs at any time and of any size up to now.

It keeps the digest of every leaf and of every full subtree over them, 64 bytes a line in all, and no line: so a proof takes
a number of hashes that grows with the logarithm of the log, and the journal is not read again. What a tree is and what a proof
holds is said in :mod:`trading_ecosystem.domains.audit.merkle`.
"""

from __future__ import annotations

import hashlib
from typing import Final

from trading_ecosystem.domains.audit.merkle import DIGEST_SIZE, EMPTY_ROOT, leaf_hash, node_hash

_SIZE: Final = DIGEST_SIZE


class AuditLog:
    """Digests of all full subtrees, level by level: ``_levels[k]`` has those over ``2**k`` leaves, one after another."""

    __slots__ = ("_levels",)

    def __init__(self) -> None:
        self._levels: list[bytearray] = [bytearray()]

    @property
    def size(self) -> int:
        """How many lines the log has."""
        return len(self._levels[0]) // _SIZE

    @classmethod
    def of_leaves(cls, leaves: bytes) -> AuditLog:
        """The log whose lines have these leaf digests, one after another: faster than a line at a time."""
        sha256 = hashlib.sha256
        log, level = cls(), bytearray(leaves)
        log._levels = [level]
        while len(level) >= 2 * _SIZE:
            pairs = range(0, len(level) // (2 * _SIZE) * 2 * _SIZE, 2 * _SIZE)
            level = bytearray().join([sha256(b"\x01" + level[at : at + 2 * _SIZE]).digest() for at in pairs])
            log._levels.append(level)
        return log

    @property
    def leaves(self) -> bytearray:
        """The digest of every line, one after another; not to be changed."""
        return self._levels[0]

    def append(self, line: bytes) -> None:
        """Add a line."""
        digest, number = leaf_hash(line), self.size
        for level in range(len(self._levels) + 1):
            if level == len(self._levels):
                self._levels.append(bytearray())
            self._levels[level] += digest
            if not number & 1:
                return
            digest = node_hash(self._at(level, number - 1), digest)
            number >>= 1

    def root(self, size: int | None = None) -> bytes:
        """The root over the first ``size`` lines, or over all."""
        length = self._checked(self.size if size is None else size)
        return self._over(0, length) if length else EMPTY_ROOT

    def inclusion_proof(self, index: int, size: int) -> tuple[bytes, ...]:
        """Proves that line ``index`` (from 0) is among the first ``size``; raises ``ValueError`` where it is not."""
        if not 0 <= index < self._checked(size):
            raise ValueError(f"there is no line {index} among the first {size}")
        path: list[bytes] = []
        start, length = 0, size
        while length > 1:
            split = _split(length)
            if index - start < split:
                path.append(self._over(start + split, length - split))
                length = split
            else:
                path.append(self._over(start, split))
                start, length = start + split, length - split
        return tuple(reversed(path))

    def consistency_proof(self, first: int, second: int) -> tuple[bytes, ...]:
        """Proves that the log of ``first`` lines is the beginning of that of ``second``; raises ``ValueError`` for size 0."""
        if not 0 < first <= self._checked(second):
            raise ValueError(f"a consistency proof from size {first} to {second} proves nothing")
        path: list[bytes] = []
        start, length, wanted, whole = 0, second, first, True
        while wanted != length:
            split = _split(length)
            if wanted <= split:
                path.append(self._over(start + split, length - split))
                length = split
            else:
                path.append(self._over(start, split))
                start, length, wanted, whole = start + split, length - split, wanted - split, False
        if not whole:
            path.append(self._over(start, length))
        return tuple(reversed(path))

    def _checked(self, size: int) -> int:
        if not 0 <= size <= self.size:
            raise ValueError(f"the log has {self.size} lines, not {size}")
        return size

    def _at(self, level: int, number: int) -> bytes:
        return bytes(self._levels[level][number * _SIZE : (number + 1) * _SIZE])

    def _over(self, start: int, length: int) -> bytes:
        """The root over some lines, the first of which stands where a tree of this length may begin."""
        if length & (length - 1) == 0:
            level = length.bit_length() - 1
            return self._at(level, start >> level)
        split = _split(length)
        return node_hash(self._over(start, split), self._over(start + split, length - split))


def _split(length: int) -> int:
    """The largest power of two below a length of more than one."""
    return 1 << (length - 1).bit_length() - 1
