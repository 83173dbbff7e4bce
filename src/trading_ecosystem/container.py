"""The one composition root: every component, link, journal and follower of an ecosystem is put together here.

:func:`run` is what a notebook calls. :class:`EcosystemContainer` says what depends on what; nothing else in the package
knows dependency-injector.
"""

from __future__ import annotations

import platform
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import msgspec
from dependency_injector import containers, providers

from trading_ecosystem import __version__
from trading_ecosystem.adapters import scenario_parameters as made_from
from trading_ecosystem.adapters.clocks import SystemClock
from trading_ecosystem.adapters.evidence.run_evidence import RunEvidence
from trading_ecosystem.adapters.few_collections import few_collections
from trading_ecosystem.adapters.in_process_monitors import InProcessMonitors
from trading_ecosystem.adapters.journal_files import CompressedJournal
from trading_ecosystem.adapters.memory.journal import MemoryJournal
from trading_ecosystem.adapters.recorded_inputs import inputs_of_record, with_monitors
from trading_ecosystem.adapters.recorded_monitors import RecordedMonitors
from trading_ecosystem.adapters.run_directory import HEADER, JOURNAL, REPORT, VERDICT, RunDirectory, RunDirectoryWriter
from trading_ecosystem.adapters.scenario_audit import audit_of
from trading_ecosystem.adapters.scenario_files import parse_scenario, read_scenario, resolved_text
from trading_ecosystem.adapters.scenario_inputs import scenario_inputs
from trading_ecosystem.adapters.scenario_library import find_scenario
from trading_ecosystem.adapters.trading_engines import trading_engine
from trading_ecosystem.domains.custodian.component import Custodian
from trading_ecosystem.domains.exchange.component import Exchange
from trading_ecosystem.domains.market_data.component import MarketData
from trading_ecosystem.domains.risk.component import Risk
from trading_ecosystem.domains.test_coordination.component import TestCoordination
from trading_ecosystem.domains.test_coordination.criteria_judge import judge_run, measures_of
from trading_ecosystem.domains.test_coordination.estimate import estimate_entries
from trading_ecosystem.domains.test_coordination.run_measures import RunMeasures
from trading_ecosystem.domains.test_coordination.scenario import MARKET_DATA, RISK, TEST_COORDINATION, TRADING, Scenario
from trading_ecosystem.messages.envelope import Header
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.ports.component import Component
from trading_ecosystem.ports.errors import BadInput, Corrupt
from trading_ecosystem.ports.journal import Journal
from trading_ecosystem.reports.impact import measure_impact
from trading_ecosystem.reports.observations import Observations
from trading_ecosystem.reports.page import render_report
from trading_ecosystem.reports.run_result import RunResult
from trading_ecosystem.reports.verdict_document import compare_verdicts, verdict_document
from trading_ecosystem.runtime.kernel import Kernel
from trading_ecosystem.runtime.links import Links
from trading_ecosystem.runtime.live import drive
from trading_ecosystem.runtime.monitors import Monitors
from trading_ecosystem.runtime.randomness import SeededRandomness
from trading_ecosystem.runtime.recorder import Follower, JournalDigest, Recorder
from trading_ecosystem.runtime.replay import ComparingJournal, decode_line, recorded_inputs, reexecute
from trading_ecosystem.runtime.simulation import ScheduledInput, simulate

FORMAT = 1
"""Version of the run directory's format."""

LARGEST_SEED = 2**63 - 1
"""Seeds are what an int64 holds."""
ENTRY_BUDGET = 20_000_000
"""Entries after which a simulation is stopped as a storm, and so the largest that is begun; a live run has no such end."""

Progress = Callable[[Nanos, Nanos], None]
"""Called now and then with the simulated time so far and the whole duration."""


def components_of(scenario: Scenario, randomness: SeededRandomness, *, faults: bool = True) -> list[Component]:
    """Every component of a scenario, fresh; without ``faults`` those of its clean twin."""
    firm = frozenset({scenario.ecosystem.firm.name})
    coordination = made_from.coordination_parameters(scenario, faults=faults)
    return [
        MarketData(MARKET_DATA, made_from.market_data_parameters(scenario), randomness),
        *(
            Exchange(venue.name, made_from.exchange_parameters(scenario, venue), randomness)
            for venue in scenario.ecosystem.venues
        ),
        Custodian(scenario.ecosystem.custodian.name, made_from.custodian_parameters(scenario), randomness),
        trading_engine(TRADING, scenario, randomness),
        Risk(RISK, made_from.risk_parameters(scenario), randomness, firm),
        TestCoordination(TEST_COORDINATION, coordination, randomness, ecosystem=scenario.ecosystem),
    ]


