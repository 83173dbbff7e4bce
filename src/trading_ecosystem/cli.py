"""The command line; the commands of stores and servers stand in ``store_commands`` and ``serve_commands``.

Exit codes: 0 the verdict holds, 1 it does not, 2 bad input, 3 internal fault, 130 interrupted.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from typer.core import TyperGroup

from trading_ecosystem import (
    __version__,
    audit_commands,
    backtest_commands,
    compare_commands,
    monitor_commands,
    new_commands,
    serve_commands,
    store_commands,
    suite_commands,
)
from trading_ecosystem.adapters.scenario_library import find_scenario
from trading_ecosystem.ports.errors import BadInput, Corrupt, Divergence, EcosystemError, PortError
from trading_ecosystem.scenario_commands import JsonOption, ScenarioArgument, SeedOption, SetOption, print_plan, scenarios_app
from trading_ecosystem.terminal import (
    BAD_INPUT,
    HELD,
    INTERNAL_FAULT,
    INTERRUPTED,
    NOT_HELD,
    interruptible,
    print_json,
    progress_bar,
)


class _Commands(TyperGroup):
    """The commands; one that is interrupted where it says nothing of it itself ends in one line too."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            sys.stderr.write("trading-ecosystem: interrupted\n")
            raise typer.Exit(INTERRUPTED) from error


app = typer.Typer(
    cls=_Commands,
    help="A wind tunnel for trading systems: run an ecosystem, break it on purpose, prove what the risk controls noticed.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(scenarios_app, name="scenarios")
store_commands.register(app)
serve_commands.register(app)
monitor_commands.register(app)
audit_commands.register(app)
suite_commands.register(app)
compare_commands.register(app)
new_commands.register(app)
backtest_commands.register(app)

OutOption = Annotated[Path | None, typer.Option(help="Run directory to write; default: runs/SCENARIO-SEED.")]
SpeedOption = Annotated[
    float | None,
    typer.Option(help="Run against the wall clock: so many seconds of ecosystem time per second; default: as fast as it goes."),
]


@app.command()
def run(
    scenario: ScenarioArgument,
    seed: SeedOption = None,
    set_: SetOption = None,
    out: OutOption = None,
    json: JsonOption = False,
    speed: SpeedOption = None,
    store: store_commands.RunStoreOption = None,
    audit: Annotated[
        bool, typer.Option(help="Score the run; without, the record is the same and detections are not scored.")
    ] = True,
    external: monitor_commands.ExternalOption = False,
    acting: monitor_commands.ActingOption = None,
    port: monitor_commands.PortOption = 0,
    signing_key: audit_commands.SigningKeyOption = None,
    witness: audit_commands.WitnessOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be injected, when and how large, and what is judged; run nothing.")
    ] = False,
    twin: Annotated[
        bool, typer.Option("--twin", help="Also run the clean twin, and say in verdict and report what the faults did.")
    ] = False,
) -> None:
    """Run a scenario and print the verdict."""
    from trading_ecosystem.reports.verdict_document import verdict_document
    from trading_ecosystem.reports.verdict_text import verdict_text

    path = find_scenario(scenario)
    if dry_run:
        print_plan(path, seed, set_ or [], json)
        return
    target = out or Path("runs") / _default_name(path, seed, set_ or [])
    speed_ppm = store_commands.speed_ppm_of(speed)
    with progress_bar(f"running {path.stem}", quiet=json) as progress:
        options = {"seed": seed, "overrides": set_ or (), "out": target, "progress": progress}
        options |= {"signing_key": signing_key, "witness": witness}
        if external:
            monitor_commands.check(store, speed_ppm, audit, twin)
            result = monitor_commands.run_external_into(path, port, acting, **options)
        else:
            result = store_commands.run_into(store, path, **options, audit=audit, speed_ppm=speed_ppm, twin=twin)
    if json:
        print_json(verdict_document(result) | {"evidence": result.evidence})
    else:
        Console().print(verdict_text(result, _command()))
    raise typer.Exit(HELD if result.passed else NOT_HELD)


