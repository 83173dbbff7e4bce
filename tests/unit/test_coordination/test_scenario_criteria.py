"""Steady state, success and rollback: how they are read, measured from a record made by hand, and judged."""

from __future__ import annotations

import msgspec
import pytest

from trading_ecosystem.adapters.scenario_files import parse_scenario
from trading_ecosystem.domains.test_coordination.criteria import Criterion, Measure, Window
from trading_ecosystem.domains.test_coordination.criteria_judge import judge_run, measures_of, required
from trading_ecosystem.domains.test_coordination.judge import CheckResult, Judgement
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.custodian import SettlementInstructed, SettlementSettled
from trading_ecosystem.messages.envelope import Entry, EntryKind
from trading_ecosystem.messages.exchange import QuoteChanged
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.orders import Side
from trading_ecosystem.messages.test_coordination import ConditionEnded, FaultInjected, FaultKind, GroundTruthLabelled
from trading_ecosystem.messages.units import MINUTE, SECOND, Nanos
from trading_ecosystem.ports.errors import BadInput

TEXT = """\
title: Criteria
duration: 60m
ecosystem:
  market_data: {instruments: [BTC/USD]}
  venues: [{name: north, publish_every: 10s}]
faults:
  - {id: stale, kind: feed_stale, at: 20m, duration: 5m}
expectations: [{fault: stale, missed: true}]
steady_state:
  recovers_within: 10m
  holds:
    - {measure: silence, instrument: BTC/USD, at_most: 1m}
    - {measure: quoted, venue: north, at_least: 0.9}
    - {measure: spread, at_most: 0.01}
    - {measure: open_alerts, at_most: 0}
    - {measure: unsettled_for, at_most: 10m}
success:
  - {measure: orders, at_least: 1}
  - {measure: recall, at_least: 1}
rollback: {within: 1m}
"""


def checks_of(entries: list[tuple[Nanos, Message]], text: str = TEXT) -> dict[str, CheckResult]:
    """What is found in a record of these messages, by part and criterion."""
    scenario = parse_scenario(text, "criteria.yaml")
    measures = measures_of(scenario)
    start = scenario.starts_at
    measures.follow(Entry(n, start + at, EntryKind.SAID, "x", None, 0, one) for n, (at, one) in enumerate(entries))
    verdict = judge_run(scenario, None, [], measures, start)
    return {f"{one.part}: {one.criterion}": one for one in verdict.checks}


def price(update: int) -> PricePublished:
    return PricePublished("BTC/USD", 60_000 * 10**8, 0, update)


def quote(bid: int, ask: int, lots: int = 1) -> QuoteChanged:
    return QuoteChanged("north", "BTC/USD", 1, bid, lots, ask, lots)


def test_windows_are_what_lies_before_the_first_fault_and_after_the_last() -> None:
    steady = parse_scenario(TEXT, "criteria.yaml").checks.steady_state
    assert steady is not None
    assert (steady.before, steady.after) == (Window(0, 20 * MINUTE), Window(35 * MINUTE, 60 * MINUTE))


def test_prices_are_silent_as_long_as_nothing_comes() -> None:
    found = checks_of([(at * SECOND, price(at)) for at in range(0, 1200, 50)] + [(50 * MINUTE, price(1))])
    before, after = (found[f"steady state {when}: silence of BTC/USD at most 1m"] for when in ("before", "after"))
    assert (before.judgement, before.evidence) == (Judgement.HOLDS, "50s from 0s until 20m")
    assert (after.judgement, after.evidence) == (Judgement.FAILS, "15m from 35m until 1h")


