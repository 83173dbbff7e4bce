"""How the compiled code is built: for the sanitizers, and not at all where there is no compiler.

Both build a copy of the sources in a folder of their own. The sanitizers' run takes a minute or two, so it belongs to
``make campaign`` and ``make sanitize``.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.campaign import CAMPAIGN, REPOSITORY

SEEDS, COMMANDS = (60, 2_000) if CAMPAIGN else (30, 1_000)
SECONDS = 900
REPORT = re.compile(r"runtime error|AddressSanitizer|LeakSanitizer|UndefinedBehaviorSanitizer")

COMPILED = {path.stem for path in (REPOSITORY / "src").rglob("*.pyx")}
TESTS = (
    "import sys, pytest; from trading_ecosystem.domains.exchange.flow import compiled_flow as it;"
    "assert it.__file__.startswith(sys.argv[1]), it.__file__; sys.exit(pytest.main(sys.argv[2:]))"
)
"""Runs tests in a process whose package has to come from the folder of the first argument."""
SANITIZED = (
    "tests/unit/exchange/test_exchange_batch.py",
    "tests/unit/exchange/test_exchange_book_batch.py",
    "tests/unit/exchange/test_exchange_book_numbers.py",
    "tests/unit/exchange/test_exchange_flow_twins.py::test_both_flows_do_the_same",
    "tests/unit/exchange/test_exchange_flow_twins.py::test_a_restored_market_goes_on_as_the_one_that_was_not",
)
"""The batch door's misuses and the background flow, as far as they run under the sanitizers in a minute."""


def copied(folder: Path) -> Path:
    """The sources without anything that was built."""
    for name in ("setup.py", "pyproject.toml", "README.md"):
        shutil.copy(REPOSITORY / name, folder / name)
    built = shutil.ignore_patterns("*.so", "*.c", "__pycache__", "*.egg-info")
    shutil.copytree(REPOSITORY / "src", folder / "src", ignore=built)
    return folder


def run(command: list[str], folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **variables}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)


def sanitizer_libraries() -> str:
    """The libraries to load before Python, as the compiler names them; skips where it has none."""
    compiler = shutil.which("gcc")
    if sys.platform != "linux" or compiler is None:
        pytest.skip("the sanitizers' run needs gcc on Linux")
    found = []
    for name in ("libasan.so", "libubsan.so"):
        path = run([compiler, f"-print-file-name={name}"], REPOSITORY).stdout.strip()
        if not Path(path).is_absolute():
            pytest.skip(f"gcc has no {name}")
        found.append(path)
    return " ".join(found)


@pytest.mark.skipif(
    not (CAMPAIGN or os.environ.get("TRADING_ECOSYSTEM_SANITIZE") == "1"), reason="runs in make campaign and make sanitize"
)
def test_the_sanitizers_find_nothing(tmp_path: Path) -> None:
    libraries = sanitizer_libraries()
    folder = copied(tmp_path)
    build = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
    built = run(build, folder, TRADING_ECOSYSTEM_SANITIZE="1", CC="gcc")
    assert {path.name.split(".")[0] for path in (folder / "src").rglob("*.so")} == COMPILED, built.stderr[-2000:]
    variables = {
        "PYTHONPATH": str(folder / "src"),
        "PYTHONMALLOC": "malloc",
        "LD_PRELOAD": libraries,
        "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=0",
        "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
        "TRADING_ECOSYSTEM_CAMPAIGN": "0",
    }
    counts = ["1", str(SEEDS), str(COMMANDS), str(folder)]
    for program, start in (
        (["-m", "tests.unit.exchange.book_commands", *counts], f"{2 * SEEDS * COMMANDS} commands, "),
        (["-m", "tests.unit.exchange.batch_commands", *counts], f"{SEEDS * COMMANDS} commands, "),
        (["-c", TESTS, str(folder), "-q", "-p", "no:cacheprovider", *SANITIZED], ""),
    ):
        done = run([sys.executable, *program], REPOSITORY, **variables)
        assert not REPORT.search(done.stderr + done.stdout), (done.stdout + done.stderr)[-4000:]
        assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
        assert done.stdout.startswith(start)
    planted = run(
        [sys.executable, "-c", "import ctypes; ctypes.string_at(ctypes.create_string_buffer(8), 4096)"],
        REPOSITORY,
        PYTHONMALLOC="malloc",
        LD_PRELOAD=libraries,
        ASAN_OPTIONS="detect_leaks=0",
    )
    assert REPORT.search(planted.stderr), "the sanitizer was not at work: it missed a planted overflow"


def test_without_a_compiler_the_plain_book_serves(tmp_path: Path) -> None:
    """Every extension is optional: the build succeeds with a compiler that always fails, and a run works with what it left."""
    folder = copied(tmp_path)
    build = [sys.executable, "setup.py", "-q", "build", "--build-lib", "built"]
    done = run(build, folder, CC="/bin/false", LDSHARED="/bin/false")
    assert done.returncode == 0, done.stderr[-2000:]
    assert not list((folder / "built").rglob("*.so"))
    assert_the_plain_book_serves(folder / "built")


@pytest.mark.skipif(not CAMPAIGN, reason="runs in make campaign")
def test_without_a_compiler_pip_installs_the_plain_book(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    folder = copied(tmp_path / "source")
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-build-isolation",
        "--no-deps",
        "--target",
        "../installed",
    ]
    done = run([*install, "."], folder, CC="/bin/false", LDSHARED="/bin/false")
    assert done.returncode == 0, done.stderr[-2000:]
    assert not list((tmp_path / "installed").rglob("*.so"))
    assert_the_plain_book_serves(tmp_path / "installed")


def assert_the_plain_book_serves(installed: Path) -> None:
    asked = (
        "import trading_ecosystem; from trading_ecosystem.domains.exchange.book import books; "
        "from trading_ecosystem.domains.exchange.flow import flows;"
        "print(trading_ecosystem.__file__); print(books.serving(), books.available(), flows.COMPILED)"
    )
    says = run([sys.executable, "-c", asked], installed, PYTHONPATH=str(installed))
    assert says.stdout.splitlines() == [
        str(installed / "trading_ecosystem" / "__init__.py"),
        "plain ('plain',) False",
    ], says.stderr
