"""Correlation by rules: causes where the envelopes say them, and computed confidence where they are cut."""

from __future__ import annotations

import random

import pytest
from tests.recorded_run import recorded_entries

from trading_ecosystem.adapters.rule_files import read_rules, standard_rules
from trading_ecosystem.domains.audit.correlated_chains import chains
from trading_ecosystem.domains.audit.correlation import Correlation, Link, Pattern, Rule, correlate
from trading_ecosystem.messages.audit import LinkBasis
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.envelope import Entry, EntryKind
from trading_ecosystem.messages.exchange import QuoteChanged
from trading_ecosystem.messages.market_data import FundamentalPriceChanged
from trading_ecosystem.messages.units import HOUR, MILLISECOND, MINUTE, PARTS_PER_MILLION, SECOND, Nanos
from trading_ecosystem.ports.errors import BadInput

RULE = Rule(
    "price moves the quote",
    Pattern("FundamentalPriceChanged"),
    Pattern("QuoteChanged", sender="exchange-alpha"),
    (("instrument", "instrument"),),
    20 * SECOND,
    500_000,
)


def price(instrument: str = "BTC/USD") -> Message:
    return FundamentalPriceChanged(instrument, 6_000_000_000_000)


def quote(instrument: str = "BTC/USD") -> Message:
    return QuoteChanged("exchange-alpha", instrument, 1, 1, 1, 2, 1)


def record(*said: tuple[Nanos, str, Message]) -> list[Entry]:
    """Entries whose envelopes tell nothing of causes, in the order of time."""
    ordered = sorted(said, key=lambda one: one[0])
    return [Entry(n, at, EntryKind.SAID, sender, None, n, message) for n, (at, sender, message) in enumerate(ordered, 1)]


def correlated(rule: Rule, entries: list[Entry]) -> Correlation:
    (found,) = correlate([rule], entries)
    return found


def planted(seed: int, effects: int, noise_per_hour: float, hours: int = 10) -> tuple[list[Entry], set[tuple[Nanos, Nanos]]]:
    """Triggers a few minutes apart of which each has an effect two seconds later, among effects at random."""
    draw = random.Random(seed)
    said: list[tuple[Nanos, str, Message]] = []
    true = set()
    for number in range(effects):
        at = (number + 1) * hours * HOUR // (effects + 1)
        after = at + round(draw.expovariate(1 / 2) * SECOND)
        said += [(at, "market-data", price()), (after, "exchange-alpha", quote())]
        true.add((at, after))
    at = 0.0
    while noise_per_hour and (at := at + draw.expovariate(noise_per_hour)) < hours:
        said.append((round(at * HOUR), "exchange-alpha", quote()))
    said += [(0, "market-data", price("ETH/USD")), (hours * HOUR, "market-data", price("ETH/USD"))]
    return record(*said), true


def test_planted_effects_are_found_among_noise() -> None:
    entries, true = planted(1, 60, noise_per_hour=10)
    at = {entry.sequence: entry.at for entry in entries}
    links = correlated(RULE, entries).links()
    found = {(at[link.trigger], at[link.effect]) for link in links}
    assert len(found & true) >= 0.95 * len(true)
    assert len(found & true) >= 0.9 * len(found), "few of the links are chance"
    assert all(link.basis is LinkBasis.SUBJECT for link in links)


def test_chance_is_not_believed() -> None:
    """Effects that have nothing to do with the triggers: as many pass a confidence as chance lets pass."""
    for seed in range(1, 4):
        draw = random.Random(seed)
        said: list[tuple[Nanos, str, Message]] = [(n * 5 * MINUTE, "market-data", price()) for n in range(1, 120)]
        said += [(draw.randrange(10 * HOUR), "exchange-alpha", quote()) for _ in range(600)]
        correlation = correlated(RULE, record(*said))
        confidences = sorted(link.confidence_ppm for link in correlation._judged(True))
        # Windows of 20 s every 5 min cover 1/15: so many effects fall into one by chance.
        assert 20 <= len(confidences) <= 65
        believed = sum(1 for one in confidences if one >= 900_000)
        # At a minute between effects, a confidence of 0.9 is a delay of 6.3 s: a third of those in the window.
        assert believed <= 0.5 * len(confidences)


def test_confidence_falls_with_delay_and_with_the_rate_of_chance() -> None:
    def confidence(delay: Nanos, noise: int) -> int:
        said = [(HOUR, "market-data", price()), (HOUR + delay, "exchange-alpha", quote())]
        said += [((n + 2) * HOUR + 30 * MINUTE, "exchange-alpha", quote()) for n in range(noise)]
        said.append((40 * HOUR, "market-data", price("ETH/USD")))
        (link,) = correlated(RULE, record((0, "market-data", price("ETH/USD")), *said))._judged(True)
        return link.confidence_ppm

    near, far = confidence(100 * MILLISECOND, 5), confidence(19 * SECOND, 5)
    assert near > far
    assert confidence(19 * SECOND, 0) > far > confidence(19 * SECOND, 30)
    # exp(-rate delay), with 5 + 1/2 effects in 40 h less the window of 20 s: as the module says.
    assert abs(far - PARTS_PER_MILLION * 2.718281828 ** (-5.5 / (40 * 3600 - 20) * 19)) <= 2


