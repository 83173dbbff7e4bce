"""Opens the histories of all seven domains for a store's URL."""

from __future__ import annotations

from trading_ecosystem.adapters.domain_records import PROJECTIONS
from trading_ecosystem.adapters.memory.history import MemoryHistory
from trading_ecosystem.adapters.stores import FILES, MEMORY
from trading_ecosystem.ports.errors import BadInput
from trading_ecosystem.ports.records import HistoryStore
from trading_ecosystem.settings import Passwords, read_settings


async def open_histories(url: str, passwords: Passwords | None = None) -> dict[str, HistoryStore]:
    """Every domain's history, by name; close each at the end. Passwords are the environment's if none are given.

    Raises :class:`trading_ecosystem.ports.errors.BadInput` where the URL, or what is behind it, cannot be used.
    """
    if url == MEMORY:
        return {name: MemoryHistory(projection) for name, projection in PROJECTIONS.items()}
    if url.startswith(FILES):
        raise BadInput("--store", f"{FILES} keeps a journal and no history; expected {MEMORY}, sqlite:///… or postgresql://…")
    # Only now: a run in memory does not wait for SQLAlchemy.
    from trading_ecosystem.adapters.sql.opening import open_engines
    from trading_ecosystem.adapters.sql.records import SqlHistory
    from trading_ecosystem.adapters.sql.urls import parse_sql_store

    store = parse_sql_store(url)
    given = read_settings().store_passwords if passwords is None else passwords
    engines = await open_engines(store, given, list(PROJECTIONS))
    return {name: SqlHistory(engines.of(name), projection, str(store)) for name, projection in PROJECTIONS.items()}
