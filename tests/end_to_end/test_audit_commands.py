"""``trading-ecosystem audit`` as a person uses it: keys, packs, witnesses, and what is said when something is wrong."""

from __future__ import annotations

import csv
import json
import shutil
from xml.etree import ElementTree

import polars
import pytest
from tests.command_line import cli
from tests.end_to_end.test_command_line import SHORT
from tests.evidence_packs import recorded_lines, small_pack, write_journal
from tests.recorded_run import SETTINGS

from trading_ecosystem.adapters.evidence.signing import make_key
from trading_ecosystem.ports.errors import Conflict


@pytest.fixture
def pack(tmp_path):
    key = make_key(tmp_path / "k.pem")
    small_pack(tmp_path / "r", key, 30, tmp_path / "w.jsonl")
    return tmp_path / "r"


def test_a_run_signed_with_a_made_key_and_witnessed(tmp_path):
    made = cli("audit", "keygen", "--out", tmp_path / "k.pem")
    assert made.returncode == 0, made.stderr
    options = ("--signing-key", tmp_path / "k.pem", "--witness", tmp_path / "w.jsonl", "--out", tmp_path / "r")
    done = cli("run", *SHORT, "--json", *options)
    assert done.returncode == 0, done.stderr
    evidence = json.loads(done.stdout)["evidence"]
    assert (evidence["key_made"], evidence["witnessed"]) == (False, 1)
    assert evidence["public_key"] in made.stdout
    # The same run again adds nothing to the witness, and is accepted.
    again = cli("run", *SHORT, "--json", *options)
    assert (again.returncode, json.loads(again.stdout)["evidence"]["witnessed"]) == (0, 0)
    found = cli("audit", "verify", tmp_path / "r", "--key", evidence["public_key"], "--witness", tmp_path / "w.jsonl", "--json")
    assert found.returncode == 0, found.stdout
    document = json.loads(found.stdout)
    assert (document["valid"], document["witnessed"]) == (True, document["entries"])


def test_a_changed_event_is_named_and_exits_1(pack):
    changed = recorded_lines(30)
    changed[11] = changed[11].replace(b'"at"', b'"aT"')
    write_journal(pack, changed)
    done = cli("audit", "verify", pack, "--key", pack.parent / "k.pem.pub")
    assert (done.returncode, done.stderr) == (1, "")
    assert "first bad event: index 11 (line 12" in done.stdout
    assert "NOT VALID" in done.stdout


WRONG = [
    (("audit", "verify"), "expected a run directory, or --store URL"),
    (("audit", "verify", "nowhere"), "holds no evidence"),
    (("audit", "verify", "r", "--key", "r/header.json"), "is no Ed25519 public key"),
    (("audit", "verify", "r", "--key", "k.pem"), "is a private key"),
    (("audit", "verify", "r", "--key", "absent.pem"), "cannot be read"),
    (("audit", "verify", "r", "--key", "k.pem.pub", "--witness", "absent"), "cannot be read"),
    (("audit", "verify", "r", "--key", "k.pem.pub", "--witness", "r/header.json"), "line 1 is not readable"),
    (("audit", "verify", "--store", "new", "--key", "k.pem.pub", "--witness", "w.jsonl"), "there is no store in new"),
    (("audit", "witness", "--store", "new", "--signing-key", "k.pem", "--witness", "new.jsonl"), "there is no store in new"),
    (("audit", "export", "--store", "new", "--out", "exported"), "there is no store in new"),
    (("audit", "export", "--store", "files:new", "--out", "exported"), "there is no store in new"),
    (("audit", "export", "--store", "memory:", "--out", "exported"), "keeps nothing beyond its process"),
    (("audit", "keygen", "--out", "k.pem"), "is there already"),
    (("audit", "keygen", "--out", "absent/k.pem"), "cannot be written"),
    (("run", *SHORT, "--out", "new", "--signing-key", "k.pem.pub"), "may be read by others"),
    (("run", *SHORT, "--out", "new", "--signing-key", "absent"), "cannot be read"),
    (("run", *SHORT, "--out", "new", "--witness", "new/w.jsonl"), "lies inside"),
]


@pytest.mark.parametrize(("words", "said"), WRONG)
def test_what_cannot_be_used_is_one_line(pack, words, said):
    done = cli(*words, cwd=pack.parent)
    assert done.returncode == 2, done.stdout + done.stderr
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    # No store, no run, no export and no key was made on the way.
    assert {path.name for path in pack.parent.iterdir()} == {"r", "k.pem", "k.pem.pub", "w.jsonl"}


