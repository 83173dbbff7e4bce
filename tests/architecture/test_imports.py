"""The import contracts of ``pyproject.toml`` hold, and each of them catches a planted violation."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]


def lint(folder: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    """Run the linter over a copy of the repository; status 0 when all (named) contracts are kept, 1 when one is broken."""
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    options = [word for contract in contracts for word in ("--contract", contract)]
    return subprocess.run(
        [sys.executable, "-c", program, "--no-logo", "--no-cache", "--config", str(folder / "pyproject.toml"), *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "src"), "PYTHONSAFEPATH": "1", "COLUMNS": "400", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package and its contracts, to plant violations in."""
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=ignored, ignore_dangling_symlinks=True)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def plant(folder: Path, module: str, statement: str) -> None:
    """Add a statement to a module of the copy; modules and packages that do not exist yet are made."""
    path = folder.joinpath("src", "trading_ecosystem", *module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    for parent in reversed(path.relative_to(folder / "src").parents):
        directory = folder / "src" / parent
        if parent.parts:
            directory.mkdir(exist_ok=True)
            (directory / "__init__.py").touch()
    with path.open("a", encoding="utf-8") as file:
        file.write(f"\n{statement}\n")


def test_every_contract_is_kept(copy: Path) -> None:
    result = lint(copy)
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken." in result.stdout


VIOLATIONS = [
    ("layers", "messages.units", "ports.component"),
    ("layers", "ports.clock", "runtime"),
    ("layers", "runtime.kernel", "domains.exchange.component"),
    ("layers", "runtime.kernel", "adapters"),
    ("layers", "domains.risk.component", "runtime.kernel"),
    ("layers", "domains.risk.component", "adapters.memory"),
    ("layers", "settings", "ports.clock"),
    ("exchange", "domains.exchange.book.ladder", "domains.exchange.matching.phases"),
    ("exchange", "domains.exchange.matching.triggers", "domains.exchange.accounts.claims"),
    ("independence", "domains.trading.component", "domains.exchange.records"),
    ("independence", "domains.audit.component", "domains.risk.component"),
    ("domains", "domains.custodian.component", "settings"),
    ("domains", "domains.audit.scores", "runtime.randomness"),
    ("injector", "runtime.kernel", "dependency_injector"),
    ("sql", "adapters.memory.stores", "sqlalchemy"),
    ("sql", "domains.audit.records", "sqlite3"),
    ("sql", "adapters.redis.cache", "asyncpg"),
    ("redis", "adapters.sql.stores", "redis"),
    ("web", "runtime.live", "litestar"),
    ("prometheus", "api.gateway", "prometheus_client"),
    ("tracing", "api.gateway", "opentelemetry"),
    ("calendars", "domains.custodian.settlement_calendar", "exchange_calendars"),
    ("signing", "adapters.evidence.pack", "cryptography"),
    ("web", "adapters.remote", "grpc"),
    ("asyncio", "runtime.kernel", "asyncio"),
    ("asyncio", "domains.exchange.book.book", "asyncio"),
    ("client", "client.calls", "ports.clock"),
    ("client", "client.policy", "domains.risk.parameters"),
    ("edge", "runtime.recorder", "yaml"),
]
"""Contract, importing module, imported module: one that exists in the package is meant from there."""


PARTS = frozenset({"messages", "ports", "runtime", "domains", "adapters", "settings"})


def qualified(module: str) -> str:
    """The full name of a module of the package; others are left as they are."""
    return f"trading_ecosystem.{module}" if module.partition(".")[0] in PARTS else module


@pytest.mark.parametrize(("contract", "importer", "imported"), VIOLATIONS)
def test_planted_violation_is_caught(copy: Path, contract: str, importer: str, imported: str) -> None:
    if imported.partition(".")[0] in PARTS:
        plant(copy, imported, "")
    plant(copy, importer, f"import {qualified(imported)}")
    result = lint(copy, contract)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "0 kept, 1 broken." in result.stdout
    assert f"trading_ecosystem.{importer} -> {qualified(imported)} " in result.stdout, result.stdout


def test_a_part_of_the_package_outside_the_layers_is_caught(copy: Path) -> None:
    plant(copy, "shortcuts", "LIMIT = 1")
    result = lint(copy, "layers")
    assert result.returncode == 1, result.stdout + result.stderr
    assert "shortcuts" in result.stdout


def test_every_contract_has_a_planted_violation() -> None:
    assert {contract["id"] for contract in CONTRACTS} == {contract for contract, *_ in VIOLATIONS}


ALLOWED = [
    ("injector", "container", "import dependency_injector.containers"),
    ("sql", "adapters.sql.stores", "import sqlalchemy.ext.asyncio, asyncpg"),
    ("redis", "adapters.redis.cache", "import redis.asyncio"),
    ("web", "api.rest.routes", "import litestar"),
    ("web", "api.grpc.door", "import grpc"),
    ("asyncio", "runtime.live", "import asyncio"),
    ("asyncio", "adapters.sql.stores", "import asyncio"),
    ("asyncio", "client.connection", "import asyncio"),
]


@pytest.mark.parametrize(("contract", "module", "statement"), ALLOWED)
def test_the_right_place_may(copy: Path, contract: str, module: str, statement: str) -> None:
    plant(copy, module, statement)
    result = lint(copy, contract)
    assert result.returncode == 0, result.stdout + result.stderr
