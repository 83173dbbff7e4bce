"""Evidence packs: what was signed verifies, and whatever is changed afterwards is noticed and located."""

from __future__ import annotations

import random
import shutil
import sys
from pathlib import Path

import msgspec
import pytest
from tests.campaign import CAMPAIGN
from tests.evidence_packs import recorded_lines, small_pack, write_journal

from trading_ecosystem.adapters.evidence.findings import Verification
from trading_ecosystem.adapters.evidence.pack import Manifest, PackedFile, Proofs, file_digest
from trading_ecosystem.adapters.evidence.signing import MANIFEST, SigningKey, make_key
from trading_ecosystem.adapters.evidence.verification import verify_directory
from trading_ecosystem.adapters.run_directory import JOURNAL
from trading_ecosystem.ports.errors import BadInput

COUNT = 50
FLIPS = 270
"""Flipped bits in ``make test``; a campaign flips every bit of every file."""


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return make_key(tmp_path_factory.mktemp("key") / "signing-key.pem")


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory, key: SigningKey) -> Path:
    folder = tmp_path_factory.mktemp("packs") / "run"
    small_pack(folder, key, COUNT, folder.parent / "witness.jsonl")
    return folder


@pytest.fixture
def copy(pack: Path, tmp_path: Path) -> Path:
    shutil.copytree(pack, tmp_path / "run")
    return tmp_path / "run"


def failed(found: Verification) -> set[str]:
    return {one.name for one in found.checks if not one.passed}


def test_a_pack_verifies(pack: Path, key: SigningKey) -> None:
    found = verify_directory(pack, key.public, pack.parent / "witness.jsonl")
    assert found.valid, found.text()
    assert (found.entries, found.witnessed, found.first_bad) == (COUNT, COUNT, None)
    assert found.fingerprint == key.public.fingerprint
    proofs = msgspec.json.decode((pack / "evidence" / "proofs.json").read_bytes(), type=Proofs)
    assert proofs.inclusion, "there is something that a proof could be wrong about"
    assert [(one.first, one.second) for one in proofs.consistency] == [(16, 32), (32, 48), (48, 50)]


def test_without_a_key_it_is_said_that_nobody_vouches(pack: Path) -> None:
    found = verify_directory(pack, None)
    assert found.valid
    assert not found.key_given
    assert "not who made it" in found.text()
    assert "no witness was given" in found.text()


def test_another_key_is_refused(pack: Path, tmp_path: Path) -> None:
    other = make_key(tmp_path / "other.pem")
    assert failed(verify_directory(pack, other.public)) == {"signature", "checkpoints", "roots", "proofs"}