def fresh_components(scenario: Scenario, randomness: SeededRandomness) -> dict[str, Callable[[], Component]]:
    """What makes those components anew that may start without memory."""
    return {TRADING: partial(trading_engine, TRADING, scenario, randomness)}


class EcosystemContainer(containers.DeclarativeContainer):
    """One ecosystem: a scenario, a seed and a journal go in; a kernel and its recorder come out."""

    scenario = providers.Dependency(instance_of=Scenario)
    seed = providers.Dependency(instance_of=int)
    journal: providers.Dependency[Journal | None] = providers.Dependency()
    faults = providers.Object(True)
    budget: providers.Provider[int | None] = providers.Object(ENTRY_BUDGET)

    randomness = providers.Singleton(SeededRandomness, seed)
    components = providers.Singleton(components_of, scenario, randomness, faults=faults)
    links = providers.Singleton(Links, providers.Callable(made_from.latency_rules, scenario), randomness)
    recorder = providers.Singleton(Recorder, journal)
    monitors = providers.Singleton(Monitors, RISK, providers.Callable(made_from.firm_of, scenario))
    fresh = providers.Singleton(fresh_components, scenario, randomness)
    kernel = providers.Singleton(
        Kernel, components, links, recorder.provided.record, seed=seed, budget=budget, monitors=monitors, fresh=fresh
    )


def ecosystem(
    scenario: Scenario, seed: int, journal: Journal | None, *, faults: bool = True, started_at: Nanos | None = None
) -> tuple[Kernel, Recorder]:
    """A kernel that has begun at the scenario's start, and the recorder that writes to ``journal``.

    A live run says when it ``started_at``, and may say any number of entries. Without a journal the recorder waits to be
    committed by a live driver.
    """
    live = started_at is not None
    if started_at is not None:
        # What is made for the time of the run, such as a venue's trading days, is made for when it really is.
        scenario = msgspec.structs.replace(scenario, starts_at=started_at)
    container = EcosystemContainer(
        scenario=scenario,
        seed=seed,
        journal=providers.Object(journal),
        faults=providers.Object(faults),
        budget=providers.Object(None if live else ENTRY_BUDGET),
    )
    kernel: Kernel = container.kernel()
    kernel.begin(scenario.starts_at)
    return kernel, container.recorder()


def run(
    scenario: str | Path = "stablecoin_depeg",
    *,
    seed: int | None = None,
    overrides: Sequence[str] = (),
    out: str | Path | None = None,
    audit: bool = True,
    faults: bool = True,
    speed_ppm: int | None = None,
    progress: Progress | None = None,
    monitors: InProcessMonitors | RecordedMonitors | None = None,
    acting: str = RISK,
    signing_key: str | Path | None = None,
    witness: str | Path | None = None,
    twin: bool = False,
) -> RunResult:
    """Run a scenario and return its result; with ``out``, write a run directory too.

    ``scenario`` is a file or a name of the library, ``overrides`` are ``key=value`` as after ``--set``. Without ``audit`` the
    record is the same and nothing is scored; without ``faults`` it is the clean twin. With ``speed_ppm``
    the live driver runs it against the wall clock, at that many millionths of ecosystem time per wall time; the record is the
    same again. With ``monitors`` these take part in lock-step and are scored beside the built-in one; their reports are part of
    the record, and the verdict is that of ``acting``. A run directory holds evidence, signed with ``signing_key``, or with a
    key made beside it; ``witness`` is a file that remembers its checkpoints (``docs/evidence.md``). With ``twin`` the clean
    twin is run as well, and the result says what the faults did. Raises :class:`BadInput` for input that cannot be used and
    leaves nothing half-written whatever happens.
    """
    path = find_scenario(scenario)
    # Read from the file first, so that what is wrong is named where a person wrote it.
    parsed = read_scenario(path, overrides)
    text = resolved_text(path, overrides)
    header = header_of(parsed, path, text, parsed.seed if seed is None else seed, audit)
    taking_part = () if monitors is None else tuple(monitors.names)
    header = msgspec.structs.replace(header, overrides=tuple(overrides), faults=faults, monitors=taking_part, acting=acting)
    _check(parsed, path, header, speed_ppm, twin)
    execution = _Execution(parsed, header, speed_ppm=speed_ppm, progress=progress, monitors=monitors)
    inputs = scenario_inputs(parsed, header.seed, path.parent)
    if isinstance(monitors, RecordedMonitors):
        inputs = with_monitors(monitors.read_lines, inputs, parsed.starts_at)
    if out is None:
        memory = MemoryJournal()
        result = execution.result(memory, inputs, memory.lines, None)
        return (
            execution.beside_twin(result, memory.lines, scenario_inputs(parsed, header.seed, path.parent)) if twin else result
        )
    target = Path(out)
    evidence = RunEvidence(target, _path(signing_key), _path(witness))
    execution.followers.append(evidence.record.follow)
    with RunDirectoryWriter(target) as writer:
        writer.write_json(HEADER, header)
        result = execution.result(writer.journal, inputs, lambda: RunDirectory(target).lines(), target)
        writer.journal.close()
        if twin:
            again = scenario_inputs(parsed, header.seed, path.parent)
            result = execution.beside_twin(result, writer.journal.lines, again)
        writer.write_json(VERDICT, verdict_document(result))
        writer.write_text(REPORT, render_report(result, execution.observations))
        signed = evidence.write(writer.folder, header)
        writer.finish()
    return msgspec.structs.replace(result, evidence=evidence.remember(signed))


