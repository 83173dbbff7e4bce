"""The risk monitor sees only what production sees: from recorded production deliveries alone it says the same alerts."""

from __future__ import annotations

import msgspec
import pytest

import trading_ecosystem
from trading_ecosystem.adapters import scenario_parameters as made_from
from trading_ecosystem.adapters.memory.journal import MemoryJournal
from trading_ecosystem.domains.market_data.component import MarketData
from trading_ecosystem.domains.risk.component import Risk
from trading_ecosystem.domains.test_coordination.scenario import RISK
from trading_ecosystem.messages.base import Audience, Message, master_of
from trading_ecosystem.messages.market_data import PricePublished
from trading_ecosystem.messages.risk import AlertKind, AlertRaised, Severity
from trading_ecosystem.messages.test_coordination import FaultInjected, LinkConditionApplied, LinkEffect
from trading_ecosystem.messages.units import SECOND
from trading_ecosystem.runtime import routing
from trading_ecosystem.runtime.kernel import Kernel
from trading_ecosystem.runtime.links import Links
from trading_ecosystem.runtime.randomness import SeededRandomness
from trading_ecosystem.runtime.recorder import Recorder
from trading_ecosystem.runtime.replay import decode_line

NAMES = ("market_crash", "stale_feed", "settlement_delay", "unnoticed_depeg")


def deliveries(result, kinds):
    """(instant, wake-ups aside, in order) of what was sent to the monitor: said, corrected by link-fault entries."""
    sent = []
    for entry in result.entries():
        message = entry.message
        if isinstance(message, LinkConditionApplied) and message.receiver == RISK:
            _, sequence, delivered = sent.pop() if sent[-1][1] == message.sequence else (0, 0, None)
            if message.effect is not LinkEffect.DROPPED:
                sent.append((message.delivered_at, sequence, delivered))
        elif type(message) in kinds and message.audience is Audience.PRODUCTION:
            account = getattr(message, "account", None)
            if not type(message).private or master_of(account) == result.scenario.ecosystem.firm.name:
                sent.append((entry.at, entry.sequence, message))
    return sorted(sent, key=lambda one: one[:2])


def alerts_alone(result, monitor=None, sent=None):
    """What the monitor says, fed the recorded production deliveries and nothing else (``sent``, or from the record)."""
    scenario = result.scenario
    firm = frozenset({scenario.ecosystem.firm.name})
    randomness = SeededRandomness(result.header.seed)
    monitor = (monitor or Risk)(RISK, made_from.risk_parameters(scenario), randomness, firm)
    journal = MemoryJournal()
    recorder = Recorder(journal)
    kernel = Kernel([monitor], Links((), randomness), recorder.record, seed=0)
    kernel.begin(scenario.starts_at)
    heard = {kind for kind in monitor.hears if issubclass(kind, msgspec.Struct) and hasattr(kind, "audience")}
    for at, _, message in deliveries(result, heard) if sent is None else sent:
        kernel.run_before(at)
        kernel.admit("recorded", message, at)
    kernel.run_before(end_of(result))
    recorder.commit()
    entries = [decode_line(line, number) for number, line in enumerate(journal.lines(), 1)]
    return [(e.at, msgspec.json.encode(e.message)) for e in entries if e.sender == RISK]


def alerts_recorded(result):
    """What the monitor said in the run, up to its last instant, in which ``RunEnded`` cuts off what is still due."""
    said = (e for e in result.entries() if e.sender == RISK and e.at < end_of(result))
    return [(e.at, msgspec.json.encode(e.message)) for e in said]


def end_of(result):
    return result.scenario.starts_at + result.scenario.duration_ns


@pytest.mark.parametrize("name", NAMES)
def test_the_monitor_alone_says_byte_identical_alerts(name):
    result = trading_ecosystem.run(name, seed=5)
    recorded = alerts_recorded(result)
    assert len(recorded) > 10
    assert alerts_alone(result) == recorded


def test_over_links_with_latency_too(monkeypatch):
    """The flagship's feed takes a random moment, which no entry tells; so the deliveries themselves are recorded."""
    from trading_ecosystem import container

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
    short = ("duration=9h", "faults.depeg.hold=10m", "faults.depeg.recovery=10m")
    result = trading_ecosystem.run("stablecoin_depeg", seed=5, overrides=short)
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


def test_start_up_refuses_the_planted_wire(monkeypatch):
    from trading_ecosystem import container
    from trading_ecosystem.ports.errors import Forbidden

    monkeypatch.setattr(container, "Risk", Peeking)
    with pytest.raises(Forbidden, match="risk .* must not hear FaultInjected"):
        trading_ecosystem.run("market_crash", seed=3)


def test_the_same_test_fails_with_one_planted_wire(monkeypatch):
    from trading_ecosystem import container

    monkeypatch.setattr(container, "Risk", Peeking)
    monkeypatch.setitem(routing.ALLOWED_AUDIENCES, "risk", frozenset({Audience.PRODUCTION, Audience.CONTROL}))
    result = trading_ecosystem.run("market_crash", seed=3)
    assert alerts_alone(result, Peeking) != alerts_recorded(result)


def leaks(result, secrets):
    """Production messages of a record in which a secret of the scenario stands, in whatever field."""
    found = []
    for entry in result.entries():
        if entry.message.audience is Audience.PRODUCTION:
            text = msgspec.json.encode(entry.message).decode()
            found += [(entry.sequence, type(entry.message).__name__) for secret in secrets if secret in text]
    return found


LEAKY = ("faults.crash.id=zebra-7", "expectations.0.fault=zebra-7", "duration=2h")


def test_no_production_message_carries_a_fault_or_a_word_of_the_scenario():
    result = trading_ecosystem.run("market_crash", seed=3, overrides=LEAKY)
    assert result.passed
    assert any(b"zebra-7" in line for line in result.read_lines())
    assert leaks(result, ("zebra-7", "market_crash", result.scenario.title)) == []


class Leaking(MarketData):
    """A planted leak: the vendor feed names the first condition set on it as an instrument."""

    def price_condition_set(self, message, now):
        leak = PricePublished(instrument=message.condition_id, price_minor=1, priced_at=now, update=1)
        return [leak, *super().price_condition_set(message, now)]


def test_a_planted_production_message_that_carries_a_faults_id_is_caught(monkeypatch):
    from trading_ecosystem import container

    monkeypatch.setattr(container, "MarketData", Leaking)
    result = trading_ecosystem.run("market_crash", seed=3, overrides=LEAKY)
    assert [name for _, name in leaks(result, ("zebra-7",))] == ["PricePublished"]
