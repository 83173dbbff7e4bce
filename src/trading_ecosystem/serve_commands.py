"""The commands ``trading-ecosystem serve`` and ``trading-ecosystem keys create | list | revoke``."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, TextIO
from urllib.parse import urlsplit

import msgspec
import typer

from trading_ecosystem.messages.units import PARTS_PER_MILLION
from trading_ecosystem.ports.errors import BadInput, Unavailable

DATA: Final = Path("trading-ecosystem-data")
"""Where a server keeps what it needs, if it is not told otherwise."""
ControlPortOption = Annotated[
    int | None, typer.Option(min=0, max=65535, help="Port of control and audit, apart from production.", show_default=False)
]
GrpcPortOption = Annotated[
    int | None,
    typer.Option(min=0, max=65535, help="Serve gRPC too, on this port; needs the extra `grpc`.", show_default=False),
]
KeysOption = Annotated[Path, typer.Option("--keys", metavar="DIR", help="Folder of the keys.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
TracesOption = Annotated[
    str | None, typer.Option("--traces", metavar="TARGET", help="Export OpenTelemetry spans: console, or a collector's URL.")
]
LogOption = Annotated[Path | None, typer.Option(metavar="FILE", help="Log every request as a line of JSON; `-`: to stderr.")]
AlertLogOption = Annotated[bool, typer.Option("--alert-log", help="Log notifications of alerts.")]
AlertWebhookOption = Annotated[
    list[str] | None,
    typer.Option("--alert-webhook", metavar="URL", help="Post notifications of alerts there; may be given more than once."),
]
keys_app = typer.Typer(help="Make, list and revoke the keys of a server.", no_args_is_help=True)


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0: the system chooses.")] = 8000,
    control_port: ControlPortOption = None,
    grpc_port: GrpcPortOption = None,
    store: Annotated[
        str | None,
        typer.Option(metavar="URL", help="sqlite:///FOLDER, memory: or postgresql://…; default: ./trading-ecosystem-data."),
    ] = None,
    cache: Annotated[str, typer.Option(metavar="URL", help="memory: or redis://…")] = "memory:",
    keys: KeysOption = DATA / "keys",
    scenario: Annotated[str, typer.Option(help="A scenario file, or a name of `scenarios list`.")] = "living_market",
    seed: Annotated[int | None, typer.Option(help="Seed of every random stream; default: the scenario's own.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a value of the scenario.")
    ] = None,
    speed: Annotated[float, typer.Option(help="Seconds of ecosystem time per second.")] = 1.0,
    instance: Annotated[str, typer.Option(help="Name of this server in health and logs.")] = "ecosystem",
    environment: Annotated[str, typer.Option(help="Said in health and logs: development, production …")] = "development",
    rate_limit: Annotated[float, typer.Option(min=1, help="Requests a second for each key; twice as many at once.")] = 500.0,
    log: LogOption = None,
    traces: TracesOption = None,
    alert_webhook: AlertWebhookOption = None,
    alert_log: AlertLogOption = False,
    certificate: Annotated[Path | None, typer.Option("--tls-certificate", help="Serve TLS with this certificate.")] = None,
    certificate_key: Annotated[Path | None, typer.Option("--tls-key", help="The certificate's private key.")] = None,
) -> None:
    """Serve a living ecosystem until Ctrl-C: REST, streams, and a page to look at it."""
    from trading_ecosystem.api.keys import KeyStore
    from trading_ecosystem.api.rate_limits import RateLimit
    from trading_ecosystem.serving import ServeOptions

    _check(instance, speed, {"--tls-certificate": certificate, "--tls-key": certificate_key})
    if not _is_loopback(host) and not KeyStore(keys).records():
        problem = f"{host} can be reached from outside, and there are no keys; make one with `trading-ecosystem keys create`"
        raise BadInput("--host", problem)
    options = ServeOptions(
        store=f"sqlite:///{DATA}" if store is None else store,
        cache=cache,
        keys=keys,
        scenario=scenario,
        overrides=tuple(set_ or ()),
        seed=seed,
        host=host,
        port=port,
        control_port=control_port,
        grpc_port=grpc_port,
        speed_ppm=round(speed * PARTS_PER_MILLION),
        instance=instance,
        environment=environment,
        per_key=RateLimit(rate_limit, max(1, round(2 * rate_limit))),
        traces=traces,
        access_log=log is not None,
        alert_webhooks=_webhooks(alert_webhook),
        alert_log=alert_log,
        certificate=None if certificate is None else str(certificate),
        certificate_key=None if certificate_key is None else str(certificate_key),
    )
    with _logging(log, options):
        _event_loop_run(_serve(options))


def _webhooks(urls: list[str] | None) -> tuple[str, ...]:
    """The URLs of webhooks, each with a host; raises :class:`BadInput`."""
    for url in urls or ():
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadInput("--alert-webhook", f"{url!r} is no URL to post to; expected http://… or https://…")
    return tuple(urls or ())


@contextmanager
def _logging(target: Path | None, options: Any) -> Iterator[None]:
    """Structured logs while the block runs; without a target what goes wrong goes to standard error."""
    from trading_ecosystem.api.observability import log_to

    with ExitStack() as stack:
        stream: TextIO = sys.stderr
        if target is not None and str(target) != "-":
            stream = stack.enter_context(target.open("a", encoding="utf-8"))
        level = logging.ERROR if target is None else logging.INFO
        handler = log_to(stream, options.instance, options.environment, level=level)
        stack.callback(handler.close)
        if options.alert_log:
            logging.getLogger("trading_ecosystem.alerts").setLevel(logging.WARNING)
        yield


async def _serve(options: Any) -> None:
    from trading_ecosystem.api.caller import EVERY_ACCOUNT, PRODUCTION_SCOPES, Scope
    from trading_ecosystem.demo_account import demo_account, seed_demo_account
    from trading_ecosystem.serving import serving

    interrupted = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupted.set)
    async with serving(options) as server:
        # At every start: one that was killed in the middle of its first is completed, and what is there already stays as it is.
        with suppress(*(() if server.is_new else (Unavailable,))):
            await seed_demo_account(server.gateway)
        demo = demo_account(server.gateway)
        trader = server.keys.lend(PRODUCTION_SCOPES, [server.gateway.places.firm])
        operator = server.keys.lend(list(Scope), [EVERY_ACCOUNT])
        _say(_welcome(server, demo, trader, operator, options))
        server.stopped.add_done_callback(lambda _: interrupted.set())
        await interrupted.wait()
        stopping = time.monotonic()
        if server.stopped.done():
            server.stopped.result()
            _say("the run has ended")
    _say(f"stopped, and everything is kept ({time.monotonic() - stopping:.1f} s)")


def _welcome(server: Any, demo: Any, trader: Any, operator: Any, options: Any) -> str:
    """What a person needs after the start: where to click, and three lines to type."""
    url, account, venue = server.url, demo.account, demo.venue
    order = f'{{"venue":"{venue}","account":"{account}","instrument":"BTC/USD","side":"buy","type":"market","quantity":"0.01"}}'
    curl = f'curl -s -H "Authorization: Bearer {trader.token}"'
    return "\n".join(
        (
            f"{'a new ecosystem' if server.is_new else 'an ecosystem that goes on'} ({options.scenario}) in {options.store}",
            "",
            f"  look and trade          {url}/#token={trader.token}",
            f"  the same, and break it  {server.control_url}/#token={operator.token}",
            "",
            f"  {curl} '{url}/api/v1/quotes'",
            f"  {curl} -H 'Content-Type: application/json' -d '{order}' {url}/api/v1/orders",
            f"  {curl} '{url}/api/v1/positions?account={account}'",
            *_grpc_line(server.grpc_address),
            "",
            "These tokens end with this process; `trading-ecosystem keys create` makes lasting ones. Ctrl-C stops.",
        )
    )


def _grpc_line(address: tuple[str, int] | None) -> list[str]:
    return [] if address is None else [f"  gRPC on {address[0]}:{address[1]}, with `authorization: Bearer TOKEN` as metadata"]


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _event_loop_run(main: Any) -> None:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check(name: str, speed: float, files: Mapping[str, Path | None]) -> None:
    """Raise :class:`BadInput` for what no server can be started with."""
    from trading_ecosystem.api.rest.bodies import Name

    if not 0.001 <= speed <= 1_000_000:
        raise BadInput("--speed", f"{speed:g} cannot be used; expected a number from 0.001 to 1,000,000")
    for option, path in files.items():
        if path is not None and not path.is_file():
            raise BadInput(option, f"{path} is no file")
    try:
        msgspec.convert(name, Name)
    except msgspec.ValidationError:
        problem = "expected up to 63 lower-case letters, digits and '-', beginning and ending with a letter or digit"
        raise BadInput("--instance", f"{name!r} is no DNS-safe name; {problem}") from None


@keys_app.command("create")
def create_key(
    label: Annotated[str, typer.Argument(help="What the key is for.", show_default=False)],
    scope: Annotated[
        list[str], typer.Option(help="read, trade, custody, approve, risk, control, audit; may be given several times.")
    ],
    account: Annotated[
        list[str], typer.Option(help="An account that the key is bound to, with its sub-accounts; `*`: every one.")
    ],
    keys: KeysOption = DATA / "keys",
    json: JsonOption = False,
) -> None:
    """Make a key and print it: the only time that its token and its secret are shown."""
    from trading_ecosystem.api.caller import Scope
    from trading_ecosystem.api.keys import KeyStore

    known = [one.value for one in Scope]
    for name in scope:
        if name not in known:
            raise BadInput("--scope", f"{name!r} is no scope; expected one of {', '.join(known)}")
    new = KeyStore(keys).create(label, [Scope(name) for name in dict.fromkeys(scope)], dict.fromkeys(account))
    if json:
        _say(msgspec.json.format(msgspec.json.encode(new), indent=2).decode())
        return
    _say(f"key     {new.id}\ntoken   {new.token}\nsecret  {new.secret}\nThey are not kept and cannot be shown again.")


@keys_app.command("list")
def list_keys(keys: KeysOption = DATA / "keys", json: JsonOption = False) -> None:
    """Print every key without what is secret."""
    from trading_ecosystem.api.keys import KeyStore

    records = KeyStore(keys).records()
    if json:
        shown = [{n: v for n, v in msgspec.to_builtins(one).items() if n != "token_sha256"} for one in records]
        _say(msgspec.json.format(msgspec.json.encode(shown), indent=2).decode())
        return
    for one in records:
        made = datetime.fromtimestamp(one.created_at, UTC).isoformat()
        state = "revoked" if one.revoked_at is not None else "valid"
        _say(f"{one.id}  {state:7}  {made}  {','.join(one.scopes)}  {','.join(one.accounts)}  {one.label}")


@keys_app.command("revoke")
def revoke_key(
    key_id: Annotated[str, typer.Argument(metavar="KEY", show_default=False)], keys: KeysOption = DATA / "keys"
) -> None:
    """End a key; a running server notices within a second."""
    from trading_ecosystem.api.keys import KeyStore

    KeyStore(keys).revoke(key_id)
    _say(f"{key_id} is revoked")


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(serve)
    app.add_typer(keys_app, name="keys")