def _path(given: str | Path | None) -> Path | None:
    return None if given is None else Path(given)


def _check(scenario: Scenario, path: Path, header: Header, speed_ppm: int | None, twin: bool) -> None:
    """Raise :class:`BadInput` for what cannot be run."""
    if not 0 <= header.seed <= LARGEST_SEED:
        raise BadInput("--seed", f"{header.seed} cannot be used; expected a whole number from 0 to {LARGEST_SEED}")
    if scenario.is_open:
        raise BadInput(str(path), "has no end, and only runs live; expected a duration, such as --set duration=1h")
    if estimate_entries(scenario) > ENTRY_BUDGET:
        raise BadInput(
            str(path), f"would make about {estimate_entries(scenario):,} entries; expected at most {ENTRY_BUDGET:,}: shorten it"
        )
    if speed_ppm is not None and scenario.ecosystem.market_data.recording is not None:
        raise BadInput("--speed", "a recorded market cannot be paced against the wall clock; expected generated prices")
    if header.acting not in (RISK, *header.monitors):
        raise BadInput(
            "--acting", f"no monitor {header.acting!r} takes part; expected one of {', '.join((RISK, *header.monitors))}"
        )
    if speed_ppm is not None and header.monitors:
        raise BadInput("--speed", "monitors in this process cannot take part in a run against the wall clock")
    if twin and header.monitors:
        raise BadInput("--twin", "a run with other monitors has no twin, in which they would report as well; leave one away")
    if twin and not (header.faults and scenario.faults):
        raise BadInput("--twin", "no fault is injected, so the run is its own clean twin; expected a scenario with a fault")


def header_of(scenario: Scenario, path: Path, text: str, seed: int, audit: bool) -> Header:
    """The header of a run of this scenario text."""
    return Header(
        format=FORMAT,
        engine_version=__version__,
        platform=f"{platform.system()} {platform.machine()}",
        scenario_file=str(path),
        scenario=text,
        seed=seed,
        started_at=scenario.starts_at,
        audit=audit,
    )


