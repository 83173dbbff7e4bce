"""How much a test does: small counts by default, large ones in ``make campaign``."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

CAMPAIGN = os.environ.get("TRADING_ECOSYSTEM_CAMPAIGN") == "1"
REPOSITORY = Path(__file__).resolve().parent.parent
SHARED_DATA = REPOSITORY.parent / "shared" / "data"


def seeds(small: int, large: int) -> range:
    """Seeds from 1: so many in ``make test``, so many in ``make campaign``."""
    return range(1, (large if CAMPAIGN else small) + 1)


def recorded_market(name: str) -> Path:
    """A recorded market outside the project; skips where it is absent."""
    path = SHARED_DATA / name
    if not path.exists():
        pytest.skip(f"the recorded market {name} is not in ../shared/data")
    return path
