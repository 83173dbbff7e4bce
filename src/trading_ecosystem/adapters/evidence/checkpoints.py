"""A checkpoint: a signed statement of how many entries a record had and what its Merkle root was then.

One line of JSON, canonical: fields in declared order, no blanks. What is signed is the line without its last field, the
signature. Each names the digest of the checkpoint before it in the same file, so that none can be taken out of the middle.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import msgspec

from trading_ecosystem.adapters.evidence.signing import CHECKPOINT, PublicKey, SigningKey
from trading_ecosystem.messages.envelope import Header
from trading_ecosystem.messages.units import Nanos

NOTHING_BEFORE: Final = "0" * 64
"""What stands for the checkpoint before the first one."""


class SignedCheckpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The Merkle root over the first ``entries`` entries of a record, said by the owner of a key."""

    record: str
    """Which record: see :func:`record_of`."""
    entries: int
    sequence: int
    """The sequence of the last of these entries; 0 where there are none."""
    at: Nanos
    """When the last of these entries was said, in ecosystem time; 0 where there are none."""
    merkle_root: str
    previous: str
    """SHA-256 of the line of the checkpoint before, in hexadecimal; zeros for the first."""
    signature: str = ""
    """Ed25519, in hexadecimal, over the purpose and the line without this field."""


_encode = msgspec.json.Encoder().encode
_SIGNATURE: Final = b',"signature":"'


def record_of(header: Header) -> str:
    """What a record is called in evidence: SHA-256 of its header as compact JSON, in hexadecimal."""
    return hashlib.sha256(_encode(header)).hexdigest()


def sign_checkpoint(key: SigningKey, unsigned: SignedCheckpoint) -> SignedCheckpoint:
    """The checkpoint with its signature."""
    signature = key.sign(CHECKPOINT, _signed_bytes(checkpoint_line(unsigned)))
    return msgspec.structs.replace(unsigned, signature=signature.hex())


def checkpoint_line(checkpoint: SignedCheckpoint) -> bytes:
    """Its one line, without the newline."""
    return _encode(checkpoint)


def is_signed_by(key: PublicKey, checkpoint: SignedCheckpoint) -> bool:
    """Whether a checkpoint bears this key's signature."""
    try:
        signature = bytes.fromhex(checkpoint.signature)
    except ValueError:
        return False
    if signature.hex() != checkpoint.signature:
        return False  # The same signature written another way.
    return key.verifies(CHECKPOINT, _signed_bytes(checkpoint_line(checkpoint)), signature)


def read_checkpoint(line: bytes) -> SignedCheckpoint:
    """A checkpoint from its line; raises ``msgspec.MsgspecError`` for one that is none, or is not written canonically."""
    checkpoint = msgspec.json.decode(line, type=SignedCheckpoint)
    if checkpoint_line(checkpoint) != line:
        raise msgspec.ValidationError("the line is not written canonically")
    return checkpoint


def line_digest(line: bytes) -> str:
    """What the next line says of this one."""
    return hashlib.sha256(line).hexdigest()


def chain_break(lines: Sequence[bytes], previous: Sequence[str]) -> int | None:
    """The position of the first line that does not name the digest of the line before it; ``None`` where all do."""
    expected = NOTHING_BEFORE
    for position, (line, named) in enumerate(zip(lines, previous, strict=True)):
        if named != expected:
            return position
        expected = line_digest(line)
    return None


def _signed_bytes(line: bytes) -> bytes:
    return line[: line.rindex(_SIGNATURE)] + b"}"
