"""Evidence that the record is whole: checkpoints, proofs of inclusion and of consistency, and the record itself."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import AsyncIterator
from typing import Annotated, Final

import msgspec
from litestar import Router, get
from litestar.response import Stream

from trading_ecosystem.adapters.audit_log import AuditLog
from trading_ecosystem.adapters.live_audit import LiveAudit
from trading_ecosystem.api.caller import Scope
from trading_ecosystem.api.decimals import instant_text
from trading_ecosystem.api.gateway import Gateway
from trading_ecosystem.api.problems import NoSuchThing
from trading_ecosystem.api.rest.audit.audit_bodies import CheckpointAnswer, ConsistencyAnswer, InclusionAnswer
from trading_ecosystem.api.rest.routing import needs
from trading_ecosystem.domains.audit.merkle import leaf_hash

Count = Annotated[int, msgspec.Meta(ge=1, le=2**53)]
Index = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
GZIP: Final = 31
"""What zlib calls a gzip stream with the largest window."""
_PIECE: Final = 64 * 1024


@get("/checkpoint", **needs(Scope.AUDIT))
async def get_checkpoint(gateway: Gateway, live_audit: LiveAudit, entries: Count | None = None) -> CheckpointAnswer:
    """The Merkle root over everything committed, or over the first so many entries."""
    log = await live_audit.log()
    size = _within(log, log.size if entries is None else entries)
    return CheckpointAnswer(size, log.root(size).hex(), instant_text(gateway.now()))


@get("/proofs/inclusion", **needs(Scope.AUDIT))
async def get_inclusion(live_audit: LiveAudit, index: Index, entries: Count | None = None) -> InclusionAnswer:
    """Prove that one line is in the record of so many entries, or in that of now."""
    log = await live_audit.log()
    size = _within(log, log.size if entries is None else entries)
    if index >= size:
        raise NoSuchThing(f"line {index} is not among the first {size} lines, which are numbered from 0")
    line = await live_audit.line(index)
    return InclusionAnswer(
        index=index,
        entries=size,
        line=line.decode(),
        leaf_hash=leaf_hash(line).hex(),
        proof=tuple(one.hex() for one in log.inclusion_proof(index, size)),
        merkle_root=log.root(size).hex(),
    )


@get("/proofs/consistency", **needs(Scope.AUDIT))
async def get_consistency(live_audit: LiveAudit, first: Count, second: Count | None = None) -> ConsistencyAnswer:
    """Prove that the record of `first` entries is the beginning of that of `second`, or of that of now."""
    log = await live_audit.log()
    size = _within(log, log.size if second is None else second)
    if first > size:
        raise NoSuchThing(f"{first} is more than the {size} entries of the second")
    proof = tuple(one.hex() for one in log.consistency_proof(first, size))
    return ConsistencyAnswer(first, size, log.root(first).hex(), log.root(size).hex(), proof)


@get("/evidence", media_type="application/gzip", **needs(Scope.AUDIT))
async def download_evidence(live_audit: LiveAudit) -> Stream:
    """The whole record as committed now, gzipped JSON lines: the header first, then each entry as it is a Merkle leaf."""
    log = await live_audit.log()
    entries = log.size
    headers = {
        "content-disposition": 'attachment; filename="journal.jsonl.gz"',
        "x-entries": str(entries),
        "x-merkle-root": log.root(entries).hex(),
    }
    return Stream(_compressed(live_audit, entries), media_type="application/gzip", headers=headers)


async def _compressed(live_audit: LiveAudit, entries: int) -> AsyncIterator[bytes]:
    pack = zlib.compressobj(wbits=GZIP)
    waiting = pack.compress(msgspec.json.encode(live_audit.header) + b"\n")
    number = 0
    async with contextlib.aclosing(live_audit.store.lines()) as lines:  # type: ignore[type-var]
        async for line in lines:
            if number == entries:
                break
            number += 1
            waiting += pack.compress(line + b"\n")
            if len(waiting) >= _PIECE:
                yield waiting
                waiting = b""
    yield waiting + pack.flush()


def _within(log: AuditLog, size: int) -> int:
    if not log.size:
        raise NoSuchThing("nothing is recorded yet")
    if size > log.size:
        raise NoSuchThing(f"{size} is more than the {log.size} entries of the record")
    return size


router = Router("", route_handlers=[get_checkpoint, get_inclusion, get_consistency, download_evidence], tags=["evidence"])
