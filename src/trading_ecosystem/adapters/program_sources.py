"""Which program this is, more exactly than its version says: a digest of the package's sources.

A version stays while its code is being changed; what was computed by other code must not be taken for what this code says.
Compiled modules are not looked at: they say what their sources say, or are not used.
"""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Final

PACKAGE: Final = Path(__file__).resolve().parents[1]
SUFFIXES: Final = frozenset({".py", ".pyx", ".pxd", ".yaml", ".json"})
"""Kinds of files that decide what a run says: code, scenarios and rules, calibrations."""


@functools.cache
def program_digest() -> str:
    """The digest of this package's sources, read once a process."""
    return sources_digest(PACKAGE)


def sources_digest(package: Path) -> str:
    """SHA-256, in hexadecimal, over the names and contents of a package's sources, in order of their names."""
    digest = hashlib.sha256()
    for path in sorted(path for path in package.rglob("*") if path.suffix in SUFFIXES and path.is_file()):
        digest.update(f"{path.relative_to(package).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
