"""Writes the evidence of a record into its directory, in the folder ``evidence``.

``checkpoints.jsonl`` has the signed checkpoints, each naming the one before; ``leaves.bin`` the leaf digests, 32 bytes an
entry, from which every digest of the tree follows; ``proofs.json`` inclusion proofs of the entries that the verdict rests on,
and consistency proofs from each checkpoint to the next; ``public-key.pem`` the key. ``manifest.json`` has the size and the
SHA-256 of every file of the directory, and ``manifest.sig`` its signature, 64 bytes. The events are the journal's lines
themselves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

import msgspec

from trading_ecosystem.adapters.audit_log import AuditLog
from trading_ecosystem.adapters.evidence.checkpoints import (
    NOTHING_BEFORE,
    SignedCheckpoint,
    checkpoint_line,
    line_digest,
    record_of,
    sign_checkpoint,
)
from trading_ecosystem.adapters.evidence.record_log import RecordLog
from trading_ecosystem.adapters.evidence.signing import MANIFEST, SigningKey
from trading_ecosystem.adapters.run_directory import EVIDENCE
from trading_ecosystem.messages.envelope import Header

CHECKPOINTS: Final = "checkpoints.jsonl"
LEAVES: Final = "leaves.bin"
PROOFS: Final = "proofs.json"
PUBLIC_KEY: Final = "public-key.pem"
MANIFEST_FILE: Final = "manifest.json"
SIGNATURE: Final = "manifest.sig"
FORMAT: Final = 1
_CHUNK: Final = 1 << 20


class InclusionProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Shows that the entry of this index is in the log; digests in hexadecimal, nearest the leaf first."""

    index: int
    sequence: int
    type: str
    path: tuple[str, ...]


class ConsistencyProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Shows that the log of ``first`` entries is the beginning of that of ``second``."""

    first: int
    second: int
    path: tuple[str, ...]


class Proofs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``proofs.json``: inclusion proofs in the log of ``entries`` entries, and consistency proofs between checkpoints."""

    entries: int
    merkle_root: str
    inclusion: tuple[InclusionProof, ...]
    consistency: tuple[ConsistencyProof, ...]


class PackedFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file; ``path`` is relative to the directory, with slashes."""

    path: str
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``manifest.json``."""

    format: int
    record: str
    entries: int
    merkle_root: str
    journal_digest: str
    public_key: str
    files: tuple[PackedFile, ...]


class Evidence(msgspec.Struct, frozen=True):
    """What was written: who signed what."""

    record: str
    entries: int
    merkle_root: str
    key: str
    """The private key's file."""
    key_made: bool
    """Whether it was made for this record."""
    public_key: str
    fingerprint: str
    witness: str | None = None
    witnessed: int = 0
    """Checkpoints added to the witness."""


def write_evidence(directory: Path, header: Header, record: RecordLog, key: SigningKey) -> Evidence:
    """Write ``evidence/`` beside files that are all written already; returns who signed what."""
    folder = directory / EVIDENCE
    folder.mkdir()
    log = record.log()
    checkpoints = signed_checkpoints(header, record, log, key)
    root = log.root().hex()
    (folder / CHECKPOINTS).write_bytes(b"".join(checkpoint_line(one) + b"\n" for one in checkpoints))
    (folder / LEAVES).write_bytes(log.leaves)
    (folder / PUBLIC_KEY).write_bytes(key.public.pem)
    (folder / PROOFS).write_bytes(_document(_proofs(record, log, checkpoints)))
    files = tuple(
        PackedFile(path.relative_to(directory).as_posix(), path.stat().st_size, file_digest(path))
        for path in files_of(directory)
    )
    public = key.public
    manifest = Manifest(FORMAT, record_of(header), record.entries, root, record.journal_digest, public.text, files)
    data = _document(manifest)
    (folder / MANIFEST_FILE).write_bytes(data)
    (folder / SIGNATURE).write_bytes(key.sign(MANIFEST, data))
    return Evidence(manifest.record, record.entries, root, str(key.path), key.made, public.text, public.fingerprint)


def signed_checkpoints(header: Header, record: RecordLog, log: AuditLog, key: SigningKey) -> list[SignedCheckpoint]:
    """The checkpoints of a record, signed and chained."""
    signed: list[SignedCheckpoint] = []
    previous, name = NOTHING_BEFORE, record_of(header)
    for point in record.points():
        root = log.root(point.entries).hex()
        unsigned = SignedCheckpoint(name, point.entries, point.sequence, point.at, root, previous)
        signed.append(sign_checkpoint(key, unsigned))
        previous = line_digest(checkpoint_line(signed[-1]))
    return signed


def files_of(directory: Path) -> Iterator[Path]:
    """Every file of a directory but the manifest and its signature, in order of their names."""
    ends = {directory / EVIDENCE / MANIFEST_FILE, directory / EVIDENCE / SIGNATURE}
    return (path for path in sorted(directory.rglob("*")) if path not in ends and (path.is_symlink() or not path.is_dir()))


def file_digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while data := file.read(_CHUNK):
            digest.update(data)
    return digest.hexdigest()


def _proofs(record: RecordLog, log: AuditLog, checkpoints: list[SignedCheckpoint]) -> Proofs:
    size = record.entries
    inclusion = tuple(
        InclusionProof(one.index, one.sequence, one.type, _hex(log.inclusion_proof(one.index, size))) for one in record.proven
    )
    consistency = tuple(
        ConsistencyProof(earlier.entries, later.entries, _hex(log.consistency_proof(earlier.entries, later.entries)))
        for earlier, later in pairwise(checkpoints)
    )
    return Proofs(size, log.root().hex(), inclusion, consistency)


def _hex(path: tuple[bytes, ...]) -> tuple[str, ...]:
    return tuple(digest.hex() for digest in path)


def _document(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"
