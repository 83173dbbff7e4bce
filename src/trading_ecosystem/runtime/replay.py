"""Replay and recovery: run the inputs of a record again and compare every entry with what was recorded.

An input is admitted when the kernel reaches its sequence, so that inputs which arrived in a live run at a moment nobody could
foresee fall into exactly the same place.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Final

import msgspec

from trading_ecosystem.messages.envelope import Entry, EntryKind, decode_entry
from trading_ecosystem.ports.errors import Corrupt, Divergence
from trading_ecosystem.runtime.kernel import Kernel
from trading_ecosystem.runtime.recorder import Recorder

PAGE: Final = 2_000
"""Lines that a recovery compares at a time."""


class ComparingJournal:
    """A journal that keeps nothing and checks that the lines appended are the recorded ones.

    With ``torn`` the record may end anywhere, as a crash leaves it.
    """

    def __init__(self, recorded: Iterator[bytes], *, torn: bool = False) -> None:
        self._recorded = recorded
        self._torn = torn
        self._count = 0

    def append(self, lines: Sequence[bytes]) -> None:
        """Compare; raises :class:`Divergence` at the first line that differs."""
        for line in lines:
            self._count += 1
            expected = next(self._recorded, None)
            if expected is None and self._torn:
                return
            if expected != line:
                raise Divergence(_sequence_of(line), self._count, _difference(expected, line))

    def expect_end(self) -> None:
        """Raise :class:`Divergence` if the record goes on."""
        extra = next(self._recorded, None)
        if extra is not None:
            raise Divergence(_sequence_of(extra), self._count + 1, "the record goes on where the re-execution ended")

    def lines(self) -> Iterator[bytes]:
        """Nothing is kept."""
        return iter(())

    def __len__(self) -> int:
        return self._count

    def close(self) -> None:
        """Nothing to release."""


def recorded_inputs(lines: Iterable[bytes], skip: int = 0) -> Iterator[Entry]:
    """The inputs among the lines after the first ``skip``, decoded; raises :class:`Corrupt` naming what is no entry."""
    for number, line in enumerate(lines, skip + 1):
        # Deciding by the bytes spares decoding the 99 % that are no inputs; field order is part of the format.
        head = line[:120]
        if b'"kind":"said"' in head:
            continue
        entry = decode_line(line, number)
        if entry.kind is EntryKind.INPUT:
            yield entry


def decode_line(line: bytes, number: int) -> Entry:
    """One line decoded; raises :class:`Corrupt` naming its number."""
    try:
        return decode_entry(line)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise Corrupt(f"entry {number} is not readable: {error}") from error


def reexecute(kernel: Kernel, recorder: Recorder, inputs: Iterable[Entry], *, last_sequence: int | None = None) -> None:
    """Run recorded inputs through a fresh kernel that has begun, each when the kernel reaches its sequence.

    Goes on after the last input until the run has ended, or the kernel has issued ``last_sequence``, or nothing is due.
    """
    for entry in inputs:
        if not _admitted(kernel, entry):
            recorder.commit()
            raise _misplaced(kernel, entry)
    while not kernel.ended and kernel.next_due() is not None:
        if last_sequence is not None and kernel.sequence >= last_sequence:
            break
        kernel.step()
    recorder.commit()


def _sequence_of(line: bytes) -> int:
    try:
        return decode_entry(line).sequence
    except (msgspec.ValidationError, msgspec.DecodeError):
        return 0


def _difference(expected: bytes | None, line: bytes) -> str:
    if expected is None:
        return "the record ends where the re-execution goes on"
    position = next((i for i, (a, b) in enumerate(zip(expected, line, strict=False)) if a != b), min(len(expected), len(line)))
    start = max(0, position - 30)
    return f"recorded …{_excerpt(expected, start)}…, re-executed …{_excerpt(line, start)}…"


def _excerpt(line: bytes, start: int) -> str:
    return line[start : start + 90].decode("utf-8", "replace")


async def recover(kernel: Kernel, recorder: Recorder, lines: AsyncIterator[bytes], *, skip: int = 0) -> None:
    """Bring a kernel to the end of a stored journal, of which ``lines`` are those after the first ``skip``.

    ``kernel`` has begun, or was restored from a snapshot that holds the first ``skip`` entries; ``recorder`` has no journal of
    its own. What is said again must equal what is stored; what goes beyond it (a crash may have cut the record in the middle of
    a handling) waits in the recorder, to be appended as if nothing had happened. Raises :class:`Divergence` where the stored
    record is not what these inputs lead to.
    """
    page: list[bytes] = []
    async for line in lines:
        page.append(line)
        if len(page) == PAGE:
            _recover_page(kernel, recorder, page, skip)
            skip += len(page)
            page = []
    if page:
        _recover_page(kernel, recorder, page, skip)


def _recover_page(kernel: Kernel, recorder: Recorder, page: list[bytes], skip: int) -> None:
    for entry in recorded_inputs(page, skip):
        if not _admitted(kernel, entry):
            _compare(recorder.lines, page, skip)
            raise _misplaced(kernel, entry)
    last = decode_line(page[-1], skip + len(page)).sequence
    while kernel.sequence < last and not kernel.ended and kernel.next_due() is not None:
        kernel.step()
    _compare(recorder.lines, page, skip)
    if recorder.waiting < len(page):
        number = recorder.waiting
        raise Divergence(_sequence_of(page[number]), skip + number + 1, "the record goes on where the re-execution ended")
    recorder.confirm(len(page))


def _compare(again: Sequence[bytes], recorded: Sequence[bytes], skip: int) -> None:
    for number, (line, expected) in enumerate(zip(again, recorded, strict=False), skip + 1):
        if line != expected:
            raise Divergence(_sequence_of(line), number, _difference(expected, line))


def _admitted(kernel: Kernel, entry: Entry) -> bool:
    """Step until the kernel reaches a recorded input and admit it; false where it does not belong there."""
    while True:
        due = kernel.next_due()
        if due is None or not (due < entry.at or kernel.sequence < entry.sequence - 1):
            break
        kernel.step()
    if kernel.sequence != entry.sequence - 1 or kernel.now > entry.at:
        return False
    kernel.admit(entry.sender, entry.message, entry.at)
    return True


def _misplaced(kernel: Kernel, entry: Entry) -> Divergence:
    return Divergence(
        entry.sequence,
        kernel.entries + 1,
        f"the input belongs after sequence {entry.sequence - 1}, not {kernel.sequence}",
    )
