"""The chain of digests over the batches of a journal, by which a torn or edited batch is found; the digest of a snapshot."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

NO_BATCH: Final = b""
"""What the chain stands at before the first batch."""


def batch_digest(before: bytes, first: int, lines: Sequence[bytes]) -> bytes:
    """SHA-256 over the digest of the batch before, the number of the first line, and the lines, each with a newline."""
    digest = hashlib.sha256(b"%s\n%d\n" % (before, first))
    digest.update(b"\n".join(lines) + b"\n")
    return digest.digest()


def snapshot_digest(entries: int, engine_version: str, state: bytes) -> bytes:
    """SHA-256 over everything that a snapshot holds."""
    digest = hashlib.sha256(f"{entries}\n{engine_version}\n".encode())
    digest.update(state)
    return digest.digest()
