"""``trading-ecosystem serve`` as a person uses it: what it prints works, Ctrl-C stops it, and it goes on where it stopped."""

from __future__ import annotations

import json
import shlex
import shutil
import signal
import subprocess
import time

import pytest
from tests.end_to_end.served import STOPS_WITHIN, answered, command, get, link, served, stopped


def test_what_it_prints_works_and_it_goes_on_where_it_stopped(tmp_path):
    with served(tmp_path) as (process, lines):
        assert lines[0].startswith("a new ecosystem (living_market)")
        curls = [line.strip() for line in lines if line.strip().startswith("curl ")]
        assert len(curls) == 3
        if shutil.which("curl"):
            for one in curls:
                done = subprocess.run(shlex.split(one), capture_output=True, text=True, timeout=30)
                answer = json.loads(done.stdout)
                assert "status" not in answer or answer["status"] == "filled", done.stdout
        url, token = link(lines, "look and trade")
        orders = get(url, token, "/api/v1/orders?account=demo/you")["items"]
        assert len(orders) == (1 if shutil.which("curl") else 0)
        last_line, seconds = stopped(process)
        assert "everything is kept" in last_line
        assert seconds < STOPS_WITHIN

    with served(tmp_path) as (process, lines):
        assert lines[0].startswith("an ecosystem that goes on")
        url, token = link(lines, "look and trade")
        assert get(url, token, "/api/v1/orders?account=demo/you")["items"] == orders
        assert "everything is kept" in stopped(process, signal.SIGTERM)[0]


def test_control_may_have_a_port_of_its_own(tmp_path):
    with served(tmp_path, "--store", "memory:", "--control-port", "0") as (process, lines):
        production, _ = link(lines, "look and trade")
        control, token = link(lines, "and break it")
        assert production != control
        assert answered(production, token, "/control/v1/clock") == 404
        assert "now" in get(control, token, "/control/v1/clock")
        # What the operators' page shows beside its controls.
        assert get(control, token, "/api/v1/quotes")
        stopped(process)


def test_keys_are_made_listed_and_revoked_while_a_server_runs(tmp_path):
    made = command(tmp_path, "keys", "create", "my bot", "--scope", "read", "--account", "demo", "--json")
    key = json.loads(made.stdout)
    with served(tmp_path, "--store", "memory:") as (process, lines):
        url, _ = link(lines, "look and trade")
        assert get(url, key["token"], "/api/v1/orders?account=demo/you")["items"] == []
        assert command(tmp_path, "keys", "revoke", key["id"]).stdout == f"{key['id']} is revoked\n"
        assert 401 in [answered(url, key["token"]) or time.sleep(0.2) for _ in range(100)]
        stopped(process)
    listed = command(tmp_path, "keys", "list").stdout
    assert "revoked" in listed
    assert "my bot" in listed
    assert key["token"] not in listed


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--host", "0.0.0.0"), "there are no keys; make one with"),
        (("--instance", "Not A Name"), "is no DNS-safe name"),
        (("--instance", "x" * 64), "is no DNS-safe name"),
        (("--speed", "0"), "expected a number from"),
        (("--scenario", "nothing"), "unknown scenario"),
        (("--store", "mongodb://x"), "--store"),
        (("--cache", "x://y"), "--cache"),
        (("--tls-certificate", "none.pem"), "none.pem is no file"),
    ],
)
def test_what_cannot_be_served_is_one_line(tmp_path, arguments, problem):
    done = command(tmp_path, "serve", "--port", "0", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert problem in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_taken_port_is_one_line_and_opens_no_store(tmp_path):
    with served(tmp_path, "--store", "memory:") as (process, lines):
        url, _ = link(lines, "look and trade")
        again = tmp_path / "again"
        again.mkdir()
        done = command(again, "serve", "--port", url.rpartition(":")[2])
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert "in use" in done.stderr
        assert not list(again.glob("trading-ecosystem-data/*.sqlite"))
        stopped(process)
