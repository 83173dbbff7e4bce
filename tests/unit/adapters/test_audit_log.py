"""The growing Merkle log against the plain definition of RFC 6962, for every size and every place in it."""

from __future__ import annotations

import pytest

from trading_ecosystem.adapters.audit_log import AuditLog
from trading_ecosystem.domains.audit import merkle

LINES = [f"line {number}".encode() for number in range(70)]


def log_of(size: int) -> AuditLog:
    log = AuditLog()
    for line in LINES[:size]:
        log.append(line)
    return log


def test_every_root_and_every_proof_is_that_of_the_whole_log() -> None:
    log = log_of(len(LINES))
    assert log.root(0) == merkle.EMPTY_ROOT
    for size in range(1, len(LINES) + 1):
        lines = LINES[:size]
        root = merkle.root_of(lines)
        assert log.root(size) == root == log_of(size).root()
        for index in range(size):
            proof = log.inclusion_proof(index, size)
            assert proof == merkle.inclusion_proof(lines, index)
            assert merkle.verify_inclusion(lines[index], index, size, proof, root)
        for first in range(1, size + 1):
            assert log.consistency_proof(first, size) == merkle.consistency_proof(lines, first)


def test_what_is_not_there_has_no_proof() -> None:
    log = log_of(5)
    for refused in (
        lambda: log.root(6),
        lambda: log.inclusion_proof(5, 5),
        lambda: log.inclusion_proof(-1, 5),
        lambda: log.inclusion_proof(0, 6),
        lambda: log.consistency_proof(0, 5),
        lambda: log.consistency_proof(6, 5),
        lambda: log.consistency_proof(1, 6),
    ):
        with pytest.raises(ValueError, match="line|proves nothing"):
            refused()
