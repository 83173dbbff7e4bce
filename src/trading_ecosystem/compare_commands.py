"""The command ``trading-ecosystem compare``: two run directories side by side."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from trading_ecosystem.terminal import HELD, NOT_HELD, print_json

FolderArgument = Annotated[Path, typer.Argument(metavar="DIR", help="A run directory.", show_default=False)]


def compare(
    first: FolderArgument,
    second: FolderArgument,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Compare two runs: first difference, alerts, profit and loss. Of a run and its clean twin: the impact of its faults.

    Exit code 0 where the records are the same, 1 where they differ.
    """
    from trading_ecosystem.adapters.run_directory import RunDirectory
    from trading_ecosystem.reports.comparison import compare_records, comparison_text

    one, other = RunDirectory(first), RunDirectory(second)
    starts = (one.header().started_at, other.header().started_at)
    compared = compare_records(one.lines(), other.lines(), starts)
    if json:
        amounts = [msgspec.to_builtins(amount) | {"impact": amount.impact} for amount in compared.amounts]
        print_json(msgspec.to_builtins(compared) | {"same": compared.same, "amounts": amounts})
    else:
        sys.stdout.write(comparison_text(compared))
    raise typer.Exit(HELD if compared.same else NOT_HELD)


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(compare)
