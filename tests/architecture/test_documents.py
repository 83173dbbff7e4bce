"""What is handed over names no machine's folders and no registry's hosts: it works wherever the reader's tools point."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATTERNS = (
    "*.md",
    "*.toml",
    "Makefile",
    ".ci/*",
    "docs/**/*",
    "protos/**/*",
    "scenarios/**/*",
    "notebooks/**/*",
    "deploy/**/*",
    "src/**/*.py",
    "benchmarks/**/*.py",
)
REGISTRY = re.compile(
    r"pypi\.|pythonhosted|anaconda\.org|index[-_]url|npmjs\.|crates\.io|docker\.io|proxy\.golang", re.IGNORECASE
)
MACHINE_PATH = re.compile(r"(?<![\w.~/])/(?:home|root|work|tmp|Users|mnt|opt|private|var/folders)/|[A-Za-z]:\\\\?Users")


def document_violations(text: str) -> list[str]:
    """Registry hosts and machine paths in a text, with their lines."""
    return [
        f"{number}: {found.group()}"
        for number, line in enumerate(text.splitlines(), start=1)
        for pattern in (REGISTRY, MACHINE_PATH)
        if (found := pattern.search(line))
    ]


def documents() -> list[Path]:
    """Everything of the repository that a reader gets."""
    found = {path for pattern in PATTERNS for path in ROOT.glob(pattern) if path.is_file()}
    return sorted(path for path in found if "__pycache__" not in path.parts)


def test_the_readme_is_among_them() -> None:
    assert ROOT / "README.md" in documents()


def test_documents_name_no_hosts_and_no_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in documents()
        if path.suffix not in {".png", ".svg", ".parquet", ".gz"}
        for line in document_violations(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "planted",
    [
        "pip install --index-url https://example.org/simple",
        "see https://pypi.org/project/x",
        "https://files.pythonhosted.org/x.whl",
        "cd /home/someone/checkout",
        "open /work/main/README.md",
        "`/tmp/run`",
        "look in /Users/someone/run",
        "path = '/root/.cache'",
    ],
)
def test_planted_line_is_caught(planted: str) -> None:
    assert len(document_violations(f"fine\n{planted}\n")) == 1
    assert document_violations(f"fine\n{planted}\n")[0].startswith("2: ")


@pytest.mark.parametrize(
    "harmless", ["runs/home/x", "../work/x", "/health", "GET /orders/1", "~/work/x", "https://example.org/work/x", "fund/maker"]
)
def test_harmless_line_passes(harmless: str) -> None:
    assert document_violations(harmless) == []
