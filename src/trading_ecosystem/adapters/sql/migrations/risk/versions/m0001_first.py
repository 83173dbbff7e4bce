"""The first shape of schema risk."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trading_ecosystem.adapters.sql.column_types import TEXT

revision = "0001"
down_revision = None


def _alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("alert_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", TEXT, autoincrement=False, nullable=False),
        sa.Column("subject", TEXT, autoincrement=False, nullable=False),
        sa.Column("severity", TEXT, autoincrement=False, nullable=False),
        sa.Column("observed", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("threshold", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", TEXT, autoincrement=False, nullable=False),
        sa.Column("raised_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("updated_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("acknowledged_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("acknowledged_by", TEXT, autoincrement=False, nullable=True),
        sa.Column("escalated_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("cleared_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("resolved_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.CheckConstraint("resolved_at >= raised_at", name=op.f("ck_alerts_resolved_at_ge_raised_at")),
        sa.PrimaryKeyConstraint("account", "alert_id", name=op.f("pk_alerts")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_alerts_state"), "alerts", ["state"], unique=False)


def _compliance() -> None:
    op.create_table(
        "compliance",
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("kind", TEXT, autoincrement=False, nullable=False),
        sa.Column("subject", TEXT, autoincrement=False, nullable=False),
        sa.Column("state", TEXT, autoincrement=False, nullable=False),
        sa.Column("utilisation_ppm", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("alert_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("since", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("account", "kind", "subject", name=op.f("pk_compliance")),
        sqlite_with_rowid=False,
    )


def _exposures() -> None:
    op.create_table(
        "exposures",
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("reported_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("equity_usd_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("gross_notional_usd_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("net_delta_usd_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("daily_pnl_usd_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("drawdown_ppm", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("unsettled_usd_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("btc_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("eth_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("usd_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("usdt_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint("drawdown_ppm >= 0", name=op.f("ck_exposures_drawdown_ppm_ge_0")),
        sa.CheckConstraint("gross_notional_usd_minor >= 0", name=op.f("ck_exposures_gross_notional_usd_minor_ge_0")),
        sa.PrimaryKeyConstraint("account", "reported_at", name=op.f("pk_exposures")),
        sqlite_with_rowid=False,
    )


def _limits() -> None:
    op.create_table(
        "limits",
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("kind", TEXT, autoincrement=False, nullable=False),
        sa.Column("subject", TEXT, autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("value", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("set_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_limits_version_gt_0")),
        sa.PrimaryKeyConstraint("account", "kind", "subject", "version", name=op.f("pk_limits")),
        sqlite_with_rowid=False,
    )


def _position_snapshots() -> None:
    op.create_table(
        "position_snapshots",
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("source", TEXT, autoincrement=False, nullable=False),
        sa.Column("venue", TEXT, autoincrement=False, nullable=False),
        sa.Column("asset", TEXT, autoincrement=False, nullable=False),
        sa.Column("minute_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("said_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("account", "source", "venue", "asset", "minute_at", name=op.f("pk_position_snapshots")),
        sqlite_with_rowid=False,
    )


def _store_position() -> None:
    op.create_table(
        "store_position",
        sa.Column("one", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("one = 1", name=op.f("ck_store_position_one_row")),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_store_position")),
    )


def upgrade() -> None:
    """Make the tables."""
    _alerts()
    _compliance()
    _exposures()
    _limits()
    _position_snapshots()
    _store_position()
