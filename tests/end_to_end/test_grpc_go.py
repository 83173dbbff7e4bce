"""A client in Go, generated from the protos and compiled with the packages of the distribution, trades over the gRPC door."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.contract.proto_compatibility import PROTOS
from tests.grpc_door import grpc_door

SOURCE = Path(__file__).parent / "go_client"
PACKAGES = Path("/usr/share/gocode")
"""Where Debian keeps the sources of Go packages."""
TOOLS = ("go", "protoc", "protoc-gen-go", "protoc-gen-go-grpc")
NEEDED = ("google.golang.org/grpc", "google.golang.org/protobuf")


def missing() -> str:
    """What is not there of what a Go client is built with; empty where nothing is missing."""
    tools = [tool for tool in TOOLS if shutil.which(tool) is None]
    packages = [name for name in NEEDED if not (PACKAGES / "src" / name).is_dir()]
    return ", ".join([*tools, *packages])


def run(command: list[str], **options: object) -> str:
    shown = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, **options)  # type: ignore[call-overload]
    assert shown.returncode == 0, shown.stderr
    output: str = shown.stdout
    return output


def generate(folder: Path) -> None:
    """Generate the Go code below ``folder``: one package for messages, one for services."""
    files = sorted(path.relative_to(PROTOS).as_posix() for path in PROTOS.rglob("*.proto"))
    homes = {name: "ecosystem/services;services" if "/services/" in name else "ecosystem/v1;v1" for name in files}
    named = [f"--{plugin}_opt=M{name}={home}" for name, home in homes.items() for plugin in ("go", "go-grpc")]
    run(["protoc", f"--proto_path={PROTOS}", f"--go_out={folder}", f"--go-grpc_out={folder}", *named, *files])


@pytest.mark.skipif(bool(missing()), reason=f"no Go client can be built here; missing: {missing()}")
def test_a_client_in_go_trades(tmp_path: Path) -> None:
    sources = tmp_path / "go" / "src"
    sources.mkdir(parents=True)
    generate(sources)
    shutil.copytree(SOURCE, sources / "go_client")
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": f"{tmp_path / 'go'}:{PACKAGES}", "GOFLAGS": ""}
    client = tmp_path / "client"
    run(["go", "build", "-o", str(client), "go_client"], env=environment, cwd=tmp_path)
    with grpc_door(tmp_path) as door:
        assert door.server.grpc_address is not None
        address = "{}:{}".format(*door.server.grpc_address)
        found = json.loads(run([str(client), address, door.key.token, door.venue, door.account]))
    assert 0 < found["bid"] < found["ask"]
    assert found["order_id"] > 0
    assert (found["leaves"], found["open"]) == (1_000, 1)
    assert found["snapshot"] > 0
    assert found["responses"] >= 1
    assert (found["code"], found["field"]) == ("InvalidArgument", "order.side")
    assert found["problem"].startswith("is unspecified")
