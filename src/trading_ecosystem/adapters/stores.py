"""Picks the adapter for a store's URL."""

from __future__ import annotations

from pathlib import Path

from trading_ecosystem.adapters.live_folder import LiveFolder
from trading_ecosystem.adapters.memory.live_store import MemoryLiveStore
from trading_ecosystem.ports.errors import BadInput
from trading_ecosystem.ports.live_store import LiveStore

MEMORY = "memory:"
FILES = "files:"


async def open_live_store(url: str) -> LiveStore:
    """The live store behind ``memory:`` or ``files:FOLDER``; raises :class:`BadInput` for anything else."""
    if url == MEMORY:
        return MemoryLiveStore()
    if url.startswith(FILES):
        return LiveFolder(Path(url.removeprefix(FILES)))
    raise BadInput("--store", f"{url!r} is no store; expected {MEMORY}, {FILES}FOLDER")
