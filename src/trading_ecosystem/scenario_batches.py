"""Several scenarios run side by side, those that others need first; what needs one that does not hold is not run."""

from __future__ import annotations

import multiprocessing
import re
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Final

import msgspec

from trading_ecosystem.adapters.scenario_files import read_scenario
from trading_ecosystem.adapters.scenario_library import find_scenario
from trading_ecosystem.ports.errors import BadInput, EcosystemError

NOT_RUN: Final = "not run"
FAILED: Final = "failed"
MOST: Final = 1_000
"""At most so many scenarios in one batch."""
_SAFE: Final = re.compile(r"[^A-Za-z0-9_.-]")


class Part(msgspec.Struct, frozen=True):
    """One scenario of a batch: its file, and the names of those that must hold before it."""

    name: str
    path: str
    needs: tuple[str, ...]


class Outcome(msgspec.Struct, frozen=True):
    """How one scenario of a batch ended; ``verdict`` is that of the run, ``not run`` or ``failed``, and ``detail`` says why."""

    name: str
    verdict: str
    passed: bool
    entries: int
    journal_digest: str
    folder: str
    detail: str


def parts_of(names: Sequence[str]) -> list[Part]:
    """The scenarios of a batch with everything that they need, each after what it needs; raises :class:`BadInput`.

    What a scenario needs is a file beside it, or a name of the library.
    """
    parts: dict[str, Part] = {}

    def add(path: Path, under: tuple[str, ...]) -> str:
        name = path.stem
        if name in under:
            raise BadInput(str(path), f"it needs itself: {' needs '.join((*under, name))}; expected no circle")
        known = parts.get(name)
        if known is not None:
            if Path(known.path).resolve() != path.resolve():
                raise BadInput(str(path), f"{known.path} has the same name; expected scenarios of distinct names")
            return name
        if len(parts) >= MOST:
            raise BadInput(str(path), f"there are more than {MOST} scenarios; expected fewer")
        needs = tuple(add(_needed(needed, path), (*under, name)) for needed in read_scenario(path).needs)
        parts[name] = Part(name, str(path), needs)
        return name

    for name in names:
        add(find_scenario(name), ())
    return list(parts.values())


def _needed(name: str, path: Path) -> Path:
    for beside in (path.parent / name, path.parent / f"{name}.yaml"):
        if beside.is_file():
            return beside
    try:
        return find_scenario(name)
    except BadInput as error:
        raise BadInput(str(path), f"it needs {name!r}, which is not there ({error.problem})") from None


def run_batch(
    parts: Sequence[Part],
    out: Path,
    seed: int | None,
    jobs: int,
    told: Callable[[Outcome], None] | None = None,
) -> list[Outcome]:
    """Run all parts, at most ``jobs`` at a time, into run directories below ``out``; outcomes are in the order of the parts."""
    out.mkdir(parents=True, exist_ok=True)
    waiting, done = {part.name: part for part in parts}, dict[str, Outcome]()

    def note(outcome: Outcome) -> None:
        done[outcome.name] = outcome
        if told is not None:
            told(outcome)

    under_way: dict[Future[Outcome], str] = {}
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        try:
            while waiting or under_way:
                for part in list(waiting.values()):
                    lacking = [name for name in part.needs if name in done and not done[name].passed]
                    if lacking:
                        note(Outcome(part.name, NOT_RUN, False, 0, "", "", f"it needs {lacking[0]}, which does not hold"))
                    elif all(name in done for name in part.needs):
                        try:
                            under_way[pool.submit(run_part, part, str(out), seed)] = part.name
                        except BrokenProcessPool:
                            note(_lost(part.name))
                    else:
                        continue
                    del waiting[part.name]
                for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                    name = under_way.pop(future)
                    try:
                        note(future.result())
                    except BrokenProcessPool:
                        note(_lost(name))
        finally:
            pool.shutdown(cancel_futures=True)
    return [done[part.name] for part in parts]


def _lost(name: str) -> Outcome:
    """A process that ran scenarios was killed, and the others were ended with it."""
    return Outcome(name, FAILED, False, 0, "", "", "a process that ran scenarios ended without an answer")


def run_part(part: Part, out: str, seed: int | None) -> Outcome:
    """Run one scenario into its folder; what goes wrong is its outcome, so that the others go on."""
    from trading_ecosystem import container

    folder = Path(out) / _SAFE.sub("-", part.name)
    try:
        result = container.run(part.path, seed=seed, out=folder)
    except (EcosystemError, OSError) as error:
        return Outcome(part.name, FAILED, False, 0, "", "", " ".join(str(error).split()))
    verdict = result.verdict.judgement.value
    return Outcome(part.name, verdict, result.passed, result.entry_count, result.journal_digest, str(folder), "")