def test_a_witness_refuses_a_record_that_does_not_continue_it(tmp_path):
    """A run whose record is another, though its header is the same, is written, and refused by the witness."""
    key = make_key(tmp_path / "k.pem")
    small_pack(tmp_path / "r", key, 30, tmp_path / "w.jsonl")
    before = (tmp_path / "w.jsonl").read_bytes()
    shutil.rmtree(tmp_path / "r")
    with pytest.raises(Conflict, match="is no continuation of the one that was witnessed: entry 20"):
        small_pack(tmp_path / "r", key, 20, tmp_path / "w.jsonl")
    assert (tmp_path / "w.jsonl").read_bytes() == before
    shutil.rmtree(tmp_path / "r")
    small_pack(tmp_path / "r", key, 45, tmp_path / "w.jsonl")
    assert (tmp_path / "w.jsonl").read_bytes().count(b"\n") > before.count(b"\n")


SCORED = ("run", "settlement_delay", *(word for setting in SETTINGS for word in ("--set", setting)), "--seed", "5")


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """A run with a fault that is noticed."""
    folder = tmp_path_factory.mktemp("scored") / "r"
    done = cli(*SCORED, "--out", folder, "--json")
    assert done.returncode in (0, 1), done.stderr
    return folder, json.loads(done.stdout)


def test_a_report_says_the_same_in_every_format(scored, tmp_path):
    folder, verdict = scored
    for suffix in ("json", "html", "xml"):
        done = cli("audit", "report", folder, "--out", tmp_path / f"a.{suffix}")
        assert (done.returncode, done.stderr) == (0, "")
    document = json.loads((tmp_path / "a.json").read_text())
    root = ElementTree.parse(tmp_path / "a.xml").getroot()
    assert document["merkle_root"] == root.findtext("merkle_root") == verdict["merkle_root"]
    assert document["journal_digest"] == verdict["journal_digest"]
    assert document["detections"] == verdict["detections"]
    assert document["alerts"] == verdict["alerts"]
    assert len(root.find("detections")) == len(document["detections"]) == 1
    assert root.findtext("detections/item/outcome") == document["detections"][0]["outcome"] == "detected"
    assert document["recommendations"] == []
    summary = document["summary"]
    assert (summary["order_fitness_ppm"], summary["trail_completeness_ppm"]) == (1_000_000, 1_000_000)
    html = (tmp_path / "a.html").read_text()
    assert verdict["merkle_root"] in html
    assert "late-settlement" in html


def test_the_ground_truth_as_a_data_set(scored, tmp_path):
    folder, verdict = scored
    for suffix in ("csv", "parquet"):
        done = cli("audit", "dataset", folder, "--out", tmp_path / f"events.{suffix}")
        assert done.returncode == 0, done.stderr
        assert f"{verdict['entries']:,} events" in done.stdout
    events = polars.read_parquet(tmp_path / "events.parquet")
    with (tmp_path / "events.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == events.height == verdict["entries"]
    assert [row["sequence"] for row in rows[:100]] == [str(one) for one in events["sequence"][:100]]
    (fault,) = polars.read_parquet(tmp_path / "events-faults.parquet").to_dicts()
    (detection,) = verdict["detections"]
    assert (fault["fault_id"], fault["outcome"]) == (detection["fault_id"], detection["outcome"])
    assert (fault["onset_at"], fault["alert_at"]) == (detection["onset_at"], detection["alert_at"])
    labelled = [row for row in rows if row["role"]]
    assert [row["role"] for row in labelled][:3] == ["injected", "effect", "label"]
    alerts = [row for row in labelled if row["role"] == "alert"]
    assert {row["alert_verdict"] for row in alerts} == {"attributed"}
    assert {row["fault_id"] for row in alerts} == {"late-settlement"}
    for row in rows:
        during = detection["onset_at"] <= int(row["at"]) <= detection["ended_at"]
        assert row["active_faults"] == ("late-settlement" if during else "")
        assert row["affected"] == "False" or during
    assert any(row["affected"] == "True" for row in rows)


def test_correlation_finds_the_chain_from_the_fault_to_its_alert(scored):
    folder, _ = scored
    for options in ((), ("--no-causes",)):
        done = cli("audit", "correlate", folder, "--json", *options)
        assert done.returncode == 0, done.stderr
        document = json.loads(done.stdout)
        kinds = {one["sequence"]: one["type"] for one in document["events"]}
        courses = [[kinds[link["effect"]] for link in chain["links"]] for chain in document["chains"]]
        assert any(course[:2] == ["ConditionTookEffect", "AlertRaised"] for course in courses)
    assert cli("audit", "correlate", folder).stdout.count("chain of") == len(document["chains"])


UNUSABLE = [
    (("report", "--out", "a.pdf"), "expected a name that ends in .json, .html, .xml"),
    (("dataset", "--out", "a.xlsx"), "expected a name that ends in .csv or .parquet"),
    (("dataset", "--out", "absent/a.csv"), "its folder does not exist"),
    (("correlate", "--from", "Nothing"), "there is no message 'Nothing'"),
    (("correlate", "--rules", "absent.yaml"), "absent.yaml"),
]


@pytest.mark.parametrize(("words", "said"), UNUSABLE)
def test_what_cannot_be_written_is_said_before_the_work(scored, tmp_path, words, said):
    done = cli("audit", words[0], scored[0], *words[1:], cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
