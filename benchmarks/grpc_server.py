"""A gRPC server in a process of its own, for the benchmark: ``grpc_server.py bare`` or ``grpc_server.py STORE``.

It prints one line of JSON: the address, and for an ecosystem a token and the account and venue to trade with. It ends with its
standard input. ``bare`` sends every order back as it came: what any service built on grpc.aio costs.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path

import grpc
import uvloop

from trading_ecosystem.api.caller import EVERY_ACCOUNT, Scope
from trading_ecosystem.api.grpc.stubs.services import exchange_pb2, exchange_pb2_grpc
from trading_ecosystem.api.rate_limits import RateLimit
from trading_ecosystem.demo_account import seed_demo_account
from trading_ecosystem.serving import ServeOptions, serving

NO_LIMIT = RateLimit(1e9, 10**9)


class Echo(exchange_pb2_grpc.TradingServiceServicer):
    """Sends back the message that it got, as an accepted order has the same fields."""

    async def PlaceOrder(self, request, context):  # noqa: N802 - named in the protos
        return request


def say(**document: object) -> None:
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


async def until_input_ends() -> None:
    await asyncio.to_thread(sys.stdin.read)


async def bare() -> None:
    server = grpc.aio.server()
    handler = grpc.unary_unary_rpc_method_handler(
        Echo().PlaceOrder, exchange_pb2.PlaceOrderRequest.FromString, exchange_pb2.PlaceOrderRequest.SerializeToString
    )
    name = "trading_ecosystem.v1.services.TradingService"
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, {"PlaceOrder": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    say(address=f"127.0.0.1:{port}")
    await until_input_ends()
    await server.stop(1.0)


async def ecosystem(store: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        options = ServeOptions(
            store=store, keys=Path(folder) / "keys", port=0, grpc_port=0, per_key=NO_LIMIT, per_stranger=NO_LIMIT
        )
        async with serving(options) as server:
            demo = await seed_demo_account(server.gateway)
            key = server.keys.lend(list(Scope), [EVERY_ACCOUNT])
            assert server.grpc_address is not None
            address = "{}:{}".format(*server.grpc_address)
            say(address=address, token=key.token, account=demo.account, venue=demo.venue)
            await until_input_ends()


def main() -> None:
    (store,) = sys.argv[1:]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(bare() if store == "bare" else ecosystem(store))


if __name__ == "__main__":
    main()
