"""An event tape from a recorded market, whatever its format."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path
from typing import Final

from trading_ecosystem.adapters.recordings.binance_tape import binance_tape
from trading_ecosystem.adapters.recordings.event_tape import EventTape
from trading_ecosystem.adapters.recordings.lines import is_dbn, numbered_lines, refuse
from trading_ecosystem.adapters.recordings.lobster_tape import lobster_tape
from trading_ecosystem.ports.errors import BadInput

_CAPTURE: Final = re.compile(r"[0-9]{1,19} \{", re.ASCII)
_LOBSTER: Final = re.compile(r"[0-9]+(\.[0-9]+)?,[0-9],-?[0-9]+,", re.ASCII)


def read_tape(path: Path) -> EventTape:
    """The tape of a recording, its format told by the first line; raises ``BadInput`` where it is of neither."""
    if is_dbn(path):
        problem = "looks like a Databento DBN file, which only book-replay and a scenario's recording take"
        raise BadInput(str(path), f"{problem}; expected a LOBSTER message file or a Binance capture")
    with closing(numbered_lines(path)) as lines:
        number, line = next(lines, (1, ""))
    if _LOBSTER.match(line):
        return lobster_tape(path)
    if _CAPTURE.match(line):
        return binance_tape(path)
    refuse(path, number, 1, "unknown format, expected a LOBSTER message file or a Binance capture")
