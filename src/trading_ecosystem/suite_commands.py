"""The command ``trading-ecosystem suite``: every scenario of a suite with every seed, and a scorecard."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

MOST_JOBS: Final = 64
MOST_SEEDS: Final = 10_000


def suite(
    definition: Annotated[
        str, typer.Argument(metavar="SUITE", help="A suite file, or a name of the library's suites.", show_default=True)
    ] = "standard",
    seeds: Annotated[int | None, typer.Option(min=1, max=MOST_SEEDS, help="At most so many seeds a case.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, max=MOST_JOBS, help="Runs at a time; as many as cores without it.")] = None,
    only: Annotated[list[str] | None, typer.Option(metavar="CASE", help="Only this case; may be given several times.")] = None,
    out: Annotated[Path, typer.Option(help="Where scores and scorecards go; what stands there is gone on with.")] = Path(
        "runs/suite"
    ),
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write JUnit XML here.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Run a suite of scenarios with many seeds, and print how well each kind of fault is detected.

    Exit code 0 where the goals are reached, 1 where they are not, or where no fault was there that could be detected. Runs that
    stand in the output folder are not done again; only one suite at a time works in a folder.
    """
    from trading_ecosystem.adapters.folder_lock import FolderLock
    from trading_ecosystem.adapters.suite_files import read_suite
    from trading_ecosystem.adapters.suite_library import find_suite
    from trading_ecosystem.messages.test_coordination import FaultKind
    from trading_ecosystem.ports.errors import BadInput
    from trading_ecosystem.reports.suite.junit import junit_text
    from trading_ecosystem.reports.suite.page import render_page
    from trading_ecosystem.reports.suite.scorecard import scorecard
    from trading_ecosystem.suite_runs import jobs_of, run_jobs

    read = read_suite(find_suite(definition))
    todo = jobs_of(read, seeds, only or ())
    if junit is not None and not junit.parent.is_dir():
        raise BadInput(f"--junit {junit}", "its folder does not exist; expected a file in one that does")
    with FolderLock(out, str(out), "choose another folder with --out"):
        progress = _Progress(len(todo)) if sys.stderr.isatty() and not json else None
        scores = run_jobs(todo, out, jobs or os.cpu_count() or 1, progress)
        if progress is not None:
            progress.close()
        card = scorecard(read.title, scores, [kind.value for kind in FaultKind])
        document = msgspec.json.format(msgspec.json.encode(card)) + b"\n"
        (out / "scorecard.json").write_bytes(document)
        (out / "scorecard.html").write_text(render_page(card, scores), encoding="utf-8")
        for path in {out / "junit.xml", *([junit] if junit else [])}:
            path.write_text(junit_text(card, scores), encoding="utf-8")
    if json:
        sys.stdout.write(document.decode())
    else:
        _print(card, out)
    raise typer.Exit(0 if card.holds else 1)


def _print(card: object, out: Path) -> None:
    from rich.console import Console

    from trading_ecosystem.reports.suite.scorecard import Scorecard
    from trading_ecosystem.reports.suite.scorecard_text import scorecard_text

    assert isinstance(card, Scorecard)
    console = Console(width=None if sys.stdout.isatty() else 200, highlight=False)
    console.print(scorecard_text(card))
    console.print(f"scorecard     {out / 'scorecard.html'}  {out / 'scorecard.json'}  {out / 'junit.xml'}", soft_wrap=True)


class _Progress:
    """A line on a terminal that says how far the suite has come."""

    def __init__(self, total: int) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, transient=True)
        self._progress.start()
        self._task = self._progress.add_task("suite", total=total)

    def __call__(self, count: int, score: object) -> None:
        self._progress.update(self._task, completed=count)

    def close(self) -> None:
        self._progress.stop()


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(suite)
