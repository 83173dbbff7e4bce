"""Every engine of the benchmark makes the same fills of one flow, and one that makes others is found."""

from __future__ import annotations

from typing import ClassVar

import pytest

from trading_ecosystem.domains.exchange.book.books import available
from trading_ecosystem.reports.bench.contenders import CONTENDERS, Contender, Fill, PlainBook
from trading_ecosystem.reports.bench.measurement import measure
from trading_ecosystem.reports.bench.order_flow import order_flow

FLOW = order_flow(1_500, resting=300, symbols=2)


class Forgetful(PlainBook):
    """The plain book, without the last of its fills."""

    name: ClassVar[str] = "forgetful"

    def fills(self) -> list[Fill]:
        return super().fills()[:-1]


@pytest.mark.parametrize("contender", CONTENDERS, ids=lambda each: each.__name__)
def test_all_engines_make_the_same_fills(contender: type[Contender]) -> None:
    if contender.missing():
        pytest.skip(f"{contender.missing()} is not installed")
    if "compiled" not in available() and "compiled" in contender.name:
        pytest.skip("the compiled book was not built here")
    plain, other = measure([PlainBook, contender], FLOW, rounds=1, latencies=False)
    assert plain.fills == other.fills > 100
    assert plain.fills_hash == other.fills_hash


def test_an_engine_that_leaves_out_a_fill_is_found() -> None:
    plain, other = measure([PlainBook, Forgetful], FLOW, rounds=1, latencies=False)
    assert plain.fills_hash != other.fills_hash