@app.command()
def replay(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A run directory.", show_default=False)],
    json: JsonOption = False,
) -> None:
    """Run a record again: the same digest, or the first entry that differs."""
    from trading_ecosystem import container

    try:
        with progress_bar(f"replaying {folder}", quiet=json) as progress:
            count, digest = container.replay(folder, progress=progress)
    except (Divergence, Corrupt) as error:
        if json:
            print_json({"replayed": False, "difference": str(error)})
        else:
            sys.stdout.write(f"NOT the same: {error}\n")
        raise typer.Exit(NOT_HELD) from error
    if json:
        print_json({"replayed": True, "entries": count, "journal_digest": digest})
    else:
        sys.stdout.write(f"the same: {count:,} entries, digest {digest}\n")


@app.command()
def realism(
    recording: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A recorded market to score against.", show_default=False)
    ] = None,
    scenario: Annotated[str | None, typer.Option(help="Score the market of this scenario's first venue.")] = None,
    instrument: Annotated[str | None, typer.Option(help="With --scenario: which instrument; default: its first.")] = None,
    parameters: Annotated[
        str | None, typer.Option(help="Flow parameters, a file or a name of `calibrate --list`; default: fitted to FILE.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of every random stream.")] = 1,
    resamples: Annotated[int, typer.Option(min=20, max=2_000, help="Bootstrap resamples.")] = 200,
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("realism.html"),
    json: JsonOption = False,
) -> None:
    """Put a generated market beside a real one, statistic by statistic, in units of the real one's own noise."""
    from trading_ecosystem.adapters.whole_files import check_writable, write_whole
    from trading_ecosystem.reports.realism import command

    if recording is None and scenario is None:
        raise BadInput("realism", "nothing to measure, expected a recorded market, or --scenario NAME, or both")
    if recording is not None:
        check_writable(out)
    with interruptible():
        generated = None if scenario is None else command.scenario_market(find_scenario(scenario), seed, instrument)
        if recording is None:
            assert generated is not None
            measured = command.readings(generated)
        else:
            card = command.score(recording, generated, parameters, seed, resamples)
            write_whole(out, command.render_scorecard(card))
    if recording is None and json:
        print_json(command.readings_document(measured))
    elif recording is None:
        Console().print(command.readings_text(measured))
    elif json:
        print_json(command.scorecard_document(card))
    else:
        console = Console()
        console.print(command.scorecard_text(card, console.width))
        sys.stdout.write(f"plots: {out}\n")


@app.command()
def calibrate(
    recording: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A recorded market with single orders.", show_default=False)
    ] = None,
    out: Annotated[Path, typer.Option(help="The file to write, .json or .yaml.")] = Path("flow.json"),
    name: Annotated[str | None, typer.Option(help="What the set is called; default: the recorded instrument.")] = None,
    start: Annotated[
        float, typer.Option("--from", min=0, max=1, help="Where the fit begins, as a share of the recording.")
    ] = 0,
    end: Annotated[float, typer.Option("--until", min=0, max=1, help="Where it ends.")] = 1,
    list_: Annotated[bool, typer.Option("--list", help="List the sets that come with the package.")] = False,
) -> None:
    """Fit every parameter of the background flow to a recorded market."""
    from trading_ecosystem.adapters.calibration.parameter_files import read_calibrated_flow, shipped_sets
    from trading_ecosystem.reports.realism import command

    if list_:
        for known in shipped_sets():
            sys.stdout.write(f"{known}: {read_calibrated_flow(known).about}\n")
        return
    if recording is None:
        raise BadInput("calibrate", "nothing to fit to, expected a recorded market, or --list")
    with interruptible():
        said = command.calibrate_file(recording, out, name, start, end)
    sys.stdout.write(f"{said}\n")


@app.command("map")
def print_map() -> None:
    """Print who says what to whom, from the dispatch tables."""
    from trading_ecosystem.reports.message_map import message_map

    sys.stdout.write(message_map())


