"""Proofs that are wrong in any way prove nothing: another index, size, length, order, digest or leaf, and size zero."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest
from tests.campaign import seeds

from trading_ecosystem.adapters.audit_log import AuditLog
from trading_ecosystem.domains.audit.merkle import leaf_hash, root_of, verify_consistency, verify_inclusion, verify_leaf

Path = tuple[bytes, ...]


def log_of(size: int) -> tuple[list[bytes], AuditLog]:
    lines = [b"line %d" % number for number in range(size)]
    return lines, AuditLog.of_leaves(b"".join(map(leaf_hash, lines)))


def shorter(path: Path, draw: random.Random) -> Path:
    place = draw.randrange(len(path))
    return path[:place] + path[place + 1 :]


def longer(path: Path, draw: random.Random) -> Path:
    place = draw.randrange(len(path) + 1)
    return (*path[:place], draw.choice([bytes(32), *path]), *path[place:])


def reordered(path: Path, draw: random.Random) -> Path:
    one, other = draw.sample(range(len(path)), 2)
    changed = list(path)
    changed[one], changed[other] = changed[other], changed[one]
    return tuple(changed)


def flipped(path: Path, draw: random.Random) -> Path:
    place, bit = draw.randrange(len(path)), draw.randrange(256)
    digest = bytearray(path[place])
    digest[bit // 8] ^= 1 << bit % 8
    return (*path[:place], bytes(digest), *path[place + 1 :])


def cut(path: Path, draw: random.Random) -> Path:
    place = draw.randrange(len(path))
    return (*path[:place], path[place][:-1], *path[place + 1 :])


def stretched(path: Path, draw: random.Random) -> Path:
    place = draw.randrange(len(path))
    return (*path[:place], path[place] + b"\x00", *path[place + 1 :])


def moved_over(path: Path, draw: random.Random) -> Path:
    """The last byte of one digest becomes the first of the next: the same bytes, one after another."""
    place = draw.randrange(len(path) - 1)
    one, other = path[place], path[place + 1]
    return (*path[:place], one[:-1], one[-1:] + other, *path[place + 2 :])


def in_hexadecimal(path: Path, draw: random.Random) -> Sequence[object]:
    place = draw.randrange(len(path))
    return (*path[:place], path[place].hex(), *path[place + 1 :])


WAYS: tuple[tuple[Callable[[Path, random.Random], Sequence[object]], int], ...] = (
    (shorter, 1),
    (longer, 0),
    (reordered, 2),
    (flipped, 1),
    (cut, 1),
    (stretched, 1),
    (moved_over, 2),
    (in_hexadecimal, 1),
)
"""How a path is changed, and how many digests it must have for that."""


@pytest.mark.parametrize(("change", "least"), WAYS, ids=lambda one: getattr(one, "__name__", ""))
def test_a_changed_path_is_refused(change: Callable[[Path, random.Random], Sequence[object]], least: int) -> None:
    tried = 0
    for seed in seeds(60, 5_000):
        draw = random.Random(seed)
        size = draw.randrange(2, 70)
        lines, log = log_of(size)
        index, first = draw.randrange(size), draw.randrange(1, size + 1)
        root = log.root()
        path = log.inclusion_proof(index, size)
        assert verify_inclusion(lines[index], index, size, path, root)
        if len(path) >= least and (wrong := tuple(change(path, draw))) != path:
            tried += 1
            assert not verify_inclusion(lines[index], index, size, wrong, root)  # type: ignore[arg-type]
        path = log.consistency_proof(first, size)
        roots = log.root(first), root
        assert verify_consistency(first, size, *roots, path)
        if len(path) >= least and (wrong := tuple(change(path, draw))) != path:
            tried += 1
            assert not verify_consistency(first, size, *roots, wrong)  # type: ignore[arg-type]
    assert tried > 50


def test_another_index_size_line_or_root_is_refused() -> None:
    for size in range(1, 24):
        lines, log = log_of(size)
        root = log.root()
        for index in range(size):
            path = log.inclusion_proof(index, size)
            for other in (-1, size, size + 1, *range(size)):
                assert verify_inclusion(lines[index], other, size, path, root) is (other == index)
            for other in range(-1, 30):
                # A size comes with its own root: that is what a checkpoint says of it.
                wrong_root = root_of([b"line %d" % number for number in range(max(0, other))])
                assert verify_inclusion(lines[index], index, other, path, wrong_root) is (other == size)
            assert not verify_inclusion(lines[index] + b" ", index, size, path, root)
            assert not verify_inclusion(lines[index], index, size, path, root[::-1])
            assert not verify_leaf(leaf_hash(lines[index])[:-1], index, size, path, root)
            # A node of the tree is no leaf: that is what the prefixes are for.
            assert size == 1 or not verify_inclusion(root, 0, 1, (), root)


def test_nothing_is_proven_from_or_in_an_empty_log() -> None:
    _, log = log_of(9)
    path = log.consistency_proof(4, 9)
    for size in (0, -1):
        with pytest.raises(ValueError, match="proves nothing"):
            verify_consistency(size, 9, root_of([]), log.root(), path)
        with pytest.raises(ValueError, match="proves nothing"):
            log.consistency_proof(size, 9)
        assert not verify_inclusion(b"line 0", 0, size, (), root_of([]))
    assert not verify_consistency(9, 4, log.root(), log.root(4), path), "a log does not shrink"
    assert not verify_consistency(9, 9, log.root(), log.root(4), ()), "two logs of one size are one log"
    with pytest.raises(ValueError, match="there is no line"):
        log.inclusion_proof(9, 9)


def test_a_log_made_of_leaf_digests_is_the_log_of_the_lines() -> None:
    for size in (0, 1, 2, 3, 7, 8, 9, 31, 64, 65, 100):
        lines, log = log_of(size)
        grown = AuditLog()
        for line in lines:
            grown.append(line)
        assert (log.size, log.root()) == (grown.size, grown.root())
        assert log.root() == root_of(lines)
        for index in range(size):
            assert log.inclusion_proof(index, size) == grown.inclusion_proof(index, size)
        log.append(b"one more")
        grown.append(b"one more")
        assert log.root() == grown.root()
