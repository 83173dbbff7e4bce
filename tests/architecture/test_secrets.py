"""No secret is in the repository: passwords come from the environment or from a file, and examples name none."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SUFFIXES = {
    ".py",
    ".pyx",
    ".pxd",
    ".md",
    ".toml",
    ".yaml",
    ".yml",
    ".json",
    ".proto",
    ".ini",
    ".cfg",
    ".env",
    ".conf",
    ".sh",
    "",
}
PLACEHOLDERS = re.compile(r"(?i)\*{3}|…|\.\.\.|[{<$%].*|password|passwd|secret|pw")
"""What stands for a password where an example has to have one."""
IN_URL = re.compile(
    r"(?i)\b(?:postgres(?:ql)?|redis|rediss|valkey|mysql|amqp|https?)(?:\+\w+)?://[^\s:/@\['\"`]*:([^\s@/'\"`]+)@"
)
ASSIGNED = re.compile(r"(?i)[\"']?\b\w*(?:password|passwd|secret|api_?key|token)\b[\"']?\s*[:=]\s*[\"']([^\"'\s]{4,})[\"']")
KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")


def secrets_in(text: str) -> list[str]:
    """Lines that look as if they had a secret, with their numbers."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        given = [match.group(1) for pattern in (IN_URL, ASSIGNED) for match in pattern.finditer(line)]
        if KEY.search(line) or any(not PLACEHOLDERS.fullmatch(value) for value in given):
            found.append(f"{number}: {line.strip()[:100]}")
    return found


def handed_over() -> list[Path]:
    """Every text file of the repository except tests, whose servers and passwords live as long as the test."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    paths = [ROOT / name for name in listed.stdout.splitlines()] if listed.returncode == 0 else [*ROOT.glob("src/**/*")]
    return [path for path in paths if path.suffix in SUFFIXES and path.is_file() and ROOT / "tests" not in path.parents]


def test_no_secret_is_in_the_repository() -> None:
    paths = handed_over()
    assert ROOT / "src" / "trading_ecosystem" / "settings.py" in paths
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in paths
        for line in secrets_in(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "planted",
    [
        "postgresql://admin:hunter2@db.example.org/trading",
        "url = 'redis://:s3cr3t@cache:6379'",
        "STORE_PASSWORD = 'hunter2'",
        '"password": "hunter2"',
        "api_key: 'abcd1234'",
        "-----BEGIN EC PRIVATE KEY-----",
    ],
)
def test_a_planted_secret_is_found(planted: str) -> None:
    assert len(secrets_in(f"fine\n{planted}\n")) == 1


@pytest.mark.parametrize(
    "harmless",
    [
        "postgresql://[USER[:PASSWORD]@]HOST/DATABASE",
        "postgresql://postgres:…@localhost/trading",
        "postgresql://admin:***@host/db",
        "redis://admin:password@host:6379",
        'password = settings.of("risk")',
        'STORE_PASSWORD: Final = "TRADING_ECOSYSTEM_STORE_PASSWORD"',
    ],
)
def test_a_placeholder_is_not(harmless: str) -> None:
    assert secrets_in(harmless) == []
