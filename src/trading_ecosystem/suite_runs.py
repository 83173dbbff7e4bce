"""Runs a suite: every case with every seed and its twins, on several cores, resumable, each run scored by itself.

Scores go to ``scores.jsonl`` in the output folder as they come, one line a run. Started again with the same folder, runs that
stand there with the same scenario text and the same program, to the sources of its package, are not done again.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from pathlib import Path
from typing import Final

import msgspec

from trading_ecosystem import __version__
from trading_ecosystem.adapters.program_sources import program_digest
from trading_ecosystem.adapters.suite_files import Case, Suite
from trading_ecosystem.messages.audit import AlertFinding, AuditReport
from trading_ecosystem.messages.risk import ExposureReported
from trading_ecosystem.messages.units import MinorUnits, Nanos
from trading_ecosystem.ports.errors import BadInput, EcosystemError
from trading_ecosystem.reports.impact import agree_until
from trading_ecosystem.reports.run_result import RunResult
from trading_ecosystem.reports.suite.run_score import RunScore, alert_scores, fault_score

FIRST_SEED: Final = 1_000_000
"""Seeds from here on are for scoring only."""
MOST_ENTRIES: Final = 300_000
"""No run of a suite is longer."""
SCORES: Final = "scores.jsonl"
_EXPOSURE: Final = b'"type":"ExposureReported"'


class Job(msgspec.Struct, frozen=True):
    """One run to be done: a case, a seed, and the name under which its score is kept."""

    case: Case
    seed: int

    @property
    def key(self) -> str:
        """What makes a score reusable: the program's version and sources, the scenario's text, the seed."""
        digest = hashlib.sha256(self.case.text.encode()).hexdigest()[:16]
        return f"{__version__}/{program_digest()[:16]}/{self.case.name}/{digest}/{self.seed}"


class KeptScore(msgspec.Struct, frozen=True):
    """A line of ``scores.jsonl``."""

    key: str
    score: RunScore


def jobs_of(suite: Suite, seeds: int | None = None, only: Sequence[str] = ()) -> list[Job]:
    """Every run of a suite; ``seeds`` caps how many each case has, ``only`` names the cases wanted (none: all)."""
    known = {case.name for case in suite.cases}
    for name in only:
        if name not in known:
            raise BadInput(f"--only {name}", f"the suite has no such case; expected one of {', '.join(sorted(known))}")
    chosen = [case for case in suite.cases if not only or case.name in only]
    counts = [case.seeds if seeds is None else min(case.seeds, seeds) for case in chosen]
    # Seed by seed, so that whoever stops early has seen every case.
    turns = range(max(counts, default=0))
    return [Job(case, FIRST_SEED + turn) for turn in turns for case, count in zip(chosen, counts, strict=True) if turn < count]


def run_jobs(
    jobs: Sequence[Job], folder: Path, workers: int, told: Callable[[int, RunScore], None] | None = None
) -> list[RunScore]:
    """Do every run that is not done yet; returns all scores in the order of the jobs. ``told`` hears of each as it comes."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = dict(_kept(folder / SCORES))
    _end_last_line(folder / SCORES)
    waiting = [job for job in jobs if job.key not in kept]
    count = len(jobs) - len(waiting)
    with (folder / SCORES).open("ab") as file:
        for job, score in _scored(waiting, workers):
            kept[job.key] = score
            file.write(msgspec.json.encode(KeptScore(job.key, score)) + b"\n")
            file.flush()
            count += 1
            if told is not None:
                told(count, score)
    return [kept[job.key] for job in jobs]


def _kept(path: Path) -> Iterator[tuple[str, RunScore]]:
    """What stands in a file of scores already; a last line that was cut off by an interruption is passed over."""
    if not path.exists():
        return
    # What follows the last end of a line was cut off.
    lines = path.read_bytes().split(b"\n")[:-1]
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            kept = msgspec.json.decode(line, type=KeptScore)
        except msgspec.DecodeError as error:
            raise BadInput(f"{path}:{number}", f"this is no score ({error}); expected a file of this program") from None
        if not kept.score.problem:
            yield kept.key, kept.score


