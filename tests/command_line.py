"""The command line, called as a person calls it: within this process, which is quick, or as a process of its own.

Within this process nothing is started anew, so that what a test pays for is what its command does. What only a process
shows (arguments from the shell, the code it ends with, what is written past Python, signals) is for `cli_process`.
"""

from __future__ import annotations

import contextlib
import io
import signal
import subprocess
import sys
from pathlib import Path
from unittest import mock

from trading_ecosystem.cli import main


def cli(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """What a command says and the code with which it ends, within this process."""
    words = ["trading-ecosystem", *map(str, arguments)]
    out, error = io.StringIO(), io.StringIO()
    code: object = 0
    on_termination = signal.getsignal(signal.SIGTERM)
    try:
        with (
            mock.patch.object(sys, "argv", words),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(error),
            contextlib.chdir(cwd or Path.cwd()),
        ):
            main()
    except SystemExit as ending:
        code = ending.code or 0
    finally:
        signal.signal(signal.SIGTERM, on_termination)
    assert isinstance(code, int), code
    return subprocess.CompletedProcess(words, code, out.getvalue(), error.getvalue())


def cli_process(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The same as a process of its own."""
    command = [sys.executable, "-m", "trading_ecosystem", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, cwd=cwd)
