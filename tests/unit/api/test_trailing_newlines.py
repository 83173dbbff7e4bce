"""``$`` also matches before a newline at the end, so a pattern that ends in it would let one into names and ids."""

from __future__ import annotations

import re

import msgspec
import pytest
from tests.campaign import REPOSITORY

from trading_ecosystem.api.rest.bodies import AccountName, ClientId, Name
from trading_ecosystem.api.rest.production.trading_state import Why


@pytest.mark.parametrize(("kind", "text"), [(AccountName, "demo/a"), (ClientId, "a"), (Name, "alpha"), (Why, "drill")])
def test_no_newline_ends_a_name(kind: object, text: str) -> None:
    assert msgspec.convert(text, kind) == text
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(text + "\n", kind)


def test_no_pattern_of_a_door_ends_in_a_dollar_alone() -> None:
    sources = (REPOSITORY / "src/trading_ecosystem/api").rglob("*.py")
    loose = [path.name for path in sources if re.search(r'pattern=r?"[^"]*\$"', path.read_text(encoding="utf-8"))]
    assert loose == []
