"""The commands about evidence: ``trading-ecosystem audit keygen | verify | export``, and what ``run`` takes for signing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from trading_ecosystem.ports.errors import BadInput
from trading_ecosystem.terminal import NOT_HELD, print_json

SigningKeyOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Ed25519 private key that signs the evidence; default: signing-key.pem beside the run."),
]
WitnessOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="A file outside the store that remembers signed checkpoints; it is appended to."),
]
KeyOption = Annotated[
    str | None, typer.Option(metavar="KEY", help="The signer's public key: a PEM file, or its 64 hexadecimal digits.")
]
StoreOption = Annotated[str | None, typer.Option(metavar="URL", help="A store instead of a run directory.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]

audit_app = typer.Typer(help="Make keys, export evidence, and verify it.", no_args_is_help=True)


@audit_app.command()
def keygen(
    out: Annotated[Path, typer.Option(help="The private key's file; the public key goes to FILE.pub.")] = Path(
        "signing-key.pem"
    ),
) -> None:
    """Make an Ed25519 key for signing evidence."""
    from trading_ecosystem.adapters.evidence.signing import make_key, public_path

    key = make_key(out)
    sys.stdout.write(
        f"private key  {out} (keep it secret; mode 600)\npublic key   {public_path(out)}\n"
        f"             {key.public.text}\nfingerprint  {key.public.fingerprint}\n"
    )


@audit_app.command()
def verify(
    directory: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="A run directory with evidence.", show_default=False)
    ] = None,
    key: KeyOption = None,
    witness: Annotated[Path | None, typer.Option(metavar="FILE", help="The witness that remembers its checkpoints.")] = None,
    store: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """Check offline that a record is the one that was signed; exit code 1, and the first bad event, where it is not."""
    from trading_ecosystem.adapters.evidence.signing import read_public_key
    from trading_ecosystem.adapters.evidence.verification import verify_directory

    if (directory is None) == (store is None):
        raise BadInput("audit verify", "expected a run directory, or --store URL, and not both")
    public = None if key is None else read_public_key(key)
    if directory is not None:
        found = verify_directory(directory, public, witness)
    else:
        raise BadInput("--store", "x")
    if json:
        print_json(found)
    else:
        sys.stdout.write(found.text())
    if not found.valid:
        raise typer.Exit(NOT_HELD)


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.add_typer(audit_app, name="audit")
