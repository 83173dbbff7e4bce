"""``audit verify`` and the verifier of ``docs/`` come to the same: exit code and first bad event, over the same changed packs.

Some changes are anybody's; others are made by the owner of the key, who signs what he changed again.
"""

from __future__ import annotations

import gzip
import importlib.util
import os
import random
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest
from tests.campaign import REPOSITORY, seeds
from tests.evidence_packs import recorded_lines, small_pack, write_journal

from trading_ecosystem.adapters.evidence.checkpoints import SignedCheckpoint, checkpoint_line, line_digest, sign_checkpoint
from trading_ecosystem.adapters.evidence.pack import Manifest, PackedFile, file_digest
from trading_ecosystem.adapters.evidence.signing import MANIFEST, SigningKey, make_key
from trading_ecosystem.adapters.evidence.verification import verify_directory
from trading_ecosystem.adapters.evidence.witness import WitnessLine
from trading_ecosystem.adapters.run_directory import JOURNAL
from trading_ecosystem.ports.errors import BadInput, Corrupt

VERIFIER = REPOSITORY / "docs" / "verify_evidence.py"
COUNT = 40
HOLDS, DOES_NOT, CANNOT = 0, 1, 2
replace = msgspec.structs.replace


@pytest.fixture(scope="module")
def verifier() -> ModuleType:
    spec = importlib.util.spec_from_file_location("verify_evidence", VERIFIER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    # Plain Python takes its time over a signature, and these tests show it the same ones again and again.
    module.is_signature = cache(module.is_signature)
    return module


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return make_key(tmp_path_factory.mktemp("key") / "signing-key.pem")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, key: SigningKey) -> Path:
    folder = tmp_path_factory.mktemp("packs")
    small_pack(folder / "run", key, COUNT, folder / "witness.jsonl")
    return folder


@pytest.fixture
def pack(whole: Path, tmp_path: Path) -> Path:
    return shutil.copytree(whole, tmp_path / "copy") / "run"


def agreed(verifier: ModuleType, pack: Path, key: SigningKey, witness: Path | None = None) -> tuple[int, int | None]:
    """The exit code of both and the index of the first bad event that both name; fails where they differ."""
    try:
        found = verify_directory(pack, key.public, witness)
    except (BadInput, Corrupt) as error:
        ours, shown = (CANNOT, None), str(error)
    else:
        ours, shown = (int(not found.valid), found.first_bad.index if found.first_bad else None), found.text()
    text, code = verifier.main([str(pack), key.public.text, *([str(witness)] if witness else [])])
    *_, last = text.splitlines()
    named = int(last.split()[4]) if last.startswith("first bad event") else None
    assert (code, named) == ours, f"{text}\n{shown}"
    return ours


def decoded(pack: Path, name: str) -> Any:
    return msgspec.json.decode((pack / name).read_bytes())


def encoded(pack: Path, name: str, document: object) -> None:
    (pack / name).write_bytes(msgspec.json.encode(document))


def changed(name: str, **values: object) -> Callable[[Path, SigningKey], None]:
    """Fields of a document that say something else."""

    def change(pack: Path, key: SigningKey) -> None:
        encoded(pack, name, decoded(pack, name) | values)

    return change


def proof(kind: str, **values: object) -> Callable[[Path, SigningKey], None]:
    """A proof that says something else; a value may be made from the one before."""

    def change(pack: Path, key: SigningKey) -> None:
        proofs = decoded(pack, "evidence/proofs.json")
        first = proofs[kind][0]
        first.update({name: value(first[name]) if callable(value) else value for name, value in values.items()})
        encoded(pack, "evidence/proofs.json", proofs)

    return change


def events(change: Callable[[list[bytes]], list[bytes]]) -> Callable[[Path, SigningKey], None]:
    return lambda pack, key: write_journal(pack, change(recorded_lines(COUNT)))


def checkpoints(change: Callable[[list[SignedCheckpoint]], list[SignedCheckpoint]]) -> Callable[[Path, SigningKey], None]:
    """Checkpoints that state something else, signed and chained again."""

    def changed(pack: Path, key: SigningKey) -> None:
        file = pack / "evidence" / "checkpoints.jsonl"
        points = [msgspec.json.decode(line, type=SignedCheckpoint) for line in file.read_bytes().splitlines()]
        lines, previous = [], "0" * 64
        for point in change(points):
            lines.append(checkpoint_line(sign_checkpoint(key, replace(point, signature="", previous=previous))))
            previous = line_digest(lines[-1])
        file.write_bytes(b"".join(line + b"\n" for line in lines))

    return changed


