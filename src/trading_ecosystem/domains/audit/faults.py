"""The truth about faults: injected, took effect, labelled, ended, and the first message that each one changed."""

from __future__ import annotations

from trading_ecosystem.domains.audit.intervals import ConditionTrack, PeakWatch, Tracks
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.test_coordination import (
    ConditionEnded,
    ConditionTookEffect,
    FaultInjected,
    GroundTruthClosed,
    GroundTruthLabelled,
)
from trading_ecosystem.messages.units import Nanos


class Effect:
    """A condition that took effect, and the message said together with it: the first that it changed."""

    __slots__ = ("entry", "first_changed", "message")

    def __init__(self, entry: Entry, message: ConditionTookEffect) -> None:
        self.entry = entry
        self.message = message
        self.first_changed: Entry | None = None


class LabelledFault:
    """A fault that really took effect, with everything the record says about it."""

    __slots__ = ("effect", "ended_at", "injected", "label", "subjects", "watched")

    def __init__(self, label: GroundTruthLabelled, injected: Entry | None, effect: Effect | None) -> None:
        self.label = label
        self.injected = injected
        self.effect = effect
        self.ended_at: Nanos | None = None
        aims = injected.message.subjects if injected is not None and isinstance(injected.message, FaultInjected) else ()
        self.subjects: tuple[str, ...] = (*aims, *label.expected_subjects)
        """What it aims at and what it is expected to show on."""
        self.watched: list[tuple[ConditionTrack, PeakWatch]] = []

    @property
    def peak(self) -> int:
        """Largest value of the expected alert's measure on any expected subject while the fault lasted."""
        return max((watch.peak for _, watch in self.watched), default=0)

    def ended_by(self, instant: Nanos) -> Nanos:
        """When it ended, or ``instant`` where it has not."""
        return instant if self.ended_at is None else self.ended_at


class Faults:
    """All faults in the order of their labels."""

    def __init__(self, tracks: Tracks) -> None:
        self.labelled: list[LabelledFault] = []
        self.awaiting: list[Effect] = []
        """Effects whose first changed message may be the next entry."""
        self._tracks = tracks
        self._injected: dict[str, Entry] = {}
        self._effects: dict[int, Effect] = {}
        self._open: dict[str, LabelledFault] = {}

    def fault_injected(self, message: FaultInjected, entry: Entry) -> None:
        """The coordinator set the condition of a fault."""
        self._injected[message.fault_id] = entry

    def condition_took_effect(self, message: ConditionTookEffect, entry: Entry) -> None:
        """A condition changes its first message, which follows in the same handling."""
        effect = self._effects[entry.sequence] = Effect(entry, message)
        self.awaiting.append(effect)

    def follow(self, entry: Entry) -> None:
        """Hold an entry against the effects that await the first message they changed."""
        if isinstance(entry.message, ConditionTookEffect | ConditionEnded):
            return
        waiting = []
        for effect in self.awaiting:
            if entry.at != effect.entry.at:
                continue
            if entry.sender == effect.entry.sender:
                effect.first_changed = entry
            else:
                waiting.append(effect)
        self.awaiting = waiting

    def labelled_with(self, message: GroundTruthLabelled, entry: Entry) -> None:
        """The truth about a fault is known: follow the measure of the alert it ought to raise."""
        fault = LabelledFault(message, self._injected.get(message.fault_id), self._effect_of(message, entry))
        if message.expected_alert is not None:
            for subject in message.expected_subjects:
                track = self._tracks.of(message.expected_alert, subject)
                fault.watched.append((track, track.watch()))
        self.labelled.append(fault)
        self._open[message.fault_id] = fault

    def closed(self, message: GroundTruthClosed) -> None:
        """A fault's effect ended."""
        fault = self._open.pop(message.fault_id, None)
        if fault is not None:
            fault.ended_at = message.ended_at
            for track, watch in fault.watched:
                track.unwatch(watch)

    def _effect_of(self, label: GroundTruthLabelled, entry: Entry) -> Effect | None:
        """The effect whose handling said the label, or else the one that the label describes."""
        if entry.cause in self._effects:
            return self._effects[entry.cause]
        for effect in reversed(self._effects.values()):
            message = effect.message
            if (message.component, message.subject, effect.entry.at) == (label.component, label.first_subject, label.onset_at):
                return effect
        return None
