"""Acknowledged orders a second over gRPC, beside a bare grpc.aio echo of the same message in the same run.

Both servers live in processes of their own and are loaded in turns by the same client, which is grpc.aio too and shares their
cores. An order is acknowledged once it is committed; every other call cancels the order before, so that the book stays small.
``share`` is the median over the rounds of one round's ratio.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
import uvloop

from trading_ecosystem.api.grpc.stubs import exchange_pb2 as messages
from trading_ecosystem.api.grpc.stubs.services import exchange_pb2, exchange_pb2_grpc

SERVER = Path(__file__).with_name("grpc_server.py")
ROUNDS = 5
SECONDS = 3.0
numbers = itertools.count(time.time_ns() // 1_000_000)


@contextmanager
def served(*arguments):
    process = subprocess.Popen(
        [sys.executable, str(SERVER), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.stdin.close()
        process.wait(timeout=30)
        process.stdout.close()


def order_of(target, number):
    return exchange_pb2.PlaceOrderRequest(
        order=messages.PlaceOrder(
            venue=target.get("venue", "exchange-alpha"),
            account=target.get("account", "demo/you"),
            client_order_id=str(number),
            instrument="BTC/USD",
            side=1,
            order_type=1,
            time_in_force=1,
            price_ticks=3_000_000,
            quantity_lots=1_000,
        )
    )


async def caller(stub, target, until, durations):
    """Calls one after another: place and cancel in turns; an echo gets orders alone."""
    refused, last = 0, None
    metadata = (("authorization", f"Bearer {target.get('token', '')}"),)
    while True:
        begun = time.perf_counter()
        if begun >= until:
            return refused
        if last is None or "token" not in target:
            last = next(numbers)
            answer = await stub.PlaceOrder(order_of(target, last), metadata=metadata)
        else:
            cancel = messages.CancelOrder(venue=target["venue"], account=target["account"], client_order_id=str(last))
            answer = await stub.CancelOrder(exchange_pb2.CancelOrderRequest(cancel=cancel), metadata=metadata)
            last = None
        durations.append(time.perf_counter() - begun)
        refused += "token" in target and answer.WhichOneof("outcome") == "rejected"


async def loaded(target, seconds, at_once):
    durations = []
    async with grpc.aio.insecure_channel(target["address"]) as channel:
        stub = exchange_pb2_grpc.TradingServiceStub(channel)
        if "token" not in target:
            stub.PlaceOrder = channel.unary_unary(
                "/trading_ecosystem.v1.services.TradingService/PlaceOrder",
                exchange_pb2.PlaceOrderRequest.SerializeToString,
                exchange_pb2.PlaceOrderRequest.FromString,
            )
        await caller(stub, target, time.perf_counter() + 0.2, [])
        begun = time.perf_counter()
        refused = await asyncio.gather(*(caller(stub, target, begun + seconds, durations) for _ in range(at_once)))
        took = time.perf_counter() - begun
    durations.sort()
    return {
        "per_second": len(durations) / took,
        "median": durations[len(durations) // 2],
        "p99": durations[len(durations) * 99 // 100],
        "refused": sum(refused),
    }


def load(target, seconds, at_once):
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(loaded(target, seconds, at_once))


@pytest.mark.parametrize("at_once", [1, 32])
def test_acknowledged_orders(at_once):
    with served("bare") as bare, served("memory:") as ours:
        for target in (bare, ours):
            load(target, 1.0, at_once)
        rounds = [(load(bare, SECONDS, at_once), load(ours, SECONDS, at_once)) for _ in range(ROUNDS)]
    assert all(one["refused"] == 0 for pair in rounds for one in pair)
    share = statistics.median(ours["per_second"] / bare["per_second"] for bare, ours in rounds)
    for name, each in (("bare echo", [one for one, _ in rounds]), ("orders, memory", [one for _, one in rounds])):
        rate, median, p99 = (statistics.median(one[figure] for one in each) for figure in ("per_second", "median", "p99"))
        print(f"\n{name:16} {rate:8,.0f} a second, median {median * 1e3:6.2f} ms, p99 {p99 * 1e3:7.2f} ms", end="")
    print(f"\n{at_once} at once: share {share:.2f}")
