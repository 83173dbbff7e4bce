"""Live stores of each kind for tests: opened, and opened again on what they kept."""

from __future__ import annotations

import asyncio

from tests.servers import PASSWORDS

from trading_ecosystem.adapters.memory.live_store import MemoryLiveStore
from trading_ecosystem.adapters.sql.migrate import migrate
from trading_ecosystem.adapters.sql.urls import parse_sql_store
from trading_ecosystem.adapters.stores import open_live_store

KINDS = ("memory", "files", "sqlite", "postgresql")


class LiveStores:
    """One place where something is kept, for one test (``request`` is pytest's)."""

    def __init__(self, kind, folder, request):
        self.kind = kind
        self.folder = folder / "live"
        self.memory = MemoryLiveStore()
        if kind == "postgresql":
            self.url = request.getfixturevalue("postgresql_url")
            asyncio.run(migrate(parse_sql_store(self.url), PASSWORDS))
        else:
            self.url = {"memory": "memory:", "files": f"files:{self.folder}", "sqlite": f"sqlite:///{self.folder}"}[kind]

    async def open(self):
        return self.memory if self.kind == "memory" else await open_live_store(self.url, PASSWORDS)
