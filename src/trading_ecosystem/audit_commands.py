"""The commands about evidence: ``trading-ecosystem audit keygen | verify | export | report ...``, and what ``run`` takes for
signing."""

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
        from trading_ecosystem.adapters.evidence.store_verification import verify_store
        from trading_ecosystem.reports.run_derivation import RunDerivation

        assert store is not None
        found = verify_store(store, public, witness, RunDerivation)
    _say(found, found.text(), json)
    if not found.valid:
        raise typer.Exit(NOT_HELD)


@audit_app.command("witness")
def witness_command(
    store: Annotated[str, typer.Option(metavar="URL", help="The store; it is not running.", show_default=False)],
    signing_key: Annotated[Path, typer.Option(metavar="FILE", help="The private key that signs.", show_default=False)],
    witness: Annotated[Path, typer.Option(metavar="FILE", help="The file outside the store.", show_default=False)],
    json: JsonOption = False,
) -> None:
    """Sign how far a store is, and tell the witness."""
    from trading_ecosystem.adapters.evidence.signing import read_signing_key
    from trading_ecosystem.adapters.evidence.store_evidence import witness_store

    done = witness_store(store, read_signing_key(signing_key), witness)
    _say(done, done.text(), json)


@audit_app.command()
def export(
    store: Annotated[str, typer.Option(metavar="URL", help="The store; it is not running.", show_default=False)],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The directory to write.", show_default=False)],
    signing_key: SigningKeyOption = None,
    witness: WitnessOption = None,
    json: JsonOption = False,
) -> None:
    """Write what a store recorded, and the evidence of it, as a directory that `audit verify` checks."""
    from trading_ecosystem.adapters.evidence.run_evidence import SIGNING_KEY, check_outside
    from trading_ecosystem.adapters.evidence.signing import read_or_make_key, read_signing_key
    from trading_ecosystem.adapters.evidence.store_evidence import export_store

    check_outside(out, signing_key)
    given = None if signing_key is None else read_signing_key(signing_key)
    done = export_store(store, out, lambda: given or read_or_make_key(out.resolve().parent / SIGNING_KEY), witness)
    _say(done, done.text(), json)


@audit_app.command()
def correlate(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A run directory.", show_default=False)],
    rules: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Rules in YAML; default: those that come with the package.")
    ] = None,
    root: Annotated[str, typer.Option("--from", help="Chains begin at messages of this type.")] = "FaultInjected",
    causes: Annotated[bool, typer.Option(help="Look at causation ids; without, at time and statistics alone.")] = True,
    json: JsonOption = False,
) -> None:
    """Apply correlation rules to a record: what led to what, with a computed confidence, and chains over several rules."""
    from trading_ecosystem.adapters.rule_files import read_rules, standard_rules
    from trading_ecosystem.adapters.run_directory import RunDirectory
    from trading_ecosystem.messages.envelope import MESSAGE_TYPES
    from trading_ecosystem.reports.correlated_record import correlate_record
    from trading_ecosystem.runtime.replay import decode_line

    if root not in MESSAGE_TYPES:
        raise BadInput("--from", f"there is no message {root!r}; expected one of docs/contracts.md")
    wanted = read_rules(standard_rules() if rules is None else rules)
    entries = (decode_line(line, number) for number, line in enumerate(RunDirectory(directory).lines(), 1))
    found = correlate_record(wanted, entries, root, causes=causes)
    _say(found, found.text(), json)


@audit_app.command()
def report(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A run directory.", show_default=False)],
    out: Annotated[Path, typer.Option(metavar="FILE", help="What to write: .json, .html or .xml.")] = Path("audit.html"),
) -> None:
    """Audit a record anew and write the report: summary, recommendations, faults, alerts, orders, completeness."""
    from trading_ecosystem.adapters.run_directory import RunDirectory
    from trading_ecosystem.adapters.whole_files import check_writable, write_whole
    from trading_ecosystem.reports.audit_document import FORMATS, audit_record, rendered

    if out.suffix not in FORMATS:
        raise BadInput("--out", f"{out} is no kind of report; expected a name that ends in {', '.join(FORMATS)}")
    record = audit_record(RunDirectory(directory))
    check_writable(out)
    write_whole(out, rendered(record, out.suffix))
    sys.stdout.write(f"report: {out}\n")


@audit_app.command()
def dataset(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A run directory.", show_default=False)],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The events' file, .csv or .parquet.")] = Path("events.csv"),
) -> None:
    """Export the ground truth: every event labelled, and every fault with its outcome in FILE-faults beside it."""
    from trading_ecosystem.adapters.run_directory import RunDirectory
    from trading_ecosystem.adapters.written_tables import check_table_file, write_table
    from trading_ecosystem.domains.audit.ground_truth import LabelledEvent, LabelledFault, labelled_events, labelled_faults
    from trading_ecosystem.reports.audit_document import audit_record
    from trading_ecosystem.runtime.replay import decode_line

    faults_file = out.with_name(f"{out.stem}-faults{out.suffix}")
    for file in (out, faults_file):
        check_table_file(file)
    run = RunDirectory(directory)
    audited = audit_record(run)
    entries = (decode_line(line, number) for number, line in enumerate(run.lines(), 1))
    events = write_table(out, LabelledEvent, labelled_events(entries, audited.report, audited.subjects))
    faults = write_table(faults_file, LabelledFault, labelled_faults(audited.report))
    sys.stdout.write(f"{out}: {events:,} events\n{faults_file}: {faults:,} faults\n")


def _say(document: object, text: str, json: bool) -> None:
    if json:
        print_json(document)
    else:
        sys.stdout.write(text)


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.add_typer(audit_app, name="audit")
