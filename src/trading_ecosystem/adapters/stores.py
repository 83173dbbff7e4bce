"""Picks the adapter for a store's URL.

``memory:`` keeps nothing beyond the process; ``sqlite:///FOLDER``, or a plain path, one SQLite file per schema;
``postgresql://…`` a database; ``files:FOLDER`` plain files, for a live ecosystem's journal alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from trading_ecosystem.adapters.live_folder import LiveFolder
from trading_ecosystem.adapters.memory.live_store import MemoryLiveStore
from trading_ecosystem.adapters.run_directory import HEADER
from trading_ecosystem.ports.errors import BadInput
from trading_ecosystem.ports.live_store import LiveStore
from trading_ecosystem.settings import Passwords, read_settings

MEMORY: Final = "memory:"
FILES: Final = "files:"


async def open_live_store(url: str, passwords: Passwords | None = None) -> LiveStore:
    """The live store behind a URL, this process's until it is closed; passwords are the environment's if none are given.

    Raises :class:`trading_ecosystem.ports.errors.BadInput` where the URL or what is behind it cannot be used, and
    :class:`trading_ecosystem.ports.errors.Conflict` where another process runs it.
    """
    if url == MEMORY:
        return MemoryLiveStore()
    if url.startswith(FILES):
        return LiveFolder(Path(url.removeprefix(FILES)))
    # Only now: a run in memory does not wait for SQLAlchemy.
    from trading_ecosystem.adapters.sql.live_store import open_sql_live_store
    from trading_ecosystem.adapters.sql.opening import open_engines
    from trading_ecosystem.adapters.sql.tables import JOURNAL
    from trading_ecosystem.adapters.sql.urls import parse_sql_store

    store = parse_sql_store(url)
    given = read_settings().store_passwords if passwords is None else passwords
    return await open_sql_live_store(await open_engines(store, given, [JOURNAL]))


def check_kept(url: str) -> None:
    """Raise :class:`BadInput` where nothing was ever kept and opening the URL would make a store, for who only reads.

    A PostgreSQL store is never made by opening it, so it is not looked at here.
    """
    if url == MEMORY:
        raise BadInput("--store", f"{url} keeps nothing beyond its process; expected sqlite:///FOLDER or postgresql://…")
    if url.startswith(FILES):
        folder, first = Path(url.removeprefix(FILES)), HEADER
    else:
        from trading_ecosystem.adapters.sql.tables import JOURNAL
        from trading_ecosystem.adapters.sql.urls import SqliteStore, parse_sql_store

        store = parse_sql_store(url)
        if not isinstance(store, SqliteStore):
            return
        folder, first = store.folder, store.file(JOURNAL).name
    if not (folder / first).is_file():
        raise BadInput("--store", f"there is no store in {folder}: expected {first} there, as `run --store` writes it")
