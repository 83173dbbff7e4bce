"""Live stores of each kind for tests: opened, and opened again on what they kept."""

from __future__ import annotations

from trading_ecosystem.adapters.memory.live_store import MemoryLiveStore
from trading_ecosystem.adapters.stores import open_live_store

KINDS = ("memory", "files")


class LiveStores:
    """One place where something is kept; use as a context manager."""

    def __init__(self, kind, folder):
        self.kind = kind
        self.folder = folder
        self.memory = MemoryLiveStore()
        self.url = {"memory": "memory:", "files": f"files:{folder}/live"}[kind]

    async def open(self):
        return self.memory if self.kind == "memory" else await open_live_store(self.url)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None
