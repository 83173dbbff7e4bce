"""A live ecosystem in a process of its own, behind a pipe: commands and questions in, acknowledgements and answers out.

Usage: ``door_process.py STORE SPEED SNAPSHOT_EVERY``. A line in is JSON: ``{"id": 1, "message": {…}}`` or ``{"id": 2, "ask":
[[component, {question}], …]}``. A line out is ``{"ready": entries}``, ``{"id", "sequence", "at", "said"}``, ``{"id", "answers",
"entries"}`` or ``{"id", "unavailable": why}``. At the end of its input it stops cleanly and says ``{"stopped": entries}``.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Union

import msgspec

from trading_ecosystem.live_ecosystem import LiveEcosystem
from trading_ecosystem.messages import custodian, exchange, risk, trading
from trading_ecosystem.messages.envelope import MESSAGE_TYPES
from trading_ecosystem.ports.errors import EcosystemError, Unavailable

SCENARIO = Path(__file__).parent / "kill_scenario.yaml"
QUESTIONS = (
    custodian.HoldingsQuestion,
    custodian.UnsettledQuestion,
    exchange.ClaimsQuestion,
    exchange.OpenOrdersQuestion,
    risk.AlertsQuestion,
    trading.PortfolioQuestion,
)


class Request(msgspec.Struct):
    id: int
    message: Union[tuple(MESSAGE_TYPES.values())] | None = None  # noqa: UP007
    ask: list[tuple[str, Union[QUESTIONS]]] = []  # noqa: UP007


read_request = msgspec.json.Decoder(Request).decode


def say(**document):
    sys.stdout.write(msgspec.json.encode(document).decode() + "\n")
    sys.stdout.flush()


async def answer(ecosystem, line):
    request = read_request(line)
    try:
        if request.message is None:
            (component, question), *more = request.ask
            answers = [await ecosystem.driver.ask(component, question)]
            # Nothing is computed in between: all answers are of one moment, and everything before it is committed.
            answers += [ecosystem.kernel.answer(component, question) for component, question in more]
            say(id=request.id, answers=answers, entries=ecosystem.kernel.entries)
            return
        receipt = await ecosystem.driver.submit("door", request.message)
        said = [[entry.sequence, type(entry.message).__name__] for entry in receipt.said]
        say(id=request.id, sequence=receipt.sequence, at=receipt.at, said=said)
    except Unavailable as error:
        say(id=request.id, unavailable=str(error))


def ended(task):
    if not task.cancelled() and task.exception() is not None:
        sys.stderr.write(f"{type(task.exception()).__name__}: {task.exception()}\n")
        sys.stderr.flush()
        os._exit(3)


async def serve(store, speed, snapshot_every):
    ecosystem = await LiveEcosystem.open(store, SCENARIO, speed_ppm=speed * 1_000_000, snapshot_every=snapshot_every)
    histories, followers = AsyncExitStack(), None
    if store.startswith(("sqlite:", "postgresql:")):
        followers = await histories.enter_async_context(await ecosystem.histories(store))
    running = asyncio.create_task(ecosystem.driver.run())
    running.add_done_callback(ended)
    say(ready=ecosystem.kernel.entries)
    reader = asyncio.StreamReader(limit=1 << 20)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    answering = set()
    while line := await reader.readline():
        task = asyncio.create_task(answer(ecosystem, line))
        answering.add(task)
        task.add_done_callback(answering.discard)
        task.add_done_callback(ended)
    await asyncio.gather(*answering)
    ecosystem.driver.stop()
    await running
    if followers is not None:
        await followers.caught_up()
    await histories.aclose()
    await ecosystem.close()
    say(stopped=ecosystem.kernel.entries)


if __name__ == "__main__":
    try:
        asyncio.run(serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
    except EcosystemError as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        sys.exit(2)
