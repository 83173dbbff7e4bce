"""Monitors outside: what each was worth, by run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trading_ecosystem.adapters.sql.append_only import refuse_changes
from trading_ecosystem.adapters.sql.column_types import TEXT

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        "monitor_alerts",
        sa.Column("run", TEXT, autoincrement=False, nullable=False),
        sa.Column("monitor", TEXT, autoincrement=False, nullable=False),
        sa.Column("alert_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("kind", TEXT, autoincrement=False, nullable=False),
        sa.Column("subject", TEXT, autoincrement=False, nullable=False),
        sa.Column("severity", TEXT, autoincrement=False, nullable=False),
        sa.Column("raised_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("resolved_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("verdict", TEXT, autoincrement=False, nullable=False),
        sa.Column("fault_id", TEXT, autoincrement=False, nullable=True),
        sa.Column("basis", TEXT, autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("run", "monitor", "alert_id", name=op.f("pk_monitor_alerts")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "monitor_scores",
        sa.Column("run", TEXT, autoincrement=False, nullable=False),
        sa.Column("monitor", TEXT, autoincrement=False, nullable=False),
        sa.Column("fault_id", TEXT, autoincrement=False, nullable=False),
        sa.Column("outcome", TEXT, autoincrement=False, nullable=False),
        sa.Column("detectable_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("alert_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("alert_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("severity", TEXT, autoincrement=False, nullable=True),
        sa.Column("time_to_detect_ns", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("time_from_onset_ns", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("run", "monitor", "fault_id", name=op.f("pk_monitor_scores")),
        sqlite_with_rowid=False,
    )
    refuse_changes(op.get_bind(), ("monitor_alerts", "monitor_scores"))
