"""A risk monitor that hears what a record says was delivered to the one in the run, of production's, and nothing else."""

from __future__ import annotations

from typing import Any

import msgspec

from trading_ecosystem.adapters import scenario_parameters as made_from
from trading_ecosystem.adapters.memory.journal import MemoryJournal
from trading_ecosystem.domains.risk.component import Risk
from trading_ecosystem.domains.test_coordination.scenario import RISK
from trading_ecosystem.messages.base import Audience, Message, master_of
from trading_ecosystem.messages.supervision import ComponentConditionSet
from trading_ecosystem.messages.test_coordination import LinkConditionApplied, LinkEffect
from trading_ecosystem.messages.units import Nanos
from trading_ecosystem.reports.run_result import RunResult
from trading_ecosystem.runtime.kernel import Kernel
from trading_ecosystem.runtime.links import Links
from trading_ecosystem.runtime.randomness import SeededRandomness
from trading_ecosystem.runtime.recorder import Recorder
from trading_ecosystem.runtime.replay import decode_line

Delivery = tuple[Nanos, int, Message]
"""When it was made, the sequence under which it was said, and the message."""

Alert = tuple[Nanos, bytes]
"""What the monitor said, and when."""


def deliveries(result: RunResult, kinds: set[type[Message]]) -> list[Delivery]:
    """What was delivered to the monitor, in order: said, corrected by link-fault entries.

    No link lets a message overtake what the same sender said before, unless an entry says that it was held back alone. The
    monitor's own pause is no message to it; it is here for the supervisor, so that what was delivered meanwhile waits.
    """
    firm = result.scenario.ecosystem.firm.name
    sent: list[Delivery] = []
    last_due: dict[str, Nanos] = {}
    for entry in result.entries():
        message = entry.message
        if isinstance(message, LinkConditionApplied) and message.receiver == RISK:
            _correct(sent, last_due, message)
        elif isinstance(message, ComponentConditionSet) and message.target == RISK:
            sent.append((entry.at, entry.sequence, message))
        elif type(message) in kinds and message.audience is Audience.PRODUCTION and _is_for(firm, message):
            sent.append((max(entry.at, last_due.get(entry.sender, 0)), entry.sequence, message))
    return sorted(sent, key=lambda one: one[:2])


def _is_for(firm: str, message: Any) -> bool:
    return not type(message).private or master_of(message.account) == firm


def _correct(sent: list[Delivery], last_due: dict[str, Nanos], applied: LinkConditionApplied) -> None:
    """Do to the last delivery what a broken link did to it."""
    _, sequence, message = sent[-1]
    if sequence != applied.sequence:
        return  # of a message that the monitor does not hear
    if applied.effect is LinkEffect.DUPLICATED:
        sent.append((applied.delivered_at, sequence, message))
        return
    sent.pop()
    if applied.effect is LinkEffect.DROPPED:
        return
    sent.append((applied.delivered_at, sequence, message))
    if applied.effect is LinkEffect.DELAYED:
        last_due[applied.sender] = applied.delivered_at


def alerts_alone(
    result: RunResult, monitor: type[Risk] = Risk, sent: list[Delivery] | None = None
) -> list[tuple[Nanos, bytes]]:
    """What the monitor says, fed the recorded production deliveries and nothing else (``sent``, or from the record).

    It is made from the scenario without its faults and without what is expected of it.
    """
    scenario = msgspec.structs.replace(result.scenario, faults=(), expectations=(), title="", description="")
    randomness = SeededRandomness(result.header.seed)
    alone: Any = monitor(RISK, made_from.risk_parameters(scenario), randomness, frozenset({scenario.ecosystem.firm.name}))
    journal = MemoryJournal()
    recorder = Recorder(journal)
    kernel = Kernel([alone], Links((), randomness), recorder.record, seed=0)
    kernel.begin(scenario.starts_at)
    heard = {kind for kind in alone.hears if issubclass(kind, msgspec.Struct) and hasattr(kind, "audience")}
    for at, _, message in deliveries(result, heard) if sent is None else sent:
        if at >= end_of(result):
            break
        kernel.run_before(at)
        kernel.admit("recorded", message, at)
    kernel.run_before(end_of(result))
    recorder.commit()
    entries = [decode_line(line, number) for number, line in enumerate(journal.lines(), 1)]
    return [(one.at, msgspec.json.encode(one.message)) for one in entries if one.sender == RISK]


def alerts_recorded(result: RunResult) -> list[Alert]:
    """What the monitor said in the run, up to its last instant, in which ``RunEnded`` cuts off what is still due."""
    said = (one for one in result.entries() if one.sender == RISK and one.at < end_of(result))
    return [(one.at, msgspec.json.encode(one.message)) for one in said]


def end_of(result: RunResult) -> Nanos:
    """The instant at which the run ends."""
    return result.scenario.starts_at + result.scenario.duration_ns
