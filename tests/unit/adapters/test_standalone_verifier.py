"""The verifier of ``docs/``: plain Python that knows nothing of this package, as a command, and its signatures."""

from __future__ import annotations

import ast
import importlib.util
import random
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from tests.campaign import REPOSITORY, seeds
from tests.evidence_packs import recorded_lines, small_pack, write_journal

from trading_ecosystem.adapters.evidence.signing import MANIFEST, SigningKey, make_key

VERIFIER = REPOSITORY / "docs" / "verify_evidence.py"
COUNT = 40


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return make_key(tmp_path_factory.mktemp("key") / "signing-key.pem")


@pytest.fixture(scope="module")
def verifier() -> ModuleType:
    spec = importlib.util.spec_from_file_location("verify_evidence", VERIFIER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def pack(tmp_path: Path, key: SigningKey) -> Path:
    small_pack(tmp_path / "run", key, COUNT, tmp_path / "witness.jsonl")
    return tmp_path / "run"


def test_it_is_short_and_needs_nothing_but_the_standard_library() -> None:
    text = VERIFIER.read_text(encoding="utf-8")
    assert sum(1 for line in text.splitlines() if line.strip()) < 350
    imported = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            imported |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module)
    assert imported <= set(sys.stdlib_module_names)


def test_as_a_command(pack: Path, key: SigningKey) -> None:
    command = [
        sys.executable,
        "-I",
        "-W",
        "error",
        str(VERIFIER),
        str(pack),
        key.public.text,
        str(pack.parent / "witness.jsonl"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "everything holds\n"), done.stderr
    write_journal(pack, recorded_lines(COUNT - 3))
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1, done.stderr
    assert f"first bad event: index {COUNT - 3} (line {COUNT - 2})" in done.stdout


def test_signatures_are_those_of_the_library(verifier: ModuleType, key: SigningKey) -> None:
    draw = random.Random(3)
    for _ in seeds(5, 200):
        data = draw.randbytes(draw.randrange(100))
        signature = key.sign(MANIFEST, data)
        assert verifier.is_signature(key.public.raw, MANIFEST + data, signature)
        for position in (0, 31, 32, 63):
            wrong = bytearray(signature)
            wrong[position] ^= 1 << draw.randrange(8)
            assert not verifier.is_signature(key.public.raw, MANIFEST + data, bytes(wrong))
        assert not verifier.is_signature(key.public.raw, MANIFEST + data + b"x", signature)
        # The same signature with the group's order added: refused, so that there is one signature only.
        more = int.from_bytes(signature[32:], "little") + verifier.ORDER
        assert not verifier.is_signature(key.public.raw, MANIFEST + data, signature[:32] + more.to_bytes(32, "little"))


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=60, check=False, cwd=REPOSITORY)


def test_without_assertions_it_still_checks(pack: Path, key: SigningKey) -> None:
    (pack / "report.html").write_text("another")
    done = _run("-O", str(VERIFIER), str(pack), key.public.text)
    assert done.returncode == 1, done.stdout


def test_rubbish_as_a_key_prints_how_it_is_called(pack: Path) -> None:
    for rubbish in ("", "zz", "ab" * 31, str(pack)):
        done = _run(str(VERIFIER), str(pack), rubbish)
        assert (done.returncode, done.stdout) == (2, "")
        assert "usage:" in done.stderr
        assert "Traceback" not in done.stderr
