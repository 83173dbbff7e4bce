"""Events are cut by sequence in PostgreSQL: what is old goes as whole partitions, the rest of it row by row."""

from __future__ import annotations

import asyncio
from collections import Counter

import asyncpg
import msgspec
import pytest
from sqlalchemy import Connection
from tests.contract.postgresql_rights import connect
from tests.servers import PASSWORDS

from trading_ecosystem.adapters.sql import partitions
from trading_ecosystem.adapters.sql.engines import Engines, administrator_engine
from trading_ecosystem.adapters.sql.migrate import migrate
from trading_ecosystem.adapters.sql.records import SqlHistory
from trading_ecosystem.adapters.sql.retain import delete_before
from trading_ecosystem.adapters.sql.urls import PostgresqlStore
from trading_ecosystem.domains.audit import records as audit
from trading_ecosystem.domains.audit.event_records import EventRecord
from trading_ecosystem.messages.envelope import EntryKind
from trading_ecosystem.ports.records import Upsert, Within

EVENT = EventRecord(1, 1, EntryKind.SAID, "alpha", None, 1, "QuoteChanged", "BTC/USD", "", "{}")
SIZE = partitions.SEQUENCES


def events(*sequences: int) -> list[Upsert]:
    """Events that are a nanosecond apart."""
    return [Upsert(msgspec.structs.replace(EVENT, sequence=sequence, at=sequence)) for sequence in sequences]


async def where(store: PostgresqlStore) -> dict[str, int]:
    """Rows by partition, those without any left out."""
    connection = await connect(store, None)
    try:
        rows = await connection.fetch("SELECT tableoid::regclass::text AS part FROM audit.events")
        return dict(Counter(row["part"] for row in rows))
    finally:
        await connection.close()


def test_rows_lie_by_sequence_and_old_ones_go_with_their_partition(postgresql_copy: PostgresqlStore) -> None:
    far = SIZE * 1_000

    async def work() -> None:
        engines = Engines(postgresql_copy, PASSWORDS)
        history = SqlHistory(engines.of("audit"), audit, str(postgresql_copy))
        await history.take(events(1, 2, SIZE - 1, SIZE, SIZE + 7, 2 * SIZE + 1, far))
        assert await where(postgresql_copy) == {
            "audit.events_000000": 3,
            "audit.events_000001": 2,
            "audit.events_000002": 1,
            "audit.events_rest": 1,
        }
        await history.take(events(2, SIZE))
        assert len(await history.rows(EventRecord, {"at": Within(None, far + 1)})) == 7
        assert await delete_before(postgresql_copy, "audit", EventRecord, "at", SIZE + 5) == 4
        assert [row.sequence for row in await history.rows(EventRecord)] == [SIZE + 7, 2 * SIZE + 1, far]
        # What lies in the last partition stays there, and the next ones are made after it.
        await history.take(events(far + 1, far + SIZE, far + 2 * SIZE))
        assert await where(postgresql_copy) == {
            "audit.events_000001": 1,
            "audit.events_000002": 1,
            "audit.events_rest": 2,
            "audit.events_001001": 1,
            "audit.events_001002": 1,
        }
        await history.close()
        await engines.close()

    asyncio.run(work())


def test_a_partition_is_as_append_only_as_its_table(postgresql_copy: PostgresqlStore) -> None:
    async def work() -> None:
        owner, runtime = await connect(postgresql_copy, None), await connect(postgresql_copy, "audit")
        await owner.execute(f'SET ROLE "{postgresql_copy.owner("audit")}"')
        for connection in (owner, runtime):
            for statement in ("UPDATE {} SET at = 1", "DELETE FROM {}", "TRUNCATE {}"):
                for partition in ("audit.events_000000", "audit.events_000007", "audit.events_rest"):
                    with pytest.raises(asyncpg.InsufficientPrivilegeError):
                        await connection.execute(statement.format(partition))
        await owner.close()
        await runtime.close()

    asyncio.run(work())


def test_migrating_again_makes_what_is_missing_ahead(postgresql_copy: PostgresqlStore) -> None:
    def count(connection: Connection) -> int:
        return len(partitions.partitions(connection, "audit", "events"))

    async def work() -> None:
        engine = administrator_engine(postgresql_copy)
        async with engine.begin() as connection:
            assert await connection.run_sync(count) == partitions.AHEAD + 1
        engines = Engines(postgresql_copy, PASSWORDS)
        history = SqlHistory(engines.of("audit"), audit, "store")
        await history.take(events(5 * SIZE + 1))
        await history.close()
        await engines.close()
        await migrate(postgresql_copy, PASSWORDS)
        async with engine.begin() as connection:
            assert await connection.run_sync(count) == partitions.AHEAD + 1 + 5
        await engine.dispose()

    asyncio.run(work())
