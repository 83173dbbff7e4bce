"""A server in a process of its own that says quotes at a steady rate, for the benchmark of the streams: ``stream_server.py``.

It prints one line of JSON with its URL and a token. For each line ``COUNT EVERY SECONDS`` on its standard input it says COUNT
quotes every EVERY seconds, together, for so long; a quote's update is the monotonic clock in nanoseconds. Then it prints
how many seconds its processor worked.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

import uvloop

from trading_ecosystem.api.caller import EVERY_ACCOUNT, Scope
from trading_ecosystem.messages.envelope import Entry, EntryKind
from trading_ecosystem.messages.exchange import QuoteChanged
from trading_ecosystem.serving import ServeOptions, Serving, serving


def quotes(count: int) -> list[Entry]:
    """As many quotes, all said now."""
    now = time.monotonic_ns()
    return [
        Entry(
            one,
            1_772_438_400_000_000_000,
            EntryKind.SAID,
            "exchange-alpha",
            None,
            1,
            QuoteChanged("exchange-alpha", "BTC/USD", now, 5_999_000 + one, 1_000 + one, 6_000_000 + one, 2_000 + one),
        )
        for one in range(count)
    ]


async def pump(server: Serving, count: int, every: float, seconds: float) -> None:
    """Say quotes at a steady rate; where the machine is late, at once what is due."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for batch in range(round(seconds / every)):
        await asyncio.sleep(max(0.0, began + batch * every - loop.time()))
        server.hub.tell(quotes(count))


async def main() -> None:
    """Serve until the standard input ends."""
    with tempfile.TemporaryDirectory() as folder:
        async with serving(ServeOptions(keys=Path(folder) / "keys", port=0)) as server:
            key = server.keys.lend(list(Scope), [EVERY_ACCOUNT])
            sys.stdout.write(json.dumps({"url": server.url, "token": key.token}) + "\n")
            sys.stdout.flush()
            while line := await asyncio.to_thread(sys.stdin.readline):
                count, every, seconds = line.split()
                began = time.process_time()
                await pump(server, int(count), float(every), float(seconds))
                await asyncio.sleep(0.5)
                sys.stdout.write(f"{time.process_time() - began}\n")
                sys.stdout.flush()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
