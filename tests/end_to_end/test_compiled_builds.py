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

SEEDS, COMMANDS = (60, 2_000) if CAMPAIGN else (5, 1_000)
SECONDS = 900
REPORT = re.compile(r"runtime error|AddressSanitizer|LeakSanitizer|UndefinedBehaviorSanitizer")


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
    assert list(folder.rglob("compiled_book*.so")), built.stderr[-2000:]
    program = [sys.executable, "-m", "tests.unit.exchange.book_commands", "1", str(SEEDS), str(COMMANDS), str(folder)]
    done = run(
        program,
        REPOSITORY,
        PYTHONPATH=str(folder / "src"),
        PYTHONMALLOC="malloc",
        LD_PRELOAD=libraries,
        ASAN_OPTIONS="detect_leaks=0:abort_on_error=0",
        UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1",
    )
    assert not REPORT.search(done.stderr), done.stderr[-4000:]
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stdout.startswith(f"{2 * SEEDS * COMMANDS} commands, ")
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
    asked = (
        "import trading_ecosystem; from trading_ecosystem.domains.exchange import books, flows;"
        "print(trading_ecosystem.__file__); print(books.serving(), books.available(), flows.COMPILED)"
    )
    says = run([sys.executable, "-c", asked], folder, PYTHONPATH=str(folder / "built"))
    assert says.stdout.splitlines() == [
        str(folder / "built" / "trading_ecosystem" / "__init__.py"),
        "plain ('plain',) False",
    ], says.stderr