def _end_last_line(path: Path) -> None:
    """Leave out a last line without an end: what is written next must begin a line of its own."""
    if path.exists():
        written = path.read_bytes()
        whole = written.rfind(b"\n") + 1
        if whole < len(written):
            with path.open("r+b") as file:
                file.truncate(whole)


def _scored(jobs: Sequence[Job], workers: int) -> Iterator[tuple[Job, RunScore]]:
    if workers == 1:
        yield from ((job, score_job(job)) for job in jobs)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        pending = iter(jobs)
        under_way = {}
        try:
            while True:
                for job in pending:
                    under_way[pool.submit(score_job, job)] = job
                    if len(under_way) >= 2 * workers:
                        break
                if not under_way:
                    return
                done, _ = wait(under_way, return_when=FIRST_COMPLETED)
                for future in done:
                    yield under_way.pop(future), future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def score_job(job: Job) -> RunScore:
    """Run a case with one seed, and its twins, and say what came of it; what goes wrong becomes the score's problem."""
    try:
        return _score(job)
    except Exception as error:  # whatever it is, the other runs go on
        case = job.case
        told = " ".join(str(error).split())
        if not isinstance(error, EcosystemError):
            told = f"{type(error).__name__}: {told}"
        return RunScore(case.name, job.seed, case.kinds, 0, 0, "", (), (), 0, None, None, told)


def _score(job: Job) -> RunScore:
    case = job.case
    result = _run(case.name, case.text, job.seed)
    audit = _audit_of(result)
    if result.entry_count > MOST_ENTRIES:
        raise RuntimeError(f"the run has {result.entry_count} entries; expected at most {MOST_ENTRIES} in a suite")
    twins: dict[frozenset[str], Sequence[AlertFinding]] = {}
    clean: RunResult | None = None
    for kept in _twins_of(case.faults):
        twin = _run(case.name, case.without(kept), job.seed)
        twins[kept] = _audit_of(twin).alerts
        if not kept:
            clean = twin
    agrees = impact = None
    if clean is not None:
        agrees = agree_until(_first_onset(audit), result.entries(), clean.entries())
        ends = (_last_equity(result), _last_equity(clean))
        impact = None if ends[0] is None or ends[1] is None else ends[0] - ends[1]
    return RunScore(
        case=case.name,
        seed=job.seed,
        kinds=case.kinds,
        entries=result.entry_count,
        simulated_ns=result.simulated_ns,
        digest=result.journal_digest,
        faults=tuple(fault_score(one) for one in audit.detections),
        alerts=alert_scores(audit.alerts, audit.detections, twins),
        conservation=len(audit.conservation),
        agrees_until_onset=agrees,
        impact_usd_minor=impact,
        extra_runs=len(twins),
    )


def _first_onset(audit: AuditReport) -> Nanos | None:
    return min((one.onset_at for one in audit.detections), default=None)


def _twins_of(faults: Sequence[str]) -> list[frozenset[str]]:
    if not faults:
        return []
    alone = [frozenset({fault}) for fault in faults] if len(faults) > 1 else []
    return [frozenset(), *alone]


def _run(name: str, text: str, seed: int) -> RunResult:
    from trading_ecosystem.container import run

    with tempfile.TemporaryDirectory(prefix="trading-ecosystem-suite-") as folder:
        path = Path(folder) / f"{name}.yaml"
        path.write_text(text, encoding="utf-8")
        return run(path, seed=seed)


def _audit_of(result: RunResult) -> AuditReport:
    assert result.audit is not None, "suites are scored"
    return result.audit


def _last_equity(result: RunResult) -> MinorUnits | None:
    last = None
    for line in result.read_lines():
        if _EXPOSURE in line:
            last = line
    if last is None:
        return None
    from trading_ecosystem.runtime.replay import decode_line

    message = decode_line(last, 0).message
    assert isinstance(message, ExposureReported)
    return message.equity_usd_minor
