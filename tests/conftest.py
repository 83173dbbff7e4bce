"""Shared test fixtures."""

from tests.servers import (
    own_postgresql,
    own_redis,
    postgresql_server,
    postgresql_store,
    postgresql_url,
    pytest_terminal_summary,
    redis_server,
)

__all__ = [
    "own_postgresql",
    "own_redis",
    "postgresql_server",
    "postgresql_store",
    "postgresql_url",
    "pytest_terminal_summary",
    "redis_server",
]
