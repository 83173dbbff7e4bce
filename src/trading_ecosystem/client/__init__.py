"""The Python client of the doors, sync and async: signed requests, a pool of connections, retries, a circuit breaker.

It speaks the public API and knows nothing else of the house but its messages::

    from trading_ecosystem.client import Client, Token

    with Client("http://127.0.0.1:8000", Token("…")) as client:
        print(client.get("/api/v1/quotes"))

:class:`MonitorStream` is what a risk monitor of your own listens to; ``docs/monitors.md`` has one in twenty lines.
"""

from trading_ecosystem.client.async_client import AsyncClient
from trading_ecosystem.client.credentials import Credentials, Signing, Token
from trading_ecosystem.client.errors import ApiError, CircuitOpen, ClientError, StreamEnded, Unreachable
from trading_ecosystem.client.monitors import AsyncMonitorStream, MonitorStream
from trading_ecosystem.client.policy import Policy, Statistics
from trading_ecosystem.client.resources import AlertReport, Monitor, ReportedAlert
from trading_ecosystem.client.sync_client import Client

__all__ = [
    "AlertReport",
    "ApiError",
    "AsyncClient",
    "AsyncMonitorStream",
    "CircuitOpen",
    "Client",
    "ClientError",
    "Credentials",
    "Monitor",
    "MonitorStream",
    "Policy",
    "ReportedAlert",
    "Signing",
    "Statistics",
    "StreamEnded",
    "Token",
    "Unreachable",
]
