"""What the commands say on a terminal: progress bars, JSON documents, exit codes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from trading_ecosystem.messages.units import Nanos

HELD: Final = 0
"""The verdict holds."""
NOT_HELD: Final = 1
BAD_INPUT: Final = 2
INTERNAL_FAULT: Final = 3
INTERRUPTED: Final = 130


@contextmanager
def progress_bar(title: str, *, quiet: bool) -> Iterator[Callable[[Nanos, Nanos], None] | None]:
    """A progress bar on a terminal, and none in a pipe."""
    with interruptible(), _bar_or_none(title, quiet) as progress:
        yield progress


@contextmanager
def interruptible() -> Iterator[None]:
    """An interruption ends the command in one line."""
    try:
        yield
    except KeyboardInterrupt as error:
        sys.stderr.write("trading-ecosystem: interrupted; nothing was written\n")
        raise typer.Exit(INTERRUPTED) from error


@contextmanager
def _bar_or_none(title: str, quiet: bool) -> Iterator[Callable[[Nanos, Nanos], None] | None]:
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task(title, total=1.0)
        yield lambda done, total: bar.update(task, completed=done / total)


def print_json(document: object) -> None:
    """Print one document, indented."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")
