"""``trading-ecosystem serve --grpc-port`` as a person uses it: what it prints works, over TLS too, and Ctrl-C ends streams."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tests.end_to_end.served import STOPS_WITHIN, command, link, served, stopped

from trading_ecosystem.api.grpc.stubs.services import market_data_pb2, market_data_pb2_grpc


def address_in(lines: list[str]) -> str:
    (found,) = re.findall(r"gRPC on (\S+:\d+), with `authorization: Bearer TOKEN` as metadata", "\n".join(lines))
    return found


def test_what_it_prints_works_and_a_stop_ends_streams(tmp_path: Path) -> None:
    with served(tmp_path, "--store", "memory:", "--grpc-port", "0") as (process, lines):
        _, token = link(lines, "look and trade")
        with grpc.insecure_channel(address_in(lines)) as channel:
            health = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=20)
            assert health.status == health_pb2.HealthCheckResponse.SERVING
            feed = market_data_pb2_grpc.PriceFeedServiceStub(channel)
            key = (("authorization", f"Bearer {token}"),)
            assert feed.ListPrices(market_data_pb2.ListPricesRequest(), metadata=key, timeout=20).prices
            stream = feed.StreamMarketData(market_data_pb2.StreamMarketDataRequest(), metadata=key, timeout=60)
            assert next(stream).number == 1
            last_line, seconds = stopped(process)
            assert "everything is kept" in last_line
            assert seconds < STOPS_WITHIN
            with pytest.raises(grpc.RpcError) as ended:
                list(stream)
            assert ended.value.code() in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl, which makes the certificate, is not installed")
def test_a_certificate_serves_grpc_over_tls(tmp_path: Path) -> None:
    made = ["-keyout", "server.key", "-out", "server.pem", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"]
    subprocess.run(["openssl", "req", "-x509", *kind, *made], cwd=tmp_path, capture_output=True, check=True, timeout=60)
    options = ("--store", "memory:", "--grpc-port", "0", "--tls-certificate", "server.pem", "--tls-key", "server.key")
    with served(tmp_path, *options) as (process, lines):
        address = address_in(lines)
        trusted = grpc.ssl_channel_credentials((tmp_path / "server.pem").read_bytes())
        with grpc.secure_channel(address, trusted) as channel:
            health = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=20)
            assert health.status == health_pb2.HealthCheckResponse.SERVING
        with grpc.insecure_channel(address) as channel, pytest.raises(grpc.RpcError):
            health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=5)
        stopped(process)


def test_a_taken_port_is_one_line_and_opens_no_store(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        shown = command(tmp_path, "serve", "--port", "0", "--grpc-port", port)
    assert shown.returncode == 2
    assert f"--grpc-port: cannot listen on 127.0.0.1:{port}: Address already in use" in shown.stderr
    assert not list(tmp_path.rglob("*.sqlite"))
