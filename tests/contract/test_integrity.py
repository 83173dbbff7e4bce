"""The database itself refuses what cannot be: constraints hold on SQLite and PostgreSQL, whoever writes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import insert, text, update
from tests.recorded_run import recorded_entries
from tests.servers import PASSWORDS

from trading_ecosystem.adapters.memory.history import MemoryHistory
from trading_ecosystem.adapters.sql.engines import Engines, writing
from trading_ecosystem.adapters.sql.failures import failures
from trading_ecosystem.adapters.sql.migrate import migrate
from trading_ecosystem.adapters.sql.tables import PROJECTIONS, SCHEMAS, JournalTables, SchemaTables
from trading_ecosystem.adapters.sql.urls import SqliteStore, SqlStore
from trading_ecosystem.domains.custodian import records as custodian
from trading_ecosystem.domains.exchange import records as exchange
from trading_ecosystem.domains.market_data import records as market_data
from trading_ecosystem.domains.risk import records as risk
from trading_ecosystem.domains.trading import records as trading
from trading_ecosystem.ports.errors import Conflict
from trading_ecosystem.ports.records import Record


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> SqlStore:
    if request.param == "postgresql":
        return request.getfixturevalue("postgresql_copy")
    store = SqliteStore(tmp_path)
    asyncio.run(migrate(store))
    return store


BROKEN: list[tuple[str, type[Record], dict[str, Any]]] = [
    ("exchange", exchange.OrderRecord, {"quantity_lots": 0}),
    ("exchange", exchange.OrderRecord, {"price_ticks": -1}),
    ("exchange", exchange.OrderStateRecord, {"cumulative_lots": -1}),
    ("exchange", exchange.OrderStateRecord, {"leaves_lots": 1, "status": "filled"}),
    ("exchange", exchange.FillRecord, {"quantity_lots": -5}),
    ("exchange", exchange.FillRecord, {"fee_minor": -1}),
    ("exchange", exchange.TradeRecord, {"seller_fee_minor": -1}),
    ("exchange", exchange.ClaimRecord, {"available_minor": -1, "held_minor": 1, "total_minor": 0}),
    ("exchange", exchange.ClaimRecord, {"available_minor": 5, "held_minor": 6, "total_minor": 10}),
    ("exchange", exchange.FeeScheduleRecord, {"maker_fee_ppm": -1}),
    ("custodian", custodian.Holding, {"amount_minor": -1}),
    ("custodian", custodian.InstructionSide, {"fee_minor": -1}),
    ("custodian", custodian.Posting, {"status": "posted", "posted_at": None}),
    ("custodian", custodian.Posting, {"balance_after": -1}),
    ("custodian", custodian.ExternalOrPledgeTransfer, {"amount_minor": 0}),
    ("market_data", market_data.TradeSummary, {"buyer_initiated_lots": 2**62}),
    ("market_data", market_data.Candle, {"close_minor": 2**62}),
    ("risk", risk.LimitRecord, {"version": 0}),
    ("trading", trading.OrderRecord, {"cumulative_lots": 2**62, "state": "filled"}),
    ("trading", trading.OrderRecord, {"quantity_lots": 0, "cumulative_lots": 0, "state": "new"}),
]


def test_rows_that_cannot_be_are_refused(store: SqlStore) -> None:
    """Each broken row is a real one of a run with one thing changed; the real one goes in, the broken one does not."""

    async def work() -> None:
        engines = Engines(store, PASSWORDS)
        for schema, kind, change in BROKEN:
            memory = MemoryHistory(PROJECTIONS[schema])
            await memory.apply(recorded_entries())
            (row, *_) = await memory.rows(kind)
            kept = SchemaTables(PROJECTIONS[schema]).of[kind]
            await refused(engines, store, schema, insert(kept.table), kept.values(row) | change)
            async with writing(engines.of(schema)).begin() as connection:
                await connection.execute(insert(kept.table), kept.values(row))
                await connection.execute(kept.table.delete())
        await engines.close()

    asyncio.run(work())


async def refused(engines: Engines, store: SqlStore, schema: str, statement: Any, values: dict[str, Any]) -> None:
    with pytest.raises(Conflict) as error, failures(str(store)):
        async with writing(engines.of(schema)).begin() as connection:
            await connection.execute(statement, values)
    assert "constraint" in str(error.value)
    assert str(error.value).startswith(f"{store}: ")


def test_one_name_of_an_order_means_one_order(store: SqlStore) -> None:
    kept = SchemaTables(exchange).of[exchange.ClientOrderIdRecord]
    named = exchange.ClientOrderIdRecord("alpha", "fund", "mine", 7)

    async def work() -> None:
        engines = Engines(store, PASSWORDS)
        async with writing(engines.of("exchange")).begin() as connection:
            await connection.execute(insert(kept.table), kept.values(named))
        for other in (msgspec.structs.replace(named, order_id=8), msgspec.structs.replace(named, client_order_id="other")):
            await refused(engines, store, "exchange", insert(kept.table), kept.values(other))
        await engines.close()

    asyncio.run(work())


def test_the_journal_numbers_lines_once_and_from_one(store: SqlStore) -> None:
    tables = JournalTables()

    async def work() -> None:
        engines = Engines(store, PASSWORDS)
        async with writing(engines.of("journal")).begin() as connection:
            await connection.execute(insert(tables.entries), {"line_number": 1, "sequence": 4, "line": b"{}"})
        for line_number, sequence in ((1, 5), (2, 4), (0, 6), (-1, 7)):
            values = {"line_number": line_number, "sequence": sequence, "line": b"{}"}
            await refused(engines, store, "journal", insert(tables.entries), values)
        for values in ({"first_line": 3, "last_line": 2, "digest": b""}, {"first_line": 0, "last_line": 2, "digest": b""}):
            await refused(engines, store, "journal", insert(tables.batches), values)
        await engines.close()

    asyncio.run(work())


def test_a_position_is_one_row(store: SqlStore) -> None:
    table = SchemaTables(risk).position

    async def work() -> None:
        engines = Engines(store, PASSWORDS)
        async with writing(engines.of("risk")).begin() as connection:
            await connection.execute(insert(table), {"one": 1, "position": 4})
            await connection.execute(update(table).values(position=5))
        for one in (1, 2):
            await refused(engines, store, "risk", insert(table), {"one": one, "position": 6})
        await engines.close()

    asyncio.run(work())


@pytest.mark.parametrize("schema", [schema for schema in SCHEMAS if schema != "journal"])
def test_records_come_back_as_they_went_in(schema: str, tmp_path: Path) -> None:
    """Every record type, with the least, the most and nothing in its fields."""
    samples: dict[Any, Callable[[int], Any]] = {
        int: lambda n: (-(2**63), 2**63 - 1, 0)[n],
        str: lambda n: ("", "ünï 'quoted\" \n⁻⁸", "a")[n],
        bool: lambda n: bool(n % 2),
    }
    store = SqliteStore(tmp_path)

    def value(hint: Any, n: int) -> Any:
        if hint in samples:
            return samples[hint](n)
        inspected = msgspec.inspect.type_info(hint)
        if isinstance(inspected, msgspec.inspect.EnumType):
            return list(inspected.cls)[n % len(inspected.cls)]
        if isinstance(inspected, msgspec.inspect.UnionType):
            return None if n == 0 else value(next(one for one in hint.__args__ if one is not type(None)), n)
        assert isinstance(inspected, msgspec.inspect.VarTupleType), hint
        return tuple("ab"[:n])

    async def work() -> None:
        engines = Engines(store)
        tables = SchemaTables(PROJECTIONS[schema])
        engine = engines.of(schema)
        async with writing(engine).begin() as connection:
            await connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
            await connection.run_sync(tables.metadata.create_all)
        for kind, kept in tables.of.items():
            hints = {field.name: field for field in msgspec.structs.fields(kind)}
            for n in range(3):
                record = kind(**{name: value(field.type, n) for name, field in hints.items()})
                async with writing(engine).begin() as connection:
                    await connection.execute(text("PRAGMA ignore_check_constraints = ON"))
                    await connection.execute(insert(kept.table), kept.values(record))
                    row = (await connection.execute(kept.table.select())).one()
                    assert kept.record(row) == record
                    if not tables.append_only:
                        await connection.execute(kept.table.delete())
                    else:
                        await connection.execute(text("DELETE FROM " + kept.table.name))
        await engines.close()

    asyncio.run(work())