def bytes_of(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path, SigningKey], None]:
    return lambda pack, key: (pack / name).write_bytes(change((pack / name).read_bytes())) and None


def placed(name: str, put: Callable[[Path], object]) -> Callable[[Path, SigningKey], None]:
    """Something else in the place of a file."""

    def change(pack: Path, key: SigningKey) -> None:
        kept = (pack / name).rename(pack.parent / "kept")
        put(pack / name) if put is not os.symlink else (pack / name).symlink_to(kept)

    return change


def sign_again(pack: Path, key: SigningKey) -> None:
    """Make the manifest fit the files as they are now, as the owner of the key can."""
    file = pack / "evidence" / "manifest.json"
    manifest = msgspec.json.decode(file.read_bytes(), type=Manifest)
    if not all((pack / name).is_file() for name in ("evidence/manifest.sig", *(one.path for one in manifest.files))):
        raise OSError("something is no file")
    files = tuple(
        PackedFile(one.path, (pack / one.path).stat().st_size, file_digest(pack / one.path)) for one in manifest.files
    )
    data = msgspec.json.encode(replace(manifest, files=files))
    file.write_bytes(data)
    (pack / "evidence" / "manifest.sig").write_bytes(key.sign(MANIFEST, data))


CHECKPOINTS, LEAVES, PROOFS = "evidence/checkpoints.jsonl", "evidence/leaves.bin", "evidence/proofs.json"
CHANGES: dict[str, Callable[[Path, SigningKey], Any]] = {
    "an event changed": events(lambda lines: [*lines[:11], lines[11] + b" ", *lines[12:]]),
    "an event gone": events(lambda lines: lines[:7] + lines[8:]),
    "events swapped": events(lambda lines: [*lines[:20], lines[21], lines[20], *lines[22:]]),
    "the tail cut": events(lambda lines: lines[:33]),
    "an event more": events(lambda lines: [*lines, lines[-1]]),
    "no events": events(lambda lines: []),
    "an empty event": events(lambda lines: [*lines[:5], b"", *lines[5:]]),
    "a journal cut off": bytes_of(JOURNAL, lambda data: data[:-9]),
    "a journal that goes on": bytes_of(JOURNAL, lambda data: data + b"x"),
    "a journal in two parts": bytes_of(JOURNAL, lambda data: data + gzip.compress(b"{}\n")),
    "a journal of rubbish": bytes_of(JOURNAL, lambda data: b"rubbish"),
    "the last line cut off": bytes_of(JOURNAL, lambda data: gzip.compress(gzip.decompress(data)[:-1])),
    "a header of another run": changed("header.json", seed=99),
    "a header with a field more": changed("header.json", more=1),
    "a header that is none": bytes_of("header.json", lambda data: b"[]"),
    "a header with a mark of its order": bytes_of("header.json", lambda data: b"\xef\xbb\xbf" + data),
    "a header of nested lists": bytes_of("header.json", lambda data: b"[" * 100_000),
    "a verdict on more events": changed("verdict.json", entries=COUNT + 1),
    "a verdict on another record": changed("verdict.json", journal_digest="0" * 64),
    "a verdict with another root": changed("verdict.json", merkle_root="0" * 64),
    "a verdict without a root": changed("verdict.json", merkle_root=None),
    "a verdict that is none": bytes_of("verdict.json", lambda data: b"7"),
    "a verdict that is no number": bytes_of("verdict.json", lambda data: data.replace(b"40", b"NaN", 1)),
    "other leaves": bytes_of(LEAVES, lambda data: bytes(32) + data[32:]),
    "leaves cut off": bytes_of(LEAVES, lambda data: data[:-32]),
    "no leaves": bytes_of(LEAVES, lambda data: b""),
    "another key beside it": bytes_of("evidence/public-key.pem", lambda data: b"none"),
    "no checkpoint": bytes_of(CHECKPOINTS, lambda data: b""),
    "a checkpoint cut off": bytes_of(CHECKPOINTS, lambda data: data[:-1]),
    "a checkpoint twice": bytes_of(CHECKPOINTS, lambda data: data + data.splitlines(keepends=True)[-1]),
    "a checkpoint taken out": bytes_of(CHECKPOINTS, lambda data: b"".join(data.splitlines(keepends=True)[1:])),
    "an empty line among checkpoints": bytes_of(CHECKPOINTS, lambda data: data + b"\n"),
    "a checkpoint with blanks": bytes_of(CHECKPOINTS, lambda data: data.replace(b",", b", ", 1)),
    "a signature in capitals": bytes_of(CHECKPOINTS, lambda data: data[:-10] + data[-10:].upper()),
    "a checkpoint less": checkpoints(lambda points: points[1:]),
    "the last checkpoint less": checkpoints(lambda points: points[:-1]),
    "a checkpoint of another record": checkpoints(lambda points: [*points[:-1], replace(points[-1], record="0" * 64)]),
    "a checkpoint of nothing first": checkpoints(lambda points: [replace(points[0], entries=0), *points]),
    "a checkpoint below nothing": checkpoints(lambda points: [replace(points[0], entries=-1), *points[1:]]),
    "a checkpoint with another root": checkpoints(lambda points: [replace(points[0], merkle_root="0" * 64), *points[1:]]),
    "a checkpoint beyond": checkpoints(lambda points: [*points[:-1], replace(points[-1], entries=10**30)]),
    "a checkpoint whose root is no digest": checkpoints(lambda points: [*points[:-1], replace(points[-1], merkle_root="zz")]),
    "proofs of fewer events": changed(PROOFS, entries=COUNT - 1),
    "proofs of another root": changed(PROOFS, merkle_root="0" * 64),
    "proofs with a field more": changed(PROOFS, more=1),
    "no inclusion proofs": changed(PROOFS, inclusion=[]),
    "no consistency proofs": changed(PROOFS, consistency=[]),
    "an inclusion proof of another event": proof("inclusion", index=lambda index: index + 1),
    "an inclusion proof of no event": proof("inclusion", index=-1),
    "an inclusion proof beyond": proof("inclusion", index=10**9),
    "an inclusion proof too short": proof("inclusion", path=lambda path: path[:-1]),
    "an inclusion proof too long": proof("inclusion", path=lambda path: [*path, path[0]]),
    "an inclusion proof in capitals": proof("inclusion", path=lambda path: [path[0].upper(), *path[1:]]),
    "an inclusion proof of text": proof("inclusion", path=lambda path: ["zz", *path[1:]]),
    "an inclusion proof with a field more": proof("inclusion", more=1),
    "an inclusion proof of half a number": proof("inclusion", index=0.5),
    "a consistency proof of other sizes": proof("consistency", first=lambda first: first + 1),
    "a consistency proof of nothing": proof("consistency", first=0),
    "a consistency proof too short": proof("consistency", path=lambda path: path[:-1]),
    "a consistency proof too long": proof("consistency", path=lambda path: [*path, path[0]]),
    "a consistency proof of other digests": proof("consistency", path=lambda path: ["0" * 64, *path[1:]]),
    "a file more": lambda pack, key: (pack / "notes.txt").write_text("all is well"),
    "a file less": lambda pack, key: (pack / "verdict.json").unlink(),
    "no manifest": lambda pack, key: (pack / "evidence" / "manifest.json").unlink(),
    "no signature": lambda pack, key: (pack / "evidence" / "manifest.sig").unlink(),
    "no evidence": lambda pack, key: shutil.rmtree(pack / "evidence"),
    "no pack": lambda pack, key: shutil.rmtree(pack),
    **{f"no {name}": placed(name, lambda path: None) for name in (JOURNAL, "header.json", LEAVES, CHECKPOINTS, PROOFS)},
    **{f"a pipe for {name}": placed(name, os.mkfifo) for name in (JOURNAL, "header.json", LEAVES, CHECKPOINTS, PROOFS)},
    **{f"a folder for {name}": placed(name, os.mkdir) for name in (JOURNAL, "header.json", "evidence/manifest.json")},
    **{f"a link for {name}": placed(name, os.symlink) for name in (JOURNAL, "header.json")},
    "a pipe for the signature": placed("evidence/manifest.sig", os.mkfifo),
    "another format": changed("evidence/manifest.json", format=2),
    "a manifest of more events": changed("evidence/manifest.json", entries=COUNT + 1),
    "a manifest of another record": changed("evidence/manifest.json", record="0" * 64),
    "a manifest with another digest": changed("evidence/manifest.json", journal_digest="0" * 64),
    "a manifest with a field more": changed("evidence/manifest.json", more=1),
    "a manifest of no files": changed("evidence/manifest.json", files=[]),
}
NOTHING_TO_CHECK = {"no evidence", "no pack"}
HARMLESS = {"a verdict without a root", "another key beside it", "no inclusion proofs"}
"""What the owner of the key may sign: it says nothing that is not so."""


