"""Streams on loopback: messages a second that clients get and decode, and how old they are, server and clients on the same
cores.

Each of ten connections hears every quote. The offered load is open: quotes are said at a steady rate whether or not anybody
keeps up, so that a delay shows in the figures instead of lowering the rate.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from statistics import quantiles

import msgspec
import pytest
import uvloop
import websockets

CONNECTIONS = 10
EVERY = 0.02
SECONDS = 4.0


class Heard(msgspec.Struct):
    """What a client reads of a message."""

    subscription: int = 0
    number: int = 0
    update: int = 0


def test_every_message_is_numbered_in_order():
    decoded = msgspec.json.decode(b'[{"subscription":1,"number":1,"channel":"quotes","update":5}]', type=list[Heard])
    assert (decoded[0].number, decoded[0].update) == (1, 5)


@pytest.mark.parametrize("offered", [50_000, 100_000, 150_000, 200_000])
def test_messages_a_second(offered):
    script = Path(__file__).parent / "stream_server.py"
    with subprocess.Popen([sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        try:
            place = msgspec.json.decode(server.stdout.readline())
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                before = time.process_time()
                delivered, frames, seconds, ages = runner.run(measured(server, place, offered))
                clients = time.process_time() - before
            worked = float(server.stdout.readline())
        finally:
            server.stdin.close()
            server.wait(30)
    cuts = quantiles(ages, n=100)
    print(
        f"\n  offered {offered:,}/s: {delivered / seconds:,.0f} messages/s in {frames / seconds:,.0f} frames/s, "
        f"age p50 {cuts[49] * 1e3:.1f} ms, p99 {cuts[98] * 1e3:.1f} ms; processor time a message: "
        f"server {worked / delivered * 1e6:.1f} µs, clients {clients / delivered * 1e6:.1f} µs"
    )
    assert delivered > 0


async def measured(server, place, offered):
    address = place["url"].replace("http", "ws") + "/api/v1/stream"
    headers = {"authorization": f"Bearer {place['token']}"}
    decode = msgspec.json.Decoder(list[Heard]).decode
    count = round(offered * EVERY / CONNECTIONS)
    total = count * round(SECONDS / EVERY)
    ages, frames, began, ended = [], 0, None, None

    async def listen(connection):
        nonlocal frames, began, ended
        got, last = 0, 0
        while got < total:
            text = await connection.recv(decode=False)
            now = time.monotonic_ns()
            began = began or now
            frames += 1
            for message in decode(text):
                if message.update < 10**9:
                    continue
                assert not last or message.number > last
                last = message.number
                got += 1
            ages.append((now - message.update) / 1e9 if message.update > 10**9 else 0.0)
        ended = now
        return got

    connections = [
        await websockets.connect(address, additional_headers=headers, compression=None, proxy=None, max_size=None)
        for _ in range(CONNECTIONS)
    ]
    for one in connections:
        await one.send('{"op":"subscribe","channel":"quotes","venue":"exchange-alpha","instrument":"BTC/USD"}')
        assert b'"subscription"' in await one.recv(decode=False)
    server.stdin.write(f"{count} {EVERY} {SECONDS}\n")
    server.stdin.flush()
    async with asyncio.timeout(120):
        delivered = sum(await asyncio.gather(*map(listen, connections)))
    for one in connections:
        await one.close()
    return delivered, frames, (ended - began) / 1e9, ages
