"""The gRPC server of this event loop, beside the HTTP servers: the same gateway, the same keys, the same hub."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from trading_ecosystem.api.face import EVERY_FACE, Face
from trading_ecosystem.api.gateway import Gateway
from trading_ecosystem.api.grpc.door import Door
from trading_ecosystem.api.grpc.entrance import Entrance
from trading_ecosystem.api.grpc.health import Health
from trading_ecosystem.api.grpc.opening import OPTION, GrpcTerms
from trading_ecosystem.api.grpc.servicers import (
    accounts,
    audit,
    custody,
    market_data,
    risk,
    risk_measures,
    strategies,
    trading,
)
from trading_ecosystem.api.grpc.servicers import test_coordination as coordination
from trading_ecosystem.api.grpc.streaming import Streams
from trading_ecosystem.api.grpc.stubs.services import (
    audit_pb2,
    audit_pb2_grpc,
    custody_pb2,
    custody_pb2_grpc,
    exchange_pb2,
    exchange_pb2_grpc,
    market_data_pb2,
    market_data_pb2_grpc,
    risk_pb2,
    risk_pb2_grpc,
    strategies_pb2,
    strategies_pb2_grpc,
    test_coordination_pb2,
    test_coordination_pb2_grpc,
)
from trading_ecosystem.api.keys import KeyStore
from trading_ecosystem.api.rest.app import Workings
from trading_ecosystem.api.rest.doorway import Observer
from trading_ecosystem.api.streams.hub import Hub
from trading_ecosystem.ports.errors import BadInput

LARGEST_REQUEST: Final = 64 * 1024
"""Bytes of a request at most."""
LARGEST_ANSWER: Final = 4 * 1024 * 1024
"""Bytes of an answer at most: what every client takes without being told otherwise."""
CALLS: Final = 2_000
"""Calls under way at once, streams among them; one more is refused."""
CALLS_PER_CONNECTION: Final = 200
CLOSING: Final = 1.0
"""Seconds that calls under way have at the end."""

_OPTIONS: Final = (
    ("grpc.max_receive_message_length", LARGEST_REQUEST),
    ("grpc.max_send_message_length", LARGEST_ANSWER),
    ("grpc.max_concurrent_streams", CALLS_PER_CONNECTION),
    ("grpc.max_metadata_size", 16 * 1024),
    ("grpc.absolute_max_metadata_size", 16 * 1024),
    # Two servers on one port would share its connections between them.
    ("grpc.so_reuseport", 0),
    # A peer that is gone without a word is noticed, and one that pings without end is sent away.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.http2.max_ping_strikes", 3),
    ("grpc.max_connection_idle_ms", 300_000),
)
_PRODUCTION: Final = (market_data_pb2, exchange_pb2, custody_pb2, risk_pb2, strategies_pb2)
GRPC_FILES: Final = {
    Face.PRODUCTION: _PRODUCTION,
    Face.CONTROL: (test_coordination_pb2,),
    Face.AUDIT: (audit_pb2,),
}
"""The files of services of each face."""


def names_served(faces: Iterable[Face] = EVERY_FACE) -> list[str]:
    """The full names of the services of these faces."""
    shown = frozenset(faces)
    return [
        service.full_name
        for face, files in GRPC_FILES.items()
        if face in shown
        for file in files
        for service in file.DESCRIPTOR.services_by_name.values()
    ]


class GrpcServer:
    """Serves these faces while its block runs; a port of 0 is chosen by the system."""

    def __init__(
        self,
        gateway: Gateway,
        keys: KeyStore,
        hub: Hub,
        workings: Workings,
        terms: GrpcTerms,
        observe: Observer | None = None,
        *,
        calls: int = CALLS,
    ) -> None:
        names = names_served(terms.faces)
        self._health = Health(gateway.ready, names)
        self._server = grpc.aio.server(
            interceptors=(Entrance(keys, terms.per_key, terms.per_stranger, observe),),
            options=_OPTIONS,
            maximum_concurrent_rpcs=calls,
        )
        _add_servicers(self._server, Door(gateway), Streams(hub), workings, terms.faces)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        health_name = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name
        reflection.enable_server_reflection([*names, health_name, reflection.SERVICE_NAME], self._server)
        self._address = (terms.host, _bound(self._server, terms))

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        return self._address

    async def __aenter__(self) -> Self:
        await self._server.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._health.stop()
        await self._server.stop(CLOSING)


def _bound(server: Any, terms: GrpcTerms) -> int:
    host, port, certificate = terms.host, terms.port, terms.certificate
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        if certificate is None:
            bound: int = server.add_insecure_port(address)
        else:
            assert terms.key is not None
            pair = (Path(terms.key).read_bytes(), Path(certificate).read_bytes())
            bound = server.add_secure_port(address, grpc.ssl_server_credentials([pair]))
    except RuntimeError:
        bound = 0
    if not bound:
        raise BadInput(OPTION, f"cannot listen on {address}; expected a port that is free")
    return bound


def _add_servicers(server: Any, door: Door, streams: Streams, workings: Workings, faces: frozenset[Face]) -> None:
    if Face.PRODUCTION in faces:
        market_data_pb2_grpc.add_PriceFeedServiceServicer_to_server(market_data.PriceFeed(door, streams), server)
        market_data_pb2_grpc.add_HistoricalDataServiceServicer_to_server(market_data.HistoricalData(door), server)
        market_data_pb2_grpc.add_MarketStatisticsServiceServicer_to_server(market_data.MarketStatistics(door), server)
        exchange_pb2_grpc.add_TradingServiceServicer_to_server(trading.Trading(door, streams), server)
        exchange_pb2_grpc.add_AccountServiceServicer_to_server(accounts.Accounts(door), server)
        custody_pb2_grpc.add_CustodyServiceServicer_to_server(custody.Custody(door), server)
        custody_pb2_grpc.add_SettlementServiceServicer_to_server(custody.Settlements(door, streams), server)
        custody_pb2_grpc.add_TransferServiceServicer_to_server(custody.Transfers(door), server)
        custody_pb2_grpc.add_CustodyReportingServiceServicer_to_server(custody.CustodyReporting(door), server)
        risk_pb2_grpc.add_RiskMonitorServiceServicer_to_server(risk.RiskMonitor(door, streams), server)
        risk_pb2_grpc.add_RiskLimitServiceServicer_to_server(risk.RiskLimits(door), server)
        risk_pb2_grpc.add_TradingStateServiceServicer_to_server(risk_measures.TradingStates(door), server)
        risk_pb2_grpc.add_RiskMeasureServiceServicer_to_server(risk_measures.RiskMeasures(door), server)
        strategies_pb2_grpc.add_StrategyServiceServicer_to_server(strategies.Strategies(door, streams), server)
        strategies_pb2_grpc.add_StrategyRiskServiceServicer_to_server(strategies.StrategyRisk(door), server)
    if Face.CONTROL in faces:
        test_coordination_pb2_grpc.add_ScenarioServiceServicer_to_server(coordination.Scenarios(door, workings), server)
        test_coordination_pb2_grpc.add_ChaosServiceServicer_to_server(coordination.Chaos(door, streams, workings), server)
    if Face.AUDIT in faces:
        audit_pb2_grpc.add_CorrelationServiceServicer_to_server(audit.Correlation(door, streams), server)
        audit_pb2_grpc.add_AnalyticsServiceServicer_to_server(audit.Analytics(door, workings), server)
