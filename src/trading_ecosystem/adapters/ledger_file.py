"""A general ledger that is still there after a crash: every batch is a line of a file before it is answered.

A line is a CRC-32 (RFC 1952 §8) in eight hexadecimal digits, a space, and a batch as JSON: its instant, the accounts to
open and the transfers. A batch is computed in memory, written, forced to the device with ``fsync``, and only then answered;
one in which nothing was done changes nothing and is not written. Opening a file does the batches of its lines again, which
gives the same ledger. A last line without its end was never answered, and is cut off. A file is one process's at a time. ::

    with LedgerFile(path) as file:
        file.transfer(Transfer(1, 1, 2, 100), now=10)   # durable when it returns
        file.ledger.balance(2)
"""

from __future__ import annotations

import fcntl
import os
import zlib
from pathlib import Path
from typing import Final

import msgspec

from trading_ecosystem.domains.custodian.general_ledger.accounts import AccountTerms
from trading_ecosystem.domains.custodian.general_ledger.general_ledger import GeneralLedger
from trading_ecosystem.domains.custodian.general_ledger.transfers import AccountResult, Transfer, TransferResult
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.errors import Conflict, Corrupt, Unavailable


class Batch(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What was asked for at one instant."""

    at: Nanos
    accounts: tuple[AccountTerms, ...] = ()
    transfers: tuple[Transfer, ...] = ()


_CHECK_LENGTH: Final = 8
_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(Batch)


class LedgerFile:
    """A ledger and the file that it is kept in, made if it was not there.

    Raises :class:`Corrupt` where a whole line is not what was written, :class:`Conflict` where another process has the file,
    and :class:`Unavailable` where it cannot be written. After a write that failed nothing more is taken: what is in memory may
    be ahead of what is kept, and the file has to be opened again.
    """

    def __init__(self, path: Path, remembered: int | None = None) -> None:
        self._path = path
        self.ledger = GeneralLedger(remembered)
        self._failed = False
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise Unavailable(f"ledger {path}: {error.strerror}") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._replay()
            _sync_folder(path.parent)
        except OSError as error:
            os.close(self._file)
            if isinstance(error, BlockingIOError):
                raise Conflict(f"ledger {path}: another process has it; stop that first") from error
            raise Unavailable(f"ledger {path}: {error.strerror}") from error
        except Corrupt:
            os.close(self._file)
            raise

    def open(self, *accounts: AccountTerms, now: Nanos) -> tuple[AccountResult, ...]:
        """Open accounts; see :meth:`GeneralLedger.open`."""
        self._check()
        results = self.ledger.open(*accounts, now=now)
        if AccountResult.DONE in results:
            self._write(Batch(now, accounts))
        return results

    def transfer(self, *transfers: Transfer, now: Nanos) -> tuple[TransferResult, ...]:
        """Do transfers; see :meth:`GeneralLedger.transfer`."""
        self._check()
        results = self.ledger.transfer(*transfers, now=now)
        if TransferResult.DONE in results:
            self._write(Batch(now, (), transfers))
        return results

    def close(self) -> None:
        """Give the file back; twice is harmless."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> LedgerFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check(self) -> None:
        if self._failed or self._file < 0:
            raise Unavailable(f"ledger {self._path}: {'a write failed' if self._failed else 'it is closed'}; open it again")

    def _write(self, batch: Batch) -> None:
        text = _ENCODER.encode(batch)
        line = b"%08x %s\n" % (zlib.crc32(text), text)
        try:
            while line:
                line = line[os.write(self._file, line) :]
            os.fsync(self._file)
        except OSError as error:
            self._failed = True
            raise Unavailable(f"ledger {self._path}: {error.strerror}; open it again") from error

    def _replay(self) -> None:
        kept = 0
        with open(self._file, "rb", closefd=False) as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith(b"\n"):
                    break
                self._do_again(number, line)
                kept += len(line)
        if kept < os.fstat(self._file).st_size:
            os.ftruncate(self._file, kept)
            os.fsync(self._file)

    def _do_again(self, number: int, line: bytes) -> None:
        text = line[_CHECK_LENGTH + 1 : -1]
        if line[: _CHECK_LENGTH + 1] != b"%08x " % zlib.crc32(text):
            raise Corrupt(f"ledger {self._path}: line {number} is not what was written: its check digits differ")
        try:
            batch = _DECODER.decode(text)
        except msgspec.DecodeError as error:
            raise Corrupt(f"ledger {self._path}: line {number} is no batch: {error}") from error
        self.ledger.open(*batch.accounts, now=batch.at)
        self.ledger.transfer(*batch.transfers, now=batch.at)


def _sync_folder(folder: Path) -> None:
    """So that the name of a file just made is kept, too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
