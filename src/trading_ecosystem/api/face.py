"""The three faces of a server, each with its own scopes."""

from __future__ import annotations

import enum
from typing import Final


class Face(enum.StrEnum):
    """One of the three faces, each with its own scopes."""

    PRODUCTION = "production"
    CONTROL = "control"
    AUDIT = "audit"


EVERY_FACE: Final = frozenset(Face)
