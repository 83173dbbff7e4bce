"""Shared test fixtures."""

from tests.servers import (
    migrated_postgresql,
    own_postgresql,
    own_redis,
    postgresql_copy,
    postgresql_server,
    postgresql_store,
    postgresql_url,
    pytest_terminal_summary,
    redis_server,
)

__all__ = [
    "migrated_postgresql",
    "own_postgresql",
    "own_redis",
    "postgresql_copy",
    "postgresql_server",
    "postgresql_store",
    "postgresql_url",
    "pytest_terminal_summary",
    "redis_server",
]
