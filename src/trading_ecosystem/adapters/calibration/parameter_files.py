"""Files of calibrated flow parameters, JSON or YAML: what they were measured on, and the parameters; no rows of a recording.

Sets that come with the package are known by name; see ``trading-ecosystem calibrate --list``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec
import yaml

from trading_ecosystem.adapters.whole_files import write_whole
from trading_ecosystem.domains.exchange.flow.flow_parameters import FlowParameters
from trading_ecosystem.ports.errors import BadInput

_FOLDER: Final = Path(__file__).parent / "sets"
_YAML: Final = frozenset({".yaml", ".yml"})


class CalibratedFlow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file's content."""

    about: str
    """What was measured, for how long, and what to keep in mind."""
    seconds: int
    events: int
    """Length of the stretch that was fitted, and how many events it has."""
    parameters: FlowParameters


def shipped_sets() -> dict[str, Path]:
    """The sets that come with the package, by name."""
    return {path.stem: path for path in sorted(_FOLDER.glob("*.json"))}


def read_calibrated_flow(name: str) -> CalibratedFlow:
    """A set that comes with the package, or a file; raises ``BadInput`` where it is neither or does not fit."""
    path = shipped_sets().get(name, Path(name))
    try:
        text = path.read_bytes()
    except OSError as error:
        known = ", ".join(shipped_sets())
        raise BadInput(name, f"no such parameter file ({error.strerror}), expected a file or one of: {known}") from None
    try:
        document = yaml.safe_load(text) if path.suffix in _YAML else msgspec.json.decode(text)
        return msgspec.convert(document, CalibratedFlow)
    except (msgspec.DecodeError, yaml.YAMLError) as error:
        raise BadInput(str(path), f"does not hold flow parameters: {' '.join(str(error).split())[:200]}") from None


def write_calibrated_flow(path: Path, flow: CalibratedFlow) -> None:
    """Write a file, as YAML where its name ends so, else as JSON, one short list a line."""
    if path.suffix in _YAML:
        text = yaml.safe_dump(msgspec.to_builtins(flow), sort_keys=False, default_flow_style=None, width=120)
    else:
        text = _json(msgspec.to_builtins(flow), "") + "\n"
    write_whole(path, text)


def _json(value: object, indent: str) -> str:
    """JSON with objects spread over lines and innermost lists on one."""
    deeper = indent + "  "
    if isinstance(value, dict):
        lines = [f"{deeper}{_json(key, '')}: {_json(item, deeper)}" for key, item in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if isinstance(value, (list, tuple)) and any(isinstance(item, (list, tuple)) for item in value):
        return "[\n" + ",\n".join(deeper + _json(item, deeper) for item in value) + f"\n{indent}]"
    return msgspec.json.encode(value).decode()
