"""Replay, recovery and snapshots: the same record again, or the first difference named."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from trading_ecosystem.adapters.memory.journal import MemoryJournal
from trading_ecosystem.messages.envelope import decode_entry
from trading_ecosystem.messages.exchange import CancelOrder
from trading_ecosystem.messages.test_coordination import LinkConditionKind, LinkConditionSet
from trading_ecosystem.ports.errors import Conflict, Corrupt, Divergence
from trading_ecosystem.runtime import replay, snapshot
from trading_ecosystem.runtime.links import LatencyDistribution, LatencyRule
from trading_ecosystem.runtime.replay import ComparingJournal, recorded_inputs, recover, reexecute
from trading_ecosystem.runtime.simulation import ScheduledInput, simulate
from trading_ecosystem.runtime.snapshot import restore_snapshot, take_snapshot

RULES = (LatencyRule("market-data", "trading", LatencyDistribution.EXPONENTIAL, mean_ns=7),)


@pytest.fixture(autouse=True)
def _toys_in_snapshots(monkeypatch):
    monkeypatch.setattr(snapshot, "PACKAGES", ("trading_ecosystem.", "tests."))


def orders(count):
    return [
        ScheduledInput(1003 + 17 * i, "door", CancelOrder(venue="exchange-alpha", account="fund/a", client_order_id=f"m{i}"))
        for i in range(count)
    ]


def faulty_inputs():
    partition = LinkConditionSet(
        component="links",
        condition_id="c",
        kind=LinkConditionKind.LINK_DROP,
        senders=("market-data",),
        receivers=("trading",),
        until=1200,
        probability_ppm=300_000,
    )
    return [ScheduledInput(1050, "door", partition), *orders(40)[4:]]


def recorded(toy, inputs, rules=RULES, until=2000):
    ecosystem = toy(rules=rules)
    simulate(ecosystem.kernel, ecosystem.recorder, inputs, until=until)
    return list(ecosystem.journal.lines()), ecosystem.kernel.sequence


@pytest.mark.parametrize("rules", [(), RULES])
@pytest.mark.parametrize("inputs", [orders(30), faulty_inputs()])
def test_a_record_replays_to_itself(toy, rules, inputs):
    lines, last = recorded(toy, inputs, rules)
    journal = ComparingJournal(iter(lines))
    again = toy(rules=rules, journal=journal)
    reexecute(again.kernel, again.recorder, recorded_inputs(lines), last_sequence=last)
    journal.expect_end()
    assert len(journal) == len(lines)


def test_an_edited_entry_is_named(toy):
    lines, last = recorded(toy, orders(30))
    edited = list(lines)
    number = next(i for i, line in enumerate(lines) if i > 50 and b'"QuoteChanged"' in line)
    edited[number] = edited[number].replace(b'"bid_lots":1', b'"bid_lots":2')
    again = toy(rules=RULES, journal=ComparingJournal(iter(edited)))
    with pytest.raises(Divergence, match=f"entry {number + 1} "):
        reexecute(again.kernel, again.recorder, recorded_inputs(edited), last_sequence=last)


def test_a_missing_entry_is_named(toy):
    lines, last = recorded(toy, orders(30))
    short = lines[:60] + lines[61:]
    again = toy(rules=RULES, journal=ComparingJournal(iter(short)))
    with pytest.raises(Divergence, match="entry 61 "):
        reexecute(again.kernel, again.recorder, recorded_inputs(short), last_sequence=last)


def test_an_unreadable_entry_is_corrupt():
    with pytest.raises(Corrupt, match="entry 2 is not readable"):
        list(recorded_inputs([b'{"sequence":1,"at":2,"kind":"said"', b"rubbish"]))


async def stored(lines, skip=0):
    for line in lines[skip:]:
        yield line


def recovered(ecosystem, lines, skip=0):
    """Bring a toy, which commits to a journal that holds ``lines``, to their end."""
    asyncio.run(recover(ecosystem.kernel, ecosystem.recorder, stored(lines, skip), skip=skip))
    return ecosystem


@pytest.mark.parametrize("page", [1, 3, 2000])
@pytest.mark.parametrize("kept", [0, 1, 7, 50, 51, 52, 53, 54, 55, 110])
def test_recovery_from_any_cut_goes_on_to_the_same_record(toy, kept, page, monkeypatch):
    monkeypatch.setattr(replay, "PAGE", page)
    inputs = orders(30)
    lines, _ = recorded(toy, inputs)
    journal = MemoryJournal()
    journal.append(lines[:kept])
    again = recovered(toy(rules=RULES, journal=journal), lines[:kept])
    taken = sum(1 for line in journal.lines() if decode_entry(line).kind == "input")
    simulate(again.kernel, again.recorder, inputs[taken:], until=2000)
    assert list(journal.lines()) == lines


@pytest.mark.parametrize("page", [5, 2000])
def test_recovery_names_what_does_not_belong(toy, page, monkeypatch):
    monkeypatch.setattr(replay, "PAGE", page)
    lines, _ = recorded(toy, orders(30))
    number = next(i for i, line in enumerate(lines) if i > 50 and b'"QuoteChanged"' in line)
    edited = list(lines)
    edited[number] = edited[number].replace(b'"bid_lots":1', b'"bid_lots":2')
    with pytest.raises(Divergence, match=f"entry {number + 1} "):
        recovered(toy(rules=RULES), edited)
    with pytest.raises(Divergence, match="entry 61 "):
        recovered(toy(rules=RULES), lines[:60] + lines[61:])
    with pytest.raises(Corrupt, match="entry 3 is not readable"):
        recovered(toy(rules=RULES), [*lines[:2], b"rubbish", *lines[3:]])


@pytest.mark.parametrize("at", [1010, 1101, 1400])
def test_a_snapshot_goes_on_to_the_same_record(toy, at):
    inputs = faulty_inputs()
    lines, _ = recorded(toy, inputs)
    first = toy(rules=RULES)
    before = [i for i in inputs if i.at <= at]
    simulate(first.kernel, first.recorder, before, until=at)
    document = take_snapshot(first.kernel, "1")

    second = toy(rules=RULES)
    restored = restore_snapshot(second.kernel, document, "1")
    assert restored.entries == len(list(first.journal.lines()))
    simulate(second.kernel, second.recorder, inputs[len(before) :], until=2000)
    assert list(first.journal.lines()) + list(second.journal.lines()) == lines
    assert take_snapshot(second.kernel, "1") == take_snapshot(second.kernel, "1")


def test_recovery_from_a_snapshot_reads_only_what_follows_it(toy):
    inputs = orders(30)
    lines, _ = recorded(toy, inputs)
    first = toy(rules=RULES)
    simulate(first.kernel, first.recorder, inputs[:10], until=1150)
    document = take_snapshot(first.kernel, "1")
    journal = MemoryJournal()
    journal.append(lines[:-20])
    skip = first.kernel.entries
    again = toy(rules=RULES, journal=journal)
    assert restore_snapshot(again.kernel, document, "1").entries == skip
    recovered(again, lines[:-20], skip)
    taken = sum(1 for line in journal.lines() if decode_entry(line).kind == "input")
    simulate(again.kernel, again.recorder, inputs[taken:], until=2000)
    assert list(journal.lines()) == lines


def test_a_snapshot_of_another_version_or_a_damaged_one_is_refused(toy):
    document = take_snapshot(toy().kernel, "1")
    with pytest.raises(Conflict, match="recover with 1, stop cleanly, then upgrade"):
        restore_snapshot(toy().kernel, document, "2")
    assert restore_snapshot(toy().kernel, document, "2", upgrade=True).engine_version == "1"
    with pytest.raises(Corrupt, match="not readable"):
        restore_snapshot(toy().kernel, document[: len(document) // 2], "1")
    with pytest.raises(Conflict, match="this ecosystem has"):
        restore_snapshot(toy(components=[]).kernel, document, "1")


def test_a_state_that_nothing_brings_up_is_refused_before_it_is_read(toy):
    kernel = toy().kernel
    name = next(iter(kernel.components))
    document = msgspec.json.decode(take_snapshot(kernel, "1"))
    document["state"] = "not to be read"
    for version in (0, 99):
        document["state_versions"][name] = version
        with pytest.raises(Conflict, match=f"{name}: no upgrade of its state from version {version} to 1"):
            restore_snapshot(toy().kernel, msgspec.json.encode(document), "1", upgrade=True)
