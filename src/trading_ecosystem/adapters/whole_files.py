"""A text file that is written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from trading_ecosystem.ports.errors import BadInput


def check_writable(path: Path) -> None:
    """Before the work whose result goes to ``path``: raise ``BadInput`` where it could not be written."""
    if path.is_dir():
        raise BadInput(str(path), "is a folder, expected the name of a file to write")
    if not path.parent.is_dir():
        raise BadInput(str(path), "cannot be written: its folder does not exist")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise BadInput(str(path), "cannot be written: permission denied")


def write_whole(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Write UTF-8 beside ``path`` and move it into place, so that an interruption leaves what was there before.

    What is no ordinary file, a device or a pipe, is written to directly. Through a symbolic link the file behind it is
    replaced. A new file gets ``mode``, one that is there keeps its own. Raises ``BadInput`` as :func:`check_writable` does, and
    ``OSError`` for a full disk.
    """
    check_writable(path)
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        target.write_text(text, encoding="utf-8")
        return
    if target.exists():
        mode = target.stat().st_mode & 0o777
    handle, name = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
    os.close(handle)
    written = Path(name)
    try:
        written.write_text(text, encoding="utf-8")
        written.chmod(mode)
        written.replace(target)
    except BaseException:
        written.unlink(missing_ok=True)
        raise
