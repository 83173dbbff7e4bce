"""What somebody with every right in the database may do to a stored trail: each way says which index is the first bad one."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import delete, insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from trading_ecosystem.adapters.batch_digests import NO_BATCH, batch_digest
from trading_ecosystem.adapters.domain_records import PROJECTIONS
from trading_ecosystem.adapters.sql.engines import administrator_engine, sqlite_engine, writing
from trading_ecosystem.adapters.sql.stored_trail import open_stored_trail
from trading_ecosystem.adapters.sql.tables import JournalTables, SchemaTables
from trading_ecosystem.adapters.sql.urls import SqliteStore, SqlStore
from trading_ecosystem.domains.audit.event_records import EventRecord, event_of
from trading_ecosystem.messages.envelope import decode_entry
from trading_ecosystem.settings import Passwords

JOURNAL = JournalTables()
EVENTS = SchemaTables(PROJECTIONS["audit"]).of[EventRecord].table
FIELDS = EventRecord.__struct_fields__


class Trail:
    """The rows of a stored trail, to be changed and written back."""

    def __init__(self, lines: list[list[Any]], batches: list[list[Any]], events: list[list[Any]]) -> None:
        self.lines = lines
        self.batches = batches
        self.events = events

    def copy(self) -> Trail:
        return Trail(*([list(row) for row in rows] for rows in (self.lines, self.batches, self.events)))

    def renumber(self) -> None:
        """Close every gap in the numbers of lines."""
        for number, row in enumerate(self.lines, 1):
            row[0] = number

    def rehash(self) -> None:
        """Compute every digest of the store again, and audit's events too."""
        self.renumber()
        lines = [row[2] for row in self.lines]
        half = max(1, len(lines) // 2)
        first = batch_digest(NO_BATCH, 1, lines[:half])
        self.batches = [[half, 1, first]]
        if len(lines) > half:
            self.batches.append([len(lines), half + 1, batch_digest(first, half + 1, lines[half:])])
        self.events = [list(msgspec.structs.astuple(event_of(decode_entry(line)))) for line in lines]


async def read_trail(url: str, passwords: Passwords) -> Trail:
    """What a store holds."""
    stored = await open_stored_trail(url, passwords)
    try:
        return Trail(
            [list(row) async for row in stored.lines()],
            [list(row) async for row in stored.batches()],
            [list(row) async for row in stored.events()],
        )
    finally:
        await stored.close()


def write_trail(store: SqlStore, trail: Trail) -> None:
    """Put these rows in the place of what a store holds, past every trigger."""
    asyncio.run(_write_trail(store, trail))


async def _write_trail(store: SqlStore, trail: Trail) -> None:
    for schema, tables in (
        ("journal", ((JOURNAL.entries, trail.lines), (JOURNAL.batches, trail.batches))),
        ("audit", ((EVENTS, trail.events),)),
    ):
        sqlite = isinstance(store, SqliteStore)
        engine = sqlite_engine(store, schema) if isinstance(store, SqliteStore) else administrator_engine(store)
        async with writing(engine).begin() as connection:
            await _lift_triggers(connection, sqlite)
            for table, rows in tables:
                await connection.execute(delete(table))
                names = [column.name for column in table.columns]
                await connection.execute(insert(table), [dict(zip(names, row, strict=True)) for row in rows])
        await engine.dispose()


async def _lift_triggers(connection: AsyncConnection, sqlite: bool) -> None:
    if not sqlite:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        return
    for (name,) in (await connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))).all():
        await connection.execute(text(f"DROP TRIGGER {name}"))


def flip_a_bit(trail: Trail, draw: random.Random) -> int:
    """One bit of one line."""
    index = draw.randrange(len(trail.lines))
    line = bytearray(trail.lines[index][2])
    line[draw.randrange(len(line))] ^= 1 << draw.randrange(8)
    trail.lines[index][2] = bytes(line)
    return index


def delete_a_line(trail: Trail, draw: random.Random) -> int:
    index = draw.randrange(len(trail.lines))
    del trail.lines[index]
    return index


def delete_an_entry_everywhere(trail: Trail, draw: random.Random) -> int:
    index = draw.randrange(len(trail.lines))
    del trail.lines[index], trail.events[index]
    trail.renumber()
    return index