def test_any_flipped_bit_in_any_file_is_noticed(copy: Path, key: SigningKey) -> None:
    files = sorted(path for path in copy.rglob("*") if path.is_file())
    assert len(files) == 9
    bits = [(path, bit) for path in files for bit in range(path.stat().st_size * 8)]
    chosen = bits
    if not CAMPAIGN:
        draw = random.Random(6)
        # From every file alike, whatever its size.
        chosen = [one for path in files for one in draw.sample([b for b in bits if b[0] == path], FLIPS // len(files))]
    unnoticed = []
    for path, bit in chosen:
        whole = path.read_bytes()
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        if verify_directory(copy, key.public).valid:
            unnoticed.append((path.name, bit))
        path.write_bytes(whole)
    assert unnoticed == []
    assert verify_directory(copy, key.public).valid


@pytest.mark.parametrize("with_witness", [False, True])
def test_the_first_bad_event_is_named(copy: Path, pack: Path, key: SigningKey, with_witness: bool) -> None:
    witness = pack.parent / "witness.jsonl" if with_witness else None
    lines = recorded_lines(COUNT + 1)
    for index in (0, 1, 15, 16, 31, 47, 49):
        changed = lines[:COUNT]
        changed[index] = changed[index].replace(b'"at":', b'"at": ', 1)
        write_journal(copy, changed)
        found = verify_directory(copy, key.public, witness)
        assert not found.valid
        assert found.first_bad is not None
        assert (found.first_bad.index, found.first_bad.line) == (index, index + 1)
        assert f"first bad event: index {index} (line {index + 1}" in found.text()
    for changed, index in (
        (lines[:40], 40),
        (lines[: COUNT + 1], COUNT),
        (lines[:7] + lines[8:COUNT], 7),
        ([*lines[:20], lines[21], lines[20], *lines[22:COUNT]], 20),
    ):
        write_journal(copy, changed)
        found = verify_directory(copy, key.public, witness)
        assert found.first_bad is not None
        assert found.first_bad.index == index


def test_a_damaged_compressed_journal_is_located(copy: Path, key: SigningKey) -> None:
    journal = copy / JOURNAL
    whole = journal.read_bytes()
    for position in (12, len(whole) // 2, len(whole) - 6):
        journal.write_bytes(whole[:position] + bytes([whole[position] ^ 0xFF]) + whole[position + 1 :])
        found = verify_directory(copy, key.public)
        assert "files" in failed(found)
        if found.first_bad is None:
            assert position > len(whole) - 8, "only the trailer holds nothing of any event"


def test_a_file_more_or_less_is_noticed(copy: Path, key: SigningKey) -> None:
    (copy / "notes.txt").write_text("all is well")
    assert failed(verify_directory(copy, key.public)) == {"files"}
    (copy / "notes.txt").unlink()
    (copy / "evidence" / "public-key.pem").unlink()
    assert failed(verify_directory(copy, key.public)) == {"files"}


def test_a_pack_made_anew_with_another_key_is_noticed(pack: Path, key: SigningKey, tmp_path: Path) -> None:
    """Whoever rewrites the events and signs all of it again needs the key; whoever has it does not have the witness."""
    small_pack(tmp_path / "shorter", key, 20)
    witness = pack.parent / "witness.jsonl"
    assert verify_directory(tmp_path / "shorter", key.public).valid, (
        "the key's owner can do so, which is why there is a witness"
    )
    found = verify_directory(tmp_path / "shorter", key.public, witness)
    assert failed(found) == {"witness"}
    assert found.first_bad is not None
    assert found.first_bad.index == 20


def test_wrong_proofs_are_refused_even_where_the_key_signed_them(copy: Path, key: SigningKey) -> None:
    """The maker of a pack may sign what he likes: each proof is checked on its own."""
    file = copy / "evidence" / "proofs.json"
    proofs = msgspec.json.decode(file.read_bytes(), type=Proofs)
    (inclusion, *_), (consistency, *_) = proofs.inclusion, proofs.consistency
    replace = msgspec.structs.replace
    wrong = [
        replace(proofs, entries=COUNT - 1),
        replace(proofs, entries=0),
        replace(proofs, merkle_root="00" * 32),
        replace(proofs, consistency=()),
        replace(proofs, consistency=(*proofs.consistency, consistency)),
        *(replace(proofs, inclusion=(replace(inclusion, **change),)) for change in _changes(inclusion.path, "index")),
        *(
            replace(proofs, consistency=(replace(consistency, **change), *proofs.consistency[1:]))
            for change in _changes(consistency.path, "first")
        ),
    ]
    for one in wrong:
        file.write_bytes(msgspec.json.encode(one))
        _sign_again(copy, key)
        assert failed(verify_directory(copy, key.public)) == {"proofs"}, one
    file.write_bytes(msgspec.json.encode(proofs))
    _sign_again(copy, key)
    assert verify_directory(copy, key.public).valid


def _changes(path: tuple[str, ...], number: str) -> list[dict[str, object]]:
    changes: list[dict[str, object]] = [{number: value} for value in (-1, 1, 10**9)]
    paths = [(), path[:-1], (*path, path[0]), ("00" * 32, *path[1:]), (path[0].upper(), *path[1:]), ("zz", *path[1:])]
    if path != path[::-1]:
        paths.append(path[::-1])
    return [*changes, *({"path": one} for one in paths)]


def _sign_again(folder: Path, key: SigningKey) -> None:
    """Make the manifest fit the files as they are now, as the owner of the key can."""
    file = folder / "evidence" / "manifest.json"
    manifest = msgspec.json.decode(file.read_bytes(), type=Manifest)
    files = tuple(
        PackedFile(one.path, (folder / one.path).stat().st_size, file_digest(folder / one.path)) for one in manifest.files
    )
    file.write_bytes(msgspec.json.encode(msgspec.structs.replace(manifest, files=files)))
    (folder / "evidence" / "manifest.sig").write_bytes(key.sign(MANIFEST, file.read_bytes()))


def test_files_that_are_nothing_are_findings_and_no_errors(copy: Path, key: SigningKey) -> None:
    draw = random.Random(7)
    for path in sorted(path for path in copy.rglob("*") if path.is_file()):
        whole = path.read_bytes()
        for junk in (b"", b"\n", b"{}", b"[" * 5_000, b"null\n", draw.randbytes(200), whole[: len(whole) // 2], whole * 2):
            path.write_bytes(junk)
            assert not verify_directory(copy, key.public).valid, (path.name, junk[:20])
        path.write_bytes(whole)


def test_a_folder_without_evidence_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no evidence"):
        verify_directory(tmp_path, None)


@pytest.mark.skipif(sys.platform == "win32", reason="modes are of POSIX systems")
def test_a_private_key_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "k.pem"
    make_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(BadInput, match="is there already"):
        make_key(path)