def test_a_quote_counts_for_three_publications_and_only_with_two_sides() -> None:
    quotes: list[tuple[Nanos, Message]] = [(at * SECOND, quote(99, 101)) for at in range(0, 1200, 30)]
    found = checks_of([*quotes, (40 * MINUTE, quote(99, 101)), (50 * MINUTE, quote(99, 101, 0)), (55 * MINUTE, quote(101, 99))])
    before, after = (found[f"steady state {when}: quoted of north at least 90 %"] for when in ("before", "after"))
    assert (before.judgement, before.evidence) == (Judgement.HOLDS, "100 % from 0s until 20m")
    assert (after.judgement, after.evidence) == (Judgement.FAILS, "2 % from 35m until 1h")
    spread = found["steady state before: spread at most 1 %"]
    assert (spread.judgement, spread.evidence) == (Judgement.FAILS, "2 % from 0s until 20m")


def test_an_instruction_is_pending_until_it_settles() -> None:
    def instructed(trade: int) -> SettlementInstructed:
        fields = dict.fromkeys(SettlementInstructed.__struct_fields__, 0)
        given = {"custodian": "custodian", "venue": "north", "account": "fund/maker", "trade_id": trade, "side": Side.BUY}
        return SettlementInstructed(**(fields | given))  # type: ignore[arg-type]

    def settled(trade: int) -> SettlementSettled:
        return SettlementSettled("custodian", "north", "fund/maker", trade, "BTC/USD", ())

    found = checks_of(
        [(MINUTE, instructed(1)), (10 * MINUTE, settled(1)), (15 * MINUTE, instructed(2)), (36 * MINUTE, settled(2))]
    )
    before, after = (found[f"steady state {when}: unsettled for at most 10m"] for when in ("before", "after"))
    assert (before.judgement, before.evidence) == (Judgement.HOLDS, "9m from 0s until 20m")
    assert (after.judgement, after.evidence) == (Judgement.FAILS, "21m from 35m until 1h")


def injected(until: Nanos) -> FaultInjected:
    return FaultInjected("r", "stale", FaultKind.FEED_STALE, "market-data", (), until)