def swap_two_lines(trail: Trail, draw: random.Random) -> int:
    one, other = sorted(draw.sample(range(len(trail.lines)), 2))
    trail.lines[one][1:], trail.lines[other][1:] = trail.lines[other][1:], trail.lines[one][1:]
    return one


def swap_and_rehash(trail: Trail, draw: random.Random) -> int:
    index = swap_two_lines(trail, draw)
    events = trail.events
    trail.rehash()
    trail.events = events
    return index


def cut_the_tail(trail: Trail, draw: random.Random) -> int:
    """Lines only: the store's own digests tell."""
    index = draw.randrange(1, len(trail.lines))
    del trail.lines[index:]
    return index


def cut_the_tail_and_rehash(trail: Trail, draw: random.Random) -> int:
    """Everything of the last entries is gone, and all digests fit."""
    index = draw.randrange(1, len(trail.lines))
    del trail.lines[index:]
    trail.rehash()
    return index


def rewrite_and_rehash(trail: Trail, draw: random.Random) -> int:
    """An entry says something else, well formed, and all digests and audit's events fit it."""
    index = draw.randrange(len(trail.lines))
    line = trail.lines[index][2]
    entry = decode_entry(line)
    at = entry.at + draw.choice((-1, 1)) * draw.randrange(1, 10**9)
    trail.lines[index][2] = line.replace(b'"at":%d' % entry.at, b'"at":%d' % at, 1)
    assert trail.lines[index][2] != line
    trail.rehash()
    return index


def append_a_forgery(trail: Trail, draw: random.Random) -> int:
    """A forged entry in the middle, everything after it moved on."""
    index = draw.randrange(1, len(trail.lines))
    entry = decode_entry(trail.lines[index - 1][2])
    sequence = max(row[1] for row in trail.lines) + 1
    forged = trail.lines[index - 1][2].replace(b'"sequence":%d' % entry.sequence, b'"sequence":%d' % sequence, 1)
    trail.lines.insert(index, [0, sequence, forged])
    events = trail.events
    trail.rehash()
    trail.events = events
    return index


def renumber_a_line(trail: Trail, draw: random.Random) -> int:
    trail.lines[-1][0] += draw.randrange(1, 100)
    return len(trail.lines) - 1


def change_a_sequence(trail: Trail, draw: random.Random) -> int:
    index = draw.randrange(len(trail.lines))
    trail.lines[index][1] = 10**9 + index
    return index


def change_an_event(trail: Trail, draw: random.Random) -> int:
    """One field of what audit keeps; the journal is untouched."""
    index = draw.randrange(len(trail.events))
    place = draw.choice([FIELDS.index(name) for name in ("at", "sender", "trace", "type", "subject", "account", "message")])
    value = trail.events[index][place]
    trail.events[index][place] = value + 1 if isinstance(value, int) else value + "x"
    return index


def delete_an_event(trail: Trail, draw: random.Random) -> int:
    index = draw.randrange(len(trail.events))
    del trail.events[index]
    return index


def swap_two_events(trail: Trail, draw: random.Random) -> int:
    one, other = sorted(draw.sample(range(len(trail.events)), 2))
    trail.events[one][1:], trail.events[other][1:] = trail.events[other][1:], trail.events[one][1:]
    return one


def cut_the_events(trail: Trail, draw: random.Random) -> int:
    index = draw.randrange(1, len(trail.events))
    del trail.events[index:]
    return index


def forge_an_event(trail: Trail, draw: random.Random) -> int:
    """An event more, after the last."""
    forged = list(trail.events[-1])
    forged[0] += draw.randrange(1, 1_000)
    trail.events.append(forged)
    return len(trail.events) - 1


TAMPERS: tuple[Callable[[Trail, random.Random], int], ...] = (
    flip_a_bit,
    delete_a_line,
    delete_an_entry_everywhere,
    swap_two_lines,
    swap_and_rehash,
    cut_the_tail,
    cut_the_tail_and_rehash,
    rewrite_and_rehash,
    append_a_forgery,
    renumber_a_line,
    change_a_sequence,
    change_an_event,
    delete_an_event,
    swap_two_events,
    cut_the_events,
    forge_an_event,
)