@app.command("book-replay")
def book_replay(
    file: Annotated[Path, typer.Argument(help="LOBSTER messages, a Binance capture, Databento MBO, or CSV order events.")],
    format: Annotated[
        str | None, typer.Option(help="lobster, binance, databento or orders; default: read from the file.")
    ] = None,
    orderbook: Annotated[
        Path | None, typer.Option(help="The LOBSTER orderbook file to compare with; default: the one beside it by name.")
    ] = None,
    book: Annotated[str, typer.Option(help="Which book: auto, plain or compiled.")] = "auto",
    json: JsonOption = False,
) -> None:
    """Replay a recorded market through the exchange's own book and print what was found; exit code 1 where they disagree."""
    from trading_ecosystem.adapters.recordings.book_replay import open_replay
    from trading_ecosystem.domains.exchange.book.books import book_class
    from trading_ecosystem.reports.replay_findings import replay_document, replay_text

    with progress_bar(file.name, quiet=json) as progress:
        replay = open_replay(file, format, orderbook, book_class(book)(file.name))
        for count, _ in enumerate(replay.states()):
            if progress is not None and not count % 512:
                progress(replay.findings.rows, replay.total)
    if json:
        print_json(replay_document(replay))
    else:
        sys.stdout.write(replay_text(file.name, replay))
    if replay.findings.differs:
        raise typer.Exit(NOT_HELD)


@app.command()
def bench(
    commands: Annotated[int, typer.Option(min=1_000, max=5_000_000, help="Timed commands of each flow.")] = 100_000,
    rounds: Annotated[int, typer.Option(min=1, max=101, help="Interleaved rounds; medians are shown.")] = 5,
    growth: Annotated[bool, typer.Option(help="Also measure how cost grows with orders and symbols.")] = True,
    json: JsonOption = False,
) -> None:
    """Measure the order books, beside other engines where they are installed, and the background market, on this machine."""
    from trading_ecosystem.reports.bench import table

    console = Console(stderr=True)
    say = console.print if console.is_terminal and not json else lambda _: None
    with interruptible():
        document = table.bench(commands=commands, rounds=rounds, growth=growth, progress=say)
    if json:
        print_json(document)
    else:
        Console().print(table.rendered(document))


def _command() -> str:
    """How to call this program again: by name where the shell finds it, else as it was called."""
    if shutil.which("trading-ecosystem"):
        return "trading-ecosystem"
    called = sys.argv[0]
    return "python -m trading_ecosystem" if called.endswith("__main__.py") else os.path.relpath(called)


def _default_name(path: Path, seed: int | None, overrides: list[str]) -> str:
    from trading_ecosystem.adapters.scenario_files import read_scenario

    parsed = read_scenario(path, overrides)
    name = f"{parsed.name}-{parsed.seed if seed is None else seed}"
    # Another variant of the scenario is another run: it does not replace the one without overrides.
    return f"{name}-{hashlib.sha256(repr(overrides).encode()).hexdigest()[:6]}" if overrides else name


def _version(wanted: bool) -> None:
    if wanted:
        from trading_ecosystem.domains.exchange.book import books
        from trading_ecosystem.domains.exchange.flow import flows

        sys.stdout.write(f"trading-ecosystem {__version__}\norder book: {books.serving()}\n")
        sys.stdout.writelines(f"not used: {why}\n" for why in (books.stale(), flows.STALE) if why)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version, and which order book serves."),
    ] = False,
) -> None:
    """Options of every command."""


def _one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


def _fail(code: int, text: str) -> NoReturn:
    printable = "".join(character if character.isprintable() else "?" for character in text)
    sys.stderr.write(f"trading-ecosystem: {printable}\n")
    sys.exit(code)


def _terminated(number: int, frame: object) -> NoReturn:
    """Being asked to end is an interruption like any other: nothing half-written stays."""
    raise KeyboardInterrupt


def main() -> None:
    """Run the command line; every failure is one line on standard error and an exit code."""
    signal.signal(signal.SIGTERM, _terminated)
    try:
        app()
    except BadInput as error:
        _fail(BAD_INPUT, str(error))
    except PortError as error:
        _fail(BAD_INPUT, str(error))
    except EcosystemError as error:
        _fail(INTERNAL_FAULT, f"internal fault: {error}")
    except OSError as error:
        _fail(BAD_INPUT, f"{error.filename or 'output'}: {error.strerror or error}")
    except (UnicodeError, RecursionError) as error:
        _fail(BAD_INPUT, f"the input is no text that can be used: {_one_line(error)}")
    except Exception as error:  # the last resort: one line and an exit code, whatever went wrong
        if os.environ.get("TRADING_ECOSYSTEM_TRACEBACK"):
            raise
        _fail(INTERNAL_FAULT, f"internal fault: {_one_line(error)} (TRADING_ECOSYSTEM_TRACEBACK=1 shows where)")
