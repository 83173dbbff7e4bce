"""Generates the Python code of the protos into ``src/trading_ecosystem/api/grpc/stubs``; ``make stubs`` runs it.

It is generated with an older compiler on purpose, named in ``protos/generate-requirements.txt``: generated code loads with
runtimes as old as its compiler or newer, so an old compiler leaves the widest choice, and code of this one asks for no
particular version of either library. The code is kept in the repository, so that nobody needs the compiler to run anything.

Generated modules import their neighbours as ``trading_ecosystem.v1``, which would be looked for inside the package of the same
name; that one prefix is rewritten. ``python protos/generate.py [FOLDER]`` writes elsewhere.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from importlib import metadata
from pathlib import Path

PROTOS = Path(__file__).resolve().parent
REQUIREMENTS = PROTOS / "generate-requirements.txt"
STUBS = PROTOS.parent / "src" / "trading_ecosystem" / "api" / "grpc" / "stubs"
PACKAGE = "trading_ecosystem.v1"
TARGET = "trading_ecosystem.api.grpc.stubs"
HEAD = "# Generated from protos/ by protos/generate.py (make stubs). Do not edit.\n"


def missing_tools() -> list[str]:
    """The pinned tools that this interpreter does not have, or has in another version."""
    missing = []
    for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines():
        name, separator, version = line.partition("==")
        if separator:
            try:
                found = metadata.version(name)
            except metadata.PackageNotFoundError:
                found = "none"
            if found != version:
                missing.append(f"{name} {version} (found {found})")
    return missing


def rewritten(text: str) -> str:
    """Generated code with imports of its neighbours that resolve; what is quoted stays as it is."""
    moved = re.sub(rf"^(\s*)from {re.escape(PACKAGE)}\b", rf"\1from {TARGET}", text, flags=re.MULTILINE)
    moved = re.sub(rf"^(\s*)import {re.escape(PACKAGE)}\.", rf"\1import {TARGET}.", moved, flags=re.MULTILINE)
    return re.sub(rf"(?<![\w.\"'/]){re.escape(PACKAGE)}\.(?=[\w.]*_pb2\b)", f"{TARGET}.", moved)


def generate(folder: Path) -> None:
    """Write the generated code of all protos below ``folder``, and nothing else there."""
    from grpc_tools import protoc

    files = sorted(path.relative_to(PROTOS).as_posix() for path in PROTOS.rglob("*.proto"))
    with_rpcs = [name for name in files if "/services/" in name]
    well_known = Path(protoc.__file__).parent / "_proto"
    with tempfile.TemporaryDirectory() as scratch:
        paths = [f"--proto_path={PROTOS}", f"--proto_path={well_known}"]
        messages = [f"--python_out={scratch}", f"--mypy_out=quiet:{scratch}"]
        calls = [f"--grpc_python_out={scratch}", f"--mypy_grpc_out=quiet:{scratch}"]
        for arguments in ([*messages, *files], [*calls, *with_rpcs]):
            if protoc.main(["protoc", *paths, *arguments]) != 0:
                raise SystemExit("the protos do not compile")
        shutil.rmtree(folder, ignore_errors=True)
        source = Path(scratch).joinpath(*PACKAGE.split("."))
        for path in sorted(source.rglob("*_pb2*.py*")):
            text = path.read_text(encoding="utf-8")
            if path.stem.endswith("_grpc") and "Stub" not in text:
                continue
            target = folder / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(HEAD + rewritten(text).rstrip("\n") + "\n", encoding="utf-8")
        for package in (folder, folder / "services"):
            words = '"""Generated from the protos; see ``protos/generate.py``."""\n'
            (package / "__init__.py").write_text(words, encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Entry point of the script."""
    missing = missing_tools()
    if missing:
        sys.stderr.write(f"generate: needs {', '.join(missing)}: run `make stubs`\n")
        return 2
    # The plug-ins of the compiler are beside this interpreter.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    generate(Path(arguments[0]) if arguments else STUBS)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
