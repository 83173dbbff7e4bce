"""What a verification found: every check by name, and the first bad event."""

from __future__ import annotations

import msgspec


class FirstBad(msgspec.Struct, frozen=True):
    """The first event that is not the recorded one: its Merkle index, from 0, and its line in the journal, from 1."""

    index: int
    line: int
    sequence: int | None
    """The sequence that the event there states; ``None`` where it states none."""
    problem: str


class Check(msgspec.Struct, frozen=True):
    """One check and what came of it."""

    name: str
    passed: bool
    detail: str


class Verification(msgspec.Struct, frozen=True):
    """Whether a record is the one that was signed."""

    valid: bool
    entries: int
    merkle_root: str
    fingerprint: str
    """Whose signatures were checked: SHA-256 of the public key."""
    key_given: bool
    """False where the key was the evidence's own: then it is whole, and nobody knows who made it."""
    witnessed: int | None
    """How many events the witness covers; ``None`` without one."""
    first_bad: FirstBad | None
    checks: tuple[Check, ...]

    def text(self) -> str:
        """The findings for a terminal."""
        lines = [f"{'ok ' if one.passed else 'BAD'} {one.name}: {one.detail}" for one in self.checks]
        if self.first_bad is not None:
            bad = self.first_bad
            sequence = "" if bad.sequence is None else f", sequence {bad.sequence}"
            lines.append(f"first bad event: index {bad.index} (line {bad.line}{sequence}): {bad.problem}")
        if not self.key_given:
            lines.append(
                f"no key was given: checked with the evidence's own, {self.fingerprint[:16]}…, which shows that it is whole, "
                "and not who made it; compare the key with its maker's and give it with --key"
            )
        if self.witnessed is None:
            lines.append("no witness was given: whoever holds the private key could have made all of it anew")
        verdict = "VALID" if self.valid else "NOT VALID"
        lines.append(f"{verdict}: {self.entries:,} events, Merkle root {self.merkle_root}")
        return "\n".join(lines) + "\n"


class Findings:
    """Collects checks."""

    def __init__(self) -> None:
        self._checks: list[Check] = []
        self.bad: FirstBad | None = None

    @property
    def passed(self) -> bool:
        """Whether everything so far is as it should be."""
        return self.bad is None and all(one.passed for one in self._checks)

    def check(self, name: str, passed: bool, problem: str, shown: str = "") -> bool:
        """Note what came of a check; returns whether it passed."""
        self._checks.append(Check(name, passed, (shown or "as it should be") if passed else problem))
        return passed

    def result(self, entries: int, root: str, fingerprint: str, key_given: bool, witnessed: int | None) -> Verification:
        """Everything found."""
        return Verification(self.passed, entries, root, fingerprint, key_given, witnessed, self.bad, tuple(self._checks))
