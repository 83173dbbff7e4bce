"""The suite command: runs, resumes, writes its scorecards, and its exit code says whether the goals hold."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from xml.etree import ElementTree

import pytest
from tests.campaign import CAMPAIGN

from trading_ecosystem.adapters.folder_lock import FolderLock
from trading_ecosystem.adapters.suite_files import read_suite
from trading_ecosystem.adapters.suite_library import find_suite, suites
from trading_ecosystem.messages.test_coordination import FaultKind
from trading_ecosystem.ports.errors import BadInput
from trading_ecosystem.reports.suite.run_score import RunScore
from trading_ecosystem.suite_runs import FIRST_SEED, jobs_of, run_jobs

SMALL = """\
title: A small suite
bases:
  small:
    duration: 12m
    ecosystem: {market_data: {jumps: false}}
    workloads:
      - strategy: market_making
        name: maker
        capital: {exchange-alpha: {BTC: 1, USD: 120000}}
        settings: {venues: [exchange-alpha], instruments: [BTC/USD], size_usd: 3000, max_inventory_usd: 20000}
cases:
  - {name: clean, base: small, seeds: 1}
  - {name: stale, base: small, seeds: 1, faults: [{id: fault, kind: feed_stale, at: {low: 3m, high: 4m}, duration: 3m}]}
