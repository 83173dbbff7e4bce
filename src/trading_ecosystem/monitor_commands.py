"""The part of the command line about monitors outside: ``risk-monitor``, and ``run --external``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from trading_ecosystem.messages.monitors import AlertReported
from trading_ecosystem.ports.errors import BadInput, Unavailable

ExternalOption = Annotated[
    bool, typer.Option("--external", help="Open a door, and wait at every second for a monitor outside: `risk-monitor`.")
]
ActingOption = Annotated[str | None, typer.Option(help="The monitor whose verdict counts: risk, or external.")]
PortOption = Annotated[int, typer.Option(min=0, max=65_535, help="With --external: the port of the door; 0: any.")]


def risk_monitor(
    url: Annotated[str, typer.Option(help="Where the ecosystem is, such as http://127.0.0.1:8000.", show_default=False)],
    key: Annotated[
        str,
        typer.Option(
            envvar="TRADING_ECOSYSTEM_KEY",
            help="A bearer token; with --secret: the key's id. Scopes read and risk.",
            show_default=False,
        ),
    ],
    secret: Annotated[
        str | None, typer.Option(envvar="TRADING_ECOSYSTEM_SECRET", help="The key's secret: every request is signed.")
    ] = None,
    name: Annotated[str, typer.Option(help="The name it registers under.")] = "external",
    lock_step: Annotated[bool, typer.Option(help="Let the ecosystem's clock wait for it.")] = True,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print no alerts.")] = False,
) -> None:
    """Run the firm's risk monitor outside, over the public API, until the ecosystem stops."""
    from trading_ecosystem.client import ApiError, Client, ClientError, Signing, Token
    from trading_ecosystem.external_monitor import watch

    credentials = Token(key) if secret is None else Signing(key, secret)
    try:
        with Client(url, credentials) as client:
            watch(client, name, lock_step=lock_step, told=None if quiet else _print_report)
    except ApiError as error:
        raise BadInput("risk-monitor", str(error)) from None
    except ClientError as error:
        raise Unavailable(str(error)) from None


def check(store: str | None, speed_ppm: int | None, audit: bool, twin: bool = False) -> None:
    """Raise :class:`BadInput` for options of ``run`` that go with no monitor outside."""
    wrong = {"--store": store is not None, "--speed": speed_ppm is not None, "--no-audit": not audit, "--twin": twin}
    for option in (option for option, given in wrong.items() if given):
        raise BadInput(option, "does not go with --external; leave one of them away")


def run_external_into(scenario: Path, port: int, acting: str | None, **options: Any) -> Any:
    """Run a scenario in lock-step with a monitor outside."""
    from trading_ecosystem.domains.test_coordination.scenario import RISK
    from trading_ecosystem.external_run import run_external

    return asyncio.run(run_external(scenario, announce=_announce, port=port, acting=acting or RISK, **options))


def _announce(url: str, token: str) -> None:
    sys.stderr.write(
        f"waiting for a monitor; in another terminal:\n  trading-ecosystem risk-monitor --url {url} --key {token}\n"
        f"or your own, registered as `external` in lock-step: docs/monitors.md\n"
    )
    sys.stderr.flush()


def _print_report(report: AlertReported) -> None:
    line = f"{report.raised_at}  {report.state.value:8}  {report.kind.value} on {report.subject}, {report.severity.value}"
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("risk-monitor")(risk_monitor)
