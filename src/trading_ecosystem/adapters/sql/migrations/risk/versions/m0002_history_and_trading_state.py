"""Who did what to alerts and limits, and why; the firm's trading states."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trading_ecosystem.adapters.sql.column_types import TEXT

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        "alert_history",
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("alert_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("happened_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("step", TEXT, autoincrement=False, nullable=False),
        sa.Column("severity", TEXT, autoincrement=False, nullable=True),
        sa.Column("done_by", TEXT, autoincrement=False, nullable=False),
        sa.Column("reason", TEXT, autoincrement=False, nullable=False),
        sa.Column("until", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("account", "alert_id", "happened_at", "step", name=op.f("pk_alert_history")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_alert_history_account_happened_at"), "alert_history", ["account", "happened_at"], unique=False)
    op.create_table(
        "trading_states",
        sa.Column("account", TEXT, autoincrement=False, nullable=False),
        sa.Column("changed_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", TEXT, autoincrement=False, nullable=False),
        sa.Column("origin", TEXT, autoincrement=False, nullable=False),
        sa.Column("done_by", TEXT, autoincrement=False, nullable=False),
        sa.Column("reason", TEXT, autoincrement=False, nullable=False),
        sa.Column("resets_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_trading_states_version_gt_0")),
        sa.PrimaryKeyConstraint("account", "changed_at", "version", name=op.f("pk_trading_states")),
        sqlite_with_rowid=False,
    )
    op.add_column("limits", sa.Column("set_by", TEXT, autoincrement=False, nullable=False, server_default=""))
    op.add_column("limits", sa.Column("reason", TEXT, autoincrement=False, nullable=False, server_default=""))