def test_two_triggers_share_an_effect() -> None:
    entries = record(
        (0, "market-data", price("ETH/USD")),
        (HOUR, "market-data", price()),
        (HOUR + SECOND, "market-data", price()),
        (HOUR + 2 * SECOND, "exchange-alpha", quote()),
        (9 * HOUR, "market-data", price("ETH/USD")),
    )
    (link,) = correlated(RULE, entries)._judged(True)
    assert link.trigger == 3, "the nearer one"
    assert 500_000 < link.confidence_ppm < 550_000, "hardly better than the other: the mean delay is ten seconds"


def test_fields_sender_and_delay_must_agree() -> None:
    other = QuoteChanged("exchange-beta", "BTC/USD", 1, 1, 1, 2, 1)
    entries = record(
        (HOUR, "market-data", price()),
        (HOUR + SECOND, "exchange-alpha", quote("ETH/USD")),
        (HOUR + SECOND, "exchange-beta", other),
        (HOUR + 21 * SECOND, "exchange-alpha", quote()),
    )
    found = correlated(RULE, entries).findings()
    assert (found.triggers, found.effects, found.unexplained_effects) == (1, 2, 2)
    assert (found.by_cause, found.by_statistics, found.triggers_without_effect, found.mean_delay_ns) == (0, 0, 1, None)


def test_causes_are_certain_and_statistics_agrees_with_them_in_a_real_run() -> None:
    found = {one.rule.name: one for one in correlate(read_rules(standard_rules()), recorded_entries())}
    accepted = found["order is accepted"].findings()
    assert accepted.by_cause == accepted.effects > 100
    assert accepted.agreement_ppm == PARTS_PER_MILLION
    assert {link.basis for link in found["order is accepted"].links(causes=False)} == {LinkBasis.SUBJECT}
    effect = found["effect raises an alert"].findings()
    assert effect.by_statistics >= 1, "an alert of a wake-up has no cause: the chain is cut there"


@pytest.mark.parametrize("causes", [True, False])
def test_a_chain_from_the_fault_to_the_alert(causes: bool) -> None:
    """Across wake-ups, where causation ids are cut, and even without any."""
    rules = correlate(read_rules(standard_rules()), recorded_entries())
    kinds = {entry.sequence: type(entry.message).__name__ for entry in recorded_entries()}
    roots = {sequence for sequence, kind in kinds.items() if kind == "FaultInjected"}
    found = chains((link for one in rules for link in one.links(causes=causes)), roots)
    courses = {tuple(kinds[place] for place in (chain.root, *(link.effect for link in chain.links))) for chain in found}
    assert any(course[:3] == ("FaultInjected", "ConditionTookEffect", "AlertRaised") for course in courses)
    for chain in found:
        product = 1.0
        for link in chain.links:
            product *= link.confidence_ppm / PARTS_PER_MILLION
        assert abs(chain.confidence_ppm / PARTS_PER_MILLION - product) < 1e-4
        assert chain.delay_ns == sum(link.delay_ns for link in chain.links)


def test_the_most_confident_way_is_kept_and_roots_are_respected() -> None:
    def link(trigger: int, effect: int, confidence: int) -> Link:
        return Link("r", trigger, effect, 1, LinkBasis.SUBJECT, confidence)

    links = [link(1, 3, 900_000), link(2, 3, 400_000), link(3, 5, 500_000), link(2, 5, 460_000), link(4, 6, 1_000_000)]
    (first, second) = chains(links)
    assert (first.root, first.end, first.confidence_ppm, len(first.links)) == (2, 5, 460_000, 1)
    assert (second.root, second.end) == (4, 6)
    assert chains(links, {4}) == [second]


WRONG = [
    ("rules: []", "there are 0 rules"),
    ("rules: [{name: a}]", "has no 'trigger'"),
    ("rules: [{name: a, trigger: {type: QuoteChanged}}]", "has no 'effect'"),
    ("rules: [{name: a, trigger: {type: QuoteChange}, effect: {type: QuoteChanged}}]", "did you mean 'QuoteChanged'"),
    ("rules: [{name: a, trigger: {type: QuoteChanged, where: {x: 1}}, effect: {type: QuoteChanged}}]", "has no field 'x'"),
    (
        "rules: [{name: a, trigger: {type: QuoteChanged}, effect: {type: QuoteChanged}, same: [venue=vanue]}]",
        "QuoteChanged has no field 'vanue'",
    ),
    (
        "rules: [{name: a, trigger: {type: QuoteChanged}, effect: {type: QuoteChanged}, maximum_delay: 1m, "
        "minimum_confidence: 1.5}]",
        "expected a ratio from 0 to 1",
    ),
    ("rule: []", "unknown field"),
]


@pytest.mark.parametrize(("text", "said"), WRONG)
def test_what_is_wrong_in_a_file_of_rules_is_said_with_its_place(text: str, said: str, tmp_path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(text)
    with pytest.raises(BadInput, match=said) as caught:
        read_rules(file)
    assert caught.value.place.startswith(f"{file}:1:")
