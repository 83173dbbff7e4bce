"""A lock on a folder that lives as long as the process that took it, however that process ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path
from typing import Final

from trading_ecosystem.ports.errors import BadInput, Conflict

LOCK: Final = "lock"


class FolderLock:
    """Taken when made; the folder is made if need be. Raises :class:`Conflict` where another process has it.

    ``store`` is what the folder is called in errors, and ``instead`` what else somebody may do who comes second.
    """

    def __init__(self, folder: Path, store: str, instead: str = "choose another store") -> None:
        self._file: int | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise BadInput(store, f"cannot be used: {error.strerror}; expected a folder that can be written") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(file, 32, 0).decode("ascii", "replace").strip()
            os.close(file)
            by = f"process {holder}" if holder else "another process"
            raise Conflict(f"{store} is in use by {by}; stop it first, or {instead}") from error
        self._file = file
        # Only to tell whoever comes second; a full disk is no reason not to begin.
        with contextlib.suppress(OSError):
            os.ftruncate(file, 0)
            os.pwrite(file, str(os.getpid()).encode(), 0)

    def __enter__(self) -> FolderLock:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Give it back; twice is harmless."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
