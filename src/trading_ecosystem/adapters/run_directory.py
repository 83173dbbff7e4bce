"""A run directory: ``header.json``, ``journal.jsonl.gz``, ``verdict.json``, ``report.html`` and the folder ``evidence``.

It is whole, or not there at all.

Everything is written into a folder beside the target first and moved into place at the end, so that a run that fails or is
interrupted leaves nothing half-written and does not touch an earlier run's directory.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, TypeVar

import msgspec

from trading_ecosystem.adapters.journal_files import CompressedJournal, read_lines
from trading_ecosystem.messages.envelope import Header
from trading_ecosystem.ports.errors import BadInput, Corrupt

T = TypeVar("T")

HEADER: Final = "header.json"
JOURNAL: Final = "journal.jsonl.gz"
LIVE_JOURNAL: Final = "journal.jsonl"
VERDICT: Final = "verdict.json"
REPORT: Final = "report.html"
EVIDENCE: Final = "evidence"


class RunDirectoryWriter:
    """Writes one run directory; use as a context manager and call :meth:`finish` when everything is in."""

    def __init__(self, target: Path) -> None:
        # Through a symbolic link the folder behind it is replaced, not the link.
        self._target = target = Path(os.path.realpath(target))
        if target.exists() and not _holds_a_run_or_nothing(target):
            raise BadInput(
                str(target), "is not a run directory, so it is not overwritten; expected a new or an earlier run's folder"
            )
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._folder = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        except OSError as error:
            raise BadInput(str(target), f"cannot be written: {error.strerror}; choose another folder with --out") from error
        self.journal = CompressedJournal(self._folder / JOURNAL)

    @property
    def folder(self) -> Path:
        """Where files go until the run is finished."""
        return self._folder

    def write_json(self, name: str, document: object) -> None:
        """Write a document as indented JSON with a final newline."""
        encoded = msgspec.json.format(msgspec.json.encode(document), indent=2)
        (self._folder / name).write_bytes(encoded + b"\n")

    def write_text(self, name: str, text: str) -> None:
        """Write a text file in UTF-8."""
        (self._folder / name).write_text(text, encoding="utf-8")

    def finish(self) -> Path:
        """Close the journal and move the folder into place, replacing an earlier run's; returns the target."""
        self.journal.close()
        self._folder.chmod(0o755)
        if self._target.exists():
            shutil.rmtree(self._target)
        self._folder.rename(self._target)
        return self._target

    def __enter__(self) -> RunDirectoryWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self.journal.close()
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)


def _holds_a_run_or_nothing(folder: Path) -> bool:
    """Whether a folder has only what a run writes, so that replacing it loses nothing else."""
    if not folder.is_dir():
        return False
    names = {path.name for path in folder.iterdir()}
    return names <= {HEADER, JOURNAL, VERDICT, REPORT, EVIDENCE} and (not names or HEADER in names)


class RunDirectory:
    """An existing run directory, for reading."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not (folder / HEADER).is_file():
            raise BadInput(str(folder), f"is no run directory: there is no {HEADER} in it")

    @property
    def journal_path(self) -> Path:
        """The journal: compressed from a simulation, plain from a live run."""
        compressed = self.folder / JOURNAL
        return compressed if compressed.exists() else self.folder / LIVE_JOURNAL

    def header(self) -> Header:
        """The header; raises as :meth:`verdict` does."""
        return self._decode(HEADER, Header)

    def verdict(self) -> dict[str, object]:
        """The verdict document; raises :class:`BadInput` where there is none, :class:`Corrupt` where it is not readable."""
        return self._decode(VERDICT, dict[str, object])

    def lines(self) -> Iterator[bytes]:
        """All lines of the journal; raises :class:`BadInput` without one, :class:`Corrupt` at the first line that is bad."""
        if not self.journal_path.is_file():
            raise self._missing(JOURNAL)
        return read_lines(self.journal_path)

    def _decode(self, name: str, kind: type[T]) -> T:
        path = self.folder / name
        if not path.is_file():
            raise self._missing(name)
        try:
            return msgspec.json.decode(path.read_bytes(), type=kind)
        except OSError as error:
            raise Corrupt(f"{path}: {error.strerror}") from error
        except msgspec.MsgspecError as error:
            raise Corrupt(f"{path}: {error}") from error

    def _missing(self, name: str) -> BadInput:
        return BadInput(str(self.folder), f"there is no {name} in it; expected a whole run directory, as `run` writes it")
