"""The evidence of one run: follows it, and signs what was recorded once its directory is complete.

A run that is given no key uses the one in ``signing-key.pem`` beside its directory, which is made where there is none: so that
all runs of a folder bear one signature, and the private key is in none of what is handed over.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from trading_ecosystem.adapters.evidence.checkpoints import SignedCheckpoint
from trading_ecosystem.adapters.evidence.pack import CHECKPOINTS, Evidence, write_evidence
from trading_ecosystem.adapters.evidence.record_log import RecordLog
from trading_ecosystem.adapters.evidence.signing import SigningKey, read_or_make_key, read_signing_key
from trading_ecosystem.adapters.evidence.witness import read_witness, witness
from trading_ecosystem.adapters.run_directory import EVIDENCE
from trading_ecosystem.messages.envelope import Header
from trading_ecosystem.ports.errors import BadInput

SIGNING_KEY: Final = "signing-key.pem"


class RunEvidence:
    """``target`` is the run directory to be; raises :class:`BadInput` for a key or witness that cannot be used."""

    def __init__(self, target: Path, signing_key: Path | None, witness_file: Path | None) -> None:
        self._target = target
        self._key: SigningKey | None = None if signing_key is None else read_signing_key(signing_key)
        self._witness = witness_file
        self.record: Final = RecordLog()
        check_outside(target, signing_key)
        check_outside(target, witness_file)
        if witness_file is not None and witness_file.exists():
            read_witness(witness_file)

    def write(self, folder: Path, header: Header) -> Evidence:
        """Sign the files in ``folder``, all of which are complete."""
        key = self._key or read_or_make_key(self._target.resolve().parent / SIGNING_KEY)
        return write_evidence(folder, header, self.record, key)

    def remember(self, evidence: Evidence) -> Evidence:
        """Tell the witness, once the directory is in its place."""
        if self._witness is None:
            return evidence
        added = witness(self._witness, read_checkpoints(self._target), self.record.log())
        return msgspec.structs.replace(evidence, witness=str(self._witness), witnessed=added)


def check_outside(target: Path, path: Path | None) -> None:
    """Raise :class:`BadInput` where a key or witness lies inside the directory that is handed over."""
    if path is not None and target.resolve() in path.resolve().parents:
        raise BadInput(str(path), f"lies inside {target}, which is handed over; choose a place outside")


def read_checkpoints(directory: Path) -> list[SignedCheckpoint]:
    """The checkpoints of a directory that was just written."""
    lines = (directory / EVIDENCE / CHECKPOINTS).read_bytes().splitlines()
    return [msgspec.json.decode(line, type=SignedCheckpoint) for line in lines]
