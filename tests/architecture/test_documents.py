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
# Names are put together here, so that this file names none of them either.
HOSTS = ("pyp" + "i", "python" + "hosted", "ana" + "conda", "npm" + "js", "crates", "docker", "proxy" + r"\.golang")
REGISTRY = re.compile("(?:" + "|".join(HOSTS) + r")\.(?:org|com|io)|index[-_]url", re.IGNORECASE)
FOLDERS = ("home", "root", "work", "tmp", "Users", "mnt", "opt", "private", "var/folders")
MACHINE_PATH = re.compile(r"(?<![\w.~/])/(?:" + "|".join(FOLDERS) + r")/|[A-Za-z]:\\?Users")


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
        if path.suffix not in {".png", ".svg", ".parquet", ".gz", ".binpb"}
        for line in document_violations(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "planted",
    [
        "pip install --index-url https://example.org/simple",
        f"see https://{HOSTS[0]}.org/project/x",
        f"https://files.{HOSTS[1]}.org/x.whl",
        f"cd /{FOLDERS[0]}/someone/checkout",
        f"open /{FOLDERS[2]}/main/README.md",
        f"`/{FOLDERS[3]}/run`",
        f"look in /{FOLDERS[4]}/someone/run",
        f"path = '/{FOLDERS[1]}/.cache'",
    ],
)
def test_planted_line_is_caught(planted: str) -> None:
    assert len(document_violations(f"fine\n{planted}\n")) == 1
    assert document_violations(f"fine\n{planted}\n")[0].startswith("2: ")


@pytest.mark.parametrize(
    "harmless",
    ["runs/home/x", "../shared/x", "/health", "GET /orders/1", "~/runs/x", "https://example.org/run/x", "fund/maker"],
)
def test_harmless_line_passes(harmless: str) -> None:
    assert document_violations(harmless) == []
