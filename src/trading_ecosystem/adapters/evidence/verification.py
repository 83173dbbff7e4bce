"""Checks the evidence of a run directory offline, and says which event is the first that is not the signed one.

Nothing is trusted but the public key and, where one is given, the witness. Every check is made even where an earlier one
failed, and nothing that a file may hold ends in anything but a finding.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from trading_ecosystem.adapters.audit_log import AuditLog
from trading_ecosystem.adapters.evidence.checkpoints import (
    SignedCheckpoint,
    chain_break,
    is_signed_by,
    read_checkpoint,
)
from trading_ecosystem.adapters.evidence.findings import Findings, FirstBad, Verification
from trading_ecosystem.adapters.evidence.pack import (
    CHECKPOINTS,
    FORMAT,
    LEAVES,
    MANIFEST_FILE,
    PROOFS,
    SIGNATURE,
    Manifest,
    Proofs,
    file_digest,
    files_of,
)
from trading_ecosystem.adapters.evidence.signing import MANIFEST, PublicKey
from trading_ecosystem.adapters.evidence.witness import Witnessed, WitnessLine, of_record, read_witness
from trading_ecosystem.adapters.journal_files import read_lines
from trading_ecosystem.adapters.run_directory import EVIDENCE, HEADER, JOURNAL, VERDICT
from trading_ecosystem.domains.audit.merkle import DIGEST_SIZE, leaf_hash, verify_consistency, verify_leaf
from trading_ecosystem.ports.errors import BadInput, Corrupt

T = TypeVar("T")
_LARGEST_DOCUMENT: Final = 256 << 20


def verify_directory(directory: Path, key: PublicKey | None, witness_file: Path | None = None) -> Verification:
    """Check a run directory; without a key, against the one in its own manifest, which shows only that it is whole.

    Raises :class:`BadInput` for a directory without evidence and a witness that cannot be read.
    """
    if not (directory / EVIDENCE).is_dir():
        raise BadInput(str(directory), f"holds no evidence: there is no folder {EVIDENCE} in it")
    return _PackCheck(directory, key, None if witness_file is None else read_witness(witness_file)).run()


class _PackCheck:
    """One verification under way."""

    def __init__(self, directory: Path, key: PublicKey | None, witness: Sequence[WitnessLine] | None) -> None:
        self._directory = directory
        self._folder = directory / EVIDENCE
        self._given = key
        self._lines = witness
        self._witness: Witnessed | None = None
        self._found = Findings()
        self._leaves = b""

    def run(self) -> Verification:
        """Every check, in the order in which each may build on those before it."""
        manifest = self._manifest()
        key = self._given or _key_of(manifest)
        if key is not None:
            self._signature(key)
        sound = self._files(manifest) if manifest is not None else frozenset()
        digest = self._events()
        log = AuditLog.of_leaves(self._leaves)
        checkpoints = self._checkpoints(key)
        if manifest is not None:
            self._statements(manifest, log, digest, checkpoints)
        bad = self._roots(log, checkpoints)
        if self._lines is not None:
            self._witness = of_record(self._lines, self._record())
            bad = check_witnessed(self._found, self._witness, log, key) or bad
        if bad is not None or manifest is None or manifest.merkle_root != log.root().hex():
            self._locate(f"{EVIDENCE}/{LEAVES}" in sound)
        self._proofs(log, checkpoints)
        signer = "" if key is None else key.fingerprint
        return self._found.result(log.size, log.root().hex(), signer, self._given is not None, self._last_witnessed())

    # ---------------------------------------------------------------- files

    def _manifest(self) -> Manifest | None:
        manifest = self._decoded(MANIFEST_FILE, Manifest)
        return manifest if self._found.check("manifest", manifest is not None, f"{MANIFEST_FILE} is not readable") else None

    def _signature(self, key: PublicKey) -> None:
        data, signature = self._bytes(MANIFEST_FILE), self._bytes(SIGNATURE)
        good = data is not None and signature is not None and key.verifies(MANIFEST, data, signature)
        self._found.check("signature", good, f"{MANIFEST_FILE} is not what the owner of key {key.fingerprint[:16]} signed")

    def _files(self, manifest: Manifest) -> frozenset[str]:
        """Compare every file with the manifest; returns those that are as they were."""
        wanted = {one.path: one for one in manifest.files}
        present = {path.relative_to(self._directory).as_posix(): path for path in files_of(self._directory)}
        sound, wrong = set(), []
        for name in sorted(wanted.keys() | present.keys()):
            if name not in present:
                wrong.append(f"{name} is missing")
            elif name not in wanted:
                wrong.append(f"{name} does not belong to it")
            elif _differs(present[name], wanted[name].bytes, wanted[name].sha256):
                wrong.append(f"{name} was changed")
            else:
                sound.add(name)
        self._found.check("files", not wrong, "; ".join(wrong), f"{len(sound)} files are as signed")
        return frozenset(sound)

    # ---------------------------------------------------------------- events

    def _events(self) -> str:
        """Read every event's line; returns the journal's digest."""
        leaves, digest = bytearray(), hashlib.sha256()
        problem = ""
        try:
            for line in _lines(self._directory / JOURNAL):
                leaves += leaf_hash(line)
                digest.update(line + b"\n")
        except (Corrupt, OSError) as error:
            problem = str(error)
        self._leaves = bytes(leaves)
        self._found.check("events", not problem, problem, f"{len(leaves) // DIGEST_SIZE:,} events are readable")
        return digest.hexdigest()

    def _checkpoints(self, key: PublicKey | None) -> list[SignedCheckpoint]:
        """The checkpoints that are readable, signed and chained."""
        raw = (self._bytes(CHECKPOINTS) or b"").split(b"\n")
        lines, problem = raw[:-1], "" if raw[-1] == b"" and len(raw) > 1 else f"{CHECKPOINTS} is missing, empty or cut off"
        good: list[SignedCheckpoint] = []
        for number, line in enumerate(lines, 1):
            try:
                point = read_checkpoint(line)
            except ValueError as error:
                problem = problem or f"checkpoint {number} is not readable: {error}"
                break
            if key is None or not is_signed_by(key, point):
                problem = problem or f"checkpoint {number} is not signed by this key"
                break
            good.append(point)
        broken = chain_break(lines[: len(good)], [point.previous for point in good])
        if broken is not None:
            problem = problem or f"checkpoint {broken + 1} does not continue the one before it"
        if any(later.entries <= earlier.entries for earlier, later in pairwise(good)):
            problem = problem or "the checkpoints do not grow"
        self._found.check("checkpoints", not problem, problem, f"{len(good)} checkpoints are signed and chained")
        return good

    def _statements(self, manifest: Manifest, log: AuditLog, digest: str, checkpoints: list[SignedCheckpoint]) -> None:
        """What the documents state must be what the events give."""
        wrong = []
        if manifest.format != FORMAT:
            wrong.append(f"{MANIFEST_FILE} states format {manifest.format}; expected {FORMAT}")
        if self._record() != manifest.record:
            wrong.append(f"{HEADER} is not of this record")
        if self._bytes(LEAVES) != self._leaves:
            wrong.append(f"{LEAVES} is of other events")
        if any(point.record != manifest.record for point in checkpoints):
            wrong.append("a checkpoint is of another record")
        if (manifest.entries, manifest.merkle_root, manifest.journal_digest) != (log.size, log.root().hex(), digest):
            wrong.append(f"{MANIFEST_FILE} states another number, root or digest of events")
        if (self._directory / VERDICT).exists():
            verdict = self._decoded(f"../{VERDICT}", dict[str, object])
            stated = None if verdict is None else (verdict.get("entries"), verdict.get("journal_digest"))
            root = None if verdict is None else verdict.get("merkle_root")
            if stated != (log.size, digest) or root not in (None, log.root().hex()):
                wrong.append(f"{VERDICT} is of other events")
        self._found.check("statements", not wrong, "; ".join(wrong), "header, verdict and manifest are of these events")

    def _record(self) -> str:
        """What the record is called by the header that lies here, whatever version wrote it; empty where it is not readable."""
        header = self._decoded(f"../{HEADER}", dict[str, object])
        return "" if header is None else hashlib.sha256(msgspec.json.encode(header)).hexdigest()

    def _roots(self, log: AuditLog, checkpoints: list[SignedCheckpoint]) -> SignedCheckpoint | None:
        """The first checkpoint whose root is not that of the events."""
        bad = next((point for point in checkpoints if not _agrees(log, point)), None)
        whole = bool(checkpoints) and checkpoints[-1].entries == log.size
        problem = (
            f"the events are not those of the checkpoint at {bad.entries:,}" if bad else "no checkpoint covers every event"
        )
        self._found.check("roots", bad is None and whole, problem, "the Merkle root of every checkpoint is that of the events")
        return bad

    def _last_witnessed(self) -> int | None:
        return None if self._witness is None else self._witness.entries

    # ---------------------------------------------------------------- the first bad event

    def _locate(self, leaves_are_sound: bool) -> None:
        """Name the first event that is not the signed one, by the witness or by the leaf digests, whichever can be trusted."""
        index = None
        if self._witness is not None and self._witness.checkpoints:
            index = self._witness.first_difference(self._leaves)
        leaves = self._bytes(LEAVES) if leaves_are_sound else None
        if index is None and leaves is not None:
            index = first_difference(self._leaves, leaves)
        if index is not None:
            self._found.bad = bad_event(index, self._line(index))

    def _line(self, index: int) -> bytes | None:
        if index * DIGEST_SIZE >= len(self._leaves):
            return None
        return next(islice(_lines(self._directory / JOURNAL), index, None))

    # ---------------------------------------------------------------- proofs

    def _proofs(self, log: AuditLog, checkpoints: list[SignedCheckpoint]) -> None:
        proofs = self._decoded(PROOFS, Proofs)
        if proofs is None:
            self._found.check("proofs", False, f"{PROOFS} is not readable")
            return
        root, problem = checkpoints[-1].merkle_root if checkpoints else "", ""
        if (proofs.entries, proofs.merkle_root) != (checkpoints[-1].entries if checkpoints else -1, root):
            problem = "they are of another root than the last checkpoint's"
        for one in proofs.inclusion:
            leaf = self._leaves[one.index * DIGEST_SIZE : (one.index + 1) * DIGEST_SIZE] if one.index >= 0 else b""
            path = _digests(one.path)
            if not leaf or path is None:
                problem = problem or f"there is no proof of event {one.index} that could be checked"
            elif not verify_leaf(leaf, one.index, proofs.entries, path, _digest(proofs.merkle_root)):
                problem = problem or f"the inclusion proof of event {one.index} does not hold"
        problem = problem or _consistency_problem(proofs, checkpoints)
        shown = f"{len(proofs.inclusion):,} inclusion and {len(proofs.consistency):,} consistency proofs hold"
        self._found.check("proofs", not problem, problem, shown)

    def _bytes(self, name: str) -> bytes | None:
        path = self._folder / name
        if not path.is_file():
            return None  # A pipe or a device has no end to read to.
        try:
            with path.open("rb") as file:
                return file.read(_LARGEST_DOCUMENT)
        except OSError:
            return None

    def _decoded(self, name: str, kind: type[T]) -> T | None:
        data = self._bytes(name)
        if data is None:
            return None
        try:
            return msgspec.json.decode(data, type=kind)
        except (ValueError, RecursionError):
            return None


def check_witnessed(found: Findings, witness: Witnessed, log: AuditLog, key: PublicKey | None) -> SignedCheckpoint | None:
    """Compare the events with what the witness remembers; returns the first checkpoint that they do not fit."""
    points = witness.checkpoints
    unsigned = next((point for point in points if key is None or not is_signed_by(key, point)), None)
    bad = next((point for point in points if not _agrees(log, point)), None)
    problem = ""
    if not points:
        problem = "the witness knows nothing of this record"
    elif unsigned is not None:
        problem = f"the witnessed checkpoint at {unsigned.entries:,} is not signed by this key"
    elif bad is not None and bad.entries > log.size:
        problem = f"{bad.entries:,} events were witnessed, {log.size:,} are here"
    elif bad is not None:
        problem = f"the events are not those of the witnessed checkpoint at {bad.entries:,}"
    elif witness.first_difference(bytes(log.leaves)) is not None:
        problem = "the locators of the witness were changed"
    beyond = log.size - witness.entries
    shown = f"{witness.entries:,} events are as witnessed" + (f"; {beyond:,} came later" if beyond > 0 else "")
    found.check("witness", not problem, problem, shown)
    return bad


def first_difference(leaves: bytes, wanted: bytes) -> int | None:
    """The index of the first leaf digest that is another, or that only one side has."""
    if leaves == wanted:
        return None
    count = min(len(leaves), len(wanted)) // DIGEST_SIZE
    for index in range(count):
        place = slice(index * DIGEST_SIZE, (index + 1) * DIGEST_SIZE)
        if leaves[place] != wanted[place]:
            return index
    return count


def bad_event(index: int, line: bytes | None) -> FirstBad:
    """What is said of the first event that is not the signed one; ``line`` is what stands there, if anything does."""
    if line is None:
        return FirstBad(index, index + 1, None, "is missing")
    try:
        sequence = msgspec.json.decode(line, type=_Numbered).sequence
    except ValueError:
        return FirstBad(index, index + 1, None, "is not what was recorded, and no entry at all")
    return FirstBad(index, index + 1, sequence, "is not what was recorded")


class _Numbered(msgspec.Struct):
    sequence: int


def _agrees(log: AuditLog, point: SignedCheckpoint) -> bool:
    return 0 <= point.entries <= log.size and log.root(point.entries).hex() == point.merkle_root


def _consistency_problem(proofs: Proofs, checkpoints: list[SignedCheckpoint]) -> str:
    pairs = list(pairwise(checkpoints))
    if [(one.first, one.second) for one in proofs.consistency] != [(a.entries, b.entries) for a, b in pairs]:
        return "there is not one consistency proof from each checkpoint to the next"
    for one, (earlier, later) in zip(proofs.consistency, pairs, strict=True):
        path, roots = _digests(one.path), (_digest(earlier.merkle_root), _digest(later.merkle_root))
        if path is None or one.first <= 0 or not verify_consistency(one.first, one.second, *roots, path):
            return f"the consistency proof from {one.first:,} to {one.second:,} does not hold"
    return ""


def _digests(path: Iterable[str]) -> list[bytes] | None:
    found = [_digest(one) for one in path]
    return None if b"" in found else found


def _digest(text: str) -> bytes:
    """A digest from its hexadecimal digits; empty for what is none."""
    try:
        digest = bytes.fromhex(text)
    except ValueError:
        return b""
    return digest if digest.hex() == text and len(digest) == DIGEST_SIZE else b""


def _lines(path: Path) -> Iterator[bytes]:
    if not path.is_file():
        raise Corrupt(f"{path.name} is missing, or no file")
    return read_lines(path)


def _differs(path: Path, size: int, digest: str) -> bool:
    if path.is_symlink() or not path.is_file():
        return True
    return path.stat().st_size != size or file_digest(path) != digest


def _key_of(manifest: Manifest | None) -> PublicKey | None:
    if manifest is None:
        return None
    raw = _digest(manifest.public_key)
    try:
        return PublicKey(raw) if raw else None
    except ValueError:
        return None