class _Execution:
    """One run from the first input to the verdict."""

    def __init__(
        self,
        scenario: Scenario,
        header: Header,
        *,
        speed_ppm: int | None = None,
        progress: Progress | None = None,
        monitors: InProcessMonitors | RecordedMonitors | None = None,
    ) -> None:
        self.scenario = scenario
        self.header = header
        self.observations = Observations(scenario.ecosystem.firm.name, scenario.duration_ns)
        self._speed_ppm = speed_ppm
        self._progress = progress
        self._monitors = monitors
        self.followers: list[Follower] = []
        """Told of every entry, beside audit."""

    def result(
        self,
        journal: Journal,
        inputs: Iterator[ScheduledInput],
        read_lines: Callable[[], Iterator[bytes]],
        folder: Path | None,
    ) -> RunResult:
        """Simulate, audit, judge."""
        scenario, header = self.scenario, self.header
        started = time.perf_counter()
        kernel, recorder = ecosystem(scenario, header.seed, journal, faults=header.faults)
        audit = None
        if header.audit:
            audit = audit_of(scenario, header.seed)
            recorder.follow(audit.follow)
        measures = measures_of(scenario, header.acting)
        for follower in (self.observations.follow, _measuring(measures), *self.followers):
            recorder.follow(follower)
        with few_collections():
            if self._speed_ppm is None:
                lock_step = self._monitors if isinstance(self._monitors, InProcessMonitors) else None
                if lock_step is not None and kernel.monitors is not None:
                    lock_step.follow(kernel.monitors)
                progress = self._report_progress if self._progress else None
                simulate(kernel, recorder, inputs, progress=progress, lock_step=lock_step)
            else:
                self._run_paced(kernel, recorder, inputs, self._speed_ppm)
        report = None
        if audit is not None:
            audit.finish()
            report = audit.report()
        alerts, starts_at = self.observations.alerts, scenario.starts_at
        verdict = judge_run(scenario, report, alerts, measures, starts_at, faults=header.faults, acting=header.acting)
        return RunResult(
            scenario=scenario,
            header=header,
            verdict=verdict,
            audit=report,
            journal_digest=recorder.digest.hexdigest(),
            entry_count=recorder.digest.count,
            deliveries=kernel.deliveries,
            wall_seconds=time.perf_counter() - started,
            simulated_ns=kernel.now - scenario.starts_at,
            folder=folder,
            read_lines=read_lines,
        )

    def beside_twin(
        self, result: RunResult, read_lines: Callable[[], Iterator[bytes]], inputs: Iterator[ScheduledInput]
    ) -> RunResult:
        """The result, and what the faults did: its clean twin is run now, simulated, and kept nowhere."""
        header = msgspec.structs.replace(self.header, faults=False, audit=False)
        with tempfile.TemporaryDirectory(prefix="trading-ecosystem-twin-") as folder:
            with closing(CompressedJournal(Path(folder) / JOURNAL)) as journal:
                _Execution(self.scenario, header, progress=self._progress).result(journal, inputs, journal.lines, None)
            impact = measure_impact(read_lines, journal.lines, self.scenario.starts_at)
        return msgspec.structs.replace(result, impact=impact)

    def _run_paced(self, kernel: Kernel, recorder: Recorder, inputs: Iterator[ScheduledInput], speed_ppm: int) -> None:
        for scheduled in inputs:
            kernel.admit(scheduled.sender, scheduled.message, scheduled.at)
        drive(kernel, recorder, SystemClock(), speed_ppm, lambda: self._report_progress(kernel.now))

    def _report_progress(self, now: Nanos) -> None:
        if self._progress is not None:
            self._progress(now - self.scenario.starts_at, self.scenario.duration_ns)


def _measuring(measures: RunMeasures) -> Follower:
    """A follower that hands every entry to what the scenario's criteria are measured by."""
    return lambda entries, lines: measures.follow(entries)


def replay(folder: str | Path, *, progress: Progress | None = None) -> tuple[int, str]:
    """Run the record of a run directory again; returns the number of entries and the digest, which are the recorded ones.

    Every entry is compared, and then the whole of ``verdict.json`` but the wall time, judged anew. A recording's rows are taken
    from the record, where they are inputs, so that its file is not needed. Raises :class:`Divergence` naming the first entry
    that differs, :class:`Corrupt` where the record cannot be read, :class:`BadInput` where a file of it is missing.
    """
    directory = RunDirectory(Path(folder))
    header = directory.header()
    if header.format != FORMAT or header.engine_version != __version__:
        raise BadInput(
            str(folder),
            f"was recorded by engine {header.engine_version}, format {header.format}; this is {__version__}, format {FORMAT}",
        )
    scenario = parse_scenario(header.scenario, f"{folder}/{HEADER}", name=Path(header.scenario_file).stem)
    if header.live:
        return _replay_live(directory, header, scenario)
    journal, verdict = ComparingJournal(directory.lines()), directory.verdict()
    execution = _Execution(scenario, header, progress=progress)
    inputs = inputs_of_record(directory.lines, scenario, header.seed)
    if header.monitors:
        inputs = with_monitors(directory.lines, inputs, header.started_at)
    result = execution.result(journal, inputs, directory.lines, None)
    journal.expect_end()
    if "impact" in verdict:
        result = execution.beside_twin(result, directory.lines, inputs_of_record(directory.lines, scenario, header.seed))
    compare_verdicts(verdict, verdict_document(result), result.entry_count)
    return result.entry_count, result.journal_digest


def _replay_live(directory: RunDirectory, header: Header, scenario: Scenario) -> tuple[int, str]:
    """A live run's inputs are in the record and nowhere else, and its record may end wherever a crash cut it."""
    if (directory.folder / VERDICT).exists():
        raise Corrupt(f"{directory.folder}: {HEADER} says it ran live, but a live run has no {VERDICT}")
    lines = list(directory.lines())
    journal = ComparingJournal(iter(lines), torn=True)
    kernel, recorder = ecosystem(scenario, header.seed, journal, started_at=header.started_at)
    last = decode_line(lines[-1], len(lines)).sequence if lines else 0
    reexecute(kernel, recorder, recorded_inputs(lines), last_sequence=last)
    journal.expect_end()
    digest = JournalDigest()
    digest.update(lines)
    return len(lines), digest.hexdigest()
