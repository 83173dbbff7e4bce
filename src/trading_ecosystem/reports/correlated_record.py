"""What correlation rules find in a record, as a document and as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from trading_ecosystem.domains.audit.chains import subject_of
from trading_ecosystem.domains.audit.correlated_chains import CorrelatedChain, chains
from trading_ecosystem.domains.audit.correlation import Correlation, Rule, RuleFindings, correlate
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.units import PARTS_PER_MILLION
from trading_ecosystem.reports.wording import duration_text


class ShownEvent(msgspec.Struct, frozen=True):
    """An event of a chain, in a few words."""

    sequence: int
    at: int
    type: str
    subject: str


class CorrelatedRecord(msgspec.Struct, frozen=True):
    """Findings of every rule, and the chains that begin at events of the type asked for."""

    rules: tuple[RuleFindings, ...]
    chains: tuple[CorrelatedChain, ...]
    events: tuple[ShownEvent, ...]
    """The events that the chains name."""

    def text(self) -> str:
        """The findings for a terminal."""
        lines = [
            f"{one.rule}: {one.triggers:,} triggers, {one.effects:,} effects; {one.by_cause:,} links by cause, "
            f"{one.by_statistics:,} by statistics, {one.below_confidence:,} not believed, "
            f"{one.unexplained_effects:,} effects unexplained, {one.triggers_without_effect:,} triggers without effect"
            + ("" if one.mean_delay_ns is None else f"; {duration_text(one.mean_delay_ns)} on average")
            + ("" if one.agreement_ppm is None else f"; statistics agree with the causes in {_percent(one.agreement_ppm)}")
            for one in self.rules
        ]
        shown = {event.sequence: event for event in self.events}
        for chain in self.chains:
            took, confidence = duration_text(chain.delay_ns), _percent(chain.confidence_ppm)
            lines.append(f"\nchain of {len(chain.links)} links, {took}, confidence {confidence}")
            lines.append(f"  {_event(shown[chain.root])}")
            lines += [
                f"  {_event(shown[link.effect])}  [{link.rule}: {link.basis.value}, after "
                f"{duration_text(link.delay_ns)}, {_percent(link.confidence_ppm)}]"
                for link in chain.links
            ]
        return "\n".join(lines) + "\n"


def correlate_record(rules: Sequence[Rule], entries: Iterable[Entry], root: str, *, causes: bool = True) -> CorrelatedRecord:
    """Apply rules to a record; chains begin at events of type ``root``. Without ``causes`` the envelopes are not looked at."""
    roots: dict[int, Entry] = {}
    kept: dict[int, ShownEvent] = {}
    wanted = {kind for rule in rules for kind in (rule.trigger.type, rule.effect.type)}

    def watched() -> Iterable[Entry]:
        for entry in entries:
            kind = type(entry.message).__name__
            if kind == root:
                roots[entry.sequence] = entry
            if kind in wanted or kind == root:
                kept[entry.sequence] = ShownEvent(entry.sequence, entry.at, kind, subject_of(entry.message))
            yield entry

    found: list[Correlation] = correlate(rules, watched())
    linked = chains((link for one in found for link in one.links(causes=causes)), roots)
    named = sorted({place for chain in linked for place in (chain.root, *(link.effect for link in chain.links))})
    return CorrelatedRecord(tuple(one.findings() for one in found), tuple(linked), tuple(kept[one] for one in named))


def _event(event: ShownEvent) -> str:
    return f"{event.sequence} {event.type} {event.subject}".rstrip()


def _percent(ppm: int) -> str:
    return f"{ppm * 100 / PARTS_PER_MILLION:.1f} %"