@pytest.mark.parametrize("name", CHANGES)
def test_of_a_changed_pack_both_say_the_same(verifier: ModuleType, whole: Path, pack: Path, key: SigningKey, name: str) -> None:
    CHANGES[name](pack, key)
    code = CANNOT if name in NOTHING_TO_CHECK else DOES_NOT
    for witness in (None, whole / "witness.jsonl"):
        assert agreed(verifier, pack, key, witness)[0] == code
    try:
        sign_again(pack, key)
    except (OSError, msgspec.MsgspecError):
        return  # It lacks what could be signed.
    assert agreed(verifier, pack, key)[0] == (HOLDS if name in HARMLESS else DOES_NOT)
    agreed(verifier, pack, key, whole / "witness.jsonl")


def of_witness(change: Callable[[list[WitnessLine]], list[WitnessLine]]) -> Callable[[bytes], bytes]:
    """A witness whose lines say something else, chained again."""

    def changed(data: bytes) -> bytes:
        lines, previous = [], "0" * 64
        for line in change([msgspec.json.decode(one, type=WitnessLine) for one in data.splitlines()]):
            lines.append(msgspec.json.encode(replace(line, previous=previous)))
            previous = line_digest(lines[-1])
        return b"".join(line + b"\n" for line in lines)

    return changed


