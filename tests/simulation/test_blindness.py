"""The risk monitor sees only what production sees: from recorded production deliveries alone it says the same alerts.

One short run for every kind of fault, with its clean twin, the search for words of faults, and planted wires and leaks.
"""

from __future__ import annotations

import re

import msgspec
import pytest
from tests.campaign import CAMPAIGN, seeds
from tests.simulation.monitor_alone import alerts_alone, alerts_recorded
from tests.simulation.one_fault_of_each_kind import FIELDS, WORDS_OF_FAULTS, document
from tests.simulation.test_twins import said

import trading_ecosystem
from trading_ecosystem import container
from trading_ecosystem.domains.custodian.component import Custodian
from trading_ecosystem.domains.exchange.component import Exchange
from trading_ecosystem.domains.market_data.component import MarketData
from trading_ecosystem.domains.risk.component import Risk
from trading_ecosystem.domains.risk.parameters import RiskParameters
from trading_ecosystem.domains.test_coordination.scenario import RISK
from trading_ecosystem.messages.audit import DetectionOutcome
from trading_ecosystem.messages.base import Audience, Message
from trading_ecosystem.messages.custodian import TransferKind, TransferRejected, TransferRejectReason
from trading_ecosystem.messages.exchange import OrderRejected
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.orders import RejectReason
from trading_ecosystem.messages.risk import AlertKind, AlertRaised, Severity
from trading_ecosystem.messages.test_coordination import FaultInjected, FaultKind, GroundTruthLabelled
from trading_ecosystem.messages.units import SECOND
from trading_ecosystem.ports.errors import Forbidden
from trading_ecosystem.runtime import routing
from trading_ecosystem.runtime.randomness import SeededRandomness

ODD = {FaultKind.LINK_DUPLICATE, FaultKind.LINK_REORDER, FaultKind.LINK_PARTITION, FaultKind.COMPONENT_PAUSE}
"""Out of mandate as they are set here: aimed at the monitor itself."""
SECRETS = re.compile("zebra-7|Zebra seven|zebra-file|" + "|".join(rf"\b{word}\b" for word in WORDS_OF_FAULTS))
"""Words of the scenario, and kinds of faults where production has no alert of that name."""


def run(tmp_path, kind, seed=1, faults=True):
    path = tmp_path / "zebra-file.yaml"
    path.write_text(document(kind))
    return trading_ecosystem.run(path, seed=seed, faults=faults)


def test_there_is_a_run_for_every_kind_of_fault():
    assert set(FIELDS) == set(FaultKind)


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """What the clean twin said, run once for all kinds of which it is the same."""
    known = {}

    def twin(kind, seed):
        which = document(kind).partition("faults:")[0], seed
        if which not in known:
            result = run(tmp_path_factory.mktemp("clean"), kind, seed, faults=False)
            known[which] = said(result, 2**63)
        return known[which]

    return twin


@pytest.mark.parametrize("seed", seeds(1, 5))
@pytest.mark.parametrize("kind", list(FaultKind))
def test_the_monitor_is_blind_to_it(tmp_path, clean, kind, seed):
    result = run(tmp_path, kind, seed)
    recorded = alerts_recorded(result)
    assert len(recorded) > 10
    assert alerts_alone(result) == recorded
    assert result.audit.conservation == ()
    # It bit, and its effects were noticed; before, everything was as in the clean twin.
    (score,) = result.audit.detections
    assert score.outcome is (DetectionOutcome.OUT_OF_MANDATE if kind in ODD else DetectionOutcome.DETECTED)
    (onset,) = {one.message.onset_at for one in result.entries() if isinstance(one.message, GroundTruthLabelled)}
    twin = clean(kind, seed)
    assert said(result, onset) == [one for one in twin if one[0] < onset]
    assert said(result, 2**63) != twin
    # Nothing that production hears has a word of it, and nothing else may be wired to the monitor.
    assert leaks(result) == []
    hidden = {type(one.message) for one in result.entries() if one.message.audience is not Audience.PRODUCTION}
    assert hidden >= {FaultInjected, GroundTruthLabelled}
    for message_type in hidden:
        with pytest.raises(Forbidden, match=f"must not hear {message_type.__name__}"):
            routing.check_blindness(wired_to(message_type))


def wired_to(message_type):
    """A monitor with one planted wire."""
    wired = type("Wired", (Risk,), {"hears": {**Risk.hears, message_type: "price_published"}})
    return wired(RISK, RiskParameters("fund", ("BTC/USD",), ()), SeededRandomness(1), frozenset({"fund"}))


