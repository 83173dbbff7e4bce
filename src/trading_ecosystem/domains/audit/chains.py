"""Causal chains: from the injected fault over its effect and the market's answer to the alert, every link with its basis."""

from __future__ import annotations

from functools import cache
from typing import Final

from trading_ecosystem.domains.audit.attribution import Judged
from trading_ecosystem.domains.audit.faults import LabelledFault
from trading_ecosystem.domains.audit.intervals import Interval
from trading_ecosystem.messages.audit import CausalChain, ChainStep, LinkBasis
from trading_ecosystem.messages.base import Message
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.units import MILLISECOND, SECOND, assets_about

_NAMING_FIELDS: Final = ("subject", "instrument", "asset", "venue", "receiver", "account")
"""Where a message says what it is about, the most telling first."""


def chain(judged: Judged) -> CausalChain | None:
    """The chain that leads to an attributed alert; ``None`` for any other."""
    fault, interval = judged.fault, judged.interval
    if fault is None or interval is None:
        return None
    steps = [*_fault_steps(fault), _condition_step(judged, fault, interval), _alert_step(judged, interval)]
    first = steps[0]
    if first.basis is not None:
        steps[0] = ChainStep(first.sequence, first.at, first.sender, first.type, first.subject, None, first.detail)
    return CausalChain(fault.label.fault_id, judged.alert.raised.alert_id, tuple(steps))


def _fault_steps(fault: LabelledFault) -> list[ChainStep]:
    """What the record has of injection, effect, and the first message that the effect changed."""
    kind = fault.label.kind.value
    steps = []
    if fault.injected is not None:
        steps.append(_step(fault.injected, None, f"{kind} injected", ", ".join(fault.subjects[:1])))
    effect = fault.effect
    if effect is not None:
        steps.append(_step(effect.entry, LinkBasis.LABEL, f"{kind} takes effect"))
        if effect.first_changed is not None:
            steps.append(_step(effect.first_changed, LinkBasis.CAUSE, "first message changed"))
    return steps


def _condition_step(judged: Judged, fault: LabelledFault, interval: Interval) -> ChainStep:
    """The message at which the condition began to hold; by the envelope where it can be, else by what it is about."""
    entry = interval.entry
    raised = judged.alert.raised
    effect = fault.effect
    together = effect is not None and entry.sender == effect.entry.sender and entry.trace == effect.entry.trace
    changed = None if effect is None else effect.first_changed
    near = changed is not None and _share_an_asset(_subject(changed), _subject(entry))
    basis = LinkBasis.CAUSE if together else LinkBasis.SUBJECT if near else LinkBasis.LABEL
    detail = f"{raised.kind.value} begins to hold on {raised.subject}"
    if interval.begun_at > entry.at:
        waited = interval.begun_at - entry.at
        detail += f", {waited // SECOND} s" if waited >= SECOND else f", {waited // MILLISECOND} ms"
        detail += " after this was said"
    return ChainStep(entry.sequence, interval.begun_at, entry.sender, _type(entry), _subject(entry), basis, detail)


def _alert_step(judged: Judged, interval: Interval) -> ChainStep:
    entry = judged.alert.entry
    raised = judged.alert.raised
    basis = LinkBasis.CAUSE if entry.cause == interval.entry.sequence else LinkBasis.SUBJECT
    return _step(entry, basis, f"{raised.kind.value} raised, {raised.severity.value}", raised.subject)


def _step(entry: Entry, basis: LinkBasis | None, detail: str, subject: str | None = None) -> ChainStep:
    about = _subject(entry) if subject is None else subject
    return ChainStep(entry.sequence, entry.at, entry.sender, _type(entry), about, basis, detail)


def _share_an_asset(one: str, other: str) -> bool:
    """Whether two subjects are the same, or name an asset that both trade."""
    return one == other or any(asset in assets_about(other) for asset in assets_about(one))


def _type(entry: Entry) -> str:
    return type(entry.message).__name__


def _subject(entry: Entry) -> str:
    return subject_of(entry.message)


def subject_of(message: Message) -> str:
    """What a message is about, in a word; empty where it names nothing."""
    for name in _naming_fields(type(message)):
        value = getattr(message, name)
        if value is not None:
            return str(value)
    return ""


@cache
def _naming_fields(kind: type[Message]) -> tuple[str, ...]:
    return tuple(name for name in _NAMING_FIELDS if name in kind.__struct_fields__)
