"""The Merkle log of RFC 6962: an incremental tree, and proofs of inclusion and of consistency.

A leaf is ``SHA-256(0x00 || data)``, a node ``SHA-256(0x01 || left || right)``, the root of nothing ``SHA-256("")``.
The tree over n leaves splits at the largest power of two below n. Joining neighbours level by level, and carrying an
odd last one up unchanged, gives the same tree; that is how roots and inclusion proofs are computed here.

A proof is a sequence of digests, nearest the leaf first (RFC 6962 sections 2.1.1 and 2.1.2). Verification follows RFC
9162 sections 2.1.3.2 and 2.1.4.2, which give the algorithms that RFC 6962 leaves open.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

DIGEST_SIZE: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
"""The root of a log without entries."""

_BLOCK_LEVEL: Final = 8
_BLOCK: Final = 1 << _BLOCK_LEVEL
"""So many lines are hashed together: a full block is a whole subtree, and one tight loop is faster than many calls."""


def leaf_hash(data: bytes) -> bytes:
    """The digest of one entry."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The digest of two neighbouring subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class MerkleTree:
    """A log that only grows; it keeps O(log n) digests and less than one block of lines, never the whole log."""

    __slots__ = ("_block", "_subtrees", "blocks")

    def __init__(self) -> None:
        self.blocks = 0
        """How many full blocks were taken in."""
        self._block: list[bytes] = []
        self._subtrees: list[bytes] = []  # Roots of full subtrees, largest first: one per bit that is set in ``blocks``.

    @property
    def size(self) -> int:
        """How many leaves the log has."""
        return (self.blocks << _BLOCK_LEVEL) + len(self._block)

    def append(self, line: bytes) -> None:
        """Add one entry's bytes as the next leaf."""
        block = self._block
        block.append(line)
        if len(block) == _BLOCK:
            self._close_block()

    def extend(self, lines: Sequence[bytes]) -> None:
        """Add entries' bytes as the next leaves, in order."""
        block = self._block
        done = 0
        while done < len(lines):
            until = done + _BLOCK - len(block)
            block += lines[done:until]
            done = until
            if len(block) == _BLOCK:
                self._close_block()

    def _close_block(self) -> None:
        subtree = _join(_leaf_hashes(self._block))
        self._block.clear()
        blocks = self.blocks
        while blocks & 1:
            subtree = node_hash(self._subtrees.pop(), subtree)
            blocks >>= 1
        self._subtrees.append(subtree)
        self.blocks += 1

    def root(self) -> bytes:
        """The root over everything so far."""
        if not self._block and not self._subtrees:
            return EMPTY_ROOT
        pending = list(self._subtrees)
        if self._block:
            pending.append(_join(_leaf_hashes(self._block)))
        root = pending.pop()
        while pending:
            root = node_hash(pending.pop(), root)
        return root


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root of a whole log."""
    return _join(_leaf_hashes(leaves)) if leaves else EMPTY_ROOT


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """PATH(index, leaves): proves that a leaf is in the log. Raises ``ValueError`` for an index outside the log."""
    if not 0 <= index < len(leaves):
        raise ValueError(f"there is no leaf {index} among {len(leaves)}")
    level = _leaf_hashes(leaves)
    path = []
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        level = _next_level(level)
        index >>= 1
    return tuple(path)


def consistency_proof(leaves: Sequence[bytes], first_size: int) -> tuple[bytes, ...]:
    """PROOF(first_size, leaves): proves that the log of ``first_size`` leaves is a prefix of this one.

    Raises ``ValueError`` for a size outside the log and for size 0: anything is consistent with an empty log, so that a
    proof from it would prove nothing.
    """
    if not 0 < first_size <= len(leaves):
        raise ValueError(f"a consistency proof from size {first_size} to {len(leaves)} proves nothing")
    proof: list[bytes] = []
    _subproof(_leaf_hashes(leaves), first_size, True, proof)
    return tuple(proof)


def _subproof(hashes: list[bytes], first_size: int, whole: bool, proof: list[bytes]) -> None:
    """SUBPROOF(first_size, hashes, whole); ``whole`` while the verifier knows the root of the subtree already."""
    size = len(hashes)
    if first_size == size:
        if not whole:
            proof.append(_join(hashes))
        return
    split = 1 << (size - 1).bit_length() - 1
    if first_size <= split:
        _subproof(hashes[:split], first_size, whole, proof)
        proof.append(_join(hashes[split:]))
    else:
        _subproof(hashes[split:], first_size - split, False, proof)
        proof.append(_join(hashes[:split]))


def verify_inclusion(line: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether ``proof`` shows that ``line`` is leaf ``index`` of the log of ``size`` leaves with this root.

    False for every proof that is malformed: too short, too long, with digests of the wrong size, or about no leaf.
    """
    return verify_leaf(leaf_hash(line), index, size, proof, root)


def verify_leaf(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """:func:`verify_inclusion` for a line of which only the digest is at hand."""
    if not 0 <= index < size or not _well_formed((leaf, *proof)):
        return False
    position, last = index, size - 1
    digest = leaf
    for sibling in proof:
        if not last:
            return False
        if position & 1 or position == last:
            digest = node_hash(sibling, digest)
            while position and not position & 1:
                position >>= 1
                last >>= 1
        else:
            digest = node_hash(digest, sibling)
        position >>= 1
        last >>= 1
    return not last and digest == root


def verify_consistency(
    first_size: int, second_size: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether ``proof`` shows that the log with the first root is a prefix of the log with the second.

    False for every proof that is malformed. Raises ``ValueError`` for a first size of 0, which can prove nothing.
    """
    if first_size <= 0:
        raise ValueError(f"a consistency proof from size {first_size} proves nothing")
    if first_size > second_size or not _well_formed(proof):
        return False
    if first_size == second_size:
        return not proof and first_root == second_root
    if first_size & (first_size - 1) == 0:
        proof = (first_root, *proof)  # A full subtree: the verifier knows its digest, so that the proof leaves it out.
    if not proof:
        return False
    position, last = first_size - 1, second_size - 1
    while position & 1:
        position >>= 1
        last >>= 1
    first = second = proof[0]
    for digest in proof[1:]:
        if not last:
            return False
        if position & 1 or position == last:
            first = node_hash(digest, first)
            second = node_hash(digest, second)
            while position and not position & 1:
                position >>= 1
                last >>= 1
        else:
            second = node_hash(second, digest)
        position >>= 1
        last >>= 1
    return not last and first == first_root and second == second_root


def _well_formed(proof: Sequence[bytes]) -> bool:
    return all(isinstance(digest, bytes) and len(digest) == DIGEST_SIZE for digest in proof)


def _leaf_hashes(lines: Sequence[bytes]) -> list[bytes]:
    sha256 = hashlib.sha256
    return [sha256(b"\x00" + line).digest() for line in lines]


def _next_level(level: list[bytes]) -> list[bytes]:
    sha256 = hashlib.sha256
    pairs = iter(level)
    joined = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=False)]
    if len(level) & 1:
        joined.append(level[-1])
    return joined


def _join(level: list[bytes]) -> bytes:
    """The root over at least one digest."""
    while len(level) > 1:
        level = _next_level(level)
    return level[0]
