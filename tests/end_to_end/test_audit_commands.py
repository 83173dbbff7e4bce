"""``trading-ecosystem audit`` as a person uses it: keys, packs, witnesses, and what is said when something is wrong."""

from __future__ import annotations

import json
import shutil

import pytest
from tests.end_to_end.test_command_line import SHORT, cli
from tests.evidence_packs import recorded_lines, small_pack, write_journal

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
    assert not (pack.parent / "new").exists()


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
