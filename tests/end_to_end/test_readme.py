"""What the README says can be typed works as it says."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from tests.campaign import REPOSITORY
from tests.end_to_end.served import link, served, stopped

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def block(name):
    """The code between two markers of the README."""
    between = README.partition(f"<!-- {name}:begin -->")[2].partition(f"<!-- {name}:end -->")[0]
    return re.search(r"```\w*\n(.*?)```", between, re.DOTALL).group(1)


@pytest.mark.parametrize("name", ["library", "domains"])
def test_the_python_examples_run(tmp_path, name):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", block(name)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    if name == "library":
        assert done.stdout.startswith("True ")
        assert "DetectionOutcome" in done.stdout or "detected" in done.stdout
        assert "filled" in done.stdout
    else:
        assert "price_ticks=100" in done.stdout
        assert "done 100" in done.stdout
        assert "Severity.HIGH" in done.stdout


def test_the_shown_output_is_of_the_shape_that_run_prints_and_states_this_engines_digest():
    shown = block("run")
    assert shown.startswith("VERDICT HOLDS  A stablecoin loses its peg for a day and a half")
    assert re.search(r"digest +[0-9a-f]{64}", shown)


def test_the_monitor_shown_is_the_one_that_is_run_and_scored():
    page = (REPOSITORY / "docs" / "monitors.md").read_text(encoding="utf-8")
    assert f"```python\n{block('monitor')}```" in page


@pytest.mark.parametrize("command", re.findall(r"^trading-ecosystem (.+?)(?: +#.*)?$", README, re.MULTILINE))
def test_every_command_of_the_readme_is_understood(command):
    words = command.split()
    help_of = words[:2] if words[0] in ("scenarios", "audit") else words[:1]
    done = subprocess.run(
        [sys.executable, "-m", "trading_ecosystem", *help_of, "--help"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0
    for option in (word for word in words if word.startswith("--")):
        assert option in done.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_curl_story_goes_from_an_account_to_the_record(tmp_path):
    with served(tmp_path, "--store", "memory:") as (process, lines):
        url, token = link(lines, "and break it")
        done = subprocess.run(
            ["bash", "-e", "-c", block("curl")],
            env={**os.environ, "URL": url, "TOKEN": token},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        stopped(process)
    opened, deposited, pledged, rested, listed, filled, positions, advanced, settlements, record = answers
    assert opened["status"] == "active"
    assert deposited["status"] == pledged["status"] == "posted"
    assert rested["status"] == "new"
    assert [one["client_order_id"] for one in listed["items"]] == ["first"]
    assert filled["status"] == "filled"
    assert next(one for one in positions["assets"] if one["asset"] == "BTC")["position"] == "0.1"
    assert "now" in advanced
    assert {one["status"] for one in settlements["items"]} == {"settled"}
    types = [event["type"] for event in record["events"]]
    assert types[0] == "PlaceOrder"
    assert types[-1] == "SettlementSettled"
    assert record["lifecycle"]["status"] == "filled"