def labelled() -> GroundTruthLabelled:
    fields = dict.fromkeys(GroundTruthLabelled.__struct_fields__, 0)
    return GroundTruthLabelled(**(fields | {"fault_id": "stale"}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ended", "judgement", "evidence"),
    [
        (25 * MINUTE, Judgement.HOLDS, "over at 25m, planned for 25m"),
        (26 * MINUTE, Judgement.HOLDS, "over at 26m, planned for 25m"),
        (26 * MINUTE + 1, Judgement.FAILS, "over at 26m1ns, planned for 25m"),
        (None, Judgement.FAILS, "it was not over when the run ended; planned for 25m"),
    ],
)
def test_a_fault_is_rolled_back_when_its_condition_has_ended(ended: Nanos | None, judgement: Judgement, evidence: str) -> None:
    start = parse_scenario(TEXT, "criteria.yaml").starts_at
    entries: list[tuple[Nanos, Message]] = [(20 * MINUTE, injected(start + 25 * MINUTE)), (21 * MINUTE, labelled())]
    if ended is not None:
        entries.append((ended, ConditionEnded("market-data", "stale")))
    result = checks_of(entries)["rollback: stale is over within 1m of its planned end"]
    assert (result.judgement, result.evidence) == (judgement, evidence)


def test_what_nobody_injected_was_not_rolled_back() -> None:
    result = checks_of([])["rollback: stale is over within 1m of its planned end"]
    assert (result.judgement, result.evidence) == (Judgement.FAILS, "it was never injected")


def test_what_never_took_effect_was_not_rolled_back() -> None:
    entries: list[tuple[Nanos, Message]] = [(20 * MINUTE, injected(0)), (25 * MINUTE, ConditionEnded("market-data", "stale"))]
    result = checks_of(entries)["rollback: stale is over within 1m of its planned end"]
    evidence = "it never took effect, so that there was nothing to roll back"
    assert (result.judgement, result.evidence) == (Judgement.FAILS, evidence)


def test_without_audit_its_measures_are_not_scored_and_nothing_to_measure_does_not_hold() -> None:
    found = checks_of([])
    assert found["success: recall at least 100 %"].judgement is Judgement.NOT_SCORED
    assert found["success: orders at least 1"].evidence == "0 from 0s until 1h"
    spread = found["steady state before: spread at most 1 %"]
    assert (spread.judgement, spread.evidence) == (Judgement.FAILS, "there was nothing to measure from 0s until 20m")


def test_a_criterion_in_words() -> None:
    criterion = Criterion(Measure.EQUITY_CHANGE, -5_000 * 10**8, 10**8)
    assert required(criterion) == "equity change at least -5,000.00 USD and at most 1.00 USD"


def test_a_failed_check_fails_a_verdict_that_holds_otherwise() -> None:
    text = TEXT[: TEXT.index("faults:")] + "success: [{measure: fills, at_most: 0}]\n"
    scenario = parse_scenario(text, "criteria.yaml")
    good = judge_run(scenario, None, [], measures_of(scenario), scenario.starts_at)
    assert [one.judgement for one in good.checks] == [Judgement.HOLDS]
    assert good.judgement is Judgement.NOT_SCORED
    asked = msgspec.structs.replace(scenario.checks, success=(Criterion(Measure.FILLS, 1, None),))
    bad = msgspec.structs.replace(scenario, checks=asked)
    assert judge_run(bad, None, [], measures_of(bad), bad.starts_at).judgement is Judgement.FAILS


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (("at_most: 1m}", "within: 1m}"), r"12:\d+: unknown field 'within' in a criterion"),
        (("measure: silence", "measure: silences"), r"12:\d+: unknown measure 'silences'; did you mean 'silence'\?"),
        (("at_most: 1m}", "at_most: 5}"), r"12:\d+: 'at_most' of silence '5' is not a duration"),
        ((", at_most: 1m}", "}"), r"12:\d+: the criterion of silence has no bound"),
        (("at_most: 1m}", "at_least: 2m, at_most: 1m}"), r"12:\d+: this can never hold"),
        (("at_least: 0.9}", "at_least: 1.5}"), r"13:\d+: 'at_least' of quoted cannot be 1.5; expected a ratio from 0 to 1"),
        (("venue: north, at", "venue: south, at"), r"13:\d+: unknown venue 'south'; did you mean 'north'\?"),
        (("instrument: BTC/USD, at", "venue: north, at"), r"12:\d+: silence has no 'venue'; expected it with one of: quoted"),
        (("measure: open_alerts", "measure: recall"), r"15:\d+: recall is of the whole run; expected it in 'success'"),
        (("measure: recall", "measure: time_to_detect"), r"19:\d+: time_to_detect is of one fault; expected 'fault'"),
        (("recovers_within: 10m", "recovers_within: 40m"), r"10:\d+: the steady state's window after the faults, from 1h5m"),
        (("duration: 60m", "duration: open"), r"2:\d+|8:\d+|9:\d+: an open scenario has no end"),
        (("{within: 1m}", "5m"), r"20:\d+: the rollback cannot be '5m'; expected a mapping of within"),
    ],
)
def test_every_mistake_is_one_line_with_its_place(change: tuple[str, str], line: str) -> None:
    assert change[0] in TEXT
    with pytest.raises(BadInput, match=rf"^criteria.yaml:({line})"):
        parse_scenario(TEXT.replace(*change), "criteria.yaml")


def test_two_criteria_of_a_fault_are_told_apart_by_their_index() -> None:
    more = "  - {measure: recovery_time, fault: stale, at_most: 9m}\n  - {measure: time_to_detect, fault: stale, at_most: 9s}\n"
    text = TEXT.replace("rollback:", more + "rollback:")
    with pytest.raises(BadInput, match="there are 2 items 'stale'; expected the index of one"):
        parse_scenario(text, "criteria.yaml", ["success.stale.at_most=1s"])
    assert parse_scenario(text, "criteria.yaml", ["success.3.at_most=1s"]).checks.success[3].at_most == SECOND
