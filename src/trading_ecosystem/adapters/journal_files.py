"""A journal in a file: compressed, as run directories have it; and reading one, compressed or plain."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

from trading_ecosystem.ports.errors import Corrupt, Unavailable


class CompressedJournal:
    """Lines in a gzip file, compressed on a second thread so that the run does not wait for it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._raw = path.open("wb")
        # No file name and no time in the gzip header: the same lines give the same file.
        self._zip = gzip.GzipFile(filename="", mode="wb", fileobj=self._raw, compresslevel=1, mtime=0)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        self._pending: list[Future[int]] = []
        self._count = 0
        self._closed = False

    def append(self, lines: Sequence[bytes]) -> None:
        """Hand the lines to the compressor; a failure of an earlier batch is raised here or on close."""
        self._collect(keep=8)
        self._pending.append(self._thread.submit(self._zip.write, b"\n".join(lines) + b"\n"))
        self._count += len(lines)

    def _collect(self, keep: int) -> None:
        # A batch that failed stays the first: after it nothing can be appended without a hole.
        while len(self._pending) > keep:
            try:
                self._pending[0].result()
            except OSError as error:
                raise Unavailable(f"journal {self._path}: {error.strerror}") from error
            self._pending.pop(0)

    def lines(self) -> Iterator[bytes]:
        """All lines from the first; only after closing."""
        assert self._closed, "a compressed journal is read after it is closed"
        return read_lines(self._path)

    def __len__(self) -> int:
        return self._count

    def close(self) -> None:
        """Finish the file."""
        if self._closed:
            return
        self._closed = True
        try:
            self._collect(keep=0)
            self._zip.close()
        except OSError as error:
            raise Unavailable(f"journal {self._path}: {error.strerror}") from error
        finally:
            self._thread.shutdown()
            self._raw.close()


def read_lines(path: Path) -> Iterator[bytes]:
    """The lines of a journal file, plain or compressed (by its name).

    Every line before a damaged place is yielded; reaching that place raises :class:`Corrupt` naming the line.
    """
    number = 0
    rest = b""
    try:
        for data in _decompressed(path) if path.suffix == ".gz" else _chunks(path):
            lines = (rest + data).split(b"\n")
            rest = lines.pop()
            for line in lines:
                number += 1
                yield line
    except (EOFError, zlib.error) as error:
        raise Corrupt(f"{path}: damaged in line {number + 1}: {error}") from error
    if rest:
        raise Corrupt(f"{path}: line {number + 1} is cut off")


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while data := file.read(_CHUNK):
            yield data


def _decompressed(path: Path) -> Iterator[bytes]:
    """What a gzip file holds, up to the very byte at which it stops making sense."""
    stream = zlib.decompressobj(wbits=_GZIP)
    for data in _chunks(path):
        before = stream.copy()
        try:
            yield stream.decompress(data)
        except zlib.error:
            # The library gives nothing of a chunk in which it fails; byte by byte it gives all up to the failure.
            for position in range(len(data)):
                yield before.decompress(data[position : position + 1])
        if stream.unused_data:
            raise zlib.error("bytes follow the end of the compressed data")
    if not stream.eof:
        raise EOFError("the compressed data ends too early")


_CHUNK: Final = 1 << 16
_GZIP: Final = 31