def with_root(root: str) -> Callable[[list[WitnessLine]], list[WitnessLine]]:
    return lambda lines: [*lines[:-1], replace(lines[-1], checkpoint=replace(lines[-1].checkpoint, merkle_root=root))]


WITNESSES: dict[str, tuple[Callable[[bytes], bytes], int]] = {
    "as it was": (lambda data: data, HOLDS),
    "shorter": (lambda data: b"".join(data.splitlines(keepends=True)[:-1]), HOLDS),
    "empty": (lambda data: b"", DOES_NOT),
    "cut off": (lambda data: data[:-1], CANNOT),
    "not chained": (lambda data: b"".join(data.splitlines(keepends=True)[1:]), CANNOT),
    "rubbish": (lambda data: b"rubbish\n", CANNOT),
    "with blanks": (lambda data: data.replace(b",", b", ", 1), CANNOT),
    "another locator": (
        of_witness(lambda lines: [replace(lines[0], locator="AAAA" + lines[0].locator[4:]), *lines[1:]]),
        DOES_NOT,
    ),
    "a locator cut off": (of_witness(lambda lines: [*lines[:-1], replace(lines[-1], locator="")]), CANNOT),
    "another root": (of_witness(with_root("0" * 64)), DOES_NOT),
    "a root that is none": (of_witness(with_root("zz")), DOES_NOT),
}


@pytest.mark.parametrize("name", WITNESSES)
def test_of_a_changed_witness_both_say_the_same(
    verifier: ModuleType, whole: Path, pack: Path, key: SigningKey, name: str
) -> None:
    change, code = WITNESSES[name]
    witness = pack.parent / "witness.jsonl"
    witness.write_bytes(change(witness.read_bytes()))
    assert agreed(verifier, pack, key, witness)[0] == code
    write_journal(pack, recorded_lines(COUNT - 4))
    assert agreed(verifier, pack, key, witness)[0] == max(code, DOES_NOT)


def test_without_a_witness_that_was_named_nothing_is_checked(verifier: ModuleType, pack: Path, key: SigningKey) -> None:
    assert agreed(verifier, pack, key, pack.parent / "absent") == (CANNOT, None)


def test_of_flipped_bits_both_say_the_same(verifier: ModuleType, whole: Path, pack: Path, key: SigningKey) -> None:
    draw = random.Random(8)
    files = sorted(path for path in pack.rglob("*") if path.is_file())
    for number in seeds(36, 2_000):
        path = files[number % len(files)]
        data = path.read_bytes()
        damaged = bytearray(data)
        damaged[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        path.write_bytes(damaged)
        witness = whole / "witness.jsonl" if number % 2 else None
        assert agreed(verifier, pack, key, witness)[0] == DOES_NOT, (path.name, number)
        path.write_bytes(data)
