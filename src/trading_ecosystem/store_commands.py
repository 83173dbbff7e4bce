"""The commands about stores: ``trading-ecosystem migrate | check | retain``, and what ``run --store`` adds."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from trading_ecosystem.messages.units import PARTS_PER_MILLION
from trading_ecosystem.ports.errors import BadInput

StoreOption = Annotated[
    str,
    typer.Option(
        metavar="URL",
        help="sqlite:///FOLDER, a folder, or postgresql://[USER[:PASSWORD]@]HOST[:PORT]/DATABASE[?roles=PREFIX].",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


def migrate(
    store: StoreOption,
    cache: Annotated[
        str | None, typer.Option(metavar="URL", help="redis://[USER:PASSWORD@]HOST[:PORT]: also make the domains' users there.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Set up a store, or bring it to this version: schemas, tables, and in PostgreSQL roles and rights. Safe to repeat.

    Passwords of the roles come from TRADING_ECOSYSTEM_STORE_PASSWORD or from the JSON file TRADING_ECOSYSTEM_PASSWORDS_FILE.
    """
    from trading_ecosystem.adapters.store_setup import set_up

    done = set_up(store, cache)
    _print(done, done.text(), json)


RunStoreOption = Annotated[
    str | None, typer.Option("--store", metavar="URL", help="Also keep the run's record and histories in this store.")
]
SLOWEST, FASTEST = 0.001, 1_000_000
"""Bounds of ``run --speed``."""
DIFFERENT = 1
"""Exit code of a store that is not what its journal says."""


def check(store: StoreOption, json: JsonOption = False) -> None:
    """Recompute every history from the journal and print the differences; exit code 1 where there are any."""
    from trading_ecosystem.adapters.store_check import check_url
    from trading_ecosystem.reports.run_derivation import RunDerivation

    found = check_url(store, RunDerivation)
    _print(found, found.text(), json)
    if found.differences:
        raise typer.Exit(DIFFERENT)


def retain(
    store: StoreOption,
    archive: Annotated[Path, typer.Option(metavar="DIR", help="Where archives are written.")] = Path("archive"),
    as_of: Annotated[
        str | None, typer.Option(metavar="INSTANT", help="Count days back from here; default: the journal's newest entry.")
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Do it; without, only say what would be done.")] = False,
    json: JsonOption = False,
) -> None:
    """Archive what the retention table no longer keeps, with a checkpoint, and then take it out. The store is not running."""
    from trading_ecosystem.adapters.store_retention import retain_url

    done = retain_url(store, archive, as_of=_instant(as_of), apply=apply)
    _print(done, done.text(), json)


def run_into(store: str | None, scenario: Path, **options: Any) -> Any:
    """Run a scenario; with a store, keep the run in it too."""
    from trading_ecosystem import container

    if store is None:
        return container.run(scenario, **options)
    from trading_ecosystem.adapters.store_runs import check_usable, keep_run
    from trading_ecosystem.reports.run_derivation import RunDerivation

    check_usable(store)
    result = container.run(scenario, **options)
    keep_run(store, result.header, result.read_lines(), RunDerivation)
    return result


def speed_ppm_of(speed: float | None) -> int | None:
    """``--speed`` in millionths; raises :class:`BadInput` for one that cannot be used."""
    if speed is None:
        return None
    if not SLOWEST <= speed <= FASTEST:
        raise BadInput("--speed", f"{speed} cannot be used; expected a number from {SLOWEST} to {FASTEST:,}")
    return round(speed * PARTS_PER_MILLION)


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (migrate, check, retain):
        app.command()(command)


def _instant(text: str | None) -> int | None:
    """An instant in nanoseconds since the epoch; without a zone it is UTC."""
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput("--as-of", f"{text!r} is no instant; expected one like 2026-03-02T00:00:00Z") from None
    return int((instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp()) * 1_000_000_000


def _print(document: object, text: str, json: bool) -> None:
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n" if json else text)
