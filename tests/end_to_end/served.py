"""A server of a process of its own, started by the command that people type."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

STOPS_WITHIN = 5.0


def command(folder, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "trading_ecosystem", *arguments], cwd=folder, capture_output=True, text=True, timeout=60
    )


@contextmanager
def served(folder, *arguments):
    """A server of a process of its own: the process, and what it printed at its start."""
    process = subprocess.Popen(
        [sys.executable, "-m", "trading_ecosystem", "serve", "--port", "0", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        lines = []
        while not lines or "Ctrl-C" not in lines[-1]:
            line = process.stdout.readline()
            assert line, process.communicate()[1]
            lines.append(line.rstrip("\n"))
        yield process, lines
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def stopped(process, number=signal.SIGINT):
    """Send a signal; the last line and the seconds it took."""
    begun = time.monotonic()
    process.send_signal(number)
    out, error = process.communicate(timeout=30)
    assert (process.returncode, error) == (0, ""), error
    return out.splitlines()[-1], time.monotonic() - begun


def get(url, token, path):
    request = urllib.request.Request(url + path, headers={"authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read())


def answered(url, token, path="/api/v1/orders?account=demo/you"):
    """The status of a refusal, or ``None``."""
    try:
        get(url, token, path)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code


def link(lines, words):
    found = next(line for line in lines if words in line)
    return re.search(r"(http://[^/]+)/#token=(\S+)", found).groups()
