"""How complete a trail is: all of a whole record, and less of one in which something is missing."""

from __future__ import annotations

import pytest
from tests.recorded_run import recorded_entries

from trading_ecosystem.domains.audit.completeness import CAUSES, ENDS, LABELS, RUN, TRADES, Completeness, TrailCompleteness
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.exchange import PlaceOrder, TradeMatched
from trading_ecosystem.messages.test_coordination import FaultInjected, GroundTruthClosed, GroundTruthLabelled, RunEnded


def completeness(entries: list[Entry]) -> TrailCompleteness:
    fold = Completeness()
    for entry in entries:
        fold.ingest(entry)
    return fold.report()


def test_a_whole_record_is_complete() -> None:
    found = completeness(list(recorded_entries()))
    assert (found.score_ppm, found.first_gap) == (1_000_000, None)
    assert all(one.expected == one.found > 0 for one in found.rules)


@pytest.mark.parametrize(
    ("missing", "rule"),
    [
        (PlaceOrder, CAUSES),
        (TradeMatched, TRADES),
        (FaultInjected, "every effect is of an injected fault"),
        (GroundTruthLabelled, LABELS),
        (GroundTruthClosed, ENDS),
        (RunEnded, RUN),
    ],
)
def test_an_entry_that_is_missing_shows(missing: type[Message], rule: str) -> None:
    entries = list(recorded_entries())
    place = next(number for number, entry in enumerate(entries) if isinstance(entry.message, missing))
    found = completeness(entries[:place] + entries[place + 1 :])
    assert found.score_ppm < 1_000_000
    assert rule in {one.rule for one in found.rules if one.found < one.expected}


def test_nothing_is_no_trail() -> None:
    assert completeness([]).score_ppm == 0