"""


def suite(*arguments):
    command = [sys.executable, "-m", "trading_ecosystem", "suite", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=800, check=False)


def test_a_small_suite_is_scored_and_gone_on_with(tmp_path):
    file, out = tmp_path / "small.yaml", tmp_path / "out"
    file.write_text(SMALL)
    done = suite(file, "--jobs", 2, "--out", out, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    card = json.loads(done.stdout)
    assert (card["runs"], card["clean_runs"], card["twins"], card["twins_agree"]) == (2, 1, 1, [1, 1])
    assert [(row["kind"], row["recall"]) for row in card["kinds"]] == [("feed_stale", 1.0)]
    assert json.loads((out / "scorecard.json").read_text()) == card
    assert ElementTree.parse(out / "junit.xml").getroot().get("name") == "A small suite"
    assert "A small suite" in (out / "scorecard.html").read_text()

    # What is there is not done again, not even where the last line was cut off; a case that was changed is.
    scores = out / "scores.jsonl"
    kept = scores.read_bytes()
    scores.write_bytes(kept + b'{"key":"cut')
    again = run_jobs(jobs_of(read_suite(file)), out, 1, lambda count, score: pytest.fail(f"{score.case} was done again"))
    assert [score.case for score in again] == ["clean", "stale"]
    assert {score.seed for score in again} == {FIRST_SEED}
    assert scores.read_bytes() == kept

    # A line without its end does not swallow the one after it.
    scores.write_bytes(kept[:-1])
    run_jobs(jobs_of(read_suite(file)), out, 1)
    assert scores.read_bytes().count(b"\n") == 2
    assert len(run_jobs(jobs_of(read_suite(file)), out, 1, lambda count, score: pytest.fail("done again"))) == 2

    # Scores of no fault are scores of nothing: the suite says so, and does not hold.
    done = suite(file, "--only", "clean", "--out", out)
    assert (done.returncode, done.stderr) == (1, "")
    assert "none: nothing was tested" in done.stdout

    # Two suites do not write into one folder.
    with FolderLock(out, "held"):
        done = suite(file, "--out", out)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert f"{out} is in use by process {os.getpid()}; stop it first, or choose another folder with --out" in done.stderr


def test_scores_of_another_program_are_made_again(tmp_path, monkeypatch):
    (tmp_path / "small.yaml").write_text(SMALL)
    jobs = jobs_of(read_suite(tmp_path / "small.yaml"))
    done = []

    def scored(job):
        done.append(job.case.name)
        return RunScore(job.case.name, job.seed, job.case.kinds, 0, 0, "", (), (), 0, None, None)

    monkeypatch.setattr("trading_ecosystem.suite_runs.score_job", scored)
    for digest, times in (("one", 1), ("one", 1), ("other", 2), ("one", 2)):
        monkeypatch.setattr("trading_ecosystem.suite_runs.program_digest", lambda digest=digest: digest)
        run_jobs(jobs, tmp_path / "out", 1)
        assert done == ["clean", "stale"] * times


def test_a_run_that_breaks_in_an_unforeseen_way_is_a_problem_of_its_own(tmp_path, monkeypatch):
    (tmp_path / "small.yaml").write_text(SMALL)

    def broken(*_):
        raise KeyError("gone")

    monkeypatch.setattr("trading_ecosystem.suite_runs._run", broken)
    scores = run_jobs(jobs_of(read_suite(tmp_path / "small.yaml")), tmp_path / "out", 1)
    assert [score.problem for score in scores] == ["KeyError: 'gone'"] * 2


def test_a_place_for_junit_that_is_none_is_refused_before_anything_runs(tmp_path):
    (tmp_path / "small.yaml").write_text(SMALL)
    done = suite(tmp_path / "small.yaml", "--out", tmp_path / "out", "--junit", tmp_path / "none" / "junit.xml")
    assert done.returncode == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("base: small, seeds: 1}", "base: large, seeds: 1}"), "unknown base 'large'; expected one of small"),
        (("seeds: 1}", "seeds: 0}"), "seeds cannot be 0; expected a whole number from 1 to 10000"),
        (("name: stale", "name: clean"), "the name is used twice; expected distinct names"),
        (("kind: feed_stale", "kind: feed_stal"), "unknown fault kind 'feed_stal'"),
        (("base: small, seeds: 1}", "seeds: 1}"), "a case has a 'base' or a 'scenario'; expected exactly one of them"),
        (("title: A", "tittle: A"), "unknown field 'tittle' of a suite"),
        (("cases:\n", "cases: [\n"), "malformed YAML"),
        (("base: small, seeds: 1}", "base: [small]}"), "'base' cannot be ['small']; expected a name"),
        (("seeds: 1}", "change: 5}"), "'change' cannot be 5; expected a mapping"),
        (("seeds: 1}", "faults: 5}"), "'faults' cannot be 5; expected a list"),
        (("seeds: 1}", "set: [seed=2]}"), "'set' goes with a 'scenario'"),
        (("base: small, seeds: 1}", "scenario: quiet_day, faults: []}"), "'faults' goes with a 'base'"),
        (("name: clean", "name: ../clean"), "this cannot be a name"),
    ],
)
def test_a_suite_that_cannot_be_run_is_refused_in_one_line(tmp_path, change, told):
    file = tmp_path / "bad.yaml"
    file.write_text(SMALL.replace(*change, 1))
    with pytest.raises(BadInput) as raised:
        read_suite(file)
    assert told in str(raised.value)
    assert str(file) in str(raised.value)


def test_no_such_suite_or_case():
    with pytest.raises(BadInput, match="there is no such suite; expected a file or one of standard"):
        find_suite("nothing")
    with pytest.raises(BadInput, match="the suite has no such case"):
        jobs_of(read_suite(find_suite("standard")), only=["nothing"])


def test_the_standard_suite_has_every_kind_and_enough_clean_runs():
    read = read_suite(suites()["standard"])
    assert {kind for case in read.cases for kind in case.kinds} == {kind.value for kind in FaultKind}
    jobs = jobs_of(read)
    clean = sum(1 for job in jobs if not job.case.kinds)
    assert len(jobs) >= 300
    assert clean >= 0.4 * len(jobs)
    assert sum(1 for case in read.cases if len(case.kinds) > 1) >= 6


@pytest.mark.skipif(not CAMPAIGN, reason="the whole standard suite is run in a campaign")
def test_the_standard_suite_reaches_its_goals(tmp_path):
    done = suite("standard", "--out", tmp_path)
    assert done.returncode == 0, done.stdout
