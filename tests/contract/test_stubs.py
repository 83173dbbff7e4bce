"""The generated code in the repository says what the protos say, and loads with the runtime that is installed."""

from __future__ import annotations

import filecmp
import importlib
import subprocess
import sys
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool
from grpc_tools import protoc
from tests.contract.proto_rendering import PROTOS

ROOT = Path(__file__).parents[2]
STUBS = ROOT / "src" / "trading_ecosystem" / "api" / "grpc" / "stubs"
PINNED = ROOT / ".venv-stubs" / "bin" / "python"
REMEDY = "run `make stubs` and review what it changed"


def compile_all(folder: Path, scratch: Path) -> dict[str, descriptor_pb2.FileDescriptorProto]:
    """What the installed compiler makes of every proto below a folder, by file."""
    output = scratch / "descriptors.bin"
    files = sorted(str(path) for path in folder.rglob("*.proto"))
    well_known = Path(protoc.__file__).parent / "_proto"
    paths = [f"--proto_path={folder}", f"--proto_path={well_known}"]
    assert protoc.main(["protoc", *paths, f"--descriptor_set_out={output}", *files]) == 0, "the protos do not compile"
    return {file.name: file for file in descriptor_pb2.FileDescriptorSet.FromString(output.read_bytes()).file}


def without_json_names(file: descriptor_pb2.FileDescriptorProto) -> bytes:
    """A file's descriptor as bytes, without the names that some compilers write down and others leave to be derived."""
    copy = descriptor_pb2.FileDescriptorProto()
    copy.CopyFrom(file)
    waiting = list(copy.message_type)
    while waiting:
        message = waiting.pop()
        waiting += message.nested_type
        for field in message.field:
            field.ClearField("json_name")
    return copy.SerializeToString(deterministic=True)


def generated_files() -> list[str]:
    """The proto files of which there are stubs."""
    return sorted(
        f"trading_ecosystem/v1/{path.relative_to(STUBS).as_posix().removesuffix('_pb2.py')}.proto"
        for path in STUBS.rglob("*_pb2.py")
    )


def loaded(name: str) -> descriptor_pb2.FileDescriptorProto:
    """What the stubs of a proto file say of it."""
    module = name.removeprefix("trading_ecosystem/v1/").removesuffix(".proto").replace("/", ".")
    importlib.import_module(f"trading_ecosystem.api.grpc.stubs.{module}_pb2")
    file = descriptor_pb2.FileDescriptorProto()
    descriptor_pool.Default().FindFileByName(name).CopyToProto(file)
    return file


def outdated(protos: dict[str, descriptor_pb2.FileDescriptorProto]) -> list[str]:
    """Proto files whose stubs are missing, left over, or say something else."""
    stubs = generated_files()
    differing = [
        name for name in stubs if name in protos and without_json_names(loaded(name)) != without_json_names(protos[name])
    ]
    return sorted({*protos} ^ {*stubs}) + differing


def test_stubs_say_what_the_protos_say(tmp_path: Path) -> None:
    assert outdated(compile_all(PROTOS, tmp_path)) == [], REMEDY


def test_a_changed_proto_is_noticed(tmp_path: Path) -> None:
    protos = compile_all(PROTOS, tmp_path)
    protos["trading_ecosystem/v1/exchange.proto"].message_type[1].field[0].number = 99
    del protos["trading_ecosystem/v1/services/risk.proto"]
    assert outdated(protos) == ["trading_ecosystem/v1/services/risk.proto", "trading_ecosystem/v1/exchange.proto"]


def test_stubs_load_alone_with_warnings_as_errors() -> None:
    modules = sorted(
        ".".join(path.relative_to(ROOT / "src").with_suffix("").parts)
        for path in STUBS.rglob("*.py")
        if path.name != "__init__.py"
    )
    assert "trading_ecosystem.api.grpc.stubs.services.exchange_pb2_grpc" in modules
    program = f"import importlib\nfor name in {modules!r}: importlib.import_module(name)"
    shown = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False)
    assert (shown.returncode, shown.stderr) == (0, "")


def test_stubs_ask_for_no_particular_runtime() -> None:
    asking = [path.name for path in STUBS.rglob("*.py") if "Validate" in path.read_text(encoding="utf-8")]
    asking += [path.name for path in STUBS.rglob("*.py") if "GRPC_GENERATED_VERSION" in path.read_text(encoding="utf-8")]
    assert asking == []


def test_every_stub_has_types() -> None:
    untyped = [path.name for path in STUBS.rglob("*_pb2*.py") if not path.with_suffix(".pyi").exists()]
    assert untyped == []


@pytest.mark.skipif(not PINNED.exists(), reason="`make stubs` was never run here: the pinned compiler is not installed")
def test_generating_again_gives_the_same_files(tmp_path: Path) -> None:
    again = tmp_path / "stubs"
    command = [str(PINNED), str(PROTOS / "generate.py"), str(again)]
    shown = subprocess.run(command, capture_output=True, text=True, check=False)
    if shown.returncode == 2:
        pytest.skip(shown.stderr.strip())
    assert (shown.returncode, shown.stderr) == (0, "")
    names = [
        sorted(path.relative_to(one).as_posix() for path in one.rglob("*.py*") if path.is_file()) for one in (STUBS, again)
    ]
    names[0] = [name for name in names[0] if "__pycache__" not in name]
    assert names[0] == names[1]
    _, differing, unreadable = filecmp.cmpfiles(STUBS, again, names[0], shallow=False)
    assert (differing, unreadable) == ([], []), REMEDY


def test_another_compiler_is_refused_with_one_line(tmp_path: Path) -> None:
    command = [sys.executable, str(PROTOS / "generate.py"), str(tmp_path / "stubs")]
    shown = subprocess.run(command, capture_output=True, text=True, check=False)
    assert shown.returncode == 2
    assert shown.stderr.startswith("generate: needs grpcio-tools 1.62.3 (found ")
    assert shown.stderr.count("\n") == 1
    assert not (tmp_path / "stubs").exists()
