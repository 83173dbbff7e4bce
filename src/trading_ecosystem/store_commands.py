"""The commands about stores: ``trading-ecosystem migrate``."""

from __future__ import annotations

import sys
from typing import Annotated

import msgspec
import typer

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
    text = msgspec.json.format(msgspec.json.encode(done), indent=2).decode() + "\n" if json else done.text()
    sys.stdout.write(text)


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(migrate)