def test_over_links_with_latency_too(tmp_path, monkeypatch):
    """Over these links a message takes a random moment, which no entry tells; so the deliveries themselves are recorded."""
    sent = []

    class Recorded(Risk):
        def handler_of(self, message_type):
            handler = super().handler_of(message_type)

            def deliver(message, now):
                if isinstance(message, Message):  # not what is due, nor the beginning
                    sent.append((now, len(sent), message))
                return handler(message, now)

            return deliver

    monkeypatch.setattr(container, "Risk", Recorded)
    slow = "  links: [{from: '*', to: '*', latency: {distribution: exponential, mean: 40ms}}]\n  risk:\n"
    path = tmp_path / "slow.yaml"
    path.write_text(document(FaultKind.STABLECOIN_DEPEG).replace("  risk:\n", slow))
    result = trading_ecosystem.run(path, seed=5)
    assert any(now % SECOND for now, _, _ in sent)
    assert {message.audience for _, _, message in sent} == {Audience.PRODUCTION}
    said = alerts_recorded(result)
    assert any(b"AlertRaised" in message for _, message in said)
    assert alerts_alone(result, sent=sent) == said


class Peeking(Risk):
    """A monitor with one planted wire: it hears of the fault from the coordinator and reports it at once."""

    hears = {**Risk.hears, FaultInjected: "fault_injected"}

    def fault_injected(self, message, now):
        return [
            AlertRaised(
                account="fund",
                alert_id=999,
                kind=AlertKind.PRICE_CRASH,
                subject="BTC/USD",
                severity=Severity.HIGH,
                observed=0,
                threshold=0,
                raised_at=now,
            )
        ]


def test_start_up_refuses_the_planted_wire(tmp_path, monkeypatch):
    monkeypatch.setattr(container, "Risk", Peeking)
    with pytest.raises(Forbidden, match="risk .* must not hear FaultInjected"):
        run(tmp_path, FaultKind.FEED_GAP)


ONE_OF_A_FAMILY = {kind.value.partition("_")[0]: kind for kind in FaultKind}.values()


@pytest.mark.parametrize("kind", FaultKind if CAMPAIGN else ONE_OF_A_FAMILY)
def test_the_same_test_fails_with_one_planted_wire(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(container, "Risk", Peeking)
    monkeypatch.setitem(routing.ALLOWED_AUDIENCES, "risk", frozenset({Audience.PRODUCTION, Audience.CONTROL}))
    result = run(tmp_path, kind)
    alone, recorded = alerts_alone(result, Peeking), alerts_recorded(result)
    assert alone != recorded
    assert len([one for one in recorded if b'"alert_id":999' in one[1]]) == 1
    assert alone == [one for one in recorded if b'"alert_id":999' not in one[1]]


def leaks(result):
    """Production messages of a record in which a word of the scenario or of its fault stands, in whatever field."""
    found = []
    for entry in result.entries():
        if entry.message.audience is Audience.PRODUCTION:
            text = msgspec.json.encode(entry.message).decode()
            found += [(type(entry.message).__name__, secret) for secret in SECRETS.findall(text)]
    return found


class LeakingFeed(MarketData):
    """A planted leak: the vendor feed names a condition set on it as an instrument."""

    def feed_condition_set(self, message, now):
        leak = PricePublished(instrument=message.condition_id, price_minor=1, priced_at=now, update=1)
        return [leak, *super().feed_condition_set(message, now)]


class LeakingVenue(Exchange):
    """A planted leak: a venue refuses somebody's order that has the kind of fault for its id."""

    def condition_set(self, message, now):
        leak = OrderRejected(self.name, "somebody", message.kind.value, "BTC/USD", RejectReason.UNKNOWN_ACCOUNT)
        return [leak, *super().condition_set(message, now)]


class LeakingCustodian(Custodian):
    """A planted leak: a custodian refuses somebody's transfer that has the condition for its id."""

    def condition_set(self, message, now):
        kind, reason = TransferKind.DEPOSIT, TransferRejectReason.UNKNOWN_ACCOUNT
        leak = TransferRejected(self.name, "somebody", message.condition_id, kind, "USD", 1, reason)
        return [leak, *super().condition_set(message, now)]


@pytest.mark.parametrize(
    ("component", "kind", "expected"),
    [
        (LeakingFeed, FaultKind.FEED_GAP, ("PricePublished", "zebra-7")),
        (LeakingVenue, FaultKind.VENUE_SPREAD, ("OrderRejected", "venue_spread")),
        (LeakingCustodian, FaultKind.STALE_BALANCE, ("TransferRejected", "zebra-7")),
    ],
)
def test_a_planted_production_message_that_carries_a_word_of_the_fault_is_caught(
    tmp_path, monkeypatch, component, kind, expected
):
    monkeypatch.setattr(container, component.__base__.__name__, component)
    assert leaks(run(tmp_path, kind)) == [expected]
