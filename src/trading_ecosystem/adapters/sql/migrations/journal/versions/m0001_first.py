"""The first shape of schema journal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trading_ecosystem.adapters.sql.append_only import refuse_changes
from trading_ecosystem.adapters.sql.column_types import BIG_KEY, TEXT

revision = "0001"
down_revision = None


def _batches() -> None:
    op.create_table(
        "batches",
        sa.Column("last_line", BIG_KEY, autoincrement=False, nullable=False),
        sa.Column("first_line", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("first_line > 0 AND first_line <= last_line", name=op.f("ck_batches_in_order")),
        sa.PrimaryKeyConstraint("last_line", name=op.f("pk_batches")),
        sa.UniqueConstraint("first_line", name=op.f("uq_batches_first_line")),
    )


def _entries() -> None:
    op.create_table(
        "entries",
        sa.Column("line_number", BIG_KEY, autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("line_number > 0", name=op.f("ck_entries_from_one")),
        sa.PrimaryKeyConstraint("line_number", name=op.f("pk_entries")),
        sa.UniqueConstraint("sequence", name=op.f("uq_entries_sequence")),
    )


def _headers() -> None:
    op.create_table(
        "headers",
        sa.Column("one", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("header", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("one = 1", name=op.f("ck_headers_one_row")),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_headers")),
    )


def _snapshots() -> None:
    op.create_table(
        "snapshots",
        sa.Column("entries", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("engine_version", TEXT, nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("entries", "digest", name=op.f("pk_snapshots")),
    )


def upgrade() -> None:
    """Make the tables."""
    _batches()
    _entries()
    _headers()
    _snapshots()
    refuse_changes(op.get_bind(), ("batches", "entries", "headers", "snapshots"))
