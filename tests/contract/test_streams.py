"""One contract for every kind of streams, and what those of Redis do while the server is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing

import pytest
from tests.contract.redis_space import PASSWORDS, RedisSpace
from tests.server_processes import RedisServer

from trading_ecosystem.adapters.memory.streams import MemoryStreams
from trading_ecosystem.adapters.redis.streams import RedisStreams
from trading_ecosystem.ports.errors import Unavailable
from trading_ecosystem.ports.streams import LARGEST_MESSAGE, STREAMS, Behind, StreamMessage, StreamPosition, Streams

BACKLOG = 20
READERS = 3


@pytest.fixture
def space(redis_server: str) -> Iterator[RedisSpace]:
    with RedisSpace(redis_server) as made:
        yield made


def redis_streams(space: RedisSpace) -> RedisStreams:
    return RedisStreams(space.place, "market_data", PASSWORDS["market_data"], backlog=BACKLOG, readers=READERS)


Run = Callable[[Callable[[Streams], Awaitable[None]]], None]


async def used(streams: Streams, use: Callable[[Streams], Awaitable[None]]) -> None:
    try:
        await asyncio.wait_for(use(streams), 30)
    finally:
        await streams.close()


@pytest.fixture(params=["memory", "redis"])
def run(request: pytest.FixtureRequest) -> Run:
    def memory(use: Callable[[Streams], Awaitable[None]]) -> None:
        async def begin() -> None:
            await used(MemoryStreams(backlog=BACKLOG, readers=READERS), use)

        asyncio.run(begin())

    if request.param == "memory":
        return memory
    space = request.getfixturevalue("space")

    def redis(use: Callable[[Streams], Awaitable[None]]) -> None:
        async def begin() -> None:
            await used(redis_streams(space), use)

        asyncio.run(begin())

    return redis


class Reader:
    """Reads a stream from now on, in a task of its own."""

    def __init__(self, streams: Streams, stream: str, after: StreamPosition | None = None) -> None:
        self.heard: list[StreamMessage | Behind] = []
        self._task = asyncio.create_task(self._read(streams.read(stream, after)))

    async def _read(self, messages: AsyncGenerator[StreamMessage | Behind, None]) -> None:
        async with aclosing(messages):
            async for message in messages:
                self.heard.append(message)

    @property
    def payloads(self) -> list[bytes]:
        return [heard.payload for heard in self.heard if isinstance(heard, StreamMessage)]

    async def hears(self, payload: bytes) -> None:
        """Wait until this message was heard."""
        async with asyncio.timeout(10):
            while payload not in self.payloads:
                if self._task.done():
                    await self._task
                    raise AssertionError("the stream ended")
                await asyncio.sleep(0.005)

    async def end(self) -> None:
        self._task.cancel()
        async with asyncio.timeout(5):
            await asyncio.gather(self._task, return_exceptions=True)

    async def ended(self) -> None:
        await asyncio.wait_for(self._task, 5)


async def listening(streams: Streams, stream: str, count: int = 1) -> list[Reader]:
    """Readers that are known to listen."""
    readers = [Reader(streams, stream) for _ in range(count)]
    async with asyncio.timeout(10):
        while not all(reader.heard for reader in readers):
            streams.publish(stream, b"probe")
            await asyncio.sleep(0.02)
    streams.publish(stream, b"begin")
    for reader in readers:
        await reader.hears(b"begin")
        reader.heard.clear()
    return readers


def test_every_reader_hears_every_message_in_order(run: Run) -> None:
    async def use(streams: Streams) -> None:
        readers = await listening(streams, "quotes", READERS)
        said = [b"", b"\x00\xff", b"x" * LARGEST_MESSAGE, *(str(number).encode() for number in range(10))]
        for payload in said:
            streams.publish("quotes", payload)
            streams.publish("other", b"elsewhere")
        for reader in readers:
            await reader.hears(b"9")
            assert reader.payloads == reader_said(reader) == said
            await reader.end()

    run(use)


def reader_said(reader: Reader) -> list[bytes]:
    """Payloads, after it was made sure that numbers rise by one and nothing was missed."""
    messages = [heard for heard in reader.heard if isinstance(heard, StreamMessage)]
    assert len(messages) == len(reader.heard), "missed something"
    numbers = [message.position.number for message in messages]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    return [message.payload for message in messages]


def test_a_reader_goes_on_after_a_position(run: Run) -> None:
    async def use(streams: Streams) -> None:
        (reader,) = await listening(streams, "quotes")
        for number in range(5):
            streams.publish("quotes", str(number).encode())
        await reader.hears(b"4")
        second = reader.heard[1]
        assert isinstance(second, StreamMessage)
        again = Reader(streams, "quotes", second.position)
        await again.hears(b"4")
        assert again.payloads == [b"2", b"3", b"4"]
        assert reader_said(again)
        await reader.end()
        await again.end()

    run(use)


def test_the_newest_messages_can_be_asked_for(run: Run) -> None:
    async def use(streams: Streams) -> None:
        assert await streams.recent("quotes") == []
        (reader,) = await listening(streams, "quotes")
        for number in range(50):
            streams.publish("quotes", str(number).encode())
        await reader.hears(b"49")
        for count, first in ((1, 49), (5, 45), (BACKLOG, 50 - BACKLOG), (1000, 50 - BACKLOG)):
            found = await streams.recent("quotes", count)
            assert [message.payload for message in found] == [str(number).encode() for number in range(first, 50)]
        assert found[-1] == reader.heard[-1]
        assert await streams.recent("quotes", 0) == []
        await reader.end()

    run(use)


def test_who_falls_behind_is_told_how_much_it_missed(run: Run) -> None:
    async def use(streams: Streams) -> None:
        (reader,) = await listening(streams, "quotes")
        streams.publish("quotes", b"last heard")
        await reader.hears(b"last heard")
        position = reader.heard[-1]
        assert isinstance(position, StreamMessage)
        for number in range(50):
            streams.publish("quotes", str(number).encode())
        await reader.hears(b"49")
        late = Reader(streams, "quotes", position.position)
        await late.hears(b"49")
        assert late.heard[0] == Behind(50 - BACKLOG)
        assert late.payloads == [str(number).encode() for number in range(50 - BACKLOG, 50)]
        await reader.end()
        await late.end()

    run(use)


def test_a_position_of_an_earlier_publisher_says_that_something_may_be_missed(run: Run) -> None:
    async def use(streams: Streams) -> None:
        late = Reader(streams, "quotes", StreamPosition(1, 7))
        streams.publish("quotes", b"a")
        streams.publish("quotes", b"b")
        await late.hears(b"b")
        assert late.heard[0] == Behind(None)
        assert late.payloads == [b"a", b"b"]
        await late.end()

    run(use)


def test_readers_and_streams_and_messages_have_bounds(run: Run) -> None:
    async def use(streams: Streams) -> None:
        readers = await listening(streams, "quotes", READERS)
        one_more = streams.read("quotes")
        with pytest.raises(Unavailable, match=f"{READERS} read streams already"):
            await anext(one_more)
        await readers[0].end()
        (again,) = await listening(streams, "quotes")
        for reader in (*readers, again):
            await reader.end()
        with pytest.raises(ValueError, match="at most"):
            streams.publish("quotes", b"x" * (LARGEST_MESSAGE + 1))
        for number in range(STREAMS - 1):
            streams.publish(f"stream {number}", b"")
        with pytest.raises(Unavailable, match=f"{STREAMS} streams already"):
            streams.publish("one more", b"")

    run(use)


def test_closing_ends_readers_and_refuses_publishers(run: Run) -> None:
    async def use(streams: Streams) -> None:
        readers = await listening(streams, "quotes", 2)
        await streams.close()
        await streams.close()
        for reader in readers:
            await reader.ended()
        with pytest.raises(Unavailable, match="closed"):
            streams.publish("quotes", b"")
        with pytest.raises(Unavailable, match="closed"):
            await anext(streams.read("quotes"))

    run(use)


def own_streams(own_redis: RedisServer, use: Callable[[RedisStreams, RedisSpace], Awaitable[None]]) -> None:
    space = RedisSpace(own_redis.url)

    async def begin() -> None:
        streams = redis_streams(space)
        try:
            await asyncio.wait_for(use(streams, space), 30)
        finally:
            await streams.close()

    with space:
        asyncio.run(begin())


def test_what_is_published_while_the_server_is_away_follows_when_it_is_back(own_redis: RedisServer) -> None:
    async def use(streams: RedisStreams, space: RedisSpace) -> None:
        (reader,) = await listening(streams, "quotes")
        own_redis.kill()
        for number in range(BACKLOG // 2):
            streams.publish("quotes", str(number).encode())
            await asyncio.sleep(0.01)
        assert "cannot be reached" in streams.problem or "does not answer" in streams.problem
        own_redis.start()
        await reader.hears(str(BACKLOG // 2 - 1).encode())
        assert reader_said(reader) == [str(number).encode() for number in range(BACKLOG // 2)]
        async with asyncio.timeout(5):
            while streams.problem:
                await asyncio.sleep(0.005)
        await reader.end()

    own_streams(own_redis, use)


def test_what_the_outbox_could_not_hold_is_said_to_be_missed(own_redis: RedisServer) -> None:
    async def use(streams: RedisStreams, space: RedisSpace) -> None:
        (reader,) = await listening(streams, "quotes")
        own_redis.kill()
        for number in range(3 * BACKLOG):
            streams.publish("quotes", str(number).encode())
        own_redis.start()
        await reader.hears(str(3 * BACKLOG - 1).encode())
        missed = [heard.missed or 0 for heard in reader.heard if isinstance(heard, Behind)]
        assert sum(missed) == 2 * BACKLOG
        assert reader.payloads == [str(number).encode() for number in range(2 * BACKLOG, 3 * BACKLOG)]
        await reader.end()

    own_streams(own_redis, use)


def test_a_server_with_older_data_changes_no_number(own_redis: RedisServer) -> None:
    async def use(streams: RedisStreams, space: RedisSpace) -> None:
        (reader,) = await listening(streams, "quotes")
        await space.ask("SAVE")
        for number in range(5):
            streams.publish("quotes", str(number).encode())
        await reader.hears(b"4")
        own_redis.kill()
        own_redis.start()
        streams.publish("quotes", b"5")
        await reader.hears(b"5")
        assert reader_said(reader) == [str(number).encode() for number in range(6)]
        newcomer = reader.heard[2]
        assert isinstance(newcomer, StreamMessage)
        late = Reader(streams, "quotes", newcomer.position)
        await late.hears(b"5")
        assert late.heard[0] == Behind(2), "3 and 4 are lost with the data of the server, and that is said"
        await late.end()
        await reader.end()

    own_streams(own_redis, use)


def test_a_new_publisher_begins_a_generation_above_what_is_there(space: RedisSpace) -> None:
    async def use() -> None:
        first = redis_streams(space)
        (reader,) = await listening(first, "quotes")
        ahead = f"{2**50}-7"
        await space.ask(
            "XADD", f"{space.place.prefix_of('market_data')}stream:quotes", ahead, "p", "from a clock that was ahead"
        )
        second = redis_streams(space)
        second.publish("quotes", b"second")
        await reader.hears(b"second")
        assert isinstance(reader.heard[-1], StreamMessage)
        assert reader.heard[-1].position == StreamPosition(2**50 + 1, 1)
        assert reader.heard[-2] == Behind(None)
        first.publish("quotes", b"first again")
        await reader.hears(b"first again")
        await reader.end()
        await first.close()
        await second.close()

    asyncio.run(use())
